/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of the alpha channel <-> bytes: levels of opacity, predicted from
 * their neighbours. Integer arithmetic only; the method is defined in
 * doc/alpha-coder.md. */
#ifndef PITH_CODEC_ALPHA_CODER_H
#define PITH_CODEC_ALPHA_CODER_H

#include <stdbool.h>

#include "base/stream.h"

#define ALPHA_MAX_SLICE 512  /* pixels a slice is wide and high, at most */
#define ALPHA_MAX_LISTED 16  /* so many opacities are listed, and kept exactly */
#define ALPHA_MAX_LEVELS 256 /* more are reduced to at most so many, evenly spaced */
#define ALPHA_OPAQUE 65535u

/* Opacities of height x width pixels, 0 transparent .. 65535 opaque. A view:
 * rows are row_stride elements apart. */
typedef struct alpha_block {
    uint16_t *samples;
    uint32_t height, width;
    size_t row_stride;
} alpha_block;

/* Work space for one slice at a time; one thread at a time. */
typedef struct alpha_coder alpha_coder;

/* `alloc` is borrowed for as long as the coder lives. */
pith_status alpha_coder_new(alpha_coder **out, const pith_alloc *alloc) PITH_MUST_CHECK;
void alpha_coder_free(alpha_coder **coder);

/* Appends the coded slice. Up to 16 different opacities come back exactly;
 * more are rounded to n_levels (17..256) evenly spaced ones, of which 0 and
 * 65535 always are two. */
pith_status alpha_encode(alpha_coder *coder, const alpha_block *block, uint32_t n_levels, byte_writer *out)
    PITH_MUST_CHECK;

/* Fills the block. Total in time linear in the block's size: any bytes end in
 * PITH_OK, PITH_E_TRUNCATED, PITH_E_FORMAT or PITH_E_CHECKSUM. */
pith_status alpha_decode(alpha_coder *coder, const uint8_t *data, size_t n_bytes, const alpha_block *block,
                         pith_diag *diag) PITH_MUST_CHECK;

#endif
