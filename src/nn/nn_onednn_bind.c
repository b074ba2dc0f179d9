/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What binding an op is made of: spans, layouts, steps. */
#include <string.h>

#include "nn/nn_onednn.h"

/* Fewer channels, such as the three of a picture, stay plain: it is how they
 * come and go, and loops over a block would be too short. */
#define FEWEST_IN_BLOCKS 8

pith_status nn_dnn_no_memory(const nn_dnn_binder *b) {
    return diag_set(b->diag, PITH_E_NOMEM, "network: out of memory");
}

/* Makes room for one more element of an array that doubles. */
static pith_status grow(nn_dnn_binder *b, void **array, int32_t count, int32_t *capacity, size_t size) {
    if (count < *capacity) return PITH_OK;
    const int32_t more = *capacity ? 2 * *capacity : 64;
    void *bigger = mem_grow(&b->backend->base.alloc, *array, (size_t)count, (size_t)more, size);
    if (!bigger) return nn_dnn_no_memory(b);
    *array = bigger;
    *capacity = more;
    return PITH_OK;
}

/* ---- layouts -------------------------------------------------------------------- */

dnnl_memory_desc_t nn_dnn_layout(nn_shape s, int64_t block) {
    dnnl_memory_desc_t md;
    const dnnl_dims_t dims = {s.n, s.c, s.h, s.w};
    const dnnl_format_tag_t tag = block == 1     ? dnnl_nchw
                                  : block == s.c ? dnnl_nhwc
                                  : block == 8   ? dnnl_nChw8c
                                                 : dnnl_nChw16c;
    /* Cannot fail: the shape was checked by the builder, and the tags have four dimensions. */
    if (dnnl_memory_desc_init_by_tag(&md, 4, dims, dnnl_f32, tag) != dnnl_success) memset(&md, 0, sizeof md);
    return md;
}

dnnl_memory_desc_t nn_dnn_matrix(int64_t rows, int64_t columns) {
    dnnl_memory_desc_t md;
    const dnnl_dims_t dims = {rows, columns};
    if (dnnl_memory_desc_init_by_tag(&md, 2, dims, dnnl_f32, dnnl_ab) != dnnl_success) memset(&md, 0, sizeof md);
    return md;
}

int64_t nn_dnn_block_for(const nn_dnn_binder *b, int64_t c) {
    const int64_t block = b->backend->block == ALL_CHANNELS ? c : b->backend->block;
    return c < FEWEST_IN_BLOCKS || c % block ? 1 : block;
}

/* ---- spans and values -------------------------------------------------------------- */

pith_status nn_dnn_new_span(nn_dnn_binder *b, size_t n_bytes, int32_t *span) {
    nn_dnn_net *net = b->net;
    pith_status status = grow(b, (void **)&net->spans, net->n_spans, &net->spans_capacity, sizeof *net->spans);
    if (status != PITH_OK) return status;
    net->spans[net->n_spans] = (nn_span){.n_bytes = n_bytes, .first = net->n_steps, .last = net->n_steps};
    *span = net->n_spans++;
    return PITH_OK;
}

bool nn_dnn_dies(const nn_dnn_binder *b, int32_t id) { return b->last_use[id] <= b->now; }

static pith_status add_reorder(nn_dnn_binder *b, const nn_dnn_value *from, const nn_dnn_value *to) {
    pith_status status = PITH_OK;
    const dnnl_engine_t engine = b->backend->engine;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_primitive_attr_t attr = NULL;
    NN_DNN_TRY(dnnl_primitive_attr_create(&attr));
    NN_DNN_TRY(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    NN_DNN_TRY(dnnl_reorder_primitive_desc_create(&pd, &from->md, engine, &to->md, engine, attr));
    const nn_dnn_arg args[] = {{.id = DNNL_ARG_FROM, .md = &from->md, .span = from->span},
                               {.id = DNNL_ARG_TO, .md = &to->md, .span = to->span}};
    PITH_TRY(nn_dnn_add_primitive(b, pd, args, 2));
cleanup:
    if (pd) dnnl_primitive_desc_destroy(pd);
    if (attr) dnnl_primitive_attr_destroy(attr);
    return status;
}

/* A fresh span with the value in layout md. */
static pith_status copy_value(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, nn_dnn_value *value) {
    pith_status status = PITH_OK;
    value->md = *md;
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(md), &value->span));
    PITH_TRY(add_reorder(b, &b->values[id], value));
cleanup:
    return status;
}

pith_status nn_dnn_want(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, nn_dnn_value *value) {
    pith_status status = PITH_OK;
    *value = b->values[id];
    if (dnnl_memory_desc_equal(&value->md, md)) return PITH_OK;
    for (int32_t i = 0; i < b->n_copies; i++) {
        *value = b->copies[i].value;
        if (b->copies[i].id == id && dnnl_memory_desc_equal(&value->md, md)) return PITH_OK;
    }
    PITH_TRY(grow(b, (void **)&b->copies, b->n_copies, &b->copies_capacity, sizeof *b->copies));
    PITH_TRY(copy_value(b, id, md, value));
    b->copies[b->n_copies].id = id;
    b->copies[b->n_copies++].value = *value;
cleanup:
    return status;
}

pith_status nn_dnn_take(nn_dnn_binder *b, int32_t id, const dnnl_memory_desc_t *md, bool may_reuse,
                        nn_dnn_value *value) {
    return may_reuse && nn_dnn_dies(b, id) ? nn_dnn_want(b, id, md, value) : copy_value(b, id, md, value);
}

/* ---- steps ------------------------------------------------------------------------------ */

static void use_span(nn_dnn_net *net, int32_t span, int32_t step) {
    if (span != NN_NO_SPAN && net->spans[span].last < step) net->spans[span].last = step;
}

nn_dnn_step nn_dnn_step_of(const nn_op *op) {
    nn_dnn_step step = {.op = op, .out_span = NN_NO_SPAN, .scratch_span = NN_NO_SPAN};
    for (int i = 0; i < NN_MAX_INPUTS; i++) step.in_spans[i] = NN_NO_SPAN;
    step.call.op = op;
    return step;
}

static pith_status set_arg(nn_dnn_binder *b, nn_dnn_step *step, const nn_dnn_arg *arg) {
    pith_status status = PITH_OK;
    dnnl_memory_t memory = NULL;
    void *data = arg->data ? (void *)(uintptr_t)arg->data : DNNL_MEMORY_NONE; /* weights are only read */
    NN_DNN_TRY(dnnl_memory_create(&memory, arg->md, b->backend->engine, data));
    step->args[step->n_args] = (dnnl_exec_arg_t){arg->id, memory};
    step->arg_spans[step->n_args++] = arg->span;
    use_span(b->net, arg->span, b->net->n_steps);
cleanup:
    return status;
}

pith_status nn_dnn_add_primitive(nn_dnn_binder *b, const_dnnl_primitive_desc_t pd, const nn_dnn_arg *args, int n_args) {
    pith_status status = PITH_OK;
    nn_dnn_net *net = b->net;
    status = grow(b, (void **)&net->steps, net->n_steps, &net->steps_capacity, sizeof *net->steps);
    if (status != PITH_OK) return status;
    nn_dnn_step *step = &net->steps[net->n_steps];
    *step = nn_dnn_step_of(b->op);
    NN_DNN_TRY(dnnl_primitive_create(&step->primitive, pd));
    for (int i = 0; i < n_args; i++) PITH_TRY(set_arg(b, step, &args[i]));
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    if (scratch && dnnl_memory_desc_get_size(scratch) > 0) {
        nn_dnn_arg arg = {.id = DNNL_ARG_SCRATCHPAD, .md = scratch};
        PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(scratch), &arg.span));
        PITH_TRY(set_arg(b, step, &arg));
    }
cleanup:
    net->n_steps++; /* also when half made: unbinding then frees what there is */
    return status;
}

pith_status nn_dnn_add_kernel(nn_dnn_binder *b, const nn_dnn_step *step) {
    nn_dnn_net *net = b->net;
    pith_status status = grow(b, (void **)&net->steps, net->n_steps, &net->steps_capacity, sizeof *net->steps);
    if (status != PITH_OK) return status;
    for (int i = 0; i < NN_MAX_INPUTS; i++) use_span(net, step->in_spans[i], net->n_steps);
    use_span(net, step->out_span, net->n_steps);
    use_span(net, step->scratch_span, net->n_steps);
    net->steps[net->n_steps++] = *step;
    return PITH_OK;
}
