/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The residual layer: what a picture is, given a prediction of it, slice by
 * slice. Integer arithmetic only on the decoder's side; the method is defined
 * in doc/residual-coder.md. */
#ifndef PITH_RESIDUAL_RESIDUAL_CODER_H
#define PITH_RESIDUAL_RESIDUAL_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

#define RES_N_STEPS 64u
#define RES_FINE_WEIGHT 32u
#define RES_SLICE_SIDE 512u /* pixels a slice is wide and high, at most */

/* A view of interleaved 8-bit samples. */
typedef struct res_view {
    uint8_t *samples;
    size_t stride_bytes;
    uint32_t width, height; /* 1..RES_SLICE_SIDE */
    uint8_t n_channels;     /* 1 or 3 */
    uint8_t pixel_samples;  /* from one pixel to the next: n_channels, or more where others lie between */
} res_view;

typedef struct res_options {
    unsigned step_index; /* of luma, 0..63: 2^(step_index / 6) samples */
    bool predictions;    /* may blocks be predicted from beside them, or have a palette? */
    /* How much errors of each 8x8 block matter, 16 = as usual, 0 = not at all;
     * rows of ceil(width / 8). NULL: all the same. */
    const uint8_t *weights;
    /* 0..15: how much finer the step index is in blocks that weigh at least RES_FINE_WEIGHT. */
    unsigned fine_delta;
} res_options;

/* Work space for one slice at a time; one thread at a time. */
typedef struct res_coder res_coder;

/* `alloc` is borrowed for as long as the coder lives. An encoder's coder has
 * more space than a decoder's. */
pith_status res_coder_new(res_coder **out, const pith_alloc *alloc, bool encoder) PITH_MUST_CHECK;
void res_coder_free(res_coder **coder);

/* Asked at every block of 32. */
void res_coder_watch(res_coder *coder, watch watch);

/* Appends the coded slice to `out`: nothing when the prediction is good enough
 * as it is. `picture` holds the prediction, and becomes what a decoder will
 * make of it. Views have the same size. */
pith_status res_encode(res_coder *coder, const res_view *original, const res_view *picture, const res_options *options,
                       byte_writer *out) PITH_MUST_CHECK;

/* `picture` holds the prediction, and becomes the result. Total in time linear
 * in the picture's size: any bytes end in PITH_OK, PITH_E_FORMAT or
 * PITH_E_CHECKSUM; the picture is then not defined. */
pith_status res_decode(res_coder *coder, const uint8_t *data, size_t n_bytes, const res_view *picture, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
