/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PSNR, and MS-SSIM as in Wang, Simoncelli, Bovik: "Multiscale structural
 * similarity for image quality assessment" (2003), on each of R, G and B.
 * Contrast and structure are averaged over the channels at each scale, before
 * the scales are multiplied. */
#include "compare/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"

#define N_SCALES ((size_t)5)
#define N_TAPS ((size_t)11)
#define MIN_SIDE (N_TAPS << (N_SCALES - 1)) /* the window fits at the coarsest scale */
#define SIGMA 1.5
#define C1 1e-4 /* (K1 L)^2, K1 = 0.01, L = 1 */
#define C2 9e-4 /* (K2 L)^2, K2 = 0.03 */

enum { MEAN_X, MEAN_Y, MEAN_XX, MEAN_YY, MEAN_XY, N_MEANS };

/* One channel of a picture, samples in 0..1. */
typedef struct plane {
    float *samples;
    size_t width, height;
} plane;

static double sample_at(const pith_image *image, const uint8_t *row, size_t index) {
    if (image->format.bit_depth == 8) return row[index] / 255.0;
    uint16_t sample;
    memcpy(&sample, row + 2 * index, 2);
    return sample / 65535.0;
}

/* Where RGB channel c of pixel x stands in a row. */
static size_t sample_index(const pith_image *image, size_t x, size_t c) {
    return x * image->format.n_channels + (image->format.n_channels == 1 ? 0 : c);
}

static const uint8_t *row_of(const pith_image *image, size_t y) {
    return (const uint8_t *)image->pixels + y * image->stride_bytes;
}

/* ---- PSNR --------------------------------------------------------------------- */

static double psnr(const pith_image *a, const pith_image *b, size_t n_channels) {
    double sum = 0;
    for (size_t y = 0; y < a->format.height; y++) {
        const uint8_t *row_a = row_of(a, y), *row_b = row_of(b, y);
        double row_sum = 0;
        for (size_t x = 0; x < a->format.width; x++)
            for (size_t c = 0; c < n_channels; c++) {
                double d = sample_at(a, row_a, sample_index(a, x, c)) - sample_at(b, row_b, sample_index(b, x, c));
                row_sum += d * d;
            }
        sum += row_sum;
    }
    if (sum == 0) return INFINITY;
    return -10 * log10(sum / ((double)a->format.width * a->format.height * (double)n_channels));
}

/* ---- MS-SSIM ------------------------------------------------------------------ */

static void make_window(double window[N_TAPS]) {
    double sum = 0, value[N_TAPS];
    for (size_t i = 0; i < N_TAPS; i++) {
        double d = ((double)i - (double)(N_TAPS - 1) / 2) / SIGMA;
        sum += value[i] = exp(-d * d / 2);
    }
    for (size_t i = 0; i < N_TAPS; i++) window[i] = value[i] / sum;
}

static void load_plane(plane *p, const pith_image *image, size_t channel) {
    p->width = image->format.width;
    p->height = image->format.height;
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            p->samples[y * p->width + x] = (float)sample_at(image, row_of(image, y), sample_index(image, x, channel));
}

/* The mean of each 2x2 block, in place; an odd last row or column is dropped. */
static void halve(plane *p) {
    size_t width = p->width / 2, height = p->height / 2;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const float *from = p->samples + 2 * y * p->width + 2 * x;
            p->samples[y * width + x] = (from[0] + from[1] + from[p->width] + from[p->width + 1]) / 4;
        }
    p->width = width;
    p->height = height;
}

static void filter_row(double *restrict out, const double *restrict in, size_t n_out, const double window[N_TAPS]) {
    for (size_t i = 0; i < n_out; i++) out[i] = window[0] * in[i];
    for (size_t t = 1; t < N_TAPS; t++)
        for (size_t i = 0; i < n_out; i++) out[i] += window[t] * in[i + t];
}

/* Row y's five products, filtered along the row. `products` is scratch. In double, since the variance of a flat bright
 * area is a difference of nearly equal numbers. */
static void filter_products(double *const out[N_MEANS], double *products, const plane *a, const plane *b, size_t y,
                            const double window[N_TAPS]) {
    const float *x = a->samples + y * a->width, *z = b->samples + y * b->width;
    size_t n = a->width, n_out = n - N_TAPS + 1;
    for (size_t m = 0; m < N_MEANS; m++) {
        for (size_t i = 0; i < n; i++) {
            double left = m == MEAN_Y || m == MEAN_YY ? (double)z[i] : (double)x[i];
            double right = m == MEAN_X || m == MEAN_Y ? 1 : m == MEAN_XX ? (double)x[i] : (double)z[i];
            products[i] = left * right;
        }
        filter_row(out[m], products, n_out, window);
    }
}

/* Sums of the row's structure terms, and of the whole SSIM when asked. */
static double sum_row(double *const mean[N_MEANS], size_t n, bool with_luminance) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = mean[MEAN_X][i], y = mean[MEAN_Y][i];
        double xx = x * x, yy = y * y, xy = x * y;
        double value = (2 * (mean[MEAN_XY][i] - xy) + C2) / (mean[MEAN_XX][i] - xx + mean[MEAN_YY][i] - yy + C2);
        if (with_luminance) value *= (2 * xy + C1) / (xx + yy + C1);
        sum += value;
    }
    return sum;
}

/* The mean over one scale of one channel. `scratch` holds (N_TAPS + 1) *
 * N_MEANS + 1 rows: the last N_TAPS filtered rows of each product in a ring. */
static double scale_mean(const plane *a, const plane *b, double *scratch, bool with_luminance) {
    double window[N_TAPS];
    make_window(window);
    size_t width = a->width, n_out = width - N_TAPS + 1;
    double *ring = scratch, *mean[N_MEANS], *products = scratch + (N_TAPS + 1) * N_MEANS * width;
    for (size_t m = 0; m < N_MEANS; m++) mean[m] = scratch + (N_TAPS * N_MEANS + m) * width;
    double sum = 0;
    for (size_t y = 0; y < a->height; y++) {
        double *filtered[N_MEANS];
        for (size_t m = 0; m < N_MEANS; m++) filtered[m] = ring + ((y % N_TAPS) * N_MEANS + m) * width;
        filter_products(filtered, products, a, b, y, window);
        if (y + 1 < N_TAPS) continue;
        for (size_t m = 0; m < N_MEANS; m++) {
            memset(mean[m], 0, n_out * sizeof(double));
            for (size_t t = 0; t < N_TAPS; t++) {
                const double *restrict row = ring + (((y + 1 + t) % N_TAPS) * N_MEANS + m) * width;
                double *restrict to = mean[m], weight = window[t];
                for (size_t i = 0; i < n_out; i++) to[i] += weight * row[i];
            }
        }
        sum += sum_row(mean, n_out, with_luminance);
    }
    return sum / ((double)n_out * (double)(a->height - N_TAPS + 1));
}

static pith_status ms_ssim(double *out, const pith_image *a, const pith_image *b, size_t n_channels, pith_diag *why) {
    static const double weights[N_SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
    size_t width = a->format.width, height = a->format.height;
    plane x = {.samples = calloc(height, width * sizeof(float))},
          y = {.samples = calloc(height, width * sizeof(float))};
    double *scratch = calloc((N_TAPS + 1) * N_MEANS + 1, width * sizeof(double));
    pith_status status = PITH_OK;
    if (x.samples && y.samples && scratch) {
        double means[N_SCALES] = {0}, sum_of_weights = 0;
        for (size_t c = 0; c < n_channels; c++) {
            load_plane(&x, a, c);
            load_plane(&y, b, c);
            for (size_t s = 0; s < N_SCALES; s++) {
                means[s] += scale_mean(&x, &y, scratch, s == N_SCALES - 1) / (double)n_channels;
                halve(&x);
                halve(&y);
            }
        }
        for (size_t s = 0; s < N_SCALES; s++) sum_of_weights += weights[s];
        *out = 1;
        for (size_t s = 0; s < N_SCALES; s++) *out *= pow(fmax(means[s], 1e-4), weights[s] / sum_of_weights);
    } else {
        status = tool_fail(why, PITH_E_NOMEM, "out of memory to compare pictures of %zux%zu pixels", width, height);
    }
    free(x.samples);
    free(y.samples);
    free(scratch);
    return status;
}

pith_status metrics_compare(metrics *out, const pith_image *a, const pith_image *b, pith_diag *why) {
    const pith_image_format *fa = &a->format, *fb = &b->format;
    if (fa->width != fb->width || fa->height != fb->height)
        return tool_fail(why, PITH_E_ARG, "%" PRIu32 "x%" PRIu32 " pixels, the other has %" PRIu32 "x%" PRIu32,
                         fa->width, fa->height, fb->width, fb->height);
    if (fa->n_channels % 2 == 0 || fb->n_channels % 2 == 0)
        return tool_fail(why, PITH_E_ARG, "pictures with alpha are not compared");
    size_t n_channels = fa->n_channels == 1 && fb->n_channels == 1 ? 1 : 3; /* equal channels count once */
    out->psnr_db = psnr(a, b, n_channels);
    out->ms_ssim = NAN;
    pith_status status = pith_ssimulacra2(NULL, a, b, &out->ssimulacra2, why);
    if (status != PITH_OK || fa->width < MIN_SIDE || fa->height < MIN_SIDE) return status;
    return ms_ssim(&out->ms_ssim, a, b, n_channels, why);
}
