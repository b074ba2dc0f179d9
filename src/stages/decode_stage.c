/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/decode_stage.h"

#include <string.h>

#include "base/job.h"
#include "stages/alpha.h"
#include "stages/flat_window.h"
#include "stages/memory_plan.h"
#include "stages/preview.h"
#include "stages/residual_rows.h"

pith_status decode_stage_plan(decode_stage *d) {
    const memory_plan memory = {model_session_model(d->session), d->head, d->memory};
    memory_decode_how how = {.wanted = d->area, .preview = d->preview, .bit_depth = d->sink->bit_depth};
    how.work = d->n_steps > 0 ? MODEL_DENOISES : d->realism > 0 ? MODEL_TEXTURES : MODEL_DECODES;
    pith_status status = memory_plan_decode(&d->region, &memory, &how, d->diag);
    if (status != PITH_OK) return status;
    d->wanted = d->region.pixels;
    if (!d->residual) return PITH_OK;
    how.wanted = residual_area(d->wanted, d->head);
    return memory_plan_decode(&d->region, &memory, &how, d->diag);
}

/* Work space of one call. */
typedef struct decode_job {
    const decode_stage *d;
    row_band band; /* the rows of one line of tiles */
    alpha_reader alpha;
    float *window_latents, *window_pixels;
    flat_window flat; /* tells what is in window_pixels */
    model_decode_how how;
    residual_rows residual; /* `env` is NULL if there is none to add */
} decode_job;

static pith_status job_init(decode_job *job, const decode_stage *d) {
    const ctr_head *head = d->head;
    const pith_alloc *alloc = &d->env->alloc;
    const pixel_rect *part = &d->region.pixels;
    const model_window window = region_window(&d->region, 0, 0);
    const size_t s = (size_t)1 << head->log2_downscale;
    const pith_image_format format = ctr_picture_format(head, d->sink->bit_depth);
    const uint32_t rows = d->region.tiles.y.core << head->log2_downscale;
    pith_status status = band_init_columns(&job->band, alloc, &format, part->x, part->width,
                                           rows < part->height ? rows : part->height, d->diag);
    if (status == PITH_OK && head->alpha)
        status = alpha_reader_init(&job->alpha, alloc, d->file, part->x, part->width, d->diag);
    if (status != PITH_OK) return status;
    if (d->colours->has_line) job->band.line = &d->colours->line;
    job->window_latents = mem_alloc(alloc, (size_t)window.h * window.w, head->n_latent * sizeof(float));
    job->window_pixels = mem_alloc(alloc, (size_t)window.keep_h * window.keep_w, 3 * s * s * sizeof(float));
    if (!job->window_latents || !job->window_pixels) return diag_set(d->diag, PITH_E_NOMEM, "out of memory for a tile");
    if (!d->residual) return PITH_OK;
    status =
        residual_rows_init(&job->residual, d->env, d->file, &job->band, d->wanted, d->sink, job_watch(d->job), d->diag);
    job->residual.leave_out = d->is_incomplete;
    return status;
}

static void job_free(decode_job *job) {
    const pith_alloc *alloc = &job->d->env->alloc;
    band_free(&job->band, alloc);
    alpha_reader_free(&job->alpha);
    mem_free(alloc, job->window_latents);
    mem_free(alloc, job->window_pixels);
    residual_rows_free(&job->residual);
}

/* Cuts [*first, *first + *length) down to the part inside [from, from + n). */
static void cut(uint32_t *first, uint32_t *length, uint32_t from, uint32_t n) {
    uint32_t end = *first + *length < from + n ? *first + *length : from + n;
    if (*first < from) *first = from;
    *length = end - *first;
}

/* Runs the decoder network on one window and stores its core in the band. */
static pith_status run_window(decode_job *job, uint32_t column, uint32_t row) {
    const decode_stage *d = job->d;
    const tile_grid *grid = &d->region.tiles;
    const tile_span tx = tile_axis_span(&grid->x, column), ty = tile_axis_span(&grid->y, row);
    const latent_planes *l = d->latents;
    const model_window window = region_window(&d->region, column, row);
    const uint32_t s = 1u << d->head->log2_downscale, h = window.h, w = window.w;
    job->how.y = ty.window_start;
    job->how.x = tx.window_start;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (uint32_t y = 0; y < h; y++)
            memcpy(job->window_latents + ((size_t)c * h + y) * w,
                   l->values + ((size_t)c * l->height + ty.window_start + y - l->y) * l->width + tx.window_start - l->x,
                   w * sizeof(float));
    const bool varies = job->how.realism > 0 || job->how.n_steps > 0; /* with its place or with noise */
    pith_status status = PITH_OK;
    if (varies || !flat_window_take(&job->flat, &window, job->window_latents, l->n_channels, (size_t)h * w))
        status = model_decode(d->session, &window, job->window_latents, &job->how, job->window_pixels, d->diag);
    if (status == PITH_OK) status = job_look(d->job, d->diag);
    if (status != PITH_OK) return status;

    const pixel_rect *part = &d->region.pixels;
    pixel_rect core = {tx.core_start * s, ty.core_start * s, tx.core_length * s, ty.core_length * s};
    cut(&core.x, &core.width, part->x, part->width);
    cut(&core.y, &core.height, part->y, part->height);
    pixels_store(&job->band, core, job->window_pixels, window.keep_h * s, window.keep_w * s,
                 core.x - (tx.window_start + window.keep_x) * s, core.y - (ty.window_start + window.keep_y) * s);
    return PITH_OK;
}

static pith_status write_band(decode_job *job) {
    const decode_stage *d = job->d;
    const row_band *b = &job->band;
    true_colours_apply(d->colours, b, b->first, b->left, 1);
    pith_status status = alpha_reader_fill(&job->alpha, &job->band, d->diag);
    if (status == PITH_OK) status = job_look(d->job, d->diag);
    if (status != PITH_OK) return status;
    if (job->residual.env) return residual_rows_put(&job->residual, b, d->diag);
    uint32_t first = b->first - d->region.pixels.y;
    status = d->sink->write_rows(d->sink->user, first, b->n_rows, b->rows, b->stride_bytes);
    return status == PITH_OK ? status : diag_set(d->diag, status, "writing pixels failed at row %u", first);
}

/* Decodes one line of tiles; `j` counts from the top. */
static pith_status run_line(decode_job *job, uint32_t j) {
    pith_status status = PITH_OK;
    const decode_stage *d = job->d;
    const tile_grid *grid = &d->region.tiles;
    const pixel_rect *part = &d->region.pixels;
    const uint32_t shift = d->head->log2_downscale;
    tile_span ty = tile_axis_span(&grid->y, j);
    job->band.first = ty.core_start << shift;
    job->band.n_rows = ty.core_length << shift;
    cut(&job->band.first, &job->band.n_rows, part->y, part->height);
    for (uint32_t i = 0; i < grid->x.count; i++) {
        double done = ((double)j * grid->x.count + i) / ((double)grid->y.count * grid->x.count);
        PITH_TRY(job_report(d->job, d->words, span_at(d->span, done), d->diag));
        PITH_TRY(run_window(job, i, j));
    }
    PITH_TRY(write_band(job));
cleanup:
    return status;
}

static pith_status start_sink(const decode_stage *d, pith_image_format format) {
    format.width = d->wanted.width;
    format.height = d->wanted.height;
    pith_status status = d->sink->start ? d->sink->start(d->sink->user, &format) : PITH_OK;
    return status == PITH_OK ? PITH_OK : diag_set(d->diag, status, "the sink would not start");
}

static pith_status run_network(const decode_stage *d, double *bind_seconds) {
    pith_status status = PITH_OK;
    decode_job job = {.d = d,
                      .how = {.step = lat_step(d->head->step_index),
                              .n_steps = d->n_steps,
                              .is_palette = d->head->method == PITH_METHOD_PALETTE,
                              .realism = d->realism}};
    const double start = job_seconds();
    const model_window window = region_window(&d->region, 0, 0);
    if (d->n_steps == 0 && d->realism <= 0) PITH_TRY(model_bind_decoder(d->session, &window, d->diag));
    *bind_seconds = job_seconds() - start;
    PITH_TRY(job_init(&job, d));
    PITH_TRY(start_sink(d, job.band.format));
    for (uint32_t j = 0; j < d->region.tiles.y.count; j++) PITH_TRY(run_line(&job, j));
    PITH_TRY(job_report(d->job, d->words, d->span.to, d->diag));
cleanup:
    job_free(&job);
    return status;
}

static pith_status run_preview(const decode_stage *d) {
    const preview p = {d->env,           d->job, model_session_model(d->session), d->file, d->colours, d->latents,
                       d->region.pixels, d->sink};
    return preview_write(&p, d->diag);
}

pith_status decode_stage_run(const decode_stage *d) {
    double bind_seconds = 0;
    const double start = job_seconds();
    const pith_status status = d->preview ? run_preview(d) : run_network(d, &bind_seconds);
    if (d->timing) d->timing->bind_seconds = bind_seconds;
    if (d->timing) d->timing->network_seconds = job_seconds() - start - bind_seconds;
    return status;
}
