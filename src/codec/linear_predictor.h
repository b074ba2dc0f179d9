/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Least squares that learns as it goes, in integers: the normal equations are
 * summed up exactly and solved by one pass of Gauss-Seidel between samples;
 * doc/format.md, "Linear prediction". */
#ifndef PITH_CODEC_LINEAR_PREDICTOR_H
#define PITH_CODEC_LINEAR_PREDICTOR_H

#include <stdint.h>

#define LINEAR_MAX_INPUTS 40
#define LINEAR_WEIGHT_BITS 14
#define LINEAR_WEIGHT_MAX 65535 /* 4.0 */

typedef struct linear_predictor {
    uint32_t count;
    int32_t weights[LINEAR_MAX_INPUTS]; /* in 1/2^LINEAR_WEIGHT_BITS */
    /* Of the normal equations: the right side, sums of input x target, less the
     * left side with these weights; in the weights' unit. */
    int64_t residuals[LINEAR_MAX_INPUTS];
    int64_t products[LINEAR_MAX_INPUTS][LINEAR_MAX_INPUTS]; /* sums of input i x input j, j <= i */
} linear_predictor;

/* Starts with no inputs. */
void linear_reset(linear_predictor *p);

/* Adds an input whose weight is `weight` until samples say otherwise; `ridge`
 * > 0 is how firmly, in the unit of the input's square. */
void linear_add_input(linear_predictor *p, int32_t weight, int32_t ridge);

/* Sum of weights times inputs, in 1/2^LINEAR_WEIGHT_BITS of the target. */
int64_t linear_predict(const linear_predictor *p, const int32_t *inputs);

/* Takes a sample, then solves for the weights of even (phase 0) or odd
 * (phase 1) number. |input|, |target| <= 8190 and at most 16384 samples keep
 * every sum within 64 bits. */
void linear_learn(linear_predictor *p, const int32_t *inputs, int32_t target, unsigned phase);

#endif
