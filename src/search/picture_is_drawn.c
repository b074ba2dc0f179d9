/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/picture_is_drawn.h"

#include <stddef.h>
#include <stdint.h>

#define WINDOW 8u
#define MIN_CONTRAST 80   /* in levels, for a block to have two tones */
#define MIN_TWO_TONE 0.11 /* a picture is drawn if this part of its blocks has two tones .. */
#define MIN_EQUAL 0.45    /* .. or this part of its samples equals the one before */

/* True for an 8x8 block with hardly any samples between its darkest and its brightest. */
static bool is_two_tone(const uint8_t *first, size_t stride_bytes, unsigned n) {
    unsigned low = 255, high = 0, between = 0;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            uint8_t v = first[y * stride_bytes + x * n];
            if (v < low) low = v;
            if (v > high) high = v;
        }
    if (high - low < MIN_CONTRAST) return false;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            unsigned v = first[y * stride_bytes + x * n], quarter = (high - low) / 4;
            between += v > low + quarter && v < high - quarter;
        }
    return between * 4 < WINDOW * WINDOW;
}

/* Looks at one channel: green, if there is one. */
bool picture_is_drawn(const pith_image *image) {
    const unsigned n = image->format.n_channels;
    const uint8_t *pixels = (const uint8_t *)image->pixels + (n == 3 ? 1 : 0);
    const size_t stride = image->stride_bytes;
    uint64_t n_two_tone = 0, n_blocks = 0, n_equal = 0, n_samples = 0;
    for (uint32_t y = 0; y < image->format.height; y++)
        for (uint32_t x = 1; x < image->format.width; x++, n_samples++)
            n_equal += pixels[y * stride + (size_t)x * n] == pixels[y * stride + (size_t)(x - 1) * n];
    for (uint32_t y = 0; y + WINDOW <= image->format.height; y += WINDOW)
        for (uint32_t x = 0; x + WINDOW <= image->format.width; x += WINDOW, n_blocks++)
            n_two_tone += is_two_tone(pixels + y * stride + (size_t)x * n, stride, n);
    return (double)n_two_tone > MIN_TWO_TONE * (double)n_blocks || (double)n_equal > MIN_EQUAL * (double)n_samples;
}
