/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Access to the samples of a whole picture with 1 or 3 channels of 8 or 16 bits. */
#ifndef PITH_FIDELITY_SAMPLES_H
#define PITH_FIDELITY_SAMPLES_H

#include <string.h>

#include <pith/pith.h>

static inline const uint8_t *fid_row_of(const pith_image *image, size_t y) {
    return (const uint8_t *)image->pixels + y * image->stride_bytes;
}

/* RGB channel c of pixel x, in the picture's own range; grey pictures use their one channel. */
static inline uint16_t fid_sample(const pith_image *image, const uint8_t *row, size_t x, size_t c) {
    const size_t i = x * image->format.n_channels + (image->format.n_channels == 1 ? 0 : c);
    uint16_t sample = row[image->format.bit_depth == 8 ? i : 0];
    if (image->format.bit_depth == 16) memcpy(&sample, row + 2 * i, sizeof sample);
    return sample;
}

static inline unsigned fid_max_sample(const pith_image *image) { return image->format.bit_depth == 16 ? 65535 : 255; }

/* Channels in which the pictures may differ: one if both are grey. */
static inline size_t fid_channels_of(const pith_image *a, const pith_image *b) {
    return a->format.n_channels == 1 && b->format.n_channels == 1 ? 1 : 3;
}

#endif
