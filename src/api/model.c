/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_model: opens a weights file, checks it, shares it. */
#include "api/model.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "api/env.h"
#include "weights/safetensors.h"

struct pith_model {
    atomic_uint n_refs;
    pith_env env;
    tensor_table *weights;
    mini_config config;
    nn_backend *backend;
    pthread_mutex_t lock; /* guards the fingerprints */
    bool has_latent_id, has_decoder_id;
    uint8_t latent_id[PITH_FINGERPRINT_BYTES], decoder_id[PITH_FINGERPRINT_BYTES];
};

typedef pith_status plan_fn(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                            pith_diag *diag);

static plan_fn *plan_of(model_side side) { return side == MODEL_ENCODER ? mini_encoder_plan : mini_decoder_plan; }

/* Every tensor a network needs is there, in the right shape. */
static pith_status check_network(const pith_model *m, model_side side, pith_diag *diag) {
    nn_plan *plan = NULL;
    pith_status status = plan_of(side)(&plan, &m->config, &m->env, 1, 1, diag);
    if (status == PITH_OK) status = nn_plan_check(plan, m->weights, diag);
    nn_plan_free(&plan);
    return status;
}

pith_status pith_model_open(pith_model **out, const pith_env *env, const char *path, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    pith_model *m = NULL;
    if (why) diag_clear(why);
    if (!out || !path) return diag_set(why, PITH_E_ARG, "pith_model_open: an argument is NULL");
    *out = NULL;
    PITH_TRY(env_copy(&own, env, why));
    m = mem_alloc(&own.alloc, 1, sizeof *m);
    if (!m) return diag_set(why, PITH_E_NOMEM, "out of memory");
    m->env = own;
    atomic_init(&m->n_refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    PITH_TRY(safetensors_open(&m->weights, &m->env, path, why));
    if (!mini_recognise(m->weights)) {
        status = diag_set(why, PITH_E_UNSUPPORTED, "a safetensors file, but not a Pith model");
        goto cleanup;
    }
    PITH_TRY(mini_config_read(&m->config, m->weights, why));
    PITH_TRY(check_network(m, MODEL_ENCODER, why));
    PITH_TRY(check_network(m, MODEL_DECODER, why));
    PITH_TRY(nn_backend_new(&m->backend, &m->env, m->env.backend, why));
    m->env.backend = NULL; /* the caller's string may go now */
    *out = m;
    m = NULL;
cleanup:
    pith_model_free(&m);
    return status;
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
    pthread_mutex_destroy(&m->lock);
    pith_alloc alloc = m->env.alloc;
    mem_free(&alloc, m);
}

const mini_config *model_config(const pith_model *model) { return &model->config; }

static pith_status fingerprint(pith_model *m, bool *has, uint8_t *cached, const char *prefix,
                               uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    pith_status status = PITH_OK;
    pthread_mutex_lock(&m->lock);
    if (!*has) status = tensor_table_fingerprint(m->weights, prefix, cached, diag);
    *has = *has || status == PITH_OK;
    memcpy(id, cached, PITH_FINGERPRINT_BYTES);
    pthread_mutex_unlock(&m->lock);
    return status;
}

pith_status model_latent_id(pith_model *m, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    return fingerprint(m, &m->has_latent_id, m->latent_id, "enc.", id, diag);
}

pith_status pith_model_get_info(pith_model *model, pith_model_info *info) {
    pith_status status = PITH_OK;
    if (!model || !info) return PITH_E_ARG;
    *info = (pith_model_info){
        .kind = "mini",
        .n_latent = model->config.n_latent,
        .downscale = MINI_DOWNSCALE,
        .n_file_bytes = tensor_table_file_bytes(model->weights),
        .log2_step_q0 = model->config.log2_step_q0,
        .log2_step_q100 = model->config.log2_step_q100,
    };
    memcpy(info->name, model->config.name, sizeof info->name);
    for (size_t i = 0; i < tensor_table_count(model->weights); i++)
        info->n_parameters += tensor_table_at(model->weights, i)->n_elements;
    PITH_TRY(model_latent_id(model, info->latent_id, NULL));
    PITH_TRY(fingerprint(model, &model->has_decoder_id, model->decoder_id, "dec.", info->decoder_id, NULL));
cleanup:
    return status;
}

/* ---- networks bound for a size ------------------------------------------------------ */

void model_net_free(model_net *net) {
    nn_net_free(&net->net);
    nn_plan_free(&net->plan);
    *net = (model_net){0};
}

pith_status model_net_prepare(model_net *net, pith_model *model, model_side side, uint32_t h, uint32_t w,
                              pith_diag *diag) {
    pith_status status = PITH_OK;
    if (net->net && net->model == model && net->side == side && net->h == h && net->w == w) return PITH_OK;
    model_net_free(net);
    *net = (model_net){.model = model, .side = side, .h = h, .w = w};
    PITH_TRY(plan_of(side)(&net->plan, &model->config, &model->env, h, w, diag));
    PITH_TRY(nn_bind(&net->net, net->plan, model->weights, model->backend, diag));
    tensor_table_drop_pages(model->weights);
cleanup:
    if (status != PITH_OK) model_net_free(net);
    return status;
}
