/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writes Pith's own file of a model. For a Stable Diffusion checkpoint: autoencoder
 * and U-Net, and the empty prompt's context instead of the text encoder. Names and
 * shapes are those of the source, and so is the fingerprint of the latent space. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/job.h"
#include "model/taesd.h"
#include "model/text.h"
#include "networks/model_kind.h"
#include "networks/sd_weights.h"
#include "weights/dialects.h"
#include "weights/prediction.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define DROP_EVERY_BYTES (64u << 20)

typedef struct conversion {
    const pith_model *model;    /* the model to read; NULL: */
    const tensor_table *source; /* the tensors to read instead */
    safetensors_precision precision;
    pith_env env;
    job job;
    span span;            /* the current file's part of the progress */
    uint64_t n_undropped; /* bytes written since the mapped pages were last released */
} conversion;

static pith_status on_written(void *user, uint64_t n_bytes, double done, pith_diag *diag) {
    conversion *c = user;
    c->n_undropped += n_bytes;
    if (c->n_undropped >= DROP_EVERY_BYTES) {
        if (c->model)
            model_drop_pages(c->model);
        else
            tensor_table_drop_pages(c->source);
        c->n_undropped = 0;
    }
    return job_report(&c->job, "writing the model", span_at(c->span, done), diag);
}

/* ---- what goes in ------------------------------------------------------------------ */

static const char *const sd1_parts[] = {PART_VAE, PART_UNET, NULL};
static const char *const tiny_parts[] = {PART_TAESD_ENCODER, PART_TAESD_DECODER, NULL};
static const char *const every_part[] = {"", NULL};

static bool is_of(const tensor *t, const char *const *parts) {
    for (; *parts; parts++)
        if (strncmp(t->name, *parts, strlen(*parts)) == 0) return true;
    return false;
}

static pith_status add_tensors(tensor_table *out, const tensor_table *weights, const char *const *parts,
                               pith_diag *diag) {
    pith_status status = PITH_OK;
    for (size_t i = 0; i < tensor_table_count(weights); i++) {
        const tensor *t = tensor_table_at(weights, i);
        if (!is_of(t, parts)) continue;
        if (t->fault) return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: %s", t->name, t->fault);
        PITH_TRY(tensor_table_add(out, t));
    }
cleanup:
    return status;
}

/* The caller frees `*values` after the table is written. */
static pith_status add_empty_prompt(tensor_table *out, float **values, pith_model *m, pith_diag *diag) {
    const unet_config *u = &m->config.sd1.unet;
    pith_status status = PITH_OK;
    uint64_t count = (uint64_t)u->n_context * u->c_context;
    *values = mem_alloc(&m->env.alloc, (size_t)count, sizeof **values);
    if (!*values) return PITH_E_NOMEM;
    PITH_TRY(text_empty_context(*values, u->n_context, u->c_context, m->weights, m->backend, &m->env, diag));
    floats_as_in_file(*values, (size_t)count);
    tensor t = {.name = TEXT_EMPTY_PROMPT_KEY,
                .type = TENSOR_F32,
                .rank = 2,
                .shape = {u->n_context, u->c_context},
                .n_elements = count,
                .data = (const uint8_t *)*values,
                .n_bytes = count * sizeof **values};
    PITH_TRY(tensor_table_add(out, &t));
cleanup:
    return status;
}

static pith_status set_id(tensor_table *out, const char *key, const uint8_t id[PITH_FINGERPRINT_BYTES]) {
    char text[2 * PITH_FINGERPRINT_BYTES + 1];
    model_id_text(text, id);
    return tensor_table_set_meta(out, key, text);
}

static pith_status set_format(tensor_table *out, const conversion *c, const char *format) {
    pith_status status = PITH_OK;
    if (c->precision == SAFETENSORS_INT8) PITH_TRY(tensor_table_set_meta(out, QUANTISED_KEY, QUANTISED_VERSION));
    PITH_TRY(tensor_table_set_meta(out, "format", format));
    PITH_TRY(tensor_table_set_meta(out, "format_version", quantised_format_version(out)));
cleanup:
    return status;
}

static const char *const training_keys[] = {PREDICTION_KEY, ZERO_SNR_KEY};

/* The file of a built-in model describes its network; that of Stable Diffusion need not. */
static pith_status set_metadata(tensor_table *out, const conversion *c, pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    uint8_t latent[PITH_FINGERPRINT_BYTES], decoder[PITH_FINGERPRINT_BYTES];
    const bool is_sd1 = m->kind == &model_kind_sd1;
    PITH_TRY(model_latent_id(m, latent, diag));
    PITH_TRY(model_decoder_id(m, decoder, diag));
    if (!is_sd1) PITH_TRY(tensor_table_copy_meta(out, m->weights));
    PITH_TRY(set_format(out, c, is_sd1 ? MODEL_SD1_FORMAT : tensor_table_meta(m->weights, "format")));
    PITH_TRY(tensor_table_set_meta(out, "name", m->traits.name));
    PITH_TRY(set_id(out, MODEL_LATENT_ID_KEY, latent));
    PITH_TRY(set_id(out, MODEL_DECODER_ID_KEY, decoder));
    for (size_t i = 0; is_sd1 && i < sizeof training_keys / sizeof *training_keys; i++) {
        const char *value = tensor_table_meta(m->weights, training_keys[i]);
        if (value) PITH_TRY(tensor_table_set_meta(out, training_keys[i], value));
    }
cleanup:
    return status;
}

/* ---- the file ------------------------------------------------------------------------ */

static pith_status write_file(conversion *c, const tensor_table *out, const char *path, pith_diag *diag) {
    return safetensors_write_as(c->precision, path, out, &c->env, on_written, c, diag);
}

/* An int8 file begins with the fingerprints of its own encoder and decoder. So it is first written
 * to a temporary file next to its place, and then copied together with the fingerprints computed from that. */
static pith_status write_quantised(conversion *c, tensor_table *out, const model_kind *kind, const char *path,
                                   pith_diag *diag) {
    pith_status status = PITH_OK;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    tensor_table *made = NULL;
    const size_t n = strlen(path) + 40;
    char *beside = mem_alloc(&c->env.alloc, n, 1);
    if (!beside) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    snprintf(beside, n, "%s.%ld-int8.tmp", path, (long)getpid());
    c->span.to = 0.8;
    PITH_TRY(write_file(c, out, beside, diag));
    status = safetensors_open(&made, &c->env, beside, diag);
    (void)unlink(beside); /* it stays mapped */
    PITH_TRY(status);
    PITH_TRY(tensor_table_fingerprint_any(made, kind->latent_prefixes, id, diag));
    PITH_TRY(set_id(made, MODEL_ENCODER_ID_KEY, id));
    PITH_TRY(tensor_table_fingerprint_any(made, kind->decoder_prefixes, id, diag));
    PITH_TRY(set_id(made, MODEL_DECODER_ID_KEY, id));
    c->model = NULL;
    c->source = made;
    c->precision = SAFETENSORS_AS_THEY_ARE;
    c->span = (span){0.8, 1};
    PITH_TRY(write_file(c, made, path, diag));
cleanup:
    tensor_table_free(&made);
    mem_free(&c->env.alloc, beside);
    return status;
}

/* ---- the calls ------------------------------------------------------------------------ */

static bool is_decoder(pith_precision precision) { return precision == PITH_PRECISION_DECODER; }

static pith_status start(conversion *c, const pith_env *env, pith_precision precision, pith_diag *why) {
    pith_status status = PITH_OK;
    if (precision != PITH_PRECISION_FP16 && precision != PITH_PRECISION_INT8 && !is_decoder(precision))
        return diag_set(why, PITH_E_ARG, "a model is converted to fp16, int8 or its decoder");
    *c = (conversion){.precision = precision == PITH_PRECISION_INT8 ? SAFETENSORS_INT8 : SAFETENSORS_F16, .span.to = 1};
    if (is_decoder(precision)) c->precision = SAFETENSORS_AS_THEY_ARE;
    PITH_TRY(env_copy(&c->env, env, why));
    job_start(&c->job, &c->env);
    PITH_TRY(job_report(&c->job, "reading the model", 0, why));
cleanup:
    return status;
}

static pith_status check_precision(const conversion *c, const tensor_table *weights, pith_diag *why) {
    if (c->precision == SAFETENSORS_INT8 || !quantised_is_marked(weights)) return PITH_OK;
    return diag_set(why, PITH_E_UNSUPPORTED, "is int8: make the fp16 one of the model that it was made from");
}

/* A model must not become its own copy. */
static pith_status check_place(const tensor_table *weights, const char *path, pith_diag *why) {
    if (!tensor_table_has_file(weights, path)) return PITH_OK;
    return diag_set(why, PITH_E_ARG, "is the model that is to be converted, or a part of it");
}

static pith_status check_model(const conversion *c, const pith_model *m, pith_diag *why) {
    if (c->precision == SAFETENSORS_AS_THEY_ARE)
        return m->kind == &model_kind_mini
                   ? PITH_OK
                   : diag_set(why, PITH_E_UNSUPPORTED, "is of kind %s: only a built-in model's decoder stands alone",
                              m->kind->name);
    if (m->kind != &model_kind_sd1 && c->precision != SAFETENSORS_INT8)
        return diag_set(why, PITH_E_UNSUPPORTED, "is of kind %s: only Stable Diffusion is converted to fp16",
                        m->kind->name);
    if (m->kind == &model_kind_sd1 && m->config.sd1.is_tiny)
        return diag_set(why, PITH_E_UNSUPPORTED, "has TAESD in the place of its autoencoder: it is not converted");
    if (m->kind == &model_kind_sd1 && m->traits.can_denoise && unet_fault(m->weights))
        return diag_set(why, PITH_E_UNSUPPORTED, "has a U-Net that %.150s", unet_fault(m->weights));
    return check_precision(c, m->weights, why);
}

pith_status pith_model_convert(pith_model *model, const pith_env *env, pith_precision precision, const char *path,
                               pith_diag *why) {
    pith_status status = PITH_OK;
    conversion c = {.span.to = 1};
    tensor_table *out = NULL;
    float *values = NULL;
    if (why) diag_clear(why);
    if (!model || !path) return diag_set(why, PITH_E_ARG, "pith_model_convert: an argument is NULL");
    PITH_TRY(start(&c, env, precision, why));
    PITH_TRY(check_model(&c, model, why));
    PITH_TRY(check_place(model->weights, path, why));
    c.model = model;
    const bool is_sd1 = model->kind == &model_kind_sd1;
    PITH_TRY(tensor_table_new(&out, &c.env));
    PITH_TRY(add_tensors(out, model->weights,
                         is_decoder(precision) ? model->kind->pixel_prefixes
                         : is_sd1              ? sd1_parts
                                               : every_part,
                         why));
    if (model->traits.can_denoise) PITH_TRY(add_empty_prompt(out, &values, model, why));
    PITH_TRY(set_metadata(out, &c, model, why));
    if (c.precision == SAFETENSORS_INT8)
        PITH_TRY(write_quantised(&c, out, model->kind, path, why));
    else
        PITH_TRY(write_file(&c, out, path, why));
cleanup:
    status = job_end(&c.job, status, why);
    if (status != PITH_OK) diag_set(why, status, "cannot be converted: %s", pith_status_name(status));
    tensor_table_free(&out);
    mem_free(&model->env.alloc, values);
    return status;
}

pith_status pith_tiny_convert(const char *in, const pith_env *env, pith_precision precision, const char *path,
                              int *is_tiny, pith_diag *why) {
    pith_status status = PITH_OK;
    conversion c = {.span.to = 1};
    tensor_table *weights = NULL, *out = NULL;
    if (why) diag_clear(why);
    if (!in || !path || !is_tiny) return diag_set(why, PITH_E_ARG, "pith_tiny_convert: an argument is NULL");
    *is_tiny = 0;
    PITH_TRY(start(&c, env, precision, why));
    c.env.log.message = NULL; /* a file that is not TAESD may yet be opened some other way */
    if (is_decoder(precision)) {
        status = diag_set(why, PITH_E_UNSUPPORTED, "only a built-in model's decoder stands alone");
        goto cleanup;
    }
    PITH_TRY(sd_weights_open(&weights, &c.env, in, why));
    if (vae_recognise(weights) || !taesd_recognise(weights)) {
        status = diag_set(why, PITH_E_UNSUPPORTED, "is not TAESD");
        goto cleanup;
    }
    *is_tiny = 1;
    c.source = weights;
    PITH_TRY(model_check_version(weights, why));
    PITH_TRY(check_precision(&c, weights, why));
    PITH_TRY(check_place(weights, path, why));
    PITH_TRY(tensor_table_new(&out, &c.env));
    PITH_TRY(add_tensors(out, weights, tiny_parts, why));
    PITH_TRY(set_format(out, &c, MODEL_TAESD_FORMAT));
    PITH_TRY(write_file(&c, out, path, why));
cleanup:
    status = job_end(&c.job, status, why);
    if (status != PITH_OK) diag_set(why, status, "cannot be converted: %s", pith_status_name(status));
    tensor_table_free(&out);
    tensor_table_free(&weights);
    return status;
}
