/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Connects the readers: container, then recognition, then canonical names. */
#include "weights/weights_open.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "weights/ckpt.h"
#include "weights/dialects.h"
#include "weights/diffusers_open.h"
#include "weights/prediction.h"
#include "weights/recognise.h"
#include "weights/safetensors.h"
#include "weights/tensor_table_private.h"

#define MAX_YAML_BYTES (1u << 20)

/* ---- one file ---------------------------------------------------------------------------- */

static bool starts_with(const file_map *map, const void *magic, size_t n_bytes) {
    return map->n_bytes >= n_bytes && !memcmp(map->data, magic, n_bytes);
}

static pith_status read_mapped(tensor_table **out, const pith_env *env, const file_map *map, pith_diag *diag) {
    if (starts_with(map, "PK\3\4", 4)) return ckpt_read(out, env, map->data, map->n_bytes, diag);
    if (starts_with(map, "GGUF", 4))
        return diag_set(diag, PITH_E_UNSUPPORTED, "is a GGUF file: Pith reads .safetensors and .ckpt");
    /* A protocol 2 pickle that starts with a long integer is from torch.save before 1.6. */
    if (starts_with(map, "\x80\x02\x8a\x0a", 4))
        return diag_set(diag, PITH_E_UNSUPPORTED,
                        "is a PyTorch file of before version 1.6: load and save it with a newer one");
    if (starts_with(map, "\x80", 1) && map->n_bytes > 8 && map->data[1] <= 5 && map->data[8] != '{')
        return diag_set(diag, PITH_E_UNSUPPORTED, "is a bare pickle, not a PyTorch checkpoint");
    return safetensors_read(out, env, map->data, map->n_bytes, diag);
}

static pith_status check_limits(const tensor_table *table, const pith_env *env, pith_diag *diag) {
    const size_t n = tensor_table_count(table);
    if (n > env->max_tensors)
        return diag_set(diag, PITH_E_LIMIT, "%zu tensors, the limit is %" PRIu32, n, env->max_tensors);
    for (size_t i = 0; i < n; i++) {
        const tensor *t = tensor_table_at(table, i);
        if (t->n_bytes > env->max_tensor_bytes)
            return diag_set(diag, PITH_E_LIMIT, "tensor %.100s has %" PRIu64 " bytes, the limit is %" PRIu64, t->name,
                            t->n_bytes, env->max_tensor_bytes);
    }
    return PITH_OK;
}

/* Takes over the map. */
static pith_status open_map(tensor_table **out, const pith_env *env, file_map *map, pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *table = NULL;
    *out = NULL;
    PITH_TRY(read_mapped(&table, env, map, diag));
    PITH_TRY(check_limits(table, env, diag));
    PITH_TRY(tensor_table_take_map(table, map));
    *out = table;
    table = NULL;

cleanup:
    tensor_table_free(&table);
    file_map_close(map);
    return status;
}

pith_status weights_open_file(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    file_map map = {0};
    *out = NULL;
    pith_status status = file_map_open(&map, path, env->max_model_bytes, diag);
    return status == PITH_OK ? open_map(out, env, &map, diag) : status;
}

/* ---- TAESD's other file --------------------------------------------------------------------- */

/* The path with the last `from` in its file name replaced; NULL if there is none or memory runs out. */
static char *replace_in_name(const char *path, const char *from, const char *to, const pith_alloc *alloc) {
    const char *name = strrchr(path, '/'), *found = NULL;
    name = name ? name + 1 : path;
    for (const char *p = name; (p = strstr(p, from)) != NULL; p++) found = p;
    if (!found) return NULL;
    size_t n = strlen(path) + strlen(to) + 1, head = (size_t)(found - path);
    char *other = mem_alloc(alloc, n, 1);
    if (other) snprintf(other, n, "%.*s%s%s", (int)head, path, to, found + strlen(from));
    return other;
}

static pith_status add_sibling(tensor_table *canonical, const pith_env *env, const char *path, pith_diag *diag) {
    bool has_encoder = tensor_table_has_part(canonical, PART_TAESD_ENCODER);
    if (has_encoder == tensor_table_has_part(canonical, PART_TAESD_DECODER)) return PITH_OK; /* both or neither */
    pith_status status = PITH_OK;
    tensor_table *raw = NULL;
    char *other =
        replace_in_name(path, has_encoder ? "encoder" : "decoder", has_encoder ? "decoder" : "encoder", &env->alloc);
    struct stat st;
    if (!other || stat(other, &st) != 0) goto cleanup; /* one half is usable alone */
    PITH_TRY(weights_open_file(&raw, env, other, diag));
    PITH_TRY(dialects_apply(canonical, raw, DIALECT_ANY, diag));

cleanup:
    tensor_table_free(&raw);
    mem_free(&env->alloc, other);
    return status;
}

/* ---- the configuration next to a checkpoint ----------------------------------------------------- */

static pith_status read_yaml(tensor_table *canonical, const pith_env *env, const char *path) {
    pith_status status = PITH_OK;
    file_map map = {0};
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/')) return PITH_OK;
    char *beside = mem_alloc(&env->alloc, (size_t)(dot - path) + sizeof ".yaml", 1);
    if (!beside) return PITH_E_NOMEM;
    snprintf(beside, (size_t)(dot - path) + sizeof ".yaml", "%.*s.yaml", (int)(dot - path), path);
    if (file_map_open(&map, beside, MAX_YAML_BYTES, NULL) == PITH_OK)
        status = prediction_from_yaml(canonical, (const char *)map.data, map.n_bytes);
    file_map_close(&map);
    mem_free(&env->alloc, beside);
    return status;
}

/* ---- any weights ----------------------------------------------------------------------------- */

const char *weights_missing_text(const tensor_table *table) {
    if (!tensor_table_has_part(table, PART_UNET) || tensor_table_has_part(table, PART_TEXT)) return NULL;
    return "the text encoder is missing (text_encoder/ of a diffusers folder, cond_stage_model.* of a single file), "
           "and the U-Net needs it: add it, or decode without the U-Net (--steps 0)";
}

bool weights_are_our_own(const tensor_table *table) {
    const char *format = tensor_table_meta(table, "format");
    return format && !strncmp(format, "pith-", 5);
}

/* Takes over the raw table. `path` (may be NULL) is used to find files next to it. */
static pith_status make_canonical(tensor_table **out, const pith_env *env, tensor_table *raw, const char *path,
                                  pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *canonical = NULL;
    if (weights_are_our_own(raw)) {
        *out = raw;
        return PITH_OK;
    }
    PITH_TRY(recognise_names(raw, diag));
    PITH_TRY(tensor_table_new(&canonical, env));
    PITH_TRY(dialects_apply(canonical, raw, DIALECT_ANY, diag));
    PITH_TRY(prediction_from_marks(canonical, raw));
    if (path) PITH_TRY(read_yaml(canonical, env, path));
    if (path) PITH_TRY(add_sibling(canonical, env, path, diag));
    PITH_TRY(recognise_autoencoder(canonical, raw, diag));
    *out = canonical;
    canonical = NULL;

cleanup:
    tensor_table_free(&raw);
    tensor_table_free(&canonical);
    return status;
}

static pith_status open_single(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    tensor_table *raw = NULL;
    pith_status status = weights_open_file(&raw, env, path, diag);
    return status == PITH_OK ? make_canonical(out, env, raw, path, diag) : status;
}

static pith_status open_folder(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *canonical = NULL;
    PITH_TRY(tensor_table_new(&canonical, env));
    PITH_TRY(diffusers_open(canonical, env, path, diag));
    PITH_TRY(recognise_autoencoder(canonical, NULL, diag));
    *out = canonical;
    canonical = NULL;

cleanup:
    tensor_table_free(&canonical);
    return status;
}

pith_status weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    if (!out || !env || !path) return diag_set(diag, PITH_E_ARG, "weights_open: an argument is NULL");
    pith_status status = PITH_OK;
    struct stat st;
    *out = NULL;
    if (stat(path, &st) != 0) return diag_set(diag, PITH_E_IO, "cannot be opened: %s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        PITH_TRY(open_folder(out, env, path, diag));
    else
        PITH_TRY(open_single(out, env, path, diag));

cleanup:
    if (status == PITH_E_NOMEM) diag_set(diag, status, "out of memory");
    return status;
}

pith_status weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                pith_diag *diag) {
    if (!out || !env || !data) return diag_set(diag, PITH_E_ARG, "weights_open_memory: an argument is NULL");
    pith_status status = PITH_OK;
    tensor_table *raw = NULL;
    file_map map = {.data = data, .n_bytes = n_bytes, .is_borrowed = true};
    *out = NULL;
    if (n_bytes == 0) return diag_set(diag, PITH_E_TRUNCATED, "is empty");
    if (n_bytes > env->max_model_bytes)
        return diag_set(diag, PITH_E_LIMIT, "has %zu bytes, the limit of a weights file is %" PRIu64, n_bytes,
                        env->max_model_bytes);
    PITH_TRY(open_map(&raw, env, &map, diag));
    PITH_TRY(make_canonical(out, env, raw, NULL, diag));

cleanup:
    if (status == PITH_E_NOMEM) diag_set(diag, status, "out of memory");
    return status;
}
