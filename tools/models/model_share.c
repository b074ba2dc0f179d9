/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/model_share.h"

#include <string.h>

#include "models/model_find.h"

/* Keeps what was found for the next file. */
static void keep(model_share *s, pith_model *model) {
    if (!model || model == s->model) return;
    pith_model_free(&s->model);
    s->model = pith_model_ref(model);
}

/* Replaces `*model` by the same with the autoencoder at `path`. */
static cli_exit change_vae(pith_model **model, const char *path) {
    pith_diag why = {0};
    pith_model *changed = NULL;
    if (!path || !*model) return CLI_DONE;
    pith_status status = pith_model_with_vae(&changed, *model, path, &why);
    pith_model_free(model);
    *model = changed;
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_MODEL), path, "%s", why.message);
}

cli_exit model_share_encode(pith_model **out, model_share *s, const pith_env *env, const cli_setup *setup) {
    cli_exit code = CLI_DONE;
    pthread_mutex_lock(&s->lock);
    if (s->model)
        *out = pith_model_ref(s->model);
    else
        code = model_for_encode(out, env, setup->model);
    if (code == CLI_DONE && *out != s->model) code = change_vae(out, setup->vae);
    keep(s, *out);
    pthread_mutex_unlock(&s->lock);
    return code;
}

static bool suits(pith_model *model, const char *wanted, const pith_info *info) {
    uint8_t id[PITH_FINGERPRINT_BYTES];
    if (wanted) return true; /* one was asked for: pith_decode says whether it is the right one */
    if (pith_model_latent_id(model, id) != PITH_OK || memcmp(id, info->latent_id, sizeof id) != 0) return false;
    if (info->n_residual_bytes == 0) return true;
    return pith_model_decoder_id(model, id) == PITH_OK && memcmp(id, info->residual_decoder_id, sizeof id) == 0;
}

cli_exit model_share_decode(pith_model **out, model_share *s, const pith_env *env, const cli_setup *setup,
                            const pith_info *info, const char *file) {
    cli_exit code = CLI_DONE;
    *out = NULL;
    if (info->method == PITH_METHOD_EXACT) return CLI_DONE;
    pthread_mutex_lock(&s->lock);
    if (s->model && suits(s->model, setup->model, info))
        *out = pith_model_ref(s->model);
    else
        code = model_for_decode(out, env, setup->model, info, file);
    if (code == CLI_DONE && *out != s->model) code = change_vae(out, setup->vae);
    keep(s, *out);
    pthread_mutex_unlock(&s->lock);
    return code;
}

void model_share_end(model_share *s) { pith_model_free(&s->model); }
