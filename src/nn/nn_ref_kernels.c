/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The reference kernels, written to be read. They are the definition, to the bit: of what the built-in models have,
 * doc/format.md, "The arithmetic of the networks", has the same in words. Products are added in float; sums of norms
 * in double. */
#include <math.h>
#include <string.h>

#include "nn/nn_functions.h"
#include "nn/nn_ref.h"
#include "nn/nn_squares.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- layers with weights -------------------------------------------------------- */

/* The weight that leads from input channel i to output channel o, at tap t of the kernel. An adjoint exchanges the
 * channels and turns the kernel round. */
static float weight_at(const nn_ref_call *c, int64_t n_taps, int64_t o, int64_t i, int64_t t) {
    return c->op->kind == NN_OP_CONV ? c->weight[(o * c->in_shape[0].c + i) * n_taps + t]
                                     : c->weight[(i * c->op->shape.c + o) * n_taps + n_taps - 1 - t];
}

/* Outputs ox for which ix = ox * stride - pad + kx lies inside a row of w_in. */
static void inner_range(nn_conv_geometry g, int64_t kx, int64_t w_in, int64_t w_out, int64_t *first, int64_t *end) {
    const int64_t shift = kx - g.pad_before;
    *first = shift >= 0 ? 0 : (-shift + g.stride - 1) / g.stride;
    *end = w_in - shift <= 0 ? 0 : smaller(w_out, (w_in - shift - 1) / g.stride + 1);
}

/* One row of one output channel of one picture `in`: the products in the order of tap and channel. Those outside the
 * picture would add zeros. */
static void direct_row(const nn_ref_call *c, nn_conv_geometry g, const float *in, int64_t o, int64_t y, float *out) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t x = 0; x < t.w; x++) out[x] = 0;
    for (int64_t tap = 0; tap < g.kernel * g.kernel; tap++) {
        const int64_t iy = y * g.stride - g.pad_before + tap / g.kernel, shift = tap % g.kernel - g.pad_before;
        int64_t first, end;
        inner_range(g, tap % g.kernel, s.w, t.w, &first, &end);
        for (int64_t i = 0; i < s.c && iy >= 0 && iy < s.h; i++) {
            const float *row = in + (i * s.h + iy) * s.w, weight = weight_at(c, g.kernel * g.kernel, o, i, tap);
            for (int64_t x = first; x < end; x++) out[x] += weight * row[x * g.stride + shift];
        }
    }
    for (int64_t x = 0; x < t.w && c->bias; x++) out[x] += c->bias[o];
}

/* t = B^T d, down a column of four; a, b, c, d and the results are `step` apart. */
static void transform_in(float *t, const float *d, int64_t step) {
    t[0] = d[0] - d[2 * step];
    t[step] = d[step] + d[2 * step];
    t[2 * step] = d[2 * step] - d[step];
    t[3 * step] = d[step] - d[3 * step];
}

/* The 4x4 inputs of the square at row y, column x of the outputs, transformed. */
static void square_of_input(float v[16], const float *plane, nn_shape s, int64_t y, int64_t x) {
    float d[16], t[16];
    for (int64_t i = 0; i < 16; i++) {
        const int64_t iy = y - 1 + i / 4, ix = x - 1 + i % 4;
        d[i] = iy >= 0 && iy < s.h && ix >= 0 && ix < s.w ? plane[iy * s.w + ix] : 0;
    }
    for (int64_t i = 0; i < 4; i++) transform_in(t + i, d + i, 4);
    for (int64_t i = 0; i < 4; i++) transform_in(v + 4 * i, t + 4 * i, 1);
}

/* A^T m A: 16 sums to 2x2 outputs. */
static void square_to_output(float y[4], const float m[16]) {
    float t[8];
    for (int64_t x = 0; x < 4; x++) {
        t[x] = (m[x] + m[4 + x]) + m[8 + x];
        t[4 + x] = (m[4 + x] - m[8 + x]) - m[12 + x];
    }
    for (int64_t i = 0; i < 2; i++) {
        const float *row = t + 4 * i;
        y[2 * i] = (row[0] + row[1]) + row[2];
        y[2 * i + 1] = (row[1] - row[2]) - row[3];
    }
}

/* The squares of one picture `in`, one after the other, each with its channels. */
static void transform_picture(const nn_ref_call *c, const float *in, float *squares) {
    const nn_shape s = c->in_shape[0];
    for (int64_t y = 0; y < s.h; y += 2)
        for (int64_t x = 0; x < s.w; x += 2)
            for (int64_t i = 0; i < s.c; i++, squares += 16) square_of_input(squares, in + i * s.h * s.w, s, y, x);
}

/* One output channel of one picture; `kernels`: room for 16 values an input channel. */
static void plane_by_squares(const nn_ref_call *c, const float *squares, int64_t o, float *kernels, float *out) {
    const nn_shape s = c->in_shape[0];
    for (int64_t i = 0; i < s.c; i++) {
        float g[9][NN_SQUARE_LANES] = {{0}}, u[16][NN_SQUARE_LANES]; /* one lane of them is used */
        for (int64_t t = 0; t < 9; t++) g[t][0] = weight_at(c, 9, o, i, t);
        nn_squares_of_kernels(u, g);
        for (int64_t p = 0; p < 16; p++) kernels[16 * i + p] = u[p][0];
    }
    for (int64_t y = 0; y < s.h; y += 2)
        for (int64_t x = 0; x < s.w; x += 2, squares += 16 * s.c) {
            float m[16] = {0}, made[4];
            for (int64_t i = 0; i < s.c; i++)
                for (int64_t p = 0; p < 16; p++) m[p] += kernels[16 * i + p] * squares[16 * i + p];
            square_to_output(made, m);
            for (int64_t i = 0; i < 4; i++)
                if (y + i / 2 < s.h && x + i % 2 < s.w)
                    out[(y + i / 2) * s.w + x + i % 2] = c->bias ? made[i] + c->bias[o] : made[i];
        }
}

static void conv(const nn_ref_call *c) {
    const nn_conv_geometry g = nn_conv_geometry_of(c->op->u.conv);
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t i = 0; i < t.n * t.c; i++) {
        const float *in = c->in[0] + i / t.c * s.c * s.h * s.w;
        float *out = c->out + i * t.h * t.w;
        float *kernels = (float *)c->scratch, *squares = kernels + 16 * s.c;
        const bool by_squares = nn_uses_squares(c->net->plan, c->op);
        if (by_squares && i % t.c == 0) transform_picture(c, in, squares);
        if (by_squares)
            plane_by_squares(c, squares, i % t.c, kernels, out);
        else
            for (int64_t y = 0; y < t.h; y++) direct_row(c, g, in, i % t.c, y, out + y * t.w);
    }
}

#define ROWS_AT_ONCE 8 /* a sum alone would wait for each of its additions */

/* a, and each of n_rows rows `step` apart: the sums of `count` products, in order. */
static void dot_rows(float *sums, const float *a, const float *rows, int64_t step, int64_t count, int64_t n_rows) {
    for (int64_t first = 0; first < n_rows; first += ROWS_AT_ONCE) {
        const float *row = rows + first * step;
        float sum[ROWS_AT_ONCE] = {0};
        const int64_t n = smaller(n_rows - first, ROWS_AT_ONCE);
        for (int64_t i = 0; i < count; i++)
            for (int64_t k = 0; k < n; k++) sum[k] += a[i] * row[k * step + i];
        for (int64_t k = 0; k < n; k++) sums[first + k] = sum[k];
    }
}

static void linear(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t row = 0; row < s.n * s.c * s.h; row++) {
        float *out = c->out + row * t.w;
        dot_rows(out, c->in[0] + row * s.w, c->weight, s.w, s.w, t.w);
        for (int64_t o = 0; o < t.w && c->bias; o++) out[o] += c->bias[o];
    }
}

/* ---- norms ------------------------------------------------------------------------ */

/* Of values, and of their squares. */
typedef struct sums {
    double sum, square;
} sums;

static void add_sums(sums *to, sums more) {
    to->sum += more.sum;
    to->square += more.square;
}

static sums sums_of(const float *x, int64_t n) {
    sums all = {0};
    for (int64_t i = 0; i < n; i++) add_sums(&all, (sums){(double)x[i], (double)x[i] * (double)x[i]});
    return all;
}

/* A part of some planes of height and width s: each row by itself, then the rows of a plane, then the planes. */
static sums sums_of_planes(const float *x, nn_shape s, int64_t n_planes, nn_window part) {
    sums all = {0};
    for (int64_t k = 0; k < n_planes; k++) {
        sums plane = {0};
        for (int64_t row = part.row; row < part.end_row; row++)
            add_sums(&plane, sums_of(x + (k * s.h + row) * s.w + part.column, part.end_column - part.column));
        add_sums(&all, plane);
    }
    return all;
}

static void find_moments(sums all, double count, double *mean, double *variance) {
    *mean = all.sum / count;
    *variance = fmax(all.square / count - *mean * *mean, 0);
}

static void group_norm(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    const int64_t n_groups = c->op->u.norm.n_groups, area = s.h * s.w, n_planes = s.c / n_groups;
    for (int64_t i = 0; i < s.n * n_groups; i++) {
        const float *x = c->in[0] + i * n_planes * area;
        float *y = c->out + i * n_planes * area;
        double mean, variance;
        if (c->net->norms.gathered) {
            const nn_window part = nn_part_of(&c->net->norms.part, s);
            const int64_t count = n_planes * (part.end_row - part.row) * (part.end_column - part.column);
            const sums gathered = sums_of_planes(x, s, n_planes, part);
            nn_gather_sums(c->net, c->op, i, gathered.sum, gathered.square, (double)count);
        }
        find_moments(sums_of_planes(x, s, n_planes, (nn_window){0, s.h, 0, s.w}), (double)(n_planes * area), &mean,
                     &variance);
        nn_correct_moments(c->net, c->op, i, &mean, &variance);
        const double scale = 1 / sqrt(variance + (double)c->op->u.norm.epsilon);
        for (int64_t k = 0; k < n_planes * area; k++) {
            const int64_t channel = i % n_groups * n_planes + k / area;
            y[k] = (x[k] - (float)mean) * (float)(scale * (double)c->weight[channel]) + c->bias[channel];
        }
    }
}

/* The sums of a row are of NN_PARTS parts. */
static void layer_norm(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    for (int64_t row = 0; row < s.n * s.c * s.h; row++) {
        const float *x = c->in[0] + row * s.w;
        sums parts[NN_PARTS] = {{0}}, all = {0};
        double mean, variance;
        for (int64_t k = 0; k < s.w; k++)
            add_sums(&parts[k % NN_PARTS], (sums){(double)x[k], (double)x[k] * (double)x[k]});
        for (int64_t k = 0; k < NN_PARTS; k++) add_sums(&all, parts[k]);
        find_moments(all, (double)s.w, &mean, &variance);
        const float scale = (float)(1 / sqrt(variance + (double)c->op->u.norm.epsilon));
        for (int64_t k = 0; k < s.w; k++)
            c->out[row * s.w + k] = (x[k] - (float)mean) * scale * c->weight[k] + c->bias[k];
    }
}

/* ---- arithmetic --------------------------------------------------------------------- */

static void act(const nn_ref_call *c) {
    const size_t count = nn_shape_count(c->op->shape);
    for (size_t i = 0; i < count; i++) c->out[i] = nn_activated(c->op->u.act, c->in[0][i]);
}

static void scale(const nn_ref_call *c) {
    const size_t count = nn_shape_count(c->op->shape);
    const float multiply = c->op->u.scale.multiply, add = c->op->u.scale.add;
    for (size_t i = 0; i < count; i++) c->out[i] = c->in[0][i] * multiply + add;
}

/* The index into b, which may be spread, that goes with index i of a. */
static int64_t partner(int64_t i, nn_shape a, nn_shape b) {
    if (nn_shape_same(a, b)) return i;
    const int64_t plane = i / (a.h * a.w);
    return b.n == 1 ? plane % a.c : plane;
}

static void add(const nn_ref_call *c) {
    const int64_t count = (int64_t)nn_shape_count(c->op->shape);
    for (int64_t i = 0; i < count; i++) c->out[i] = c->in[0][i] + c->in[1][partner(i, c->op->shape, c->in_shape[1])];
}

static void mul(const nn_ref_call *c) {
    const int64_t count = (int64_t)nn_shape_count(c->op->shape);
    for (int64_t i = 0; i < count; i++) c->out[i] = c->in[0][i] * c->in[1][partner(i, c->op->shape, c->in_shape[1])];
}

static void relu_adjoint(const nn_ref_call *c) {
    const size_t count = nn_shape_count(c->op->shape);
    for (size_t i = 0; i < count; i++) c->out[i] = c->in[1][i] > 0 ? c->in[0][i] : 0;
}

/* ---- moving elements ------------------------------------------------------------------ */

/* n_rows rows of `count` floats, `from` and `to` so many apart. */
static void copy_rows(float *out, int64_t to, const float *in, int64_t from, int64_t count, int64_t n_rows) {
    for (int64_t i = 0; i < n_rows; i++) memcpy(out + i * to, in + i * from, (size_t)count * sizeof *out);
}

static void concat(const nn_ref_call *c) {
    const nn_shape a = c->in_shape[0], b = c->in_shape[1];
    const int64_t area = a.h * a.w;
    copy_rows(c->out, (a.c + b.c) * area, c->in[0], a.c * area, a.c * area, a.n);
    copy_rows(c->out + a.c * area, (a.c + b.c) * area, c->in[1], b.c * area, b.c * area, a.n);
}

static void slice_channels(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    const int64_t area = s.h * s.w;
    copy_rows(c->out, t.c * area, c->in[0] + c->op->u.first * area, s.c * area, t.c * area, s.n);
}

static void slice_features(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    copy_rows(c->out, t.w, c->in[0] + c->op->u.first, s.w, t.w, s.n * s.c * s.h);
}

static void upsample2(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t row = 0; row < t.n * t.c * t.h; row++) {
        const float *from = c->in[0] + (row / t.h * s.h + row % t.h / 2) * s.w;
        for (int64_t x = 0; x < t.w; x++) c->out[row * t.w + x] = from[x / 2];
    }
}

/* Column x r + j of row y of the fine picture is column x, row y / r, of the
 * coarse one's channel (y % r) r + j within the plane's r r channels. */
static void pixel_shuffle(const nn_ref_call *c) {
    const int64_t r = c->op->u.r;
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t row = 0; row < t.n * t.c * t.h; row++) {
        const int64_t plane = row / t.h, y = row % t.h;
        for (int64_t j = 0; j < r; j++) {
            const float *from = c->in[0] + ((plane * r * r + y % r * r + j) * s.h + y / r) * s.w;
            for (int64_t x = 0; x < s.w; x++) c->out[row * t.w + x * r + j] = from[x];
        }
    }
}

static void pixel_unshuffle(const nn_ref_call *c) {
    const int64_t r = c->op->u.r;
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t row = 0; row < s.n * s.c * s.h; row++) {
        const int64_t plane = row / s.h, y = row % s.h;
        for (int64_t j = 0; j < r; j++) {
            float *to = c->out + ((plane * r * r + y % r * r + j) * t.h + y / r) * t.w;
            for (int64_t x = 0; x < t.w; x++) to[x] = c->in[0][row * s.w + x * r + j];
        }
    }
}

/* Each of n matrices [rows, columns] to [columns, rows]. */
static void transpose(float *out, const float *in, int64_t n, int64_t rows, int64_t columns) {
    for (int64_t i = 0; i < n * columns; i++) {
        const float *from = in + i / columns * rows * columns + i % columns;
        for (int64_t k = 0; k < rows; k++) out[i * rows + k] = from[k * columns];
    }
}

static void to_sequence(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0];
    transpose(c->out, c->in[0], s.n, s.c, s.h * s.w);
}

static void to_picture(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0];
    transpose(c->out, c->in[0], s.n, s.h, s.w);
}

/* ---- attention -------------------------------------------------------------------------- */

/* exp((score - highest) * multiply) in place; returns their sum, of NN_PARTS parts. */
static float exponentials(float *score, int64_t n, float multiply) {
    float highest = score[0], parts[NN_PARTS] = {0}, total = 0;
    for (int64_t i = 1; i < n; i++)
        if (score[i] > highest) highest = score[i];
    for (int64_t i = 0; i < n; i++) parts[i % NN_PARTS] += score[i] = nn_exp((score[i] - highest) * multiply);
    for (int64_t k = 0; k < NN_PARTS; k++) total += parts[k];
    return total;
}

/* One query of one head; rows of k and v are `features` apart, d of them this head's. Values are added NN_KEYS_AT_ONCE
 * keys at a time. */
static void attend(const float *q, const float *k, const float *v, float *out, int64_t n_keys, int64_t features,
                   int64_t d, float *score) {
    float *sum = score + n_keys;
    dot_rows(score, q, k, features, d, n_keys);
    const float total = exponentials(score, n_keys, (float)(1 / sqrt((double)d)));
    for (int64_t f = 0; f < d; f++) out[f] = 0;
    for (int64_t first = 0; first < n_keys; first += NN_KEYS_AT_ONCE) {
        for (int64_t f = 0; f < d; f++) sum[f] = 0;
        for (int64_t i = first; i < n_keys && i < first + NN_KEYS_AT_ONCE; i++)
            for (int64_t f = 0; f < d; f++) sum[f] += score[i] * v[i * features + f];
        for (int64_t f = 0; f < d; f++) out[f] += sum[f];
    }
    for (int64_t f = 0; f < d; f++) out[f] /= total;
}

static void attention(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    const int64_t n_keys = c->in_shape[1].h, d = s.w / c->op->u.attention.n_heads;
    for (int64_t n = 0; n < s.n; n++)
        for (int64_t i = 0; i < s.h; i++)
            for (int64_t f = 0; f < s.w; f += d) {
                const int64_t at = (n * s.h + i) * s.w + f, keys = n * n_keys * s.w + f;
                attend(c->in[0] + at, c->in[1] + keys, c->in[2] + keys, c->out + at,
                       c->op->u.attention.causal ? i + 1 : n_keys, s.w, d, (float *)c->scratch);
            }
}

/* ---- the table ------------------------------------------------------------------------------ */

nn_ref_kernel *nn_ref_kernel_of(nn_op_kind kind) {
    static nn_ref_kernel *const kernels[NN_N_OP_KINDS] = {
        [NN_OP_CONV] = conv,
        [NN_OP_LINEAR] = linear,
        [NN_OP_GROUP_NORM] = group_norm,
        [NN_OP_LAYER_NORM] = layer_norm,
        [NN_OP_ACT] = act,
        [NN_OP_ADD] = add,
        [NN_OP_MUL] = mul,
        [NN_OP_SCALE] = scale,
        [NN_OP_CONCAT] = concat,
        [NN_OP_SLICE_CHANNELS] = slice_channels,
        [NN_OP_SLICE_FEATURES] = slice_features,
        [NN_OP_UPSAMPLE2] = upsample2,
        [NN_OP_PIXEL_UNSHUFFLE] = pixel_unshuffle,
        [NN_OP_PIXEL_SHUFFLE] = pixel_shuffle,
        [NN_OP_TO_SEQUENCE] = to_sequence,
        [NN_OP_TO_PICTURE] = to_picture,
        [NN_OP_ATTENTION] = attention,
        [NN_OP_CONV_ADJOINT] = conv,
        [NN_OP_RELU_ADJOINT] = relu_adjoint,
    };
    return kernels[kind];
}

size_t nn_ref_scratch_count(const nn_plan *plan, const nn_op *op) {
    if (nn_uses_squares(plan, op)) { /* transformed, floats: the kernels of one output, and one picture */
        const size_t squares = (size_t)((op->shape.h + 1) / 2 * ((op->shape.w + 1) / 2));
        return 8 * (size_t)plan->ops[op->in[0]].shape.c * (1 + squares);
    }
    if (op->kind == NN_OP_ATTENTION) /* floats: scores of one query, and one head's sums */
        return (size_t)plan->ops[op->in[1]].shape.h + (size_t)(op->shape.w / op->u.attention.n_heads);
    return 0;
}
