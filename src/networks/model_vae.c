/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A Stable Diffusion model with the autoencoder of another file. */
#include <string.h>

#include "networks/model_kind.h"
#include "networks/sd_weights.h"
#include "weights/weights_open.h"

/* Checks the latent space: an encoder with other weights makes other latents. */
static pith_status check_space(pith_model *base, const tensor_table *vae, pith_diag *why) {
    pith_status status = PITH_OK;
    vae_config c;
    uint8_t ours[PITH_FINGERPRINT_BYTES], its[PITH_FINGERPRINT_BYTES];
    char our_text[2 * PITH_FINGERPRINT_BYTES + 1], its_text[2 * PITH_FINGERPRINT_BYTES + 1];
    PITH_TRY(vae_config_read(&c, vae, why));
    if (c.n_latent != base->traits.n_latent || vae_downscale(&c) != 1u << base->traits.log2_downscale)
        return diag_set(why, PITH_E_MODEL_MISMATCH,
                        "its latent has %u channels at 1/%u of the picture, the model's %u at 1/%u", c.n_latent,
                        vae_downscale(&c), base->traits.n_latent, 1u << base->traits.log2_downscale);
    PITH_TRY(model_latent_id_of(vae, base->kind->latent_prefixes, its, why));
    PITH_TRY(model_latent_id(base, ours, why));
    if (memcmp(ours, its, sizeof ours) == 0) return PITH_OK;
    model_id_text(our_text, ours);
    model_id_text(its_text, its);
    status = diag_set(why, PITH_E_MODEL_MISMATCH, "is an autoencoder of another latent space: %s, the model's is %s",
                      its_text, our_text);
cleanup:
    return status;
}

static pith_status new_like(pith_model **out, pith_model *base, pith_diag *why) {
    pith_model *m = mem_alloc(&base->env.alloc, 1, sizeof *m);
    if (!m) return diag_set(why, PITH_E_NOMEM, "out of memory");
    m->env = base->env;
    atomic_init(&m->n_refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    m->base = pith_model_ref(base);
    m->kind = base->kind;
    m->config = base->config;
    *out = m;
    return PITH_OK;
}

pith_status pith_model_with_vae(pith_model **out, pith_model *model, const char *path, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_model *base, *m = NULL;
    tensor_table *vae = NULL;
    if (why) diag_clear(why);
    if (!out || !model || !path) return diag_set(why, PITH_E_ARG, "pith_model_with_vae: an argument is NULL");
    *out = NULL;
    if (model->kind != &model_kind_sd1)
        return diag_set(why, PITH_E_UNSUPPORTED, "is for Stable Diffusion: model %s has no other autoencoder",
                        model->traits.name);
    base = model_own_networks(model); /* an earlier replacement of the autoencoder is no longer needed */
    PITH_TRY(sd_weights_open(&vae, &base->env, path, why));
    PITH_TRY(model_check_version(vae, why));
    if (!vae_recognise(vae) && !taesd_recognise(vae)) {
        status = diag_set(why, PITH_E_UNSUPPORTED, "has no autoencoder of Stable Diffusion");
        goto cleanup;
    }
    PITH_TRY(new_like(&m, base, why));
    m->config.sd1.is_tiny = !vae_recognise(vae);
    if (!m->config.sd1.is_tiny) PITH_TRY(check_space(base, vae, why));
    PITH_TRY(weights_join(&m->weights, &base->env, base->weights, vae));
    PITH_TRY(m->kind->read(m, why));
    PITH_TRY(model_latent_id(base, m->latent_id, why));
    m->has_latent_id = true;
    PITH_TRY(nn_backend_new(&m->backend, &m->env, nn_backend_name(base->backend), why));
    *out = m;
    m = NULL;
cleanup:
    if (status == PITH_E_NOMEM) diag_set(why, status, "out of memory");
    tensor_table_free(&vae);
    pith_model_free(&m);
    return status;
}
