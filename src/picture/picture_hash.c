/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "picture/picture_hash.h"

#include <string.h>

#define BLOCK_SAMPLES 2048u

static void hash_u32(picture_hash *h, uint32_t value) {
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    sha256_update(&h->sha, sizeof bytes, bytes);
}

void picture_hash_start(picture_hash *h, const pith_image_format *format) {
    sha256_init(&h->sha);
    h->n_samples = (size_t)format->width * format->n_channels;
    h->bit_depth = format->bit_depth;
    hash_u32(h, format->width);
    hash_u32(h, format->height);
    hash_u32(h, format->n_channels);
    hash_u32(h, format->bit_depth);
}

/* Samples of 16 bits, whose bytes lie as the machine has them. */
static void hash_deep(picture_hash *h, const uint8_t *row) {
    uint16_t samples[BLOCK_SAMPLES];
    uint8_t bytes[2 * BLOCK_SAMPLES];
    for (size_t at = 0; at < h->n_samples;) {
        const size_t left = h->n_samples - at, n = left < BLOCK_SAMPLES ? left : BLOCK_SAMPLES;
        memcpy(samples, row + 2 * at, 2 * n);
        for (size_t i = 0; i < n; i++) {
            bytes[2 * i] = (uint8_t)samples[i];
            bytes[2 * i + 1] = (uint8_t)(samples[i] >> 8);
        }
        sha256_update(&h->sha, 2 * n, bytes);
        at += n;
    }
}

void picture_hash_rows(picture_hash *h, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    for (uint32_t i = 0; i < n_rows; i++) {
        const uint8_t *row = (const uint8_t *)rows + i * stride_bytes;
        if (h->bit_depth == 16)
            hash_deep(h, row);
        else
            sha256_update(&h->sha, h->n_samples, row);
    }
}

void picture_hash_end(picture_hash *h, uint8_t hash[PITH_HASH_BYTES]) { sha256_digest(&h->sha, PITH_HASH_BYTES, hash); }
