/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What is made together. It changes no bit: the same additions are done in the same order. */
#include "nn/nn_squares.h"
#include "nn/nn_vec.h"

static bool is_relu(const nn_op *op) { return op->kind == NN_OP_ACT && op->u.act == NN_RELU; }

/* Ends with the kernel `product` or squares, which add and take the positive part as they store. */
static bool can_add(const nn_plan *p, const nn_op *op) {
    if (op->kind == NN_OP_LINEAR) return nn_vec_has(p, op);
    return (op->kind == NN_OP_CONV || op->kind == NN_OP_CONV_ADJOINT) && nn_vec_is_deep(op->shape);
}

bool nn_vec_has(const nn_plan *p, const nn_op *op) {
    switch (op->kind) {
    case NN_OP_LINEAR:
        return !nn_vec_is_deep(op->shape) && op->shape.w % NN_VEC_PANEL == 0;
    case NN_OP_LAYER_NORM:
    case NN_OP_SLICE_FEATURES:
    case NN_OP_ATTENTION:
        return !nn_vec_is_deep(op->shape);
    case NN_OP_GROUP_NORM:
        return nn_vec_is_deep(op->shape);
    case NN_OP_ADD:
    case NN_OP_MUL:
        return nn_vec_is_deep(op->shape) || nn_shape_same(p->ops[op->in[0]].shape, p->ops[op->in[1]].shape);
    case NN_OP_INPUT:
    case NN_OP_CONV:
    case NN_OP_CONV_ADJOINT:
    case NN_OP_ACT:
    case NN_OP_SCALE:
    case NN_OP_RELU_ADJOINT:
    case NN_OP_CONCAT:
    case NN_OP_SLICE_CHANNELS:
    case NN_OP_UPSAMPLE2:
    case NN_OP_PIXEL_SHUFFLE:
    case NN_OP_PIXEL_UNSHUFFLE:
    case NN_OP_TO_SEQUENCE:
    case NN_OP_TO_PICTURE:
        return true;
    default:
        return false;
    }
}

/* The one op that reads a value, or NN_NO_VALUE. */
static int32_t only_reader(const nn_plan *p, int32_t id) {
    if (p->ops[id].n_reads != 1 || p->ops[id].last_use >= p->n_ops) return NN_NO_VALUE;
    return p->ops[id].last_use;
}

/* The op `to` makes what `from` made, and the latter is run no longer. */
static void hand_on(nn_vec_step *steps, int32_t from, int32_t to) {
    steps[to] = steps[from];
    steps[from].root = NN_NO_VALUE;
}

static bool adds_equals(const nn_plan *p, const nn_op *op) {
    return op->kind == NN_OP_ADD && nn_shape_same(p->ops[op->in[0]].shape, p->ops[op->in[1]].shape);
}

/* Takes an addition and a relu into the op whose value only they read. */
static void fuse_after(const nn_plan *p, nn_vec_step *steps, int32_t id) {
    int32_t reader = only_reader(p, id);
    if (reader != NN_NO_VALUE && steps[reader].root == reader && adds_equals(p, &p->ops[reader])) {
        const nn_op *add = &p->ops[reader];
        hand_on(steps, id, reader);
        steps[reader].added = add->in[add->in[0] == id];
        id = reader;
        reader = only_reader(p, id);
    }
    if (reader == NN_NO_VALUE || !is_relu(&p->ops[reader])) return;
    hand_on(steps, id, reader);
    steps[reader].relu_after = true;
}

static void fuse_activation(const nn_plan *p, nn_vec_step *steps, int32_t id) {
    const int32_t reader = only_reader(p, id);
    if (reader != NN_NO_VALUE && p->ops[reader].kind == NN_OP_ACT) hand_on(steps, id, reader);
}

/* A relu that only convolutions by squares read is made as they read. */
static void fuse_before(const nn_plan *p, nn_vec_step *steps, int32_t id) {
    int32_t n_readers = 0;
    for (int32_t i = id + 1; i < p->n_ops; i++)
        if (p->ops[i].live && p->ops[i].n_in == 1 && p->ops[i].in[0] == id && p->ops[i].kind == NN_OP_CONV &&
            nn_uses_squares(p, &p->ops[i]))
            n_readers++;
    if (n_readers != p->ops[id].n_reads) return;
    for (int32_t i = id + 1; i < p->n_ops; i++) {
        if (steps[i].root == NN_NO_VALUE || !p->ops[i].live || steps[i].in[0] != id) continue;
        steps[i].in[0] = p->ops[id].in[0];
        steps[i].relu_before = true;
    }
    steps[id].root = NN_NO_VALUE;
}

void nn_vec_fuse(nn_vec_net *net) {
    const nn_plan *p = net->base.plan;
    for (int32_t i = 0; i < p->n_ops; i++) {
        net->steps[i] = (nn_vec_step){.root = p->ops[i].live ? i : NN_NO_VALUE, .added = NN_NO_VALUE};
        for (int32_t k = 0; k < p->ops[i].n_in; k++) net->steps[i].in[k] = p->ops[i].in[k];
    }
    for (int32_t i = 0; i < p->n_ops; i++)
        if (net->steps[i].root == i && can_add(p, &p->ops[i])) fuse_after(p, net->steps, i);
    for (int32_t i = 0; i < p->n_ops; i++)
        if (net->steps[i].root == i && p->ops[i].kind == NN_OP_GROUP_NORM && nn_vec_has(p, &p->ops[i]))
            fuse_activation(p, net->steps, i);
    for (int32_t i = 0; i < p->n_ops; i++)
        if (net->steps[i].root == i && is_relu(&p->ops[i])) fuse_before(p, net->steps, i);
}
