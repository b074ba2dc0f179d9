/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The builder: appends ops to a plan, infers shapes, and keeps the first
 * fault. Nothing here computes; see nn_plan_finish.c for what follows. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nn/nn_internal.h"

/* Elements of a value or weight: keeps every index of a backend (oneDNN uses
 * int in places) and every product of sizes far from overflow. */
#define MAX_ELEMENTS ((size_t)1 << 31)
#define MAX_OPS 100000

static const nn_val no_value = {NN_NO_VALUE};

nn_plan *nn_plan_new(const pith_env *env) {
    const pith_alloc *alloc = env ? &env->alloc : NULL;
    nn_plan *p = mem_alloc(alloc, 1, sizeof *p);
    if (p && alloc) p->alloc = *alloc;
    if (p) p->call = NN_NO_VALUE;
    return p;
}

void nn_plan_free(nn_plan **plan) {
    if (!plan || !*plan) return;
    nn_plan *p = *plan;
    const pith_alloc alloc = p->alloc;
    for (int32_t i = 0; i < p->n_ops; i++) mem_free(&alloc, p->ops[i].key);
    for (int32_t i = 0; i < p->n_weights; i++) mem_free(&alloc, p->weights[i].name);
    for (int32_t i = 0; i < p->n_outputs; i++) mem_free(&alloc, p->outputs[i].name);
    mem_free(&alloc, p->ops);
    mem_free(&alloc, p->weights);
    mem_free(&alloc, p->inputs);
    mem_free(&alloc, p->outputs);
    mem_free(&alloc, p);
    *plan = NULL;
}

/* ---- faults, names, growing ------------------------------------------------ */

__attribute__((format(printf, 3, 4))) static void fail(nn_plan *p, pith_status status, const char *format, ...) {
    char text[PITH_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)diag_set(&p->fault, status, "network: %s", text);
}

static void fail_memory(nn_plan *p) { fail(p, PITH_E_NOMEM, "out of memory"); }

static bool broken(const nn_plan *p) { return p->fault.status != PITH_OK; }

static char *copy_text(nn_plan *p, const char *text) {
    size_t n_bytes = strlen(text) + 1;
    char *copy = mem_alloc(&p->alloc, n_bytes, 1);
    if (copy)
        memcpy(copy, text, n_bytes);
    else
        fail_memory(p);
    return copy;
}

/* Makes room for one more element of an array that doubles. */
static bool grow(nn_plan *p, void **array, int32_t count, int32_t *capacity, size_t size) {
    if (count < *capacity) return true;
    int32_t more = *capacity ? 2 * *capacity : 32;
    void *bigger = count < MAX_OPS ? mem_grow(&p->alloc, *array, (size_t)count, (size_t)more, size) : NULL;
    if (!bigger) {
        fail_memory(p);
        return false;
    }
    *array = bigger;
    *capacity = more;
    return true;
}

/* True, and faulty, unless the shape has at least one element and not too many. */
static bool bad_shape(nn_plan *p, const char *what, const char *key, nn_shape s) {
    char text[NN_SHAPE_TEXT_BYTES];
    const int64_t dims[4] = {s.n, s.c, s.h, s.w};
    size_t count = 1;
    for (int i = 0; i < 4; i++)
        if (dims[i] < 1 || !size_mul(&count, count, (size_t)dims[i]) || count > MAX_ELEMENTS) {
            fail(p, PITH_E_ARG, "%s %s%s: %s is no usable shape", what, p->scope, key, nn_shape_text(text, s));
            return true;
        }
    return false;
}

static bool full_key(nn_plan *p, char key[NN_MAX_KEY_BYTES], const char *relative, const char *suffix) {
    int n = snprintf(key, NN_MAX_KEY_BYTES, "%s%s%s", p->scope, relative, suffix);
    if (n > 0 && n < NN_MAX_KEY_BYTES) return true;
    fail(p, PITH_E_ARG, "key %.60s%.60s is too long", p->scope, relative);
    return false;
}

void nn_enter(nn_plan *p, const char *format, ...) {
    if (broken(p)) return;
    const size_t length = strlen(p->scope), room = sizeof p->scope - length;
    const size_t max_scopes = sizeof p->scope_marks / sizeof p->scope_marks[0];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(p->scope + length, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n + 2 > room || p->n_scopes == max_scopes) {
        fail(p, PITH_E_ARG, "scope %s is too deep or too long", p->scope);
        return;
    }
    p->scope_marks[p->n_scopes++] = length;
    memcpy(p->scope + length + (size_t)n, ".", 2);
}

void nn_leave(nn_plan *p) {
    if (broken(p)) return;
    if (p->n_scopes == 0)
        fail(p, PITH_E_ARG, "nn_leave without nn_enter");
    else
        p->scope[p->scope_marks[--p->n_scopes]] = '\0';
}

/* ---- appending ---------------------------------------------------------------- */

/* True when a call must do nothing: a fault before it, or a value that is not
 * of this plan. */
static bool unusable(nn_plan *p, const char *what, nn_val x) {
    if (broken(p)) return true;
    if (p->finished)
        fail(p, PITH_E_ARG, "%s after nn_plan_finish", what);
    else if (x.id < 0 || x.id >= p->n_ops)
        fail(p, PITH_E_ARG, "%s: no such value", what);
    return broken(p);
}

nn_shape nn_shape_of(const nn_plan *p, nn_val x) {
    if (x.id < 0 || x.id >= p->n_ops) return (nn_shape){0};
    return p->ops[x.id].shape;
}

/* The op that append starts from: one input, no weights. */
static nn_op op_of(nn_op_kind kind, nn_val x, nn_shape shape) {
    return (nn_op){.kind = kind, .shape = shape, .n_in = 1, .in = {x.id}, .weight = NN_NO_WEIGHT, .bias = NN_NO_WEIGHT};
}

/* `key` is relative to the scope, or NULL for an op that has none. */
static nn_val append(nn_plan *p, nn_op op, const char *key) {
    char full[NN_MAX_KEY_BYTES];
    if (bad_shape(p, nn_op_name(&op), key ? key : "", op.shape)) return no_value;
    if (!grow(p, (void **)&p->ops, p->n_ops, &p->ops_capacity, sizeof *p->ops)) return no_value;
    if (key) {
        if (!full_key(p, full, key, "")) return no_value;
        op.key = copy_text(p, full);
        if (!op.key) return no_value;
    }
    p->ops[p->n_ops] = op;
    return (nn_val){p->n_ops++};
}

/* Adds a weight to an op just appended; its index goes to *index. */
static void need(nn_plan *p, nn_val x, int32_t *index, const char *key, const char *suffix, nn_weight w) {
    if (broken(p)) return;
    char full[NN_MAX_KEY_BYTES];
    uint64_t dims[4] = {1, 1, 1, 1};
    memcpy(dims, w.shape, w.rank * sizeof dims[0]);
    nn_shape shape = {(int64_t)dims[0], (int64_t)dims[1], (int64_t)dims[2], (int64_t)dims[3]};
    if (bad_shape(p, "weight of", key, shape) || !full_key(p, full, key, suffix)) return;
    if (!grow(p, (void **)&p->weights, p->n_weights, &p->weights_capacity, sizeof *p->weights)) return;
    w.name = copy_text(p, full);
    if (!w.name) return;
    w.op = x.id;
    *index = p->n_weights;
    p->weights[p->n_weights++] = w;
}

static void need_weight(nn_plan *p, nn_val x, const char *key, nn_weight w) {
    if (!broken(p)) need(p, x, &p->ops[x.id].weight, key, ".weight", w);
}

static void need_vector(nn_plan *p, nn_val x, int32_t *index, const char *key, const char *suffix, int64_t n) {
    need(p, x, index, key, suffix, (nn_weight){.rank = 1, .shape = {(uint64_t)n}});
}

static void need_bias(nn_plan *p, nn_val x, const char *key, int64_t n) {
    if (!broken(p)) need_vector(p, x, &p->ops[x.id].bias, key, ".bias", n);
}

static void name_value(nn_plan *p, nn_named **list, int32_t *count, char *name, nn_val x) {
    nn_named *bigger = mem_grow(&p->alloc, *list, (size_t)*count, (size_t)*count + 1, sizeof **list);
    if (!bigger) {
        fail_memory(p);
        return;
    }
    *list = bigger;
    bigger[(*count)++] = (nn_named){name, x.id};
}

static bool known_name(const nn_named *list, int32_t count, const char *name) {
    for (int32_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) return true;
    return false;
}

nn_val nn_input(nn_plan *p, const char *name, nn_shape shape) {
    if (broken(p)) return no_value;
    if (p->finished || known_name(p->inputs, p->n_inputs, name)) {
        fail(p, PITH_E_ARG, "input %s: named twice, or after nn_plan_finish", name);
        return no_value;
    }
    nn_op op = op_of(NN_OP_INPUT, no_value, shape);
    op.n_in = 0;
    nn_val x = append(p, op, NULL);
    if (broken(p)) return no_value;
    char *copy = p->ops[x.id].key = copy_text(p, name); /* names of inputs are not in the scope */
    if (copy) name_value(p, &p->inputs, &p->n_inputs, copy, x);
    return x;
}

void nn_output(nn_plan *p, const char *name, nn_val x) {
    if (unusable(p, "output", x)) return;
    if (known_name(p->outputs, p->n_outputs, name)) {
        fail(p, PITH_E_ARG, "output %s: named twice", name);
        return;
    }
    char *copy = copy_text(p, name);
    if (!copy) return;
    name_value(p, &p->outputs, &p->n_outputs, copy, x);
    if (broken(p)) mem_free(&p->alloc, copy);
}

/* ---- layers with weights -------------------------------------------------------- */

nn_conv_geometry nn_conv_geometry_of(nn_conv_kind kind) {
    switch (kind) {
    case NN_CONV1:
        return (nn_conv_geometry){1, 1, 0, 0};
    case NN_CONV3:
        return (nn_conv_geometry){3, 1, 1, 1};
    case NN_CONV3_STRIDE2:
        return (nn_conv_geometry){3, 2, 1, 1};
    case NN_CONV3_STRIDE2_PAD_RB:
        return (nn_conv_geometry){3, 2, 0, 1};
    }
    return (nn_conv_geometry){1, 1, 0, 0};
}

/* 0 when the kernel does not fit. */
static int64_t conv_size(nn_conv_geometry g, int64_t size) {
    int64_t padded = size + g.pad_before + g.pad_after;
    return padded < g.kernel ? 0 : (padded - g.kernel) / g.stride + 1;
}

nn_val nn_conv_no_bias(nn_plan *p, nn_val x, const char *key, nn_conv_kind kind, int64_t c_out) {
    if (unusable(p, "conv", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    const nn_conv_geometry g = nn_conv_geometry_of(kind);
    nn_op op = op_of(NN_OP_CONV, x, (nn_shape){s.n, c_out, conv_size(g, s.h), conv_size(g, s.w)});
    op.u.conv = kind;
    nn_val y = append(p, op, key);
    const uint64_t k = (uint64_t)g.kernel;
    need_weight(p, y, key,
                (nn_weight){.rank = 4, .shape = {(uint64_t)c_out, (uint64_t)s.c, k, k}, .is_matrix = k == 1});
    return y;
}

nn_val nn_conv(nn_plan *p, nn_val x, const char *key, nn_conv_kind kind, int64_t c_out) {
    nn_val y = nn_conv_no_bias(p, x, key, kind, c_out);
    need_bias(p, y, key, c_out);
    return y;
}

nn_val nn_conv_adjoint(nn_plan *p, nn_val y, const char *key, nn_conv_kind kind, int64_t c_in) {
    if (unusable(p, "conv_adjoint", y)) return no_value;
    const nn_shape s = nn_shape_of(p, y);
    const nn_conv_geometry g = nn_conv_geometry_of(kind);
    if (kind != NN_CONV1 && kind != NN_CONV3) {
        fail(p, PITH_E_ARG, "conv_adjoint %s%s: only of conv1 and conv3", p->scope, key);
        return no_value;
    }
    nn_op op = op_of(NN_OP_CONV_ADJOINT, y, (nn_shape){s.n, c_in, s.h, s.w});
    op.u.conv = kind;
    nn_val x = append(p, op, key);
    const uint64_t k = (uint64_t)g.kernel;
    need_weight(p, x, key, (nn_weight){.rank = 4, .shape = {(uint64_t)s.c, (uint64_t)c_in, k, k}});
    return x;
}

static nn_val linear(nn_plan *p, nn_val x, const char *key, int64_t out, bool has_bias, uint32_t rank) {
    if (unusable(p, "linear", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    nn_val y = append(p, op_of(NN_OP_LINEAR, x, (nn_shape){s.n, s.c, s.h, out}), key);
    need_weight(p, y, key, (nn_weight){.rank = rank, .shape = {(uint64_t)out, (uint64_t)s.w, 1, 1}, .is_matrix = true});
    if (has_bias) need_bias(p, y, key, out);
    return y;
}

nn_val nn_linear(nn_plan *p, nn_val x, const char *key, int64_t out, bool has_bias) {
    return linear(p, x, key, out, has_bias, 2);
}

nn_val nn_linear_1x1(nn_plan *p, nn_val x, const char *key, int64_t out) { return linear(p, x, key, out, true, 4); }

static nn_val norm(nn_plan *p, nn_op op, const char *key, int64_t n) {
    if (!(op.u.norm.epsilon > 0) || !isfinite(op.u.norm.epsilon)) {
        fail(p, PITH_E_ARG, "%s %s%s: epsilon %g", nn_op_name(&op), p->scope, key, (double)op.u.norm.epsilon);
        return no_value;
    }
    nn_val y = append(p, op, key);
    need_weight(p, y, key, (nn_weight){.rank = 1, .shape = {(uint64_t)n}});
    need_bias(p, y, key, n);
    return y;
}

nn_val nn_group_norm(nn_plan *p, nn_val x, const char *key, int64_t n_groups, float epsilon) {
    if (unusable(p, "group_norm", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    if (n_groups < 1 || s.c % n_groups) {
        fail(p, PITH_E_ARG, "group_norm %s%s: %lld groups of %lld channels", p->scope, key, (long long)n_groups,
             (long long)s.c);
        return no_value;
    }
    nn_op op = op_of(NN_OP_GROUP_NORM, x, s);
    op.u.norm.n_groups = n_groups;
    op.u.norm.epsilon = epsilon;
    return norm(p, op, key, s.c);
}

nn_val nn_layer_norm(nn_plan *p, nn_val x, const char *key, float epsilon) {
    if (unusable(p, "layer_norm", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    nn_op op = op_of(NN_OP_LAYER_NORM, x, s);
    op.u.norm.epsilon = epsilon;
    return norm(p, op, key, s.w);
}

/* ---- arithmetic -------------------------------------------------------------------- */

nn_val nn_act(nn_plan *p, nn_val x, nn_activation kind) {
    if (unusable(p, "act", x)) return no_value;
    nn_op op = op_of(NN_OP_ACT, x, nn_shape_of(p, x));
    op.u.act = kind;
    return append(p, op, NULL);
}

nn_val nn_scale(nn_plan *p, nn_val x, float multiply, float add) {
    if (unusable(p, "scale", x)) return no_value;
    nn_op op = op_of(NN_OP_SCALE, x, nn_shape_of(p, x));
    op.u.scale.multiply = multiply;
    op.u.scale.add = add;
    return append(p, op, NULL);
}

static nn_val misfit(nn_plan *p, const nn_op *op, nn_shape a, nn_shape b) {
    char text_a[NN_SHAPE_TEXT_BYTES], text_b[NN_SHAPE_TEXT_BYTES];
    fail(p, PITH_E_ARG, "%s in scope \"%s\": %s and %s do not fit", nn_op_name(op), p->scope, nn_shape_text(text_a, a),
         nn_shape_text(text_b, b));
    return no_value;
}

static nn_val binary(nn_plan *p, nn_op_kind kind, nn_val a, nn_val b) {
    nn_op op = op_of(kind, a, nn_shape_of(p, a));
    if (unusable(p, nn_op_name(&op), a) || unusable(p, nn_op_name(&op), b)) return no_value;
    const nn_shape s = op.shape, t = nn_shape_of(p, b);
    const bool spread = (t.n == s.n || t.n == 1) && t.c == s.c && t.h == 1 && t.w == 1;
    if (!spread && !nn_shape_same(s, t)) return misfit(p, &op, s, t);
    op.n_in = 2;
    op.in[1] = b.id;
    return append(p, op, NULL);
}

nn_val nn_add(nn_plan *p, nn_val a, nn_val b) { return binary(p, NN_OP_ADD, a, b); }

nn_val nn_mul(nn_plan *p, nn_val a, nn_val b) { return binary(p, NN_OP_MUL, a, b); }

nn_val nn_relu_adjoint(nn_plan *p, nn_val g, nn_val y) {
    if (unusable(p, "relu_adjoint", g) || unusable(p, "relu_adjoint", y)) return no_value;
    nn_op op = op_of(NN_OP_RELU_ADJOINT, g, nn_shape_of(p, g));
    if (!nn_shape_same(op.shape, nn_shape_of(p, y))) return misfit(p, &op, op.shape, nn_shape_of(p, y));
    op.n_in = 2;
    op.in[1] = y.id;
    return append(p, op, NULL);
}

nn_val nn_call(nn_plan *p, nn_val x) {
    if (unusable(p, "call", x)) return no_value;
    if (p->call != NN_NO_VALUE) {
        fail(p, PITH_E_ARG, "call in scope \"%s\": the plan has one already", p->scope);
        return no_value;
    }
    nn_val y = append(p, op_of(NN_OP_CALL, x, nn_shape_of(p, x)), NULL);
    p->call = y.id;
    return y;
}

/* ---- moving elements ----------------------------------------------------------------- */

nn_val nn_concat(nn_plan *p, nn_val a, nn_val b) {
    if (unusable(p, "concat", a) || unusable(p, "concat", b)) return no_value;
    const nn_shape s = nn_shape_of(p, a), t = nn_shape_of(p, b);
    nn_op op = op_of(NN_OP_CONCAT, a, (nn_shape){s.n, s.c + t.c, s.h, s.w});
    if (s.n != t.n || s.h != t.h || s.w != t.w) return misfit(p, &op, s, t);
    op.n_in = 2;
    op.in[1] = b.id;
    return append(p, op, NULL);
}

static nn_val slice(nn_plan *p, nn_op op, int64_t size, int64_t first, int64_t count) {
    if (first < 0 || count < 1 || count > size || first > size - count) {
        fail(p, PITH_E_ARG, "%s in scope \"%s\": %lld from %lld of %lld", nn_op_name(&op), p->scope, (long long)count,
             (long long)first, (long long)size);
        return no_value;
    }
    op.u.first = first;
    return append(p, op, NULL);
}

nn_val nn_slice_channels(nn_plan *p, nn_val x, int64_t first, int64_t count) {
    if (unusable(p, "slice_channels", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    return slice(p, op_of(NN_OP_SLICE_CHANNELS, x, (nn_shape){s.n, count, s.h, s.w}), s.c, first, count);
}

nn_val nn_slice_features(nn_plan *p, nn_val x, int64_t first, int64_t count) {
    if (unusable(p, "slice_features", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    return slice(p, op_of(NN_OP_SLICE_FEATURES, x, (nn_shape){s.n, s.c, s.h, count}), s.w, first, count);
}

nn_val nn_upsample2(nn_plan *p, nn_val x) {
    if (unusable(p, "upsample2", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    return append(p, op_of(NN_OP_UPSAMPLE2, x, (nn_shape){s.n, s.c, 2 * s.h, 2 * s.w}), NULL);
}

/* 1 when r is no factor that a shape could be divided or multiplied by. */
static bool bad_factor(nn_plan *p, const nn_op *op, int64_t r, bool divides) {
    if (r >= 1 && r <= 4096 && divides) return false;
    char text[NN_SHAPE_TEXT_BYTES];
    fail(p, PITH_E_ARG, "%s in scope \"%s\": %s by %lld", nn_op_name(op), p->scope, nn_shape_text(text, op->shape),
         (long long)r);
    return true;
}

nn_val nn_pixel_unshuffle(nn_plan *p, nn_val x, int64_t r) {
    if (unusable(p, "pixel_unshuffle", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    nn_op op = op_of(NN_OP_PIXEL_UNSHUFFLE, x, s);
    if (bad_factor(p, &op, r, r > 0 && s.h % r == 0 && s.w % r == 0)) return no_value;
    op.shape = (nn_shape){s.n, s.c * r * r, s.h / r, s.w / r};
    op.u.r = r;
    return append(p, op, NULL);
}

nn_val nn_pixel_shuffle(nn_plan *p, nn_val x, int64_t r) {
    if (unusable(p, "pixel_shuffle", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    nn_op op = op_of(NN_OP_PIXEL_SHUFFLE, x, s);
    if (bad_factor(p, &op, r, r > 0 && r <= 4096 && s.c % (r * r) == 0)) return no_value;
    op.shape = (nn_shape){s.n, s.c / (r * r), s.h * r, s.w * r};
    op.u.r = r;
    return append(p, op, NULL);
}

nn_val nn_to_sequence(nn_plan *p, nn_val x) {
    if (unusable(p, "to_sequence", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    return append(p, op_of(NN_OP_TO_SEQUENCE, x, (nn_shape){s.n, 1, s.h * s.w, s.c}), NULL);
}

nn_val nn_to_picture(nn_plan *p, nn_val x, int64_t h, int64_t w) {
    if (unusable(p, "to_picture", x)) return no_value;
    const nn_shape s = nn_shape_of(p, x);
    nn_op op = op_of(NN_OP_TO_PICTURE, x, (nn_shape){s.n, s.w, h, w});
    if (h < 1 || w < 1 || s.c != 1 || s.h % h || s.h / h != w) return misfit(p, &op, s, op.shape);
    return append(p, op, NULL);
}

nn_val nn_attention(nn_plan *p, nn_val q, nn_val k, nn_val v, int64_t n_heads, bool causal) {
    if (unusable(p, "attention", q) || unusable(p, "attention", k) || unusable(p, "attention", v)) return no_value;
    const nn_shape s = nn_shape_of(p, q), t = nn_shape_of(p, k);
    nn_op op = op_of(NN_OP_ATTENTION, q, s);
    if (s.c != 1 || s.n != t.n || s.c != t.c || s.w != t.w || (causal && s.h != t.h)) return misfit(p, &op, s, t);
    if (!nn_shape_same(t, nn_shape_of(p, v))) return misfit(p, &op, t, nn_shape_of(p, v));
    if (n_heads < 1 || s.w % n_heads) {
        fail(p, PITH_E_ARG, "attention in scope \"%s\": %lld heads of %lld features", p->scope, (long long)n_heads,
             (long long)s.w);
        return no_value;
    }
    op.n_in = 3;
    op.in[1] = k.id;
    op.in[2] = v.id;
    op.u.attention.n_heads = n_heads;
    op.u.attention.causal = causal;
    return append(p, op, NULL);
}
