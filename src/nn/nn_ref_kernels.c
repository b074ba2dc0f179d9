/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The reference kernels, written to be read. Sums are long in these networks
 * (a convolution of Stable Diffusion adds 23 040 products), so at most the nine
 * of one kernel are added in float, and the rest in double: what this backend
 * gives differs from exact arithmetic by little more than the rounding of its
 * values. */
#include <math.h>
#include <string.h>

#include "nn/nn_ref.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- layers with weights -------------------------------------------------------- */

/* Outputs ox for which ix = ox * stride - pad + kx lies inside a row of w_in. */
static void inner_range(nn_conv_geometry g, int64_t kx, int64_t w_in, int64_t w_out, int64_t *first, int64_t *end) {
    const int64_t shift = kx - g.pad_before;
    *first = shift >= 0 ? 0 : (-shift + g.stride - 1) / g.stride;
    *end = w_in - shift <= 0 ? 0 : smaller(w_out, (w_in - shift - 1) / g.stride + 1);
}

/* part += one input row, weighted by one row of the kernel. */
static void conv_row(float *part, int64_t w_out, const float *row, int64_t w_in, const float *kernel_row,
                     nn_conv_geometry g) {
    for (int64_t kx = 0; kx < g.kernel; kx++) {
        int64_t first, end;
        inner_range(g, kx, w_in, w_out, &first, &end);
        const float weight = kernel_row[kx];
        const int64_t shift = kx - g.pad_before;
        if (g.stride == 1)
            for (int64_t x = first; x < end; x++) part[x] += weight * row[x + shift];
        else
            for (int64_t x = first; x < end; x++) part[x] += weight * row[x * g.stride + shift];
    }
}

/* One row of one output channel of one picture `in`. */
static void conv_out_row(const nn_ref_call *c, nn_conv_geometry g, const float *in, const float *kernels, double bias,
                         int64_t y, float *out) {
    const nn_shape s = c->in_shape[0];
    const int64_t w_out = c->op->shape.w;
    double *sum = c->scratch;
    float *part = (float *)(c->scratch + w_out);
    for (int64_t x = 0; x < w_out; x++) sum[x] = bias;
    for (int64_t i = 0; i < s.c; i++) {
        memset(part, 0, (size_t)w_out * sizeof *part);
        for (int64_t ky = 0; ky < g.kernel; ky++) {
            const int64_t iy = y * g.stride - g.pad_before + ky;
            if (iy < 0 || iy >= s.h) continue;
            conv_row(part, w_out, in + (i * s.h + iy) * s.w, s.w, kernels + (i * g.kernel + ky) * g.kernel, g);
        }
        for (int64_t x = 0; x < w_out; x++) sum[x] += (double)part[x];
    }
    for (int64_t x = 0; x < w_out; x++) out[x] = (float)sum[x];
}

static void conv(const nn_ref_call *c) {
    const nn_conv_geometry g = nn_conv_geometry_of(c->op->u.conv);
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t n = 0; n < t.n; n++)
        for (int64_t o = 0; o < t.c; o++)
            for (int64_t y = 0; y < t.h; y++)
                conv_out_row(c, g, c->in[0] + n * s.c * s.h * s.w, c->weight + o * s.c * g.kernel * g.kernel,
                             c->bias ? (double)c->bias[o] : 0, y, c->out + ((n * t.c + o) * t.h + y) * t.w);
}

/* One row of one input channel of the convolution, from a picture of its outputs. What came from position x
 * of the input went through weight k to output x + pad - k; so the rows are gathered with the kernel turned round. */
static void adjoint_row(const nn_ref_call *c, nn_conv_geometry g, const float *in, const float *kernels, int64_t y,
                        float *out) {
    const nn_shape s = c->in_shape[0];
    const int64_t to_next = c->op->shape.c * g.kernel * g.kernel; /* from an output's kernel to the next one's */
    double *sum = c->scratch;
    float *part = (float *)(c->scratch + s.w), turned[3];
    for (int64_t x = 0; x < s.w; x++) sum[x] = 0;
    for (int64_t o = 0; o < s.c; o++) {
        memset(part, 0, (size_t)s.w * sizeof *part);
        for (int64_t ky = 0; ky < g.kernel; ky++) {
            const int64_t oy = y + g.pad_before - ky;
            if (oy < 0 || oy >= s.h) continue;
            for (int64_t kx = 0; kx < g.kernel; kx++)
                turned[kx] = kernels[o * to_next + ky * g.kernel + g.kernel - 1 - kx];
            conv_row(part, s.w, in + (o * s.h + oy) * s.w, s.w, turned, g);
        }
        for (int64_t x = 0; x < s.w; x++) sum[x] += (double)part[x];
    }
    for (int64_t x = 0; x < s.w; x++) out[x] = (float)sum[x];
}

static void conv_adjoint(const nn_ref_call *c) {
    const nn_conv_geometry g = nn_conv_geometry_of(c->op->u.conv);
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t n = 0; n < t.n; n++)
        for (int64_t i = 0; i < t.c; i++)
            for (int64_t y = 0; y < t.h; y++)
                adjoint_row(c, g, c->in[0] + n * s.c * s.h * s.w, c->weight + i * g.kernel * g.kernel, y,
                            c->out + ((n * t.c + i) * t.h + y) * t.w);
}

/* Double sum of products; several at once, since each alone would wait for the last. */
static double dot(const float *a, const float *b, int64_t n) {
    enum { LANES = 8 };
    double sum[LANES] = {0}, total = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t k = 0; k < LANES; k++) sum[k] += (double)a[i + k] * (double)b[i + k];
    for (; i < n; i++) total += (double)a[i] * (double)b[i];
    for (int64_t k = 0; k < LANES; k++) total += sum[k];
    return total;
}

static void linear(const nn_ref_call *c) {
    const nn_shape s = c->in_shape[0], t = c->op->shape;
    for (int64_t row = 0; row < s.n * s.c * s.h; row++)
        for (int64_t o = 0; o < t.w; o++) {
            double sum = dot(c->in[0] + row * s.w, c->weight + o * s.w, s.w);
            if (c->bias) sum += (double)c->bias[o];
            c->out[row * t.w + o] = (float)sum;
        }
}

/* ---- norms ------------------------------------------------------------------------ */

/* Mean and variance of n values. */
static void moments(const float *x, int64_t n, double *mean, double *variance) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) square += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *variance = square / (double)n;
}

/* Adds the sums of the part that the run counts for, of a group of n_channels planes. */
static void gather(const nn_ref_call *c, int64_t group, const float *x, int64_t n_channels) {
    const nn_shape s = c->op->shape;
    const nn_window part = nn_part_of(&c->net->norms.part, s);
    double sum = 0, square = 0, count = 0;
    for (int64_t k = 0; k < n_channels; k++)
        for (int64_t row = part.row; row < part.end_row; row++)
            for (int64_t column = part.column; column < part.end_column; column++) {
                const double value = (double)x[(k * s.h + row) * s.w + column];
                sum += value;
                square += value * value;
                count++;
            }
    nn_gather_sums(c->net, c->op, group, sum, square, count);
}

static void group_norm(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    const int64_t n_groups = c->op->u.norm.n_groups, area = s.h * s.w, per_group = s.c / n_groups * area;
    for (int64_t i = 0; i < s.n * n_groups; i++) {
        const float *x = c->in[0] + i * per_group;
        float *y = c->out + i * per_group;
        double mean, variance;
        if (c->net->norms.gathered) gather(c, i, x, s.c / n_groups);
        moments(x, per_group, &mean, &variance);
        nn_correct_moments(c->net, c->op, i, &mean, &variance);
        const double scale = 1 / sqrt(variance + (double)c->op->u.norm.epsilon);
        for (int64_t k = 0; k < per_group; k++) {
            const int64_t channel = (i % n_groups) * (s.c / n_groups) + k / area;
            y[k] = (float)(((double)x[k] - mean) * scale * (double)c->weight[channel] + (double)c->bias[channel]);
        }
    }
}

static void layer_norm(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    for (int64_t row = 0; row < s.n * s.c * s.h; row++) {
        const float *x = c->in[0] + row * s.w;
        double mean, variance;
        moments(x, s.w, &mean, &variance);
        const double scale = 1 / sqrt(variance + (double)c->op->u.norm.epsilon);
        for (int64_t k = 0; k < s.w; k++)
            c->out[row * s.w + k] = (float)(((double)x[k] - mean) * scale * (double)c->weight[k] + (double)c->bias[k]);
    }
}

/* ---- arithmetic --------------------------------------------------------------------- */

static double activation(nn_activation kind, double x) {
    switch (kind) {
    case NN_RELU:
        return x > 0 ? x : 0;
    case NN_SILU:
        return x / (1 + exp(-x));
    case NN_GELU:
        return 0.5 * x * (1 + erf(x * 0.70710678118654752440));
    case NN_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case NN_TANH:
        return tanh(x);
    }
    return x;
}

static void act(const nn_ref_call *c) {
    const size_t count = nn_shape_count(c->op->shape);
    for (size_t i = 0; i < count; i++) c->out[i] = (float)activation(c->op->u.act, (double)c->in[0][i]);
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

/* exp(score - highest) in place; returns their sum. */
static double exponentials(double *score, int64_t n) {
    double highest = score[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        if (score[i] > highest) highest = score[i];
    for (int64_t i = 0; i < n; i++) sum += score[i] = exp(score[i] - highest);
    return sum;
}

/* One query of one head; rows of k and v are `features` apart, d of them this head's. */
static void attend(const float *q, const float *k, const float *v, float *out, int64_t n_keys, int64_t features,
                   int64_t d, double *score) {
    double *sum = score + n_keys;
    for (int64_t i = 0; i < n_keys; i++) score[i] = dot(q, k + i * features, d) / sqrt((double)d);
    const double total = exponentials(score, n_keys);
    for (int64_t f = 0; f < d; f++) sum[f] = 0;
    for (int64_t i = 0; i < n_keys; i++)
        for (int64_t f = 0; f < d; f++) sum[f] += score[i] * (double)v[i * features + f];
    for (int64_t f = 0; f < d; f++) out[f] = (float)(sum[f] / total);
}

static void attention(const nn_ref_call *c) {
    const nn_shape s = c->op->shape;
    const int64_t n_keys = c->in_shape[1].h, d = s.w / c->op->u.attention.n_heads;
    for (int64_t n = 0; n < s.n; n++)
        for (int64_t i = 0; i < s.h; i++)
            for (int64_t f = 0; f < s.w; f += d) {
                const int64_t at = (n * s.h + i) * s.w + f, keys = n * n_keys * s.w + f;
                attend(c->in[0] + at, c->in[1] + keys, c->in[2] + keys, c->out + at,
                       c->op->u.attention.causal ? i + 1 : n_keys, s.w, d, c->scratch);
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
        [NN_OP_CONV_ADJOINT] = conv_adjoint,
        [NN_OP_RELU_ADJOINT] = relu_adjoint,
    };
    return kernels[kind];
}

size_t nn_ref_scratch_count(const nn_plan *plan, const nn_op *op) {
    if (op->kind == NN_OP_CONV || op->kind == NN_OP_CONV_ADJOINT)
        return 2 * (size_t)op->shape.w; /* a row of sums and one of partial sums */
    if (op->kind == NN_OP_ATTENTION)    /* scores of one query, and one head's output */
        return (size_t)plan->ops[op->in[1]].shape.h + (size_t)(op->shape.w / op->u.attention.n_heads);
    return 0;
}
