/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ops that are one oneDNN primitive. */
#include "nn/nn_onednn.h"

/* ---- attributes --------------------------------------------------------------------- */

dnnl_alg_kind_t nn_dnn_eltwise_of(const nn_op *op, float *alpha, float *beta) {
    *alpha = *beta = 0;
    if (op->kind == NN_OP_SCALE) {
        *alpha = op->u.scale.multiply;
        *beta = op->u.scale.add;
        return dnnl_eltwise_linear;
    }
    switch (op->u.act) {
    case NN_RELU:
        return dnnl_eltwise_relu;
    case NN_SILU:
        *alpha = 1;
        return dnnl_eltwise_swish;
    case NN_GELU:
        return dnnl_eltwise_gelu_erf;
    case NN_QUICK_GELU:
        *alpha = 1.702f;
        return dnnl_eltwise_swish;
    case NN_TANH:
        return dnnl_eltwise_tanh;
    }
    return dnnl_alg_kind_undef;
}

/* Our scratchpad, and what is fused into the op; destroyed by the caller. */
static pith_status make_attr(nn_dnn_binder *b, dnnl_primitive_attr_t *attr) {
    pith_status status = PITH_OK;
    const nn_dnn_fusion *f = &b->fusions[b->op - b->plan->ops];
    dnnl_post_ops_t post = NULL;
    NN_DNN_TRY(dnnl_primitive_attr_create(attr));
    NN_DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user));
    NN_DNN_TRY(dnnl_post_ops_create(&post));
    if (f->other != NN_NO_VALUE) NN_DNN_TRY(dnnl_post_ops_append_sum(post, 1));
    if (f->act != NN_NO_VALUE) {
        float alpha, beta;
        const dnnl_alg_kind_t kind = nn_dnn_eltwise_of(&b->plan->ops[f->act], &alpha, &beta);
        NN_DNN_TRY(dnnl_post_ops_append_eltwise(post, 1, kind, alpha, beta));
    }
    NN_DNN_TRY(dnnl_primitive_attr_set_post_ops(*attr, post));
cleanup:
    if (post) dnnl_post_ops_destroy(post);
    return status;
}

/* The primitive descriptor of an op descriptor; *pd is destroyed by the caller. */
static pith_status make_pd(nn_dnn_binder *b, const_dnnl_op_desc_t desc, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    dnnl_primitive_attr_t attr = NULL;
    PITH_TRY(make_attr(b, &attr));
    NN_DNN_TRY(dnnl_primitive_desc_create(pd, desc, attr, b->backend->engine, NULL));
cleanup:
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

/* Where the group writes: over the value it is added to, or to a fresh span. */
static pith_status place_output(nn_dnn_binder *b, const dnnl_memory_desc_t *md, nn_dnn_value *out) {
    const int32_t other = b->fusions[b->op - b->plan->ops].other;
    /* Not over its own input, which is still being read. */
    if (other != NN_NO_VALUE) return nn_dnn_take(b, other, md, other != b->op->in[0], out);
    out->md = *md;
    return nn_dnn_new_span(b, dnnl_memory_desc_get_size(md), &out->span);
}

/* ---- convolution --------------------------------------------------------------------- */

static pith_status conv_pd(nn_dnn_binder *b, dnnl_memory_desc_t *in_file, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    const nn_shape s = b->plan->ops[b->op->in[0]].shape, t = b->op->shape;
    const nn_conv_geometry g = nn_conv_geometry_of(b->op->u.conv);
    const dnnl_dims_t from = {s.n, s.c, s.h, s.w}, to = {t.n, t.c, t.h, t.w}, bias = {t.c};
    const dnnl_dims_t kernel = {t.c, s.c, g.kernel, g.kernel};
    const dnnl_dims_t strides = {g.stride, g.stride}, before = {g.pad_before, g.pad_before};
    const dnnl_dims_t after = {g.pad_after, g.pad_after};
    dnnl_memory_desc_t from_md, to_md, kernel_md, bias_md;
    dnnl_convolution_desc_t desc;
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&from_md, 4, from, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&to_md, 4, to, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&kernel_md, 4, kernel, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(in_file, 4, kernel, dnnl_f32, dnnl_oihw));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&bias_md, 1, bias, dnnl_f32, dnnl_a));
    NN_DNN_TRY(dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, &from_md,
                                                  &kernel_md, b->op->bias == NN_NO_WEIGHT ? NULL : &bias_md, &to_md,
                                                  strides, before, after));
    PITH_TRY(make_pd(b, &desc, pd));
cleanup:
    return status;
}

pith_status nn_dnn_bind_conv(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const bool has_bias = b->op->bias != NN_NO_WEIGHT;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t in_file;
    nn_dnn_value in, out;
    nn_dnn_arg weight = {.id = DNNL_ARG_WEIGHTS, .span = NN_NO_SPAN};
    nn_dnn_arg bias = {.id = DNNL_ARG_BIAS, .span = NN_NO_SPAN};
    PITH_TRY(conv_pd(b, &in_file, &pd));
    weight.md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    bias.md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1);
    PITH_TRY(nn_dnn_get_weight(b, b->op->weight, &in_file, weight.md, &weight.data));
    if (has_bias) PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &bias.data));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0), &in));
    PITH_TRY(place_output(b, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0), &out));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_SRC, .md = &in.md, .span = in.span},
                               {.id = DNNL_ARG_DST, .md = &out.md, .span = out.span},
                               weight,
                               bias};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, has_bias ? 4 : 3));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

/* ---- linear --------------------------------------------------------------------------- */

/* The matrix product [rows, W] x [W, out]; the file's weights are [out, W]. */
static pith_status linear_pd(nn_dnn_binder *b, int64_t rows, dnnl_memory_desc_t *in_file, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    const int64_t width = b->plan->ops[b->op->in[0]].shape.w, n_out = b->op->shape.w;
    const dnnl_dims_t kernel = {width, n_out};
    const dnnl_memory_desc_t from = nn_dnn_matrix(rows, width), to = nn_dnn_matrix(rows, n_out);
    const dnnl_memory_desc_t bias = nn_dnn_matrix(1, n_out);
    dnnl_memory_desc_t kernel_md;
    dnnl_matmul_desc_t desc;
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&kernel_md, 2, kernel, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(in_file, 2, kernel, dnnl_f32, dnnl_ba));
    NN_DNN_TRY(dnnl_matmul_desc_init(&desc, &from, &kernel_md, b->op->bias == NN_NO_WEIGHT ? NULL : &bias, &to));
    PITH_TRY(make_pd(b, &desc, pd));
cleanup:
    return status;
}

pith_status nn_dnn_bind_linear(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->plan->ops[b->op->in[0]].shape, t = b->op->shape;
    const int64_t rows = s.n * s.c * s.h;
    const dnnl_memory_desc_t from = nn_dnn_matrix(rows, s.w), to = nn_dnn_matrix(rows, t.w);
    const dnnl_memory_desc_t bias_md = nn_dnn_matrix(1, t.w), in_md = nn_dnn_layout(s, 1), out_md = nn_dnn_layout(t, 1);
    const bool has_bias = b->op->bias != NN_NO_WEIGHT;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t in_file;
    nn_dnn_value in, out;
    nn_dnn_arg weight = {.id = DNNL_ARG_WEIGHTS, .span = NN_NO_SPAN};
    nn_dnn_arg bias = {.id = DNNL_ARG_BIAS, .md = &bias_md, .span = NN_NO_SPAN};
    PITH_TRY(linear_pd(b, rows, &in_file, &pd));
    weight.md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    PITH_TRY(nn_dnn_get_weight(b, b->op->weight, &in_file, weight.md, &weight.data));
    if (has_bias) PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &bias.data));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &in_md, &in));
    PITH_TRY(place_output(b, &out_md, &out));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_SRC, .md = &from, .span = in.span},
                               {.id = DNNL_ARG_DST, .md = &to, .span = out.span},
                               weight,
                               bias};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, has_bias ? 4 : 3));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

/* ---- element by element ----------------------------------------------------------------- */

pith_status nn_dnn_bind_eltwise(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_eltwise_desc_t desc;
    const nn_dnn_value in = b->values[b->op->in[0]];
    nn_dnn_value out = in;
    float alpha, beta;
    const dnnl_alg_kind_t kind = nn_dnn_eltwise_of(b->op, &alpha, &beta);
    if (!nn_dnn_dies(b, b->op->in[0])) PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&in.md), &out.span));
    NN_DNN_TRY(dnnl_eltwise_forward_desc_init(&desc, dnnl_forward_inference, kind, &in.md, alpha, beta));
    PITH_TRY(make_pd(b, &desc, &pd));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_SRC, .md = &in.md, .span = in.span},
                               {.id = DNNL_ARG_DST, .md = &out.md, .span = out.span}};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 2));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

pith_status nn_dnn_bind_binary(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const dnnl_alg_kind_t kind = b->op->kind == NN_OP_ADD ? dnnl_binary_add : dnnl_binary_mul;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_binary_desc_t desc;
    const nn_dnn_value first = b->values[b->op->in[0]];
    nn_dnn_value second, out = first;
    PITH_TRY(nn_dnn_want(b, b->op->in[1], &first.md, &second));
    if (!nn_dnn_dies(b, b->op->in[0])) PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&first.md), &out.span));
    NN_DNN_TRY(dnnl_binary_desc_init(&desc, kind, &first.md, &second.md, &out.md));
    PITH_TRY(make_pd(b, &desc, &pd));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_SRC_0, .md = &first.md, .span = first.span},
                               {.id = DNNL_ARG_SRC_1, .md = &second.md, .span = second.span},
                               {.id = DNNL_ARG_DST, .md = &out.md, .span = out.span}};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 3));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

pith_status nn_dnn_bind_layer_norm(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_shape s = b->op->shape;
    const dnnl_memory_desc_t plain = nn_dnn_layout(s, 1), rows = nn_dnn_matrix(s.n * s.c * s.h, s.w);
    const dnnl_dims_t dims = {s.w};
    dnnl_memory_desc_t vector;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_layer_normalization_desc_t desc;
    nn_dnn_value in, out = {.md = plain};
    nn_dnn_arg scale = {.id = DNNL_ARG_SCALE, .md = &vector, .span = NN_NO_SPAN};
    nn_dnn_arg shift = {.id = DNNL_ARG_SHIFT, .md = &vector, .span = NN_NO_SPAN};
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&vector, 1, dims, dnnl_f32, dnnl_a));
    PITH_TRY(nn_dnn_get_vector(b, b->op->weight, &scale.data));
    PITH_TRY(nn_dnn_get_vector(b, b->op->bias, &shift.data));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &plain, &in));
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&plain), &out.span));
    NN_DNN_TRY(dnnl_layer_normalization_forward_desc_init(&desc, dnnl_forward_inference, &rows, NULL,
                                                          b->op->u.norm.epsilon, dnnl_use_scale | dnnl_use_shift));
    PITH_TRY(make_pd(b, &desc, &pd));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_SRC, .md = &rows, .span = in.span},
                               {.id = DNNL_ARG_DST, .md = &rows, .span = out.span},
                               scale,
                               shift};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 4));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}
