/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Decoding: file -> slices -> symbols -> latents -> pixels (network, tile by
 * tile). Nothing of the picture is written before every latent is proven. */
#include <stdio.h>
#include <string.h>

#include "api/decoder_state.h"
#include "base/env.h"
#include "base/sized.h"
#include "container/ctr_read.h"
#include "container/ctr_salvage.h"
#include "networks/model.h"
#include "picture/pixels.h"
#include "stages/alpha.h"
#include "stages/exact_file.h"
#include "stages/flat_window.h"
#include "stages/latents.h"
#include "stages/memory_plan.h"
#include "stages/palette_method.h"
#include "stages/preview.h"
#include "stages/region.h"
#include "stages/residual_rows.h"
#include "stages/slice_pool.h"
#include "stages/true_colours.h"

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

static void warn(const pith_decoder *d, const char *text) {
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

/* A CHRM that does not decode is left out, as a slice would be. */
static pith_status tolerate_colours(pith_decoder *d) {
    true_colours colours;
    row_band band = {0};
    pith_status status = true_colours_init(&colours, &d->env.alloc, &d->file, &band, &d->diag);
    true_colours_free(&colours, &d->env.alloc);
    d->colours_lost = d->salvaged.colours_lost || status == PITH_E_FORMAT;
    if (status != PITH_E_FORMAT) return status;
    diag_clear(&d->diag);
    d->file.chroma = 0;
    return PITH_OK;
}

/* But for the slices, which pith_decoder_lost tells. */
static void say_what_is_left_out(const pith_decoder *d) {
    char text[80];
    if (d->colours_lost) warn(d, "damaged: what mends the picture's colours is lost");
    if (d->salvaged.residual_lost || (d->colours_lost && d->file.n_residual > 0))
        warn(d, "damaged: its residual is left out, which fits the whole picture alone");
    snprintf(text, sizeof text, "damaged: %zu bytes that are none of a slice are left out", d->salvaged.n_other_bytes);
    if (d->salvaged.n_other_bytes > 0) warn(d, text);
}

/* The file is read as it is when nothing is wrong with its chunks. */
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

typedef struct slices_job {
    pith_decoder *decoder;
    const latent_planes *latents;
    int16_t *symbols;
    uint32_t *wanted; /* indices of the slices that the planes hold */
    uint32_t n_wanted;
    uint32_t n_channels; /* decoded; the others stay 0 */
} slices_job;

/* The checksum is of all channels. */
static pith_status read_slice(const pith_decoder *d, lat_coder *coder, uint32_t index, const lat_block *block,
                              uint32_t n_channels, pith_diag *diag) {
    ctr_slice slice;
    if (d->salvaged.lost && d->salvaged.lost[index]) return PITH_E_CHECKSUM;
    pith_status status = ctr_read_slice(&d->file, index, &slice, diag);
    if (status != PITH_OK) return status;
    if (n_channels < block->n_channels)
        return lat_decode_first(coder, slice.coded, slice.coded_bytes, block, n_channels, diag);
    status = lat_decode(coder, slice.coded, slice.coded_bytes, block, diag);
    if (status != PITH_OK) return status;
    if (lat_checksum(block) != slice.checksum)
        return diag_set(diag, PITH_E_CHECKSUM, "latent slice %u: the symbols do not match their checksum", index);
    return PITH_OK;
}

/* A slice that is lost leaves zeros. */
static pith_status lose_slice(pith_decoder *d, uint32_t index, const lat_block *block, pith_diag *diag) {
    diag_clear(diag);
    d->lost[index] = true;
    for (uint32_t c = 0; c < block->n_channels; c++)
        for (uint32_t y = 0; y < block->height; y++)
            memset(block->symbols + c * block->plane_stride + y * block->row_stride, 0,
                   block->width * sizeof *block->symbols);
    return PITH_OK;
}

/* On any thread; of the decoder it changes this slice's symbols and its entry of `lost`. */
static pith_status decode_slice(void *user, void *coder, uint32_t i, pith_diag *diag) {
    const slices_job *job = user;
    pith_decoder *d = job->decoder;
    const uint32_t index = job->wanted[i];
    ctr_rect rect = ctr_slice_rect(&d->file.head, index);
    lat_block block = latents_slice(job->latents, job->symbols, rect);
    pith_status status = read_slice(d, coder, index, &block, job->n_channels, diag);
    return status != PITH_OK && status != PITH_E_ABORTED && d->tolerant ? lose_slice(d, index, &block, diag) : status;
}

static pith_status require_some(pith_decoder *d) {
    if (!d->tolerant || d->file.n_slices == 0 || pith_decoder_lost(d, 0, NULL) < d->file.n_slices) return PITH_OK;
    return diag_set(&d->diag, PITH_E_CHECKSUM, "no slice is whole: nothing can be saved");
}

static pith_status slices_to_latents(pith_decoder *d, latent_planes *latents, uint32_t n_channels) {
    pith_status status = PITH_OK;
    const ctr_head *head = &d->file.head;
    slice_pool *pool = NULL;
    slices_job job = {.decoder = d, .latents = latents, .n_channels = n_channels};
    job.symbols = mem_alloc(&d->env.alloc, latents_count(latents), sizeof *job.symbols);
    job.wanted = mem_alloc(&d->env.alloc, d->file.n_slices, sizeof *job.wanted);
    if (!job.symbols || !job.wanted) {
        status = diag_set(&d->diag, PITH_E_NOMEM, "out of memory for the latents");
        goto cleanup;
    }
    for (uint32_t i = 0; i < d->file.n_slices; i++)
        if (latents_hold(latents, ctr_slice_rect(head, i))) job.wanted[job.n_wanted++] = i;
    PITH_TRY(slice_pool_new(&pool, &d->env, d->memory, head->n_latent, head->prior_id, job.n_wanted, &d->diag));
    PITH_TRY(slice_pool_run(pool, job.n_wanted, decode_slice, &job, "reading", (env_span){0, 0.2}, &d->diag));
    PITH_TRY(require_some(d));
    lat_dequantise(job.symbols, latents_count(latents), lat_step(head->step_index), latents->values);
cleanup:
    slice_pool_free(&pool);
    mem_free(&d->env.alloc, job.symbols);
    mem_free(&d->env.alloc, job.wanted);
    return status;
}

static pith_status file_to_latents(pith_decoder *d, latent_planes *latents, bool for_preview) {
    const pith_model *model = model_session_model(d->session);
    uint32_t n_channels = d->file.head.n_latent;
    double start = env_seconds();
    pith_status status = for_preview ? preview_channels(model, &n_channels, &d->diag) : PITH_OK;
    if (status != PITH_OK) return status;
    status = d->file.head.method == PITH_METHOD_PALETTE
                 ? palette_read(&d->file, latents, model_traits_of(model)->palette_unit, &d->env.alloc, &d->diag)
                 : slices_to_latents(d, latents, n_channels);
    d->timing.coding_seconds = env_seconds() - start;
    return status;
}

/* ---- latents -> pixels ---------------------------------------------------------------------- */

/* What a call is to do. */
typedef struct decode_plan {
    region region;     /* what the network makes: all that the residual slices of what is wanted lie on */
    pixel_rect wanted; /* what the sink gets */
    uint32_t n_steps;
    float realism;
    bool residual;
} decode_plan;

/* Work space of one call. */
typedef struct decode_job {
    const region *region;
    const latent_planes *latents;
    const pith_sink *sink;
    row_band band; /* the rows of one line of tiles */
    true_colours colours;
    alpha_reader alpha;
    float *window_latents, *window_pixels;
    flat_window flat; /* what is in window_pixels */
    model_decode_how how;
    residual_rows residual; /* `env` is NULL where there is none to add */
} decode_job;

static pith_status job_init(pith_decoder *d, decode_job *job) {
    const ctr_head *head = &d->file.head;
    const tile_grid *grid = &job->region->tiles;
    const pixel_rect *part = &job->region->pixels;
    const model_window window = region_window(job->region, 0, 0);
    const size_t s = (size_t)1 << head->log2_downscale;
    pith_image_format format = decoder_picture_format(head, job->sink->bit_depth == 16 ? 16 : 8);
    uint32_t rows = grid->y.core << head->log2_downscale;
    pith_status status = band_init_columns(&job->band, &d->env.alloc, &format, part->x, part->width,
                                           rows < part->height ? rows : part->height, &d->diag);
    if (status == PITH_OK)
        status = alpha_reader_init(&job->alpha, &d->env.alloc, &d->file, part->x, part->width, &d->diag);
    if (status != PITH_OK) return status;
    status = true_colours_init(&job->colours, &d->env.alloc, &d->file, &job->band, &d->diag);
    if (status != PITH_OK) return status;
    job->window_latents = mem_alloc(&d->env.alloc, (size_t)window.h * window.w, head->n_latent * sizeof(float));
    job->window_pixels = mem_alloc(&d->env.alloc, (size_t)window.keep_h * window.keep_w, 3 * s * s * sizeof(float));
    if (!job->window_latents || !job->window_pixels)
        return diag_set(&d->diag, PITH_E_NOMEM, "out of memory for a tile");
    return PITH_OK;
}

static void job_free(decode_job *job, const pith_alloc *alloc) {
    band_free(&job->band, alloc);
    true_colours_free(&job->colours, alloc);
    alpha_reader_free(&job->alpha);
    mem_free(alloc, job->window_latents);
    mem_free(alloc, job->window_pixels);
    residual_rows_free(&job->residual);
}

/* [*first, *first + *length) cut down to what lies in [from, from + n). */
static void cut(uint32_t *first, uint32_t *length, uint32_t from, uint32_t n) {
    uint32_t end = *first + *length < from + n ? *first + *length : from + n;
    if (*first < from) *first = from;
    *length = end - *first;
}

/* The decoder network over one window; its core goes to the band. */
static pith_status run_window(pith_decoder *d, decode_job *job, uint32_t column, uint32_t row) {
    const tile_grid *grid = &job->region->tiles;
    const tile_span tx = tile_axis_span(&grid->x, column), ty = tile_axis_span(&grid->y, row);
    const latent_planes *l = job->latents;
    const model_window window = region_window(job->region, column, row);
    job->how.y = ty.window_start;
    job->how.x = tx.window_start;
    const uint32_t s = 1u << d->file.head.log2_downscale, h = window.h, w = window.w;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (uint32_t y = 0; y < h; y++)
            memcpy(job->window_latents + ((size_t)c * h + y) * w,
                   l->values + ((size_t)c * l->height + ty.window_start + y - l->y) * l->width + tx.window_start - l->x,
                   w * sizeof(float));
    const bool varies = job->how.realism > 0 || job->how.n_steps > 0; /* with where the window lies, or by chance */
    pith_status status = PITH_OK;
    if (varies || !flat_window_take(&job->flat, &window, job->window_latents, l->n_channels, (size_t)h * w))
        status = model_decode(d->session, &window, job->window_latents, &job->how, job->window_pixels, &d->diag);
    if (status == PITH_OK) status = model_session_look(d->session, &d->diag);
    if (status != PITH_OK) return status;

    const pixel_rect *part = &job->region->pixels;
    pixel_rect core = {tx.core_start * s, ty.core_start * s, tx.core_length * s, ty.core_length * s};
    cut(&core.x, &core.width, part->x, part->width);
    cut(&core.y, &core.height, part->y, part->height);
    pixels_store(&job->band, core, job->window_pixels, window.keep_h * s, window.keep_w * s,
                 core.x - (tx.window_start + window.keep_x) * s, core.y - (ty.window_start + window.keep_y) * s);
    return PITH_OK;
}

static pith_status write_band(pith_decoder *d, decode_job *job) {
    const row_band *b = &job->band;
    true_colours_apply(&job->colours, b, b->first, b->left, 1);
    pith_status status = alpha_reader_fill(&job->alpha, &job->band, &d->diag);
    if (status == PITH_OK) status = model_session_look(d->session, &d->diag);
    if (status != PITH_OK) return status;
    if (job->residual.env) return residual_rows_put(&job->residual, b, &d->diag);
    uint32_t first = b->first - job->region->pixels.y;
    status = job->sink->write_rows(job->sink->user, first, b->n_rows, b->rows, b->stride_bytes);
    return status == PITH_OK ? status : diag_set(&d->diag, status, "writing pixels failed at row %u", first);
}

/* One line of tiles; `j` counts from the top. */
static pith_status run_line(pith_decoder *d, decode_job *job, uint32_t j) {
    pith_status status = PITH_OK;
    const tile_grid *grid = &job->region->tiles;
    const pixel_rect *part = &job->region->pixels;
    const uint32_t shift = d->file.head.log2_downscale;
    tile_span ty = tile_axis_span(&grid->y, j);
    job->band.first = ty.core_start << shift;
    job->band.n_rows = ty.core_length << shift;
    cut(&job->band.first, &job->band.n_rows, part->y, part->height);
    for (uint32_t i = 0; i < grid->x.count; i++) {
        double done = ((double)j * grid->x.count + i) / ((double)grid->y.count * grid->x.count);
        PITH_TRY(model_session_report(d->session, &d->env, "decoding", 0.2 + 0.8 * done, &d->diag));
        PITH_TRY(run_window(d, job, i, j));
    }
    PITH_TRY(write_band(d, job));
cleanup:
    return status;
}

static pith_status start_sink(pith_decoder *d, const pith_sink *sink, pith_image_format format, uint32_t width,
                              uint32_t height) {
    format.width = width;
    format.height = height;
    pith_status status = sink->start ? sink->start(sink->user, &format) : PITH_OK;
    return status == PITH_OK ? PITH_OK : diag_set(&d->diag, status, "the sink would not start");
}

static pith_status look_at_session(void *user, pith_diag *diag) { return model_session_look(user, diag); }

static pith_status latents_to_pixels(pith_decoder *d, const latent_planes *latents, const decode_plan *plan,
                                     const pith_sink *sink) {
    pith_status status = PITH_OK;
    const region *part = &plan->region;
    decode_job job = {
        .region = part, .latents = latents, .sink = sink, .how = {.step = lat_step(d->file.head.step_index)}};
    double start = env_seconds();

    job.how.is_palette = d->file.head.method == PITH_METHOD_PALETTE;
    job.how.n_steps = plan->n_steps;
    job.how.realism = plan->realism;
    const model_window window = region_window(part, 0, 0);
    if (job.how.n_steps == 0 && job.how.realism <= 0) PITH_TRY(model_bind_decoder(d->session, &window, &d->diag));
    d->timing.bind_seconds = env_seconds() - start;
    PITH_TRY(job_init(d, &job));
    if (plan->residual)
        PITH_TRY(residual_rows_init(&job.residual, &d->env, &d->file, &job.band, plan->wanted, sink, &d->diag));
    if (plan->residual) residual_rows_watch(&job.residual, look_at_session, d->session, &d->diag);
    job.residual.leave_out = pith_decoder_lost(d, 0, NULL) > 0; /* it would mend another picture */
    PITH_TRY(start_sink(d, sink, job.band.format, plan->wanted.width, plan->wanted.height));
    for (uint32_t j = 0; j < part->tiles.y.count; j++) PITH_TRY(run_line(d, &job, j));
    PITH_TRY(env_report(&d->env, "decoding", 1, &d->diag));
    d->timing.network_seconds = env_seconds() - start - d->timing.bind_seconds;
cleanup:
    job_free(&job, &d->env.alloc);
    return status;
}

static pith_status latents_to_preview(pith_decoder *d, const latent_planes *latents, const region *part,
                                      const pith_sink *sink) {
    double start = env_seconds();
    preview p = {&d->env, model_session_model(d->session), &d->file, latents, part->pixels, sink};
    pith_status status = preview_write(&p, &d->diag);
    d->timing.network_seconds = env_seconds() - start;
    return status;
}

/* The session outlives the call, so that the next picture of a size finds its networks bound. */
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

/* Whether the file's residual is to be added; it fits one decoder, run in one way, which is taken where the caller
 * does not say. */
static pith_status choose_residual(pith_decoder *d, pith_model *model, const pith_decode_options *o,
                                   decode_plan *plan) {
    ctr_recipe recipe;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    const bool can_choose = model_traits_of(model)->can_denoise && d->file.head.method != PITH_METHOD_PALETTE;
    plan->residual = false;
    if (d->file.n_residual == 0 || o->no_residual || o->preview || d->colours_lost) return PITH_OK;
    pith_status status = ctr_read_recipe(&d->file, &recipe, &d->diag);
    if (status == PITH_OK) status = model_decoder_id(model, id, &d->diag);
    if (status != PITH_OK) return status;
    const bool is_own = memcmp(id, recipe.decoder_id, sizeof id) == 0;
    if (is_own && can_choose && o->steps < 0 && recipe.n_steps <= MAX_STEPS) plan->n_steps = recipe.n_steps;
    plan->residual = is_own && plan->n_steps == recipe.n_steps;
    if (plan->residual) return PITH_OK;
    if (d->file.bound)
        return diag_set(&d->diag, PITH_E_MODEL_MISMATCH,
                        "promises a bound for another decoder or other steps (%u) than asked for", recipe.n_steps);
    warn(d, "the residual was made for another decoder or other steps: left out");
    return PITH_OK;
}

static pith_status make_plan(pith_decoder *d, pith_model *model, const pith_decode_options *o, const pith_sink *sink,
                             decode_plan *plan) {
    const bool is_palette = d->file.head.method == PITH_METHOD_PALETTE,
               can_denoise = model_traits_of(model)->can_denoise;
    memory_plan memory = {&d->env, model, &d->file.head, d->memory};
    memory_decode_how how = {.wanted = o->region, .preview = o->preview != 0, .bit_depth = sink->bit_depth};
    *plan = (decode_plan){.realism = o->realism};
    if (can_denoise)
        plan->n_steps = (uint32_t)(o->steps >= 0 ? o->steps : is_palette ? MODEL_PALETTE_STEPS : MODEL_DEFAULT_STEPS);
    pith_status status = choose_residual(d, model, o, plan);
    if (plan->residual && plan->realism > 0) {
        plan->realism = 0;
        warn(d, "the file has a residual, which mends the picture without texture: no texture is added");
    }
    how.work = plan->n_steps > 0 ? MODEL_DENOISES : plan->realism > 0 ? MODEL_TEXTURES : MODEL_DECODES;
    if (status == PITH_OK) status = memory_plan_decode(&plan->region, &memory, &how, &d->diag);
    if (status != PITH_OK) return status;
    plan->wanted = plan->region.pixels;
    if (!plan->residual) return PITH_OK;
    how.wanted = residual_area(plan->wanted, &d->file.head);
    return memory_plan_decode(&plan->region, &memory, &how, &d->diag);
}

/* No model has a part in it. */
static pith_status decode_exact(pith_decoder *d, const pith_decode_options *o, const pith_sink *sink) {
    const ctr_head *head = &d->file.head;
    const double start = env_seconds();
    exact_file_reading reading = {.env = &d->env,
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
    if (o->realism > 0) warn(d, "the picture is exact: no texture is added");
    pith_status status = exact_file_read(&reading, sink, &d->diag);
    d->timing.coding_seconds = env_seconds() - start;
    return status == PITH_OK ? require_some(d) : status;
}

pith_status pith_decode(pith_decoder *d, pith_model *model, const pith_decode_options *options, const pith_sink *sink) {
    pith_status status = PITH_OK;
    latent_planes latents = {0};
    decode_plan plan;
    pith_decode_options o;
    pith_sink to = {0};
    if (!d) return PITH_E_ARG;
    PITH_TRY(decoder_require_open(d));
    d->timing = (pith_timing){0};
    env_clock_start(&d->clock, &d->env);
    const bool is_exact = d->file.head.method == PITH_METHOD_EXACT;
    if (sink) PITH_TRY(sized_take(&to, sizeof to, sink, "pith_sink", &d->diag));
    if ((!model && !is_exact) || !to.write_rows) {
        status = diag_set(&d->diag, PITH_E_ARG, "pith_decode: an argument is NULL");
        goto cleanup;
    }
    sink = &to;
    pith_decode_options_defaults(&o, sizeof o);
    if (options) PITH_TRY(sized_take(&o, sizeof o, options, "pith_decode_options", &d->diag));
    if (is_exact) {
        status = decode_exact(d, &o, sink);
        goto cleanup;
    }
    PITH_TRY(check_options(d, model, &o));
    PITH_TRY(check_model(d, model));
    PITH_TRY(use_model(d, model));
    d->memory = memory_allowed(o.max_memory_bytes, model);
    PITH_TRY(make_plan(d, model, &o, sink, &plan));
    if (d->file.head.method == PITH_METHOD_PALETTE) /* comes whole */
        PITH_TRY(latents_init(&latents, &d->env.alloc, &d->file.head, &d->diag));
    else
        PITH_TRY(latents_init_part(&latents, &d->env.alloc, &d->file.head, plan.region.latents, &d->diag));
    PITH_TRY(file_to_latents(d, &latents, o.preview != 0));
    PITH_TRY(o.preview ? latents_to_preview(d, &latents, &plan.region, sink)
                       : latents_to_pixels(d, &latents, &plan, sink));
cleanup:
    latents_free(&latents, &d->env.alloc);
    return status;
}
