/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/preview.h"

#include <math.h>

#include "base/env.h"
#include "base/job.h"
#include "stages/alpha.h"

#define ROWS 16u         /* rows written at a time */
#define LEAST_SHARE 0.1f /* of the largest factor: channels whose factors are smaller are not decoded */

/* Work space of one call. */
typedef struct preview_job {
    const preview *p;
    pixel_rect positions; /* of the whole latent */
    row_band band;        /* in pixels of the preview */
    alpha_reader alpha;
    float *map;        /* 3 x (n_latent + 1), see model_preview_map */
    float *planes;     /* three planes of ROWS rows */
    uint64_t *opacity; /* sums for a row of positions */
} preview_job;

pith_status preview_channels(const pith_model *model, uint32_t *n_channels, pith_diag *diag) {
    float map[3 * (LAT_MAX_CHANNELS + 1)], largest = 0;
    const uint32_t n = model_traits_of(model)->n_latent;
    if (n > LAT_MAX_CHANNELS) return diag_set(diag, PITH_E_INTERNAL, "%u latent channels", n);
    pith_status status = model_preview_map(model, map, diag);
    if (status != PITH_OK) return status;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t k = 0; k < n; k++) largest = fmaxf(largest, fabsf(map[c * (n + 1) + k]));
    *n_channels = 0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t k = *n_channels; k < n; k++)
            if (fabsf(map[c * (n + 1) + k]) >= LEAST_SHARE * largest) *n_channels = k + 1;
    return PITH_OK;
}

static void positions_of(uint32_t *first, uint32_t *length, uint32_t pixel, uint32_t n_pixels, uint32_t shift) {
    *first = pixel >> shift;
    *length = ((pixel + (n_pixels - 1)) >> shift) + 1 - *first;
}

static pith_status job_init(preview_job *job, pith_diag *diag) {
    const preview *p = job->p;
    const ctr_head *head = &p->file->head;
    const pith_alloc *alloc = &p->env->alloc;
    pixel_rect *at = &job->positions;
    positions_of(&at->x, &at->width, p->pixels.x, p->pixels.width, head->log2_downscale);
    positions_of(&at->y, &at->height, p->pixels.y, p->pixels.height, head->log2_downscale);
    pith_image_format format = ctr_picture_format(head, p->sink->bit_depth);
    format.width = at->width;
    format.height = at->height;
    pith_status status = band_init(&job->band, alloc, &format, ROWS, diag);
    if (status == PITH_OK) status = alpha_reader_init(&job->alpha, alloc, p->file, p->pixels.x, p->pixels.width, diag);
    if (status != PITH_OK) return status;
    if (p->colours->has_line) job->band.line = &p->colours->line;
    job->map = mem_alloc(alloc, 3 * (head->n_latent + 1u), sizeof *job->map);
    job->planes = mem_alloc(alloc, (size_t)3 * ROWS * at->width, sizeof *job->planes);
    job->opacity = mem_alloc(alloc, at->width, sizeof *job->opacity);
    if (!job->map || !job->planes || !job->opacity)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the preview");
    return model_preview_map(p->model, job->map, diag);
}

static void job_free(preview_job *job) {
    const pith_alloc *alloc = &job->p->env->alloc;
    band_free(&job->band, alloc);
    alpha_reader_free(&job->alpha);
    mem_free(alloc, job->map);
    mem_free(alloc, job->planes);
    mem_free(alloc, job->opacity);
}

/* Computes row `y` of the preview into row `to` of the colour planes. */
static void map_row(const preview_job *job, uint32_t y, uint32_t to) {
    const latent_planes *l = job->p->latents;
    const uint32_t width = job->positions.width, n = l->n_channels;
    size_t from = (size_t)(job->positions.y + y - l->y) * l->width + (job->positions.x - l->x);
    for (uint32_t c = 0; c < 3; c++) {
        const float *weights = job->map + (size_t)c * (n + 1);
        float *row = job->planes + ((size_t)c * ROWS + to) * width;
        for (uint32_t x = 0; x < width; x++) row[x] = weights[n];
        for (uint32_t k = 0; k < n; k++) {
            const float *values = l->values + (size_t)k * l->height * l->width + from;
            for (uint32_t x = 0; x < width; x++) row[x] += weights[k] * values[x];
        }
    }
}

/* The mean opacity of each position in row `y`. At the edges of the part, only pixels inside the part count. */
static pith_status fill_alpha_row(preview_job *job, uint32_t y, pith_diag *diag) {
    const pixel_rect *part = &job->p->pixels, *at = &job->positions;
    const uint32_t shift = job->p->file->head.log2_downscale, side = 1u << shift;
    uint32_t top = (at->y + y) << shift, bottom = top + side;
    if (top < part->y) top = part->y;
    if (bottom > part->y + part->height) bottom = part->y + part->height;
    for (uint32_t x = 0; x < at->width; x++) job->opacity[x] = 0;
    for (uint32_t py = top; py < bottom; py++) {
        const uint16_t *row;
        pith_status status = alpha_reader_row(&job->alpha, py, &row, diag);
        if (status != PITH_OK) return status;
        for (uint32_t i = 0; i < part->width; i++) job->opacity[((part->x + i) >> shift) - at->x] += row[i];
    }
    for (uint32_t x = 0; x < at->width; x++) {
        uint32_t left = (at->x + x) << shift, right = left + side;
        if (left < part->x) left = part->x;
        if (right > part->x + part->width) right = part->x + part->width;
        uint64_t count = (uint64_t)(right - left) * (bottom - top);
        pixels_set_alpha(&job->band, y, x, (uint16_t)((job->opacity[x] + count / 2) / count));
    }
    return PITH_OK;
}

static pith_status write_rows(preview_job *job, uint32_t first, pith_diag *diag) {
    row_band *band = &job->band;
    const uint32_t left = job->positions.height - first;
    band->first = first;
    band->n_rows = left < ROWS ? left : ROWS;
    for (uint32_t y = 0; y < band->n_rows; y++) map_row(job, first + y, y);
    pixel_rect rect = {0, first, job->positions.width, band->n_rows};
    pixels_store(band, rect, job->planes, ROWS, rect.width, 0, 0);
    true_colours_apply(job->p->colours, band, job->positions.y + first, job->positions.x,
                       1u << job->p->file->head.log2_downscale);
    for (uint32_t y = first; y < first + band->n_rows && job->alpha.coder; y++) {
        pith_status status = fill_alpha_row(job, y, diag);
        if (status != PITH_OK) return status;
    }
    const pith_sink *sink = job->p->sink;
    pith_status status = sink->write_rows(sink->user, first, band->n_rows, band->rows, band->stride_bytes);
    return status == PITH_OK ? status : diag_set(diag, status, "writing pixels failed at row %u", first);
}

pith_status preview_write(const preview *p, pith_diag *diag) {
    pith_status status = PITH_OK;
    preview_job job = {.p = p};
    const pith_sink *sink = p->sink;
    PITH_TRY(job_init(&job, diag));
    status = sink->start ? sink->start(sink->user, &job.band.format) : PITH_OK;
    if (status != PITH_OK) {
        diag_set(diag, status, "the sink would not start");
        goto cleanup;
    }
    for (uint32_t y = 0; y < job.positions.height; y += ROWS) {
        PITH_TRY(job_report(p->job, "decoding", 0.9 + 0.1 * y / job.positions.height, diag));
        PITH_TRY(write_rows(&job, y, diag));
    }
    PITH_TRY(job_report(p->job, "decoding", 1, diag));
cleanup:
    job_free(&job);
    return status;
}
