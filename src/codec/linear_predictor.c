/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The sums are exact integers, so the order of adding does not matter. The order of solving does; it is the order of
 * the inputs. The residual of each equation is updated instead of computed anew: a weight that does not change, as
 * most do not once learned, costs nothing. */
#include "codec/linear_predictor.h"

void linear_reset(linear_predictor *p) { p->count = 0; }

void linear_add_input(linear_predictor *p, int32_t weight, int32_t ridge) {
    uint32_t i = p->count++;
    for (uint32_t j = 0; j < i; j++) p->products[i][j] = 0;
    p->products[i][i] = ridge;
    p->weights[i] = weight;
    int64_t moment = (int64_t)ridge * weight / (1 << LINEAR_WEIGHT_BITS);
    p->residuals[i] = moment * (1 << LINEAR_WEIGHT_BITS) - (int64_t)ridge * weight;
}

int64_t linear_predict(const linear_predictor *p, const int32_t *inputs) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < p->count; i++) sum += (int64_t)p->weights[i] * inputs[i];
    return sum;
}

/* 16-bit inputs let compilers use vector multiplication. In a sparse channel most inputs are zero and are skipped. */
static void add_sample(linear_predictor *p, const int32_t *inputs, int32_t target) {
    int64_t error = (int64_t)target * (1 << LINEAR_WEIGHT_BITS) - linear_predict(p, inputs);
    int16_t narrow[LINEAR_MAX_INPUTS];
    for (uint32_t i = 0; i < p->count; i++) narrow[i] = (int16_t)inputs[i];
    for (uint32_t i = 0; i < p->count; i++) {
        if (!narrow[i]) continue;
        p->residuals[i] += narrow[i] * error;
        for (uint32_t j = 0; j <= i; j++) p->products[i][j] += (int32_t)narrow[i] * narrow[j];
    }
}

/* Reduces both operands below 2^31 by dropping low bits: a 32-bit division is several times faster, and the next pass
 * corrects the error. */
static int32_t quotient(int64_t dividend, int64_t divisor) {
    int n_bits = 64 - __builtin_clzll((uint64_t)divisor), shift = n_bits > 15 ? n_bits - 15 : 0;
    int64_t high = dividend >> shift;
    if (high > INT32_MAX) high = INT32_MAX;
    if (high < -INT32_MAX) high = -INT32_MAX;
    return (int32_t)high / (int32_t)(divisor >> shift);
}

/* Solves equation i for its weight, with the other weights fixed. */
static void solve_one(linear_predictor *p, uint32_t i) {
    int64_t residual = p->residuals[i], magnitude = residual < 0 ? -residual : residual;
    if (2 * magnitude < p->products[i][i]) return; /* the quotient is 0 */
    int64_t weight = (int64_t)p->weights[i] + quotient(residual, p->products[i][i]);
    if (weight > LINEAR_WEIGHT_MAX) weight = LINEAR_WEIGHT_MAX;
    if (weight < -LINEAR_WEIGHT_MAX) weight = -LINEAR_WEIGHT_MAX;
    int64_t change = weight - p->weights[i];
    if (change == 0) return;
    p->weights[i] = (int32_t)weight;
    for (uint32_t j = 0; j < i; j++) p->residuals[j] -= p->products[i][j] * change;
    for (uint32_t j = i; j < p->count; j++) p->residuals[j] -= p->products[j][i] * change;
}

void linear_learn(linear_predictor *p, const int32_t *inputs, int32_t target, unsigned phase) {
    add_sample(p, inputs, target);
    for (uint32_t i = phase; i < p->count; i += 2) solve_one(p, i);
}
