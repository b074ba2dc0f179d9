/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Convolutions of deep values: by Winograd's squares or directly (nn_squares.h). */
#include "nn/nn_squares.h"
#include "nn/nn_vec.h"

#define SQUARES_AT_ONCE 36 /* a multiple of the rows of every kernel's tile */
#define PANELS_AT_ONCE 4
#define ROWS_AT_ONCE 48

typedef struct conv_work {
    const nn_vec_net *net;
    const nn_vec_step *step;
    nn_shape in_shape, out_shape;
    int64_t in_channels, out_channels; /* padded */
    const float *in, *added;           /* added: NULL where there is nothing to add */
    float *out;
    float *scratch;
    int64_t across, squares; /* squares in a row, and in a picture */
} conv_work;

static float *scratch_of(const conv_work *w, int worker) { return w->scratch + (size_t)worker * w->net->worker_floats; }

/* ---- by squares ------------------------------------------------------------------------ */

static size_t squares_scratch(int64_t in_channels) {
    return (size_t)(NN_VEC_SQUARE * SQUARES_AT_ONCE * (in_channels + PANELS_AT_ONCE * NN_VEC_PANEL));
}

/* The input of a square: two positions, and one more on each side. */
static void square_in(const conv_work *w, int64_t square, float *out) {
    const nn_shape s = w->in_shape;
    const int64_t picture = square / w->squares, at = square % w->squares;
    const int64_t top = at / w->across * 2 - 1, left = at % w->across * 2 - 1;
    const float *in[NN_VEC_SQUARE];
    for (int64_t i = 0; i < NN_VEC_SQUARE; i++) {
        const int64_t y = top + i / 4, x = left + i % 4;
        const bool inside = y >= 0 && y < s.h && x >= 0 && x < s.w;
        in[i] = inside ? w->in + ((picture * s.h + y) * s.w + x) * w->in_channels : w->net->zeros;
    }
    w->net->kernels->square_in(&(nn_vec_square_in){.in = in,
                                                   .n_channels = w->in_channels,
                                                   .relu = w->step->relu_before,
                                                   .out = out,
                                                   .to_value = SQUARES_AT_ONCE * w->in_channels});
}

/* `channel`: the first of n_channels. */
static void square_out(const conv_work *w, int64_t square, const float *in, int64_t channel, int64_t n_channels) {
    const nn_shape t = w->out_shape;
    const int64_t picture = square / w->squares, at = square % w->squares;
    const int64_t top = at / w->across * 2, left = at % w->across * 2;
    nn_vec_square_out s = {.in = in,
                           .to_value = SQUARES_AT_ONCE * PANELS_AT_ONCE * NN_VEC_PANEL,
                           .n_channels = n_channels,
                           .bias = w->step->bias ? w->step->bias + channel : NULL,
                           .relu = w->step->relu_after};
    for (int64_t i = 0; i < 4; i++) {
        const int64_t y = top + i / 2, x = left + i % 2;
        if (y >= t.h || x >= t.w) continue;
        const int64_t to = ((picture * t.h + y) * t.w + x) * w->out_channels + channel;
        s.out[i] = w->out + to;
        if (w->added) s.added[i] = w->added + to;
    }
    w->net->kernels->square_out(&s);
}

static void do_squares(void *user, int64_t item, int worker) {
    const conv_work *w = user;
    const int64_t first = item * SQUARES_AT_ONCE, left = w->in_shape.n * w->squares - first;
    const int64_t n = left < SQUARES_AT_ONCE ? left : SQUARES_AT_ONCE, n_panels = w->out_channels / NN_VEC_PANEL;
    const int64_t to_panel = w->in_shape.c * NN_VEC_PANEL, to_value = n_panels * to_panel;
    float *in = scratch_of(w, worker), *sums = in + NN_VEC_SQUARE * SQUARES_AT_ONCE * w->in_channels;
    for (int64_t i = 0; i < n; i++) square_in(w, first + i, in + i * w->in_channels);
    for (int64_t panel = 0; panel < n_panels; panel += PANELS_AT_ONCE) {
        const int64_t count = n_panels - panel < PANELS_AT_ONCE ? n_panels - panel : PANELS_AT_ONCE;
        for (int64_t p = 0; p < NN_VEC_SQUARE; p++) {
            const float *rows[SQUARES_AT_ONCE];
            for (int64_t i = 0; i < n; i++) rows[i] = in + (p * SQUARES_AT_ONCE + i) * w->in_channels;
            w->net->kernels->product(
                &(nn_vec_product){.in = rows,
                                  .n_taps = 1,
                                  .n_rows = n,
                                  .c_in = w->in_shape.c,
                                  .weight = w->step->weight + p * to_value + panel * to_panel,
                                  .n_panels = count,
                                  .to_panel = to_panel,
                                  .out = sums + p * SQUARES_AT_ONCE * PANELS_AT_ONCE * NN_VEC_PANEL,
                                  .to_row = PANELS_AT_ONCE * NN_VEC_PANEL});
        }
        for (int64_t i = 0; i < n; i++)
            square_out(w, first + i, sums + i * PANELS_AT_ONCE * NN_VEC_PANEL, panel * NN_VEC_PANEL,
                       count * NN_VEC_PANEL);
    }
}

/* ---- directly ---------------------------------------------------------------------------- */

static nn_conv_geometry geometry_of(const nn_op *op) {
    nn_conv_geometry g = nn_conv_geometry_of(op->u.conv);
    return g; /* an adjoint's is its convolution's: 1x1 or 3x3, stride 1 */
}

/* Item: up to ROWS_AT_ONCE positions of a row of outputs. */
static void do_direct(void *user, int64_t item, int worker) {
    (void)worker;
    const conv_work *w = user;
    const nn_shape s = w->in_shape, t = w->out_shape;
    const nn_conv_geometry g = geometry_of(&w->net->base.plan->ops[w->step->root]);
    const int64_t first = item % w->across * ROWS_AT_ONCE, row = item / w->across;
    const int64_t n = t.w - first < ROWS_AT_ONCE ? t.w - first : ROWS_AT_ONCE, n_taps = g.kernel * g.kernel;
    const int64_t to = (row * t.w + first) * w->out_channels, to_panel = n_taps * s.c * NN_VEC_PANEL;
    const float *in[NN_VEC_MAX_TAPS * ROWS_AT_ONCE];
    for (int64_t tap = 0; tap < n_taps; tap++)
        for (int64_t i = 0; i < n; i++) {
            const int64_t y = row % t.h * g.stride - g.pad_before + tap / g.kernel;
            const int64_t x = (first + i) * g.stride - g.pad_before + tap % g.kernel;
            const bool inside = y >= 0 && y < s.h && x >= 0 && x < s.w;
            in[tap * n + i] = inside ? w->in + ((row / t.h * s.h + y) * s.w + x) * w->in_channels : w->net->zeros;
        }
    w->net->kernels->product(&(nn_vec_product){
        .in = in,
        .n_taps = n_taps,
        .n_rows = n,
        .c_in = s.c,
        .weight = w->step->weight,
        .n_panels = w->out_channels / NN_VEC_PANEL,
        .to_panel = to_panel,
        .out = w->out + to,
        .to_row = w->out_channels,
        .finish = {.bias = w->step->bias, .added = w->added ? w->added + to : NULL, .relu = w->step->relu_after}});
}

size_t nn_vec_conv_scratch(const nn_plan *p, const nn_op *op) {
    return nn_uses_squares(p, op) ? squares_scratch(nn_vec_channels(p->ops[op->in[0]].shape)) : 0;
}

void nn_vec_conv(const nn_vec_net *net, int32_t id) {
    const nn_plan *p = net->base.plan;
    const nn_vec_step *step = &net->steps[id];
    const nn_shape in_shape = p->ops[step->in[0]].shape, out_shape = p->ops[id].shape;
    conv_work w = {.net = net,
                   .step = step,
                   .in_shape = in_shape,
                   .out_shape = out_shape,
                   .in_channels = nn_vec_channels(in_shape),
                   .out_channels = nn_vec_channels(out_shape),
                   .in = nn_vec_value(net, step->in[0]),
                   .added = step->added == NN_NO_VALUE ? NULL : nn_vec_value(net, step->added),
                   .out = nn_vec_value(net, id),
                   .scratch = (float *)(void *)(net->base.arena->data + net->scratch.offset)};
    if (nn_uses_squares(p, &p->ops[step->root])) {
        w.across = (out_shape.w + 1) / 2;
        w.squares = (out_shape.h + 1) / 2 * w.across;
        team_run(net->team, (in_shape.n * w.squares + SQUARES_AT_ONCE - 1) / SQUARES_AT_ONCE, do_squares, &w);
    } else {
        w.across = (out_shape.w + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
        team_run(net->team, out_shape.n * out_shape.h * w.across, do_direct, &w);
    }
}
