/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/model_catalogue.h"

#include <stdlib.h>
#include <string.h>

pith_status model_catalogue_make(model_catalogue *c, const pith_env *env, model_warnings warnings) {
    *c = (model_catalogue){0};
    model_cache cache;
    pith_status status = model_list_make(&c->list);
    if (status != PITH_OK) return status;
    c->entries = calloc(c->list.n_paths + 1, sizeof *c->entries);
    if (!c->entries) {
        model_catalogue_free(c);
        return PITH_E_NOMEM;
    }
    model_cache_load(&cache);
    for (size_t i = 0; i < c->list.n_paths; i++) {
        const bool is_built_in =
            strcmp(c->list.paths[i], PITH_MODEL_BUILT_IN) == 0; /* may be absent, or a file as well */
        bool warn = warnings == MODEL_WARN_ALL || (warnings == MODEL_WARN_INSTALLED && i < c->list.n_installed);
        pith_model *model = NULL;
        pith_diag why = {0};
        model_entry *entry = &c->entries[c->n_entries];
        entry->path = c->list.paths[i];
        entry->contents.struct_size = sizeof entry->contents;
        if (pith_model_open(&model, env, entry->path, &why) == PITH_OK &&
            pith_model_get_contents(model, &entry->contents) == PITH_OK &&
            model_cache_get(&entry->ids, &cache, entry->path, model, false) == PITH_OK) {
            if (!is_built_in || !model_catalogue_find(c, entry->ids.latent)) c->n_entries++;
        } else if (warn && !is_built_in)
            cli_warn(entry->path, "%s", why.message);
        pith_model_free(&model);
    }
    model_cache_close(&cache);
    return PITH_OK;
}

void model_catalogue_free(model_catalogue *c) {
    model_list_free(&c->list);
    free(c->entries);
    *c = (model_catalogue){0};
}

const model_entry *model_catalogue_find(const model_catalogue *c, const uint8_t latent_id[PITH_FINGERPRINT_BYTES]) {
    for (size_t i = 0; i < c->n_entries; i++)
        if (memcmp(c->entries[i].ids.latent, latent_id, PITH_FINGERPRINT_BYTES) == 0) return &c->entries[i];
    return NULL;
}
