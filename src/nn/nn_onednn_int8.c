/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Convolutions and linear layers whose weights stay the 8-bit integers of the
 * file. Their input is made 8-bit as it comes (dynamic quantisation, symmetric;
 * R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient
 * inference", arXiv:1806.08342, sections 2.1 and 3.1), and the sums of products
 * become floats again. Rows of a linear layer have a range each. A picture has
 * one, and its values are far from even (they come from SiLU); so what rounding
 * leaves is a second picture of 8 bits, and weights are read once for both. A
 * linear layer is a 1x1 convolution here, so that one way serves both.
 *
 * Only where there is VNNI: elsewhere 8-bit products saturate at 16 bits, and
 * oneDNN halves the weights to prevent it. */
#include <math.h>
#include <string.h>

#include "nn/nn_onednn.h"
#include "weights/quantised.h"

/* Added and taken away, rounds a float of small magnitude to an integer, which is then its lowest bits. */
#define ROUND_FLOAT 12582912.0f /* 1.5 x 2^23 */

#define FINER (2 * QUANTISED_MAX) /* a step of the first picture, in steps of the second */

/* Rows of a sequence are pictures of one position. */
static nn_shape as_pictures(const nn_op *op, nn_shape s) {
    return op->kind == NN_OP_LINEAR ? (nn_shape){s.n * s.c * s.h, s.w, 1, 1} : s;
}

/* For oneDNN, rows are the positions of one picture: channels last, it is the same memory.
 * Behind all pictures come the second ones. */
static nn_shape as_factors(const nn_op *op, nn_shape s) {
    return op->kind == NN_OP_LINEAR ? (nn_shape){1, s.w, 1, s.n * s.c * s.h} : (nn_shape){2 * s.n, s.c, s.h, s.w};
}

/* ---- kernels ----------------------------------------------------------------------- */

/* Item: a picture, in any layout. Output: its largest magnitude. */
static void find_ranges(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t count = s.c * s.h * s.w;
    for (int64_t n = first; n < end; n++) {
        const float *x = c->in[0] + n * count;
        float most[16] = {0}; /* so that the compiler can take several at once */
        for (int64_t i = 0; i < count; i++) {
            const float magnitude = fabsf(x[i]);
            most[i % 16] = magnitude > most[i % 16] ? magnitude : most[i % 16];
        }
        c->out[n] = 0;
        for (int i = 0; i < 16; i++) c->out[n] = fmaxf(c->out[n], most[i]);
    }
}

static inline float round_to(float x, int8_t *y) {
    const float shifted = x + ROUND_FLOAT;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    *y = (int8_t)(uint8_t)bits;
    return x - (shifted - ROUND_FLOAT);
}

/* Integers y, and of what they leave y2, unless it is NULL. */
static void quantise(const float *x, int8_t *y, int8_t *y2, int64_t n, float multiply) {
    if (!y2)
        for (int64_t i = 0; i < n; i++) (void)round_to(x[i] * multiply, &y[i]);
    else
        for (int64_t i = 0; i < n; i++) (void)round_to(FINER * round_to(x[i] * multiply, &y[i]), &y2[i]);
}

/* Item: a position. Inputs: floats in blocks, ranges. Output: integers, channels last. */
static void quantise_positions(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t area = s.h * s.w, block = c->in_block;
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / area, p = i % area;
        const float range = c->in[1][n], multiply = range > 0 ? QUANTISED_MAX / range : 0;
        int8_t *y = (int8_t *)(void *)c->out + i * s.c, *y2 = c->op->kind == NN_OP_LINEAR ? NULL : y + s.n * area * s.c;
        for (int64_t k = 0; k < s.c; k += block)
            quantise(c->in[0] + (n * s.c + k) * area + p * block, y + k, y2 ? y2 + k : NULL, block, multiply);
    }
}

/* y = x scaled, and x2, if there is one, at its finer step. */
static void scale_sums(const int32_t *x, const int32_t *x2, float *y, int64_t n, float range, const float *scales) {
    if (!x2)
        for (int64_t i = 0; i < n; i++) y[i] = (float)x[i] * (range * scales[i]);
    else
        for (int64_t i = 0; i < n; i++) y[i] = ((float)x[i] + (float)x2[i] * (1.0f / FINER)) * (range * scales[i]);
}

/* Item: a position. Inputs: sums of products, channels last; ranges. Output: floats in blocks. */
static void scale_positions(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const nn_shape s = c->in_shape[0];
    const int64_t area = s.h * s.w, block = c->out_block;
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / area, p = i % area;
        const float range = c->in[1][n] / QUANTISED_MAX;
        const int32_t *x = (const int32_t *)(const void *)c->in[0] + i * s.c,
                      *x2 = c->op->kind == NN_OP_LINEAR ? NULL : x + s.n * area * s.c;
        for (int64_t k = 0; k < s.c; k += block) {
            float *y = c->out + (n * s.c + k) * area + p * block;
            scale_sums(x + k, x2 ? x2 + k : NULL, y, block, range, c->weight + k);
            for (int64_t l = 0; c->bias && l < block; l++) y[l] += c->bias[k + l];
        }
    }
}

/* ---- binding ----------------------------------------------------------------------- */

static dnnl_memory_desc_t channels_last(nn_shape s, dnnl_data_type_t type) {
    dnnl_memory_desc_t md;
    const dnnl_dims_t dims = {s.n, s.c, s.h, s.w};
    /* Cannot fail, as in nn_dnn_layout. */
    if (dnnl_memory_desc_init_by_tag(&md, 4, dims, type, dnnl_nhwc) != dnnl_success) memset(&md, 0, sizeof md);
    return md;
}

/* What oneDNN 2.6.3 likes best where there is VNNI; its sums are far off for 1920 channels and rows of 32 positions. */
#define WRONG_KERNEL "brgconv:"

/* The first kernel that can be trusted; *pd is destroyed by the caller. */
static pith_status choose_kernel(nn_dnn_binder *b, const dnnl_convolution_desc_t *desc, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    const char *name = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_iterator_t kernels = NULL;
    NN_DNN_TRY(dnnl_primitive_attr_create(&attr));
    NN_DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    NN_DNN_TRY(dnnl_primitive_desc_iterator_create(&kernels, desc, attr, b->backend->engine, NULL));
    while (!*pd) {
        *pd = dnnl_primitive_desc_iterator_fetch(kernels);
        NN_DNN_TRY(*pd ? dnnl_success : dnnl_out_of_memory);
        NN_DNN_TRY(dnnl_primitive_desc_query(*pd, dnnl_query_impl_info_str, 0, (void *)&name));
        if (strncmp(name, WRONG_KERNEL, strlen(WRONG_KERNEL)) != 0) break;
        dnnl_primitive_desc_destroy(*pd);
        *pd = NULL;
        NN_DNN_TRY(dnnl_primitive_desc_iterator_next(kernels));
    }
cleanup:
    if (kernels) dnnl_primitive_desc_iterator_destroy(kernels);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

static pith_status product_pd(nn_dnn_binder *b, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
                              dnnl_memory_desc_t *in_file, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    const nn_conv_geometry g = nn_conv_geometry_of(b->op->kind == NN_OP_LINEAR ? NN_CONV1 : b->op->u.conv);
    const dnnl_dims_t kernel = {to->dims[1], from->dims[1], g.kernel, g.kernel};
    const dnnl_dims_t strides = {g.stride, g.stride}, before = {g.pad_before, g.pad_before};
    const dnnl_dims_t after = {g.pad_after, g.pad_after};
    dnnl_memory_desc_t kernel_md;
    dnnl_convolution_desc_t desc;
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&kernel_md, 4, kernel, dnnl_s8, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(in_file, 4, kernel, dnnl_s8, dnnl_oihw));
    NN_DNN_TRY(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, from,
                                                  &kernel_md, NULL, to, strides, before, after));
    PITH_TRY(choose_kernel(b, &desc, pd));
cleanup:
    return status;
}

/* From integers in one span to sums of products in another, both channels last. */
static pith_status add_product(nn_dnn_binder *b, int32_t integers, int32_t sums) {
    pith_status status = PITH_OK;
    const dnnl_memory_desc_t from = channels_last(as_factors(b->op, b->plan->ops[b->op->in[0]].shape), dnnl_s8);
    const dnnl_memory_desc_t to = channels_last(as_factors(b->op, b->op->shape), dnnl_s32);
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t in_file;
    nn_dnn_arg weight = {.id = DNNL_ARG_WEIGHTS, .span = NN_NO_SPAN};
    PITH_TRY(product_pd(b, &from, &to, &in_file, &pd));
    weight.md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    PITH_TRY(nn_dnn_get_weight(b, b->op->weight, &in_file, weight.md, &weight.data));
    const nn_dnn_arg args[] = {
        {.id = DNNL_ARG_SRC, .md = &from, .span = integers}, {.id = DNNL_ARG_DST, .md = &to, .span = sums}, weight};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 3));
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

/* Appends a kernel over pictures of shape `s`. */
static pith_status add_kernel(nn_dnn_binder *b, nn_dnn_step *step, nn_dnn_part *part, nn_shape s, int64_t n_items) {
    step->part = part;
    step->n_items = n_items;
    step->call.in_shape[0] = s;
    return nn_dnn_add_kernel(b, step);
}

pith_status nn_dnn_bind_int8(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const bool is_linear = b->op->kind == NN_OP_LINEAR;
    const nn_shape in_shape = b->plan->ops[b->op->in[0]].shape;
    const nn_shape from = as_pictures(b->op, in_shape), to = as_pictures(b->op, b->op->shape);
    const int64_t in_block = is_linear ? from.c : nn_dnn_block_for(b, from.c);
    const int64_t out_block = is_linear ? to.c : nn_dnn_block_for(b, to.c);
    const dnnl_memory_desc_t in_md = nn_dnn_layout(in_shape, is_linear ? 1 : in_block);
    nn_dnn_value in, out = {.md = nn_dnn_layout(b->op->shape, is_linear ? 1 : out_block)};
    int32_t ranges, integers, sums;
    nn_dnn_step to_ranges = nn_dnn_step_of(b->op), to_integers = to_ranges, to_floats = to_ranges;
    PITH_TRY(nn_dnn_get_scales(b, b->op->weight, &to_floats.call.weight));
    if (b->op->bias != NN_NO_WEIGHT) PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &to_floats.call.bias));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &in_md, &in));
    PITH_TRY(nn_dnn_new_span(b, (size_t)from.n * sizeof(float), &ranges));
    PITH_TRY(nn_dnn_new_span(b, nn_shape_count(as_factors(b->op, in_shape)), &integers));
    to_ranges.in_spans[0] = to_integers.in_spans[0] = in.span;
    to_ranges.out_span = to_integers.in_spans[1] = to_floats.in_spans[1] = ranges;
    to_integers.out_span = integers;
    to_integers.call.in_block = in_block;
    PITH_TRY(add_kernel(b, &to_ranges, find_ranges, from, from.n));
    PITH_TRY(add_kernel(b, &to_integers, quantise_positions, from, from.n * from.h * from.w));
    PITH_TRY(nn_dnn_new_span(b, nn_shape_count(as_factors(b->op, b->op->shape)) * sizeof(int32_t), &sums));
    PITH_TRY(add_product(b, integers, sums));
    PITH_TRY(nn_dnn_new_span(b, nn_shape_count(to) * sizeof(float), &out.span));
    to_floats.in_spans[0] = sums;
    to_floats.out_span = out.span;
    to_floats.call.out_block = out_block;
    PITH_TRY(add_kernel(b, &to_floats, scale_positions, to, to.n * to.h * to.w));
    b->values[b->now] = out;
cleanup:
    return status;
}
