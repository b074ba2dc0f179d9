/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The way back through a network: adjoints of convolutions and of relu, and
 * the call from which it starts. */
#include "nn/nn_onednn.h"

/* ---- convolution --------------------------------------------------------------------- */

/* *pd is destroyed by the caller. */
static pith_status adjoint_pd(nn_dnn_binder *b, dnnl_memory_desc_t *in_file, dnnl_primitive_desc_t *pd) {
    pith_status status = PITH_OK;
    const nn_shape s = b->plan->ops[b->op->in[0]].shape, t = b->op->shape;
    const nn_conv_geometry g = nn_conv_geometry_of(b->op->u.conv);
    const dnnl_dims_t given = {s.n, s.c, s.h, s.w}, made = {t.n, t.c, t.h, t.w},
                      kernel = {s.c, t.c, g.kernel, g.kernel};
    const dnnl_dims_t ones = {1, 1}, pad = {g.pad_before, g.pad_before}; /* the same after */
    const dnnl_engine_t engine = b->backend->engine;
    dnnl_memory_desc_t given_md, made_md, kernel_md;
    dnnl_convolution_desc_t forward, backward;
    dnnl_primitive_desc_t forward_pd = NULL; /* oneDNN wants to see what it goes back through */
    dnnl_primitive_attr_t attr = NULL;
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&given_md, 4, given, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&made_md, 4, made, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(&kernel_md, 4, kernel, dnnl_f32, dnnl_format_tag_any));
    NN_DNN_TRY(dnnl_memory_desc_init_by_tag(in_file, 4, kernel, dnnl_f32, dnnl_oihw));
    NN_DNN_TRY(dnnl_convolution_forward_desc_init(&forward, dnnl_forward_training, dnnl_convolution_direct, &made_md,
                                                  &kernel_md, NULL, &given_md, ones, pad, pad));
    NN_DNN_TRY(dnnl_primitive_desc_create(&forward_pd, &forward, NULL, engine, NULL));
    NN_DNN_TRY(dnnl_convolution_backward_data_desc_init(&backward, dnnl_convolution_direct, &made_md, &kernel_md,
                                                        &given_md, ones, pad, pad));
    NN_DNN_TRY(dnnl_primitive_attr_create(&attr));
    NN_DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    NN_DNN_TRY(dnnl_primitive_desc_create(pd, &backward, attr, engine, forward_pd));
cleanup:
    if (attr) dnnl_primitive_attr_destroy(attr);
    if (forward_pd) dnnl_primitive_desc_destroy(forward_pd);
    return status;
}

pith_status nn_dnn_bind_conv_adjoint(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_memory_desc_t in_file;
    nn_dnn_value in, out;
    nn_dnn_arg weight = {.id = DNNL_ARG_WEIGHTS, .span = NN_NO_SPAN};
    PITH_TRY(adjoint_pd(b, &in_file, &pd));
    weight.md = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    PITH_TRY(nn_dnn_get_weight(b, b->op->weight, &in_file, weight.md, &weight.data));
    PITH_TRY(nn_dnn_want(b, b->op->in[0], dnnl_primitive_desc_query_md(pd, dnnl_query_diff_dst_md, 0), &in));
    out.md = *dnnl_primitive_desc_query_md(pd, dnnl_query_diff_src_md, 0);
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&out.md), &out.span));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_DIFF_DST, .md = &in.md, .span = in.span},
                               {.id = DNNL_ARG_DIFF_SRC, .md = &out.md, .span = out.span},
                               weight};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 3));
    b->values[b->now] = out;
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    return status;
}

/* ---- relu ------------------------------------------------------------------------------ */

#define STRETCH 4096 /* floats of an item */

/* Item: a stretch of all there is, the zeros that fill blocks of channels included. */
static void relu_adjoint(const void *call, int64_t first, int64_t end) {
    const nn_dnn_call *c = call;
    const float *g = c->in[0], *y = c->in[1];
    const int64_t to = end * STRETCH < c->n_floats ? end * STRETCH : c->n_floats;
    for (int64_t i = first * STRETCH; i < to; i++) c->out[i] = y[i] > 0 ? g[i] : 0;
}

/* In the layout of y, which a convolution made as convolutions like it; g may come plain from a call. */
pith_status nn_dnn_bind_relu_adjoint(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const nn_dnn_value y = b->values[b->op->in[1]];
    const size_t n_bytes = dnnl_memory_desc_get_size(&y.md);
    nn_dnn_value g, out;
    nn_dnn_step step = nn_dnn_step_of(b->op);
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &y.md, &g));
    out = g;
    if (!nn_dnn_dies(b, b->op->in[0])) PITH_TRY(nn_dnn_new_span(b, n_bytes, &out.span));
    step.part = relu_adjoint;
    step.call.n_floats = (int64_t)(n_bytes / sizeof(float));
    step.n_items = (step.call.n_floats + STRETCH - 1) / STRETCH;
    step.in_spans[0] = g.span;
    step.in_spans[1] = y.span;
    step.out_span = out.span;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    b->values[b->now] = out;
cleanup:
    return status;
}

/* ---- the call --------------------------------------------------------------------------- */

pith_status nn_dnn_bind_call(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    nn_dnn_value in, out = {.md = nn_dnn_layout(b->op->shape, 1)};
    nn_dnn_step step = nn_dnn_step_of(b->op);
    PITH_TRY(nn_dnn_want(b, b->op->in[0], &out.md, &in));
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&out.md), &out.span));
    step.in_spans[0] = in.span;
    step.out_span = out.span;
    PITH_TRY(nn_dnn_add_kernel(b, &step));
    b->values[b->now] = out;
cleanup:
    return status;
}
