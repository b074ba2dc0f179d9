/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Method "palette": a latent as a picture of 256 colours, each a byte for every
 * channel, dithered by error diffusion. Past pal_bytes everything is integer
 * arithmetic, so the same bytes give the same colours and indices everywhere. */
#ifndef PITH_CODEC_PALETTE_H
#define PITH_CODEC_PALETTE_H

#include "base/mem.h"

#define PAL_MAX_COLOURS 256u
#define PAL_MAX_CHANNELS 32u
#define PAL_MIDDLE 127.5f /* the byte that a latent of 0 would have */

/* Colours, and how many of them there are; those beyond are 0. */
typedef struct pal_colours {
    uint8_t values[PAL_MAX_COLOURS][PAL_MAX_CHANNELS];
    uint32_t n_colours; /* 1..256 */
    uint32_t n_channels;
} pal_colours;

/* n_channels planes of n_positions values -> n_positions pixels of n_channels
 * bytes: round(value / unit + 127.5), clamped to 0..255; what is not a number
 * becomes the middle. */
void pal_bytes(const float *planes, uint32_t n_channels, size_t n_positions, float unit, uint8_t *pixels);

/* k-means: at most 256 colours for the pixels (a regular sample of large
 * pictures). n_channels is 1..32, n_positions > 0. */
pith_status pal_fit(pal_colours *colours, const uint8_t *pixels, uint32_t n_channels, size_t n_positions,
                    const pith_alloc *alloc) PITH_MUST_CHECK;

/* An index for each of height x width pixels: Floyd-Steinberg error diffusion in
 * n_channels dimensions, every other row from right to left. */
pith_status pal_dither(const pal_colours *colours, const uint8_t *pixels, uint32_t height, uint32_t width,
                       uint8_t *indices, const pith_alloc *alloc) PITH_MUST_CHECK;

/* The way back: planes of (byte - 127.5) * unit, in binary32, one rounding. */
void pal_values(const pal_colours *colours, const uint8_t *indices, size_t n_positions, float unit, float *planes);

#endif
