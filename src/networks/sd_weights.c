/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Configurations give the plans; plans give the tensors. */
#include "networks/sd_weights.h"

#include <stdio.h>

#include "model/taesd.h"
#include "model/text.h"
#include "model/unet.h"
#include "model/vae.h"
#include "weights/dialects.h"
#include "weights/weights_open.h"

#define N_LATENT 4u /* the latent scale applies to these channels */

/* A table from which parts are being taken. */
typedef struct keeper {
    const tensor_table *from;
    tensor_table *to;
    const pith_env *env;
} keeper;

/* Takes ownership of the plan. */
static pith_status take(const keeper *k, nn_plan **plan, pith_diag *diag) {
    pith_status status = nn_plan_take(*plan, k->to, k->from, diag);
    nn_plan_free(plan);
    return status;
}

static pith_status check_latent(uint32_t n_latent, const char *of, pith_diag *diag) {
    if (n_latent == N_LATENT) return PITH_OK;
    return diag_set(diag, PITH_E_UNSUPPORTED, "is not Stable Diffusion 1.x: %u latent channels of %s, not %u", n_latent,
                    of, N_LATENT);
}

/* ---- parts ---------------------------------------------------------------------------- */

static pith_status keep_vae(const keeper *k, pith_diag *diag) {
    pith_status status = PITH_OK;
    vae_config c;
    nn_plan *plan = NULL;
    PITH_TRY(vae_config_read(&c, k->from, diag));
    PITH_TRY(check_latent(c.n_latent, "the autoencoder", diag));
    PITH_TRY(vae_encoder_plan(&plan, &c, k->env, 1, 1, diag));
    PITH_TRY(take(k, &plan, diag));
    PITH_TRY(vae_decoder_plan(&plan, &c, k->env, 1, 1, diag));
    PITH_TRY(take(k, &plan, diag));
cleanup:
    return status;
}

static pith_status keep_unet(const keeper *k, pith_diag *diag) {
    pith_status status = PITH_OK;
    unet_config c;
    nn_plan *plan = NULL;
    PITH_TRY(unet_config_read(&c, k->from, diag));
    PITH_TRY(check_latent(c.n_latent, "the U-Net", diag));
    PITH_TRY(unet_plan(&plan, &c, k->env, unet_granularity(&c), unet_granularity(&c), diag));
    PITH_TRY(take(k, &plan, diag));
cleanup:
    return status;
}

static pith_status keep_text(const keeper *k, pith_diag *diag) {
    pith_status status = PITH_OK;
    text_config c;
    unet_config unet;
    nn_plan *plan = NULL;
    PITH_TRY(text_config_read(&c, k->from, diag));
    PITH_TRY(text_take_embeddings(k->to, &c, k->from, diag));
    PITH_TRY(text_plan(&plan, &c, k->env, diag));
    PITH_TRY(take(k, &plan, diag));
    if (unet_recognise(k->from)) {
        PITH_TRY(unet_config_read(&unet, k->from, diag));
        PITH_TRY(text_check_context(&c, unet.n_context, unet.c_context, diag));
    }
cleanup:
    return status;
}

/* Either half may be absent. */
static pith_status keep_taesd(const keeper *k, pith_diag *diag) {
    pith_status status = PITH_OK;
    taesd_config c;
    nn_plan *plan = NULL;
    PITH_TRY(taesd_config_read(&c, k->from, diag));
    PITH_TRY(check_latent(c.n_latent, "TAESD", diag));
    if (tensor_table_has_part(k->from, PART_TAESD_ENCODER)) {
        PITH_TRY(taesd_encoder_plan(&plan, &c, k->env, 1, 1, diag));
        PITH_TRY(take(k, &plan, diag));
    }
    if (tensor_table_has_part(k->from, PART_TAESD_DECODER)) {
        PITH_TRY(taesd_decoder_plan(&plan, &c, k->env, 1, 1, diag));
        PITH_TRY(take(k, &plan, diag));
    }
cleanup:
    return status;
}

static const struct {
    const char *name;
    bool (*recognise)(const tensor_table *weights);
    pith_status (*keep)(const keeper *k, pith_diag *diag);
} parts[] = {
    {"the autoencoder", vae_recognise, keep_vae},
    {"the U-Net", unet_recognise, keep_unet},
    {"the text encoder", text_recognise, keep_text},
    {"TAESD", taesd_recognise, keep_taesd},
};

static pith_status keep_parts(const keeper *k, pith_diag *diag) {
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pith_diag own = {0};
        pith_status status = parts[i].recognise(k->from) ? parts[i].keep(k, &own) : PITH_OK;
        if (status == PITH_E_MODEL_SHAPE)
            return diag_set(diag, status, "is pruned or not Stable Diffusion 1.x: %s: %s", parts[i].name, own.message);
        if (status != PITH_OK) return diag_set(diag, status, "%s", own.message);
    }
    return PITH_OK;
}

/* ---- tables ---------------------------------------------------------------------------- */

pith_status sd_weights_keep(tensor_table **table, const pith_env *env, pith_diag *diag) {
    pith_status status = PITH_OK;
    keeper k = {.from = *table, .env = env};
    if (weights_are_our_own(*table)) return PITH_OK;
    PITH_TRY(tensor_table_new(&k.to, env));
    PITH_TRY(keep_parts(&k, diag));
    PITH_TRY(tensor_table_copy_meta(k.to, *table));
    PITH_TRY(tensor_table_take_maps(k.to, *table));
    tensor_table_free(table);
    *table = k.to;
    k.to = NULL;
    if (env->log.message && weights_missing_text(*table))
        env->log.message(env->log.user, PITH_LOG_WARNING, weights_missing_text(*table));
cleanup:
    if (status == PITH_E_NOMEM) diag_set(diag, status, "out of memory");
    tensor_table_free(&k.to);
    return status;
}

static pith_status keep_opened(tensor_table **out, pith_status status, const pith_env *env, pith_diag *diag) {
    if (status == PITH_OK) status = sd_weights_keep(out, env, diag);
    if (status != PITH_OK) tensor_table_free(out);
    return status;
}

pith_status sd_weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    return keep_opened(out, weights_open(out, env, path, diag), env, diag);
}

pith_status sd_weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                   pith_diag *diag) {
    return keep_opened(out, weights_open_memory(out, env, data, n_bytes, diag), env, diag);
}
