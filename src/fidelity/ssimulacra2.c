/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2.1, from its published description and constants: J. Sneyers (Cloudinary), "SSIMULACRA 2", 2023. On six
 * scales, each half the previous one, both pictures are converted to XYB; three maps per channel (structural error,
 * ringing, blur) are reduced to their 1-norm and 4-norm; a weighted sum of these 108 norms goes through a polynomial
 * and a power. */
#include "fidelity/ssimulacra2.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/mem.h"
#include "base/status.h"
#include "fidelity/samples.h"
#include "fidelity/ssimulacra2_colour.h"

enum { MEAN_A, MEAN_B, MEAN_AA, MEAN_BB, MEAN_AB, N_MEANS };

/* One picture on one scale: three planes of linear light in [0,1]. */
typedef struct light {
    float *planes[SS2_N_CHANNELS];
    size_t width, height;
} light;

/* ---- light and colours ---------------------------------------------------------- */

static float linear_of(double srgb) {
    return (float)(srgb <= 0.04045 ? srgb / 12.92 : em_pow((srgb + 0.055) / 1.055, 2.4));
}

static void load_row(light *to, const pith_image *image, size_t y, const float *table) {
    const uint8_t *row = fid_row_of(image, y);
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) {
        float *out = to->planes[c] + y * to->width;
        for (size_t x = 0; x < to->width; x++) out[x] = table[fid_sample(image, row, x, c)];
    }
}

/* False if out of memory; light_free is needed in both cases. */
static bool light_load(light *to, const pith_alloc *alloc, const pith_image *image) {
    to->width = image->format.width;
    to->height = image->format.height;
    size_t n_levels = (size_t)1 << image->format.bit_depth;
    float *table = mem_alloc(alloc, n_levels, sizeof *table);
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) to->planes[c] = mem_alloc(alloc, to->height, to->width * sizeof(float));
    bool whole = table && to->planes[0] && to->planes[1] && to->planes[2];
    for (size_t i = 0; i < n_levels && whole; i++) table[i] = linear_of((double)i / (double)(n_levels - 1));
    for (size_t y = 0; y < to->height && whole; y++) load_row(to, image, y, table);
    mem_free(alloc, table);
    return whole;
}

static void light_free(light *picture, const pith_alloc *alloc) {
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) mem_free(alloc, picture->planes[c]);
}

static void light_halve(light *picture) {
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        ss2_halve(picture->planes[c], picture->planes[c], picture->width, picture->height);
    picture->width = (picture->width + 1) / 2;
    picture->height = (picture->height + 1) / 2;
}

/* Converts row y to XYB. */
static void xyb_row(float *const out[SS2_N_CHANNELS], const light *picture, size_t y) {
    const float *rows[SS2_N_CHANNELS];
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) rows[c] = picture->planes[c] + y * picture->width;
    ss2_xyb_of_light(out, rows, picture->width);
}

/* ---- smoothing -------------------------------------------------------------------- */

/* Smooths n values along the row; `in` has SS2_RADIUS zeros before and after. */
static void smooth_row(float *restrict out, const float *restrict in, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (size_t t = 0; t < SS2_N_TAPS; t++) sum += ss2_taps[t] * in[i + t];
        out[i] = sum;
    }
}

/* ---- one scale -------------------------------------------------------------------- */

/* Rows of one channel during filtering, cyclic by row number: both pictures' own, and the five products already
 * smoothed along the row. */
typedef struct ring {
    float *own[2][SS2_N_TAPS];
    float *smoothed[N_MEANS][SS2_N_TAPS];
} ring;

typedef struct scratch {
    float *block; /* all rows below, `stride` floats apart */
    ring rings[SS2_N_CHANNELS];
    float *mean[N_MEANS];
    float *product; /* with SS2_RADIUS zeros before and after */
} scratch;

static bool scratch_make(scratch *s, const pith_alloc *alloc, size_t width) {
    size_t stride = width + 2 * SS2_RADIUS;
    s->block = mem_alloc(alloc, SS2_N_CHANNELS * SS2_N_TAPS * (2 + N_MEANS) + N_MEANS + 1, stride * sizeof(float));
    if (!s->block) return false;
    float *next = s->block;
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        for (size_t t = 0; t < SS2_N_TAPS; t++) {
            for (size_t p = 0; p < 2; p++, next += stride) s->rings[c].own[p][t] = next;
            for (size_t m = 0; m < N_MEANS; m++, next += stride) s->rings[c].smoothed[m][t] = next;
        }
    for (size_t m = 0; m < N_MEANS; m++, next += stride) s->mean[m] = next;
    s->product = next;
    return true;
}

/* Sums of the maps, and of their fourth powers. */
typedef double norms[2][SS2_N_MAPS];

/* Adds row y of both pictures to the rings. */
static void take_row(scratch *s, const light *a, const light *b, size_t y) {
    size_t n = a->width, slot = y % SS2_N_TAPS;
    float *own[2][SS2_N_CHANNELS];
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        for (size_t p = 0; p < 2; p++) own[p][c] = s->rings[c].own[p][slot];
    xyb_row(own[0], a, y);
    xyb_row(own[1], b, y);
    float *restrict product = s->product + SS2_RADIUS;
    memset(product + n, 0, SS2_RADIUS * sizeof(float)); /* a row of a larger scale was longer */
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        for (size_t m = 0; m < N_MEANS; m++) {
            const float *left = own[m == MEAN_B || m == MEAN_BB][c], *right = own[m != MEAN_AA][c];
            if (m <= MEAN_B)
                memcpy(product, left, n * sizeof(float));
            else
                for (size_t i = 0; i < n; i++) product[i] = left[i] * right[i];
            smooth_row(s->rings[c].smoothed[m][slot], s->product, n);
        }
}

/* The five means of row y: smoothed down the columns, with zeros beyond the edges. */
static void smooth_columns(scratch *s, const ring *r, size_t y, size_t width, size_t height) {
    for (size_t m = 0; m < N_MEANS; m++) {
        float *restrict mean = s->mean[m];
        memset(mean, 0, width * sizeof(float));
        for (size_t t = 0; t < SS2_N_TAPS; t++) {
            if (y + t < SS2_RADIUS || y + t - SS2_RADIUS >= height) continue;
            const float *restrict row = r->smoothed[m][(y + t - SS2_RADIUS) % SS2_N_TAPS];
            const float tap = ss2_taps[t];
            for (size_t i = 0; i < width; i++) mean[i] += tap * row[i];
        }
    }
}

static inline float positive(float value) { return value > 0 ? value : 0; }
static inline float power4(float value) { return (value * value) * (value * value); }

static void add_row(norms sums, const scratch *s, const float *restrict a, const float *restrict b, size_t n) {
    const float *restrict mean_a = s->mean[MEAN_A], *restrict mean_b = s->mean[MEAN_B];
    const float *restrict mean_aa = s->mean[MEAN_AA], *restrict mean_bb = s->mean[MEAN_BB];
    const float *restrict mean_ab = s->mean[MEAN_AB];
    for (size_t i = 0; i < n; i++) {
        float ma = mean_a[i], mb = mean_b[i], difference = ma - mb;
        float covariance = 2 * (mean_ab[i] - ma * mb) + SS2_C2;
        float variances = (mean_aa[i] - ma * ma) + (mean_bb[i] - mb * mb) + SS2_C2;
        float structure = positive(1 - (1 - difference * difference) * covariance / variances);
        float edge = (1 + fabsf(b[i] - mb)) / (1 + fabsf(a[i] - ma)) - 1;
        float ringing = positive(edge), blur = positive(-edge);
        sums[0][SS2_STRUCTURE] += (double)structure;
        sums[0][SS2_RINGING] += (double)ringing;
        sums[0][SS2_BLUR] += (double)blur;
        sums[1][SS2_STRUCTURE] += (double)power4(structure);
        sums[1][SS2_RINGING] += (double)power4(ringing);
        sums[1][SS2_BLUR] += (double)power4(blur);
    }
}

/* Adds the error of a scale. */
static pith_status add_scale(double *error, scratch *s, const light *a, const light *b, size_t scale, watch watch) {
    norms sums[SS2_N_CHANNELS] = {{{0}}};
    for (size_t y = 0; y < a->height + SS2_RADIUS; y++) {
        if (y < a->height) take_row(s, a, b, y);
        if (y < SS2_RADIUS) continue;
        size_t middle = y - SS2_RADIUS;
        for (size_t c = 0; c < SS2_N_CHANNELS; c++) {
            const ring *r = &s->rings[c];
            smooth_columns(s, r, middle, a->width, a->height);
            add_row(sums[c], s, r->own[0][middle % SS2_N_TAPS], r->own[1][middle % SS2_N_TAPS], a->width);
        }
        if (y % 16 == 0 && watch_stops(watch)) return PITH_E_ABORTED;
    }
    double n_pixels = (double)a->width * (double)a->height;
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        for (size_t m = 0; m < SS2_N_MAPS; m++)
            *error += ss2_norm_weights[c][scale][0][m] * (sums[c][0][m] / n_pixels) +
                      ss2_norm_weights[c][scale][1][m] * sqrt(sqrt(sums[c][1][m] / n_pixels));
    return PITH_OK;
}

/* ---- score ------------------------------------------------------------------------- */

static double score_of(double error) {
    error *= 0.9562382616834844;
    error = ((6.248496625763138e-05 * error - 0.020884521182843837) * error + 2.326765642916932) * error;
    return error > 0 ? 100 - 10 * em_pow(error, 0.6276336467831387) : 100;
}

pith_status fid_ssimulacra2_score(double *score, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                                  watch watch) {
    light light_a = {.width = 0}, light_b = {.width = 0};
    scratch s = {.block = NULL};
    pith_status status = PITH_E_NOMEM;
    double error = 0;
    *score = NAN;
    if (a->format.width < FID_SSIMULACRA2_MIN_SIDE || a->format.height < FID_SSIMULACRA2_MIN_SIDE) return PITH_OK;
    if (light_load(&light_a, alloc, a) && light_load(&light_b, alloc, b) && scratch_make(&s, alloc, light_a.width))
        status = PITH_OK;
    for (size_t scale = 0; scale < SS2_N_SCALES && status == PITH_OK; scale++) {
        status = add_scale(&error, &s, &light_a, &light_b, scale, watch);
        if (light_a.width < FID_SSIMULACRA2_MIN_SIDE || light_a.height < FID_SSIMULACRA2_MIN_SIDE) break;
        light_halve(&light_a);
        light_halve(&light_b);
    }
    if (status == PITH_OK) *score = score_of(error);
    light_free(&light_a, alloc);
    light_free(&light_b, alloc);
    mem_free(alloc, s.block);
    return status;
}
