/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_model: opens a weights file, checks it, shares it. */
#include "base/job.h"
#include "networks/model_kind.h"

#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "container/pith_format.h"
#include "networks/model_embedded.h"
#include "networks/sd_weights.h"
#include "weights/quantised.h"

static const model_kind *const kinds[] = {&model_kind_mini, &model_kind_sd1, NULL};

/* A file, or bytes. */
typedef struct model_source {
    const char *path;
    const void *data;
    size_t n_bytes;
} model_source;

static pith_status open_weights(tensor_table **out, const pith_env *env, const model_source *from, pith_diag *why) {
    if (from->path) return sd_weights_open(out, env, from->path, why);
    return sd_weights_open_memory(out, env, from->data, from->n_bytes, why);
}

static pith_status open_model(pith_model **out, const pith_env *env, const model_source *from, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    pith_model *m = NULL;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    PITH_TRY(env_copy(&own, env, why));
    m = mem_alloc(&own.alloc, 1, sizeof *m);
    if (!m) return diag_set(why, PITH_E_NOMEM, "out of memory");
    m->env = own;
    atomic_init(&m->n_refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    PITH_TRY(open_weights(&m->weights, &m->env, from, why));
    for (size_t i = 0; kinds[i] && !m->kind; i++)
        if (kinds[i]->recognise(m->weights)) m->kind = kinds[i];
    if (!m->kind) {
        status = diag_set(why, PITH_E_UNSUPPORTED, "%s",
                          taesd_recognise(m->weights)
                              ? "is TAESD, which codes for another model (--vae) and is none by itself"
                              : "weights, but of no model that can code pictures");
        goto cleanup;
    }
    PITH_TRY(m->kind->read(m, why));
    if (quantised_is_marked(m->weights)) PITH_TRY(model_latent_id(m, id, why)); /* fails if the metadata lacks it */
    PITH_TRY(nn_backend_new(&m->backend, &m->env, m->env.backend ? m->env.backend : m->kind->engine, why));
    m->env.backend = NULL; /* the caller's string is only borrowed for the call */
    *out = m;
    m = NULL;
cleanup:
    pith_model_free(&m);
    return status;
}

pith_status pith_model_open(pith_model **out, const pith_env *env, const char *path, pith_diag *why) {
    model_source from = {.path = path};
    if (why) diag_clear(why);
    if (!out || !path) return diag_set(why, PITH_E_ARG, "pith_model_open: an argument is NULL");
    *out = NULL;
    if (strcmp(path, PITH_MODEL_BUILT_IN) == 0) {
        from.path = NULL;
        from.data = model_embedded(&from.n_bytes);
        if (!from.data) return diag_set(why, PITH_E_MODEL_MISSING, "this library was built without a model");
    }
    return open_model(out, env, &from, why);
}

pith_status pith_model_open_memory(pith_model **out, const pith_env *env, const void *data, size_t n_bytes,
                                   pith_diag *why) {
    const model_source from = {.data = data, .n_bytes = n_bytes};
    if (why) diag_clear(why);
    if (!out || !data) return diag_set(why, PITH_E_ARG, "pith_model_open_memory: an argument is NULL");
    *out = NULL;
    return open_model(out, env, &from, why);
}

pith_model *pith_model_ref(pith_model *model) {
    if (model) atomic_fetch_add(&model->n_refs, 1);
    return model;
}

void pith_model_free(pith_model **model) {
    if (!model || !*model) return;
    pith_model *m = *model;
    *model = NULL;
    if (atomic_fetch_sub(&m->n_refs, 1) > 1) return;
    nn_backend_free(&m->backend);
    tensor_table_free(&m->weights);
    pith_model_free(&m->base);
    mem_free(&m->env.alloc, m->context);
    pthread_mutex_destroy(&m->lock);
    pith_alloc alloc = m->env.alloc;
    mem_free(&alloc, m);
}

pith_model *model_own_networks(pith_model *m) { return m->base ? m->base : m; }

void model_drop_pages(const pith_model *m) {
    for (; m; m = m->base) tensor_table_drop_pages(m->weights);
}

uint64_t model_file_bytes(const pith_model *m) {
    uint64_t n_bytes = 0;
    for (; m; m = m->base) n_bytes += tensor_table_file_bytes(m->weights);
    return n_bytes;
}

const model_traits *model_traits_of(const pith_model *model) { return &model->traits; }

typedef pith_status compute_id_fn(const tensor_table *weights, const char *const *prefixes,
                                  uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag);

static pith_status fingerprint(pith_model *m, bool *has, uint8_t *cached, compute_id_fn *compute,
                               const char *const *prefixes, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    pith_status status = PITH_OK;
    pthread_mutex_lock(&m->lock);
    if (!*has) status = compute(m->weights, prefixes, cached, diag);
    *has = *has || status == PITH_OK;
    memcpy(id, cached, PITH_FINGERPRINT_BYTES);
    pthread_mutex_unlock(&m->lock);
    return status;
}

pith_status model_latent_id(pith_model *m, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    return fingerprint(m, &m->has_latent_id, m->latent_id, model_latent_id_of, m->kind->latent_prefixes, id, diag);
}

pith_status model_decoder_id(pith_model *m, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    return fingerprint(m, &m->has_decoder_id, m->decoder_id, tensor_table_fingerprint_any, m->kind->decoder_prefixes,
                       id, diag);
}

static bool is_of_pixels(const pith_model *m, const tensor *t) {
    for (const char *const *prefix = m->kind->pixel_prefixes; *prefix; prefix++)
        if (strncmp(t->name, *prefix, strlen(*prefix)) == 0) return true;
    return false;
}

pith_status model_check_decoder(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; !m->has_finite_pixels && status == PITH_OK && i < tensor_table_count(m->weights); i++) {
        const tensor *t = tensor_table_at(m->weights, i);
        if (is_of_pixels(m, t)) status = tensor_check_finite(t, diag);
    }
    m->has_finite_pixels = status == PITH_OK;
    pthread_mutex_unlock(&m->lock);
    return status;
}

pith_status pith_model_latent_id(pith_model *m, uint8_t id[PITH_FINGERPRINT_BYTES]) {
    return m && id ? model_latent_id(m, id, NULL) : PITH_E_ARG;
}

pith_status pith_model_decoder_id(pith_model *m, uint8_t id[PITH_FINGERPRINT_BYTES]) {
    return m && id ? model_decoder_id(m, id, NULL) : PITH_E_ARG;
}

pith_status model_network_memory(const pith_model *m, model_work work, const model_window *window, uint64_t *n_bytes,
                                 pith_diag *diag) {
    return m->kind->memory(m, work, window, n_bytes, diag);
}

pith_status model_preview_map(const pith_model *m, float *map, pith_diag *diag) {
    return m->kind->preview_map(m, map, diag);
}

bool model_has_defined_samples(const pith_model *m) {
    const char *own = m->kind->engine, *name = nn_backend_name(m->backend);
    return !own || strcmp(name, own) == 0 || strcmp(name, "ref") == 0;
}

bool model_can_search(const pith_model *m) { return m->kind->gradient != NULL; }

pith_status model_search_memory(const pith_model *m, uint32_t h, uint32_t w, uint64_t *n_bytes, pith_diag *diag) {
    return m->kind->search_memory(m, h, w, n_bytes, diag);
}

/* ---- sessions ------------------------------------------------------------------------ */

pith_status kind_check_plan(pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w, pith_diag *diag) {
    nn_plan *plan = NULL;
    pith_status status = make(&plan, m, h, w, diag);
    if (status == PITH_OK) status = nn_plan_check(plan, m->weights, diag);
    nn_plan_free(&plan);
    return status;
}

pith_status kind_plan_memory(const pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w, uint64_t *n_bytes,
                             uint64_t *arena_bytes, pith_diag *diag) {
    nn_plan *plan = NULL;
    pith_status status = make(&plan, m, h, w, diag);
    if (status == PITH_OK) status = nn_plan_memory(plan, m->weights, m->backend, n_bytes);
    if (status == PITH_OK && arena_bytes) status = nn_plan_arena_bytes(plan, m->backend, arena_bytes);
    nn_plan_free(&plan);
    return status == PITH_OK ? PITH_OK : diag_set(diag, status, "a network for %ux%u positions is too large", w, h);
}

void bound_net_free(bound_net *net) {
    nn_net_free(&net->net);
    nn_plan_free(&net->plan);
    *net = (bound_net){.watch = net->watch, .arena = net->arena};
}

pith_status bound_net_prepare(bound_net *net, pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w,
                              pith_diag *diag) {
    pith_status status = PITH_OK;
    if (net->net && net->make == make && net->h == h && net->w == w) return PITH_OK;
    bound_net_free(net);
    net->make = make;
    net->h = h;
    net->w = w;
    PITH_TRY(make(&net->plan, m, h, w, diag));
    PITH_TRY(nn_bind_in(&net->net, net->plan, m->weights, m->backend, net->arena, diag));
    nn_net_watch(net->net, net->watch);
    model_drop_pages(m);
cleanup:
    if (status != PITH_OK) bound_net_free(net);
    return status;
}

void model_session_work_for(model_session *s, job *job) {
    s->job = job;
    s->watch = job_watch(job);
}

pith_status model_session_new(model_session **out, pith_model *model, pith_diag *diag) {
    model_session *s = mem_alloc(&model->env.alloc, 1, sizeof *s);
    *out = s;
    if (!s) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    s->model = pith_model_ref(model);
    s->encoder.watch = s->decoder.watch = s->denoiser.watch = s->gradient.watch = &s->watch;
    s->texture.watch = &s->watch;
    s->arena = nn_arena_new(&model->env.alloc);
    for (uint32_t i = 0; i < MINI_DECODER_PARTS; i++) s->decoder_parts[i].watch = &s->watch;
    for (uint32_t i = 0; i < MINI_DECODER_PARTS; i++) s->decoder_parts[i].arena = s->arena;
    s->texture.arena = s->arena;
    if (s->arena) return PITH_OK;
    model_session_free(out);
    return diag_set(diag, PITH_E_NOMEM, "out of memory");
}

void model_session_release(model_session *s) {
    bound_net_free(&s->encoder);
    bound_net_free(&s->decoder);
    bound_net_free(&s->denoiser);
    bound_net_free(&s->gradient);
    bound_net_free(&s->texture);
    for (uint32_t i = 0; i < MINI_DECODER_PARTS; i++) bound_net_free(&s->decoder_parts[i]);
    nn_backend_trim(s->model->backend);
}

void model_session_free(model_session **session) {
    if (!session || !*session) return;
    model_session *s = *session;
    *session = NULL;
    model_session_release(s);
    nn_arena_free(&s->arena);
    pith_model *model = s->model;
    mem_free(&model->env.alloc, s);
    pith_model_free(&model);
}

void model_session_begin(model_session *s, double end) {
    s->from = s->job ? s->job->done : 0;
    s->end = end;
}

pith_status model_session_advance(model_session *s, double done, pith_diag *diag) {
    return s->job ? job_report(s->job, s->job->stage, span_at((span){s->from, s->end}, done), diag) : PITH_OK;
}

uint8_t model_recipe(const model_traits *t, uint32_t w, uint32_t h) {
    return t->max_whole_positions > 0 && (uint64_t)w * h > t->max_whole_positions ? CTR_RECIPE_WINDOWS : 0;
}

pith_model *model_session_model(const model_session *s) { return s->model; }

pith_status model_bind_encoder(model_session *s, const model_window *window, pith_diag *diag) {
    return s->model->kind->bind_encoder(s, window, diag);
}

pith_status model_bind_decoder(model_session *s, const model_window *window, pith_diag *diag) {
    return s->model->kind->bind_decoder(s, window, diag);
}

pith_status model_encode(model_session *s, const model_window *window, const float *pixels, float *latent,
                         pith_diag *diag) {
    pith_status status = model_bind_encoder(s, window, diag);
    return status == PITH_OK ? s->model->kind->encode(s, window, pixels, latent, diag) : status;
}

pith_status model_decode(model_session *s, const model_window *window, const float *latent, const model_decode_how *how,
                         float *pixels, pith_diag *diag) {
    return s->model->kind->decode(s, window, latent, how, pixels, diag);
}

pith_status model_gradient(model_session *s, uint32_t h, uint32_t w, const float *latent, float step,
                           const nn_caller *distortion, float *gradient, pith_diag *diag) {
    return s->model->kind->gradient(s, h, w, latent, step, distortion, gradient, diag);
}
