/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a model's file holds, and whether its values can be used. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/job.h"
#include "base/sized.h"
#include "model/text.h"
#include "networks/model_kind.h"
#include "weights/quantised.h"

#define BLOCK_VALUES 8192u
#define DROP_EVERY_VALUES (16u << 20)

bool model_is_converted(const tensor_table *weights) {
    const char *format = tensor_table_meta(weights, "format");
    return quantised_is_marked(weights) || (format && strcmp(format, MODEL_SD1_FORMAT) == 0);
}

static uint32_t find_parts(const tensor_table *weights) {
    uint32_t parts = PITH_PART_AUTOENCODER; /* every model has one */
    if (unet_recognise(weights)) parts |= PITH_PART_DENOISER;
    if (text_recognise(weights)) parts |= PITH_PART_TEXT_ENCODER;
    if (tensor_table_find(weights, TEXT_EMPTY_PROMPT_KEY)) parts |= PITH_PART_EMPTY_PROMPT;
    return parts;
}

static void name_precision(char text[PITH_NAME_BYTES], const tensor_table *weights) {
    static const char *const names[] = {[TENSOR_F32] = "F32", [TENSOR_F16] = "F16",    [TENSOR_BF16] = "BF16",
                                        [TENSOR_I8] = "int8", [TENSOR_F8_E4M3] = "F8", [TENSOR_F8_E5M2] = "F8_E5M2"};
    bool seen[TENSOR_OTHER + 1] = {false};
    for (size_t i = 0; i < tensor_table_count(weights); i++) seen[tensor_table_at(weights, i)->type] = true;
    text[0] = '\0';
    for (int type = TENSOR_F32; type < TENSOR_OTHER; type++) {
        size_t n = strlen(text);
        if (seen[type]) snprintf(text + n, PITH_NAME_BYTES - n, "%s%s", n ? "+" : "", names[type]);
    }
}

pith_status pith_model_get_contents(const pith_model *m, pith_model_contents *contents) {
    if (!m || !contents) return PITH_E_ARG;
    pith_model_contents all = {
        .parts = find_parts(m->weights),
        .n_latent = m->traits.n_latent,
        .downscale = 1u << m->traits.log2_downscale,
        .is_converted = model_is_converted(m->weights),
        .n_file_bytes = model_file_bytes(m),
        .log2_step_q0 = m->traits.log2_step_q0,
        .log2_step_q100 = m->traits.log2_step_q100,
    };
    snprintf(all.name, sizeof all.name, "%s", m->traits.name);
    snprintf(all.kind, sizeof all.kind, "%s", m->kind->name);
    name_precision(all.precision, m->weights);
    for (size_t i = 0; i < tensor_table_count(m->weights); i++)
        all.n_parameters += tensor_table_at(m->weights, i)->n_elements;
    return sized_give(contents, &all, sizeof all, "pith_model_contents", NULL);
}

/* ---- values ------------------------------------------------------------------------- */

static pith_status check_tensor(const tensor *t, pith_diag *why) {
    float values[BLOCK_VALUES];
    if (t->fault) return diag_set(why, PITH_E_UNSUPPORTED, "tensor %.100s: %s", t->name, t->fault);
    if (!tensor_has_values(t)) return PITH_OK; /* not used by networks */
    for (uint64_t at = 0; at < t->n_elements;) {
        uint64_t left = t->n_elements - at;
        uint64_t n = left < BLOCK_VALUES ? left : BLOCK_VALUES;
        tensor_read_f32(t, at, n, values);
        for (uint64_t i = 0; i < n; i++) {
            if (fabsf(values[i]) < 65520) continue; /* where binary16 rounds to infinity */
            if (!isfinite(values[i])) return tensor_check_finite(t, why);
            return diag_set(why, PITH_E_MODEL_VALUES, "tensor %.100s: value %llu is too large for binary16", t->name,
                            (unsigned long long)(at + i));
        }
        at += n;
    }
    return PITH_OK;
}

static pith_status check_id(const pith_model *m, const char *key, const uint8_t id[PITH_FINGERPRINT_BYTES],
                            pith_diag *why) {
    char text[2 * PITH_FINGERPRINT_BYTES + 1];
    const char *stated = tensor_table_meta(m->weights, key);
    model_id_text(text, id);
    if (stated && strcmp(stated, text) == 0) return PITH_OK;
    return diag_set(why, PITH_E_CHECKSUM, "is damaged: its %s is %s, and it says %.16s", key, text,
                    stated ? stated : "none");
}

/* A converted file states the fingerprints of its source. An int8 file, whose encoder differs from
 * that of its source, also states its own. */
static pith_status check_stated(pith_model *m, pith_diag *why) {
    pith_status status = PITH_OK;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    if (!model_is_converted(m->weights)) return PITH_OK;
    PITH_TRY(tensor_table_fingerprint_any(m->weights, m->kind->latent_prefixes, id, why));
    PITH_TRY(check_id(m, quantised_is_marked(m->weights) ? MODEL_ENCODER_ID_KEY : MODEL_LATENT_ID_KEY, id, why));
    PITH_TRY(model_decoder_id(m, id, why));
    PITH_TRY(check_id(m, MODEL_DECODER_ID_KEY, id, why));
cleanup:
    return status;
}

pith_status pith_model_check_values(pith_model *m, const pith_env *env, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    job job = {0};
    uint64_t n_all = 0, n_done = 0, n_undropped = 0;
    if (why) diag_clear(why);
    if (!m) return diag_set(why, PITH_E_ARG, "pith_model_check_values: the model is NULL");
    PITH_TRY(env_copy(&own, env, why));
    job_start(&job, &own);
    for (size_t i = 0; i < tensor_table_count(m->weights); i++) n_all += tensor_table_at(m->weights, i)->n_elements;
    for (size_t i = 0; i < tensor_table_count(m->weights); i++) {
        const tensor *t = tensor_table_at(m->weights, i);
        PITH_TRY(job_report(&job, "checking the values", (double)n_done / (double)(n_all + 1), why));
        PITH_TRY(check_tensor(t, why));
        n_done += t->n_elements;
        n_undropped += t->n_elements;
        if (n_undropped < DROP_EVERY_VALUES) continue;
        model_drop_pages(m);
        n_undropped = 0;
    }
    PITH_TRY(check_stated(m, why));
cleanup:
    return job_end(&job, status, why);
}
