/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the installed models say about themselves. */
#ifndef PITH_TOOLS_MODELS_MODEL_CATALOGUE_H
#define PITH_TOOLS_MODELS_MODEL_CATALOGUE_H

#include "models/model_cache.h"
#include "models/model_find.h"

typedef struct model_entry {
    const char *path; /* borrowed from the catalogue's list */
    pith_model_contents contents;
    model_ids ids; /* the decoder's of a large file only when it is known already */
} model_entry;

typedef struct model_catalogue {
    model_list list;
    model_entry *entries;
    size_t n_entries;
} model_catalogue;

typedef enum model_warnings { MODEL_WARN_NONE, MODEL_WARN_INSTALLED, MODEL_WARN_ALL } model_warnings;

/* Opens each model of the list once. One that does not open is left out, with a
 * warning when asked for. PITH_E_NOMEM at worst. */
pith_status model_catalogue_make(model_catalogue *catalogue, const pith_env *env, model_warnings warnings)
    PITH_MUST_CHECK;
void model_catalogue_free(model_catalogue *catalogue);

/* The first with that latent space, or NULL. */
const model_entry *model_catalogue_find(const model_catalogue *catalogue,
                                        const uint8_t latent_id[PITH_FINGERPRINT_BYTES]);

#endif
