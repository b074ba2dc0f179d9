/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Compiled once for each instruction set, as NN_VEC_ISA (cmake/vec.cmake). */
#include "nn/nn_vec_kernels.h"

#include <math.h>
#include <string.h>

#include "nn/nn_functions.h"

#ifndef NN_VEC_ISA
#define NN_VEC_ISA base
#endif

/* Lanes of a register, and rows of sums that the registers hold. */
#if defined(__AVX512F__)
#define LANES 16
#define ROWS 12
#elif defined(__AVX__)
#define LANES 8
#define ROWS 6
#elif defined(__aarch64__)
#define LANES 4
#define ROWS 6
#else
#define LANES 4
#define ROWS 3
#endif
#define VECTORS (NN_VEC_PANEL / LANES) /* of a panel */

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t mask __attribute__((vector_size(LANES * sizeof(float))));

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define INLINE static inline __attribute__((always_inline))

/* memcpy says that nothing is aligned; it costs nothing. */
INLINE vec load(const float *from) {
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

INLINE void store(float *to, vec v) { memcpy(to, &v, sizeof v); }

INLINE vec positive(vec v) {
    union {
        vec v;
        mask m;
    } bits = {v};
    bits.m &= v > 0;
    return bits.v;
}

/* ---- products ------------------------------------------------------------------------ */

/* One panel of ROWS rows from `row` on; the rows past the last are not stored. */
INLINE void product_tile(const nn_vec_product *p, int64_t row, int64_t panel) {
    vec sum[ROWS][VECTORS];
    const float *weight = p->weight + panel * p->to_panel;
    const int64_t n_rows = p->n_rows - row < ROWS ? p->n_rows - row : ROWS;
    UNROLL
    for (int r = 0; r < ROWS; r++) UNROLL
    for (int k = 0; k < VECTORS; k++) sum[r][k] = (vec){0};
    for (int64_t t = 0; t < p->n_taps; t++) {
        const float *in[ROWS];
        UNROLL
        for (int r = 0; r < ROWS; r++) in[r] = p->in[t * p->n_rows + row + (r < n_rows ? r : 0)];
        for (int64_t c = 0; c < p->c_in; c++, weight += NN_VEC_PANEL) {
            vec w[VECTORS];
            UNROLL
            for (int k = 0; k < VECTORS; k++) w[k] = load(weight + k * LANES);
            UNROLL
            for (int r = 0; r < ROWS; r++) {
                const float x = in[r][c];
                UNROLL
                for (int k = 0; k < VECTORS; k++) sum[r][k] += w[k] * x;
            }
        }
    }
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        if (r >= n_rows) break;
        const int64_t first = (row + r) * p->to_row + panel * NN_VEC_PANEL;
        UNROLL
        for (int k = 0; k < VECTORS; k++) {
            vec v = sum[r][k];
            if (p->finish.bias) v += load(p->finish.bias + panel * NN_VEC_PANEL + k * LANES);
            if (p->finish.added) v += load(p->finish.added + first + k * LANES);
            if (p->finish.relu) v = positive(v);
            store(p->out + first + k * LANES, v);
        }
    }
}

static void product(const nn_vec_product *p) {
    for (int64_t panel = 0; panel < p->n_panels; panel++)
        for (int64_t row = 0; row < p->n_rows; row += ROWS) product_tile(p, row, panel);
}

/* ---- Winograd's squares ----------------------------------------------------------------- */

INLINE void in_transform(vec t[4], const vec d[4]) {
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[1] - d[3];
}

static void square_in(const nn_vec_square_in *s) {
    for (int64_t c = 0; c < s->n_channels; c += LANES) {
        vec t[4][4]; /* [column][row] */
        UNROLL
        for (int x = 0; x < 4; x++) {
            vec d[4];
            UNROLL
            for (int y = 0; y < 4; y++) {
                d[y] = load(s->in[4 * y + x] + c);
                if (s->relu) d[y] = positive(d[y]);
            }
            in_transform(t[x], d);
        }
        UNROLL
        for (int y = 0; y < 4; y++) {
            const vec row[4] = {t[0][y], t[1][y], t[2][y], t[3][y]};
            vec v[4];
            in_transform(v, row);
            UNROLL
            for (int x = 0; x < 4; x++) store(s->out + (4 * y + x) * s->to_value + c, v[x]);
        }
    }
}

INLINE void out_transform(vec y[2], const vec m[4]) {
    y[0] = (m[0] + m[1]) + m[2];
    y[1] = (m[1] - m[2]) - m[3];
}

static void square_out(const nn_vec_square_out *s) {
    for (int64_t c = 0; c < s->n_channels; c += LANES) {
        vec t[4][2]; /* [column][row] */
        UNROLL
        for (int x = 0; x < 4; x++) {
            const float *in = s->in + x * s->to_value + c;
            const vec m[4] = {load(in), load(in + 4 * s->to_value), load(in + 8 * s->to_value),
                              load(in + 12 * s->to_value)};
            out_transform(t[x], m);
        }
        UNROLL
        for (int y = 0; y < 2; y++) {
            const vec row[4] = {t[0][y], t[1][y], t[2][y], t[3][y]};
            vec v[2];
            out_transform(v, row);
            UNROLL
            for (int x = 0; x < 2; x++) {
                if (!s->out[2 * y + x]) continue;
                if (s->bias) v[x] += load(s->bias + c);
                if (s->added[2 * y + x]) v[x] += load(s->added[2 * y + x] + c);
                if (s->relu) v[x] = positive(v[x]);
                store(s->out[2 * y + x] + c, v[x]);
            }
        }
    }
}

/* ---- value by value -------------------------------------------------------------------- */

/* A loop for each kind, so that each can be made of vectors. */
static void act(float *out, const float *x, size_t n, nn_activation kind) {
    switch (kind) {
    case NN_RELU:
        for (size_t i = 0; i < n; i++) out[i] = nn_activated(NN_RELU, x[i]);
        break;
    case NN_SILU:
        for (size_t i = 0; i < n; i++) out[i] = nn_activated(NN_SILU, x[i]);
        break;
    case NN_GELU:
        for (size_t i = 0; i < n; i++) out[i] = nn_activated(NN_GELU, x[i]);
        break;
    case NN_QUICK_GELU:
        for (size_t i = 0; i < n; i++) out[i] = nn_activated(NN_QUICK_GELU, x[i]);
        break;
    case NN_TANH:
        for (size_t i = 0; i < n; i++) out[i] = nn_activated(NN_TANH, x[i]);
    }
}

static void scale(float *out, const float *x, float multiply, float add, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = x[i] * multiply + add;
}

static void add(float *out, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

static void mul(float *out, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

static void relu_adjoint(float *out, const float *g, const float *y, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = y[i] > 0 ? g[i] : 0;
}

/* ---- norms ------------------------------------------------------------------------------- */

typedef float narrow __attribute__((vector_size(LANES / 2 * sizeof(float))));
typedef double wide __attribute__((vector_size(LANES / 2 * sizeof(double))));
#define WIDES (2 * VECTORS) /* of a panel */

INLINE wide load_wide(const float *from) {
    narrow v;
    memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, wide);
}

/* Adds a panel and its squares. */
INLINE void add_panel(wide sum[WIDES], wide square[WIDES], const float *x) {
    UNROLL
    for (int k = 0; k < WIDES; k++) {
        const wide v = load_wide(x + k * LANES / 2);
        sum[k] += v;
        square[k] += v * v;
    }
}

static void sum_channels(double *sums, const nn_vec_positions *x) {
    for (int64_t c = 0; c < x->n_channels; c += NN_VEC_PANEL) {
        wide sum[WIDES] = {{0}}, square[WIDES] = {{0}};
        for (int64_t i = 0; i < x->count; i++) add_panel(sum, square, x->in + i * x->n_channels + c);
        memcpy(sums + c, sum, sizeof sum);
        memcpy(sums + x->n_channels + c, square, sizeof square);
    }
}

static void scale_channels(float *out, const nn_vec_positions *x, const nn_vec_scaling *by) {
    for (int64_t i = 0; i < x->count; i++) {
        const float *in = x->in + i * x->n_channels;
        float *to = out + i * x->n_channels;
        for (int64_t c = 0; c < x->n_channels; c += LANES)
            store(to + c, (load(in + c) - load(by->mean + c)) * load(by->multiply + c) + load(by->add + c));
    }
}

static void layer_norm(float *out, const float *x, const float *weight, const float *bias, size_t n, float epsilon) {
    const size_t whole = n / NN_VEC_PANEL * NN_VEC_PANEL;
    wide sum[WIDES] = {{0}}, square[WIDES] = {{0}};
    double sums[NN_VEC_PANEL], squares[NN_VEC_PANEL], total = 0, total_square = 0;
    for (size_t i = 0; i < whole; i += NN_VEC_PANEL) add_panel(sum, square, x + i);
    memcpy(sums, sum, sizeof sum);
    memcpy(squares, square, sizeof square);
    for (size_t i = whole; i < n; i++) {
        sums[i - whole] += (double)x[i];
        squares[i - whole] += (double)x[i] * (double)x[i];
    }
    for (int k = 0; k < NN_VEC_PANEL; k++) {
        total += sums[k];
        total_square += squares[k];
    }
    const double mean = total / (double)n, variance = fmax(total_square / (double)n - mean * mean, 0);
    const float middle = (float)mean, multiply = (float)(1 / sqrt(variance + (double)epsilon));
    for (size_t i = 0; i < n; i++) out[i] = (x[i] - middle) * multiply * weight[i] + bias[i];
}

/* ---- softmax ------------------------------------------------------------------------------ */

INLINE vec higher(vec a, vec b) {
    union {
        vec v;
        mask m;
    } of_a = {a}, of_b = {b};
    const mask m = a > b;
    of_a.m = (of_a.m & m) | (of_b.m & ~m);
    return of_a.v;
}

static float highest_of(const float *x, size_t n) {
    const size_t whole = n / LANES * LANES;
    float highest = x[0];
    if (whole > 0) {
        vec high = load(x);
        for (size_t i = LANES; i < whole; i += LANES) {
            const vec v = load(x + i);
            high = higher(high, v);
        }
        for (int k = 0; k < LANES; k++) highest = high[k] > highest ? high[k] : highest;
    }
    for (size_t i = whole; i < n; i++) highest = x[i] > highest ? x[i] : highest;
    return highest;
}

static float exponentials(float *x, size_t n, float multiply) {
    const float highest = highest_of(x, n);
    float sums[NN_VEC_PANEL] = {0}, total = 0;
    size_t i = 0;
    for (; i + NN_VEC_PANEL <= n; i += NN_VEC_PANEL) {
        float e[NN_VEC_PANEL];
        for (size_t k = 0; k < NN_VEC_PANEL; k++) e[k] = nn_exp((x[i + k] - highest) * multiply);
        for (size_t k = 0; k < NN_VEC_PANEL; k++) sums[k] += e[k];
        memcpy(x + i, e, sizeof e);
    }
    for (size_t k = 0; i + k < n; k++) sums[k] += x[i + k] = nn_exp((x[i + k] - highest) * multiply);
    for (int k = 0; k < NN_VEC_PANEL; k++) total += sums[k];
    return total;
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

extern const nn_vec_kernels JOIN(nn_vec_kernels_, NN_VEC_ISA);
const nn_vec_kernels JOIN(nn_vec_kernels_, NN_VEC_ISA) = {.name = TEXT(NN_VEC_ISA),
                                                          .product = product,
                                                          .square_in = square_in,
                                                          .square_out = square_out,
                                                          .act = act,
                                                          .scale = scale,
                                                          .add = add,
                                                          .mul = mul,
                                                          .relu_adjoint = relu_adjoint,
                                                          .sum_channels = sum_channels,
                                                          .scale_channels = scale_channels,
                                                          .layer_norm = layer_norm,
                                                          .exponentials = exponentials};
