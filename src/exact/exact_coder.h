/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of a picture <-> bytes, nothing lost. Integer arithmetic only; the
 * method is defined in doc/exact-coder.md. */
#ifndef PITH_EXACT_EXACT_CODER_H
#define PITH_EXACT_EXACT_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

#define EXACT_MAX_SIDE 1024 /* pixels a slice is wide and high, at most */

typedef struct exact_coder exact_coder;

/* A coder for slices of at most height x width pixels and so many channels; its memory is theirs. `alloc` is borrowed
 * until it is freed. */
pith_status exact_coder_new(exact_coder **out, const pith_alloc *alloc, uint32_t height, uint32_t width,
                            unsigned n_channels) PITH_MUST_CHECK;
void exact_coder_free(exact_coder **coder);
size_t exact_coder_bytes(uint32_t height, uint32_t width, unsigned n_channels); /* of memory, for each such coder */

/* Asked after each row. */
void exact_coder_watch(exact_coder *coder, watch watch);

/* Samples as in pith_image_format: interleaved, with two or four channels the last is the opacity. */
typedef struct exact_block {
    uint32_t height, width;
    uint8_t n_channels; /* 1..4 */
    uint8_t bit_depth;  /* 8 or 16 */
    void *samples;      /* borrowed; read or written */
    size_t stride_bytes;
} exact_block;

typedef struct exact_wish {
    uint64_t max_bytes; /* give up as soon as there are more; UINT64_MAX: never */
    bool drop_hidden;   /* colours of fully transparent pixels become 0 */
} exact_wish;

/* Appends the slice's coded bytes to `out`. *fits is false when they would have been more than the wish allows: then
 * nothing was appended. *checksum is that of the slice as it will be decoded. PITH_E_ARG, PITH_E_NOMEM, PITH_E_ABORTED.
 */
pith_status exact_encode(exact_coder *coder, const exact_block *block, const exact_wish *wish, byte_writer *out,
                         bool *fits, uint16_t *checksum) PITH_MUST_CHECK;

/* Any bytes end in bounded time with samples or PITH_E_FORMAT, PITH_E_TRUNCATED; PITH_E_CHECKSUM when they are not
 * those of the checksum. The block is written only when all is right. */
pith_status exact_decode(exact_coder *coder, const uint8_t *data, size_t n_bytes, uint16_t checksum,
                         const exact_block *block, pith_diag *diag) PITH_MUST_CHECK;

#endif
