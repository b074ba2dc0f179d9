/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The measure by which ways of coding a picture are weighed against each other,
 * and what kind of picture it is. */
#include <math.h>
#include <string.h>

#include "base/job.h"
#include "fidelity/ssimulacra2.h"
#include "search/trial.h"

#define TILE_SHARE 0.3 /* of what protected tiles lack, in the score */
#define LOST_TEXT 60.0 /* points, where all text is lost: so much worse may look what keeps it */
#define WINDOW 8u

#define MIN_CONTRAST 80   /* of a block of two tones, in levels */
#define MIN_TWO_TONE 0.11 /* part of the blocks that makes a picture drawn .. */
#define MIN_EQUAL 0.45    /* .. or part of the samples that equal the one before */

#define LEVELS_OF_100 50.0 /* PSNR, dB, that counts as a score of 100 where a picture is too small for the measure */

/* What the tiles lack, those that matter most above all; 0..100. */
static pith_status lacking(loop_state *s, double *result) {
    double sum = 0, sum_weights = 0;
    pith_status status = state_measure(s);
    for (uint32_t i = 0; i < s->n_tiles; i++) {
        double weight = (double)fid_weight_at(&s->importance, s->tiles[i].x, s->tiles[i].y);
        sum += weight * (double)fminf(s->tiles[i].error, 1);
        sum_weights += weight;
    }
    *result = 100 * sum / sum_weights;
    return status;
}

static double psnr_of(const pith_image *a, const pith_image *b) {
    const pith_image_format *f = &a->format;
    uint64_t sum = 0;
    for (uint32_t y = 0; y < f->height; y++) {
        const uint8_t *u = (const uint8_t *)a->pixels + y * a->stride_bytes;
        const uint8_t *v = (const uint8_t *)b->pixels + y * b->stride_bytes;
        for (size_t i = 0; i < (size_t)f->width * f->n_channels; i++) sum += (uint64_t)((u[i] - v[i]) * (u[i] - v[i]));
    }
    double mean = (double)sum / ((double)f->width * f->height * f->n_channels);
    return mean > 0 ? 10 * log10(255 * 255 / mean) : INFINITY;
}

static pith_image rows_of(const pith_image *image, uint32_t y, uint32_t n_rows) {
    pith_image rows = *image;
    rows.format.height = n_rows;
    rows.pixels = (uint8_t *)image->pixels + y * image->stride_bytes;
    return rows;
}

/* Of pictures of 8 bits without alpha. */
static pith_status compare(loop_state *s, const pith_image *a, const pith_image *b, double *score) {
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
        if (isnan(part)) part = fmin(100, 100 / LEVELS_OF_100 * psnr_of(&ra, &rb));
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

/* `image`, with alpha, over a background, to 8 bits without. */
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
static pith_status compare_composed(loop_state *s, const pith_image *a, const pith_image *b, double *score) {
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

/* Points that a picture loses with its text. */
static double text_points(loop_state *s, const pith_image *picture) {
    if (!s->k->text) return 0;
    fid_lines_measure(s->k->text, &s->k->original->image, picture);
    return LOST_TEXT * fid_lines_lost(s->k->text);
}

pith_status closed_score_of(loop_state *s, const pith_image *picture, double *score) {
    const pith_image *full = &s->k->original->full;
    pith_status status =
        full->format.n_channels % 2 == 0 ? compare_composed(s, full, picture, score) : compare(s, full, picture, score);
    if (status == PITH_OK) *score -= text_points(s, picture);
    return status;
}

/* The opacity that a file would have. */
static uint8_t rounded_alpha(unsigned alpha, unsigned n_levels) {
    const unsigned top = n_levels - 1;
    return (uint8_t)((2 * alpha * top + 255) / 510 * 255 / top);
}

/* `result` with the original's alpha. */
static pith_status score_with_alpha(loop_state *s, double *score) {
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

pith_status closed_score(loop_state *s, double *score) {
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

/* A block of 8x8 of which hardly a sample lies between its darkest and its brightest. */
static bool is_two_tone(const uint8_t *first, size_t stride_bytes, unsigned n) {
    unsigned low = 255, high = 0, between = 0;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            uint8_t v = first[y * stride_bytes + x * n];
            if (v < low) low = v;
            if (v > high) high = v;
        }
    if (high - low < MIN_CONTRAST) return false;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            unsigned v = first[y * stride_bytes + x * n], quarter = (high - low) / 4;
            between += v > low + quarter && v < high - quarter;
        }
    return between * 4 < WINDOW * WINDOW;
}

/* By one channel, green where there is one. */
bool closed_is_drawn(const pith_image *image) {
    const unsigned n = image->format.n_channels;
    const uint8_t *pixels = (const uint8_t *)image->pixels + (n == 3 ? 1 : 0);
    const size_t stride = image->stride_bytes;
    uint64_t n_two_tone = 0, n_blocks = 0, n_equal = 0, n_samples = 0;
    for (uint32_t y = 0; y < image->format.height; y++)
        for (uint32_t x = 1; x < image->format.width; x++, n_samples++)
            n_equal += pixels[y * stride + (size_t)x * n] == pixels[y * stride + (size_t)(x - 1) * n];
    for (uint32_t y = 0; y + WINDOW <= image->format.height; y += WINDOW)
        for (uint32_t x = 0; x + WINDOW <= image->format.width; x += WINDOW, n_blocks++)
            n_two_tone += is_two_tone(pixels + y * stride + (size_t)x * n, stride, n);
    return (double)n_two_tone > MIN_TWO_TONE * (double)n_blocks || (double)n_equal > MIN_EQUAL * (double)n_samples;
}
