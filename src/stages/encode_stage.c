/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/encode_stage.h"

#include <string.h>

#include "base/job.h"
#include "picture/alpha_fill.h"
#include "stages/flat_window.h"
#include "stages/memory_plan.h"

/* Work space of one call. */
typedef struct encode_job {
    const encode_stage *e;
    latent_planes *latents;
    uint32_t scale; /* side of a latent position in pixels */
    row_band band;
    float *pixels, *opacity;                 /* of a window; opacity only with alpha */
    float *windows[MEMORY_ENCODE_BUFFERS];   /* latents of the first, an inner and the last window of a line */
    flat_window flat[MEMORY_ENCODE_BUFFERS]; /* tell what is in them */
} encode_job;

static void job_free(encode_job *job) {
    const pith_alloc *alloc = &job->e->env->alloc;
    band_free(&job->band, alloc);
    mem_free(alloc, job->pixels);
    mem_free(alloc, job->opacity);
    for (size_t i = 0; i < MEMORY_ENCODE_BUFFERS; i++) mem_free(alloc, job->windows[i]);
}

/* Allocates the buffers for one window. */
static pith_status job_init(encode_job *job) {
    const encode_stage *e = job->e;
    const tile_grid *grid = e->grid;
    const pith_image_format *format = &e->source->format;
    const pith_alloc *alloc = &e->env->alloc;
    const size_t window = (size_t)grid->x.window * grid->y.window, s = job->scale;
    pith_status status = band_init(&job->band, alloc, format, grid->y.window * job->scale, e->diag);
    if (status != PITH_OK) return status;
    job->pixels = mem_alloc(alloc, window, 3 * s * s * sizeof(float));
    bool has_all = job->pixels != NULL;
    for (size_t i = 0; i < MEMORY_ENCODE_BUFFERS && i < grid->x.count; i++) {
        job->windows[i] = mem_alloc(alloc, window, job->latents->n_channels * sizeof(float));
        has_all = has_all && job->windows[i];
    }
    bool has_alpha = format->n_channels % 2 == 0;
    if (has_alpha) job->opacity = mem_alloc(alloc, window, s * s * sizeof(float));
    if (has_all && (job->opacity || !has_alpha)) return PITH_OK;
    return diag_set(e->diag, PITH_E_NOMEM, "out of memory for a tile");
}

static pith_status load_window(encode_job *job, pixel_rect rect) {
    const encode_stage *e = job->e;
    pixels_load(&job->band, rect, job->pixels);
    if (!job->opacity) return PITH_OK;
    pixels_load_alpha(&job->band, rect, job->opacity);
    return alpha_fill(job->pixels, job->opacity, rect.height, rect.width, &e->env->alloc, e->diag);
}

static model_window window_of(const tile_grid *grid, tile_span tx, tile_span ty) {
    model_window w = {.h = grid->y.window, .w = grid->x.window};
    w.keep_h = tile_axis_kept(&grid->y, ty, &w.keep_y);
    w.keep_w = tile_axis_kept(&grid->x, tx, &w.keep_x);
    return w;
}

/* Runs the encoder network on one window and stores its core in the latent planes. */
static pith_status run_window(encode_job *job, uint32_t column, tile_span ty) {
    const encode_stage *e = job->e;
    const tile_grid *grid = e->grid;
    const tile_span tx = tile_axis_span(&grid->x, column);
    const size_t buffer = column == 0 ? 0 : column + 1 < grid->x.count || grid->x.count == 2 ? 1 : 2;
    float *latents = job->windows[buffer];
    flat_window *flat = &job->flat[buffer];
    const uint32_t s = job->scale, h = grid->y.window, w = grid->x.window;
    pixel_rect rect = {tx.window_start * s, ty.window_start * s, w * s, h * s};
    pith_status status = load_window(job, rect);
    if (status != PITH_OK) return status;
    const model_window window = window_of(grid, tx, ty);
    if (!flat_window_take(flat, &window, job->pixels, 3, (size_t)rect.width * rect.height))
        status = model_encode(e->session, &window, job->pixels, latents, e->diag);
    if (status != PITH_OK) return status;
    const latent_planes *l = job->latents;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (uint32_t y = 0; y < ty.core_length; y++) {
            const float *from =
                latents + ((size_t)c * h + ty.core_start - ty.window_start + y) * w + (tx.core_start - tx.window_start);
            float *to = l->values + ((size_t)c * l->height + ty.core_start + y) * l->width + tx.core_start;
            memcpy(to, from, tx.core_length * sizeof *to);
        }
    return PITH_OK;
}

pith_status encode_stage_run(const encode_stage *e, latent_planes *latents, alpha_writer *alpha) {
    pith_status status = PITH_OK;
    const tile_grid *grid = e->grid;
    const uint32_t s = 1u << model_traits_of(model_session_model(e->session))->log2_downscale;
    const uint32_t height = e->source->format.height;
    const double n_windows = (double)grid->y.count * grid->x.count, start = job_seconds();
    encode_job job = {.e = e, .latents = latents, .scale = s};

    const model_window first = window_of(grid, tile_axis_span(&grid->x, 0), tile_axis_span(&grid->y, 0));
    PITH_TRY(model_bind_encoder(e->session, &first, e->diag));
    e->timing->bind_seconds = job_seconds() - start;
    PITH_TRY(job_init(&job));
    for (uint32_t j = 0; j < grid->y.count; j++) {
        tile_span ty = tile_axis_span(&grid->y, j);
        uint32_t last = (ty.window_start + grid->y.window) * s;
        PITH_TRY(band_read(&job.band, e->source, ty.window_start * s, last < height ? last : height, e->diag));
        PITH_TRY(alpha_writer_take(alpha, &job.band, e->diag));
        for (uint32_t i = 0; i < grid->x.count; i++) {
            PITH_TRY(
                job_report(e->job, "encoding", span_at(e->span, (j * (double)grid->x.count + i) / n_windows), e->diag));
            PITH_TRY(run_window(&job, i, ty));
        }
    }
    e->timing->network_seconds = job_seconds() - start - e->timing->bind_seconds;
cleanup:
    /* The search for a size comes next and needs none of this. The network of a picture in one piece is kept for the
     * next one of its size. */
    if (n_windows > 1) model_session_release(e->session);
    job_free(&job);
    return status;
}
