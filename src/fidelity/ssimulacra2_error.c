/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Forward and backward together. Both pictures are converted to linear light on up to six scales. Then, from the
 * smallest scale to the largest, each channel's maps are measured, and the gradient of their norms goes back through
 * the maps, the smoothing (its own adjoint) and XYB to linear light, where the gradient of the next smaller scale is
 * added. A plane is overwritten by the gradient with respect to it. */
#include "fidelity/ssimulacra2_error.h"

#include <math.h>

#include "fidelity/ssimulacra2_colour.h"
#include "fidelity/ssimulacra2_maps.h"

#define LEAST_SIDE 8   /* in pixels; smaller scales are not measured */
#define EPSILON 1e-12  /* keeps the 4-norm's gradient finite where a map is 0 */
#define N_SCALE_SETS 4 /* sets of three planes per scale */

/* `light` is the decoded picture (the original while that is read), later the gradient. The other planes are the
 * original in XYB, its local means and its local variances. */
typedef struct scale {
    size_t width, height;
    float *light[SS2_N_CHANNELS], *own[SS2_N_CHANNELS], *mean[SS2_N_CHANNELS], *variance[SS2_N_CHANNELS];
} scale;

struct fid_ssimulacra2 {
    pith_alloc alloc;
    float *block; /* all planes and rows */
    size_t n_scales;
    scale scales[SS2_N_SCALES];
    /* For the decoded picture on one scale, each of the size of the largest: */
    float *xyb[SS2_N_CHANNELS];
    float *mean, *square, *cross; /* of one channel, smoothed: the value, its square, its product with the original */
    float *edges;                 /* gradient of the edge maps with respect to the channel */
    float *ring[SS2_N_TAPS];      /* rows during filtering */
    float *zeros;                 /* one row */
    float *maps[2];               /* one row of each */
    float *padded;                /* a row with SS2_RADIUS zeros before and after */
};

#define N_ROWS (SS2_N_TAPS + 4) /* of width + 2 * SS2_RADIUS floats each */
#define N_PLANES 7              /* besides the planes of the scales */

/* ---- memory ------------------------------------------------------------------------- */

static uint64_t half_of(uint64_t side) { return (side + 1) / 2; }

static uint64_t floats_needed(uint64_t height, uint64_t width) {
    uint64_t n = N_PLANES * width * height + N_ROWS * (width + 2 * SS2_RADIUS);
    for (size_t i = 0; i < SS2_N_SCALES && width >= LEAST_SIDE && height >= LEAST_SIDE; i++) {
        n += N_SCALE_SETS * SS2_N_CHANNELS * width * height;
        width = half_of(width);
        height = half_of(height);
    }
    return n;
}

uint64_t fid_ssimulacra2_bytes(uint32_t height, uint32_t width) {
    return sizeof(fid_ssimulacra2) + floats_needed(height, width) * sizeof(float);
}

static float *take(float **next, size_t n) {
    float *taken = *next;
    *next += n;
    return taken;
}

static void lay_out(fid_ssimulacra2 *s, size_t height, size_t width) {
    float *next = s->block;
    const size_t n_pixels = width * height, n_row = width + 2 * SS2_RADIUS;
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) s->xyb[c] = take(&next, n_pixels);
    s->mean = take(&next, n_pixels);
    s->square = take(&next, n_pixels);
    s->cross = take(&next, n_pixels);
    s->edges = take(&next, n_pixels);
    for (size_t t = 0; t < SS2_N_TAPS; t++) s->ring[t] = take(&next, n_row);
    s->zeros = take(&next, n_row);
    for (size_t m = 0; m < 2; m++) s->maps[m] = take(&next, n_row);
    s->padded = take(&next, n_row);
    for (; s->n_scales < SS2_N_SCALES && width >= LEAST_SIDE && height >= LEAST_SIDE; s->n_scales++) {
        scale *at = &s->scales[s->n_scales];
        at->width = width;
        at->height = height;
        for (size_t c = 0; c < SS2_N_CHANNELS; c++) {
            at->light[c] = take(&next, width * height);
            at->own[c] = take(&next, width * height);
            at->mean[c] = take(&next, width * height);
            at->variance[c] = take(&next, width * height);
        }
        width = (size_t)half_of(width);
        height = (size_t)half_of(height);
    }
}

void fid_ssimulacra2_free(fid_ssimulacra2 **s) {
    if (!s || !*s) return;
    pith_alloc alloc = (*s)->alloc;
    mem_free(&alloc, (*s)->block);
    mem_free(&alloc, *s);
    *s = NULL;
}

/* ---- smoothing ----------------------------------------------------------------------- */

static void smooth_along(float *restrict out, const float *restrict in, size_t n) {
    const float *restrict mid = in + SS2_RADIUS;
    for (size_t i = 0; i < n; i++)
        out[i] = ss2_taps[0] * (in[i] + in[i + 8]) + ss2_taps[1] * (in[i + 1] + in[i + 7]) +
                 ss2_taps[2] * (in[i + 2] + in[i + 6]) + ss2_taps[3] * (in[i + 3] + in[i + 5]) + ss2_taps[4] * mid[i];
}

static void smooth_down(float *restrict out, const float *const r[SS2_N_TAPS], size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = ss2_taps[0] * (r[0][i] + r[8][i]) + ss2_taps[1] * (r[1][i] + r[7][i]) +
                 ss2_taps[2] * (r[2][i] + r[6][i]) + ss2_taps[3] * (r[3][i] + r[5][i]) + ss2_taps[4] * r[4][i];
}

/* Smooths a plane in place, with zeros beyond its edges. */
static void smooth(fid_ssimulacra2 *s, float *plane, size_t width, size_t height) {
    memset(s->padded + SS2_RADIUS + width, 0, SS2_RADIUS * sizeof(float)); /* a row of a larger scale was longer */
    for (size_t y = 0; y < height + SS2_RADIUS; y++) {
        if (y < height) {
            memcpy(s->padded + SS2_RADIUS, plane + y * width, width * sizeof(float));
            smooth_along(s->ring[y % SS2_N_TAPS], s->padded, width);
        }
        if (y < SS2_RADIUS) continue;
        const float *rows[SS2_N_TAPS];
        for (size_t t = 0; t < SS2_N_TAPS; t++) { /* row y - 2 * SS2_RADIUS + t of the plane */
            const size_t at = y + t;
            bool inside = at >= 2 * SS2_RADIUS && at - 2 * SS2_RADIUS < height;
            rows[t] = inside ? s->ring[(at - 2 * SS2_RADIUS) % SS2_N_TAPS] : s->zeros;
        }
        smooth_down(plane + (y - SS2_RADIUS) * width, rows, width);
    }
}

static void multiply(float *restrict out, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

/* ---- the original --------------------------------------------------------------------- */

/* Converts planes of sRGB to linear light on all scales. */
static void take_light(fid_ssimulacra2 *s, const float *srgb) {
    for (size_t c = 0; c < SS2_N_CHANNELS; c++) {
        size_t n_pixels = s->scales[0].width * s->scales[0].height;
        ss2_light_of_srgb(s->scales[0].light[c], srgb + c * n_pixels, n_pixels);
        for (size_t i = 0; i + 1 < s->n_scales; i++)
            ss2_halve(s->scales[i + 1].light[c], s->scales[i].light[c], s->scales[i].width, s->scales[i].height);
    }
}

static void take_original(fid_ssimulacra2 *s, const float *original) {
    take_light(s, original);
    for (size_t i = 0; i < s->n_scales; i++) {
        scale *at = &s->scales[i];
        const size_t n_pixels = at->width * at->height;
        ss2_xyb_of_light(at->own, (const float *const *)at->light, n_pixels);
        for (size_t c = 0; c < SS2_N_CHANNELS; c++) {
            float *restrict mean = at->mean[c], *restrict variance = at->variance[c];
            memcpy(mean, at->own[c], n_pixels * sizeof *mean);
            multiply(variance, at->own[c], at->own[c], n_pixels);
            smooth(s, mean, at->width, at->height);
            smooth(s, variance, at->width, at->height);
            for (size_t p = 0; p < n_pixels; p++) variance[p] -= mean[p] * mean[p];
        }
    }
}

pith_status fid_ssimulacra2_new(fid_ssimulacra2 **out, const pith_alloc *alloc, const float *original, uint32_t height,
                                uint32_t width) {
    *out = NULL;
    if (width == 0 || height == 0 || width > UINT16_MAX || height > UINT16_MAX) return PITH_E_ARG;
    uint64_t n_floats = floats_needed(height, width);
    if (n_floats > SIZE_MAX / sizeof(float)) return PITH_E_NOMEM;
    fid_ssimulacra2 *s = mem_alloc(alloc, 1, sizeof *s);
    if (!s) return PITH_E_NOMEM;
    if (alloc) s->alloc = *alloc;
    s->block = mem_alloc(alloc, (size_t)n_floats, sizeof(float));
    if (!s->block) {
        fid_ssimulacra2_free(&s);
        return PITH_E_NOMEM;
    }
    lay_out(s, height, width);
    if (s->n_scales) take_original(s, original);
    *out = s;
    return PITH_OK;
}

/* ---- one scale ------------------------------------------------------------------------ */

static ss2_pixels pixels_of(const fid_ssimulacra2 *s, const scale *at, size_t channel, size_t first) {
    return (ss2_pixels){at->own[channel] + first, at->mean[channel] + first, at->variance[channel] + first,
                        s->xyb[channel] + first,  s->mean + first,           s->square + first,
                        s->cross + first};
}

static const double *weights_of(size_t level, size_t channel, size_t norm) {
    return ss2_norm_weights[channel][level][norm];
}

static bool map_counts(size_t level, size_t channel, size_t map) {
    return weights_of(level, channel, 0)[map] > 0 || weights_of(level, channel, 1)[map] > 0;
}

/* The weighted sum of the norms, and their derivatives. */
static double measure_channel(const fid_ssimulacra2 *s, size_t level, size_t channel, ss2_slopes *by) {
    const scale *at = &s->scales[level];
    double sums[SS2_N_MAPS][2] = {{0}}, error = 0;
    const bool structured = map_counts(level, channel, SS2_STRUCTURE);
    for (size_t y = 0; y < at->height; y++) {
        const ss2_pixels row = pixels_of(s, at, channel, y * at->width);
        if (structured) {
            ss2_structure_map(s->maps[0], &row, at->width);
            ss2_add_powers(sums[SS2_STRUCTURE], s->maps[0], at->width);
        }
        ss2_edge_maps(s->maps[0], s->maps[1], &row, at->width);
        if (map_counts(level, channel, SS2_RINGING)) ss2_add_powers(sums[SS2_RINGING], s->maps[0], at->width);
        if (map_counts(level, channel, SS2_BLUR)) ss2_add_powers(sums[SS2_BLUR], s->maps[1], at->width);
    }
    const double n_pixels = (double)at->width * (double)at->height;
    for (size_t m = 0; m < SS2_N_MAPS; m++) {
        const double weight1 = weights_of(level, channel, 0)[m], weight4 = weights_of(level, channel, 1)[m];
        const double norm4 = sqrt(sqrt(sums[m][1] / n_pixels + EPSILON));
        error += weight1 * (sums[m][0] / n_pixels) + weight4 * norm4;
        by->norm1[m] = (float)(weight1 / n_pixels);
        by->norm4[m] = (float)(weight4 / (n_pixels * norm4 * norm4 * norm4));
    }
    return error;
}

/* Replaces the channel by the gradient with respect to it: through the edge maps and the mean and, unless `square` is
 * NULL, the square and the product with the original. */
static void gather(float *restrict value, const float *edges, const float *mean, const float *square,
                   const float *cross, const float *own, size_t n) {
    if (square)
        for (size_t i = 0; i < n; i++) value[i] = edges[i] + mean[i] + 2 * value[i] * square[i] + own[i] * cross[i];
    else
        for (size_t i = 0; i < n; i++) value[i] = edges[i] + mean[i];
}

static void subtract(float *restrict from, const float *restrict what, size_t n) {
    for (size_t i = 0; i < n; i++) from[i] -= what[i];
}

/* The error of a channel; replaces the decoded channel by its gradient. */
static double channel_error(fid_ssimulacra2 *s, size_t level, size_t channel) {
    const scale *at = &s->scales[level];
    const size_t width = at->width, height = at->height, n_pixels = width * height;
    const bool structured = map_counts(level, channel, SS2_STRUCTURE);
    float *value = s->xyb[channel];
    if (!structured && !map_counts(level, channel, SS2_RINGING) && !map_counts(level, channel, SS2_BLUR)) {
        memset(value, 0, n_pixels * sizeof *value);
        return 0;
    }
    memcpy(s->mean, value, n_pixels * sizeof *value);
    smooth(s, s->mean, width, height);
    if (structured) {
        multiply(s->square, value, value, n_pixels);
        multiply(s->cross, value, at->own[channel], n_pixels);
        smooth(s, s->square, width, height);
        smooth(s, s->cross, width, height);
    }
    ss2_slopes by;
    double error = measure_channel(s, level, channel, &by);
    const ss2_pixels whole = pixels_of(s, at, channel, 0);
    ss2_edge_adjoint(s->edges, &whole, &by, n_pixels);
    if (structured)
        ss2_structure_adjoint(&whole, &by, n_pixels);
    else
        memset(s->mean, 0, n_pixels * sizeof *value);
    subtract(s->mean, s->edges, n_pixels);
    smooth(s, s->mean, width, height);
    if (structured) {
        smooth(s, s->square, width, height);
        smooth(s, s->cross, width, height);
    }
    gather(value, s->edges, s->mean, structured ? s->square : NULL, s->cross, at->own[channel], n_pixels);
    return error;
}

double fid_ssimulacra2_add_gradient(fid_ssimulacra2 *s, const float *decoded, float weight, float *gradient) {
    double error = 0;
    if (s->n_scales == 0) return error;
    take_light(s, decoded);
    for (size_t level = s->n_scales; level-- > 0;) {
        scale *at = &s->scales[level];
        const size_t n_pixels = at->width * at->height;
        ss2_xyb_of_light(s->xyb, (const float *const *)at->light, n_pixels);
        for (size_t c = 0; c < SS2_N_CHANNELS; c++) error += channel_error(s, level, c);
        ss2_xyb_adjoint(at->light, (const float *const *)s->xyb, n_pixels);
        for (size_t c = 0; c < SS2_N_CHANNELS && level + 1 < s->n_scales; c++)
            ss2_halve_adjoint(at->light[c], at[1].light[c], at->width, at->height);
    }
    const size_t n_pixels = s->scales[0].width * s->scales[0].height;
    for (size_t c = 0; c < SS2_N_CHANNELS; c++)
        ss2_light_adjoint(gradient + c * n_pixels, decoded + c * n_pixels, s->scales[0].light[c], weight, n_pixels);
    return error;
}
