/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a library built with PITH_DECODER_ONLY lacks, in the place of its files: see cmake/decoder_only.cmake. Public
 * functions fail with PITH_E_UNSUPPORTED; readers of checkpoints recognise nothing. */
#include <pith/pith.h>
#include <string.h>

#include "base/env.h"
#include "base/sized.h"
#include "model/sd_config.h"
#include "model/taesd.h"
#include "networks/model_kind.h"
#include "networks/sd_weights.h"
#include "weights/ckpt.h"
#include "weights/diffusers_open.h"
#include "weights/prediction.h"
#include "weights/weights_open.h"

static pith_status absent(const char *what, pith_diag *why) {
    if (why) diag_clear(why);
    return diag_set(why, PITH_E_UNSUPPORTED, "this library was built without %s (PITH_DECODER_ONLY)", what);
}

/* ---- public functions --------------------------------------------------------------------- */

pith_status pith_encode_options_defaults(pith_encode_options *options, size_t struct_size) {
    return (void)options, (void)struct_size, PITH_E_UNSUPPORTED;
}

pith_status pith_encoder_new(pith_encoder **out, const pith_env *env, pith_model *model, pith_diag *why) {
    (void)env, (void)model;
    if (out) *out = NULL;
    return absent("the encoder", why);
}

void pith_encoder_free(pith_encoder **encoder) { (void)encoder; }

pith_status pith_encode(pith_encoder *encoder, const pith_source *source, const pith_encode_options *options,
                        pith_bytes *out) {
    return (void)encoder, (void)source, (void)options, (void)out, PITH_E_UNSUPPORTED;
}

const char *pith_encoder_message(const pith_encoder *encoder) {
    return (void)encoder, "this library was built without the encoder (PITH_DECODER_ONLY)";
}

pith_status pith_encoder_timing(const pith_encoder *encoder, pith_timing *timing) {
    return (void)encoder, (void)timing, PITH_E_UNSUPPORTED;
}

pith_status pith_model_with_vae(pith_model **out, pith_model *model, const char *path, pith_diag *why) {
    (void)model, (void)path;
    if (out) *out = NULL;
    return absent("Stable Diffusion", why);
}

pith_status pith_model_convert(pith_model *model, const pith_env *env, pith_precision precision, const char *path,
                               pith_diag *why) {
    return (void)model, (void)env, (void)precision, (void)path, absent("the writer of models", why);
}

pith_status pith_tiny_convert(const char *in, const pith_env *env, pith_precision precision, const char *path,
                              int *is_tiny, pith_diag *why) {
    (void)in, (void)env, (void)precision, (void)path;
    if (is_tiny) *is_tiny = 0;
    return absent("the writer of models", why);
}

pith_status pith_compare_options_defaults(pith_compare_options *options, size_t struct_size) {
    return (void)options, (void)struct_size, PITH_E_UNSUPPORTED;
}

pith_status pith_compare(const pith_env *env, const pith_source *original, const pith_source *decoded,
                         const pith_compare_options *options, pith_compare_result *result, pith_diag *why) {
    (void)env, (void)original, (void)decoded, (void)options, (void)result;
    return absent("the metrics", why);
}

float pith_quality_of_step(float log2_step_q0, float log2_step_q100, float step) {
    return (void)log2_step_q0, (void)log2_step_q100, (void)step, -1;
}

/* ---- Stable Diffusion and its files --------------------------------------------------------- */

static bool is_never(const tensor_table *weights) { return (void)weights, false; }

const model_kind model_kind_sd1 = {.name = "sd1", .recognise = is_never};

bool unet_recognise(const tensor_table *weights) { return is_never(weights); }
bool text_recognise(const tensor_table *weights) { return is_never(weights); }
bool taesd_recognise(const tensor_table *weights) { return is_never(weights); }

pith_status sd_weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    return weights_open(out, env, path, diag);
}

pith_status sd_weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                   pith_diag *diag) {
    return weights_open_memory(out, env, data, n_bytes, diag);
}

pith_status ckpt_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    (void)env, (void)data, (void)n_bytes;
    *out = NULL;
    return absent("the reader of PyTorch's checkpoints", diag);
}

pith_status diffusers_open(tensor_table *to, const pith_env *env, const char *path, pith_diag *diag) {
    return (void)to, (void)env, (void)path, absent("the reader of diffusers' folders", diag);
}

pith_status prediction_from_marks(tensor_table *to, const tensor_table *raw) { return (void)to, (void)raw, PITH_OK; }

pith_status prediction_from_yaml(tensor_table *to, const char *text, size_t n_bytes) {
    return (void)to, (void)text, (void)n_bytes, PITH_OK;
}
