/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents are decoded by the stage that decodes files, straight from the symbols. */
#include "search/trial.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/job.h"
#include "container/ctr_write.h"
#include "search/picture_is_drawn.h"
#include "stages/decode_stage.h"

/* ---- the caller ---------------------------------------------------------------------------- */

pith_status trial_report(trial *s, const char *stage, double part) {
    const span now = s->searched ? s->k->stages.after_search : s->k->stages.loop;
    s->stage = stage;
    return job_report(s->k->job, stage, span_at(now, part), s->k->diag);
}

pith_status trial_look(trial *s) { return job_look(s->k->job, s->k->diag); }

/* ---- the importance of blocks ------------------------------------------------------------ */

static pith_status find_important(trial *s) {
    const pith_image *image = &s->k->original->image;
    const pith_image_format *f = &image->format;
    const pith_encode_options *o = s->k->options;
    const pith_alloc *alloc = &s->k->env->alloc;
    fid_rect *rects = NULL;
    pith_status status = fid_weights_new(&s->importance, alloc, f->width, f->height);
    if (status == PITH_OK && o->n_protect > 0) {
        rects = mem_alloc(alloc, o->n_protect, sizeof *rects);
        if (!rects) status = PITH_E_NOMEM;
    }
    if (status != PITH_OK) return diag_set(s->k->diag, status, "out of memory for what matters most");
    for (size_t i = 0; i < o->n_protect; i++)
        rects[i] = (fid_rect){o->protect[i].x, o->protect[i].y, o->protect[i].width, o->protect[i].height};
    fid_rows rows = {image->pixels, image->stride_bytes, 0, f->height};
    for (uint32_t by = 0; status == PITH_OK && by < s->importance.down; by++) {
        fid_weights_add_text(&s->importance, &rows, f->width, f->height, f->n_channels, by);
        status = trial_look(s);
    }
    fid_weights_finish(&s->importance, rects, o->n_protect);
    mem_free(alloc, rects);
    return status;
}

#define ICON_PIXELS 16384u    /* for pictures this small, every way is tried, whatever they show */
#define CODER_BYTES 20000000u /* of the encoder's residual coder */
#define BLOCK_BYTES (sizeof(fid_block) + 1)

/* ---- the state ------------------------------------------------------------------------------ */

uint64_t closed_loop_bytes(const pith_image_format *f) {
    uint64_t n_pixels = (uint64_t)f->width * f->height, n_colours = f->n_channels < 3 ? 1 : 3;
    uint64_t blocks = n_pixels / (FID_CELL * FID_CELL) * BLOCK_BYTES;
    bool has_alpha = f->n_channels % 2 == 0;
    /* 8-bit pictures: the original, the network's, and that with the residual. In full format (alpha, 16 bits): the
     * original, in fewer colours, and on a background. Then the memory of a score. */
    uint64_t scoring = (n_pixels < 2 * SCORE_PIXELS ? n_pixels : 2 * SCORE_PIXELS) * 24;
    return n_pixels * (3 * n_colours + has_alpha) + 3 * kept_source_full_bytes(f) + scoring + blocks + CODER_BYTES;
}

static pith_status make_room(trial *s) {
    const pith_alloc *alloc = &s->k->env->alloc;
    const pith_image_format *f = &s->k->original->image.format;
    s->picture_bytes = s->k->original->image.stride_bytes * f->height;
    s->n_tiles = fid_tiles_across(f->width) * fid_tiles_across(f->height);
    s->blocks_across = (f->width + FID_CELL - 1) / FID_CELL;
    s->blocks_down = (f->height + FID_CELL - 1) / FID_CELL;
    s->network = mem_alloc(alloc, s->picture_bytes, 1);
    s->result = mem_alloc(alloc, s->picture_bytes, 1);
    s->tiles = mem_alloc(alloc, s->n_tiles, sizeof *s->tiles);
    s->blocks = mem_alloc(alloc, (size_t)s->blocks_across * s->blocks_down, sizeof *s->blocks);
    s->weights = mem_alloc(alloc, s->blocks_across, s->blocks_down);
    if (s->network && s->result && s->tiles && s->blocks && s->weights &&
        fid_meter_new(&s->meter, alloc, f->width, f->height, f->n_channels) == PITH_OK &&
        res_coder_new(&s->coder, alloc, true) == PITH_OK)
        return PITH_OK;
    return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for comparing pictures");
}

pith_status trial_init(trial *s, const closed_loop *k) {
    pith_model *model = model_session_model(k->session);
    *s = (trial){.k = k};
    bw_init(&s->residual, &k->env->alloc);
    bw_init(&s->chroma, &k->env->alloc);
    pith_status status = trial_report(s, "comparing", 0);
    if (status == PITH_OK) status = make_room(s);
    if (status == PITH_OK) res_coder_watch(s->coder, job_watch(k->job));
    if (status == PITH_OK) status = find_important(s);
    if (status == PITH_OK) status = model_decoder_id(model, s->recipe.decoder_id, k->diag);
    if (status == PITH_OK) status = latents_init(&s->values, &k->env->alloc, k->coder->head, k->diag);
    if (k->coder->tint) s->colours = true_colours_of_tint(k->coder->tint);
    const model_traits *traits = model_traits_of(model);
    if (traits->can_denoise && !traits->denoiser_varies) s->recipe.n_steps = MODEL_DEFAULT_STEPS;
    const pith_image_format *f = &k->original->image.format;
    s->is_drawn = (uint64_t)f->width * f->height <= ICON_PIXELS || picture_is_drawn(&k->original->image);
    return status;
}

void trial_free(trial *s) {
    const pith_alloc *alloc = &s->k->env->alloc;
    latents_free(&s->values, alloc);
    res_coder_free(&s->coder);
    fid_meter_free(&s->meter);
    fid_weights_free(&s->importance, alloc);
    bw_free(&s->residual);
    bw_free(&s->chroma);
    mem_free(alloc, s->network);
    mem_free(alloc, s->result);
    mem_free(alloc, s->tiles);
    mem_free(alloc, s->blocks);
    mem_free(alloc, s->weights);
}

/* ---- latents ------------------------------------------------------------------------------- */

pith_status trial_code_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded) {
    const rate_wish wish = {quality, max_bytes, s->k->other_bytes};
    return latents_code(s->k->coder, wish, search, coded);
}

pith_status trial_decode(trial *s, const coded_picture *coded) {
    const closed_loop *k = s->k;
    pith_image image = k->original->image;
    pith_sink sink;
    image.pixels = s->network;
    pith_status status = pith_sink_to_image(&sink, sizeof sink, &image);
    s->residual.n_bytes = s->chroma.n_bytes = 0;
    decode_stage stage = {.env = k->env,
                          .job = k->job,
                          .session = k->session,
                          .diag = k->diag,
                          .head = &coded->head,
                          .latents = &s->values,
                          .colours = &s->colours,
                          .n_steps = s->recipe.n_steps, /* the residual will be added to this picture */
                          .memory = k->memory,
                          .words = s->stage,
                          .span = {k->job->done, k->job->done},
                          .sink = &sink};
    lat_dequantise(k->coder->symbols, latents_count(&s->values), lat_step(coded->head.step_index), s->values.values);
    if (status == PITH_OK) status = decode_stage_plan(&stage);
    if (status == PITH_OK) status = decode_stage_run(&stage);
    if (status != PITH_OK) return status;
    kept_source_copy_hidden(k->original, s->network);
    memcpy(s->result, s->network, s->picture_bytes);
    return PITH_OK;
}

pith_status trial_decode_again(trial *s, const coded_picture *coded) {
    const latents_coder *c = s->k->coder;
    lat_quantise(c->latents->values, latents_count(c->latents), lat_step(coded->head.step_index), c->symbols);
    return trial_decode(s, coded);
}

pith_status trial_set_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded) {
    pith_status status = trial_code_latents(s, quality, max_bytes, search, coded);
    s->searched = search;
    if (search && status == PITH_OK) status = trial_report(s, "comparing", 0);
    return status == PITH_OK ? trial_decode(s, coded) : status;
}

/* ---- the residual -------------------------------------------------------------------------- */

static void slice_weights(const trial *s, ctr_rect r, double factor, uint8_t *out) {
    uint32_t across = (r.width + FID_CELL - 1) / FID_CELL, down = (r.height + FID_CELL - 1) / FID_CELL;
    for (uint32_t y = 0; y < down; y++) {
        const uint8_t *row = s->weights + (size_t)(r.y / FID_CELL + y) * s->blocks_across + r.x / FID_CELL;
        for (uint32_t x = 0; x < across; x++) *out++ = (uint8_t)fmin(factor * row[x] + 0.5, 255);
    }
}

static res_view view_of(const pith_image *image, uint8_t *pixels, ctr_rect r) {
    const uint8_t n = image->format.n_channels;
    uint8_t *first = pixels + r.y * image->stride_bytes + (size_t)r.x * n;
    return (res_view){first, image->stride_bytes, r.width, r.height, n, n};
}

void trial_set_empty_residual(trial *s) {
    const pith_image_format *f = &s->k->original->image.format;
    ctr_head head = {.width = f->width, .height = f->height, .residual = true};
    s->residual.n_bytes = 0;
    for (uint32_t i = 0; i < ctr_residual_count(&head); i++)
        ctr_write_residual(&s->residual, i == 0 ? &s->recipe : NULL, NULL, 0);
}

pith_status trial_set_residual(trial *s, double step, unsigned fine_delta) {
    const pith_image *original = &s->k->original->image;
    ctr_head head = {.width = original->format.width, .height = original->format.height, .residual = true};
    uint8_t weights[(RES_SLICE_SIDE / FID_CELL) * (RES_SLICE_SIDE / FID_CELL)];
    const double whole_step = ceil(step), factor = em_exp2((whole_step - step) / 3); /* the square of 2^(1/6) */
    res_options o = {(unsigned)whole_step, .predictions = true, .weights = weights, .fine_delta = fine_delta};
    pith_status status = PITH_OK;
    bool any = false;
    byte_writer coded;
    bw_init(&coded, &s->k->env->alloc);
    s->residual.n_bytes = 0;
    memcpy(s->result, s->network, s->picture_bytes);
    for (uint32_t i = 0; status == PITH_OK && i < ctr_residual_count(&head); i++) {
        ctr_rect r = ctr_residual_rect(&head, i);
        res_view from = view_of(original, original->pixels, r), to = view_of(original, s->result, r);
        slice_weights(s, r, factor, weights);
        coded.n_bytes = 0;
        status = res_encode(s->coder, &from, &to, &o, &coded);
        any = any || coded.n_bytes > 0;
        ctr_write_residual(&s->residual, i == 0 ? &s->recipe : NULL, coded.data, coded.n_bytes);
    }
    if (!any) s->residual.n_bytes = 0;
    if (status == PITH_OK) status = s->residual.status;
    bw_free(&coded);
    if (status == PITH_OK || s->k->diag->status != PITH_OK)
        return status; /* the message is set already, as when the caller stops the work */
    return diag_set(s->k->diag, status, "the residual coder failed");
}

pith_status trial_measure(trial *s) {
    const pith_image *original = &s->k->original->image;
    const pith_image_format *f = &original->format;
    fid_rows a = {original->pixels, original->stride_bytes, 0, f->height};
    fid_rows b = {s->result, original->stride_bytes, 0, f->height};
    pith_status status = PITH_OK;
    for (uint32_t ty = 0; status == PITH_OK && ty < fid_tiles_across(f->height); ty++) {
        fid_measure_row(s->meter, &a, &b, ty, s->tiles, s->blocks);
        status = trial_look(s);
    }
    return status;
}
