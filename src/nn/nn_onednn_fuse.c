/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Which ops are computed in the pass that writes a convolution's or a linear
 * layer's output: an activation; or the sum with another value of the same
 * shape (a residual), then perhaps an activation. The group is run where its
 * last op stands, since the other value may be made after the layer. */
#include "nn/nn_onednn.h"

static bool is_eltwise(const nn_op *op) { return op->kind == NN_OP_ACT || op->kind == NN_OP_SCALE; }

/* The only reader of a value, or NN_NO_VALUE when there are several or it is an output. */
static int32_t only_reader(const nn_plan *p, int32_t id) {
    const nn_op *op = &p->ops[id];
    return op->n_reads == 1 && op->last_use < p->n_ops ? op->last_use : NN_NO_VALUE;
}

static bool is_free(const nn_dnn_binder *b, int32_t id) { return id != NN_NO_VALUE && b->fusions[id].root == id; }

static void find_group(nn_dnn_binder *b, int32_t root) {
    const nn_plan *p = b->plan;
    nn_dnn_fusion *f = &b->fusions[root];
    int32_t next = only_reader(p, root);
    if (is_free(b, next) && p->ops[next].kind == NN_OP_ADD) {
        const nn_op *add = &p->ops[next];
        const int32_t other = add->in[0] == root ? add->in[1] : add->in[0];
        if (!nn_shape_same(p->ops[other].shape, p->ops[root].shape)) return;
        f->other = other;
        f->tail = next;
        b->fusions[next].root = root;
        next = only_reader(p, next);
    }
    if (is_free(b, next) && is_eltwise(&p->ops[next])) {
        f->act = f->tail = next;
        b->fusions[next].root = root;
    }
}

static void reads(nn_dnn_binder *b, int32_t reader, int32_t id) {
    if (id != NN_NO_VALUE && b->last_use[id] < reader) b->last_use[id] = reader;
}

void nn_dnn_find_fusions(nn_dnn_binder *b) {
    const nn_plan *p = b->plan;
    for (int32_t i = 0; i < p->n_ops; i++) {
        b->fusions[i] = (nn_dnn_fusion){.root = i, .tail = i, .other = NN_NO_VALUE, .act = NN_NO_VALUE};
        b->last_use[i] = i;
    }
    for (int32_t i = 0; i < p->n_ops; i++)
        if (p->ops[i].live && (p->ops[i].kind == NN_OP_CONV || p->ops[i].kind == NN_OP_LINEAR) &&
            !nn_is_int8(p, &p->ops[i], b->table, &b->backend->base))
            find_group(b, i);
    for (int32_t i = 0; i < p->n_ops; i++) {
        const nn_dnn_fusion *f = &b->fusions[i];
        if (!p->ops[i].live || f->root != i) continue;
        for (int32_t k = 0; k < p->ops[i].n_in; k++) reads(b, f->tail, p->ops[i].in[k]);
        reads(b, f->tail, f->other);
    }
    for (int32_t i = 0; i < p->n_outputs; i++) reads(b, p->n_ops, p->outputs[i].value);
}
