/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Attention out of matrix products and softmax: a block of queries, all heads
 * at once, against all keys, so that the scores of a block stay in the cache.
 * Two sets of primitives: for whole blocks and for the rest at the end. */
#include <math.h>

#include "nn/nn_onednn.h"

/* Scores of one block, all heads together. Half of what a core's second-level
 * cache holds on current processors; also far below 16 MB a head. */
#define SCORE_FLOATS ((int64_t)1 << 18)
#define MIN_QUERIES 16 /* fewer make the products too thin; 1 is used when even these would pass MAX_SCORE_FLOATS */
#define MAX_SCORE_FLOATS ((int64_t)1 << 22) /* 16 MB */

enum { SCORES, SOFTMAX, VALUES, N_PRIMITIVES };

typedef struct block {
    int64_t n_queries; /* 0 when there is no rest */
    dnnl_primitive_t primitives[N_PRIMITIVES];
    dnnl_memory_t queries, scores, rows, out; /* rows: the scores as a matrix, for softmax */
} block;

typedef struct attention {
    block whole, rest;
    dnnl_memory_t keys, values, scratchpad;
    size_t scratchpad_bytes;
    int64_t scratchpad_at; /* floats of scratch before it */
} attention;

static void free_memory(dnnl_memory_t memory) {
    if (memory) dnnl_memory_destroy(memory);
}

static void free_block(block *k) {
    for (int i = 0; i < N_PRIMITIVES; i++)
        if (k->primitives[i]) dnnl_primitive_destroy(k->primitives[i]);
    free_memory(k->queries);
    free_memory(k->scores);
    free_memory(k->rows);
    free_memory(k->out);
}

static void free_attention(const pith_alloc *alloc, void *state) {
    attention *a = state;
    if (!a) return;
    free_block(&a->whole);
    free_block(&a->rest);
    free_memory(a->keys);
    free_memory(a->values);
    free_memory(a->scratchpad);
    mem_free(alloc, a);
}

/* ---- binding ------------------------------------------------------------------------- */

/* [heads, rows, columns] with the given distances in floats. */
static dnnl_status_t matrices(dnnl_memory_desc_t *md, int64_t heads, int64_t rows, int64_t columns, int64_t head_step,
                              int64_t row_step, int64_t column_step) {
    const dnnl_dims_t dims = {heads, rows, columns}, strides = {head_step, row_step, column_step};
    return dnnl_memory_desc_init_by_strides(md, 3, dims, dnnl_f32, strides);
}

/* Makes a primitive with our scratchpad and an output scale. */
static pith_status make_primitive(nn_dnn_binder *b, attention *a, const_dnnl_op_desc_t desc, float scale,
                                  dnnl_primitive_t *primitive) {
    pith_status status = PITH_OK;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    NN_DNN_TRY(dnnl_primitive_attr_create(&attr));
    NN_DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    if (scale != 1) NN_DNN_TRY(dnnl_primitive_attr_set_output_scales(attr, 1, 0, &scale));
    NN_DNN_TRY(dnnl_primitive_desc_create(&pd, desc, attr, b->backend->engine, NULL));
    NN_DNN_TRY(dnnl_primitive_create(primitive, pd));
    const dnnl_memory_desc_t *scratchpad = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const size_t n_bytes = scratchpad ? dnnl_memory_desc_get_size(scratchpad) : 0;
    if (n_bytes > a->scratchpad_bytes) a->scratchpad_bytes = n_bytes;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

typedef struct layouts {
    dnnl_memory_desc_t queries, keys, scores, rows, values, out;
} layouts;

/* Of a block: heads lie side by side in the features of a sequence. */
static pith_status make_layouts(nn_dnn_binder *b, int64_t n_queries, layouts *l) {
    pith_status status = PITH_OK;
    const int64_t heads = b->op->u.attention.n_heads, f = b->op->shape.w, d = f / heads;
    const int64_t n_keys = b->plan->ops[b->op->in[1]].shape.h;
    NN_DNN_TRY(matrices(&l->queries, heads, n_queries, d, d, f, 1));
    NN_DNN_TRY(matrices(&l->keys, heads, d, n_keys, d, 1, f)); /* transposed */
    NN_DNN_TRY(matrices(&l->scores, heads, n_queries, n_keys, n_queries * n_keys, n_keys, 1));
    NN_DNN_TRY(matrices(&l->values, heads, n_keys, d, d, f, 1));
    NN_DNN_TRY(matrices(&l->out, heads, n_queries, d, d, f, 1));
    l->rows = nn_dnn_matrix(heads * n_queries, n_keys);
cleanup:
    return status;
}

static pith_status make_block(nn_dnn_binder *b, attention *a, block *k, int64_t n_queries) {
    pith_status status = PITH_OK;
    const dnnl_engine_t engine = b->backend->engine;
    const float scale = (float)(1 / sqrt((double)(b->op->shape.w / b->op->u.attention.n_heads)));
    layouts l;
    dnnl_matmul_desc_t product;
    dnnl_softmax_desc_t softmax;
    k->n_queries = n_queries;
    PITH_TRY(make_layouts(b, n_queries, &l));
    NN_DNN_TRY(dnnl_matmul_desc_init(&product, &l.queries, &l.keys, NULL, &l.scores));
    PITH_TRY(make_primitive(b, a, &product, scale, &k->primitives[SCORES]));
    NN_DNN_TRY(dnnl_softmax_forward_desc_init(&softmax, dnnl_forward_inference, &l.rows, 1));
    PITH_TRY(make_primitive(b, a, &softmax, 1, &k->primitives[SOFTMAX]));
    NN_DNN_TRY(dnnl_matmul_desc_init(&product, &l.scores, &l.values, NULL, &l.out));
    PITH_TRY(make_primitive(b, a, &product, 1, &k->primitives[VALUES]));
    NN_DNN_TRY(dnnl_memory_create(&k->queries, &l.queries, engine, DNNL_MEMORY_NONE));
    NN_DNN_TRY(dnnl_memory_create(&k->scores, &l.scores, engine, DNNL_MEMORY_NONE));
    NN_DNN_TRY(dnnl_memory_create(&k->rows, &l.rows, engine, DNNL_MEMORY_NONE));
    NN_DNN_TRY(dnnl_memory_create(&k->out, &l.out, engine, DNNL_MEMORY_NONE));
    if (!a->keys) NN_DNN_TRY(dnnl_memory_create(&a->keys, &l.keys, engine, DNNL_MEMORY_NONE));
    if (!a->values) NN_DNN_TRY(dnnl_memory_create(&a->values, &l.values, engine, DNNL_MEMORY_NONE));
cleanup:
    return status;
}

static int64_t choose_queries(int64_t n_queries, int64_t n_keys, int64_t n_heads) {
    int64_t count = SCORE_FLOATS / (n_keys * n_heads);
    if (count < MIN_QUERIES) count = MIN_QUERIES;
    if (count > MAX_SCORE_FLOATS / n_keys) count = MAX_SCORE_FLOATS / n_keys;
    if (count < 1) count = 1;
    return count < n_queries ? count : n_queries;
}

/* The primitives, and memory for one block's scores and the scratchpad. */
static pith_status make_attention(nn_dnn_binder *b, attention *a, int32_t *scratch) {
    pith_status status = PITH_OK;
    const int64_t n_queries = b->op->shape.h, n_keys = b->plan->ops[b->op->in[1]].shape.h;
    const int64_t n_heads = b->op->u.attention.n_heads, count = choose_queries(n_queries, n_keys, n_heads);
    dnnl_memory_desc_t md;
    PITH_TRY(make_block(b, a, &a->whole, count));
    if (n_queries % count) PITH_TRY(make_block(b, a, &a->rest, n_queries % count));
    a->scratchpad_at = (n_heads * count * n_keys + 15) / 16 * 16; /* keeps it aligned to 64 bytes */
    const dnnl_dims_t dims = {(dnnl_dim_t)a->scratchpad_bytes};
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&md, 1, dims, dnnl_u8, dnnl_a));
    NN_DNN_TRY(dnnl_memory_create(&a->scratchpad, &md, b->backend->engine, DNNL_MEMORY_NONE));
    PITH_TRY(nn_dnn_new_span(b, (size_t)a->scratchpad_at * sizeof(float) + a->scratchpad_bytes, scratch));
cleanup:
    return status;
}

/* ---- running ----------------------------------------------------------------------------- */

/* Hides the keys after each query: `first` is the position of the block's first. */
static void hide_later_keys(float *scores, int64_t n_heads, int64_t n_queries, int64_t n_keys, int64_t first) {
    for (int64_t row = 0; row < n_heads * n_queries; row++)
        for (int64_t i = first + row % n_queries + 1; i < n_keys; i++) scores[row * n_keys + i] = -INFINITY;
}

static dnnl_status_t execute(const attention *a, dnnl_primitive_t primitive, dnnl_stream_t stream, dnnl_memory_t in,
                             dnnl_memory_t weights, dnnl_memory_t out) {
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, in}, {DNNL_ARG_DST, out}, {DNNL_ARG_SCRATCHPAD, a->scratchpad}, {DNNL_ARG_WEIGHTS, weights}};
    return dnnl_primitive_execute(primitive, stream, weights ? 4 : 3, args);
}

/* Queries from `first` on of picture n. */
static dnnl_status_t run_block(const nn_dnn_call *c, dnnl_stream_t stream, const block *k, int64_t n, int64_t first) {
    const attention *a = c->state;
    const int64_t f = c->op->shape.w, n_keys = c->in_shape[1].h;
    const int64_t at = (n * c->op->shape.h + first) * f, keys_at = n * n_keys * f;
    const struct {
        dnnl_memory_t memory;
        const float *data;
    } handles[] = {{k->queries, c->in[0] + at},
                   {k->out, c->out + at},
                   {a->keys, c->in[1] + keys_at},
                   {a->values, c->in[2] + keys_at},
                   {k->scores, c->scratch},
                   {k->rows, c->scratch},
                   {a->scratchpad, c->scratch + a->scratchpad_at}};
    dnnl_status_t said = dnnl_success;
    for (size_t i = 0; i < sizeof handles / sizeof handles[0] && said == dnnl_success; i++)
        said = dnnl_memory_set_data_handle(handles[i].memory, (void *)(uintptr_t)handles[i].data);
    if (said == dnnl_success) said = execute(a, k->primitives[SCORES], stream, k->queries, a->keys, k->scores);
    if (c->op->u.attention.causal) hide_later_keys(c->scratch, c->op->u.attention.n_heads, k->n_queries, n_keys, first);
    if (said == dnnl_success) said = execute(a, k->primitives[SOFTMAX], stream, k->rows, NULL, k->rows);
    if (said == dnnl_success) said = execute(a, k->primitives[VALUES], stream, k->scores, a->values, k->out);
    return said;
}

static dnnl_status_t run_attention(const nn_dnn_call *c, dnnl_stream_t stream) {
    const attention *a = c->state;
    const int64_t n_queries = c->op->shape.h, step = a->whole.n_queries;
    for (int64_t n = 0; n < c->op->shape.n; n++)
        for (int64_t first = 0; first < n_queries; first += step) {
            const block *k = first + step <= n_queries ? &a->whole : &a->rest;
            const dnnl_status_t said = run_block(c, stream, k, n, first);
            if (said != dnnl_success) return said;
        }
    return dnnl_success;
}

pith_status nn_dnn_bind_attention(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &b->backend->base.alloc;
    nn_dnn_value out = {.md = nn_dnn_layout(b->op->shape, 1)};
    nn_dnn_step step = nn_dnn_step_of(b->op);
    attention *a = mem_alloc(alloc, 1, sizeof *a);
    if (!a) return nn_dnn_no_memory(b);
    step.call.state = a;
    step.run = run_attention;
    step.free_state = free_attention;
    for (int k = 0; k < 3; k++) {
        const nn_shape s = step.call.in_shape[k] = b->plan->ops[b->op->in[k]].shape;
        const dnnl_memory_desc_t md = nn_dnn_layout(s, 1);
        nn_dnn_value in;
        PITH_TRY(nn_dnn_want(b, b->op->in[k], &md, &in));
        step.in_spans[k] = in.span;
    }
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&out.md), &out.span));
    step.out_span = out.span;
    PITH_TRY(make_attention(b, a, &step.scratch_span));
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    b->values[b->now] = out;
    return PITH_OK;
cleanup:
    free_attention(alloc, a);
    return status;
}
