/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pith's own file of a Stable Diffusion checkpoint: autoencoder and U-Net in
 * binary16, the empty prompt's context in the place of the text encoder. Names,
 * shapes and rounded values are the source's, and so are the fingerprints. */
#include <stdio.h>
#include <string.h>

#include "api/env.h"
#include "api/model_kind.h"
#include "model/text.h"
#include "weights/safetensors.h"
#include "weights/sd_layout.h"

#define DROP_EVERY_BYTES (64u << 20)

typedef struct conversion {
    pith_model *model;
    pith_env env;
    uint64_t n_undropped; /* bytes written since the mapped pages were last let go */
} conversion;

static pith_status on_written(void *user, uint64_t n_bytes, double done, pith_diag *diag) {
    conversion *c = user;
    c->n_undropped += n_bytes;
    if (c->n_undropped >= DROP_EVERY_BYTES) {
        model_drop_pages(c->model);
        c->n_undropped = 0;
    }
    return env_report(&c->env, "writing the model", done, diag);
}

static pith_status add_networks(tensor_table *out, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    for (size_t i = 0; i < tensor_table_count(weights); i++) {
        const tensor *t = tensor_table_at(weights, i);
        if (strncmp(t->name, PART_VAE, strlen(PART_VAE)) != 0 && strncmp(t->name, PART_UNET, strlen(PART_UNET)) != 0)
            continue;
        if (t->fault) return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: %s", t->name, t->fault);
        PITH_TRY(tensor_table_add(out, t));
    }
cleanup:
    return status;
}

/* `*values` is freed by the caller once the table is written. */
static pith_status add_empty_prompt(tensor_table *out, float **values, conversion *c, pith_diag *diag) {
    const unet_config *u = &c->model->config.sd1.unet;
    pith_status status = PITH_OK;
    uint64_t count = (uint64_t)u->n_context * u->c_context;
    *values = mem_alloc(&c->env.alloc, (size_t)count, sizeof **values);
    if (!*values) return PITH_E_NOMEM;
    PITH_TRY(text_empty_context(*values, u->n_context, u->c_context, c->model->weights, c->model->backend,
                                &c->model->env, diag));
    tensor t = {.name = TEXT_EMPTY_PROMPT_KEY,
                .type = TENSOR_F32,
                .rank = 2,
                .shape = {u->n_context, u->c_context},
                .n_elements = count,
                .data = (const uint8_t *)*values,
                .n_bytes = count * sizeof **values};
    PITH_TRY(tensor_table_add(out, &t));
cleanup:
    return status;
}

static pith_status set_id(tensor_table *out, const char *key, const uint8_t id[PITH_FINGERPRINT_BYTES]) {
    char text[2 * PITH_FINGERPRINT_BYTES + 1];
    model_id_text(text, id);
    return tensor_table_set_meta(out, key, text);
}

static pith_status set_metadata(tensor_table *out, pith_model *m) {
    pith_status status = PITH_OK;
    uint8_t latent[PITH_FINGERPRINT_BYTES], decoder[PITH_FINGERPRINT_BYTES];
    PITH_TRY(pith_model_latent_id(m, latent));
    PITH_TRY(pith_model_decoder_id(m, decoder));
    PITH_TRY(tensor_table_set_meta(out, "format", MODEL_SD1_FORMAT));
    PITH_TRY(tensor_table_set_meta(out, "format_version", MODEL_SD1_VERSION));
    PITH_TRY(tensor_table_set_meta(out, "name", m->traits.name));
    PITH_TRY(set_id(out, MODEL_LATENT_ID_KEY, latent));
    PITH_TRY(set_id(out, MODEL_DECODER_ID_KEY, decoder));
cleanup:
    return status;
}

pith_status pith_model_convert(pith_model *model, const pith_env *env, pith_precision precision, const char *path,
                               pith_diag *why) {
    pith_status status = PITH_OK;
    conversion c = {.model = model};
    tensor_table *out = NULL;
    float *values = NULL;
    if (why) diag_clear(why);
    if (!model || !path || precision != PITH_PRECISION_FP16)
        return diag_set(why, PITH_E_ARG, "pith_model_convert: an argument is NULL or not known");
    PITH_TRY(env_copy(&c.env, env, why));
    if (model->kind != &model_kind_sd1)
        return diag_set(why, PITH_E_UNSUPPORTED, "is of kind %s: only Stable Diffusion is converted",
                        model->kind->name);
    if (model->config.sd1.is_tiny)
        return diag_set(why, PITH_E_UNSUPPORTED, "has TAESD in the place of its autoencoder: it is not converted");
    PITH_TRY(env_report(&c.env, "reading the model", 0, why));
    PITH_TRY(tensor_table_new(&out, &c.env));
    PITH_TRY(add_networks(out, model->weights, why));
    if (model->traits.can_denoise) PITH_TRY(add_empty_prompt(out, &values, &c, why));
    PITH_TRY(set_metadata(out, model));
    PITH_TRY(safetensors_write_f16(path, out, &c.env, on_written, &c, why));
cleanup:
    if (status != PITH_OK) diag_set(why, status, "cannot be converted: %s", pith_status_name(status));
    tensor_table_free(&out);
    mem_free(&c.env.alloc, values);
    return status;
}
