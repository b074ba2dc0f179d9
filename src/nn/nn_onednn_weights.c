/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights in the layouts that primitives want, made once and shared by all
 * nets of a backend, of whatever size and thread. */
#include <stdatomic.h>

#include "nn/nn_onednn.h"

/* Weights are dropped from the file's mapping as they are reordered, so that
 * binding never holds the model twice. */
#define DROP_EVERY_BYTES (64u << 20)

struct nn_dnn_weight {
    const void *tensor; /* nn_weight_key: the table outlives the backend */
    dnnl_memory_desc_t md;
    float *data; /* owned */
    size_t n_users;
};

void nn_dnn_trim_weights(nn_dnn_backend *be) {
    const pith_alloc *alloc = &be->base.alloc;
    size_t kept = 0;
    for (size_t i = 0; i < be->n_cached; i++) {
        nn_dnn_weight *w = be->cached[i];
        if (w->n_users > 0) {
            be->cached[kept++] = w;
            continue;
        }
        mem_free_aligned(alloc, w->data);
        mem_free(alloc, w);
    }
    be->n_cached = kept;
}

void nn_dnn_release_weights(nn_dnn_net *net) {
    nn_dnn_backend *be = (nn_dnn_backend *)net->base.backend;
    pthread_mutex_lock(&be->lock);
    for (size_t i = 0; i < net->n_weights; i++) net->weights[i]->n_users--;
    pthread_mutex_unlock(&be->lock);
    mem_free(&be->base.alloc, net->weights);
}

/* Pointer arrays that grow by doubling. */
static bool append(const pith_alloc *alloc, nn_dnn_weight ***list, size_t *count, size_t *capacity, nn_dnn_weight *w) {
    if (*count == *capacity) {
        const size_t more = *capacity ? 2 * *capacity : 64;
        nn_dnn_weight **bigger = mem_grow(alloc, *list, *count, more, sizeof *bigger);
        if (!bigger) return false;
        *list = bigger;
        *capacity = more;
    }
    (*list)[(*count)++] = w;
    return true;
}

static pith_status reorder(nn_dnn_binder *b, const dnnl_memory_desc_t *from, const void *in,
                           const dnnl_memory_desc_t *to, float *out) {
    pith_status status = PITH_OK;
    const dnnl_engine_t engine = b->backend->engine;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_memory_t source = NULL, target = NULL;
    NN_DNN_TRY(dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL));
    NN_DNN_TRY(dnnl_primitive_create(&primitive, pd));
    NN_DNN_TRY(dnnl_memory_create(&source, from, engine, (void *)(uintptr_t)in)); /* only read */
    NN_DNN_TRY(dnnl_memory_create(&target, to, engine, out));
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, target}};
    NN_DNN_TRY(dnnl_primitive_execute(primitive, b->net->stream, 2, args));
    NN_DNN_TRY(dnnl_stream_wait(b->net->stream));
cleanup:
    if (source) dnnl_memory_destroy(source);
    if (target) dnnl_memory_destroy(target);
    if (primitive) dnnl_primitive_destroy(primitive);
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

#define WIDEN_FLOATS 65536 /* of an item */

typedef struct widening {
    const tensor *t;
    float *out; /* NULL: the values are only looked at */
    atomic_bool *is_bad;
} widening;

/* Item: a stretch of a tensor, looked at and made floats. */
static void widen(const void *call, int64_t first, int64_t end) {
    const widening *w = call;
    for (int64_t i = first; i < end; i++) {
        const uint64_t from = (uint64_t)i * WIDEN_FLOATS, left = w->t->n_elements - from;
        const uint64_t n = left < WIDEN_FLOATS ? left : WIDEN_FLOATS;
        if (!tensor_is_finite(w->t, from, n)) atomic_store(w->is_bad, true);
        if (w->out) tensor_read_f32(w->t, from, n, w->out + from);
    }
}

static pith_status widen_all(const nn_dnn_binder *b, const tensor *t, float *out) {
    atomic_bool is_bad = false;
    const widening w = {t, out, &is_bad};
    nn_dnn_parallel((int64_t)((t->n_elements + WIDEN_FLOATS - 1) / WIDEN_FLOATS), widen, &w);
    return atomic_load(&is_bad) ? tensor_check_finite(t, b->diag) : PITH_OK;
}

/* Room that all weights of a net share: fresh pages for each would take longer than the work. */
static pith_status make_room(nn_dnn_binder *b, uint64_t n_floats) {
    const pith_alloc *alloc = &b->backend->base.alloc;
    if (n_floats <= b->n_widened) return PITH_OK;
    mem_free_aligned(alloc, b->widened);
    b->widened = mem_alloc_aligned(alloc, (size_t)n_floats, sizeof *b->widened);
    b->n_widened = b->widened ? n_floats : 0;
    return b->widened ? PITH_OK : nn_dnn_no_memory(b);
}

/* Fills w->data, by way of a float copy where the file has another type. */
static pith_status fill(nn_dnn_binder *b, const tensor *t, const dnnl_memory_desc_t *in_file, nn_dnn_weight *w) {
    pith_status status = PITH_OK;
    const bool is_int8 = in_file->data_type == dnnl_s8;
    const void *in_place = is_int8 ? t->data : (const void *)nn_weight_in_place(t);
    if (!is_int8 && dnnl_memory_desc_equal(in_file, &w->md)) return widen_all(b, t, w->data);
    if (!in_place) PITH_TRY(make_room(b, t->n_elements));
    PITH_TRY(widen_all(b, t, in_place ? NULL : b->widened));
    PITH_TRY(reorder(b, in_file, in_place ? in_place : b->widened, &w->md, w->data));
cleanup:
    return status;
}

/* Under the lock. */
static pith_status add_weight(nn_dnn_binder *b, const tensor *t, const dnnl_memory_desc_t *in_file,
                              const dnnl_memory_desc_t *wanted, nn_dnn_weight **out) {
    pith_status status = PITH_OK;
    nn_dnn_backend *be = b->backend;
    const pith_alloc *alloc = &be->base.alloc;
    nn_dnn_weight *w = mem_alloc(alloc, 1, sizeof *w);
    if (!w) PITH_TRY(nn_dnn_no_memory(b));
    w->tensor = nn_weight_key(t);
    w->md = *wanted;
    w->data = mem_alloc_aligned(alloc, dnnl_memory_desc_get_size(wanted), 1);
    if (!w->data) PITH_TRY(nn_dnn_no_memory(b));
    PITH_TRY(fill(b, t, in_file, w));
    b->n_bytes_touched += t->n_bytes;
    if (b->n_bytes_touched >= DROP_EVERY_BYTES) {
        tensor_table_drop_pages(b->table);
        b->n_bytes_touched = 0;
    }
    if (!append(alloc, &be->cached, &be->n_cached, &be->cached_capacity, w)) PITH_TRY(nn_dnn_no_memory(b));
    *out = w;
    return PITH_OK;
cleanup:
    if (w) mem_free_aligned(alloc, w->data);
    mem_free(alloc, w);
    return status;
}

static pith_status get(nn_dnn_binder *b, const tensor *t, const dnnl_memory_desc_t *in_file,
                       const dnnl_memory_desc_t *wanted, const float **data) {
    pith_status status = PITH_OK;
    nn_dnn_backend *be = b->backend;
    nn_dnn_net *net = b->net;
    nn_dnn_weight *w = NULL;
    *data = NULL;
    pthread_mutex_lock(&be->lock);
    for (size_t i = 0; i < be->n_cached && !w; i++)
        if (be->cached[i]->tensor == nn_weight_key(t) && dnnl_memory_desc_equal(&be->cached[i]->md, wanted))
            w = be->cached[i];
    if (!w) PITH_TRY(add_weight(b, t, in_file, wanted, &w));
    if (!append(&be->base.alloc, &net->weights, &net->n_weights, &net->weights_capacity, w))
        PITH_TRY(nn_dnn_no_memory(b));
    w->n_users++;
    *data = w->data;
cleanup:
    pthread_mutex_unlock(&be->lock);
    return status;
}

static const tensor *find(const nn_dnn_binder *b, int32_t index) {
    return tensor_table_find(b->table, b->plan->weights[index].name);
}

pith_status nn_dnn_get_weight(nn_dnn_binder *b, int32_t index, const dnnl_memory_desc_t *in_file,
                              const dnnl_memory_desc_t *wanted, const float **data) {
    return get(b, find(b, index), in_file, wanted, data);
}

static pith_status get_vector(nn_dnn_binder *b, const tensor *t, const float **data) {
    pith_status status = PITH_OK;
    dnnl_memory_desc_t md;
    const dnnl_dims_t dims = {(dnnl_dim_t)t->n_elements};
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&md, 1, dims, dnnl_f32, dnnl_a));
    PITH_TRY(get(b, t, &md, &md, data));
cleanup:
    return status;
}

pith_status nn_dnn_get_vector(nn_dnn_binder *b, int32_t index, const float **data) {
    return get_vector(b, find(b, index), data);
}

pith_status nn_dnn_get_scales(nn_dnn_binder *b, int32_t index, const float **data) {
    const tensor *of = find(b, index);
    const tensor scales = {.name = of->name,
                           .type = TENSOR_F32,
                           .rank = 1,
                           .shape = {of->shape[0]},
                           .n_elements = of->shape[0],
                           .n_bytes = of->shape[0] * sizeof(float),
                           .data = of->scales};
    return get_vector(b, &scales, data);
}
