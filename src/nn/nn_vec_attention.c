/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Attention: keys and values are packed as the weights of products, by which then a block of queries of one head makes
 * its scores and its output. */
#include <math.h>

#include "nn/nn_functions.h"
#include "nn/nn_vec.h"

#define QUERIES_AT_ONCE 48 /* a multiple of the rows of every kernel's tile; their scores stay in the second cache */

typedef struct attention_work {
    const nn_vec_net *net;
    int64_t n_heads, n_queries, n_keys, features;
    int64_t d, d_padded, n_blocks; /* of a head: its features; blocks of queries */
    bool causal;
    const float *q, *k, *v; /* of a picture */
    float *out;
    float *keys;   /* [head][panel of keys][d][NN_VEC_PANEL] */
    float *values; /* [head][panel of features][n_keys][NN_VEC_PANEL] */
} attention_work;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

nn_vec_room nn_vec_attention_room(const nn_plan *p, const nn_op *op) {
    const int64_t n_keys = p->ops[op->in[1]].shape.h, n_heads = op->u.attention.n_heads, d = op->shape.w / n_heads;
    return (nn_vec_room){.shared = (size_t)(n_heads * (nn_vec_padded(n_keys) * d + n_keys * nn_vec_padded(d))),
                         .worker = (size_t)(QUERIES_AT_ONCE * (nn_vec_padded(n_keys) + nn_vec_padded(d)))};
}

/* Item: a panel of keys of a head, and their values. */
static void pack(void *user, int64_t item, int worker) {
    (void)worker;
    const attention_work *w = user;
    const int64_t n_panels = nn_vec_padded(w->n_keys) / NN_VEC_PANEL, head = item / n_panels;
    const int64_t first = item % n_panels * NN_VEC_PANEL, n = smaller(w->n_keys - first, NN_VEC_PANEL);
    const int64_t from = first * w->features + head * w->d;
    float *keys = w->keys + item * w->d * NN_VEC_PANEL, *values = w->values + head * w->d_padded * w->n_keys;
    for (int64_t i = 0; i < NN_VEC_PANEL; i++)
        for (int64_t f = 0; f < w->d; f++) keys[f * NN_VEC_PANEL + i] = i < n ? w->k[from + i * w->features + f] : 0;
    for (int64_t f = 0; f < w->d_padded; f++)
        for (int64_t i = 0; i < n; i++)
            values[(f / NN_VEC_PANEL * w->n_keys + first + i) * NN_VEC_PANEL + f % NN_VEC_PANEL] =
                f < w->d ? w->v[from + i * w->features + f] : 0;
}

/* A block of queries of one head, n of them. */
typedef struct query_block {
    int64_t head, first, n;
    int64_t n_seen; /* keys that any of them sees */
    float *scores;  /* [n][n_keys, padded] */
    float *sums;    /* [n][d_padded] */
} query_block;

static void make_scores(const attention_work *w, const query_block *b) {
    const float *in[QUERIES_AT_ONCE];
    for (int64_t i = 0; i < b->n; i++) in[i] = w->q + (b->first + i) * w->features + b->head * w->d;
    w->net->kernels->product(&(nn_vec_product){.in = in,
                                               .n_taps = 1,
                                               .n_rows = b->n,
                                               .c_in = w->d,
                                               .weight = w->keys + b->head * nn_vec_padded(w->n_keys) * w->d,
                                               .n_panels = nn_vec_padded(b->n_seen) / NN_VEC_PANEL,
                                               .to_panel = w->d * NN_VEC_PANEL,
                                               .out = b->scores,
                                               .to_row = nn_vec_padded(w->n_keys)});
}

static void add_values(const attention_work *w, const query_block *b) {
    for (int64_t first = 0; first < b->n_seen; first += NN_KEYS_AT_ONCE) {
        const float *in[QUERIES_AT_ONCE];
        for (int64_t i = 0; i < b->n; i++) in[i] = b->scores + i * nn_vec_padded(w->n_keys) + first;
        w->net->kernels->product(
            &(nn_vec_product){.in = in,
                              .n_taps = 1,
                              .n_rows = b->n,
                              .c_in = smaller(b->n_seen - first, NN_KEYS_AT_ONCE),
                              .weight = w->values + b->head * w->d_padded * w->n_keys + first * NN_VEC_PANEL,
                              .n_panels = w->d_padded / NN_VEC_PANEL,
                              .to_panel = w->n_keys * NN_VEC_PANEL,
                              .out = b->sums,
                              .to_row = w->d_padded,
                              .finish = {.added = first > 0 ? b->sums : NULL}});
    }
}

static void attend(void *user, int64_t item, int worker) {
    const attention_work *w = user;
    const int64_t to_scores = nn_vec_padded(w->n_keys);
    query_block b = {.head = item / w->n_blocks, .first = item % w->n_blocks * QUERIES_AT_ONCE};
    float totals[QUERIES_AT_ONCE];
    b.n = smaller(w->n_queries - b.first, QUERIES_AT_ONCE);
    b.n_seen = w->causal ? b.first + b.n : w->n_keys;
    b.scores = nn_vec_own(w->net, worker);
    b.sums = b.scores + QUERIES_AT_ONCE * to_scores;
    make_scores(w, &b);
    for (int64_t i = 0; i < b.n; i++) {
        float *scores = b.scores + i * to_scores;
        const int64_t n = w->causal ? b.first + i + 1 : w->n_keys;
        totals[i] = w->net->kernels->exponentials(scores, (size_t)n, (float)(1 / sqrt((double)w->d)));
        for (int64_t k = n; k < b.n_seen; k++) scores[k] = 0;
    }
    add_values(w, &b);
    for (int64_t i = 0; i < b.n; i++) {
        float *out = w->out + (b.first + i) * w->features + b.head * w->d;
        for (int64_t f = 0; f < w->d; f++) out[f] = b.sums[i * w->d_padded + f] / totals[i];
    }
}

void nn_vec_attention(const nn_vec_net *net, int32_t id) {
    const nn_plan *p = net->base.plan;
    const nn_op *op = &p->ops[id];
    const nn_shape s = op->shape;
    const int64_t n_keys = p->ops[op->in[1]].shape.h, n_heads = op->u.attention.n_heads, d = s.w / n_heads;
    attention_work w = {.net = net,
                        .n_heads = n_heads,
                        .n_queries = s.h,
                        .n_keys = n_keys,
                        .features = s.w,
                        .d = d,
                        .d_padded = nn_vec_padded(d),
                        .n_blocks = (s.h + QUERIES_AT_ONCE - 1) / QUERIES_AT_ONCE,
                        .causal = op->u.attention.causal,
                        .keys = nn_vec_shared(net)};
    w.values = w.keys + n_heads * nn_vec_padded(n_keys) * d;
    for (int64_t n = 0; n < s.n; n++) {
        w.q = nn_vec_value(net, op->in[0]) + n * s.h * s.w;
        w.k = nn_vec_value(net, op->in[1]) + n * n_keys * s.w;
        w.v = nn_vec_value(net, op->in[2]) + n * n_keys * s.w;
        w.out = nn_vec_value(net, id) + n * s.h * s.w;
        team_run(net->team, n_heads * nn_vec_padded(n_keys) / NN_VEC_PANEL, pack, &w);
        team_run(net->team, n_heads * w.n_blocks, attend, &w);
    }
}
