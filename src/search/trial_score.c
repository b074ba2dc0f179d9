/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The score by which ways of coding a picture are compared. */
#include <math.h>
#include <string.h>

#include "base/job.h"
#include "fidelity/psnr.h"
#include "fidelity/ssimulacra2.h"
#include "search/trial.h"

#define TILE_SHARE 0.3 /* of what protected tiles lack: taken off the score */
#define LOST_TEXT 60.0 /* points lost if all text is lost: a picture that keeps it may look this much worse */

#define LEVELS_OF_100 50.0 /* PSNR in dB that counts as a score of 100, for pictures too small for SSIMULACRA 2 */

/* What the tiles lack, the most important ones most of all; 0..100. */
static pith_status lacking(trial *s, double *result) {
    double sum = 0, sum_weights = 0;
    pith_status status = trial_measure(s);
    for (uint32_t i = 0; i < s->n_tiles; i++) {
        double weight = (double)fid_weight_at(&s->importance, s->tiles[i].x, s->tiles[i].y);
        sum += weight * (double)fminf(s->tiles[i].error, 1);
        sum_weights += weight;
    }
    *result = 100 * sum / sum_weights;
    return status;
}

static pith_image rows_of(const pith_image *image, uint32_t y, uint32_t n_rows) {
    pith_image rows = *image;
    rows.format.height = n_rows;
    rows.pixels = (uint8_t *)image->pixels + y * image->stride_bytes;
    return rows;
}

/* For 8-bit pictures without alpha. */
static pith_status compare(trial *s, const pith_image *a, const pith_image *b, double *score) {
    const pith_image_format *f = &a->format;
    const uint32_t n_strips = (uint32_t)(((uint64_t)f->width * f->height + SCORE_PIXELS - 1) / SCORE_PIXELS);
    const uint32_t height = (f->height + n_strips - 1) / n_strips;
    double sum = 0;
    for (uint32_t y = 0; y < f->height; y += height) {
        const uint32_t n_rows = f->height - y < height ? f->height - y : height;
        const pith_image ra = rows_of(a, y, n_rows), rb = rows_of(b, y, n_rows);
        double part;
        pith_status status = fid_ssimulacra2_score(&part, &s->k->env->alloc, &ra, &rb, job_watch(s->k->job));
        if (status == PITH_E_NOMEM) diag_set(s->k->diag, status, "out of memory for comparing pictures");
        if (status != PITH_OK) return status;
        if (isnan(part)) part = fmin(100, 100 / LEVELS_OF_100 * fid_psnr(&ra, &rb));
        sum += part * n_rows;
    }
    *score = sum / f->height;
    return PITH_OK;
}

/* ---- pictures with alpha, on white and on black ------------------------------------------------------ */

static unsigned sample_of(const pith_image *image, uint32_t y, size_t index) {
    const uint8_t *row = (const uint8_t *)image->pixels + y * image->stride_bytes;
    if (image->format.bit_depth == 8) return row[index];
    uint16_t v;
    memcpy(&v, row + 2 * index, sizeof v);
    return (v + 128u) / 257u;
}

/* Puts `image`, which has alpha, on a background; the result has 8 bits and no alpha. */
static void compose(const pith_image *image, unsigned background, const pith_image *to) {
    const unsigned n = image->format.n_channels, n_colours = n - 1;
    for (uint32_t y = 0; y < image->format.height; y++)
        for (size_t x = 0; x < image->format.width; x++) {
            const unsigned alpha = sample_of(image, y, x * n + n_colours);
            uint8_t *out = (uint8_t *)to->pixels + y * to->stride_bytes + x * n_colours;
            for (unsigned c = 0; c < n_colours; c++)
                out[c] = (uint8_t)((sample_of(image, y, x * n + c) * alpha + background * (255 - alpha) + 127) / 255);
        }
}

/* The worse of two scores: on white and on black. */
static pith_status compare_composed(trial *s, const pith_image *a, const pith_image *b, double *score) {
    const pith_alloc *alloc = &s->k->env->alloc;
    pith_image on_a = s->k->original->image, on_b = on_a;
    pith_status status = PITH_OK;
    *score = INFINITY;
    on_a.pixels = mem_alloc(alloc, on_a.format.height, on_a.stride_bytes);
    on_b.pixels = mem_alloc(alloc, on_b.format.height, on_b.stride_bytes);
    if (!on_a.pixels || !on_b.pixels)
        status = diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for comparing pictures");
    for (unsigned background = 0; status == PITH_OK && background < 256; background += 255) {
        double one = 0;
        compose(a, background, &on_a);
        compose(b, background, &on_b);
        status = compare(s, &on_a, &on_b, &one);
        *score = fmin(*score, one);
    }
    mem_free(alloc, on_a.pixels);
    mem_free(alloc, on_b.pixels);
    return status;
}

/* Points that a picture loses for lost text. */
static double text_points(trial *s, const pith_image *picture) {
    if (!s->k->text) return 0;
    fid_lines_measure(s->k->text, &s->k->original->image, picture);
    return LOST_TEXT * fid_lines_lost(s->k->text);
}

pith_status trial_score_of(trial *s, const pith_image *picture, double *score) {
    const pith_image *full = &s->k->original->full;
    pith_status status =
        full->format.n_channels % 2 == 0 ? compare_composed(s, full, picture, score) : compare(s, full, picture, score);
    if (status == PITH_OK) *score -= text_points(s, picture);
    return status;
}

/* The opacity as a file would store it. */
static uint8_t rounded_alpha(unsigned alpha, unsigned n_levels) {
    const unsigned top = n_levels - 1;
    return (uint8_t)((2 * alpha * top + 255) / 510 * 255 / top);
}

/* Scores `result` with the original's alpha. */
static pith_status score_with_alpha(trial *s, double *score) {
    const pith_image *full = &s->k->original->full, *colours = &s->k->original->image;
    const unsigned n_colours = colours->format.n_channels, n = n_colours + 1;
    pith_image whole = {{colours->format.width, colours->format.height, (uint8_t)n, 8}, NULL, 0};
    whole.stride_bytes = (size_t)whole.format.width * n;
    whole.pixels = mem_alloc(&s->k->env->alloc, whole.format.height, whole.stride_bytes);
    if (!whole.pixels) return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for comparing pictures");
    for (uint32_t y = 0; y < whole.format.height; y++)
        for (size_t x = 0; x < whole.format.width; x++) {
            uint8_t *to = (uint8_t *)whole.pixels + y * whole.stride_bytes + x * n;
            memcpy(to, s->result + y * colours->stride_bytes + x * n_colours, n_colours);
            to[n_colours] = rounded_alpha(sample_of(full, y, x * n + n_colours), s->k->alpha_levels);
        }
    pith_status status = compare_composed(s, full, &whole, score);
    mem_free(&s->k->env->alloc, whole.pixels);
    return status;
}

pith_status trial_score(trial *s, double *score) {
    pith_image result = s->k->original->image;
    double lack = 0;
    pith_status status;
    result.pixels = s->result;
    if (s->k->original->full.format.n_channels % 2 == 0)
        status = score_with_alpha(s, score);
    else
        status = compare(s, &s->k->original->image, &result, score);
    if (status == PITH_OK && s->k->options->n_protect > 0) status = lacking(s, &lack);
    if (status == PITH_OK) *score -= TILE_SHARE * lack + text_points(s, &result);
    return status;
}
