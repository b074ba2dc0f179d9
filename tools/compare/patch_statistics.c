/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The network: at each of four levels, 24 filters of 3x3 with random weights,
 * each with zero sum, then the absolute value; the mean of 2x2 values goes to the
 * next level. A patch's features are the means over it of every level's channels
 * and of R, G and B. Random filters respond to detail of their scale and
 * direction, those of the later levels to how detail is arranged. */
#include "compare/patch_statistics.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"

#define CELL_PIXELS ((size_t)1 << (PATCH_LEVELS - 1)) /* patches are made of cells of this side */
#define N_TAPS ((size_t)9)

/* Planes of one level, one after the other. */
typedef struct level {
    float *planes;
    size_t n_planes, width, height;
} level;

/* Means over cells: [feature][row][column]. */
typedef struct cells {
    float *means;
    size_t width, height;
} cells;

static float *plane_of(const level *l, size_t index) { return l->planes + index * l->width * l->height; }

static bool level_make(level *l, size_t n_planes, size_t width, size_t height) {
    *l = (level){calloc(n_planes * height, width * sizeof(float)), n_planes, width, height};
    return l->planes != NULL;
}

/* ---- the filters ------------------------------------------------------------------- */

/* Marsaglia's xorshift64; the sum of twelve uniform numbers is near enough to normal. */
static double random_normal(uint64_t *state) {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        sum += (double)(*state >> 11) / (double)(1ULL << 53);
    }
    return sum;
}

/* Weights of one filter, [n_in][3][3]: zero sum, unit norm. */
static void make_filter(float *weights, size_t n_in, uint64_t *state) {
    double values[PATCH_CHANNELS * N_TAPS], sum = 0, square = 0;
    size_t n = n_in * N_TAPS;
    for (size_t i = 0; i < n; i++) sum += values[i] = random_normal(state);
    for (size_t i = 0; i < n; i++) values[i] -= sum / (double)n;
    for (size_t i = 0; i < n; i++) square += values[i] * values[i];
    for (size_t i = 0; i < n; i++) weights[i] = (float)(values[i] / sqrt(square));
}

/* ---- the network ------------------------------------------------------------------- */

static float sample_at(const pith_image *image, size_t x, size_t y, size_t c) {
    const uint8_t *row = (const uint8_t *)image->pixels + y * image->stride_bytes;
    size_t i = x * image->format.n_channels + (image->format.n_channels == 1 ? 0 : c);
    if (image->format.bit_depth == 8) return (float)row[i] / 255;
    uint16_t sample;
    memcpy(&sample, row + 2 * i, 2);
    return (float)sample / 65535;
}

/* Whole cells only: what is left over at the right and below is dropped. */
static bool load_picture(level *to, const pith_image *image) {
    size_t width = image->format.width / CELL_PIXELS * CELL_PIXELS;
    size_t height = image->format.height / CELL_PIXELS * CELL_PIXELS;
    if (!level_make(to, 3, width, height)) return false;
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++) plane_of(to, c)[y * width + x] = sample_at(image, x, y, c);
    return true;
}

/* sum[x] += row filtered by three taps; beyond the ends the end values go on. */
static void add_taps(float *restrict sum, const float *restrict row, size_t n, const float taps[3]) {
    const float left = taps[0], middle = taps[1], right = taps[2];
    sum[0] += left * row[0] + middle * row[0] + right * row[n > 1];
    for (size_t x = 1; x + 1 < n; x++) sum[x] += left * row[x - 1] + middle * row[x] + right * row[x + 1];
    if (n > 1) sum[n - 1] += left * row[n - 2] + (middle + right) * row[n - 1];
}

static void filter_plane(float *out, const level *in, const float *weights) {
    size_t width = in->width, height = in->height;
    for (size_t y = 0; y < height; y++) {
        float *sum = out + y * width;
        memset(sum, 0, width * sizeof(float));
        for (size_t c = 0; c < in->n_planes; c++)
            for (size_t dy = 0; dy < 3; dy++) {
                size_t from = y + dy < 1 ? 0 : y + dy > height ? height - 1 : y + dy - 1;
                add_taps(sum, plane_of(in, c) + from * width, width, weights + (c * 3 + dy) * 3);
            }
        for (size_t x = 0; x < width; x++) sum[x] = fabsf(sum[x]);
    }
}

/* The planes' means over squares of `side` values. */
static void pool(float *out, const float *plane, size_t width, size_t height, size_t side) {
    const float share = 1 / (float)(side * side);
    for (size_t y = 0; y < height / side; y++)
        for (size_t x = 0; x < width / side; x++) {
            float sum = 0;
            for (size_t i = 0; i < side; i++)
                for (size_t j = 0; j < side; j++) sum += plane[(y * side + i) * width + x * side + j];
            out[y * (width / side) + x] = sum * share;
        }
}

static void pool_into_cells(cells *to, size_t feature, const level *l) {
    for (size_t c = 0; c < l->n_planes; c++)
        pool(to->means + (feature + c) * to->width * to->height, plane_of(l, c), l->width, l->height,
             l->width / to->width);
}

/* Replaces `l` by the level that follows it, pooled for the one after. */
static bool next_level(level *l, cells *to, size_t feature, uint64_t *state) {
    level out = {.planes = NULL}, half = {.planes = NULL};
    bool whole = level_make(&out, PATCH_CHANNELS, l->width, l->height) &&
                 level_make(&half, PATCH_CHANNELS, l->width / 2, l->height / 2);
    for (size_t k = 0; k < PATCH_CHANNELS && whole; k++) {
        float weights[PATCH_CHANNELS * N_TAPS];
        make_filter(weights, l->n_planes, state);
        filter_plane(plane_of(&out, k), l, weights);
        pool(plane_of(&half, k), plane_of(&out, k), l->width, l->height, 2);
    }
    if (whole) pool_into_cells(to, feature, &out);
    free(out.planes);
    free(l->planes);
    *l = half;
    return whole;
}

static bool find_cells(cells *out, const pith_image *image) {
    level l = {.planes = NULL};
    uint64_t state = 0x9e3779b97f4a7c15; /* any but 0: it fixes the filters */
    if (!load_picture(&l, image)) return false;
    out->width = l.width / CELL_PIXELS;
    out->height = l.height / CELL_PIXELS;
    out->means = calloc(PATCH_FEATURES * out->height, out->width * sizeof(float));
    bool whole = out->means != NULL;
    if (whole) pool_into_cells(out, 0, &l);
    for (size_t i = 0; i < PATCH_LEVELS && whole; i++) whole = next_level(&l, out, 3 + i * PATCH_CHANNELS, &state);
    free(l.planes);
    return whole;
}

/* ---- statistics -------------------------------------------------------------------- */

static void add_patch(patch_statistics *to, const cells *from, size_t x0, size_t y0, size_t width, size_t height) {
    double values[PATCH_FEATURES];
    for (size_t f = 0; f < PATCH_FEATURES; f++) {
        const float *means = from->means + f * from->width * from->height;
        double sum = 0;
        for (size_t y = y0; y < y0 + height; y++)
            for (size_t x = x0; x < x0 + width; x++) sum += (double)means[y * from->width + x];
        values[f] = sum / (double)(width * height);
    }
    to->n_patches += 1;
    for (size_t i = 0; i < PATCH_FEATURES; i++) {
        to->sums[i] += values[i];
        for (size_t j = 0; j < PATCH_FEATURES; j++) to->products[i][j] += values[i] * values[j];
    }
}

pith_status patch_statistics_add(patch_statistics *to, const pith_image *image, pith_diag *why) {
    const pith_image_format *f = &image->format;
    if (f->n_channels % 2 == 0 || f->width < PATCH_MIN_SIDE || f->height < PATCH_MIN_SIDE)
        return tool_fail(why, PITH_E_ARG, "a picture with alpha, or under %d pixels a side, has no patches",
                         PATCH_MIN_SIDE);
    cells c = {.means = NULL};
    pith_status status = PITH_OK;
    if (find_cells(&c, image)) {
        size_t width = c.width < PATCH_PIXELS / CELL_PIXELS ? c.width : PATCH_PIXELS / CELL_PIXELS;
        size_t height = c.height < PATCH_PIXELS / CELL_PIXELS ? c.height : PATCH_PIXELS / CELL_PIXELS;
        for (size_t y = 0; y + height <= c.height; y += PATCH_STRIDE_PIXELS / CELL_PIXELS)
            for (size_t x = 0; x + width <= c.width; x += PATCH_STRIDE_PIXELS / CELL_PIXELS)
                add_patch(to, &c, x, y, width, height);
    } else {
        status = tool_fail(why, PITH_E_NOMEM, "out of memory to compare pictures");
    }
    free(c.means);
    return status;
}

void patch_statistics_merge(patch_statistics *to, const patch_statistics *from) {
    to->n_patches += from->n_patches;
    for (size_t i = 0; i < PATCH_FEATURES; i++) {
        to->sums[i] += from->sums[i];
        for (size_t j = 0; j < PATCH_FEATURES; j++) to->products[i][j] += from->products[i][j];
    }
}

/* ---- the distance ------------------------------------------------------------------ */

typedef double matrix[PATCH_FEATURES][PATCH_FEATURES];

/* Means and covariances in units of `scale` (a standard deviation a feature). */
static void moments(double *mean, matrix covariance, const patch_statistics *s, const double *scale) {
    for (size_t i = 0; i < PATCH_FEATURES; i++) mean[i] = s->sums[i] / s->n_patches;
    for (size_t i = 0; i < PATCH_FEATURES; i++)
        for (size_t j = 0; j < PATCH_FEATURES; j++)
            covariance[i][j] = (s->products[i][j] / s->n_patches - mean[i] * mean[j]) / (scale[i] * scale[j]);
    for (size_t i = 0; i < PATCH_FEATURES; i++) mean[i] /= scale[i];
}

/* One rotation of Jacobi's: makes a[p][q] zero; `v` gathers the rotations. */
static void rotate(matrix a, matrix v, size_t p, size_t q) {
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < PATCH_FEATURES; k++) {
        double left = a[k][p], right = a[k][q];
        a[k][p] = c * left - s * right;
        a[k][q] = s * left + c * right;
    }
    for (size_t k = 0; k < PATCH_FEATURES; k++) {
        double upper = a[p][k], lower = a[q][k];
        a[p][k] = c * upper - s * lower;
        a[q][k] = s * upper + c * lower;
    }
    for (size_t k = 0; k < PATCH_FEATURES; k++) {
        double left = v[k][p], right = v[k][q];
        v[k][p] = c * left - s * right;
        v[k][q] = s * left + c * right;
    }
}

/* Eigenvalues of a symmetric matrix onto its diagonal, eigenvectors into v's columns. */
static void diagonalise(matrix a, matrix v) {
    for (size_t i = 0; i < PATCH_FEATURES; i++)
        for (size_t j = 0; j < PATCH_FEATURES; j++) v[i][j] = i == j;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0, on = 0;
        for (size_t i = 0; i < PATCH_FEATURES; i++)
            for (size_t j = 0; j < PATCH_FEATURES; j++) *(i == j ? &on : &off) += a[i][j] * a[i][j];
        if (off <= 1e-24 * on) return;
        for (size_t p = 0; p + 1 < PATCH_FEATURES; p++)
            for (size_t q = p + 1; q < PATCH_FEATURES; q++)
                if (a[p][q] != 0) rotate(a, v, p, q);
    }
}

static double root_of_positive(double value) { return value > 0 ? sqrt(value) : 0; }

static void multiply(matrix out, const double (*a)[PATCH_FEATURES], const double (*b)[PATCH_FEATURES]) {
    for (size_t i = 0; i < PATCH_FEATURES; i++)
        for (size_t j = 0; j < PATCH_FEATURES; j++) {
            out[i][j] = 0;
            for (size_t k = 0; k < PATCH_FEATURES; k++) out[i][j] += a[i][k] * b[k][j];
        }
}

/* The trace of the root of (A^1/2 B A^1/2), A and B being covariances; changes
 * `a`. `work` is scratch. */
static double trace_of_root(matrix a, const matrix b, matrix work[3]) {
    double trace = 0;
    diagonalise(a, work[0]);
    for (size_t i = 0; i < PATCH_FEATURES; i++) /* work[1] = A^1/2 */
        for (size_t j = 0; j < PATCH_FEATURES; j++) {
            work[1][i][j] = 0;
            for (size_t k = 0; k < PATCH_FEATURES; k++)
                work[1][i][j] += work[0][i][k] * root_of_positive(a[k][k]) * work[0][j][k];
        }
    multiply(work[0], b, (const double(*)[PATCH_FEATURES])work[1]);
    multiply(work[2], (const double(*)[PATCH_FEATURES])work[1], (const double(*)[PATCH_FEATURES])work[0]);
    diagonalise(work[2], work[0]);
    for (size_t i = 0; i < PATCH_FEATURES; i++) trace += root_of_positive(work[2][i][i]);
    return trace;
}

double patch_statistics_distance(const patch_statistics *reference, const patch_statistics *other) {
    matrix *work = calloc(5, sizeof *work);
    if (!work || reference->n_patches < 1 || other->n_patches < 1) {
        free(work);
        return NAN;
    }
    double scale[PATCH_FEATURES], mean_a[PATCH_FEATURES], mean_b[PATCH_FEATURES], distance = 0;
    for (size_t i = 0; i < PATCH_FEATURES; i++) {
        double mean = reference->sums[i] / reference->n_patches;
        scale[i] = fmax(root_of_positive(reference->products[i][i] / reference->n_patches - mean * mean), 1e-6);
    }
    moments(mean_a, work[0], reference, scale);
    moments(mean_b, work[1], other, scale);
    for (size_t i = 0; i < PATCH_FEATURES; i++)
        distance += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]) + work[0][i][i] + work[1][i][i];
    distance -= 2 * trace_of_root(work[0], (const double(*)[PATCH_FEATURES])work[1], work + 2);
    free(work);
    return fmax(distance, 0);
}
