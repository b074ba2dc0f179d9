/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ops that only move elements: by hand, since oneDNN has few of them. Each
 * kernel's items are independent pieces of its output. */
#include <string.h>

#include "nn/nn_onednn.h"

#define MAX_BLOCK 16

/* Start of plane `plane` (of n * C / block + channel / block) of a picture of that area. */
static int64_t plane_at(int64_t plane, nn_shape s, int64_t block) { return plane * s.h * s.w * block; }

/* Where channel c of picture n begins: element 0 of its plane, own place in the block. */
static int64_t channel_at(int64_t n, int64_t c, nn_shape s, int64_t block) {
    return plane_at(n * (s.c / block) + c / block, s, block) + c % block;
}

/* ---- kernels ---------------------------------------------------------------------- */

/* Item: one of `n_planes` planes of one picture. Serves slices and concatenation. */
static void copy_planes(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t in_planes = s.c / c->in_block, out_planes = c->op->shape.c / c->out_block;
    const int64_t count = plane_at(1, s, c->in_block);
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / c->n_planes, plane = i % c->n_planes;
        memcpy(c->out + (n * out_planes + c->plane_to + plane) * count,
               c->in[0] + (n * in_planes + c->plane_from + plane) * count, (size_t)count * sizeof(float));
    }
}

/* Item: a row of features. */
static void slice_features(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const int64_t from = c->in_shape[0].w, count = c->op->shape.w;
    for (int64_t i = first; i < end; i++)
        memcpy(c->out + i * count, c->in[0] + i * from + c->op->u.first, (size_t)count * sizeof(float));
}

/* Item: a row of the input, which makes two of the output. */
static void upsample2(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const int64_t block = c->in_block, width = c->in_shape[0].w * block;
    for (int64_t i = first; i < end; i++) {
        const float *from = c->in[0] + i * width;
        float *to = c->out + i * 4 * width;
        for (int64_t x = 0; x < width; x += block)
            for (int64_t l = 0; l < block; l++) to[2 * x + l] = to[2 * x + block + l] = from[x + l];
        memcpy(to + 2 * width, to, (size_t)(2 * width) * sizeof(float));
    }
}

/* Item: a row of the output, of one block of channels. */
static void pixel_shuffle(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    const int64_t r = c->op->u.r, in_block = c->in_block, block = c->out_block, planes = t.c / block;
    for (int64_t i = first; i < end; i++) {
        const int64_t y = i % t.h, n = i / t.h / planes, channel = i / t.h % planes * block;
        for (int64_t j = 0; j < r; j++) {
            const float *from[MAX_BLOCK]; /* of each channel of the block */
            for (int64_t l = 0; l < block; l++)
                from[l] =
                    c->in[0] + channel_at(n, ((channel + l) * r + y % r) * r + j, s, in_block) + y / r * s.w * in_block;
            float *to = c->out + (i * t.w + j) * block;
            for (int64_t x = 0; x < s.w; x++)
                for (int64_t l = 0; l < block; l++) to[x * r * block + l] = from[l][x * in_block];
        }
    }
}

/* Item: a row of the output, of one block of channels. */
static void pixel_unshuffle(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    const int64_t r = c->op->u.r, in_block = c->in_block, block = c->out_block, planes = t.c / block;
    for (int64_t i = first; i < end; i++) {
        const int64_t y = i % t.h, n = i / t.h / planes, channel = i / t.h % planes * block;
        const float *from[MAX_BLOCK];
        for (int64_t l = 0; l < block; l++) {
            const int64_t k = channel + l, down = k / r % r, right = k % r;
            from[l] = c->in[0] + channel_at(n, k / (r * r), s, in_block) + ((y * r + down) * s.w + right) * in_block;
        }
        float *to = c->out + i * t.w * block;
        for (int64_t x = 0; x < t.w; x++)
            for (int64_t l = 0; l < block; l++) to[x * block + l] = from[l][x * r * in_block];
    }
}

/* Item: a position. */
static void to_sequence(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t block = c->in_block, planes = s.c / block, area = s.h * s.w;
    for (int64_t i = first; i < end; i++) {
        const float *from = c->in[0] + (i / area * planes * area + i % area) * block;
        float *to = c->out + i * s.c;
        for (int64_t p = 0; p < planes; p++)
            for (int64_t l = 0; l < block; l++) to[p * block + l] = from[p * area * block + l];
    }
}

/* Item: a plane of the output. */
static void to_picture(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape t = c->op->shape;
    const int64_t block = c->out_block, planes = t.c / block, area = t.h * t.w;
    for (int64_t i = first; i < end; i++) {
        const float *from = c->in[0] + i / planes * area * t.c + i % planes * block;
        float *to = c->out + plane_at(i, t, block);
        for (int64_t p = 0; p < area; p++)
            for (int64_t l = 0; l < block; l++) to[p * block + l] = from[p * t.c + l];
    }
}

/* ---- binding ---------------------------------------------------------------------------- */

/* One kernel from input k to the output `out`, which is b->now's value. */
static pith_status add_move(nn_dnn_binder *b, int k, int64_t in_block, const nn_dnn_value *out, nn_dnn_step step) {
    pith_status status = PITH_OK;
    const int32_t id = b->op->in[k];
    const nn_shape s = b->plan->ops[id].shape;
    const dnnl_memory_desc_t md = nn_dnn_layout(s, in_block);
    nn_dnn_value in;
    PITH_TRY(nn_dnn_want(b, id, &md, &in));
    step.call.in_shape[0] = s;
    step.call.in_block = in_block;
    step.in_spans[0] = in.span;
    step.out_span = out->span;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
cleanup:
    return status;
}

static pith_status new_output(nn_dnn_binder *b, int64_t block, nn_dnn_value *out) {
    out->md = nn_dnn_layout(b->op->shape, block);
    const pith_status status = nn_dnn_new_span(b, dnnl_memory_desc_get_size(&out->md), &out->span);
    b->values[b->now] = *out;
    return status;
}

static pith_status bind_slice(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->plan->ops[b->op->in[0]].shape, t = b->op->shape;
    const int64_t whole = nn_dnn_block_for(b, s.c);
    const int64_t block = t.c % whole == 0 && b->op->u.first % whole == 0 ? whole : 1;
    nn_dnn_value out;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.part = copy_planes;
    step.n_items = t.n * t.c / block;
    step.call.plane_from = b->op->u.first / block;
    step.call.n_planes = t.c / block;
    step.call.out_block = block;
    PITH_TRY(new_output(b, block, &out));
    PITH_TRY(add_move(b, 0, block, &out, step));
cleanup:
    return status;
}

static pith_status bind_concat(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape a = b->plan->ops[b->op->in[0]].shape, c = b->plan->ops[b->op->in[1]].shape;
    const int64_t whole = nn_dnn_block_for(b, a.c), block = c.c % whole == 0 ? whole : 1;
    nn_dnn_value out;
    nn_dnn_step left = nn_dnn_step_of(b->op), right = left;
    left.part = right.part = copy_planes;
    left.n_items = a.n * a.c / block;
    right.n_items = c.n * c.c / block;
    left.call.n_planes = right.call.plane_to = a.c / block;
    right.call.n_planes = c.c / block;
    left.call.out_block = right.call.out_block = block;
    PITH_TRY(new_output(b, block, &out));
    PITH_TRY(add_move(b, 0, block, &out, left));
    PITH_TRY(add_move(b, 1, block, &out, right));
cleanup:
    return status;
}

pith_status nn_dnn_bind_move(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->plan->ops[b->op->in[0]].shape, t = b->op->shape;
    int64_t in_block = nn_dnn_block_for(b, s.c), out_block = nn_dnn_block_for(b, t.c);
    nn_dnn_step step = nn_dnn_step_of(b->op);
    nn_dnn_value out;
    switch (b->op->kind) {
    case NN_OP_CONCAT:
        return bind_concat(b);
    case NN_OP_SLICE_CHANNELS:
        return bind_slice(b);
    case NN_OP_SLICE_FEATURES:
        in_block = out_block = 1; /* sequences have one channel; anything else is made plain */
        step.part = slice_features;
        step.n_items = t.n * t.c * t.h;
        break;
    case NN_OP_UPSAMPLE2:
        step.part = upsample2;
        step.n_items = s.n * s.c / in_block * s.h;
        break;
    case NN_OP_PIXEL_SHUFFLE:
        step.part = pixel_shuffle;
        step.n_items = t.n * t.c / out_block * t.h;
        break;
    case NN_OP_PIXEL_UNSHUFFLE:
        step.part = pixel_unshuffle;
        step.n_items = t.n * t.c / out_block * t.h;
        break;
    case NN_OP_TO_SEQUENCE:
        out_block = 1;
        step.part = to_sequence;
        step.n_items = t.n * t.h;
        break;
    default: /* NN_OP_TO_PICTURE */
        in_block = 1;
        step.part = to_picture;
        step.n_items = t.n * t.c / out_block;
        break;
    }
    step.call.out_block = out_block;
    PITH_TRY(new_output(b, out_block, &out));
    PITH_TRY(add_move(b, 0, in_block, &out, step));
cleanup:
    return status;
}
