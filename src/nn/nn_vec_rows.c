/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Linear layers and layer norms: of rows of features, which lie in plain values one after the other. */
#include "nn/nn_vec.h"

#define ROWS_AT_ONCE 48 /* a multiple of the rows of every kernel's tile */
#define PANELS_AT_ONCE 8
#define NORMS_AT_ONCE 16

typedef struct row_work {
    const nn_vec_net *net;
    const nn_vec_step *step;
    int64_t n_rows, n_in, n_out; /* features */
    int64_t n_blocks;            /* of rows */
    const float *in, *added;     /* added: NULL where there is nothing to add */
    float *out;
} row_work;

static row_work work_of(const nn_vec_net *net, int32_t id, int64_t at_once) {
    const nn_vec_step *step = &net->steps[id];
    const nn_shape s = net->base.plan->ops[step->in[0]].shape;
    const int64_t n_rows = s.n * s.c * s.h;
    return (row_work){.net = net,
                      .step = step,
                      .n_rows = n_rows,
                      .n_in = s.w,
                      .n_out = net->base.plan->ops[id].shape.w,
                      .n_blocks = (n_rows + at_once - 1) / at_once,
                      .in = nn_vec_value(net, step->in[0]),
                      .added = step->added == NN_NO_VALUE ? NULL : nn_vec_value(net, step->added),
                      .out = nn_vec_value(net, id)};
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Item: a block of rows and some panels, these the same for all blocks before the next. */
static void do_linear(void *user, int64_t item, int worker) {
    (void)worker;
    const row_work *w = user;
    const int64_t row = item % w->n_blocks * ROWS_AT_ONCE, panel = item / w->n_blocks * PANELS_AT_ONCE;
    const int64_t n = smaller(w->n_rows - row, ROWS_AT_ONCE), to_panel = w->n_in * NN_VEC_PANEL;
    const int64_t channel = panel * NN_VEC_PANEL, to = row * w->n_out + channel;
    const float *in[ROWS_AT_ONCE];
    for (int64_t i = 0; i < n; i++) in[i] = w->in + (row + i) * w->n_in;
    w->net->kernels->product(&(nn_vec_product){.in = in,
                                               .n_taps = 1,
                                               .n_rows = n,
                                               .c_in = w->n_in,
                                               .weight = w->step->weight + panel * to_panel,
                                               .n_panels = smaller(w->n_out / NN_VEC_PANEL - panel, PANELS_AT_ONCE),
                                               .to_panel = to_panel,
                                               .out = w->out + to,
                                               .to_row = w->n_out,
                                               .finish = {.bias = w->step->bias ? w->step->bias + channel : NULL,
                                                          .added = w->added ? w->added + to : NULL,
                                                          .relu = w->step->relu_after}});
}

void nn_vec_linear(const nn_vec_net *net, int32_t id) {
    row_work w = work_of(net, id, ROWS_AT_ONCE);
    const int64_t n_panels = w.n_out / NN_VEC_PANEL;
    team_run(net->team, (n_panels + PANELS_AT_ONCE - 1) / PANELS_AT_ONCE * w.n_blocks, do_linear, &w);
}

static void do_layer_norm(void *user, int64_t item, int worker) {
    (void)worker;
    const row_work *w = user;
    const float epsilon = w->net->base.plan->ops[w->step->root].u.norm.epsilon;
    const int64_t first = item * NORMS_AT_ONCE;
    for (int64_t row = first; row < smaller(first + NORMS_AT_ONCE, w->n_rows); row++)
        w->net->kernels->layer_norm(w->out + row * w->n_out, w->in + row * w->n_in, w->step->weight, w->step->bias,
                                    (size_t)w->n_in, epsilon);
}

void nn_vec_layer_norm(const nn_vec_net *net, int32_t id) {
    row_work w = work_of(net, id, NORMS_AT_ONCE);
    team_run(net->team, w.n_blocks, do_layer_norm, &w);
}
