/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Group norm, which oneDNN 2.6 has not, and sums and products with one value a
 * channel. Both see a picture as planes of blocks of channels. */
#include <math.h>
#include <string.h>

#include "nn/nn_onednn.h"

#define CHUNK 16 /* channels summed together: a cache line */

/* Floats of a plane that one item works on: some quarter of a core's second
 * cache. Fixed, so that sums do not depend on the number of threads. */
#define STRETCH_FLOATS 32768

static int64_t stretch_of(int64_t block) { return block < STRETCH_FLOATS ? STRETCH_FLOATS / block : 1; }

static int64_t n_stretches(nn_shape s, int64_t block) {
    return (s.h * s.w + stretch_of(block) - 1) / stretch_of(block);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- group norm ------------------------------------------------------------------- */

/* Adds sum and sum of squares of n_channels channels over n positions. In double, so
 * that a mean far from 0 does not spoil the variance. */
static inline void sum_chunk(const float *x, int64_t n, int64_t block, double *sums, double *squares,
                             int64_t n_channels) {
    double sum[CHUNK] = {0}, square[CHUNK] = {0};
    for (int64_t p = 0; p < n; p++)
        for (int64_t l = 0; l < n_channels; l++) {
            const double value = (double)x[p * block + l];
            sum[l] += value;
            square[l] += value * value;
        }
    for (int64_t l = 0; l < n_channels; l++) {
        sums[l] += sum[l];
        squares[l] += square[l];
    }
}

/* The same for all channels of a block; sums[2][block]. */
static void sum_block(const float *x, int64_t n, int64_t block, double *sums) {
    double *squares = sums + block;
    for (int64_t l = 0; l < block; l += CHUNK) /* a constant number of channels lets the compiler unroll */
        if (block - l >= CHUNK)
            sum_chunk(x + l, n, block, sums + l, squares + l, CHUNK);
        else if (block - l == CHUNK / 2)
            sum_chunk(x + l, n, block, sums + l, squares + l, CHUNK / 2);
        else
            sum_chunk(x + l, n, block, sums + l, squares + l, block - l);
}

/* Of the places [from, from + n) of a plane, those in the part that is gathered. */
static void sum_part(const nn_dnn_call *c, const float *x, int64_t from, int64_t n, double *sums) {
    const nn_shape s = c->op->shape;
    const nn_window part = nn_part_of(&c->net->norms.part, s);
    for (int64_t row = from / s.w; row * s.w < from + n; row++) {
        const int64_t start = row * s.w + part.column, end = row * s.w + part.end_column;
        const int64_t first = start > from ? start : from, last = smaller(end, from + n);
        if (row >= part.row && row < part.end_row && last > first)
            sum_block(x + (first - from) * c->in_block, last - first, c->in_block, sums);
    }
}

#define N_SUMS 4 /* sum and square of the whole, sum and square of the part that is gathered */

/* Item: a stretch of a plane. Output: sums[plane][stretch][N_SUMS][block]. */
static void sum_channels(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, area = s.h * s.w, stretches = n_stretches(s, block);
    for (int64_t i = first; i < end; i++) {
        const int64_t from = i % stretches * stretch_of(block), n = smaller(stretch_of(block), area - from);
        const float *x = c->in[0] + (i / stretches * area + from) * block;
        double *sums = (double *)(void *)c->out + i * N_SUMS * block;
        memset(sums, 0, (size_t)(N_SUMS * block) * sizeof *sums);
        sum_block(x, n, block, sums);
        if (c->net->norms.gathered) sum_part(c, x, from, n, sums + 2 * block);
    }
}

static void gather(const nn_dnn_call *c, int64_t group, int64_t per_group, const double *sums) {
    const nn_window part = nn_part_of(&c->net->norms.part, c->op->shape);
    const int64_t area = (part.end_row - part.row) * (part.end_column - part.column);
    nn_gather_sums(c->net, c->op, group, sums[0], sums[1], (double)(per_group * area));
}

/* Item: a group of one picture. Input: the sums. Output: for each picture
 * mean[C], multiply[C], add[C], to compute (x - mean) * multiply + add. The
 * mean is not put into `add`, where it would cancel only after rounding. */
static void find_scales(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, stretches = n_stretches(s, block), n_groups = c->op->u.norm.n_groups;
    const int64_t per_group = s.c / n_groups;
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / n_groups, channel = i % n_groups * per_group;
        double sums[N_SUMS] = {0};
        for (int64_t k = channel; k < channel + per_group; k++)
            for (int64_t j = 0; j < stretches; j++) {
                const int64_t plane = n * (s.c / block) + k / block;
                const double *from =
                    (const double *)(const void *)c->in[0] + (plane * stretches + j) * N_SUMS * block + k % block;
                for (int64_t m = 0; m < N_SUMS; m++) sums[m] += from[m * block];
            }
        if (c->net->norms.gathered) gather(c, i, per_group, sums + 2);
        const double count = (double)(per_group * s.h * s.w);
        double mean = sums[0] / count, variance = fmax(sums[1] / count - mean * mean, 0);
        nn_correct_moments(c->net, c->op, i, &mean, &variance);
        const double scale = 1 / sqrt(variance + (double)c->op->u.norm.epsilon);
        for (int64_t k = channel; k < channel + per_group; k++) {
            float *to = c->out + n * 3 * s.c + k;
            to[0] = (float)mean;
            to[s.c] = (float)(scale * (double)c->weight[k]);
            to[2 * s.c] = c->bias[k];
        }
    }
}

/* Item: a stretch of a plane. Inputs: the picture, the scales. */
static void scale_channels(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, planes = s.c / block, area = s.h * s.w, stretches = n_stretches(s, block);
    for (int64_t i = first; i < end; i++) {
        const int64_t plane = i / stretches, from = i % stretches * stretch_of(block);
        const int64_t n = smaller(stretch_of(block), area - from), at = (plane * area + from) * block;
        const float *mean = c->in[1] + plane / planes * 3 * s.c + plane % planes * block;
        const float *multiply = mean + s.c, *add = multiply + s.c, *x = c->in[0] + at;
        float *y = c->out + at;
        if (block == 1)
            for (int64_t p = 0; p < n; p++) y[p] = (x[p] - *mean) * *multiply + *add;
        else
            for (int64_t p = 0; p < n; p++, x += block, y += block)
                for (int64_t l = 0; l < block; l++) y[l] = (x[l] - mean[l]) * multiply[l] + add[l];
    }
}

/* Appends a kernel that reads one or two spans and writes one. */
static pith_status add_kernel(nn_dnn_binder *b, nn_dnn_step *step, nn_dnn_part *part, int64_t n_items, int32_t in,
                              int32_t more, int32_t out) {
    step->part = part;
    step->n_items = n_items;
    step->in_spans[0] = in;
    step->in_spans[1] = more;
    step->out_span = out;
    return nn_dnn_add_kernel(b, step);
}

/* Value `id` in our layout, and where the result goes: over it, if nothing reads it later. */
static pith_status choose_spans(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, nn_dnn_value *in,
                                nn_dnn_value *out) {
    pith_status status = PITH_OK;
    PITH_TRY(nn_dnn_want(b, id, md, in));
    *out = *in;
    if (!nn_dnn_dies(b, id)) PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(md), &out->span));
cleanup:
    return status;
}

pith_status nn_dnn_bind_group_norm(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->op->shape;
    const int64_t block = nn_dnn_block_for(b, s.c), n_items = s.n * (s.c / block) * n_stretches(s, block);
    const dnnl_memory_desc_t md = nn_dnn_layout(s, block);
    nn_dnn_value in, out;
    int32_t sums, scales;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.call.net = &b->net->base;
    step.call.in_block = step.call.out_block = block;
    PITH_TRY(nn_dnn_get_vector(b, b->op->weight, &step.call.weight));
    PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &step.call.bias));
    PITH_TRY(choose_spans(b, b->op->in[0], &md, &in, &out));
    PITH_TRY(nn_dnn_new_span(b, (size_t)(n_items * N_SUMS * block) * sizeof(double), &sums));
    PITH_TRY(nn_dnn_new_span(b, (size_t)(s.n * 3 * s.c) * sizeof(float), &scales));
    PITH_TRY(add_kernel(b, &step, sum_channels, n_items, in.span, NN_NO_SPAN, sums));
    PITH_TRY(add_kernel(b, &step, find_scales, s.n * b->op->u.norm.n_groups, sums, NN_NO_SPAN, scales));
    PITH_TRY(add_kernel(b, &step, scale_channels, n_items, in.span, scales, out.span));
    b->values[b->now] = out;
cleanup:
    return status;
}

/* ---- one value a channel ---------------------------------------------------------------- */

/* n positions of a plane, with one value for each channel of its block. */
static void spread_over(nn_op_kind kind, const float *x, float *y, int64_t n, const float *value, int64_t block) {
    if (block == 1 && kind == NN_OP_ADD)
        for (int64_t p = 0; p < n; p++) y[p] = x[p] + *value;
    else if (block == 1)
        for (int64_t p = 0; p < n; p++) y[p] = x[p] * *value;
    else if (kind == NN_OP_ADD)
        for (int64_t p = 0; p < n; p++, x += block, y += block)
            for (int64_t l = 0; l < block; l++) y[l] = x[l] + value[l];
    else
        for (int64_t p = 0; p < n; p++, x += block, y += block)
            for (int64_t l = 0; l < block; l++) y[l] = x[l] * value[l];
}

/* Item: a stretch of a plane. */
static void spread(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->op->shape;
    const int64_t block = c->in_block, planes = s.c / block, area = s.h * s.w, stretches = n_stretches(s, block);
    for (int64_t i = first; i < end; i++) {
        const int64_t plane = i / stretches, from = i % stretches * stretch_of(block);
        const int64_t at = (plane * area + from) * block, n = smaller(stretch_of(block), area - from);
        const float *value = c->in[1] + (c->in_shape[1].n == 1 ? plane % planes : plane) * block;
        spread_over(c->op->kind, c->in[0] + at, c->out + at, n, value, block);
    }
}

pith_status nn_dnn_bind_spread(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->op->shape, t = b->plan->ops[b->op->in[1]].shape;
    const int64_t block = nn_dnn_block_for(b, s.c), n_items = s.n * (s.c / block) * n_stretches(s, block);
    const dnnl_memory_desc_t md = nn_dnn_layout(s, block), plain = nn_dnn_layout(t, 1);
    nn_dnn_value in, values, out;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.call.in_shape[1] = t;
    step.call.in_block = step.call.out_block = block;
    PITH_TRY(nn_dnn_want(b, b->op->in[1], &plain, &values));
    PITH_TRY(choose_spans(b, b->op->in[0], &md, &in, &out));
    PITH_TRY(add_kernel(b, &step, spread, n_items, in.span, values.span, out.span));
    b->values[b->now] = out;
cleanup:
    return status;
}
