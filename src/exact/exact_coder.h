/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of a picture <-> bytes, without loss. Integer arithmetic only; doc/exact-coder.md defines the method. */
#ifndef PITH_EXACT_EXACT_CODER_H
#define PITH_EXACT_EXACT_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

#define EXACT_MAX_SIDE 1024 /* largest width and height of a slice, in pixels */

typedef struct exact_coder exact_coder;

/* A coder for slices of at most height x width pixels and n_channels channels; its memory depends on these. `alloc`
 * is borrowed until the coder is freed. */
pith_status exact_coder_new(exact_coder **out, const pith_alloc *alloc, uint32_t height, uint32_t width,
                            unsigned n_channels) PITH_MUST_CHECK;
void exact_coder_free(exact_coder **coder);
size_t exact_coder_bytes(uint32_t height, uint32_t width, unsigned n_channels); /* memory of such a coder */

/* The watch is checked after each row. */
void exact_coder_watch(exact_coder *coder, watch watch);

/* Samples as in pith_image_format: interleaved; with two or four channels the last is the opacity. */
typedef struct exact_block {
    uint32_t height, width;
    uint8_t n_channels; /* 1..4 */
    uint8_t bit_depth;  /* 8 or 16 */
    void *samples;      /* borrowed; read or written */
    size_t stride_bytes;
} exact_block;

typedef struct exact_wish {
    uint64_t max_bytes; /* give up once there are more; UINT64_MAX: never */
    bool drop_hidden;   /* set the colours of fully transparent pixels to 0 */
} exact_wish;

/* Appends the slice's coded bytes to `out`. *fits is false if there would be more than wish->max_bytes; then nothing
 * is appended. *checksum is that of the slice as it will be decoded. PITH_E_ARG, PITH_E_NOMEM, PITH_E_ABORTED. */
pith_status exact_encode(exact_coder *coder, const exact_block *block, const exact_wish *wish, byte_writer *out,
                         bool *fits, uint16_t *checksum) PITH_MUST_CHECK;

/* Takes bounded time for any input. PITH_E_FORMAT or PITH_E_TRUNCATED for invalid data, PITH_E_CHECKSUM if the
 * samples do not match the checksum. The block is written only on success. */
pith_status exact_decode(exact_coder *coder, const uint8_t *data, size_t n_bytes, uint16_t checksum,
                         const exact_block *block, pith_diag *diag) PITH_MUST_CHECK;

#endif
