/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Combines tensors of two files in one table. */
#include <string.h>

#include "weights/dialects.h"
#include "weights/weights_open.h"

static bool begins(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

static bool is_autoencoder(const tensor *t) {
    return begins(t->name, PART_VAE) || begins(t->name, PART_TAESD_ENCODER) || begins(t->name, PART_TAESD_DECODER);
}

/* Adds the tensors of `from` that belong, or do not belong, to an autoencoder; their data remain owned by `from`. */
static pith_status add_part(tensor_table *to, const tensor_table *from, bool autoencoder) {
    pith_status status = PITH_OK;
    for (size_t i = 0; i < tensor_table_count(from); i++) {
        const tensor *t = tensor_table_at(from, i);
        if (is_autoencoder(t) == autoencoder) PITH_TRY(tensor_table_add(to, t));
    }
cleanup:
    return status;
}

pith_status weights_join(tensor_table **out, const pith_env *env, const tensor_table *model, tensor_table *vae) {
    pith_status status = PITH_OK;
    tensor_table *t = NULL;
    *out = NULL;
    PITH_TRY(tensor_table_new(&t, env));
    PITH_TRY(add_part(t, model, false));
    PITH_TRY(add_part(t, vae, true));
    PITH_TRY(tensor_table_copy_meta(t, model));
    PITH_TRY(tensor_table_take_maps(t, vae));
    *out = t;
    t = NULL;
cleanup:
    tensor_table_free(&t);
    return status;
}
