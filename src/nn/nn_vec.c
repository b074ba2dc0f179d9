/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The portable engine: the same bits on every machine, and those of the reference engine, whose kernels run the few
 * ops of a shape that nn_vec_has does not know. */
#include "nn/nn_vec.h"

#include <string.h>

#include "nn/nn_ref.h"
#include "nn/nn_squares.h"

#define VALUES_AT_ONCE 16384

/* Of the plain inputs and output of an op. */
static size_t plain_floats_of(const nn_plan *p, const nn_op *op) {
    size_t count = nn_shape_count(op->shape);
    for (int32_t k = 0; k < op->n_in; k++) count += nn_shape_count(p->ops[op->in[k]].shape);
    return count;
}

static pith_status no_memory(pith_diag *diag) { return diag_set(diag, PITH_E_NOMEM, "network: out of memory"); }

static void vec_close(nn_backend *backend) {
    nn_vec_backend *be = (nn_vec_backend *)backend;
    const pith_alloc alloc = backend->alloc;
    nn_vec_trim_weights(be); /* all: no net outlives its backend */
    mem_free(&alloc, be->cached);
    team_free(&be->team);
    pthread_mutex_destroy(&be->lock);
    mem_free(&alloc, be);
}

static pith_status vec_open(nn_backend **out, const pith_env *env, const char *variant, pith_diag *diag) {
    const nn_vec_kernels *kernels = nn_vec_kernels_find(variant);
    if (!kernels) return nn_no_variant(variant, diag);
    nn_vec_backend *be = mem_alloc(env ? &env->alloc : NULL, 1, sizeof *be);
    if (!be) return no_memory(diag);
    be->base.table = &nn_vec_backend_table;
    if (env) be->base.alloc = env->alloc;
    be->base.threads = env ? env->threads : 0;
    be->kernels = kernels;
    pthread_mutex_init(&be->lock, NULL);
    be->team = team_new(&be->base.alloc, be->base.threads);
    if (!be->team) {
        vec_close(&be->base);
        return no_memory(diag);
    }
    *out = &be->base;
    return PITH_OK;
}

/* Makes `most` what is enough for the op, too. */
static void add_room(nn_vec_room *most, const nn_plan *p, const nn_op *op) {
    nn_vec_room room = {0};
    if (!nn_vec_has(p, op)) return;
    if (op->kind == NN_OP_CONV || op->kind == NN_OP_CONV_ADJOINT)
        room = nn_vec_conv_room(p, op);
    else if (op->kind == NN_OP_GROUP_NORM)
        room = nn_vec_group_norm_room(op);
    else if (op->kind == NN_OP_ATTENTION)
        room = nn_vec_attention_room(p, op);
    if (room.shared > most->shared) most->shared = room.shared;
    if (room.worker > most->worker) most->worker = room.worker;
}

/* Of workers whose scratch is counted, the same number on every machine, since the tiles follow from the memory. */
#define COUNTED_WORKERS 8

/* Of all workers, and twice what the reference engine's kernels want of an op. */
static uint64_t vec_scratch_bytes(const nn_plan *p, const nn_backend *backend) {
    (void)backend;
    nn_vec_room most = {0};
    uint64_t plain = 0;
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_op *op = &p->ops[i];
        if (!op->live) continue;
        const uint64_t floats = nn_vec_has(p, op) ? 0 : plain_floats_of(p, op) + 2 * nn_ref_scratch_count(p, op);
        add_room(&most, p, op);
        if (floats > plain) plain = floats;
    }
    return (most.shared + most.worker * COUNTED_WORKERS + plain) * sizeof(float);
}

static uint64_t vec_weight_bytes(const nn_plan *p, const nn_op *op, const nn_backend *backend, uint64_t n_floats) {
    (void)backend;
    if (nn_vec_packs_late(p, op)) return n_floats * sizeof(uint16_t);   /* its pages of the file */
    return n_floats * sizeof(float) * (nn_uses_squares(p, op) ? 2 : 1); /* 16 values for 9 */
}

static void vec_trim(nn_backend *backend) { nn_vec_trim_weights((nn_vec_backend *)backend); }

/* ---- binding ---------------------------------------------------------------------------- */

static void vec_unbind(nn_net *base) {
    nn_vec_net *net = (nn_vec_net *)base;
    const pith_alloc *alloc = &base->backend->alloc;
    if (net->weights) nn_vec_release_weights(net);
    mem_free(alloc, net->steps);
    mem_free(alloc, net->spans);
    mem_free(alloc, net->zeros);
    mem_free(alloc, net->sums);
    mem_free_aligned(alloc, net->plain);
    mem_free(alloc, net);
}

static nn_vec_wish wish_of(const nn_plan *p, const nn_op *op) {
    const nn_shape in = p->ops[op->in[0]].shape, out = op->shape;
    if (!nn_vec_has(p, op) || op->kind == NN_OP_LAYER_NORM) return (nn_vec_wish){.form = NN_VEC_PLAIN};
    if (op->kind == NN_OP_GROUP_NORM) return (nn_vec_wish){.form = NN_VEC_VECTOR};
    if (op->kind == NN_OP_LINEAR)
        return (nn_vec_wish){.form = NN_VEC_DIRECT, .c_in = in.w, .c_out = out.w, .kernel = 1};
    return (nn_vec_wish){.form = nn_vec_packs_late(p, op) ? NN_VEC_LATE
                                 : nn_uses_squares(p, op) ? NN_VEC_SQUARES
                                                          : NN_VEC_DIRECT,
                         .adjoint = op->kind == NN_OP_CONV_ADJOINT,
                         .c_in = in.c,
                         .c_out = out.c,
                         .kernel = nn_conv_geometry_of(op->u.conv).kernel};
}

static pith_status take_weights(nn_vec_net *net, const tensor_table *table, pith_diag *diag) {
    const nn_plan *p = net->base.plan;
    pith_status status = PITH_OK;
    for (int32_t i = 0; i < p->n_ops && status == PITH_OK; i++) {
        nn_vec_step *step = &net->steps[i];
        if (step->root == NN_NO_VALUE) continue;
        const nn_op *op = &p->ops[step->root];
        if (op->weight == NN_NO_WEIGHT) continue;
        const nn_vec_wish wish = wish_of(p, op);
        const nn_vec_wish vector = {.form = wish.form == NN_VEC_PLAIN ? NN_VEC_PLAIN : NN_VEC_VECTOR};
        if (wish.form == NN_VEC_LATE) step->late = tensor_table_find(table, p->weights[op->weight].name);
        status = nn_vec_get_weight(net, table, op->weight, &wish, &step->weight, diag);
        if (op->bias != NN_NO_WEIGHT && status == PITH_OK)
            status = nn_vec_get_weight(net, table, op->bias, &vector, &step->bias, diag);
    }
    return status;
}

static size_t floats_of(nn_shape s) { return (size_t)(s.n * s.h * s.w * nn_vec_channels(s)); }

static void use(nn_vec_net *net, int32_t value, int32_t step) {
    if (net->spans[value].last < step) net->spans[value].last = step;
}

/* Where values lie, and how much room workers and the reference engine's kernels need. */
static pith_status plan_memory(nn_vec_net *net, size_t *plain_floats, size_t *n_sums) {
    const nn_plan *p = net->base.plan;
    nn_vec_room most = {0};
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_vec_step *step = &net->steps[i];
        if (step->root == NN_NO_VALUE) continue;
        const nn_op *op = &p->ops[step->root];
        net->spans[i].first = net->spans[i].last = i;
        if (!size_mul(&net->spans[i].n_bytes, floats_of(p->ops[i].shape), sizeof(float))) return PITH_E_NOMEM;
        if (p->ops[i].last_use >= p->n_ops) use(net, i, p->n_ops); /* an output */
        for (int32_t k = 0; k < op->n_in; k++) use(net, step->in[k], i);
        if (step->added != NN_NO_VALUE) use(net, step->added, i);
        add_room(&most, p, op);
        if (nn_vec_has(p, op)) continue;
        const size_t plain = plain_floats_of(p, op);
        const size_t sums = nn_ref_scratch_count(p, op);
        if (plain > *plain_floats) *plain_floats = plain;
        if (sums > *n_sums) *n_sums = sums;
    }
    nn_span *scratch = &net->spans[p->n_ops];
    *scratch = (nn_span){.first = 0, .last = p->n_ops};
    net->shared_floats = (size_t)nn_vec_padded((int64_t)most.shared); /* a worker's own begins at a cache line */
    net->worker_floats = (size_t)nn_vec_padded((int64_t)most.worker);
    scratch->n_bytes = (net->shared_floats + (size_t)team_size(net->team) * net->worker_floats) * sizeof(float);
    pith_status status =
        nn_place_spans(net->spans, (size_t)p->n_ops + 1, &net->base.arena_bytes, &net->base.backend->alloc);
    net->scratch = *scratch;
    return status;
}

static size_t most_channels(const nn_plan *p) {
    int64_t most = NN_VEC_PANEL;
    for (int32_t i = 0; i < p->n_ops; i++)
        if (nn_vec_channels(p->ops[i].shape) > most) most = nn_vec_channels(p->ops[i].shape);
    return (size_t)most;
}

static pith_status vec_bind(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                            nn_arena *arena, pith_diag *diag) {
    pith_status status = PITH_E_NOMEM;
    const pith_alloc *alloc = &backend->alloc;
    size_t plain_floats = 0, n_sums = 0;
    nn_vec_net *net = mem_alloc(alloc, 1, sizeof *net);
    if (!net) return no_memory(diag);
    net->base.plan = plan;
    net->base.backend = backend;
    net->base.arena = arena;
    net->kernels = ((nn_vec_backend *)backend)->kernels;
    net->team = ((nn_vec_backend *)backend)->team;
    net->steps = mem_alloc(alloc, (size_t)plan->n_ops, sizeof *net->steps);
    net->spans = mem_alloc(alloc, (size_t)plan->n_ops + 1, sizeof *net->spans);
    net->weights = mem_alloc(alloc, (size_t)plan->n_weights, sizeof(nn_vec_weight *));
    net->zeros = mem_alloc(alloc, most_channels(plan), sizeof *net->zeros);
    if (!net->steps || !net->spans || !net->weights || !net->zeros) goto cleanup;
    nn_vec_fuse(net);
    PITH_TRY(take_weights(net, weights, diag));
    tensor_table_drop_pages(weights); /* for now: most are kept packed */
    PITH_TRY(plan_memory(net, &plain_floats, &n_sums));
    if (plain_floats > 0) {
        status = PITH_E_NOMEM;
        net->plain = mem_alloc_aligned(alloc, plain_floats, sizeof *net->plain);
        net->sums = mem_alloc(alloc, n_sums, sizeof *net->sums);
        if (!net->plain || !net->sums) goto cleanup;
    }
    PITH_TRY(nn_arena_reserve(arena, net->base.arena_bytes));
cleanup:
    if (status == PITH_OK)
        *out = &net->base;
    else
        vec_unbind(&net->base);
    return status == PITH_E_NOMEM ? no_memory(diag) : status;
}

/* ---- running ------------------------------------------------------------------------------ */

static nn_vec_place place_of(const nn_vec_net *net, int32_t id) {
    const nn_shape s = net->base.plan->ops[id].shape;
    return nn_vec_place_of(nn_vec_value(net, id), s, nn_vec_is_deep(s));
}

static nn_vec_place plain_place(const float *at, nn_shape s) {
    return nn_vec_place_of((float *)(uintptr_t)at, s, false); /* only read where it is const */
}

/* By the reference engine's kernel, or the caller: all values made plain. */
static pith_status run_plain(const nn_vec_net *net, int32_t id, pith_diag *diag) {
    const nn_plan *p = net->base.plan;
    const nn_vec_step *step = &net->steps[id];
    const nn_op *op = &p->ops[id];
    float *room = net->plain;
    nn_ref_call call = {.op = op, .net = &net->base, .scratch = net->sums, .weight = step->weight, .bias = step->bias};
    pith_status status = PITH_OK;
    for (int32_t k = 0; k < op->n_in; k++) {
        const nn_vec_place in = place_of(net, op->in[k]), plain = plain_place(room, in.shape);
        nn_vec_copy(net, &plain, &in);
        call.in[k] = room;
        call.in_shape[k] = in.shape;
        room += nn_shape_count(in.shape);
    }
    call.out = room;
    if (op->kind == NN_OP_CALL)
        status = nn_make_call(&net->base, call.in[0], call.out, diag);
    else
        nn_ref_kernel_of(op->kind)(&call);
    const nn_vec_place out = place_of(net, id), plain = plain_place(room, op->shape);
    nn_vec_copy(net, &out, &plain);
    return status;
}

typedef struct value_work {
    const nn_vec_net *net;
    const nn_op *op;
    size_t n_floats;
    const float *a, *b;
    float *out;
} value_work;

static void do_values(void *user, int64_t item, int worker) {
    (void)worker;
    const value_work *w = user;
    const nn_vec_kernels *k = w->net->kernels;
    const size_t first = (size_t)item * VALUES_AT_ONCE, left = w->n_floats - first;
    const size_t n = left < VALUES_AT_ONCE ? left : VALUES_AT_ONCE;
    if (w->op->kind == NN_OP_SCALE)
        k->scale(w->out + first, w->a + first, w->op->u.scale.multiply, w->op->u.scale.add, n);
    else if (w->op->kind == NN_OP_ADD)
        k->add(w->out + first, w->a + first, w->b + first, n);
    else if (w->op->kind == NN_OP_MUL)
        k->mul(w->out + first, w->a + first, w->b + first, n);
    else if (w->op->kind == NN_OP_RELU_ADJOINT)
        k->relu_adjoint(w->out + first, w->a + first, w->b + first, n);
    else
        k->act(w->out + first, w->a + first, n, w->op->u.act);
}

static void run_values(const nn_vec_net *net, int32_t id) {
    const nn_op *op = &net->base.plan->ops[id];
    value_work w = {.net = net,
                    .op = op,
                    .n_floats = floats_of(op->shape),
                    .a = nn_vec_value(net, op->in[0]),
                    .b = op->n_in > 1 ? nn_vec_value(net, op->in[1]) : NULL,
                    .out = nn_vec_value(net, id)};
    team_run(net->team, (int64_t)((w.n_floats + VALUES_AT_ONCE - 1) / VALUES_AT_ONCE), do_values, &w);
}

static void run_move(const nn_vec_net *net, int32_t id) {
    const nn_op *op = &net->base.plan->ops[id];
    const nn_vec_place out = place_of(net, id);
    nn_vec_place in[NN_MAX_INPUTS];
    for (int32_t k = 0; k < op->n_in; k++) in[k] = place_of(net, op->in[k]);
    nn_vec_move(net, op, &out, in);
}

static pith_status run_step(const nn_vec_net *net, int32_t id, pith_diag *diag) {
    const nn_plan *p = net->base.plan;
    const nn_op *op = &p->ops[net->steps[id].root];
    if (!nn_vec_has(p, op)) return run_plain(net, id, diag);
    switch (op->kind) {
    case NN_OP_CONV:
    case NN_OP_CONV_ADJOINT:
        nn_vec_conv(net, id);
        break;
    case NN_OP_LINEAR:
        nn_vec_linear(net, id);
        break;
    case NN_OP_LAYER_NORM:
        nn_vec_layer_norm(net, id);
        break;
    case NN_OP_GROUP_NORM:
        nn_vec_group_norm(net, id);
        break;
    case NN_OP_ATTENTION:
        nn_vec_attention(net, id);
        break;
    case NN_OP_ADD:
    case NN_OP_MUL:
        if (!nn_shape_same(p->ops[op->in[1]].shape, op->shape)) {
            nn_vec_spread(net, id);
            break;
        }
        run_values(net, id);
        break;
    case NN_OP_ACT:
    case NN_OP_SCALE:
    case NN_OP_RELU_ADJOINT:
        run_values(net, id);
        break;
    default:
        run_move(net, id);
    }
    return PITH_OK;
}

static pith_status vec_run(nn_net *base, const float *const *inputs, float *const *outputs, pith_diag *diag) {
    const nn_vec_net *net = (const nn_vec_net *)base;
    const nn_plan *p = base->plan;
    int32_t next_input = 0; /* inputs are in the order of their ops */
    for (int32_t i = 0; i < p->n_ops; i++) {
        const float *data = p->ops[i].kind == NN_OP_INPUT ? inputs[next_input++] : NULL;
        if (net->steps[i].root == NN_NO_VALUE) continue;
        pith_status status = nn_look(base, diag);
        if (status == PITH_OK && data) {
            const nn_vec_place to = place_of(net, i), from = plain_place(data, p->ops[i].shape);
            nn_vec_copy(net, &to, &from);
        } else if (status == PITH_OK) {
            status = run_step(net, i, diag);
        }
        if (status != PITH_OK) return status;
    }
    for (int32_t i = 0; i < p->n_outputs; i++) {
        const nn_vec_place from = place_of(net, p->outputs[i].value), to = plain_place(outputs[i], from.shape);
        nn_vec_copy(net, &to, &from);
    }
    return PITH_OK;
}

const nn_backend_table nn_vec_backend_table = {.name = "exact",
                                               .open = vec_open,
                                               .close = vec_close,
                                               .bind = vec_bind,
                                               .unbind = vec_unbind,
                                               .trim = vec_trim,
                                               .value_floats = floats_of,
                                               .scratch_bytes = vec_scratch_bytes,
                                               .weight_bytes = vec_weight_bytes,
                                               .run = vec_run};
