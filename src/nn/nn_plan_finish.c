/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What can be said of a whole plan: who reads what and until when, which
 * weights it needs, what it costs; and where its values go in memory. */
#include <stdio.h>
#include <string.h>

#include "nn/nn_internal.h"

/* ---- shapes and names ------------------------------------------------------- */

const char *nn_shape_text(char text[NN_SHAPE_TEXT_BYTES], nn_shape s) {
    snprintf(text, NN_SHAPE_TEXT_BYTES, "[%lld, %lld, %lld, %lld]", (long long)s.n, (long long)s.c, (long long)s.h,
             (long long)s.w);
    return text;
}

size_t nn_shape_count(nn_shape s) { return (size_t)s.n * (size_t)s.c * (size_t)s.h * (size_t)s.w; }

bool nn_shape_same(nn_shape a, nn_shape b) { return a.n == b.n && a.c == b.c && a.h == b.h && a.w == b.w; }

const char *nn_op_name(const nn_op *op) {
    static const char *const names[NN_N_OP_KINDS] = {"input",
                                                     "conv",
                                                     "linear",
                                                     "group_norm",
                                                     "layer_norm",
                                                     "act",
                                                     "add",
                                                     "mul",
                                                     "scale",
                                                     "concat",
                                                     "slice_channels",
                                                     "slice_features",
                                                     "upsample2",
                                                     "pixel_unshuffle",
                                                     "pixel_shuffle",
                                                     "to_sequence",
                                                     "to_picture",
                                                     "attention",
                                                     "conv_adjoint",
                                                     "relu_adjoint",
                                                     "call"};
    static const char *const convs[] = {"conv1", "conv3", "conv3_stride2", "conv3_stride2_pad_rb"};
    static const char *const adjoints[] = {[NN_CONV1] = "conv1_adjoint", [NN_CONV3] = "conv3_adjoint"};
    static const char *const acts[] = {"relu", "silu", "gelu", "quick_gelu", "tanh"};
    if (op->kind == NN_OP_CONV) return convs[op->u.conv];
    if (op->kind == NN_OP_CONV_ADJOINT) return adjoints[op->u.conv];
    if (op->kind == NN_OP_ACT) return acts[op->u.act];
    return names[op->kind];
}

/* ---- finishing ----------------------------------------------------------------- */

/* From the outputs back: an op is live when a live op or an output reads it. */
static void find_lives(nn_plan *p) {
    for (int32_t i = 0; i < p->n_ops; i++) p->ops[i].last_use = i;
    for (int32_t i = 0; i < p->n_outputs; i++) {
        nn_op *op = &p->ops[p->outputs[i].value];
        op->live = true;
        op->n_reads++;
        op->last_use = p->n_ops;
    }
    for (int32_t i = p->n_ops - 1; i >= 0; i--) {
        if (!p->ops[i].live) continue;
        for (int32_t k = 0; k < p->ops[i].n_in; k++) {
            nn_op *in = &p->ops[p->ops[i].in[k]];
            in->live = true;
            in->n_reads++;
            if (in->last_use < i) in->last_use = i;
        }
    }
}

static void count_groups(nn_plan *p) {
    for (int32_t i = 0; i < p->n_ops; i++) {
        nn_op *op = &p->ops[i];
        if (!op->live || op->kind != NN_OP_GROUP_NORM) continue;
        op->u.norm.first_group = p->n_groups;
        p->n_groups += (size_t)op->u.norm.n_groups;
    }
}

pith_status nn_plan_finish(nn_plan *p, pith_diag *diag) {
    if (p->fault.status == PITH_OK && !p->finished) {
        if (p->n_scopes)
            (void)diag_set(&p->fault, PITH_E_ARG, "network: scope \"%s\" was not left", p->scope);
        else if (p->n_outputs == 0)
            (void)diag_set(&p->fault, PITH_E_ARG, "network: no output");
        else
            find_lives(p);
        count_groups(p);
        p->finished = true;
    }
    if (p->fault.status != PITH_OK) return diag_set(diag, p->fault.status, "%s", p->fault.message);
    return PITH_OK;
}

size_t nn_plan_n_groups(const nn_plan *p) { return p->n_groups; }

size_t nn_plan_n_outputs(const nn_plan *p) { return (size_t)p->n_outputs; }

const char *nn_plan_output(const nn_plan *p, size_t index, nn_shape *shape) {
    *shape = p->ops[p->outputs[index].value].shape;
    return p->outputs[index].name;
}

/* ---- looking ------------------------------------------------------------------- */

/* Adds formatted dimensions, cut short where the text is full. */
static const char *dims_text(char text[NN_SHAPE_TEXT_BYTES], const uint64_t *dims, uint32_t rank) {
    size_t at = (size_t)snprintf(text, NN_SHAPE_TEXT_BYTES, "[");
    for (uint32_t i = 0; i < rank && at + 24 < NN_SHAPE_TEXT_BYTES; i++)
        at += (size_t)snprintf(text + at, NN_SHAPE_TEXT_BYTES - at, i ? ", %llu" : "%llu", (unsigned long long)dims[i]);
    snprintf(text + at, NN_SHAPE_TEXT_BYTES - at, "]");
    return text;
}

/* `w->shape` has ones where a matrix has no dimension. */
static bool fits(const nn_weight *w, const tensor *t) {
    const uint32_t n_least = w->is_matrix ? 2 : w->rank, n_most = w->is_matrix ? 4 : w->rank;
    if (t->rank != n_least && t->rank != n_most) return false;
    for (uint32_t i = 0; i < t->rank; i++)
        if (t->shape[i] != w->shape[i]) return false;
    return true;
}

pith_status nn_plan_check(const nn_plan *p, const tensor_table *weights, pith_diag *diag) {
    char want[NN_SHAPE_TEXT_BYTES], have[NN_SHAPE_TEXT_BYTES];
    if (!p->finished || p->fault.status != PITH_OK) return diag_set(diag, PITH_E_ARG, "network: not finished");
    for (int32_t i = 0; i < p->n_weights; i++) {
        const nn_weight *w = &p->weights[i];
        if (!p->ops[w->op].live) continue;
        const tensor *t = tensor_table_find(weights, w->name);
        dims_text(want, w->shape, w->rank);
        if (!t) return diag_set(diag, PITH_E_MODEL_SHAPE, "model has no tensor %s %s", w->name, want);
        if (!fits(w, t))
            return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s is %s, must be %s", w->name,
                            dims_text(have, t->shape, t->rank), want);
        if (t->fault) return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %s: %s", w->name, t->fault);
        if (!tensor_has_values(t))
            return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %s %s is not F32, F16, BF16 or F8", w->name, want);
    }
    return PITH_OK;
}

pith_status nn_plan_take(const nn_plan *p, tensor_table *to, const tensor_table *from, pith_diag *diag) {
    pith_status status = nn_plan_check(p, from, diag);
    for (int32_t i = 0; i < p->n_weights && status == PITH_OK; i++) {
        const nn_weight *w = &p->weights[i];
        if (!p->ops[w->op].live) continue;
        tensor t = *tensor_table_find(from, w->name);
        for (uint32_t k = 2; k < 4 && w->is_matrix; k++) {
            t.shape[k] = w->rank == 4;
            t.strides[k] = 1;
        }
        t.rank = w->rank;
        status = tensor_table_add(to, &t);
    }
    return status;
}

void nn_plan_dump(const nn_plan *p, void (*line)(void *user, const char *text), void *user) {
    char shape[NN_SHAPE_TEXT_BYTES], text[NN_SHAPE_TEXT_BYTES + NN_MAX_KEY_BYTES + 64];
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_op *op = &p->ops[i];
        snprintf(text, sizeof text, "%-22s %s%s%s%s", nn_shape_text(shape, op->shape), nn_op_name(op),
                 op->key ? " " : "", op->key ? op->key : "", p->finished && !op->live ? " (unused)" : "");
        line(user, text);
    }
}

static uint64_t op_flops(const nn_plan *p, const nn_op *op) {
    const uint64_t n_out = nn_shape_count(op->shape);
    const bool is_adjoint = op->kind == NN_OP_CONV_ADJOINT; /* its outputs are along the other side of the weights */
    if (op->kind == NN_OP_CONV || op->kind == NN_OP_LINEAR || is_adjoint) {
        const nn_weight *w = &p->weights[op->weight];
        uint64_t per_output = 2 * w->shape[is_adjoint ? 0 : 1];
        for (uint32_t i = 2; i < w->rank; i++) per_output *= w->shape[i];
        return n_out * per_output;
    }
    if (op->kind == NN_OP_ATTENTION) return 4 * n_out * (uint64_t)p->ops[op->in[1]].shape.h;
    return 0;
}

uint64_t nn_plan_flops(const nn_plan *p) {
    uint64_t sum = 0;
    for (int32_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].live) sum += op_flops(p, &p->ops[i]);
    return sum;
}

const float *nn_weight_in_place(const tensor *t) {
    static const uint16_t one = 1;
    const bool little_endian = *(const uint8_t *)&one == 1;
    if (t->type != TENSOR_F32 || t->is_strided || !little_endian || (uintptr_t)t->data % _Alignof(float)) return NULL;
    return (const float *)(const void *)t->data;
}

const void *nn_weight_key(const tensor *t) { return t->is_strided ? (const void *)t : t->data; }

#define INT8_LEAST_CHANNELS 1280 /* read or made */

bool nn_is_int8(const nn_plan *p, const nn_op *op, const tensor_table *weights, const nn_backend *backend) {
    if (!backend->keeps_int8 || (op->kind != NN_OP_CONV && op->kind != NN_OP_LINEAR)) return false;
    const nn_weight *w = &p->weights[op->weight];
    const tensor *t = tensor_table_find(weights, w->name);
    return t && t->scales && (w->shape[0] >= INT8_LEAST_CHANNELS || w->shape[1] >= INT8_LEAST_CHANNELS);
}

/* ---- memory planning ----------------------------------------------------------- */

/* Moves spans[order[i]] to the lowest place that is free among the `i` placed
 * before it, which are sorted by offset in `placed`. */
static bool place(nn_span *spans, uint32_t index, uint32_t *placed, size_t n_placed, size_t *end) {
    nn_span *span = &spans[index];
    size_t at = 0, position = 0;
    for (size_t i = 0; i < n_placed; i++) {
        const nn_span *other = &spans[placed[i]];
        if (other->last < span->first || other->first > span->last) continue;
        if (other->offset >= at && other->offset - at >= span->n_bytes) break; /* the gap is wide enough */
        if (other->offset + other->n_bytes > at) at = other->offset + other->n_bytes;
    }
    span->offset = at;
    if (!size_add(end, at, span->n_bytes)) return false;
    while (position < n_placed && spans[placed[position]].offset <= at) position++;
    memmove(placed + position + 1, placed + position, (n_placed - position) * sizeof *placed);
    placed[position] = index;
    return true;
}

/* Insertion by falling size, so that the big ones find the low places. Stable,
 * hence the same everywhere. Plans have at most some thousand spans. */
static void sort_by_size(const nn_span *spans, uint32_t *order, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && spans[order[j - 1]].n_bytes < spans[i].n_bytes; j--) order[j] = order[j - 1];
        order[j] = (uint32_t)i;
    }
}

pith_status nn_place_spans(nn_span *spans, size_t n_spans, size_t *arena_bytes, const pith_alloc *alloc) {
    uint32_t *order = mem_alloc(alloc, n_spans, 2 * sizeof *order);
    if (!order) return PITH_E_NOMEM;
    pith_status status = PITH_OK;
    size_t total = 0;
    for (size_t i = 0; i < n_spans; i++) {
        size_t rounded = 0;
        if (!size_add(&rounded, spans[i].n_bytes, NN_SPAN_ALIGN - 1)) status = PITH_E_NOMEM;
        spans[i].n_bytes = rounded / NN_SPAN_ALIGN * NN_SPAN_ALIGN;
    }
    sort_by_size(spans, order, n_spans);
    for (size_t i = 0; i < n_spans && status == PITH_OK; i++) {
        size_t end = 0;
        if (!place(spans, order[i], order + n_spans, i, &end)) status = PITH_E_NOMEM;
        if (end > total) total = end;
    }
    mem_free(alloc, order);
    *arena_bytes = total;
    return status;
}

static pith_status place_values(const nn_plan *p, const nn_backend *backend, size_t *n_bytes) {
    size_t (*floats)(nn_shape) = backend->table->value_floats ? backend->table->value_floats : nn_shape_count;
    nn_span *spans = mem_alloc(&p->alloc, (size_t)p->n_ops, sizeof *spans);
    pith_status status = spans ? PITH_OK : PITH_E_NOMEM;
    for (int32_t i = 0; i < p->n_ops && status == PITH_OK; i++) {
        if (!p->ops[i].live) continue;
        spans[i] = (nn_span){.first = i, .last = p->ops[i].last_use};
        if (!size_mul(&spans[i].n_bytes, floats(p->ops[i].shape), sizeof(float))) status = PITH_E_NOMEM;
    }
    if (status == PITH_OK) status = nn_place_spans(spans, (size_t)p->n_ops, n_bytes, &p->alloc);
    mem_free(&p->alloc, spans);
    return status;
}

pith_status nn_plan_arena_bytes(const nn_plan *p, const nn_backend *backend, uint64_t *n_bytes) {
    size_t values = 0;
    pith_status status = place_values(p, backend, &values);
    *n_bytes = (uint64_t)values + (backend->table->value_floats ? 0 : values / 4);
    if (backend->table->scratch_bytes) *n_bytes += backend->table->scratch_bytes(p, backend);
    return status;
}

static uint64_t weight_bytes(const nn_plan *p, const nn_op *op, const nn_backend *backend, uint64_t n_floats) {
    return backend->table->weight_bytes ? backend->table->weight_bytes(p, op, backend, n_floats)
                                        : n_floats * sizeof(float);
}

pith_status nn_plan_memory(const nn_plan *p, const tensor_table *weights, const nn_backend *backend,
                           uint64_t *n_bytes) {
    pith_status status = nn_plan_arena_bytes(p, backend, n_bytes);
    for (int32_t i = 0; i < p->n_weights; i++) {
        uint64_t count = 1;
        for (uint32_t k = 0; k < p->weights[i].rank; k++) count *= p->weights[i].shape[k]; /* the builder checked it */
        const nn_op *op = &p->ops[p->weights[i].op];
        if (i == op->weight && nn_is_int8(p, op, weights, backend))
            *n_bytes += count;
        else
            *n_bytes += i == op->weight ? weight_bytes(p, op, backend, count) : count * sizeof(float);
    }
    return status;
}
