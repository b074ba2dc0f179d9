/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Convolutions: by Winograd's squares or directly (nn_squares.h). A plain value is copied to or from a deep one. */
#include "nn/nn_squares.h"
#include "nn/nn_vec.h"

#define SQUARES_AT_ONCE 24 /* a multiple of the rows of every kernel's tile */
#define PANELS_AT_ONCE 4
#define ROWS_AT_ONCE 48

typedef struct conv_work {
    const nn_vec_net *net;
    const nn_vec_step *step;
    const float *weight;
    nn_shape in_shape, out_shape;
    int64_t in_channels, out_channels; /* padded */
    const float *in, *added;           /* added: NULL where there is nothing to add */
    float *out;
    int64_t across, squares; /* squares in a row, and in a picture */
    /* An item is a block of squares or positions and some panels: all of them, unless there would be too few items. */
    int64_t n_blocks, panels_each;
} conv_work;

/* Panels of an item; all blocks take the same before they go on to the next. */
static int64_t first_panel(const conv_work *w, int64_t item) { return item / w->n_blocks * w->panels_each; }

static int64_t end_panel(const conv_work *w, int64_t item) {
    const int64_t end = first_panel(w, item) + w->panels_each, all = w->out_channels / NN_VEC_PANEL;
    return end < all ? end : all;
}

#define ITEMS_EACH 4 /* at least, for a worker, where there are panels enough */

static void run_items(conv_work *w, int64_t n, int64_t at_once, team_work *work) {
    const int64_t wanted = ITEMS_EACH * team_size(w->net->team), all = w->out_channels / NN_VEC_PANEL;
    int64_t n_parts = 1;
    w->n_blocks = (n + at_once - 1) / at_once;
    if (team_size(w->net->team) > 1 && w->n_blocks < wanted) n_parts = (wanted + w->n_blocks - 1) / w->n_blocks;
    w->panels_each = (all + n_parts - 1) / n_parts;
    if (w->panels_each < PANELS_AT_ONCE) w->panels_each = PANELS_AT_ONCE;
    team_run(w->net->team, (all + w->panels_each - 1) / w->panels_each * w->n_blocks, work, w);
}

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
    const int64_t first = item % w->n_blocks * SQUARES_AT_ONCE, left = w->in_shape.n * w->squares - first;
    const int64_t n = left < SQUARES_AT_ONCE ? left : SQUARES_AT_ONCE, n_panels = w->out_channels / NN_VEC_PANEL;
    const int64_t to_panel = w->in_shape.c * NN_VEC_PANEL, to_value = n_panels * to_panel;
    float *in = nn_vec_own(w->net, worker), *sums = in + NN_VEC_SQUARE * SQUARES_AT_ONCE * w->in_channels;
    for (int64_t i = 0; i < n; i++) square_in(w, first + i, in + i * w->in_channels);
    for (int64_t panel = first_panel(w, item); panel < end_panel(w, item); panel += PANELS_AT_ONCE) {
        const int64_t left_over = end_panel(w, item) - panel;
        const int64_t count = left_over < PANELS_AT_ONCE ? left_over : PANELS_AT_ONCE;
        for (int64_t p = 0; p < NN_VEC_SQUARE; p++) {
            const float *rows[SQUARES_AT_ONCE];
            for (int64_t i = 0; i < n; i++) rows[i] = in + (p * SQUARES_AT_ONCE + i) * w->in_channels;
            w->net->kernels->product(
                &(nn_vec_product){.in = rows,
                                  .n_taps = 1,
                                  .n_rows = n,
                                  .c_in = w->in_shape.c,
                                  .weight = w->weight + p * to_value + panel * to_panel,
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

/* Item: up to ROWS_AT_ONCE positions, of whatever rows and pictures. */
static void do_direct(void *user, int64_t item, int worker) {
    (void)worker;
    const conv_work *w = user;
    const nn_shape s = w->in_shape, t = w->out_shape;
    /* An adjoint's is its convolution's: 1x1 or 3x3, stride 1. */
    const nn_conv_geometry g = nn_conv_geometry_of(w->net->base.plan->ops[w->step->root].u.conv);
    const int64_t first = item % w->n_blocks * ROWS_AT_ONCE, left = t.n * t.h * t.w - first;
    const int64_t n = left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE, n_taps = g.kernel * g.kernel;
    const int64_t panel = first_panel(w, item), channel = panel * NN_VEC_PANEL;
    const int64_t to = first * w->out_channels + channel, to_panel = n_taps * s.c * NN_VEC_PANEL;
    const float *in[NN_VEC_MAX_TAPS * ROWS_AT_ONCE];
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = (first + i) / t.w, picture = row / t.h;
        const int64_t top = row % t.h * g.stride - g.pad_before, before = (first + i) % t.w * g.stride - g.pad_before;
        for (int64_t tap = 0; tap < n_taps; tap++) {
            const int64_t y = top + tap / g.kernel, x = before + tap % g.kernel;
            const bool inside = y >= 0 && y < s.h && x >= 0 && x < s.w;
            in[tap * n + i] = inside ? w->in + ((picture * s.h + y) * s.w + x) * w->in_channels : w->net->zeros;
        }
    }
    w->net->kernels->product(&(nn_vec_product){.in = in,
                                               .n_taps = n_taps,
                                               .n_rows = n,
                                               .c_in = s.c,
                                               .weight = w->weight + panel * to_panel,
                                               .n_panels = end_panel(w, item) - panel,
                                               .to_panel = to_panel,
                                               .out = w->out + to,
                                               .to_row = w->out_channels,
                                               .finish = {.bias = w->step->bias ? w->step->bias + channel : NULL,
                                                          .added = w->added ? w->added + to : NULL,
                                                          .relu = w->step->relu_after}});
}

/* Floats of a plain value, once it is deep. */
static size_t deep_copy(nn_shape s) { return nn_vec_is_deep(s) ? 0 : (size_t)(s.n * s.h * s.w * nn_vec_padded(s.c)); }

nn_vec_room nn_vec_conv_room(const nn_plan *p, const nn_op *op) {
    const nn_shape in = p->ops[op->in[0]].shape;
    return (nn_vec_room){.shared = deep_copy(in) + deep_copy(op->shape) + nn_vec_late_floats(p, op),
                         .worker = nn_uses_squares(p, op) ? squares_scratch(nn_vec_padded(in.c)) : 0};
}

static void copy_between(const nn_vec_net *net, float *deep, float *plain, nn_shape s, bool to_deep) {
    const nn_vec_place a = nn_vec_place_of(deep, s, true), b = nn_vec_place_of(plain, s, false);
    nn_vec_copy(net, to_deep ? &a : &b, to_deep ? &b : &a);
}

void nn_vec_conv(const nn_vec_net *net, int32_t id) {
    const nn_plan *p = net->base.plan;
    const nn_vec_step *step = &net->steps[id];
    const nn_shape in_shape = p->ops[step->in[0]].shape, out_shape = p->ops[id].shape;
    float *in = nn_vec_value(net, step->in[0]), *out = nn_vec_value(net, id), *room = nn_vec_shared(net);
    const bool copies_in = !nn_vec_is_deep(in_shape), copies_out = !nn_vec_is_deep(out_shape);
    conv_work w = {.net = net,
                   .step = step,
                   .weight = step->weight,
                   .in_shape = in_shape,
                   .out_shape = out_shape,
                   .in_channels = nn_vec_padded(in_shape.c),
                   .out_channels = nn_vec_padded(out_shape.c),
                   .in = copies_in ? room : in,
                   .added = step->added == NN_NO_VALUE ? NULL : nn_vec_value(net, step->added),
                   .out = copies_out ? room + deep_copy(in_shape) : out};
    if (copies_in) copy_between(net, room, in, in_shape, true);
    if (step->late) {
        float *packed = room + deep_copy(in_shape) + deep_copy(out_shape);
        nn_vec_pack_late(net, id, packed);
        w.weight = packed;
    }
    if (nn_uses_squares(p, &p->ops[step->root])) {
        w.across = (out_shape.w + 1) / 2;
        w.squares = (out_shape.h + 1) / 2 * w.across;
        run_items(&w, in_shape.n * w.squares, SQUARES_AT_ONCE, do_squares);
    } else {
        run_items(&w, out_shape.n * out_shape.h * out_shape.w, ROWS_AT_ONCE, do_direct);
    }
    if (copies_out) copy_between(net, w.out, out, out_shape, false);
}
