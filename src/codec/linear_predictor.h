/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Online least squares in integers: the normal equations are accumulated exactly, and one Gauss-Seidel pass runs
 * between samples; see doc/format.md, "Linear prediction". */
#ifndef PITH_CODEC_LINEAR_PREDICTOR_H
#define PITH_CODEC_LINEAR_PREDICTOR_H

#include <stdint.h>

#define LINEAR_MAX_INPUTS 40
#define LINEAR_WEIGHT_BITS 14
#define LINEAR_WEIGHT_MAX 65535 /* 4.0 */

typedef struct linear_predictor {
    uint32_t count;
    int32_t weights[LINEAR_MAX_INPUTS]; /* in 1/2^LINEAR_WEIGHT_BITS */
    /* Residuals of the normal equations, in the weights' unit: right side (sums of input x target) minus left side
     * with the current weights. */
    int64_t residuals[LINEAR_MAX_INPUTS];
    int64_t products[LINEAR_MAX_INPUTS][LINEAR_MAX_INPUTS]; /* sums of input i x input j, j <= i */
} linear_predictor;

/* Starts with no inputs. */
void linear_reset(linear_predictor *p);

/* Adds an input with the initial weight `weight`. `ridge` > 0 is how strongly the weight is held there, in units of the
 * input squared. */
void linear_add_input(linear_predictor *p, int32_t weight, int32_t ridge);

/* Sum of weights times inputs, in 1/2^LINEAR_WEIGHT_BITS of the target. */
int64_t linear_predict(const linear_predictor *p, const int32_t *inputs);

/* Adds a sample, then solves for the weights with even (phase 0) or odd (phase 1) index. All sums fit in 64 bits if
 * |input|, |target| <= 8190 and there are at most 16384 samples. */
void linear_learn(linear_predictor *p, const int32_t *inputs, int32_t target, unsigned phase);

#endif
