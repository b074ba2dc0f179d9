/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where models are: *.safetensors in the folders of pith_model_folders, in each
 * of them by name; then the one that the library was linked with. After them come checkpoints that other programs keep
 * (model_places.h), which are found by their latent space only. */
#ifndef PITH_TOOLS_MODELS_MODEL_FIND_H
#define PITH_TOOLS_MODELS_MODEL_FIND_H

#include "cli/cli.h"

typedef struct model_list {
    char **paths; /* in the order of the search */
    size_t n_paths, capacity;
    size_t n_installed; /* how many of the first are installed; the rest belong to other programs */
    char *folders;      /* what was searched, for messages; colon-separated */
} model_list;

/* PITH_E_NOMEM at worst; a folder that cannot be read holds nothing. */
pith_status model_list_make(model_list *list) PITH_MUST_CHECK;
void model_list_free(model_list *list);
/* Appends a copy of the path; false: out of memory. */
bool model_list_add(model_list *list, const char *path);

/* These say on standard error what is wrong and return the exit status.
 * `wanted` is a path or a name, or NULL: then the first built-in model. */
cli_exit model_for_encode(pith_model **out, const pith_env *env, const char *wanted);
/* NULL: the installed model with the file's latent space; `file` for messages. */
cli_exit model_for_decode(pith_model **out, const pith_env *env, const char *wanted, const pith_info *info,
                          const char *file);

#endif
