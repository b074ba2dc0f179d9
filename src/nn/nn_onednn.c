/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The oneDNN backend: its life, binding a plan op by op, running the steps. */
#include <string.h>

#include "nn/nn_onednn.h"

/* ---- faults ----------------------------------------------------------------------- */

static const char *status_text(dnnl_status_t said) {
    switch (said) {
    case dnnl_success:
        return "success";
    case dnnl_out_of_memory:
        return "out of memory";
    case dnnl_invalid_arguments:
        return "invalid arguments";
    case dnnl_unimplemented:
        return "unimplemented";
    case dnnl_iterator_ends:
        return "no implementation left";
    case dnnl_runtime_error:
        return "runtime error";
    case dnnl_not_required:
        return "not required";
    }
    return "unknown status";
}

pith_status nn_dnn_fault(pith_diag *diag, const nn_plan *plan, const nn_op *op, dnnl_status_t said, const char *call) {
    char in[NN_SHAPE_TEXT_BYTES] = "", out[NN_SHAPE_TEXT_BYTES] = "";
    const pith_status status = said == dnnl_out_of_memory ? PITH_E_NOMEM : PITH_E_BACKEND;
    if (!op) return diag_set(diag, status, "oneDNN: %s: %.60s", status_text(said), call);
    nn_shape_text(out, op->shape);
    if (op->n_in) nn_shape_text(in, plan->ops[op->in[0]].shape);
    return diag_set(diag, status, "oneDNN: %s %.80s %s -> %s: %s: %.60s", nn_op_name(op), op->key ? op->key : "", in,
                    out, status_text(said), call);
}

/* ---- the backend -------------------------------------------------------------------- */

/* The channel block of what a usual convolution writes here. */
static dnnl_status_t find_block(nn_dnn_backend *be) {
    const dnnl_dims_t picture = {1, 64, 32, 32}, kernel = {64, 64, 3, 3}, ones = {1, 1};
    dnnl_memory_desc_t data, weights;
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t said = dnnl_memory_desc_init_by_tag(&data, 4, picture, dnnl_f32, dnnl_format_tag_any);
    if (said == dnnl_success) said = dnnl_memory_desc_init_by_tag(&weights, 4, kernel, dnnl_f32, dnnl_format_tag_any);
    if (said == dnnl_success)
        said = dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, dnnl_convolution_direct, &data,
                                                  &weights, NULL, &data, ones, ones, ones);
    if (said == dnnl_success) said = dnnl_primitive_desc_create(&pd, &desc, NULL, be->engine, NULL);
    if (said != dnnl_success) return said;
    const dnnl_memory_desc_t *written = dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    be->block = ALL_CHANNELS; /* also where it is something else: any choice is right, if not as fast */
    for (int64_t block = 8; block <= 16; block *= 2) {
        dnnl_memory_desc_t md = nn_dnn_layout((nn_shape){1, 64, 32, 32}, block);
        if (dnnl_memory_desc_equal(written, &md)) be->block = block;
    }
    return dnnl_primitive_desc_destroy(pd);
}

static void dnn_close(nn_backend *backend) {
    nn_dnn_backend *be = (nn_dnn_backend *)backend;
    const pith_alloc alloc = backend->alloc;
    nn_dnn_trim_weights(be); /* all: no net outlives its backend */
    mem_free(&alloc, be->cached);
    nn_dnn_bystanders_free(&be->bystanders);
    if (be->engine) dnnl_engine_destroy(be->engine);
    if (be->has_lock) pthread_mutex_destroy(&be->lock);
    mem_free(&alloc, be);
}

static void dnn_trim(nn_backend *backend) {
    nn_dnn_backend *be = (nn_dnn_backend *)backend;
    pthread_mutex_lock(&be->lock);
    nn_dnn_trim_weights(be);
    pthread_mutex_unlock(&be->lock);
}

static pith_status dnn_open(nn_backend **out, const pith_env *env, const char *variant, pith_diag *diag) {
    if (variant) return nn_no_variant(variant, diag);
    nn_dnn_backend *be = mem_alloc(env ? &env->alloc : NULL, 1, sizeof *be);
    if (!be) return diag_set(diag, PITH_E_NOMEM, "network: out of memory");
    be->base.table = &nn_onednn_backend;
    if (env) be->base.alloc = env->alloc;
    if (env) be->base.threads = env->threads;
    /* Without VNNI oneDNN halves the weights, which makes them worse. All later sets have it. */
    be->base.keeps_int8 = dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core_vnni;
    be->has_lock = pthread_mutex_init(&be->lock, NULL) == 0;
    dnnl_status_t said = dnnl_engine_create(&be->engine, dnnl_cpu, 0);
    if (said == dnnl_success) said = find_block(be);
    if (said == dnnl_success && be->has_lock) {
        be->bystanders = nn_dnn_bystanders_new(&be->base.alloc, be->base.threads);
        *out = &be->base;
        return PITH_OK;
    }
    dnn_close(&be->base);
    return nn_dnn_fault(diag, NULL, NULL, said == dnnl_success ? dnnl_out_of_memory : said, "making the engine");
}

/* ---- binding ---------------------------------------------------------------------------- */

static void free_step(const pith_alloc *alloc, nn_dnn_step *step) {
    for (int i = 0; i < step->n_args; i++) dnnl_memory_destroy(step->args[i].memory);
    if (step->primitive) dnnl_primitive_destroy(step->primitive);
    if (step->free_state) step->free_state(alloc, step->call.state);
}

static void dnn_unbind(nn_net *base) {
    nn_dnn_net *net = (nn_dnn_net *)base;
    const pith_alloc *alloc = &base->backend->alloc;
    for (int32_t i = 0; i < net->n_steps; i++) free_step(alloc, &net->steps[i]);
    if (net->stream) dnnl_stream_destroy(net->stream);
    nn_dnn_release_weights(net);
    mem_free(alloc, net->steps);
    mem_free(alloc, net->spans);
    mem_free(alloc, net->input_spans);
    mem_free(alloc, net->output_spans);
    mem_free(alloc, net);
}

static pith_status bind_input(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    const int32_t id = b->now;
    nn_dnn_value *value = &b->values[id];
    value->md = nn_dnn_layout(b->op->shape, 1);
    PITH_TRY(nn_dnn_new_span(b, dnnl_memory_desc_get_size(&value->md), &value->span));
    b->net->spans[value->span].first = 0; /* all inputs are copied in before the first step */
    for (int32_t i = 0; i < b->plan->n_inputs; i++)
        if (b->plan->inputs[i].value == id) b->net->input_spans[i] = value->span;
cleanup:
    return status;
}

static bool is_spread(const nn_dnn_binder *b) {
    return !nn_shape_same(b->plan->ops[b->op->in[0]].shape, b->plan->ops[b->op->in[1]].shape);
}

/* Binds the group that starts with op `root`; the value made is b->now's. */
static pith_status bind_group(nn_dnn_binder *b, int32_t root) {
    b->op = &b->plan->ops[root];
    b->now = b->fusions[root].tail;
    if (nn_is_int8(b->plan, b->op, b->table, &b->backend->base)) return nn_dnn_bind_int8(b);
    switch (b->op->kind) {
    case NN_OP_INPUT:
        return bind_input(b);
    case NN_OP_CONV:
        return nn_dnn_bind_conv(b);
    case NN_OP_LINEAR:
        return nn_dnn_bind_linear(b);
    case NN_OP_GROUP_NORM:
        return nn_dnn_bind_group_norm(b);
    case NN_OP_LAYER_NORM:
        return nn_dnn_bind_layer_norm(b);
    case NN_OP_ACT:
    case NN_OP_SCALE:
        return nn_dnn_bind_eltwise(b);
    case NN_OP_ADD:
    case NN_OP_MUL:
        return is_spread(b) ? nn_dnn_bind_spread(b) : nn_dnn_bind_binary(b);
    case NN_OP_ATTENTION:
        return nn_dnn_bind_attention(b);
    case NN_OP_CONCAT:
    case NN_OP_SLICE_CHANNELS:
    case NN_OP_SLICE_FEATURES:
    case NN_OP_UPSAMPLE2:
    case NN_OP_PIXEL_UNSHUFFLE:
    case NN_OP_PIXEL_SHUFFLE:
    case NN_OP_TO_SEQUENCE:
    case NN_OP_TO_PICTURE:
        return nn_dnn_bind_move(b);
    case NN_OP_CONV_ADJOINT:
        return nn_dnn_bind_conv_adjoint(b);
    case NN_OP_RELU_ADJOINT:
        return nn_dnn_bind_relu_adjoint(b);
    case NN_OP_CALL:
        return nn_dnn_bind_call(b);
    case NN_N_OP_KINDS:
        break;
    }
    return diag_set(b->diag, PITH_E_INTERNAL, "oneDNN: no such op");
}

static pith_status bind_ops(nn_dnn_binder *b) {
    pith_status status = PITH_OK;
    nn_dnn_find_fusions(b);
    for (int32_t i = 0; i < b->plan->n_ops; i++) {
        const int32_t root = b->fusions[i].root;
        if (b->plan->ops[i].live && b->fusions[root].tail == i) PITH_TRY(bind_group(b, root));
    }
    for (int32_t i = 0; i < b->plan->n_outputs; i++) {
        const int32_t id = b->plan->outputs[i].value;
        const dnnl_memory_desc_t plain = nn_dnn_layout(b->plan->ops[id].shape, 1);
        nn_dnn_value value;
        b->op = &b->plan->ops[id];
        PITH_TRY(nn_dnn_want(b, id, &plain, &value));
        b->net->output_spans[i] = value.span;
    }
    for (int32_t i = 0; i < b->plan->n_outputs; i++) b->net->spans[b->net->output_spans[i]].last = b->net->n_steps;
cleanup:
    return status;
}

static float *span_data(const nn_dnn_net *net, int32_t span) {
    return span == NN_NO_SPAN ? NULL : (float *)(void *)(net->placed_at + net->spans[span].offset);
}

/* Tells every step where its data are. */
static pith_status place_steps(nn_dnn_net *net, pith_diag *diag) {
    net->placed_at = net->base.arena->data;
    for (int32_t i = 0; i < net->n_steps; i++) {
        nn_dnn_step *step = &net->steps[i];
        dnnl_status_t said = dnnl_success;
        for (int k = 0; k < step->n_args && said == dnnl_success; k++)
            if (step->arg_spans[k] != NN_NO_SPAN)
                said = dnnl_memory_set_data_handle(step->args[k].memory, span_data(net, step->arg_spans[k]));
        if (said != dnnl_success) return nn_dnn_fault(diag, net->base.plan, step->op, said, "placing");
        if (step->primitive) continue;
        for (int k = 0; k < NN_MAX_INPUTS; k++) step->call.in[k] = span_data(net, step->in_spans[k]);
        step->call.out = span_data(net, step->out_span);
        step->call.scratch = span_data(net, step->scratch_span);
    }
    return PITH_OK;
}

static pith_status take_arena(nn_dnn_binder *b) {
    nn_dnn_net *net = b->net;
    const pith_alloc *alloc = &b->backend->base.alloc;
    pith_status status = nn_place_spans(net->spans, (size_t)net->n_spans, &net->base.arena_bytes, alloc);
    if (status == PITH_OK) status = nn_arena_reserve(net->base.arena, net->base.arena_bytes);
    return status == PITH_OK ? place_steps(net, b->diag) : nn_dnn_no_memory(b);
}

static pith_status open_net(nn_dnn_binder *b, nn_arena *arena) {
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &b->backend->base.alloc;
    const nn_plan *p = b->plan;
    nn_dnn_net *net = b->net = mem_alloc(alloc, 1, sizeof *net);
    if (!net) return nn_dnn_no_memory(b);
    net->base.plan = p;
    net->base.backend = &b->backend->base;
    net->base.arena = arena;
    net->input_spans = mem_alloc(alloc, (size_t)p->n_inputs, sizeof *net->input_spans);
    net->output_spans = mem_alloc(alloc, (size_t)p->n_outputs, sizeof *net->output_spans);
    b->fusions = mem_alloc(alloc, (size_t)p->n_ops, sizeof *b->fusions);
    b->last_use = mem_alloc(alloc, (size_t)p->n_ops, sizeof *b->last_use);
    b->values = mem_alloc(alloc, (size_t)p->n_ops, sizeof *b->values);
    if (!net->input_spans || !net->output_spans || !b->fusions || !b->last_use || !b->values)
        return nn_dnn_no_memory(b);
    for (int32_t i = 0; i < p->n_inputs; i++) net->input_spans[i] = NN_NO_SPAN;
    NN_DNN_TRY(dnnl_stream_create(&net->stream, b->backend->engine, dnnl_stream_default_flags));
cleanup:
    return status;
}

static pith_status dnn_bind(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                            nn_arena *arena, pith_diag *diag) {
    pith_status status = PITH_OK;
    nn_dnn_binder b = {.backend = (nn_dnn_backend *)backend, .plan = plan, .table = weights, .diag = diag};
    /* Primitives are made for a number of threads: the one they will run with. */
    const int threads = nn_dnn_set_threads(backend->threads);
    PITH_TRY(open_net(&b, arena));
    PITH_TRY(bind_ops(&b));
    PITH_TRY(take_arena(&b));
cleanup:
    (void)nn_dnn_set_threads(threads);
    mem_free(&backend->alloc, b.fusions);
    mem_free(&backend->alloc, b.last_use);
    mem_free(&backend->alloc, b.values);
    mem_free(&backend->alloc, b.copies);
    mem_free_aligned(&backend->alloc, b.widened);
    if (status == PITH_OK)
        *out = &b.net->base;
    else if (b.net)
        dnn_unbind(&b.net->base);
    return status;
}

/* ---- running ------------------------------------------------------------------------------- */

static pith_status run_step(const nn_dnn_net *net, const nn_dnn_step *step, pith_diag *diag) {
    dnnl_status_t said = dnnl_success;
    if (step->primitive)
        said = dnnl_primitive_execute(step->primitive, net->stream, step->n_args, step->args);
    else if (step->op->kind == NN_OP_CALL)
        return nn_make_call(&net->base, step->call.in[0], step->call.out, diag);
    else if (step->run)
        said = step->run(&step->call, net->stream);
    else
        nn_dnn_parallel(step->n_items, step->part, &step->call);
    return said == dnnl_success ? PITH_OK : nn_dnn_fault(diag, net->base.plan, step->op, said, "running");
}

static pith_status dnn_run(nn_net *base, const float *const *inputs, float *const *outputs, pith_diag *diag) {
    nn_dnn_net *net = (nn_dnn_net *)base;
    const nn_plan *p = base->plan;
    pith_status status = PITH_OK;
    if (net->placed_at != base->arena->data) PITH_TRY(place_steps(net, diag)); /* a larger net has moved it */
    const int threads = nn_dnn_set_threads(base->backend->threads);
    for (int32_t i = 0; i < p->n_inputs; i++)
        if (net->input_spans[i] != NN_NO_SPAN)
            memcpy(span_data(net, net->input_spans[i]), inputs[i],
                   nn_shape_count(p->ops[p->inputs[i].value].shape) * sizeof(float));
    for (int32_t i = 0; i < net->n_steps && status == PITH_OK; i++) {
        status = nn_look(base, diag);
        if (status == PITH_OK) status = run_step(net, &net->steps[i], diag);
    }
    (void)dnnl_stream_wait(net->stream); /* the CPU stream is in order and done already */
    for (int32_t i = 0; i < p->n_outputs && status == PITH_OK; i++)
        memcpy(outputs[i], span_data(net, net->output_spans[i]),
               nn_shape_count(p->ops[p->outputs[i].value].shape) * sizeof(float));
    (void)nn_dnn_set_threads(threads);
cleanup:
    return status;
}

const nn_backend_table nn_onednn_backend = {.name = "onednn",
                                            .open = dnn_open,
                                            .close = dnn_close,
                                            .bind = dnn_bind,
                                            .unbind = dnn_unbind,
                                            .trim = dnn_trim,
                                            .run = dnn_run};
