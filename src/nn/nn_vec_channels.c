/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Group norms, and sums and products with one value a channel: of deep values. */
#include <math.h>
#include <string.h>

#include "nn/nn_vec.h"

#define FLOATS_AT_ONCE 8192 /* scaled, and then activated: they stay in the first cache */

typedef struct channel_work {
    const nn_vec_net *net;
    const nn_op *op;
    nn_shape shape;
    int64_t channels; /* padded */
    const float *in;
    float *out;
    const float *values;      /* one a channel, of each picture or all: 0 or `channels` apart */
    int64_t to_values;        /* from a picture's to the next */
    nn_window part;           /* of a picture, whose sums are wanted */
    double *sums;             /* [row][2][channels] */
    nn_vec_scaling scaling;   /* of a picture */
    const nn_activation *act; /* made as well, or NULL */
} channel_work;

static channel_work work_of(const nn_vec_net *net, int32_t id) {
    const nn_vec_step *step = &net->steps[id];
    const nn_op *op = &net->base.plan->ops[step->root];
    return (channel_work){.net = net,
                          .op = op,
                          .shape = op->shape,
                          .channels = nn_vec_channels(op->shape),
                          .in = nn_vec_value(net, step->in[0]),
                          .out = nn_vec_value(net, id)};
}

/* ---- group norm ------------------------------------------------------------------------ */

/* One picture's sums by rows, its sums, and its scales: mean, multiply, add. */
nn_vec_room nn_vec_group_norm_room(const nn_op *op) {
    const size_t channels = (size_t)nn_vec_channels(op->shape);
    return (nn_vec_room){.shared = channels * (4 * ((size_t)op->shape.h + 1) + 3)};
}

static void sum_row(void *user, int64_t item, int worker) {
    (void)worker;
    const channel_work *w = user;
    const int64_t first = (w->part.row + item) * w->shape.w + w->part.column;
    const nn_vec_positions x = {w->in + first * w->channels, w->part.end_column - w->part.column, w->channels};
    w->net->kernels->sum_channels(w->sums + item * 2 * w->channels, &x);
}

/* Returns [2][channels]: the rows of a part, added. */
static const double *sum_part(channel_work *w, nn_window part) {
    const int64_t n_rows = part.end_row - part.row;
    double *all = w->sums + n_rows * 2 * w->channels;
    w->part = part;
    team_run(w->net->team, n_rows, sum_row, w);
    memset(all, 0, (size_t)(2 * w->channels) * sizeof *all);
    for (int64_t row = 0; row < n_rows; row++)
        for (int64_t c = 0; c < 2 * w->channels; c++) all[c] += w->sums[row * 2 * w->channels + c];
    return all;
}

static double sum_of(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return sum;
}

/* Group: among those of all pictures. */
static void gather(channel_work *w, int64_t first_group) {
    const int64_t n_groups = w->op->u.norm.n_groups, per_group = w->shape.c / n_groups;
    const nn_window part = nn_part_of(&w->net->base.norms.part, w->shape);
    const double *sums = sum_part(w, part);
    const int64_t count = per_group * (part.end_row - part.row) * (part.end_column - part.column);
    for (int64_t g = 0; g < n_groups; g++)
        nn_gather_sums(&w->net->base, w->op, first_group + g, sum_of(sums + g * per_group, per_group),
                       sum_of(sums + w->channels + g * per_group, per_group), (double)count);
}

static void find_scales(channel_work *w, const nn_vec_step *step, int64_t first_group, float *scales) {
    const nn_shape s = w->shape;
    const int64_t n_groups = w->op->u.norm.n_groups, per_group = s.c / n_groups;
    const double *sums = sum_part(w, (nn_window){0, s.h, 0, s.w}), count = (double)(per_group * s.h * s.w);
    float *multiply = scales + w->channels;
    memset(scales, 0, (size_t)(2 * w->channels) * sizeof *scales);
    for (int64_t g = 0; g < n_groups; g++) {
        double mean = sum_of(sums + g * per_group, per_group) / count;
        double variance = fmax(sum_of(sums + w->channels + g * per_group, per_group) / count - mean * mean, 0);
        nn_correct_moments(&w->net->base, w->op, first_group + g, &mean, &variance);
        const double scale = 1 / sqrt(variance + (double)w->op->u.norm.epsilon);
        for (int64_t c = g * per_group; c < (g + 1) * per_group; c++) {
            scales[c] = (float)mean;
            multiply[c] = (float)(scale * (double)step->weight[c]);
        }
    }
    w->scaling = (nn_vec_scaling){scales, multiply, step->bias};
}

static void scale_row(void *user, int64_t row, int worker) {
    (void)worker;
    const channel_work *w = user;
    const int64_t at_once = w->channels < FLOATS_AT_ONCE ? FLOATS_AT_ONCE / w->channels : 1;
    for (int64_t x = 0; x < w->shape.w; x += at_once) {
        const int64_t n = w->shape.w - x < at_once ? w->shape.w - x : at_once;
        const int64_t first = (row * w->shape.w + x) * w->channels;
        w->net->kernels->scale_channels(w->out + first, &(nn_vec_positions){w->in + first, n, w->channels},
                                        &w->scaling);
        if (w->act) w->net->kernels->act(w->out + first, w->out + first, (size_t)(n * w->channels), *w->act);
    }
}

void nn_vec_group_norm(const nn_vec_net *net, int32_t id) {
    const nn_vec_step *step = &net->steps[id];
    channel_work w = work_of(net, id);
    const nn_shape s = w.shape;
    const int64_t to_next = s.h * s.w * w.channels;
    w.sums = (double *)(void *)nn_vec_shared(net);
    if (step->root != id) w.act = &net->base.plan->ops[id].u.act;
    for (int64_t n = 0; n < s.n; n++, w.in += to_next, w.out += to_next) {
        if (net->base.norms.gathered) gather(&w, n * w.op->u.norm.n_groups);
        find_scales(&w, step, n * w.op->u.norm.n_groups, (float *)(void *)(w.sums + 2 * (s.h + 1) * w.channels));
        team_run(net->team, s.h, scale_row, &w);
    }
}

/* ---- one value a channel ----------------------------------------------------------------- */

static void spread_row(void *user, int64_t row, int worker) {
    (void)worker;
    const channel_work *w = user;
    const float *values = w->values + row / w->shape.h * w->to_values;
    for (int64_t x = 0; x < w->shape.w; x++) {
        const int64_t at = (row * w->shape.w + x) * w->channels;
        if (w->op->kind == NN_OP_ADD)
            w->net->kernels->add(w->out + at, w->in + at, values, (size_t)w->channels);
        else
            w->net->kernels->mul(w->out + at, w->in + at, values, (size_t)w->channels);
    }
}

void nn_vec_spread(const nn_vec_net *net, int32_t id) {
    channel_work w = work_of(net, id);
    const int32_t values = net->steps[id].in[1];
    w.values = nn_vec_value(net, values);
    w.to_values = net->base.plan->ops[values].shape.n == 1 ? 0 : w.channels;
    team_run(net->team, w.shape.n * w.shape.h, spread_row, &w);
}
