/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Decoding: file -> slices -> symbols -> latents -> pixels (network, tile by
 * tile). No pixel is written until every latent has been checked. */
#include <stdio.h>
#include <string.h>

#include "api/decoder_state.h"
#include "base/env.h"
#include "base/job.h"
#include "base/sized.h"
#include "container/ctr_read.h"
#include "container/ctr_salvage.h"
#include "networks/model.h"
#include "stages/decode_stage.h"
#include "stages/exact_file.h"
#include "stages/latents_read.h"
#include "stages/memory_plan.h"
#include "stages/palette_method.h"
#include "stages/preview.h"

#define MAX_STEPS 1000

pith_status pith_decoder_new(pith_decoder **out, const pith_env *env, pith_diag *why) {
    pith_env own;
    if (why) diag_clear(why);
    if (!out) return diag_set(why, PITH_E_ARG, "pith_decoder_new: an argument is NULL");
    *out = NULL;
    pith_status status = env_copy(&own, env, why);
    if (status != PITH_OK) return status;
    pith_decoder *d = mem_alloc(&own.alloc, 1, sizeof *d);
    if (!d) return diag_set(why, PITH_E_NOMEM, "out of memory");
    d->env = own;
    *out = d;
    return PITH_OK;
}

pith_status pith_decode_options_defaults(pith_decode_options *options, size_t struct_size) {
    static const pith_decode_options defaults = {.struct_size = sizeof defaults, .steps = -1};
    return sized_start(options, struct_size, &defaults, sizeof defaults);
}

static void close_file(pith_decoder *d) {
    if (d->is_open) ctr_file_free(&d->file, &d->env);
    ctr_salvaged_free(&d->salvaged, &d->env);
    mem_free(&d->env.alloc, d->lost);
    d->lost = NULL;
    d->is_open = d->tolerant = d->colours_lost = false;
}

void pith_decoder_free(pith_decoder **decoder) {
    if (!decoder || !*decoder) return;
    pith_decoder *d = *decoder;
    *decoder = NULL;
    close_file(d);
    model_session_free(&d->session);
    pith_alloc alloc = d->env.alloc;
    mem_free(&alloc, d);
}

const char *pith_decoder_message(const pith_decoder *decoder) { return decoder ? decoder->diag.message : ""; }

pith_status pith_decoder_timing(const pith_decoder *decoder, pith_timing *timing) {
    if (!decoder || !timing) return PITH_E_ARG;
    return sized_give(timing, &decoder->timing, sizeof decoder->timing, "pith_timing", NULL);
}

void decoder_warn(const pith_decoder *d, const char *text) {
    if (d->env.log.message) d->env.log.message(d->env.log.user, PITH_LOG_WARNING, text);
}

/* ---- without a model ------------------------------------------------------------------- */

pith_status pith_decoder_open(pith_decoder *d, const uint8_t *data, size_t n_bytes) {
    if (!d || (!data && n_bytes > 0)) return PITH_E_ARG;
    diag_clear(&d->diag);
    close_file(d);
    pith_status status = ctr_read(&d->file, data, n_bytes, &d->env, &d->diag);
    d->is_open = status == PITH_OK;
    d->n_file_bytes = n_bytes;
    return status;
}

/* A CHRM chunk that does not decode is left out, as a slice would be. */
static pith_status tolerate_colours(pith_decoder *d) {
    true_colours colours;
    pith_status status = true_colours_init(&colours, &d->env.alloc, &d->file, &d->diag);
    true_colours_free(&colours, &d->env.alloc);
    d->colours_lost = d->salvaged.colours_lost || status == PITH_E_FORMAT;
    if (status != PITH_E_FORMAT) return status;
    diag_clear(&d->diag);
    d->file.chroma = 0;
    return PITH_OK;
}

/* Except for slices: pith_decoder_lost reports those. */
static void say_what_is_left_out(const pith_decoder *d) {
    char text[80];
    if (d->colours_lost) decoder_warn(d, "damaged: what mends the picture's colours is lost");
    if (d->salvaged.residual_lost || (d->colours_lost && d->file.n_residual > 0))
        decoder_warn(d, "damaged: its residual is left out, which fits the whole picture alone");
    snprintf(text, sizeof text, "damaged: %zu bytes that are none of a slice are left out", d->salvaged.n_other_bytes);
    if (d->salvaged.n_other_bytes > 0) decoder_warn(d, text);
}

/* Salvage is only tried if the file cannot be read as it is. */
pith_status pith_decoder_open_damaged(pith_decoder *d, const uint8_t *data, size_t n_bytes) {
    pith_status status = pith_decoder_open(d, data, n_bytes);
    if (status == PITH_E_CHECKSUM || status == PITH_E_TRUNCATED || status == PITH_E_FORMAT) {
        diag_clear(&d->diag);
        status = ctr_salvage(&d->salvaged, data, n_bytes, &d->env, &d->diag);
        if (status == PITH_OK)
            status = ctr_read(&d->file, d->salvaged.file.data, d->salvaged.file.n_bytes, &d->env, &d->diag);
        d->is_open = status == PITH_OK;
    }
    if (status == PITH_OK) status = tolerate_colours(d);
    if (status != PITH_OK) {
        close_file(d);
        return status;
    }
    say_what_is_left_out(d);
    d->lost = mem_alloc(&d->env.alloc, d->file.n_slices, sizeof *d->lost);
    if (!d->lost) {
        close_file(d);
        return diag_set(&d->diag, PITH_E_NOMEM, "out of memory for %u slices", d->file.n_slices);
    }
    d->tolerant = true;
    return PITH_OK;
}

uint32_t pith_decoder_lost(const pith_decoder *d, uint32_t index, pith_area *area) {
    uint32_t n = 0;
    if (!d || !d->tolerant) return 0;
    const ctr_head *head = &d->file.head;
    for (uint32_t i = 0; i < d->file.n_slices; i++) {
        if (!d->lost[i]) continue;
        if (n++ != index || !area) continue;
        const ctr_rect r = ctr_slice_rect(head, i);
        *area = (pith_area){.x = r.x << head->log2_downscale, .y = r.y << head->log2_downscale};
        uint64_t width = (uint64_t)r.width << head->log2_downscale, height = (uint64_t)r.height << head->log2_downscale;
        area->width = (uint32_t)(width < head->width - area->x ? width : head->width - area->x);
        area->height = (uint32_t)(height < head->height - area->y ? height : head->height - area->y);
    }
    return n;
}

/* ---- bytes -> latents --------------------------------------------------------------------- */

static pith_status check_model(pith_decoder *d, pith_model *model) {
    const ctr_head *head = &d->file.head;
    const model_traits *t = model_traits_of(model);
    uint8_t id[PITH_FINGERPRINT_BYTES];
    pith_status status = model_latent_id(model, id, &d->diag);
    if (status != PITH_OK) return status;
    if (memcmp(id, head->latent_id, sizeof id) != 0)
        return diag_set(&d->diag, PITH_E_MODEL_MISMATCH,
                        "made with model %s, and the model given, %s, has another latent space", head->model_name,
                        t->name);
    if (t->n_latent != head->n_latent || t->log2_downscale != head->log2_downscale)
        return diag_set(&d->diag, PITH_E_MODEL_MISMATCH, "the latent has %u channels at 1/%u, model %s has %u at 1/%u",
                        head->n_latent, 1u << head->log2_downscale, t->name, t->n_latent, 1u << t->log2_downscale);
    uint8_t recipe = model_recipe(t, ctr_latent_width(head), ctr_latent_height(head));
    if (head->recipe != recipe)
        return diag_set(&d->diag, PITH_E_UNSUPPORTED, "recipe %u, model %s decodes a picture of this size by recipe %u",
                        head->recipe, t->name, recipe);
    return PITH_OK;
}

static pith_status require_some(pith_decoder *d) {
    if (!d->tolerant || d->file.n_slices == 0 || pith_decoder_lost(d, 0, NULL) < d->file.n_slices) return PITH_OK;
    return diag_set(&d->diag, PITH_E_CHECKSUM, "no slice is whole: nothing can be saved");
}

static pith_status file_to_latents(pith_decoder *d, const region *part, bool for_preview, latent_planes *latents) {
    pith_status status = PITH_OK;
    const model_traits *traits = model_traits_of(model_session_model(d->session));
    const pith_alloc *alloc = &d->env.alloc;
    const double start = job_seconds();
    latents_reading reading = {.env = &d->env,
                               .job = &d->job,
                               .file = &d->file,
                               .lost = d->lost,
                               .missing = d->salvaged.lost,
                               .memory = d->memory,
                               .n_channels = traits->n_latent,
                               .span = {0, 0.2}};
    if (for_preview) PITH_TRY(preview_channels(model_session_model(d->session), &reading.n_channels, &d->diag));
    if (d->file.head.method == PITH_METHOD_PALETTE) { /* decoded in one piece */
        PITH_TRY(latents_init(latents, alloc, &d->file.head, &d->diag));
        PITH_TRY(palette_read(&d->file, latents, traits->palette_unit, alloc, &d->diag));
    } else {
        PITH_TRY(latents_init_part(latents, alloc, &d->file.head, part->latents, &d->diag));
        PITH_TRY(latents_read(&reading, latents, &d->diag));
        PITH_TRY(require_some(d));
    }
    d->timing.coding_seconds = job_seconds() - start;
cleanup:
    return status;
}

/* ---- latents -> pixels ---------------------------------------------------------------------- */

/* The session outlives the call: the next picture of the same size finds its networks bound. */
static pith_status use_model(pith_decoder *d, pith_model *model) {
    if (d->session && model_session_model(d->session) == model) return PITH_OK;
    model_session_free(&d->session);
    return model_session_new(&d->session, model, &d->diag);
}

static pith_status check_options(pith_decoder *d, const pith_model *model, const pith_decode_options *o) {
    if (o->steps < -1 || o->steps > MAX_STEPS)
        return diag_set(&d->diag, PITH_E_ARG, "steps must be 0 to %d, or -1", MAX_STEPS);
    if (d->file.head.method == PITH_METHOD_PALETTE && o->steps > 0 && o->steps != MODEL_PALETTE_STEPS)
        return diag_set(&d->diag, PITH_E_ARG, "a palette is decoded with %d steps or none", MODEL_PALETTE_STEPS);
    if (!(o->realism >= 0 && o->realism <= 1)) return diag_set(&d->diag, PITH_E_ARG, "realism must be 0 to 1");
    if (o->realism > 0 && !model_traits_of(model)->can_texture)
        return diag_set(&d->diag, PITH_E_ARG, "the model \"%s\" makes no texture: realism must be 0",
                        model_traits_of(model)->name);
    return PITH_OK;
}

/* Decides whether the file's residual is added. It fits one decoder, run in one way. Where the caller leaves the choice
 * open, that way is taken. */
static pith_status choose_residual(pith_decoder *d, pith_model *model, const pith_decode_options *o,
                                   decode_stage *stage) {
    ctr_recipe recipe;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    const bool can_choose = model_traits_of(model)->can_denoise && d->file.head.method != PITH_METHOD_PALETTE;
    stage->residual = false;
    if (d->file.n_residual == 0 || o->no_residual || o->preview || d->colours_lost) return PITH_OK;
    pith_status status = ctr_read_recipe(&d->file, &recipe, &d->diag);
    if (status == PITH_OK) status = model_decoder_id(model, id, &d->diag);
    if (status != PITH_OK) return status;
    const bool is_own = memcmp(id, recipe.decoder_id, sizeof id) == 0;
    if (is_own && can_choose && o->steps < 0 && recipe.n_steps <= MAX_STEPS) stage->n_steps = recipe.n_steps;
    stage->residual = is_own && stage->n_steps == recipe.n_steps;
    if (stage->residual) return PITH_OK;
    if (d->file.bound)
        return diag_set(&d->diag, PITH_E_MODEL_MISMATCH,
                        "promises a bound for another decoder or other steps (%u) than asked for", recipe.n_steps);
    decoder_warn(d, "the residual was made for another decoder or other steps: left out");
    return PITH_OK;
}

static pith_status plan_stage(pith_decoder *d, pith_model *model, const pith_decode_options *o, decode_stage *stage) {
    const bool is_palette = d->file.head.method == PITH_METHOD_PALETTE,
               can_denoise = model_traits_of(model)->can_denoise;
    if (can_denoise)
        stage->n_steps = (uint32_t)(o->steps >= 0 ? o->steps : is_palette ? MODEL_PALETTE_STEPS : MODEL_DEFAULT_STEPS);
    pith_status status = choose_residual(d, model, o, stage);
    if (stage->residual && stage->realism > 0) {
        stage->realism = 0;
        decoder_warn(d, "the file has a residual, which mends the picture without texture: no texture is added");
    }
    return status == PITH_OK ? decode_stage_plan(stage) : status;
}

/* No model is involved. */
static pith_status decode_exact(pith_decoder *d, const pith_decode_options *o, const pith_sink *sink) {
    const ctr_head *head = &d->file.head;
    const double start = job_seconds();
    exact_file_reading reading = {.env = &d->env,
                                  .job = &d->job,
                                  .file = &d->file,
                                  .lost = d->lost,
                                  .missing = d->salvaged.lost,
                                  .memory = o->max_memory_bytes,
                                  .region = o->region,
                                  .preview = o->preview != 0};
    const pith_area *r = &reading.region;
    if (r->width == 0 && r->height == 0) reading.region = (pith_area){0, 0, head->width, head->height};
    if (r->width == 0 || r->width > head->width || r->x > head->width - r->width || r->height == 0 ||
        r->height > head->height || r->y > head->height - r->height)
        return diag_set(&d->diag, PITH_E_ARG, "the region %ux%u+%u+%u is not inside the picture of %ux%u", r->width,
                        r->height, r->x, r->y, head->width, head->height);
    if (o->realism > 0) decoder_warn(d, "the picture is exact: no texture is added");
    pith_status status = exact_file_read(&reading, sink, &d->diag);
    d->timing.coding_seconds = job_seconds() - start;
    return status == PITH_OK ? require_some(d) : status;
}

pith_status pith_decode(pith_decoder *d, pith_model *model, const pith_decode_options *options, const pith_sink *sink) {
    pith_status status = PITH_OK;
    latent_planes latents = {0};
    true_colours colours = {0};
    pith_decode_options o;
    pith_sink to = {0};
    if (!d) return PITH_E_ARG;
    PITH_TRY(decoder_require_open(d));
    d->timing = (pith_timing){0};
    d->hash = (pith_hash){0};
    job_start(&d->job, &d->env);
    const bool is_exact = d->file.head.method == PITH_METHOD_EXACT;
    if (sink) PITH_TRY(sized_take(&to, sizeof to, sink, "pith_sink", &d->diag));
    if ((!model && !is_exact) || !to.write_rows) {
        status = diag_set(&d->diag, PITH_E_ARG, "pith_decode: an argument is NULL");
        goto cleanup;
    }
    sink = &to;
    pith_decode_options_defaults(&o, sizeof o);
    if (options) PITH_TRY(sized_take(&o, sizeof o, options, "pith_decode_options", &d->diag));
    PITH_TRY(decoder_hash_start(d, model, &o, &to));
    if (is_exact) {
        PITH_TRY(decode_exact(d, &o, sink));
        status = decoder_hash_end(d, &o);
        goto cleanup;
    }
    PITH_TRY(check_options(d, model, &o));
    PITH_TRY(check_model(d, model));
    PITH_TRY(use_model(d, model));
    model_session_work_for(d->session, &d->job);
    d->memory = memory_allowed(o.max_memory_bytes, model);
    decode_stage stage = {.env = &d->env,
                          .job = &d->job,
                          .session = d->session,
                          .diag = &d->diag,
                          .head = &d->file.head,
                          .file = &d->file,
                          .latents = &latents,
                          .colours = &colours,
                          .sink = sink,
                          .memory = d->memory,
                          .area = o.region,
                          .preview = o.preview != 0,
                          .realism = o.realism,
                          .words = "decoding",
                          .span = {0.2, 1},
                          .timing = &d->timing};
    PITH_TRY(plan_stage(d, model, &o, &stage));
    PITH_TRY(file_to_latents(d, &stage.region, stage.preview, &latents));
    PITH_TRY(true_colours_init(&colours, &d->env.alloc, &d->file, &d->diag));
    stage.is_incomplete = pith_decoder_lost(d, 0, NULL) > 0;
    PITH_TRY(decode_stage_run(&stage));
    PITH_TRY(decoder_hash_end(d, &o));
cleanup:
    latents_free(&latents, &d->env.alloc);
    true_colours_free(&colours, &d->env.alloc);
    return job_end(&d->job, status, &d->diag);
}
