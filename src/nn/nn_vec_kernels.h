/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The inner loops of the portable engine. One text, nn_vec_kernels.c, is compiled for several instruction sets; every
 * result has the same bits on all of them, since each output is one sum in one order and no product is fused with an
 * addition (doc/format.md, "The arithmetic of the networks").
 *
 * Values are "deep": channels last, the channels of a position padded to a multiple of NN_VEC_PANEL floats. */
#ifndef PITH_NN_NN_VEC_KERNELS_H
#define PITH_NN_NN_VEC_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/nn.h"

#define NN_VEC_PANEL 16   /* output channels that lie together in packed weights */
#define NN_VEC_SQUARE 16  /* values of a transformed 4x4 square */
#define NN_VEC_MAX_TAPS 9 /* of a kernel */

/* What is done to sums before they are stored: + bias, + added, then the positive part. */
typedef struct nn_vec_finish {
    const float *bias;  /* [n_panels * NN_VEC_PANEL], or NULL */
    const float *added; /* laid out like the output, or NULL */
    bool relu;
} nn_vec_finish;

/* out[r][o] = sum over taps t, then channels c, of in[t * n_rows + r][c] * weight[o][t][c]; n_rows at most
 * NN_VEC_MOST_ROWS. */
#define NN_VEC_MOST_ROWS 64
typedef struct nn_vec_product {
    const float *const *in; /* [n_taps * n_rows], each to c_in floats */
    int64_t n_taps, n_rows, c_in;
    const float *weight;        /* [n_panels][n_taps][c_in][NN_VEC_PANEL] */
    int64_t n_panels, to_panel; /* floats from a panel of the weights to the next */
    float *out;                 /* row r begins at out + r * to_row */
    int64_t to_row;
    nn_vec_finish finish;
} nn_vec_product;

/* Winograd's F(2x2, 3x3): a 4x4 square of the input to its 16 transformed values, channel by channel; value p of
 * channel c goes to out[p * to_value + c]. */
typedef struct nn_vec_square_in {
    const float *const *in; /* 16 positions, row by row; a position outside the picture: to zeros */
    int64_t n_channels;     /* a multiple of NN_VEC_PANEL */
    bool relu;              /* of the positive part of the input */
    float *out;
    int64_t to_value;
} nn_vec_square_in;

/* The way back: 16 sums, in[p * to_value + c], to 2x2 outputs. */
typedef struct nn_vec_square_out {
    const float *in;
    int64_t to_value, n_channels;
    float *out[4];         /* row by row; NULL: outside the picture */
    const float *added[4]; /* or all NULL */
    const float *bias;     /* [n_channels], or NULL */
    bool relu;
} nn_vec_square_out;

/* Of deep positions, channel by channel. */
typedef struct nn_vec_positions {
    const float *in;
    int64_t count, n_channels; /* n_channels: a multiple of NN_VEC_PANEL; positions lie one after the other */
} nn_vec_positions;

/* What a channel becomes: (x - mean) * multiply + add. */
typedef struct nn_vec_scaling {
    const float *mean, *multiply, *add; /* [n_channels] */
} nn_vec_scaling;

typedef struct nn_vec_kernels {
    const char *name;
    void (*product)(const nn_vec_product *);
    void (*square_in)(const nn_vec_square_in *);
    void (*square_out)(const nn_vec_square_out *);
    void (*act)(float *out, const float *x, size_t n, nn_activation kind);
    void (*scale)(float *out, const float *x, float multiply, float add, size_t n);
    void (*add)(float *out, const float *a, const float *b, size_t n);
    void (*mul)(float *out, const float *a, const float *b, size_t n);
    void (*relu_adjoint)(float *out, const float *g, const float *y, size_t n); /* g where y > 0, else 0 */
    /* sums[2][n_channels] of the values, and of their squares */
    void (*sum_channels)(double *sums, const nn_vec_positions *x);
    void (*scale_channels)(float *out, const nn_vec_positions *x, const nn_vec_scaling *by);
    /* Of one row: nn_ref_kernels.c has the same. */
    void (*layer_norm)(float *out, const float *x, const float *weight, const float *bias, size_t n, float epsilon);
    /* exp((x - the largest) * multiply) in place; returns their sum. */
    float (*exponentials)(float *x, size_t n, float multiply);
} nn_vec_kernels;

/* The best that this machine runs, or the one of that name ("v2", "v3", "v4", "base"); NULL: it does not run here. */
const nn_vec_kernels *nn_vec_kernels_find(const char *name);

#endif
