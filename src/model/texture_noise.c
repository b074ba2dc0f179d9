/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "model/texture_noise.h"

#include <stddef.h>

/* A bijection in which every output bit depends on all input bits: the finaliser of splitmix64 (G. Steele, D. Lea, C.
 * Flood, "Fast splittable pseudorandom number generators", 2014). */
static uint64_t scramble(uint64_t z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* The sum of four uniform numbers, minus its mean and scaled to variance 1. */
static float nearly_normal(uint64_t bits) {
    const uint32_t sum = (uint32_t)(bits & 0xffff) + (uint32_t)(bits >> 16 & 0xffff) + (uint32_t)(bits >> 32 & 0xffff) +
                         (uint32_t)(bits >> 48);
    const float root_3 = 1.7320508f, middle = 2 * 65535.0f;
    return ((float)sum - middle) * (root_3 / 65536.0f);
}

void texture_noise(float *planes, uint32_t n_planes, uint32_t y, uint32_t x, uint32_t h, uint32_t w) {
    for (uint32_t c = 0; c < n_planes; c++)
        for (uint32_t i = 0; i < h; i++) {
            const uint64_t row = scramble(((uint64_t)c << 32 | (y + i)) + 0x9e3779b97f4a7c15u);
            float *out = planes + ((size_t)c * h + i) * w;
            for (uint32_t j = 0; j < w; j++) out[j] = nearly_normal(scramble(row + x + j));
        }
}
