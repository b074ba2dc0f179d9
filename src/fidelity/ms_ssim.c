/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Forward only, in double: the variance of a flat bright area is a difference of nearly equal numbers. Only the last
 * 11 rows of the filtered products are kept. */
#include "fidelity/ms_ssim.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "fidelity/samples.h"

#define TAPS ((size_t)FID_WINDOW_TAPS)
#define LOOK_ROWS 64

enum { MEAN_X, MEAN_Y, MEAN_XX, MEAN_YY, MEAN_XY, N_MEANS };

/* One channel of a picture, samples in [0,1]. */
typedef struct plane {
    float *samples;
    size_t width, height;
} plane;

/* `rows` has (TAPS + 1) * N_MEANS + 1 rows of the largest scale: a ring of filtered rows of each product, then the
 * means, then one row of products. */
typedef struct scratch {
    plane x, y;
    double *rows;
    watch watch;
} scratch;

static void load_plane(plane *p, const pith_image *image, size_t channel) {
    const double max = fid_max_sample(image);
    p->width = image->format.width;
    p->height = image->format.height;
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            p->samples[y * p->width + x] = (float)(fid_sample(image, fid_row_of(image, y), x, channel) / max);
}

void fid_halve(float *half, const float *plane, size_t width, size_t height) {
    for (size_t y = 0; y < height / 2; y++, half += width / 2) {
        const float *upper = plane + 2 * y * width, *lower = upper + width;
        for (size_t x = 0; x < width / 2; x++)
            half[x] = (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) / 4;
    }
}

static void halve(plane *p) {
    fid_halve(p->samples, p->samples, p->width, p->height);
    p->width /= 2;
    p->height /= 2;
}

static void filter_row(double *restrict out, const double *restrict in, size_t n_out) {
    for (size_t i = 0; i < n_out; i++) out[i] = fid_window[0] * in[i];
    for (size_t t = 1; t < TAPS; t++)
        for (size_t i = 0; i < n_out; i++) out[i] += fid_window[t] * in[i + t];
}

/* Computes the five products of row y, filtered along the row. `products` is one row. */
static void filter_products(double *const out[N_MEANS], double *products, const plane *a, const plane *b, size_t y) {
    const float *x = a->samples + y * a->width, *z = b->samples + y * b->width;
    size_t n = a->width, n_out = n - TAPS + 1;
    for (size_t m = 0; m < N_MEANS; m++) {
        for (size_t i = 0; i < n; i++) {
            double left = m == MEAN_Y || m == MEAN_YY ? (double)z[i] : (double)x[i];
            double right = m == MEAN_X || m == MEAN_Y ? 1 : m == MEAN_XX ? (double)x[i] : (double)z[i];
            products[i] = left * right;
        }
        filter_row(out[m], products, n_out);
    }
}

/* Computes the five means of a row of positions, from rows y - 10 .. y of the ring. */
static void filter_columns(double *const mean[N_MEANS], const double *ring, size_t y, size_t width, size_t n_out) {
    for (size_t m = 0; m < N_MEANS; m++) {
        memset(mean[m], 0, n_out * sizeof(double));
        for (size_t t = 0; t < TAPS; t++) {
            const double *restrict row = ring + (((y + 1 + t) % TAPS) * N_MEANS + m) * width;
            double *restrict to = mean[m], weight = fid_window[t];
            for (size_t i = 0; i < n_out; i++) to[i] += weight * row[i];
        }
    }
}

/* Sum of the row's structure terms, or of the whole SSIM if with_luminance. */
static double sum_row(double *const mean[N_MEANS], size_t n, bool with_luminance) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = mean[MEAN_X][i], y = mean[MEAN_Y][i];
        double xx = x * x, yy = y * y, xy = x * y;
        double value = (2 * (mean[MEAN_XY][i] - xy) + FID_MS_SSIM_C2) /
                       (mean[MEAN_XX][i] - xx + mean[MEAN_YY][i] - yy + FID_MS_SSIM_C2);
        if (with_luminance) value *= (2 * xy + FID_MS_SSIM_C1) / (xx + yy + FID_MS_SSIM_C1);
        sum += value;
    }
    return sum;
}

/* The mean over one channel of one scale. */
static pith_status scale_mean(double *result, const scratch *s, bool with_luminance) {
    const size_t width = s->x.width, n_out = width - TAPS + 1;
    double *ring = s->rows, *mean[N_MEANS], *products = s->rows + (TAPS + 1) * N_MEANS * width;
    for (size_t m = 0; m < N_MEANS; m++) mean[m] = s->rows + (TAPS * N_MEANS + m) * width;
    double sum = 0;
    for (size_t y = 0; y < s->x.height; y++) {
        double *filtered[N_MEANS];
        for (size_t m = 0; m < N_MEANS; m++) filtered[m] = ring + ((y % TAPS) * N_MEANS + m) * width;
        filter_products(filtered, products, &s->x, &s->y, y);
        if (y + 1 >= TAPS) {
            filter_columns(mean, ring, y, width, n_out);
            sum += sum_row(mean, n_out, with_luminance);
        }
        if (y % LOOK_ROWS == 0 && watch_stops(s->watch)) return PITH_E_ABORTED;
    }
    *result = sum / ((double)n_out * (double)(s->x.height - TAPS + 1));
    return PITH_OK;
}

static pith_status scale_means(double means[FID_MS_SSIM_SCALES], scratch *s, const pith_image *a, const pith_image *b) {
    const size_t n_channels = fid_channels_of(a, b);
    for (size_t c = 0; c < n_channels; c++) {
        load_plane(&s->x, a, c);
        load_plane(&s->y, b, c);
        for (size_t i = 0; i < FID_MS_SSIM_SCALES; i++) {
            double mean;
            pith_status status = scale_mean(&mean, s, i == FID_MS_SSIM_SCALES - 1);
            if (status != PITH_OK) return status;
            means[i] += mean / (double)n_channels;
            halve(&s->x);
            halve(&s->y);
        }
    }
    return PITH_OK;
}

pith_status fid_ms_ssim(double *similarity, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                        watch watch) {
    const size_t width = a->format.width, height = a->format.height;
    double means[FID_MS_SSIM_SCALES] = {0}, sum_of_exponents = 0;
    pith_status status = PITH_E_NOMEM;
    *similarity = NAN;
    if (width < FID_MS_SSIM_MIN_SIDE || height < FID_MS_SSIM_MIN_SIDE) return PITH_OK;
    scratch s = {.x.samples = mem_alloc(alloc, height, width * sizeof(float)),
                 .y.samples = mem_alloc(alloc, height, width * sizeof(float)),
                 .rows = mem_alloc(alloc, (TAPS + 1) * N_MEANS + 1, width * sizeof(double)),
                 .watch = watch};
    if (s.x.samples && s.y.samples && s.rows) status = scale_means(means, &s, a, b);
    for (size_t i = 0; i < FID_MS_SSIM_SCALES; i++) sum_of_exponents += fid_ms_ssim_exponents[i];
    double product = 1;
    for (size_t i = 0; i < FID_MS_SSIM_SCALES; i++)
        product *= em_pow(fmax(means[i], FID_MS_SSIM_LEAST), fid_ms_ssim_exponents[i] / sum_of_exponents);
    if (status == PITH_OK) *similarity = product;
    mem_free(alloc, s.x.samples);
    mem_free(alloc, s.y.samples);
    mem_free(alloc, s.rows);
    return status;
}
