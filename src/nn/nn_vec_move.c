/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ops that only move elements, between plain and deep values alike. */
#include <string.h>

#include "nn/nn_vec.h"

nn_vec_place nn_vec_place_of(float *at, nn_shape s, bool is_deep) {
    const int64_t channels = nn_vec_padded(s.c);
    return is_deep ? (nn_vec_place){at, s, s.h * s.w * channels, 1, s.w * channels, channels}
                   : (nn_vec_place){at, s, s.c * s.h * s.w, s.h * s.w, s.w, 1};
}

/* A sequence [N, 1, positions, features] as a picture with the features for channels, of `height` rows. */
static nn_vec_place place_of_sequence(const nn_vec_place *sequence, int64_t height) {
    const nn_shape s = sequence->shape;
    const int64_t width = s.h / height;
    return (nn_vec_place){sequence->at, {s.n, s.w, height, width}, s.h * s.w, 1, width * s.w, s.w};
}

typedef struct move_work {
    const nn_op *op;
    nn_vec_place out, in;
} move_work;

static float *at(const nn_vec_place *p, int64_t n, int64_t c, int64_t y, int64_t x) {
    return p->at + n * p->n + c * p->c + y * p->y + x * p->x;
}

/* n_c x n_x elements, so far apart. */
static void copy_box(float *out, int64_t out_c, int64_t out_x, const float *in, int64_t in_c, int64_t in_x, int64_t n_c,
                     int64_t n_x) {
    if (out_c == 1 && in_c == 1)
        for (int64_t x = 0; x < n_x; x++) memcpy(out + x * out_x, in + x * in_x, (size_t)n_c * sizeof *out);
    else if (out_c == 1)
        for (int64_t x = 0; x < n_x; x++)
            for (int64_t c = 0; c < n_c; c++) out[x * out_x + c] = in[x * in_x + c * in_c];
    else
        for (int64_t c = 0; c < n_c; c++)
            for (int64_t x = 0; x < n_x; x++) out[c * out_c + x * out_x] = in[c * in_c + x * in_x];
}

/* A whole row of the fewer channels, from channel `from` on, to channel `to` on. */
static void copy_row(const nn_vec_place *out, const nn_vec_place *in, int64_t row, int64_t to, int64_t from) {
    const int64_t n = row / out->shape.h, y = row % out->shape.h;
    copy_box(at(out, n, to, y, 0), out->c, out->x, at(in, n, from, y, 0), in->c, in->x,
             out->shape.c < in->shape.c ? out->shape.c : in->shape.c, out->shape.w);
}

static void copy_whole_row(void *user, int64_t row, int worker) {
    (void)worker;
    const move_work *w = user;
    copy_row(&w->out, &w->in, row, 0, 0);
}

static void slice_row(void *user, int64_t row, int worker) {
    (void)worker;
    const move_work *w = user;
    copy_row(&w->out, &w->in, row, 0, w->op->u.first);
}

typedef struct concat_work {
    nn_vec_place out, a, b;
} concat_work;

static void concat_row(void *user, int64_t row, int worker) {
    (void)worker;
    const concat_work *w = user;
    copy_row(&w->out, &w->a, row, 0, 0);
    copy_row(&w->out, &w->b, row, w->a.shape.c, 0);
}

/* Every position twice. */
static void upsample_row(void *user, int64_t row, int worker) {
    (void)worker;
    const move_work *w = user;
    const int64_t n = row / w->out.shape.h, y = row % w->out.shape.h;
    for (int64_t i = 0; i < 2; i++)
        copy_box(at(&w->out, n, 0, y, i), w->out.c, 2 * w->out.x, at(&w->in, n, 0, y / 2, 0), w->in.c, w->in.x,
                 w->in.shape.c, w->in.shape.w);
}

/* Pixel (r y + i, r x + j) of channel c, and position (y, x) of channel c r r + i r + j, are the same. */
static void unshuffle_row(void *user, int64_t row, int worker) {
    (void)worker;
    const move_work *w = user;
    const int64_t r = w->op->u.r, n = row / w->out.shape.h, y = row % w->out.shape.h;
    for (int64_t k = 0; k < r * r; k++)
        copy_box(at(&w->out, n, k, y, 0), r * r * w->out.c, w->out.x, at(&w->in, n, 0, y * r + k / r, k % r), w->in.c,
                 r * w->in.x, w->in.shape.c, w->out.shape.w);
}

static void shuffle_row(void *user, int64_t row, int worker) {
    (void)worker;
    const move_work *w = user;
    const int64_t r = w->op->u.r, n = row / w->in.shape.h, y = row % w->in.shape.h;
    for (int64_t k = 0; k < r * r; k++)
        copy_box(at(&w->out, n, 0, y * r + k / r, k % r), w->out.c, r * w->out.x, at(&w->in, n, k, y, 0),
                 r * r * w->in.c, w->in.x, w->out.shape.c, w->in.shape.w);
}

void nn_vec_copy(const nn_vec_net *net, const nn_vec_place *out, const nn_vec_place *in) {
    move_work w = {.out = *out, .in = *in};
    team_run(net->team, out->shape.n * out->shape.h, copy_whole_row, &w);
}

void nn_vec_move(const nn_vec_net *net, const nn_op *op, const nn_vec_place *out, const nn_vec_place *in) {
    move_work w = {op, *out, *in};
    const int64_t rows = out->shape.n * out->shape.h;
    if (op->kind == NN_OP_TO_SEQUENCE) {
        w.out = place_of_sequence(out, in->shape.h);
        nn_vec_copy(net, &w.out, in);
    } else if (op->kind == NN_OP_TO_PICTURE) {
        w.in = place_of_sequence(in, out->shape.h);
        nn_vec_copy(net, out, &w.in);
    } else if (op->kind == NN_OP_SLICE_FEATURES) {
        w.out = place_of_sequence(out, out->shape.h);
        w.in = place_of_sequence(in, in->shape.h);
        team_run(net->team, rows, slice_row, &w);
    } else if (op->kind == NN_OP_CONCAT)
        team_run(net->team, rows, concat_row, &(concat_work){*out, in[0], in[1]});
    else if (op->kind == NN_OP_SLICE_CHANNELS)
        team_run(net->team, rows, slice_row, &w);
    else if (op->kind == NN_OP_UPSAMPLE2)
        team_run(net->team, rows, upsample_row, &w);
    else if (op->kind == NN_OP_PIXEL_UNSHUFFLE)
        team_run(net->team, rows, unshuffle_row, &w);
    else
        team_run(net->team, in->shape.n * in->shape.h, shuffle_row, &w);
}
