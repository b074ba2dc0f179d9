/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ops that only move elements: by hand, since oneDNN has few of them. Each
 * kernel's items are independent pieces of its output. */
#include <string.h>

#include "nn/nn_onednn.h"

#define CHUNK 16 /* channels moved together: a cache line */

/* Start of plane `plane` (of n * C / block + channel / block) of a picture of that area. */
static int64_t plane_at(int64_t plane, nn_shape s, int64_t block) { return plane * s.h * s.w * block; }

/* Where channel c of picture n begins: element 0 of its plane, own place in the block. */
static int64_t channel_at(int64_t n, int64_t c, nn_shape s, int64_t block) {
    return plane_at(n * (s.c / block) + c / block, s, block) + c % block;
}

/* ---- kernels ---------------------------------------------------------------------- */

/* Item: a plane of the channels copied. Serves slices and concatenation of
 * channels that are whole blocks on both sides. */
static void copy_planes(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t block = c->in_block, count = plane_at(1, s, block), n_planes = c->n_channels / block;
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / n_planes, plane = i % n_planes;
        memcpy(c->out + (n * c->op->shape.c + c->channel_to) / block * count + plane * count,
               c->in[0] + (n * s.c + c->channel_from) / block * count + plane * count, (size_t)count * sizeof(float));
    }
}

/* Item: a position. The same with the channels last. */
static void copy_last(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const int64_t from = c->in_shape[0].c, to = c->op->shape.c;
    for (int64_t i = first; i < end; i++)
        memcpy(c->out + i * to + c->channel_to, c->in[0] + i * from + c->channel_from,
               (size_t)c->n_channels * sizeof(float));
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

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Channels [channel, channel + n_channels), within one block, of one row of the
 * output; `to` is where they begin. */
static void shuffle_row(const nn_dnn_call *c, int64_t n, int64_t channel, int64_t n_channels, int64_t y, float *to) {
    const nn_shape s = c->in_shape[0];
    const int64_t r = c->op->u.r, in_block = c->in_block, block = c->out_block;
    for (int64_t j = 0; j < r; j++) {
        const float *from[CHUNK];
        for (int64_t l = 0; l < n_channels; l++)
            from[l] =
                c->in[0] + channel_at(n, ((channel + l) * r + y % r) * r + j, s, in_block) + y / r * s.w * in_block;
        for (int64_t x = 0; x < s.w; x++)
            for (int64_t l = 0; l < n_channels; l++) to[(x * r + j) * block + l] = from[l][x * in_block];
    }
}

static void unshuffle_row(const nn_dnn_call *c, int64_t n, int64_t channel, int64_t n_channels, int64_t y, float *to) {
    const nn_shape s = c->in_shape[0];
    const int64_t r = c->op->u.r, in_block = c->in_block, block = c->out_block;
    const float *from[CHUNK];
    for (int64_t l = 0; l < n_channels; l++) {
        const int64_t k = channel + l, down = k / r % r, right = k % r;
        from[l] = c->in[0] + channel_at(n, k / (r * r), s, in_block) + ((y * r + down) * s.w + right) * in_block;
    }
    for (int64_t x = 0; x < c->op->shape.w; x++)
        for (int64_t l = 0; l < n_channels; l++) to[x * block + l] = from[l][x * r * in_block];
}

/* Item: a row of a plane of the output. */
static void shuffle_rows(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape t = c->op->shape;
    const int64_t block = c->out_block, planes = t.c / block;
    const bool to_fine = c->op->kind == NN_OP_PIXEL_SHUFFLE;
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / t.h / planes, channel = i / t.h % planes * block;
        for (int64_t l = 0; l < block; l += CHUNK) {
            float *to = c->out + i * t.w * block + l;
            (to_fine ? shuffle_row : unshuffle_row)(c, n, channel + l, smaller(CHUNK, block - l), i % t.h, to);
        }
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

/* How slices and concatenations of channels are done. */
typedef struct copying {
    bool last;     /* the channels are last, on both sides */
    int64_t block; /* if not: whole blocks of this size, or planes of one channel */
} copying;

static copying choose_copying(const nn_dnn_binder *b, int64_t whole, int64_t first, int64_t rest) {
    const int64_t block = b->backend->block;
    if (block == ALL_CHANNELS) return (copying){.last = nn_dnn_block_for(b, whole) != 1, .block = 1};
    return (copying){.block = whole % block || first % block || rest % block ? 1 : block};
}

/* Copies n_channels channels of input k, from channel `from` to channel `to`. */
static pith_status add_copy(nn_dnn_binder *b, int k, copying how, int64_t from, int64_t to, int64_t n_channels,
                            const nn_dnn_value *out) {
    const nn_shape s = b->plan->ops[b->op->in[k]].shape;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    step.part = how.last ? copy_last : copy_planes;
    step.n_items = how.last ? s.n * s.h * s.w : s.n * n_channels / how.block;
    step.call.channel_from = from;
    step.call.channel_to = to;
    step.call.n_channels = n_channels;
    return add_move(b, k, how.last ? s.c : how.block, out, step);
}

static pith_status bind_slice(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const int64_t first = b->op->u.first, count = b->op->shape.c;
    const copying how = choose_copying(b, b->plan->ops[b->op->in[0]].shape.c, first, count);
    nn_dnn_value out;
    PITH_TRY(new_output(b, how.last ? count : how.block, &out));
    PITH_TRY(add_copy(b, 0, how, first, 0, count, &out));
cleanup:
    return status;
}

static pith_status bind_concat(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const int64_t whole = b->op->shape.c, c = b->plan->ops[b->op->in[0]].shape.c;
    const copying how = choose_copying(b, whole, c, whole - c);
    nn_dnn_value out;
    PITH_TRY(new_output(b, how.last ? whole : how.block, &out));
    PITH_TRY(add_copy(b, 0, how, 0, 0, c, &out));
    PITH_TRY(add_copy(b, 1, how, 0, c, whole - c, &out));
cleanup:
    return status;
}

/* A picture with its channels last is a sequence already, and the other way round. */
static pith_status bind_relabel(nn_dnn_binder *b, nn_shape s, int64_t in_block) {
    pith_status status = PITH_OK;
    const dnnl_memory_desc_t from = nn_dnn_layout(s, in_block);
    nn_dnn_value value;
    PITH_TRY(nn_dnn_take(b, b->op->in[0], &from, true, &value));
    value.md = nn_dnn_layout(b->op->shape, b->op->kind == NN_OP_TO_PICTURE ? b->op->shape.c : 1);
    b->values[b->now] = value;
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
    case NN_OP_PIXEL_UNSHUFFLE:
        step.part = shuffle_rows;
        step.n_items = t.n * t.c / out_block * t.h;
        break;
    case NN_OP_TO_SEQUENCE:
        if (in_block == s.c) return bind_relabel(b, s, s.c);
        out_block = 1;
        step.part = to_sequence;
        step.n_items = t.n * t.h;
        break;
    default: /* NN_OP_TO_PICTURE */
        if (out_block == t.c) return bind_relabel(b, s, 1);
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
