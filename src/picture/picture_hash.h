/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The hash of a decoded picture (doc/format.md, section 25), taken from the rows on their way to a sink. */
#ifndef PITH_PICTURE_PICTURE_HASH_H
#define PITH_PICTURE_PICTURE_HASH_H

#include <nettle/sha2.h>

#include <pith/pith.h>

typedef struct picture_hash {
    struct sha256_ctx sha;
    size_t n_samples;  /* of a row */
    uint8_t bit_depth; /* of a sample */
} picture_hash;

void picture_hash_start(picture_hash *h, const pith_image_format *format);
void picture_hash_rows(picture_hash *h, uint32_t n_rows, const void *rows, size_t stride_bytes);
void picture_hash_end(picture_hash *h, uint8_t hash[PITH_HASH_BYTES]);

#endif
