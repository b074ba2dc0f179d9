/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Separable transforms as two products with a matrix. Bounds: the sum of absolute values in a row or column of the
 * matrix is below 4096 sqrt(32) < 2^14.51, so products with values within 2^16 fit in 31 bits. */
#include "residual/res_transform.h"

#define CLAMP_TO 65535

static const int16_t *matrix(unsigned log2) {
    static const uint16_t offsets[RES_N_SIZES] = {0, 16, 80, 336};
    return res_dct_table + offsets[log2 - RES_MIN_LOG2];
}

static int32_t clamp(int32_t v) { return v > CLAMP_TO ? CLAMP_TO : v < -CLAMP_TO ? -CLAMP_TO : v; }

/* Even rows of a matrix are symmetric and odd ones antisymmetric, so sums and differences of mirrored values halve
 * the number of products. */
static void fold(int32_t first, int32_t last, int32_t *sum, int32_t *difference) {
    *sum = first + last;
    *difference = first - last;
}

/* Multiplies the columns of folded values by the matrix; the result is transposed. */
static void transform_columns(const int32_t *folded, const int16_t *m, unsigned n, unsigned shift, int32_t *out) {
    for (unsigned k = 0; k < n; k++) {
        const int32_t *half = folded + (k & 1 ? n * n / 2 : 0);
        int32_t sums[RES_MAX_SIDE];
        for (unsigned x = 0; x < n; x++) sums[x] = 1 << (shift - 1);
        for (unsigned i = 0; i < n / 2; i++)
            for (unsigned x = 0; x < n; x++) sums[x] += m[k * n + i] * half[i * n + x];
        for (unsigned x = 0; x < n; x++) out[x * n + k] = sums[x] >> shift;
    }
}

/* Columns first: samples -> 1/16 sample; then rows: 1/16 -> 1/4. */
void res_transform_forward(const int16_t *block, unsigned log2, int32_t *coefficients) {
    const unsigned n = 1u << log2, half = n * n / 2;
    const int16_t *m = matrix(log2);
    int32_t folded[RES_MAX_AREA] = {0}, columns[RES_MAX_AREA]; /* cleared for gcc, which does not see that it is set */
    for (unsigned i = 0; i < n / 2; i++)
        for (unsigned x = 0; x < n; x++)
            fold(block[i * n + x], block[(n - 1 - i) * n + x], &folded[i * n + x], &folded[half + i * n + x]);
    transform_columns(folded, m, n, 8, columns);
    for (unsigned i = 0; i < n / 2; i++)
        for (unsigned x = 0; x < n; x++)
            fold(columns[i * n + x], columns[(n - 1 - i) * n + x], &folded[i * n + x], &folded[half + i * n + x]);
    transform_columns(folded, m, n, 14, coefficients);
    for (unsigned i = 0; i < n * n; i++) coefficients[i] = clamp(coefficients[i]);
}

void res_transform_inverse(const int32_t *coefficients, unsigned log2, unsigned n_rows, unsigned n_columns,
                           int16_t *block) {
    const unsigned n = 1u << log2;
    const int16_t *m = matrix(log2);
    int32_t half[RES_MAX_AREA], sums[RES_MAX_SIDE];
    /* Columns: 1/4 -> 1/16, transposed. */
    for (unsigned u = 0; u < n_columns; u++) {
        for (unsigned y = 0; y < n; y++) sums[y] = 1 << 9;
        for (unsigned v = 0; v < n_rows; v++) {
            int32_t c = coefficients[v * n + u];
            if (c == 0) continue;
            for (unsigned y = 0; y < n; y++) sums[y] += m[v * n + y] * c;
        }
        for (unsigned y = 0; y < n; y++) half[y * n + u] = clamp(sums[y] >> 10);
    }
    for (unsigned y = 0; y < n; y++) {
        for (unsigned x = 0; x < n; x++) sums[x] = 1 << 15;
        for (unsigned u = 0; u < n_columns; u++)
            for (unsigned x = 0; x < n; x++) sums[x] += m[u * n + x] * half[y * n + u];
        for (unsigned x = 0; x < n; x++) block[y * n + x] = (int16_t)(sums[x] >> 16);
    }
}

uint32_t res_coefficient_step(unsigned step_index, unsigned slope, unsigned log2, unsigned v, unsigned u) {
    uint32_t frequency = (u + v) << (RES_MAX_LOG2 - log2); /* 0..62 */
    return res_step_table[step_index] * (32 + (slope * frequency >> 2));
}

int32_t res_dequantise(int32_t level, uint32_t step) {
    int64_t magnitude = ((int64_t)(level < 0 ? -level : level) * step + 64) >> 7;
    if (magnitude > CLAMP_TO) magnitude = CLAMP_TO;
    return (int32_t)(level < 0 ? -magnitude : magnitude);
}
