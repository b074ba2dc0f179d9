/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The residual layer: codes a picture, given a prediction of it, slice by slice. The decoder uses only integer
 * arithmetic; doc/residual-coder.md defines the method. */
#ifndef PITH_RESIDUAL_RESIDUAL_CODER_H
#define PITH_RESIDUAL_RESIDUAL_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

#define RES_N_STEPS 64u
#define RES_FINE_WEIGHT 32u
#define RES_SLICE_SIDE 512u /* largest width and height of a slice, in pixels */

/* A view of interleaved 8-bit samples. */
typedef struct res_view {
    uint8_t *samples;
    size_t stride_bytes;
    uint32_t width, height; /* 1..RES_SLICE_SIDE */
    uint8_t n_channels;     /* 1 or 3 */
    uint8_t pixel_samples;  /* samples from one pixel to the next: n_channels, or more if others lie between */
} res_view;

typedef struct res_options {
    unsigned step_index; /* of luma, 0..63; the step is 2^(step_index / 6) samples */
    bool predictions;    /* allow prediction from neighbouring samples, and palettes */
    /* Weight of errors in each 8x8 block: 16 = normal, 0 = ignored; in rows of ceil(width / 8). NULL: all equal. */
    const uint8_t *weights;
    /* 0..15: reduction of the step index in blocks with a weight of at least RES_FINE_WEIGHT. */
    unsigned fine_delta;
} res_options;

/* Working memory for one slice at a time, in one thread at a time. */
typedef struct res_coder res_coder;

/* `alloc` is borrowed until the coder is freed. A coder for encoding takes more memory. */
pith_status res_coder_new(res_coder **out, const pith_alloc *alloc, bool encoder) PITH_MUST_CHECK;
void res_coder_free(res_coder **coder);

/* The watch is checked at every block of 32. */
void res_coder_watch(res_coder *coder, watch watch);

/* Appends the coded slice to `out`; nothing if the prediction is good enough. `picture` holds the prediction and is
 * replaced by the decoder's result. Both views have the same size. */
pith_status res_encode(res_coder *coder, const res_view *original, const res_view *picture, const res_options *options,
                       byte_writer *out) PITH_MUST_CHECK;

/* `picture` holds the prediction and is replaced by the result. Takes time linear in the picture's size for any
 * input, and returns PITH_OK, PITH_E_FORMAT, PITH_E_CHECKSUM or PITH_E_ABORTED; after an error the picture is
 * undefined. */
pith_status res_decode(res_coder *coder, const uint8_t *data, size_t n_bytes, const res_view *picture, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
