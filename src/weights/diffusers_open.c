/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Finds the files of a folder, opens each, and reads from the JSON files what names and shapes do not tell. */
#include "weights/diffusers_open.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "weights/dialects.h"
#include "weights/prediction.h"
#include "weights/recognise.h"
#include "weights/tensor_table_private.h"
#include "weights/weights_open.h"

#define PATH_BYTES 4096u
#define MAX_JSON_BYTES (1u << 20)
#define MAX_REVISION_BYTES 64u

typedef struct component {
    const char *folder; /* "" or ends with a slash */
    dialect_hint hint;
    const char *const *stems;
} component;

static const char *const MODEL_STEMS[] = {"diffusion_pytorch_model", NULL};
static const char *const TEXT_STEMS[] = {"model", "pytorch_model", NULL};
static const char *const TAESD_STEMS[] = {"taesd_encoder", NULL};
static const char *const TAESD_DECODER_STEMS[] = {"taesd_decoder", NULL};
/* Full precision first; safetensors before pickles. */
static const char *const ENDINGS[] = {".safetensors", ".fp16.safetensors", ".bin", ".fp16.bin", ".pth", NULL};

static const component VAE = {"vae/", DIALECT_VAE, MODEL_STEMS};
static const component UNET = {"unet/", DIALECT_UNET, MODEL_STEMS};
static const component TEXT = {"text_encoder/", DIALECT_TEXT, TEXT_STEMS};
static const component ALONE = {"", DIALECT_VAE, MODEL_STEMS};
static const component TAESD_ENCODER = {"", DIALECT_ANY, TAESD_STEMS};
static const component TAESD_DECODER = {"", DIALECT_ANY, TAESD_DECODER_STEMS};

/* ---- paths ---------------------------------------------------------------------------------- */

static bool join(char out[PATH_BYTES], const char *folder, const char *rest) {
    int n = snprintf(out, PATH_BYTES, "%s/%s", folder, rest);
    return n > 0 && (size_t)n < PATH_BYTES;
}

static bool exists(const char *folder, const char *rest) {
    char path[PATH_BYTES];
    struct stat st;
    return join(path, folder, rest) && stat(path, &st) == 0;
}

/* Finds the component's file, relative to the folder; false if there is none. */
static bool find_file(char out[PATH_BYTES], const char *folder, const component *c, const char *suffix) {
    for (size_t s = 0; c->stems[s]; s++)
        for (size_t e = 0; ENDINGS[e]; e++) {
            int n = snprintf(out, PATH_BYTES, "%s%s%s%s", c->folder, c->stems[s], ENDINGS[e], suffix);
            if (n > 0 && (size_t)n < PATH_BYTES && exists(folder, out)) return true;
        }
    return false;
}

/* ---- JSON files -------------------------------------------------------------------------------- */

/* NULL if the file is missing, too large or not JSON; it is optional. */
static json_t *load_json(const char *folder, const char *rest) {
    char path[PATH_BYTES];
    file_map map = {0};
    if (!join(path, folder, rest) || file_map_open(&map, path, MAX_JSON_BYTES, NULL) != PITH_OK) return NULL;
    json_t *json = json_loadb((const char *)map.data, map.n_bytes, 0, NULL);
    file_map_close(&map);
    return json;
}

/* The autoencoder of SDXL has the same names and shapes. */
static pith_status check_vae_config(const char *folder, const char *rest, pith_diag *diag) {
    json_t *json = load_json(folder, rest);
    const char *class_name = json_string_value(json_object_get(json, "_class_name"));
    const json_t *factor = json_object_get(json, "scaling_factor");
    bool is_tiny = class_name && !strcmp(class_name, "AutoencoderTiny");
    pith_status status = PITH_OK;
    if (!is_tiny && json_is_number(factor) && fabs(json_number_value(factor) - 0.18215) > 1e-6)
        status = diag_set(diag, PITH_E_UNSUPPORTED,
                          "%s: scaling_factor is %g (SDXL has 0.13025), Stable Diffusion 1.x has 0.18215", rest,
                          json_number_value(factor));
    json_decref(json);
    return status;
}

/* How to run the U-Net; the autoencoder does not depend on it. */
static pith_status read_scheduler(tensor_table *to, const char *folder) {
    char path[PATH_BYTES];
    file_map map = {0};
    if (!join(path, folder, "scheduler/scheduler_config.json") ||
        file_map_open(&map, path, MAX_JSON_BYTES, NULL) != PITH_OK)
        return PITH_OK;
    pith_status status = prediction_from_scheduler(to, (const char *)map.data, map.n_bytes);
    file_map_close(&map);
    return status;
}

/* ---- components --------------------------------------------------------------------------------- */

static pith_status open_file(tensor_table *to, const pith_env *env, const char *folder, const char *rest,
                             dialect_hint hint, pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *raw = NULL;
    pith_diag own = {0};
    char path[PATH_BYTES];
    if (!join(path, folder, rest)) return diag_set(diag, PITH_E_LIMIT, "the path is too long");
    PITH_TRY(weights_open_file(&raw, env, path, &own));
    PITH_TRY(recognise_names(raw, &own));
    size_t n_before = tensor_table_count(to);
    PITH_TRY(dialects_apply(to, raw, hint, &own));
    PITH_TRY(prediction_from_marks(to, raw));
    if (tensor_table_count(to) == n_before)
        status = diag_set(&own, PITH_E_UNSUPPORTED, "none of its tensors belongs to Stable Diffusion 1.x");

cleanup:
    if (status != PITH_OK) diag_set(diag, status, "%s: %s", rest, own.message);
    tensor_table_free(&raw);
    return status;
}

/* Does nothing if the component is absent. */
static pith_status open_component(tensor_table *to, const pith_env *env, const char *folder, const component *c,
                                  pith_diag *diag) {
    char rest[PATH_BYTES];
    if (find_file(rest, folder, c, "")) return open_file(to, env, folder, rest, c->hint, diag);
    if (find_file(rest, folder, c, ".index.json"))
        return diag_set(diag, PITH_E_UNSUPPORTED, "%s: is cut into several files; Pith reads one file a part", rest);
    return PITH_OK;
}

static pith_status open_pipeline(tensor_table *to, const pith_env *env, const char *folder, pith_diag *diag) {
    pith_status status = PITH_OK;
    PITH_TRY(read_scheduler(to, folder));
    PITH_TRY(open_component(to, env, folder, &UNET, diag)); /* first, because it identifies the model family best */
    PITH_TRY(check_vae_config(folder, "vae/config.json", diag));
    PITH_TRY(open_component(to, env, folder, &VAE, diag));
    PITH_TRY(open_component(to, env, folder, &TEXT, diag));
    if (!tensor_table_has_part(to, PART_VAE) && !tensor_table_has_part(to, PART_TAESD_DECODER))
        status = diag_set(diag, PITH_E_MODEL_SHAPE, "is a diffusers folder without vae/%s.safetensors", MODEL_STEMS[0]);

cleanup:
    return status;
}

static pith_status open_part_alone(tensor_table *to, const pith_env *env, const char *folder, pith_diag *diag) {
    pith_status status = PITH_OK;
    json_t *json = load_json(folder, "config.json");
    const char *class_name = json_string_value(json_object_get(json, "_class_name"));
    if (class_name && strcmp(class_name, "AutoencoderKL") != 0 && strcmp(class_name, "AutoencoderTiny") != 0) {
        status = diag_set(diag, PITH_E_UNSUPPORTED, "is a %.40s alone: its autoencoder (vae/) is missing", class_name);
        goto cleanup;
    }
    PITH_TRY(check_vae_config(folder, "config.json", diag));
    PITH_TRY(open_component(to, env, folder, &ALONE, diag));
    PITH_TRY(open_component(to, env, folder, &TAESD_ENCODER, diag));
    PITH_TRY(open_component(to, env, folder, &TAESD_DECODER, diag));
    if (tensor_table_count(to) == 0)
        status = diag_set(diag, PITH_E_UNSUPPORTED,
                          "is a folder without a model that Pith knows: no vae/ and no %s.safetensors", MODEL_STEMS[0]);

cleanup:
    json_decref(json);
    return status;
}

/* ---- the Hugging Face cache ------------------------------------------------------------------------ */

/* models--NAME/refs/main contains the name of a folder in models--NAME/snapshots. */
static bool find_snapshot(char out[PATH_BYTES], const char *folder) {
    char path[PATH_BYTES];
    file_map map = {0};
    if (!exists(folder, "snapshots") || !join(path, folder, "refs/main")) return false;
    if (file_map_open(&map, path, MAX_REVISION_BYTES, NULL) != PITH_OK) return false;
    size_t n = 0;
    while (n < map.n_bytes &&
           ((map.data[n] >= '0' && map.data[n] <= '9') || (map.data[n] >= 'a' && map.data[n] <= 'f')))
        n++;
    int length = snprintf(out, PATH_BYTES, "%s/snapshots/%.*s", folder, (int)n, (const char *)map.data);
    file_map_close(&map);
    return n > 0 && length > 0 && (size_t)length < PATH_BYTES;
}

pith_status diffusers_open(tensor_table *to, const pith_env *env, const char *path, pith_diag *diag) {
    char snapshot[PATH_BYTES];
    const char *folder = find_snapshot(snapshot, path) ? snapshot : path;
    if (exists(folder, "model_index.json") || exists(folder, "vae") || exists(folder, "unet"))
        return open_pipeline(to, env, folder, diag);
    return open_part_alone(to, env, folder, diag);
}
