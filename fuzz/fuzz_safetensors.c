/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* safetensors files: the header, then what its names and shapes lead to. */
#include <stdlib.h>

#include "networks/sd_weights.h"
#include "weights/dialects.h"
#include "weights/recognise.h"
#include "weights/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/* Reads the ends of every tensor as the networks would. */
static void touch(const tensor_table *table) {
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        float f;
        uint16_t h;
        if (t->n_elements == 0 || !tensor_has_values(t)) continue;
        tensor_read_f32(t, t->n_elements - 1, 1, &f);
        tensor_read_f16(t, 0, 1, &h);
    }
}

static void look_at(tensor_table *raw, const pith_env *env) {
    pith_diag diag = {0};
    tensor_table *canonical = NULL;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    if (tensor_table_new(&canonical, env) != PITH_OK) abort();
    pith_status status = recognise_names(raw, &diag);
    if (status == PITH_OK) status = dialects_apply(canonical, raw, DIALECT_ANY, &diag);
    if (status == PITH_OK) status = recognise_autoencoder(canonical, raw, &diag);
    if (status == PITH_OK) status = sd_weights_keep(&canonical, env, &diag);
    if ((status == PITH_OK) != (diag.message[0] == '\0')) abort();
    if (status == PITH_OK) (void)!tensor_table_fingerprint(canonical, "", id, NULL);
    tensor_table_free(&canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag diag = {0};
    tensor_table *table = NULL;
    pith_env_defaults(&env, sizeof env);
    pith_status status = safetensors_read(&table, &env, data, n_bytes, &diag);
    if ((status == PITH_OK) != (diag.message[0] == '\0')) abort(); /* a refusal says why */
    if (!table) return 0;
    touch(table);
    look_at(table, &env);
    tensor_table_free(&table);
    return 0;
}
