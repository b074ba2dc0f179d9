/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/model_find.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/model_cache.h"
#include "models/model_places.h"

#define ENDING ".safetensors"

/* ---- the list ------------------------------------------------------------------------ */

bool model_list_add(model_list *list, const char *path) {
    if (list->n_paths == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        char **grown = realloc(list->paths, capacity * sizeof *grown);
        if (!grown) return false;
        list->paths = grown;
        list->capacity = capacity;
    }
    char *copy = strdup(path);
    if (copy) list->paths[list->n_paths++] = copy;
    return copy != NULL;
}

static bool add_path(model_list *list, const char *folder, const char *name) {
    const size_t n_bytes = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n_bytes);
    if (path) snprintf(path, n_bytes, "%s/%s", folder, name);
    bool good = path && model_list_add(list, path);
    free(path);
    return good;
}

static int is_model_name(const struct dirent *entry) { return cli_ends_with(entry->d_name, ENDING); }

static bool add_folder(model_list *list, const char *folder) {
    struct dirent **entries;
    int n = scandir(folder, &entries, is_model_name, alphasort);
    bool good = true;
    for (int i = 0; i < n; i++) {
        good = good && add_path(list, folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return good;
}

static bool add_folders(model_list *list) {
    char *copy = strdup(list->folders), *rest = copy;
    bool good = copy != NULL;
    for (char *folder; good && (folder = strsep(&rest, PITH_FOLDER_SEPARATOR)) != NULL;)
        if (*folder) good = add_folder(list, folder);
    free(copy);
    return good;
}

pith_status model_list_make(model_list *list) {
    const size_t n_bytes = pith_model_folders(NULL, 0) + 1;
    *list = (model_list){.folders = malloc(n_bytes)};
    bool good = list->folders != NULL;
    if (good) (void)pith_model_folders(list->folders, n_bytes);
    if (good) good = add_folders(list) && model_list_add(list, PITH_MODEL_BUILT_IN);
    list->n_installed = list->n_paths;
    if (good) good = model_places_add(list);
    if (good) return PITH_OK;
    model_list_free(list);
    return PITH_E_NOMEM;
}

void model_list_free(model_list *list) {
    for (size_t i = 0; i < list->n_paths; i++) free(list->paths[i]);
    free(list->paths);
    free(list->folders);
    *list = (model_list){0};
}

/* ---- choosing --------------------------------------------------------------------------- */

/* What is looked for: by name, or by latent space. */
typedef struct model_wish {
    const char *name;
    const uint8_t *latent_id;
    const uint8_t *decoder_id; /* preferred among those with the latent space; may be NULL */
} model_wish;

static bool stem_is(const char *path, const char *name) {
    const char *stem = cli_name_of(path);
    size_t n = strlen(name);
    return strncmp(stem, name, n) == 0 && strcmp(stem + n, ENDING) == 0;
}

/* A likely file of a model called `name`: mini-1.safetensors or mini.safetensors for "mini-1". */
static bool stem_begins(const char *path, const char *name) {
    const char *dash = strrchr(name, '-');
    char family[PITH_NAME_BYTES] = "";
    if (dash && (size_t)(dash - name) < sizeof family) memcpy(family, name, (size_t)(dash - name));
    return stem_is(path, name) || (*family && stem_is(path, family));
}

static bool same_id(const uint8_t *a, const uint8_t *b) { return memcmp(a, b, PITH_FINGERPRINT_BYTES) == 0; }

static bool fits(pith_model *model, const char *path, const model_wish *wish, model_cache *cache) {
    pith_model_contents c = {.struct_size = sizeof c};
    model_ids ids;
    if (wish->name && stem_is(path, wish->name)) return true;
    if (pith_model_get_contents(model, &c) != PITH_OK) return false;
    if (wish->name) return strcmp(c.name, wish->name) == 0;
    return model_cache_get(&ids, cache, path, model, false) == PITH_OK && same_id(ids.latent, wish->latent_id);
}

/* Whether no other model could fit better than this one, which fits. */
static bool fits_best(pith_model *model, const char *path, const model_wish *wish, model_cache *cache) {
    model_ids ids;
    if (!wish->decoder_id) return true;
    return model_cache_get(&ids, cache, path, model, true) == PITH_OK && same_id(ids.decoder, wish->decoder_id);
}

/* Whether the file is known to be another model; nothing is opened. */
static bool is_known_other(const char *path, const model_wish *wish, const model_cache *cache) {
    if (!wish->latent_id) return false;
    model_ids ids = model_cache_find(cache, path);
    return ids.has_latent && !same_id(ids.latent, wish->latent_id);
}

/* A length beyond a limit most likely comes from a damaged file. */
static cli_exit open_exit(pith_status status) {
    return status == PITH_E_LIMIT ? CLI_MODEL : cli_exit_of(status, CLI_MODEL);
}

static cli_exit say_open_failed(const char *path, const pith_diag *why) {
    return cli_fail(open_exit(why->status), path, "%s", why->message);
}

/* False, with the reason, for a model that cannot be used since it has values that are not finite. */
static bool has_latent_id(pith_model *model, const pith_env *env, pith_diag *why) {
    uint8_t id[PITH_FINGERPRINT_BYTES];
    if (pith_model_latent_id(model, id) != PITH_E_MODEL_VALUES) return true;
    return pith_model_check_values(model, env, why) == PITH_OK;
}

/* The first model that fits best, or else that fits; files called like
 * `first_name` are tried before the others, since the fingerprint of a large checkpoint takes time. When there is none,
 * `why` and `bad_path` describe the first that should have fitted but did not open. */
static pith_model *search(const model_list *list, const pith_env *env, const model_wish *wish, const char *first_name,
                          model_cache *cache, pith_diag *why, const char **bad_path) {
    const size_t n_paths = wish->latent_id ? list->n_paths : list->n_installed;
    pith_model *second_best = NULL;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n_paths; i++) {
            pith_model *model = NULL;
            pith_diag fault = {0};
            const char *path = list->paths[i];
            bool is_named = stem_begins(path, first_name);
            if (is_named != (pass == 0) || is_known_other(path, wish, cache)) continue;
            if (pith_model_open(&model, env, path, &fault) == PITH_OK) {
                const bool will_do = fits(model, path, wish, cache);
                if (will_do && fits_best(model, path, wish, cache)) {
                    pith_model_free(&second_best);
                    return model;
                }
                if (will_do && !second_best) {
                    second_best = model;
                    continue;
                }
                const bool has_id = has_latent_id(model, env, &fault);
                pith_model_free(&model);
                if (has_id) continue;
            }
            bool matters = i < list->n_installed && (is_named || open_exit(fault.status) != CLI_MODEL);
            if (matters && !*bad_path) {
                *why = fault;
                *bad_path = path;
            }
        }
    return second_best;
}

/* Searches the installed models. When none fits, the message is `what_not`, followed by the folders. */
static cli_exit find(pith_model **out, const pith_env *env, const model_wish *wish, const char *first_name,
                     const char *file, const char *what_not) {
    model_list list;
    model_cache cache;
    pith_diag why = {0};
    const char *bad_path = NULL;
    if (model_list_make(&list) != PITH_OK) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    model_cache_load(&cache);
    *out = search(&list, env, wish, first_name, &cache, &why, &bad_path);
    model_cache_close(&cache);
    cli_exit code = CLI_DONE;
    if (!*out && bad_path)
        code = say_open_failed(bad_path, &why);
    else if (!*out)
        code = cli_fail(CLI_MODEL, file, "%s %s", what_not, list.folders);
    model_list_free(&list);
    return code;
}

static bool is_path(const char *wanted) {
    const bool is_built_in = strcmp(wanted, PITH_MODEL_BUILT_IN) == 0;
    return cli_ends_with(wanted, ENDING) || is_built_in || strchr(wanted, '/') || access(wanted, F_OK) == 0;
}

static cli_exit open_wanted(pith_model **out, const pith_env *env, const char *wanted) {
    pith_diag why = {0};
    if (!is_path(wanted)) {
        model_wish wish = {.name = wanted};
        return find(out, env, &wish, wanted, wanted, "no such file, and no model of that name in");
    }
    if (pith_model_open(out, env, wanted, &why) == PITH_OK) return CLI_DONE;
    return say_open_failed(wanted, &why);
}

cli_exit model_for_encode(pith_model **out, const pith_env *env, const char *wanted) {
    pith_diag why = {0};
    if (wanted) return open_wanted(out, env, wanted);
    if (pith_model_open_default(out, env, &why) == PITH_OK) return CLI_DONE;
    return cli_fail(open_exit(why.status), NULL, "%s", why.message);
}

cli_exit model_for_decode(pith_model **out, const pith_env *env, const char *wanted, const pith_info *info,
                          const char *file) {
    if (wanted) return open_wanted(out, env, wanted);
    char what[160], id[CLI_HEX_BYTES];
    const bool is_built_in = strncmp(info->model_name, "mini-", 5) == 0;
    cli_hex(id, info->latent_id);
    snprintf(what, sizeof what, "needs model %.32s (latent space %s)%s, which is not in", info->model_name, id,
             is_built_in ? ", part of newer versions of Pith" : "");
    model_wish wish = {.latent_id = info->latent_id};
    if (info->n_residual_bytes > 0) wish.decoder_id = info->residual_decoder_id;
    return find(out, env, &wish, info->model_name, file, what);
}
