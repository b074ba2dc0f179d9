/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Group norm, which oneDNN 2.6 has not, and sums and products with one value a
 * channel. Both see a picture as planes of blocks of channels. */
#include <math.h>

#include "nn/nn_onednn.h"

#define MAX_BLOCK 16

/* Positions summed in one item. Fixed, so that the sums do not depend on the
 * number of threads. */
#define STRETCH 4096

static int64_t n_stretches(nn_shape s) { return (s.h * s.w + STRETCH - 1) / STRETCH; }

/* Runs a kernel whose block is a constant in each case, so that the compiler
 * can unroll the loops over it. */
#define FOR_BLOCK(block, kernel, ...)                                                                                  \
    do {                                                                                                               \
        if ((block) == 16)                                                                                             \
            kernel(__VA_ARGS__, 16);                                                                                   \
        else if ((block) == 8)                                                                                         \
            kernel(__VA_ARGS__, 8);                                                                                    \
        else                                                                                                           \
            kernel(__VA_ARGS__, 1);                                                                                    \
    } while (0)

/* ---- group norm ------------------------------------------------------------------- */

/* Sum and sum of squares of each channel of a block, over n positions. In
 * double, so that a mean far from 0 does not spoil the variance. */
static inline void sum_stretch(const float *x, int64_t n, double *sums, int64_t block) {
    double sum[MAX_BLOCK] = {0}, square[MAX_BLOCK] = {0};
    for (int64_t p = 0; p < n; p++)
        for (int64_t l = 0; l < block; l++) {
            const double value = (double)x[p * block + l];
            sum[l] += value;
            square[l] += value * value;
        }
    for (int64_t l = 0; l < block; l++) {
        sums[l] = sum[l];
        sums[block + l] = square[l];
    }
}

/* Item: a stretch of a plane. Output: sums[plane][stretch][2][block]. */
static void sum_channels(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, area = s.h * s.w, stretches = n_stretches(s);
    double *sums = (double *)(void *)c->out;
    for (int64_t i = first; i < end; i++) {
        const int64_t from = i % stretches * STRETCH, left = area - from;
        const float *x = c->in[0] + (i / stretches * area + from) * block;
        FOR_BLOCK(block, sum_stretch, x, left < STRETCH ? left : STRETCH, sums + i * 2 * block);
    }
}

/* Of each channel of a block: (x - mean) * multiply + add. The mean is not put
 * into `add`, where it would cancel against x only after rounding. */
typedef struct scaling {
    float mean[MAX_BLOCK], multiply[MAX_BLOCK], add[MAX_BLOCK];
} scaling;

static void find_scaling(const nn_dnn_call *c, const double *sums, int64_t n, int64_t channel, int64_t l, scaling *to) {
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, stretches = n_stretches(s), per_group = s.c / c->op->u.norm.n_groups;
    const int64_t first = channel / per_group * per_group;
    double sum = 0, square = 0;
    for (int64_t k = first; k < first + per_group; k++) {
        const double *at = sums + (n * (s.c / block) + k / block) * stretches * 2 * block + k % block;
        for (int64_t i = 0; i < stretches; i++) {
            sum += at[i * 2 * block];
            square += at[(i * 2 + 1) * block];
        }
    }
    const double count = (double)(per_group * s.h * s.w), mean = sum / count;
    const double variance = square / count - mean * mean;
    const double scale = 1 / sqrt((variance > 0 ? variance : 0) + (double)c->op->u.norm.epsilon);
    to->mean[l] = (float)mean;
    to->multiply[l] = (float)(scale * (double)c->weight[channel]);
    to->add[l] = c->bias[channel];
}

static inline void scale_stretch(const float *x, float *y, int64_t n, const scaling *k, int64_t block) {
    for (int64_t p = 0; p < n; p++)
        for (int64_t l = 0; l < block; l++)
            y[p * block + l] = (x[p * block + l] - k->mean[l]) * k->multiply[l] + k->add[l];
}

/* Item: a stretch of a plane. Inputs: the picture, the sums. */
static void scale_channels(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, planes = s.c / block, area = s.h * s.w, stretches = n_stretches(s);
    const double *sums = (const double *)(const void *)c->in[1];
    scaling k = {0};
    for (int64_t i = first; i < end; i++) {
        const int64_t plane = i / stretches, from = i % stretches * STRETCH, left = area - from;
        for (int64_t l = 0; l < block && (i == first || from == 0); l++)
            find_scaling(c, sums, plane / planes, plane % planes * block + l, l, &k);
        const int64_t at = (plane * area + from) * block;
        FOR_BLOCK(block, scale_stretch, c->in[0] + at, c->out + at, left < STRETCH ? left : STRETCH, &k);
    }
}

pith_status nn_dnn_bind_group_norm(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->op->shape;
    const int64_t block = nn_dnn_block_for(b, s.c), n_items = s.n * (s.c / block) * n_stretches(s);
    const dnnl_memory_desc_t md = nn_dnn_layout(s, block);
    nn_dnn_value in, out = {.md = md};
    int32_t sums;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.part = sum_channels;
    step.n_items = n_items;
    PITH_TRY(nn_dnn_get_vector(b, b->op->weight, &step.call.weight));
    PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &step.call.bias));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &md, &in));
    PITH_TRY(nn_dnn_new_span(b, (size_t)(n_items * 2 * block) * sizeof(double), &sums));
    step.call.in_block = step.call.out_block = block;
    step.in_spans[0] = in.span;
    step.out_span = sums;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    out.span = in.span;
    if (!nn_dnn_dies(b, b->op->in[0])) PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&md), &out.span));
    step.part = scale_channels;
    step.in_spans[1] = sums;
    step.out_span = out.span;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    b->values[b->now] = out;
cleanup:
    return status;
}

/* ---- one value a channel ---------------------------------------------------------------- */

static inline void add_stretch(const float *x, float *y, int64_t n, const float *value, int64_t block) {
    for (int64_t p = 0; p < n; p++)
        for (int64_t l = 0; l < block; l++) y[p * block + l] = x[p * block + l] + value[l];
}

static inline void mul_stretch(const float *x, float *y, int64_t n, const float *value, int64_t block) {
    for (int64_t p = 0; p < n; p++)
        for (int64_t l = 0; l < block; l++) y[p * block + l] = x[p * block + l] * value[l];
}

/* Item: a plane. */
static void spread(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, planes = s.c / block, area = s.h * s.w;
    for (int64_t i = first; i < end; i++) {
        const float *x = c->in[0] + i * area * block;
        const float *value = c->in[1] + (c->in_shape[1].n == 1 ? i % planes : i) * block;
        float *y = c->out + i * area * block;
        if (c->op->kind == NN_OP_ADD)
            FOR_BLOCK(block, add_stretch, x, y, area, value);
        else
            FOR_BLOCK(block, mul_stretch, x, y, area, value);
    }
}

pith_status nn_dnn_bind_spread(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->op->shape, t = b->plan->ops[b->op->in[1]].shape;
    const int64_t block = nn_dnn_block_for(b, s.c);
    const dnnl_memory_desc_t md = nn_dnn_layout(s, block), plain = nn_dnn_layout(t, 1);
    nn_dnn_value in, values, out = {.md = md};
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.part = spread;
    step.n_items = s.n * (s.c / block);
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &md, &in));
    PITH_TRY(nn_dnn_want(b, b->op->in[1], &plain, &values));
    out.span = in.span;
    if (!nn_dnn_dies(b, b->op->in[0])) PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&md), &out.span));
    step.call.in_shape[0] = s;
    step.call.in_shape[1] = t;
    step.call.in_block = step.call.out_block = block;
    step.in_spans[0] = in.span;
    step.in_spans[1] = values.span;
    step.out_span = out.span;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    b->values[b->now] = out;
cleanup:
    return status;
}
