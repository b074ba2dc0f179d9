/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The reference backend: plain C, one thread, no fusing. The oracle of the
 * tests, the backend of the fuzzers, and what runs where oneDNN is not. Its
 * kernels are in nn_ref_kernels.c. */
#include <string.h>

#include "nn/nn_ref.h"

typedef struct ref_net {
    nn_net base;
    nn_span *spans;        /* one an op; unused by dead ops */
    const float **weights; /* one a weight of the plan */
    float **converted;     /* owned copies of those that are not floats in place */
    double *scratch;
} ref_net;

static pith_status ref_open(nn_backend **out, const pith_env *env, const char *variant, pith_diag *diag) {
    if (variant) return nn_no_variant(variant, diag);
    nn_backend *b = mem_alloc(env ? &env->alloc : NULL, 1, sizeof *b);
    if (!b) return diag_set(diag, PITH_E_NOMEM, "network: out of memory");
    b->table = &nn_ref_backend;
    if (env) b->alloc = env->alloc;
    b->threads = 1;
    *out = b;
    return PITH_OK;
}

static void ref_close(nn_backend *backend) {
    const pith_alloc alloc = backend->alloc;
    mem_free(&alloc, backend);
}

static void ref_unbind(nn_net *base) {
    ref_net *net = (ref_net *)base;
    const pith_alloc *alloc = &base->backend->alloc;
    for (int32_t i = 0; net->converted && i < base->plan->n_weights; i++) mem_free_aligned(alloc, net->converted[i]);
    mem_free(alloc, net->scratch);
    mem_free(alloc, net->converted);
    mem_free(alloc, net->weights);
    mem_free(alloc, net->spans);
    mem_free(alloc, net);
}

static pith_status take_weights(ref_net *net, const tensor_table *table, pith_diag *diag) {
    const nn_plan *p = net->base.plan;
    for (int32_t i = 0; i < p->n_weights; i++) {
        if (!p->ops[p->weights[i].op].live) continue;
        const tensor *t = tensor_table_find(table, p->weights[i].name);
        pith_status status = tensor_check_finite(t, diag);
        if (status != PITH_OK) return status;
        net->weights[i] = nn_weight_in_place(t);
        if (net->weights[i]) continue;
        net->converted[i] = mem_alloc_aligned(&net->base.backend->alloc, (size_t)t->n_elements, sizeof(float));
        if (!net->converted[i]) return PITH_E_NOMEM;
        tensor_read_f32(t, 0, t->n_elements, net->converted[i]);
        net->weights[i] = net->converted[i];
    }
    return PITH_OK;
}

/* Every live value gets a place until its last use. */
static pith_status plan_memory(ref_net *net, size_t *scratch_count) {
    const nn_plan *p = net->base.plan;
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_op *op = &p->ops[i];
        if (!op->live) continue;
        net->spans[i] = (nn_span){.first = i, .last = op->last_use};
        if (!size_mul(&net->spans[i].n_bytes, nn_shape_count(op->shape), sizeof(float))) return PITH_E_NOMEM;
        const size_t count = nn_ref_scratch_count(p, op);
        if (count > *scratch_count) *scratch_count = count;
    }
    return nn_place_spans(net->spans, (size_t)p->n_ops, &net->base.arena_bytes, &net->base.backend->alloc);
}

static pith_status ref_bind(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                            nn_arena *arena, pith_diag *diag) {
    pith_status status = PITH_E_NOMEM;
    const pith_alloc *alloc = &backend->alloc;
    size_t scratch_count = 0;
    ref_net *net = mem_alloc(alloc, 1, sizeof *net);
    if (!net) goto cleanup;
    net->base.plan = plan;
    net->base.backend = backend;
    net->base.arena = arena;
    net->spans = mem_alloc(alloc, (size_t)plan->n_ops, sizeof *net->spans);
    net->weights = mem_alloc(alloc, (size_t)plan->n_weights, sizeof *net->weights);
    net->converted = mem_alloc(alloc, (size_t)plan->n_weights, sizeof *net->converted);
    if (!net->spans || !net->weights || !net->converted) goto cleanup;
    PITH_TRY(take_weights(net, weights, diag));
    PITH_TRY(plan_memory(net, &scratch_count));
    net->scratch = mem_alloc(alloc, scratch_count, sizeof *net->scratch);
    status = net->scratch ? nn_arena_reserve(arena, net->base.arena_bytes) : PITH_E_NOMEM;
cleanup:
    if (status == PITH_OK)
        *out = &net->base;
    else if (net)
        ref_unbind(&net->base);
    return status == PITH_OK ? status : diag_set(diag, status, "network: out of memory");
}

static float *value_of(const ref_net *net, int32_t id) {
    return (float *)(void *)(net->base.arena->data + net->spans[id].offset);
}

static pith_status run_op(const ref_net *net, int32_t id, pith_diag *diag) {
    const nn_plan *p = net->base.plan;
    const nn_op *op = &p->ops[id];
    nn_ref_call call = {.op = op, .net = &net->base, .out = value_of(net, id), .scratch = net->scratch};
    for (int32_t k = 0; k < op->n_in; k++) {
        call.in[k] = value_of(net, op->in[k]);
        call.in_shape[k] = p->ops[op->in[k]].shape;
    }
    if (op->weight != NN_NO_WEIGHT) call.weight = net->weights[op->weight];
    if (op->bias != NN_NO_WEIGHT) call.bias = net->weights[op->bias];
    if (op->kind == NN_OP_CALL) return nn_make_call(&net->base, call.in[0], call.out, diag);
    nn_ref_kernel_of(op->kind)(&call);
    return PITH_OK;
}

static pith_status ref_run(nn_net *base, const float *const *inputs, float *const *outputs, pith_diag *diag) {
    const ref_net *net = (const ref_net *)base;
    const nn_plan *p = base->plan;
    int32_t next_input = 0; /* inputs are in the order of their ops */
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_op *op = &p->ops[i];
        const float *data = op->kind == NN_OP_INPUT ? inputs[next_input++] : NULL;
        if (!op->live) continue;
        pith_status status = nn_look(base, diag);
        if (status != PITH_OK) return status;
        if (data)
            memcpy(value_of(net, i), data, nn_shape_count(op->shape) * sizeof(float));
        else
            status = run_op(net, i, diag);
        if (status != PITH_OK) return status;
    }
    for (int32_t i = 0; i < p->n_outputs; i++) {
        const int32_t id = p->outputs[i].value;
        memcpy(outputs[i], value_of(net, id), nn_shape_count(p->ops[id].shape) * sizeof(float));
    }
    return PITH_OK;
}

const nn_backend_table nn_ref_backend = {
    .name = "ref", .open = ref_open, .close = ref_close, .bind = ref_bind, .unbind = ref_unbind, .run = ref_run};
