/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of the alpha channel <-> bytes: levels of opacity, predicted from their neighbours. Integer arithmetic only;
 * doc/alpha-coder.md defines the method. */
#ifndef PITH_CODEC_ALPHA_CODER_H
#define PITH_CODEC_ALPHA_CODER_H

#include <stdbool.h>

#include "base/stream.h"

#define ALPHA_MAX_SLICE 512  /* largest width and height of a slice, in pixels */
#define ALPHA_MAX_LISTED 16  /* up to this many opacities are listed and kept exactly */
#define ALPHA_MAX_LEVELS 256 /* more are reduced to at most this many evenly spaced levels */
#define ALPHA_OPAQUE 65535u

/* Opacities of height x width pixels, 0 (transparent) .. 65535 (opaque). A view: rows are row_stride elements
 * apart. */
typedef struct alpha_block {
    uint16_t *samples;
    uint32_t height, width;
    size_t row_stride;
} alpha_block;

/* Working memory for one slice at a time, in one thread at a time. */
typedef struct alpha_coder alpha_coder;

/* `alloc` is borrowed until the coder is freed. */
pith_status alpha_coder_new(alpha_coder **out, const pith_alloc *alloc) PITH_MUST_CHECK;
void alpha_coder_free(alpha_coder **coder);

/* Appends the coded slice. Up to 16 different opacities are kept exactly; more are rounded to n_levels (17..256)
 * evenly spaced ones, which include 0 and 65535. */
pith_status alpha_encode(alpha_coder *coder, const alpha_block *block, uint32_t n_levels, byte_writer *out)
    PITH_MUST_CHECK;

/* Fills the block. Takes time linear in the block's size for any input, and returns PITH_OK, PITH_E_TRUNCATED,
 * PITH_E_FORMAT or PITH_E_CHECKSUM. */
pith_status alpha_decode(alpha_coder *coder, const uint8_t *data, size_t n_bytes, const alpha_block *block,
                         pith_diag *diag) PITH_MUST_CHECK;

#endif
