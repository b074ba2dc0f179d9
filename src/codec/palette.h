/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Method "palette": a latent as a picture of 256 colours, with one byte per channel, dithered by error diffusion.
 * After pal_bytes all arithmetic is on integers, so the same bytes give the same colours and indices on every
 * machine. */
#ifndef PITH_CODEC_PALETTE_H
#define PITH_CODEC_PALETTE_H

#include "base/mem.h"

#define PAL_MAX_COLOURS 256u
#define PAL_MAX_CHANNELS 32u
#define PAL_MIDDLE 127.5f /* byte value of a latent of 0 */

/* Colours and their number; unused entries are 0. */
typedef struct pal_colours {
    uint8_t values[PAL_MAX_COLOURS][PAL_MAX_CHANNELS];
    uint32_t n_colours; /* 1..256 */
    uint32_t n_channels;
} pal_colours;

/* n_channels planes of n_positions values -> n_positions pixels of n_channels bytes: round(value / unit + 127.5),
 * clamped to 0..255; NaN becomes 128. */
void pal_bytes(const float *planes, uint32_t n_channels, size_t n_positions, float unit, uint8_t *pixels);

/* Fits at most 256 colours to the pixels by k-means (to a regular sample of large pictures). n_channels is 1..32,
 * n_positions > 0. */
pith_status pal_fit(pal_colours *colours, const uint8_t *pixels, uint32_t n_channels, size_t n_positions,
                    const pith_alloc *alloc) PITH_MUST_CHECK;

/* Chooses an index for each of height x width pixels: Floyd-Steinberg error diffusion in n_channels dimensions, every
 * other row from right to left. */
pith_status pal_dither(const pal_colours *colours, const uint8_t *pixels, uint32_t height, uint32_t width,
                       uint8_t *indices, const pith_alloc *alloc) PITH_MUST_CHECK;

/* Inverse of pal_bytes: planes of (byte - 127.5) * unit, in binary32 with one rounding. */
void pal_values(const pal_colours *colours, const uint8_t *indices, size_t n_positions, float unit, float *planes);

#endif
