/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The gradient of MS-SSIM takes one sweep down each plane of each scale, forward and backward together: the product
 * over the scales only gives each scale one factor, which is applied at the end. Of the planes between the filters only
 * the last 11 rows are kept.
 *
 * With e = decoded - original and window F, the dissimilarity at a position is
 *     t = 1 - (2 cov + C2) / (var_o + var_d + C2) = var_e / q,
 *     q = 2 var_o + C2 + var_e + 2 cov_oe,
 * which is accurate for small errors and exactly 0 for none. With the moments
 * M = F(e), S = F(e e), X = F(o e), and the original's mean m:
 *     var_e = S - M M,   cov_oe = X - m M,
 *     dt/dS = (1 - t) / q,   dt/dX = -2 t / q,   dt/dM = -2 M dt/dS - m dt/dX;
 * and with respect to e: F'(dt/dM) + 2 e F'(dt/dS) + o F'(dt/dX), where F' is the adjoint of F. */
#include "fidelity/distortion.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "fidelity/ms_ssim.h"

#define HALF FID_WINDOW_HALF
#define N_TAPS FID_WINDOW_TAPS
#define N_SCALES FID_MS_SSIM_SCALES
#define N_CHANNELS 3u
#define CHROMA_SQUARE 4u /* side in pixels */
#define C1 ((float)FID_MS_SSIM_C1)
#define C2 ((float)FID_MS_SSIM_C2)

static const float luma[N_CHANNELS] = {0.299f, 0.587f, 0.114f}; /* ITU-R BT.601 */

enum { MEAN, SQUARE, CROSS, N_MOMENTS }; /* of the error, of its square, of its product with the original */

/* Planes are [3,height,width], those of window positions [3,n_down,n_across]. The pictures of the first scale belong
 * to the caller. */
typedef struct scale {
    size_t height, width, n_down, n_across;
    const float *original, *decoded;
    float *own_original, *own_decoded, *gradient;
    float *mean, *spread; /* of the original: its mean, and 2 x variance + C2 */
} scale;

/* A band has N_TAPS rows; the plane's row y is in row y % N_TAPS. */
struct fid_distortion {
    pith_alloc alloc;
    fid_distortion_weights weights;
    const float *original; /* borrowed from the caller */
    size_t height, width, n_scales;
    size_t stride; /* floats from row to row of the working memory */
    scale scales[N_SCALES];
    float *arena;
    float *moments[N_MOMENTS], *slopes[N_MOMENTS]; /* bands: filtered along rows; the loss's derivatives */
    float *rows[N_MOMENTS];                        /* one row each */
    float *padded[N_MOMENTS];                      /* a row with HALF * 2 zeros on both sides */
    float *zeros, *losses;                         /* one row each; `zeros` replaces rows outside the planes */
    float *chroma[N_CHANNELS];                     /* one row each: errors of squares, then derivatives of the loss */
};

/* ---- filters ----------------------------------------------------------------------- */

static void filter_along(const float *restrict in, size_t n_out, float *restrict out) {
    for (size_t i = 0; i < n_out; i++)
        out[i] = fid_half_window[0] * in[i + 5] + fid_half_window[1] * (in[i + 4] + in[i + 6]) +
                 fid_half_window[2] * (in[i + 3] + in[i + 7]) + fid_half_window[3] * (in[i + 2] + in[i + 8]) +
                 fid_half_window[4] * (in[i + 1] + in[i + 9]) + fid_half_window[5] * (in[i] + in[i + 10]);
}

static void filter_down(const float *const rows[N_TAPS], size_t n, float *restrict out) {
    const float *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3], *r4 = rows[4], *r5 = rows[5], *r6 = rows[6],
                *r7 = rows[7], *r8 = rows[8], *r9 = rows[9], *r10 = rows[10];
    for (size_t i = 0; i < n; i++)
        out[i] = fid_half_window[0] * r5[i] + fid_half_window[1] * (r4[i] + r6[i]) +
                 fid_half_window[2] * (r3[i] + r7[i]) + fid_half_window[3] * (r2[i] + r8[i]) +
                 fid_half_window[4] * (r1[i] + r9[i]) + fid_half_window[5] * (r0[i] + r10[i]);
}

/* Row j of window positions, from rows j .. j + 10 of a band. */
static void filter_band_down(const fid_distortion *d, const float *band, size_t j, size_t n, float *out) {
    const float *rows[N_TAPS];
    for (size_t t = 0; t < N_TAPS; t++) rows[t] = band + (j + t) % N_TAPS * d->stride;
    filter_down(rows, n, out);
}

/* The adjoint: row y of the plane, from those of rows y - 10 .. y of a band of positions that exist. */
static void spread_band_down(const fid_distortion *d, const float *band, size_t y, size_t n_down, size_t n,
                             float *out) {
    const float *rows[N_TAPS];
    for (size_t t = 0; t < N_TAPS; t++) {
        bool is_there = y >= t && y - t < n_down;
        rows[t] = is_there ? band + (y - t) % N_TAPS * d->stride : d->zeros;
    }
    filter_down(rows, n, out);
}

/* Halves the sides of [3,height,width]. */
static void halve(const float *in, size_t height, size_t width, float *out) {
    for (size_t c = 0; c < N_CHANNELS; c++)
        fid_halve(out + c * (height / 2) * (width / 2), in + c * height * width, width, height);
}

/* Four sums, which the processor can compute in parallel. */
static double sum_of(const float *row, size_t n) {
    double sums[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) sums[k] += (double)row[i + k];
    for (; i < n; i++) sums[0] += (double)row[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* ---- MS-SSIM ------------------------------------------------------------------------- */

/* Filters row y of a plane into the bands of its moments. */
static void moments_row(fid_distortion *d, const scale *s, const float *restrict o, const float *restrict x, size_t y) {
    float *restrict error = d->rows[MEAN], *restrict square = d->rows[SQUARE], *restrict cross = d->rows[CROSS];
    for (size_t i = 0; i < s->width; i++) {
        float e = x[i] - o[i];
        error[i] = e;
        square[i] = e * e;
        cross[i] = o[i] * e;
    }
    for (size_t m = 0; m < N_MOMENTS; m++)
        filter_along(d->rows[m], s->n_across, d->moments[m] + y % N_TAPS * d->stride);
}

/* Computes losses and their derivatives by the moments from a row of moments and of the original's statistics. */
static void structure_row(size_t n, const float *const moments[N_MOMENTS], const float *mean_o, const float *spread_o,
                          float *restrict by_mean, float *restrict by_square, float *restrict by_cross,
                          float *restrict loss) {
    const float *mean = moments[MEAN], *square = moments[SQUARE], *cross = moments[CROSS];
    for (size_t i = 0; i < n; i++) {
        float variance = square[i] - mean[i] * mean[i];
        float inverse = 1 / (spread_o[i] + variance + 2 * (cross[i] - mean_o[i] * mean[i]));
        float t = variance * inverse, a = (1 - t) * inverse, c = -2 * t * inverse;
        by_mean[i] = -2 * mean[i] * a - mean_o[i] * c;
        by_square[i] = a;
        by_cross[i] = c;
        loss[i] = t;
    }
}

/* On the last scale the similarity includes luminance, 1 - u with u = M^2 / (m^2 + (m + M)^2 + C1). */
static void luminance_row(size_t n, const float *mean, const float *mean_o, float *restrict by_mean,
                          float *restrict by_square, float *restrict by_cross, float *restrict loss) {
    for (size_t i = 0; i < n; i++) {
        float mean_d = mean_o[i] + mean[i];
        float inverse = 1 / (mean_o[i] * mean_o[i] + mean_d * mean_d + C1);
        float u = mean[i] * mean[i] * inverse, t = loss[i];
        by_mean[i] = (1 - u) * by_mean[i] + (1 - t) * 2 * (mean[i] - u * mean_d) * inverse;
        by_square[i] *= 1 - u;
        by_cross[i] *= 1 - u;
        loss[i] = t + u - t * u;
    }
}

/* Processes row j of window positions in plane c; returns the sum of its losses. */
static double slopes_row(fid_distortion *d, const scale *s, size_t c, size_t j) {
    const size_t n = s->n_across, place = (c * s->n_down + j) * n;
    float *slopes[N_MOMENTS];
    for (size_t m = 0; m < N_MOMENTS; m++) {
        filter_band_down(d, d->moments[m], j, n, d->rows[m]);
        slopes[m] = d->slopes[m] + j % N_TAPS * d->stride;
    }
    structure_row(n, (const float *const *)d->rows, s->mean + place, s->spread + place, slopes[MEAN], slopes[SQUARE],
                  slopes[CROSS], d->losses);
    if (s == &d->scales[d->n_scales - 1])
        luminance_row(n, d->rows[MEAN], s->mean + place, slopes[MEAN], slopes[SQUARE], slopes[CROSS], d->losses);
    return sum_of(d->losses, n);
}

/* Row y of the gradient of the sum of a plane's losses. */
static void gradient_row(fid_distortion *d, const scale *s, const float *o, const float *x, size_t y,
                         float *restrict gradient) {
    const float *mean = d->rows[MEAN], *square = d->rows[SQUARE], *cross = d->rows[CROSS];
    for (size_t m = 0; m < N_MOMENTS; m++) {
        spread_band_down(d, d->slopes[m], y, s->n_down, s->n_across, d->padded[m] + 2 * HALF);
        filter_along(d->padded[m], s->width, d->rows[m]);
    }
    for (size_t i = 0; i < s->width; i++) gradient[i] = mean[i] + 2 * (x[i] - o[i]) * square[i] + o[i] * cross[i];
}

/* Returns the sum of the losses of plane c and writes its gradient to the scale's. */
static double sweep_plane(fid_distortion *d, const scale *s, size_t c) {
    const float *o = s->original + c * s->height * s->width, *x = s->decoded + c * s->height * s->width;
    float *gradient = s->gradient + c * s->height * s->width;
    double sum = 0;
    for (size_t m = 0; m < N_MOMENTS; m++) /* after the row, where values of a wider scale may remain */
        memset(d->padded[m] + 2 * HALF + s->n_across, 0, 2 * HALF * sizeof(float));
    for (size_t below = 0; below < s->height + 2 * HALF; below++) { /* the last row that row y needs */
        if (below < s->height) moments_row(d, s, o + below * s->width, x + below * s->width, below);
        if (below < 2 * HALF) continue;
        size_t y = below - 2 * HALF;
        if (y < s->n_down) sum += slopes_row(d, s, c, y);
        gradient_row(d, s, o + y * s->width, x + y * s->width, y, gradient + y * s->width);
    }
    return sum;
}

/* The scale's gradient times `factor`, plus a quarter of the coarser scale's for each square of 4 pixels. */
static void weigh_gradient(const scale *s, const scale *coarser, float factor) {
    for (size_t row = 0; row < N_CHANNELS * s->height; row++) {
        float *gradient = s->gradient + row * s->width;
        size_t c = row / s->height, y = row % s->height / 2, n_pairs = 0;
        if (coarser && y < coarser->height) {
            const float *restrict halved = coarser->gradient + (c * coarser->height + y) * coarser->width;
            n_pairs = coarser->width;
            for (size_t i = 0; i < n_pairs; i++) {
                gradient[2 * i] = factor * gradient[2 * i] + 0.25f * halved[i];
                gradient[2 * i + 1] = factor * gradient[2 * i + 1] + 0.25f * halved[i];
            }
        }
        for (size_t i = 2 * n_pairs; i < s->width; i++) gradient[i] *= factor;
    }
}

/* The MS-SSIM term; writes its gradient. */
static double structure_term(fid_distortion *d, const float *decoded, float *gradient) {
    double all_exponents = 0, log_similarity = 0, slopes[N_SCALES] = {0};
    for (size_t k = 0; k < d->n_scales; k++) all_exponents += fid_ms_ssim_exponents[k];
    d->scales[0].decoded = decoded;
    d->scales[0].gradient = gradient;
    for (size_t k = 0; k < d->n_scales; k++) {
        const scale *s = &d->scales[k];
        if (k > 0) halve(s[-1].decoded, s[-1].height, s[-1].width, s->own_decoded);
        double sum = 0, count = (double)N_CHANNELS * (double)s->n_down * (double)s->n_across;
        for (size_t c = 0; c < N_CHANNELS; c++) sum += sweep_plane(d, s, c);
        double loss = sum / count, share = fid_ms_ssim_exponents[k] / all_exponents;
        bool is_clamped = 1 - loss < FID_MS_SSIM_LEAST;
        log_similarity += share * (is_clamped ? em_log(FID_MS_SSIM_LEAST) : em_log(1 - loss));
        slopes[k] = is_clamped ? 0 : share / ((1 - loss) * count);
    }
    double slope = (double)d->weights.ms_ssim * em_exp(log_similarity);
    for (size_t k = d->n_scales; k-- > 0;)
        weigh_gradient(&d->scales[k], k + 1 < d->n_scales ? &d->scales[k + 1] : NULL, (float)(slope * slopes[k]));
    d->scales[0].decoded = NULL;
    d->scales[0].gradient = NULL;
    return (double)d->weights.ms_ssim * (1 - em_exp(log_similarity));
}

/* ---- single pixels and squares --------------------------------------------------------- */

/* The mean errors of the squares whose top rows are at `o` and `x`. */
static void square_errors(const fid_distortion *d, const float *o, const float *x, float *restrict out) {
    float *restrict sums = d->rows[0];
    memset(sums, 0, d->width * sizeof *sums);
    for (size_t row = 0; row < CHROMA_SQUARE; row++, o += d->width, x += d->width)
        for (size_t i = 0; i < d->width; i++) sums[i] += x[i] - o[i];
    for (size_t i = 0; i < d->width / CHROMA_SQUARE; i++)
        out[i] = (sums[4 * i] + sums[4 * i + 1] + sums[4 * i + 2] + sums[4 * i + 3]) / 16;
}

/* The chroma term of the squares whose top row is y. Writes the derivatives by their pixels to `chroma`, one float
 * per column. */
static double chroma_term(fid_distortion *d, const float *decoded, size_t y) {
    const size_t n = d->width / CHROMA_SQUARE, n_down = d->height / CHROMA_SQUARE, plane = d->height * d->width;
    const double share = (double)d->weights.chroma / ((double)n * (double)n_down);
    float *r = d->chroma[0], *g = d->chroma[1], *b = d->chroma[2];
    for (size_t c = 0; c < N_CHANNELS; c++)
        square_errors(d, d->original + c * plane + y * d->width, decoded + c * plane + y * d->width, d->chroma[c]);
    double sum = 0;
    for (size_t i = n; i-- > 0;) { /* from the end, so that writes stay behind reads */
        float light = luma[0] * r[i] + luma[1] * g[i] + luma[2] * b[i], red = r[i] - light, blue = b[i] - light;
        sum += (double)(red * red + blue * blue);
        float scaled = (float)(share / (CHROMA_SQUARE * CHROMA_SQUARE));
        for (size_t k = CHROMA_SQUARE * i; k < CHROMA_SQUARE * (i + 1); k++) {
            r[k] = scaled * (red - luma[0] * (red + blue));
            g[k] = scaled * (0 - luma[1] * (red + blue));
            b[k] = scaled * (blue - luma[2] * (red + blue));
        }
    }
    return share * sum / 2;
}

/* The error terms of a row's pixels; adds their derivatives and the row of `chroma` to the gradient. */
static double error_terms(fid_distortion *d, const float *restrict o, const float *restrict x,
                          const float *restrict chroma, float *restrict gradient) {
    const double count = (double)N_CHANNELS * (double)d->height * (double)d->width;
    const double l1 = (double)d->weights.l1 / count, l2 = (double)d->weights.l2 / count;
    const float up = (float)l1, twice = (float)(2 * l2);
    float *restrict absolute = d->rows[0], *restrict square = d->rows[1];
    for (size_t i = 0; i < d->width; i++) {
        float e = x[i] - o[i];
        absolute[i] = fabsf(e);
        square[i] = e * e;
        gradient[i] += twice * e + ((e > 0 ? up : 0) - (e < 0 ? up : 0)) + chroma[i];
    }
    return l1 * sum_of(absolute, d->width) + l2 * sum_of(square, d->width);
}

static double pixel_terms(fid_distortion *d, const float *decoded, float *gradient) {
    double sum = 0;
    for (size_t top = 0; top < d->height; top += CHROMA_SQUARE) {
        if (d->weights.chroma != 0) sum += chroma_term(d, decoded, top);
        for (size_t c = 0; c < N_CHANNELS; c++)
            for (size_t y = top; y < top + CHROMA_SQUARE; y++) {
                size_t place = (c * d->height + y) * d->width;
                sum += error_terms(d, d->original + place, decoded + place, d->chroma[c], gradient + place);
            }
    }
    return sum;
}

double fid_distortion_gradient(fid_distortion *d, const float *decoded, float *gradient) {
    double structure = 0;
    if (d->n_scales > 0)
        structure = structure_term(d, decoded, gradient);
    else
        memset(gradient, 0, N_CHANNELS * d->height * d->width * sizeof *gradient);
    return structure + pixel_terms(d, decoded, gradient);
}

/* ---- the original ---------------------------------------------------------------------- */

/* Statistics of row j of window positions in plane c, from bands of o - 1/2 and its square. Centring reduces the
 * cancellation in the variance. */
static void statistics_row(fid_distortion *d, const scale *s, size_t c, size_t j) {
    const size_t place = (c * s->n_down + j) * s->n_across;
    float *restrict mean = s->mean + place, *restrict spread = s->spread + place;
    filter_band_down(d, d->moments[MEAN], j, s->n_across, mean);
    filter_band_down(d, d->moments[SQUARE], j, s->n_across, spread);
    for (size_t i = 0; i < s->n_across; i++) {
        spread[i] = 2 * (spread[i] - mean[i] * mean[i]) + C2;
        mean[i] += 0.5f;
    }
}

static void measure_original(fid_distortion *d, const scale *s) {
    float *centred = d->rows[MEAN], *square = d->rows[SQUARE];
    const float *o = s->original;
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t y = 0; y < s->height; y++, o += s->width) {
            for (size_t i = 0; i < s->width; i++) {
                centred[i] = o[i] - 0.5f;
                square[i] = centred[i] * centred[i];
            }
            filter_along(centred, s->n_across, d->moments[MEAN] + y % N_TAPS * d->stride);
            filter_along(square, s->n_across, d->moments[SQUARE] + y % N_TAPS * d->stride);
            if (y >= 2 * HALF) statistics_row(d, s, c, y - 2 * HALF);
        }
}

/* ---- memory ------------------------------------------------------------------------------ */

/* Takes `n_floats` of an arena. `arena` NULL: only counts them. */
static float *take(float *arena, uint64_t *used, uint64_t n_floats) {
    float *block = arena ? arena + *used : NULL;
    *used += n_floats;
    return block;
}

static void take_all(float *blocks[N_MOMENTS], float *arena, uint64_t *used, uint64_t n_floats) {
    for (size_t m = 0; m < N_MOMENTS; m++) blocks[m] = take(arena, used, n_floats);
}

static void lay_out_scale(scale *s, bool is_first, float *arena, uint64_t *used) {
    uint64_t plane = N_CHANNELS * (uint64_t)s->height * s->width;
    uint64_t positions = N_CHANNELS * (uint64_t)s->n_down * s->n_across;
    s->mean = take(arena, used, positions);
    s->spread = take(arena, used, positions);
    if (is_first) return;
    s->original = s->own_original = take(arena, used, plane);
    s->decoded = s->own_decoded = take(arena, used, plane);
    s->gradient = take(arena, used, plane);
}

/* Sets every pointer into `arena`; returns the number of floats needed. */
static uint64_t lay_out(fid_distortion *d, float *arena) {
    uint64_t used = 0, stride = d->stride;
    take_all(d->moments, arena, &used, N_TAPS * stride);
    take_all(d->slopes, arena, &used, N_TAPS * stride);
    take_all(d->rows, arena, &used, stride);
    take_all(d->padded, arena, &used, stride);
    take_all(d->chroma, arena, &used, stride);
    d->zeros = take(arena, &used, stride);
    d->losses = take(arena, &used, stride);
    for (size_t k = 0; k < d->n_scales; k++) lay_out_scale(&d->scales[k], k == 0, arena, &used);
    return used;
}

/* Sets everything except the memory. */
static void set_sizes(fid_distortion *d, size_t height, size_t width, float ms_ssim) {
    d->height = height;
    d->width = width;
    /* Room for a row with zeros on both sides; an odd number of cache lines, so that the rows of a band do not all
     * map to a few cache sets. */
    d->stride = (width + 4 * HALF + 15) / 32 * 32 + 16;
    for (; ms_ssim != 0 && d->n_scales < N_SCALES && height >= N_TAPS && width >= N_TAPS; height /= 2, width /= 2)
        d->scales[d->n_scales++] =
            (scale){.height = height, .width = width, .n_down = height - 2 * HALF, .n_across = width - 2 * HALF};
}

uint64_t fid_distortion_bytes(uint32_t height, uint32_t width) {
    if ((uint64_t)height * width > UINT64_MAX / 256) return UINT64_MAX; /* about 50 bytes per pixel */
    fid_distortion d = {0};
    set_sizes(&d, height, width, 1);
    return sizeof d + lay_out(&d, NULL) * sizeof(float);
}

pith_status fid_distortion_new(fid_distortion **out, const pith_alloc *alloc, const float *original, uint32_t height,
                               uint32_t width, fid_distortion_weights weights) {
    *out = NULL;
    if (height == 0 || width == 0 || height % FID_DISTORTION_UNIT || width % FID_DISTORTION_UNIT) return PITH_E_ARG;
    if (fid_distortion_bytes(height, width) > SIZE_MAX) return PITH_E_NOMEM;
    fid_distortion *d = mem_alloc(alloc, 1, sizeof *d);
    if (!d) return PITH_E_NOMEM;
    if (alloc) d->alloc = *alloc;
    d->weights = weights;
    set_sizes(d, height, width, weights.ms_ssim);
    d->arena = mem_alloc(alloc, (size_t)lay_out(d, NULL), sizeof(float));
    if (!d->arena) {
        fid_distortion_free(&d);
        return PITH_E_NOMEM;
    }
    lay_out(d, d->arena);
    d->original = original;
    for (size_t k = 0; k < d->n_scales; k++) {
        scale *s = &d->scales[k];
        if (k == 0) s->original = original;
        if (k > 0) halve(s[-1].original, s[-1].height, s[-1].width, s->own_original);
        measure_original(d, s);
    }
    *out = d;
    return PITH_OK;
}

void fid_distortion_free(fid_distortion **d) {
    if (!d || !*d) return;
    pith_alloc alloc = (*d)->alloc;
    mem_free(&alloc, (*d)->arena);
    mem_free(&alloc, *d);
    *d = NULL;
}
