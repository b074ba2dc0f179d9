/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Opening a model: what the networks' description makes of a weights file. The
 * input is a safetensors header; as many zeros as the tests' tiny model has
 * bytes of weights follow it. */
#include <stdlib.h>
#include <string.h>

#include <pith/pith.h>

#include "mend.h"

#define WEIGHTS_BYTES 54880u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

static void look_at(pith_model *model) {
    uint8_t id[PITH_FINGERPRINT_BYTES];
    pith_model_contents contents = {.struct_size = sizeof contents};
    require(pith_model_get_contents(model, &contents) == PITH_OK);
    require(memchr(contents.name, 0, sizeof contents.name) && memchr(contents.kind, 0, sizeof contents.kind));
    require(contents.n_latent > 0 && contents.downscale > 0);
    pith_status status = pith_model_latent_id(model, id); /* that of values that are not finite may fail */
    if (status == PITH_OK) status = pith_model_decoder_id(model, id);
    require(status != PITH_E_ARG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag diag = {0};
    pith_model *model = NULL;
    pith_env_defaults(&env, sizeof env);
    env.backend = "ref";
    uint8_t *file = calloc(8 + n_bytes + WEIGHTS_BYTES, 1);
    require(file != NULL);
    for (unsigned i = 0; i < 8; i++) file[i] = (uint8_t)((uint64_t)n_bytes >> 8 * i);
    if (n_bytes) memcpy(file + 8, data, n_bytes);
    const char *path = mend_path_open(file, 8 + n_bytes + WEIGHTS_BYTES);
    pith_status status = pith_model_open(&model, &env, path, &diag);
    require((status == PITH_OK) == (model != NULL) && (status == PITH_OK) == (diag.message[0] == '\0'));
    require(status != PITH_E_INTERNAL && status != PITH_E_ARG && status != PITH_E_BACKEND);
    if (model) look_at(model);
    pith_model_free(&model);
    mend_path_close();
    free(file);
    return 0;
}
