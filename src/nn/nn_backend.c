/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What all backends share: choosing one by name, checking what callers pass,
 * and putting a run's data into the plan's order. */
#include <math.h>
#include <string.h>

#include "base/watch.h"
#include "nn/nn_internal.h"

static const nn_backend_table *const backends[] = {
#ifdef PITH_HAVE_ONEDNN
    &nn_onednn_backend,
#endif
    &nn_vec_backend_table,
    &nn_ref_backend,
};

#define N_BACKENDS (sizeof backends / sizeof backends[0])

const char *const *nn_backend_list(void) {
    static const char *const names[] = {
#ifdef PITH_HAVE_ONEDNN
        "onednn",
#endif
        "exact", "ref", NULL};
    return names;
}

pith_status nn_backend_new(nn_backend **out, const pith_env *env, const char *name, pith_diag *diag) {
    *out = NULL;
    if (env && env->threads < 0) return diag_set(diag, PITH_E_ARG, "%d threads", env->threads);
    for (size_t i = 0; i < N_BACKENDS; i++) {
        const size_t length = strlen(backends[i]->name);
        if (!name || strcmp(backends[i]->name, name) == 0) return backends[i]->open(out, env, NULL, diag);
        if (strncmp(backends[i]->name, name, length) == 0 && name[length] == '-')
            return backends[i]->open(out, env, name + length + 1, diag);
    }
    return diag_set(diag, PITH_E_UNSUPPORTED, "network engine \"%.40s\" is not built in", name);
}

pith_status nn_no_variant(const char *variant, pith_diag *diag) {
    return diag_set(diag, PITH_E_UNSUPPORTED, "this machine or build has no network engine \"-%.40s\"", variant);
}

void nn_backend_free(nn_backend **backend) {
    if (backend && *backend) (*backend)->table->close(*backend);
    if (backend) *backend = NULL;
}

void nn_backend_trim(nn_backend *backend) {
    if (backend->table->trim) backend->table->trim(backend);
}

const char *nn_backend_name(const nn_backend *backend) { return backend->table->name; }

/* ---- arenas -------------------------------------------------------------------- */

nn_arena *nn_arena_new(const pith_alloc *alloc) {
    nn_arena *arena = mem_alloc(alloc, 1, sizeof *arena);
    if (arena && alloc) arena->alloc = *alloc;
    return arena;
}

void nn_arena_free(nn_arena **arena) {
    if (!arena || !*arena) return;
    const pith_alloc alloc = (*arena)->alloc;
    mem_free_aligned(&alloc, (*arena)->data);
    mem_free(&alloc, *arena);
    *arena = NULL;
}

pith_status nn_arena_reserve(nn_arena *arena, size_t n_bytes) {
    if (arena->data && n_bytes <= arena->n_bytes) return PITH_OK;
    mem_free_aligned(&arena->alloc, arena->data);
    arena->data = mem_alloc_aligned(&arena->alloc, n_bytes, 1);
    arena->n_bytes = arena->data ? n_bytes : 0;
    return arena->data ? PITH_OK : PITH_E_NOMEM;
}

/* ---- nets ---------------------------------------------------------------------- */

pith_status nn_bind(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                    pith_diag *diag) {
    return nn_bind_in(out, plan, weights, backend, NULL, diag);
}

pith_status nn_bind_in(nn_net **out, const nn_plan *plan, const tensor_table *weights, nn_backend *backend,
                       nn_arena *arena, pith_diag *diag) {
    nn_net *net = NULL;
    nn_arena *own = NULL;
    *out = NULL;
    pith_status status = nn_plan_check(plan, weights, diag);
    PITH_TRY(status);
    if (!arena) arena = own = nn_arena_new(&backend->alloc);
    if (!arena) return diag_set(diag, PITH_E_NOMEM, "network: out of memory");
    PITH_TRY(backend->table->bind(&net, plan, weights, backend, arena, diag));
    net->own_arena = own;
    own = NULL;
    net->inputs = mem_alloc(&backend->alloc, (size_t)plan->n_inputs, sizeof *net->inputs);
    net->outputs = mem_alloc(&backend->alloc, (size_t)plan->n_outputs, sizeof *net->outputs);
    if (!net->inputs || !net->outputs) status = diag_set(diag, PITH_E_NOMEM, "network: out of memory");
cleanup:
    nn_arena_free(&own);
    if (status == PITH_OK)
        *out = net;
    else
        nn_net_free(&net);
    return status;
}

void nn_net_free(nn_net **net) {
    if (!net || !*net) return;
    const nn_backend *backend = (*net)->backend;
    nn_arena *own = (*net)->own_arena;
    mem_free(&backend->alloc, (*net)->inputs);
    mem_free(&backend->alloc, (*net)->outputs);
    backend->table->unbind(*net);
    nn_arena_free(&own);
    *net = NULL;
}

void nn_net_watch(nn_net *net, const watch *watch) { net->watch = watch; }

pith_status nn_look(const nn_net *net, pith_diag *diag) {
    return net->watch && watch_stops(*net->watch) ? diag_set(diag, PITH_E_ABORTED, "stopped") : PITH_OK;
}

void nn_net_call(nn_net *net, const nn_caller *caller) { net->caller = caller; }

pith_status nn_make_call(const nn_net *net, const float *in, float *out, pith_diag *diag) {
    return net->caller->call(net->caller->user, in, out, diag);
}

size_t nn_net_arena_bytes(const nn_net *net) { return net->arena_bytes; }

void nn_net_share_norms(nn_net *net, const nn_shared_norms *shared) {
    net->norms = shared ? *shared : (nn_shared_norms){0};
}

nn_window nn_part_of(const nn_part *part, nn_shape s) {
    return (nn_window){.row = part->row * s.h / part->height,
                       .end_row = (part->row + part->n_rows) * s.h / part->height,
                       .column = part->column * s.w / part->width,
                       .end_column = (part->column + part->n_columns) * s.w / part->width};
}

void nn_gather_sums(const nn_net *net, const nn_op *op, int64_t group, double sum, double square, double count) {
    nn_sums *to = &net->norms.gathered[op->u.norm.first_group + (size_t)(group % op->u.norm.n_groups)];
    to->sum += sum;
    to->square += square;
    to->count += count;
}

#define LEAST_VARIANCE 1e-12

nn_correction nn_correction_of(const nn_moments *own, const nn_moments *whole) {
    const double least = fmax(own->variance, LEAST_VARIANCE);
    return (nn_correction){(whole->mean - own->mean) / sqrt(least), fmax(whole->variance, 0) / least};
}

void nn_correct_moments(const nn_net *net, const nn_op *op, int64_t group, double *mean, double *variance) {
    const size_t at = op->u.norm.first_group + (size_t)(group % op->u.norm.n_groups);
    if (net->norms.own) net->norms.own[at] = (nn_moments){*mean, *variance};
    if (net->norms.taken) {
        *mean = net->norms.taken[at].mean;
        *variance = fmax(net->norms.taken[at].variance, 0);
    }
    if (!net->norms.corrections) return;
    const nn_correction *c = &net->norms.corrections[at];
    *variance = fmax(*variance, LEAST_VARIANCE);
    *mean += c->shift * sqrt(*variance);
    *variance *= c->scale;
}

/* The one input or output of that name, or NULL. */
#define DEFINE_FIND(function, type, pointer)                                                                           \
    static pointer function(const type *all, size_t n, const char *name) {                                             \
        pointer found = NULL;                                                                                          \
        for (size_t i = 0; i < n; i++) {                                                                               \
            if (!all[i].name || strcmp(all[i].name, name) != 0) continue;                                              \
            if (found) return NULL;                                                                                    \
            found = all[i].data;                                                                                       \
        }                                                                                                              \
        return found;                                                                                                  \
    }
DEFINE_FIND(find_given, nn_given, const float *)
DEFINE_FIND(find_binding, nn_binding, float *)

/* Weights that are finite may still be of no use, and pixels would be made of anything. */
static pith_status check_outputs(const nn_net *net, pith_diag *diag) {
    const nn_plan *p = net->plan;
    for (int32_t i = 0; i < p->n_outputs; i++)
        if (!floats_are_finite(net->outputs[i], nn_shape_count(p->ops[p->outputs[i].value].shape)))
            return diag_set(diag, PITH_E_MODEL_VALUES, "the network's output is not finite (%.60s)",
                            p->outputs[i].name);
    return PITH_OK;
}

pith_status nn_run(nn_net *net, const nn_given *inputs, size_t n_inputs, const nn_binding *outputs, size_t n_outputs,
                   pith_diag *diag) {
    const nn_plan *p = net->plan;
    if (n_inputs != (size_t)p->n_inputs || n_outputs != (size_t)p->n_outputs)
        return diag_set(diag, PITH_E_ARG, "network has %d inputs and %d outputs, given %zu and %zu", (int)p->n_inputs,
                        (int)p->n_outputs, n_inputs, n_outputs);
    if (p->call != NN_NO_VALUE && p->ops[p->call].live && !net->caller)
        return diag_set(diag, PITH_E_ARG, "network has a call, and nn_net_call gave it no caller");
    for (int32_t i = 0; i < p->n_inputs; i++) {
        net->inputs[i] = find_given(inputs, n_inputs, p->inputs[i].name);
        if (!net->inputs[i]) return diag_set(diag, PITH_E_ARG, "network input %s: not given once", p->inputs[i].name);
    }
    for (int32_t i = 0; i < p->n_outputs; i++) {
        net->outputs[i] = find_binding(outputs, n_outputs, p->outputs[i].name);
        if (!net->outputs[i])
            return diag_set(diag, PITH_E_ARG, "network output %s: not given once", p->outputs[i].name);
    }
    pith_status status = nn_look(net, diag); /* what made the inputs ready took its time as well */
    if (status == PITH_OK) status = net->backend->table->run(net, net->inputs, net->outputs, diag);
    return status == PITH_OK ? check_outputs(net, diag) : status;
}
