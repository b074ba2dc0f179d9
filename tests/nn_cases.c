/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "nn_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ops ------------------------------------------------------------------- */

static void build_conv(nn_plan *p, const nn_case *c, bool broken) {
    nn_conv_kind kind = (nn_conv_kind)c->a;
    if (broken && kind == NN_CONV3_STRIDE2)
        kind = NN_CONV3_STRIDE2_PAD_RB; /* padding on the wrong side */
    else if (broken && kind == NN_CONV3_STRIDE2_PAD_RB)
        kind = NN_CONV3_STRIDE2;
    nn_output(p, "out", nn_conv(p, nn_input(p, "x", c->x), "k", kind, c->b));
}

/* A fused activation: c->b of the enum. */
static void build_conv_act(nn_plan *p, const nn_case *c, bool broken) {
    nn_val y = nn_conv(p, nn_input(p, "x", c->x), "k", NN_CONV3, c->a);
    nn_output(p, "out", broken ? y : nn_act(p, y, (nn_activation)c->b));
}

/* The residual block of the built-in model; the mutation has no residual. */
static void build_res_block(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_conv(p, nn_input(p, "x", c->x), "in", NN_CONV1, c->a);
    nn_val y = nn_conv(p, nn_act(p, x, NN_RELU), "a", NN_CONV3, c->a);
    y = nn_conv(p, nn_act(p, y, NN_RELU), "b", NN_CONV3, c->a);
    nn_output(p, "out", broken ? y : nn_add(p, x, y));
}

/* Stable Diffusion's, with an embedding added and a 1x1 convolution beside. */
static void build_sd_block(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x), emb = nn_input(p, "y", (nn_shape){c->x.n, 1, 1, 64});
    nn_val y = nn_act(p, nn_group_norm(p, x, "n1", 32, 1e-5f), NN_SILU);
    y = nn_conv(p, y, "c1", NN_CONV3, c->a);
    emb = nn_to_picture(p, nn_linear(p, nn_act(p, emb, NN_SILU), "emb", c->a, true), 1, 1);
    if (!broken) y = nn_add(p, y, emb);
    y = nn_act(p, nn_group_norm(p, y, "n2", 32, 1e-5f), NN_SILU);
    y = nn_conv(p, y, "c2", NN_CONV3, c->a);
    nn_output(p, "out", nn_add(p, c->x.c == c->a ? x : nn_conv(p, x, "skip", NN_CONV1, c->a), y));
}

static void build_linear(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x);
    nn_output(p, "out", nn_linear(p, x, "k", c->a, !broken));
}

/* Transformer's feed-forward with the gate of GEGLU and a fused residual. */
static void build_geglu(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x);
    nn_val y = nn_linear(p, nn_layer_norm(p, x, "n", 1e-5f), "up", 8 * c->x.w, true);
    nn_val gate = nn_slice_features(p, y, 4 * c->x.w, 4 * c->x.w);
    y = nn_mul(p, nn_slice_features(p, y, 0, 4 * c->x.w), nn_act(p, gate, broken ? NN_QUICK_GELU : NN_GELU));
    nn_output(p, "out", nn_add(p, nn_linear(p, y, "down", c->x.w, true), x));
}

/* The input is made small, so that the epsilon (1e-c->b) counts. */
static void build_group_norm(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_scale(p, nn_input(p, "x", c->x), 0.05f, 0.5f);
    const double epsilon = pow(10, -(double)(broken ? c->b + 1 : c->b));
    nn_output(p, "out", nn_group_norm(p, x, "k", c->a, (float)epsilon));
}

static void build_layer_norm(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_scale(p, nn_input(p, "x", c->x), 0.05f, 0.5f);
    nn_output(p, "out", nn_layer_norm(p, x, "k", broken ? 1e-6f : 1e-5f));
}

static void build_act(nn_plan *p, const nn_case *c, bool broken) {
    static const nn_activation wrong[] = {NN_SILU, NN_QUICK_GELU, NN_QUICK_GELU, NN_GELU, NN_SILU};
    nn_val x = nn_scale(p, nn_input(p, "x", c->x), 4, 0);
    nn_output(p, "out", nn_act(p, x, broken ? wrong[c->a] : (nn_activation)c->a));
}

/* c->a: 0 add, 1 mul; c->b: 0 same shape, 1 a value a channel, 2 the same for all N. */
static void build_binary(nn_plan *p, const nn_case *c, bool broken) {
    const nn_shape spread = {c->b == 2 ? 1 : c->x.n, c->x.c, 1, 1};
    nn_val x = nn_input(p, "x", c->x), y = nn_input(p, "y", c->b ? spread : c->x);
    nn_output(p, "out", (c->a == 1) != broken ? nn_mul(p, x, y) : nn_add(p, x, y));
}

static void build_scale(nn_plan *p, const nn_case *c, bool broken) {
    nn_output(p, "out", nn_scale(p, nn_input(p, "x", c->x), 2.5f, broken ? 0 : 0.5f));
}

/* c->b more channels; the mutation has them in the wrong order. */
static void build_concat(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x), y = nn_input(p, "y", (nn_shape){c->x.n, c->b, c->x.h, c->x.w});
    nn_output(p, "out", broken ? nn_concat(p, y, x) : nn_concat(p, x, y));
}

static void build_slice_channels(nn_plan *p, const nn_case *c, bool broken) {
    nn_output(p, "out", nn_slice_channels(p, nn_input(p, "x", c->x), broken ? c->a - 1 : c->a, c->b));
}

static void build_slice_features(nn_plan *p, const nn_case *c, bool broken) {
    nn_output(p, "out", nn_slice_features(p, nn_input(p, "x", c->x), broken ? c->a - 1 : c->a, c->b));
}

static void build_upsample2(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x);
    if (broken) x = nn_scale(p, x, 1, 1e-6f);
    nn_output(p, "out", nn_upsample2(p, x));
}

static void build_unshuffle(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x);
    if (broken) x = nn_scale(p, x, 1, 1e-6f);
    nn_output(p, "out", nn_pixel_unshuffle(p, x, c->a));
}

static void build_shuffle(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x);
    if (broken) x = nn_scale(p, x, 1, 1e-6f);
    nn_output(p, "out", nn_pixel_shuffle(p, x, c->a));
}

static void build_to_sequence(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_to_sequence(p, nn_input(p, "x", c->x));
    nn_output(p, "out", broken ? nn_scale(p, x, 1, 1e-6f) : x);
}

static void build_to_picture(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_to_picture(p, nn_input(p, "x", c->x), c->a, c->x.h / c->a);
    nn_output(p, "out", broken ? nn_scale(p, x, 1, 1e-6f) : x);
}

/* c->a heads, c->b keys (0: causal, as many as queries). */
static void build_attention(nn_plan *p, const nn_case *c, bool broken) {
    const nn_shape keys = {c->x.n, 1, c->b ? c->b : c->x.h, c->x.w};
    nn_val q = nn_scale(p, nn_input(p, "x", c->x), 2, 0), k = nn_input(p, "y", keys), v = nn_input(p, "z", keys);
    const bool causal = c->b == 0;
    nn_output(p, "out", nn_attention(p, q, k, v, broken && !causal ? 2 * c->a : c->a, causal && !broken));
}

/* c->b channels to which it goes back. The mutation is a convolution: the kernels neither turned nor transposed. */
static void build_conv_adjoint(nn_plan *p, const nn_case *c, bool broken) {
    const nn_conv_kind kind = (nn_conv_kind)c->a;
    nn_val y = nn_input(p, "x", c->x);
    nn_output(p, "out", broken ? nn_conv_no_bias(p, y, "k", kind, c->b) : nn_conv_adjoint(p, y, "k", kind, c->b));
}

static void build_relu_adjoint(nn_plan *p, const nn_case *c, bool broken) {
    nn_val g = nn_input(p, "x", c->x), y = nn_input(p, "y", c->x);
    nn_output(p, "out", broken ? nn_relu_adjoint(p, y, g) : nn_relu_adjoint(p, g, y));
}

/* Two layers there and, of a given gradient, back. The mutation forgets the relu. */
static void build_gradient(nn_plan *p, const nn_case *c, bool broken) {
    nn_val x = nn_input(p, "x", c->x), times = nn_input(p, "y", (nn_shape){c->x.n, c->b, c->x.h, c->x.w});
    nn_val y = nn_act(p, nn_conv(p, x, "a", NN_CONV3, c->a), NN_RELU);
    nn_val g = nn_mul(p, nn_conv(p, y, "b", NN_CONV1, c->b), times);
    g = nn_conv_adjoint(p, g, "b", NN_CONV1, c->a);
    if (!broken) g = nn_relu_adjoint(p, g, y);
    nn_output(p, "out", nn_conv_adjoint(p, g, "a", NN_CONV3, c->x.c));
}

/* ---- the table -------------------------------------------------------------------- */

/* Bounds are about three times what was measured with AVX2 and AVX-512;
 * mutations are at least ten times above them. */
#define CONV 2e-6
#define LONG_CONV 6e-6 /* the error of a float sum grows with the root of its length, here up to 23 040 */
#define NORM 2e-6
#define FLAT 1e-6

/* clang-format off */
const nn_case nn_cases[] = {
    /* The built-in model's layers, and odd sizes. */
    {"conv3 3->48 64x64", build_conv, {1, 3, 64, 64}, NN_CONV3, 48, CONV, true},
    {"conv3 48->64 32x32", build_conv, {1, 48, 32, 32}, NN_CONV3, 64, CONV, true},
    {"conv3 25->128 64x64", build_conv, {1, 25, 64, 64}, NN_CONV3, 128, CONV, true},
    {"conv3 128->128 64x64", build_conv, {1, 128, 64, 64}, NN_CONV3, 128, CONV, true},
    {"conv3 128->128 13x7", build_conv, {1, 128, 13, 7}, NN_CONV3, 128, CONV, true},
    {"conv3 128->256 16x16", build_conv, {1, 128, 16, 16}, NN_CONV3, 256, CONV, true},
    {"conv3 64->64 128x64", build_conv, {1, 64, 128, 64}, NN_CONV3, 64, CONV, true},
    {"conv3 64->48 31x33", build_conv, {1, 64, 31, 33}, NN_CONV3, 48, CONV, true},
    {"conv3 128->24 16x16", build_conv, {1, 128, 16, 16}, NN_CONV3, 24, CONV, true},
    {"conv3 64->64 1x1", build_conv, {1, 64, 1, 1}, NN_CONV3, 64, CONV, true},
    {"conv3 24->64 1x5000", build_conv, {1, 24, 1, 5000}, NN_CONV3, 64, CONV, true},
    {"conv3 24->64 5000x1", build_conv, {1, 24, 5000, 1}, NN_CONV3, 64, CONV, true},
    {"conv3 5->7 9x11 of 3", build_conv, {3, 5, 9, 11}, NN_CONV3, 7, CONV, true},
    {"conv1 24->192 64x64", build_conv, {1, 24, 64, 64}, NN_CONV1, 192, CONV, true},
    {"conv1 192->24 64x64", build_conv, {1, 192, 64, 64}, NN_CONV1, 24, CONV, true},
    {"conv1 192->24 13x7", build_conv, {1, 192, 13, 7}, NN_CONV1, 24, CONV, true},
    {"conv3s2 64->128 64x64", build_conv, {1, 64, 64, 64}, NN_CONV3_STRIDE2, 128, CONV, false},
    {"conv3s2 64->128 14x6", build_conv, {1, 64, 14, 6}, NN_CONV3_STRIDE2, 128, CONV, false},
    {"conv3s2 64->128 1x1", build_conv, {1, 64, 1, 1}, NN_CONV3_STRIDE2, 128, CONV, true},
    {"conv3 relu 128->128 32x32", build_conv_act, {1, 128, 32, 32}, 128, NN_RELU, CONV, false},
    {"conv3 silu 25->48 13x7", build_conv_act, {1, 25, 13, 7}, 48, NN_SILU, CONV, false},
    {"conv3 gelu 25->24 13x7", build_conv_act, {1, 25, 13, 7}, 24, NN_GELU, CONV, false},
    {"conv3 quick_gelu 25->24 13x7", build_conv_act, {1, 25, 13, 7}, 24, NN_QUICK_GELU, CONV, false},
    {"conv3 tanh 25->24 13x7", build_conv_act, {1, 25, 13, 7}, 24, NN_TANH, CONV, false},
    {"mini block 128 32x32", build_res_block, {1, 128, 32, 32}, 128, 0, CONV, false},
    {"mini block 64 13x7", build_res_block, {1, 24, 13, 7}, 64, 0, CONV, false},
    {"mini block 25 13x7", build_res_block, {1, 24, 13, 7}, 25, 0, CONV, false},
    {"unshuffle 4 3 64x64", build_unshuffle, {1, 3, 64, 64}, 4, 0, 0, false},
    {"unshuffle 8 3 64x64", build_unshuffle, {1, 3, 64, 64}, 8, 0, 0, false},
    {"unshuffle 2 32 6x10 of 2", build_unshuffle, {2, 32, 6, 10}, 2, 0, 0, false},
    {"shuffle 2 256 64x64", build_shuffle, {1, 256, 64, 64}, 2, 0, 0, false},
    {"shuffle 4 48 128x128", build_shuffle, {1, 48, 128, 128}, 4, 0, 0, false},
    {"shuffle 8 192 64x64", build_shuffle, {1, 192, 64, 64}, 8, 0, 0, false},
    {"shuffle 3 18 5x7 of 2", build_shuffle, {2, 18, 5, 7}, 3, 0, 0, false},
    {"concat 24+1 64x64", build_concat, {1, 24, 64, 64}, 0, 1, 0, false},
    {"relu 64 128x128", build_act, {1, 64, 128, 128}, NN_RELU, 0, 0, false},
    {"add 64 128x128", build_binary, {1, 64, 128, 128}, 0, 0, 0, false},

    /* Back through them. */
    {"conv3_adjoint 48->3 64x64", build_conv_adjoint, {1, 48, 64, 64}, NN_CONV3, 3, CONV, false},
    {"conv3_adjoint 3->48 31x33", build_conv_adjoint, {1, 3, 31, 33}, NN_CONV3, 48, CONV, false},
    {"conv3_adjoint 64->24 13x7", build_conv_adjoint, {1, 64, 13, 7}, NN_CONV3, 24, CONV, false},
    {"conv3_adjoint 128->64 32x32", build_conv_adjoint, {1, 128, 32, 32}, NN_CONV3, 64, CONV, false},
    {"conv3_adjoint 48->64 31x33", build_conv_adjoint, {1, 48, 31, 33}, NN_CONV3, 64, CONV, false},
    {"conv3_adjoint 64->64 128x64", build_conv_adjoint, {1, 64, 128, 64}, NN_CONV3, 64, CONV, false},
    {"conv3_adjoint 128->128 64x64", build_conv_adjoint, {1, 128, 64, 64}, NN_CONV3, 128, CONV, false},
    {"conv3_adjoint 64->24 1x1", build_conv_adjoint, {1, 64, 1, 1}, NN_CONV3, 24, CONV, false},
    {"conv3_adjoint 7->5 9x11 of 3", build_conv_adjoint, {3, 7, 9, 11}, NN_CONV3, 5, CONV, false},
    {"conv1_adjoint 192->24 64x64", build_conv_adjoint, {1, 192, 64, 64}, NN_CONV1, 24, CONV, false},
    {"conv1_adjoint 24->192 13x7", build_conv_adjoint, {1, 24, 13, 7}, NN_CONV1, 192, CONV, false},
    {"conv1_adjoint 128->64 32x32", build_conv_adjoint, {1, 128, 32, 32}, NN_CONV1, 64, CONV, false},
    {"conv1_adjoint 48->3 13x7 of 2", build_conv_adjoint, {2, 48, 13, 7}, NN_CONV1, 3, CONV, false},
    {"conv1_adjoint 3->48 13x7", build_conv_adjoint, {1, 3, 13, 7}, NN_CONV1, 48, CONV, false},
    {"relu_adjoint 64 128x128", build_relu_adjoint, {1, 64, 128, 128}, 0, 0, 0, false},
    {"relu_adjoint 25 13x7 of 2", build_relu_adjoint, {2, 25, 13, 7}, 0, 0, 0, false},
    {"gradient 3->48->24 13x7", build_gradient, {1, 3, 13, 7}, 48, 24, CONV, false},
    {"gradient 24->64->3 9x11 of 2", build_gradient, {2, 24, 9, 11}, 64, 3, CONV, false},
    {"gradient 5->25->7 13x7", build_gradient, {1, 5, 13, 7}, 25, 7, CONV, false},

    /* Stable Diffusion's, at reduced size. */
    {"conv3 4->512 16x16", build_conv, {1, 4, 16, 16}, NN_CONV3, 512, CONV, true},
    {"conv3 4->320 16x16", build_conv, {1, 4, 16, 16}, NN_CONV3, 320, CONV, true},
    {"conv3 320->320 16x16", build_conv, {1, 320, 16, 16}, NN_CONV3, 320, LONG_CONV, true},
    {"conv3 512->512 16x16", build_conv, {1, 512, 16, 16}, NN_CONV3, 512, LONG_CONV, true},
    {"conv3 1280->1280 4x4", build_conv, {1, 1280, 4, 4}, NN_CONV3, 1280, LONG_CONV, true},
    {"conv3 2560->1280 4x4", build_conv, {1, 2560, 4, 4}, NN_CONV3, 1280, LONG_CONV, true},
    {"conv3 128->3 32x32", build_conv, {1, 128, 32, 32}, NN_CONV3, 3, CONV, true},
    {"conv3 320->4 16x16", build_conv, {1, 320, 16, 16}, NN_CONV3, 4, LONG_CONV, true},
    {"conv1 960->640 8x8", build_conv, {1, 960, 8, 8}, NN_CONV1, 640, CONV, true},
    {"conv1 4->4 16x16", build_conv, {1, 4, 16, 16}, NN_CONV1, 4, CONV, true},
    {"conv3s2 320->320 16x16", build_conv, {1, 320, 16, 16}, NN_CONV3_STRIDE2, 320, LONG_CONV, false},
    {"conv3s2 640->640 8x8", build_conv, {1, 640, 8, 8}, NN_CONV3_STRIDE2, 640, LONG_CONV, false},
    {"conv3rb 128->128 32x32", build_conv, {1, 128, 32, 32}, NN_CONV3_STRIDE2_PAD_RB, 128, CONV, false},
    {"conv3rb 256->256 14x18", build_conv, {1, 256, 14, 18}, NN_CONV3_STRIDE2_PAD_RB, 256, LONG_CONV, false},
    {"conv3rb 25->24 13x7", build_conv, {1, 25, 13, 7}, NN_CONV3_STRIDE2_PAD_RB, 24, CONV, true},
    {"conv3s2 25->24 13x7", build_conv, {1, 25, 13, 7}, NN_CONV3_STRIDE2, 24, CONV, true},
    {"sd block 320->640 8x8", build_sd_block, {1, 320, 8, 8}, 640, 0, NORM, false},
    {"sd block 320->320 8x6 of 2", build_sd_block, {2, 320, 8, 6}, 320, 0, NORM, false},
    {"group norm 320/32 16x16", build_group_norm, {1, 320, 16, 16}, 32, 4, NORM, false},
    {"group norm 512/32 64x80", build_group_norm, {1, 512, 64, 80}, 32, 5, NORM, false},
    {"group norm 48/4 13x7 of 2", build_group_norm, {2, 48, 13, 7}, 4, 4, NORM, false},
    {"group norm 25/5 13x7 of 2", build_group_norm, {2, 25, 13, 7}, 5, 4, NORM, false},
    {"group norm 64/1 1x1", build_group_norm, {1, 64, 1, 1}, 1, 4, NORM, false},
    {"layer norm 256x320", build_layer_norm, {1, 1, 256, 320}, 0, 0, NORM, false},
    {"layer norm 77x768", build_layer_norm, {1, 1, 77, 768}, 0, 0, NORM, false},
    {"layer norm 9x13 of 2", build_layer_norm, {2, 1, 9, 13}, 0, 0, NORM, false},
    {"linear 256x320->320", build_linear, {1, 1, 256, 320}, 320, 0, CONV, false},
    {"linear 77x768->320", build_linear, {1, 1, 77, 768}, 320, 0, CONV, false},
    {"linear 1x320->1280", build_linear, {1, 1, 1, 320}, 1280, 0, CONV, false},
    {"linear 5x13->7 of 3", build_linear, {3, 1, 5, 13}, 7, 0, CONV, false},
    {"geglu 64x320", build_geglu, {1, 1, 64, 320}, 0, 0, NORM, false},
    {"geglu 5x24 of 2", build_geglu, {2, 1, 5, 24}, 0, 0, NORM, false},
    {"attention 8x40 700", build_attention, {1, 1, 700, 320}, 8, 700, NORM, false},
    {"attention 8x40 1000 on 77", build_attention, {1, 1, 1000, 320}, 8, 77, NORM, false},
    {"attention 8x160 64", build_attention, {1, 1, 64, 1280}, 8, 64, NORM, false},
    {"attention 1x512 500", build_attention, {1, 1, 500, 512}, 1, 500, NORM, false},
    {"attention 12x64 77 causal", build_attention, {1, 1, 77, 768}, 12, 0, NORM, false},
    {"attention 2x8 700 causal of 2", build_attention, {2, 1, 700, 16}, 2, 0, NORM, false},
    {"attention 1x8 1 on 2", build_attention, {1, 1, 1, 8}, 1, 2, NORM, false},
    {"silu 320 16x16", build_act, {1, 320, 16, 16}, NN_SILU, 0, FLAT, false},
    {"gelu 25 13x7", build_act, {1, 25, 13, 7}, NN_GELU, 0, FLAT, false},
    {"quick_gelu 77x768", build_act, {1, 1, 77, 768}, NN_QUICK_GELU, 0, FLAT, false},
    {"tanh 25 13x7", build_act, {1, 25, 13, 7}, NN_TANH, 0, FLAT, false},
    {"add 25 13x7 of 2", build_binary, {2, 25, 13, 7}, 0, 0, 0, false},
    {"add a value a channel", build_binary, {2, 48, 13, 7}, 0, 1, 0, false},
    {"add the same for all", build_binary, {2, 25, 13, 7}, 0, 2, 0, false},
    {"mul 25 13x7 of 2", build_binary, {2, 25, 13, 7}, 1, 0, 0, false},
    {"mul a value a channel", build_binary, {2, 48, 13, 7}, 1, 1, 0, false},
    {"scale 25 13x7", build_scale, {1, 25, 13, 7}, 0, 0, FLAT, false},
    {"concat 320+640 8x8", build_concat, {1, 320, 8, 8}, 0, 640, 0, false},
    {"concat 16+9 5x3 of 2", build_concat, {2, 16, 5, 3}, 0, 9, 0, false},
    {"slice channels 32 of 64", build_slice_channels, {2, 64, 5, 7}, 16, 32, 0, false},
    {"slice channels 4 of 8", build_slice_channels, {1, 8, 16, 16}, 4, 4, 0, false},
    {"slice features 640 of 1280", build_slice_features, {1, 1, 64, 1280}, 640, 640, 0, false},
    {"upsample2 512 8x8", build_upsample2, {1, 512, 8, 8}, 0, 0, 0, false},
    {"upsample2 25 3x5 of 2", build_upsample2, {2, 25, 3, 5}, 0, 0, 0, false},
    {"to_sequence 320 16x16", build_to_sequence, {1, 320, 16, 16}, 0, 0, 0, false},
    {"to_sequence 25 3x5 of 2", build_to_sequence, {2, 25, 3, 5}, 0, 0, 0, false},
    {"to_picture 320 16x16", build_to_picture, {1, 1, 256, 320}, 16, 0, 0, false},
    {"to_picture 25 3x5 of 2", build_to_picture, {2, 1, 15, 25}, 3, 0, 0, false},
};
/* clang-format on */

const size_t n_nn_cases = sizeof nn_cases / sizeof nn_cases[0];

nn_plan *nn_case_plan(const nn_case *c, const pith_env *env, bool broken) {
    pith_diag why = {0};
    nn_plan *p = nn_plan_new(env);
    if (!p) return NULL;
    c->build(p, c, broken && !c->break_bias);
    if (nn_plan_finish(p, &why) == PITH_OK) return p;
    fprintf(stderr, "%s: %s\n", c->name, why.message);
    nn_plan_free(&p);
    return NULL;
}

/* ---- data ---------------------------------------------------------------------------- */

static uint32_t hash(const char *name) {
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

void nn_case_fill(float *data, size_t count, const char *name, float scale) {
    uint64_t state = hash(name);
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        data[i] = scale * ((float)(int32_t)(state >> 32) / 2147483648.0f);
    }
}

static void fill_weight(float *data, size_t count, const nn_weight *w, bool without_bias) {
    size_t fan_in = 1;
    for (uint32_t i = 1; i < w->rank; i++) fan_in *= (size_t)w->shape[i];
    const bool is_bias = strlen(w->name) > 5 && strcmp(w->name + strlen(w->name) - 5, ".bias") == 0;
    if (is_bias && without_bias) return; /* stays 0 */
    nn_case_fill(data, count, w->name, w->rank == 1 ? 0.3f : sqrtf(3.0f / (float)fan_in));
    if (w->rank == 1 && !is_bias) /* of a norm */
        for (size_t i = 0; i < count; i++) data[i] += 1;
}

static bool add_weight(nn_case_weights *w, const nn_weight *needed, bool without_bias) {
    tensor t = {.name = needed->name, .type = TENSOR_F32, .rank = needed->rank, .n_elements = 1};
    for (uint32_t i = 0; i < needed->rank; i++) t.n_elements *= t.shape[i] = needed->shape[i];
    float *data = calloc((size_t)t.n_elements, sizeof *data);
    if (!data) return false;
    w->blocks[w->n_blocks++] = data;
    fill_weight(data, (size_t)t.n_elements, needed, without_bias);
    floats_as_in_file(data, (size_t)t.n_elements);
    t.data = (const uint8_t *)data;
    t.n_bytes = t.n_elements * sizeof *data;
    return tensor_table_add(w->table, &t) == PITH_OK;
}

bool nn_case_make_weights(nn_case_weights *w, const nn_plan *plan, bool without_bias) {
    *w = (nn_case_weights){0};
    w->blocks = calloc((size_t)plan->n_weights + 1, sizeof *w->blocks);
    bool ok = w->blocks && tensor_table_new(&w->table, NULL) == PITH_OK;
    for (int32_t i = 0; i < plan->n_weights && ok; i++)
        if (!tensor_table_find(w->table, plan->weights[i].name)) ok = add_weight(w, &plan->weights[i], without_bias);
    if (!ok) nn_case_free_weights(w);
    return ok;
}

void nn_case_free_weights(nn_case_weights *w) {
    for (size_t i = 0; i < w->n_blocks; i++) free(w->blocks[i]);
    free(w->blocks);
    tensor_table_free(&w->table);
    *w = (nn_case_weights){0};
}

static bool make_bindings(nn_binding **out, size_t *count, const nn_plan *plan, const nn_named *names, int32_t n) {
    *out = calloc((size_t)n, sizeof **out);
    if (!*out) return false;
    *count = (size_t)n;
    for (int32_t i = 0; i < n; i++) {
        const size_t size = nn_shape_count(plan->ops[names[i].value].shape);
        (*out)[i] = (nn_binding){names[i].name, calloc(size, sizeof(float))};
        if (!(*out)[i].data) return false;
        nn_case_fill((*out)[i].data, size, names[i].name, 1.7f);
    }
    return true;
}

bool nn_case_make_data(nn_case_data *d, const nn_plan *plan) {
    *d = (nn_case_data){0};
    d->inputs = calloc((size_t)plan->n_inputs, sizeof *d->inputs);
    if (!d->inputs || !make_bindings(&d->values, &d->n_inputs, plan, plan->inputs, plan->n_inputs) ||
        !make_bindings(&d->outputs, &d->n_outputs, plan, plan->outputs, plan->n_outputs)) {
        nn_case_free_data(d);
        return false;
    }
    for (size_t i = 0; i < d->n_inputs; i++) d->inputs[i] = (nn_given){d->values[i].name, d->values[i].data};
    return true;
}

void nn_case_free_data(nn_case_data *d) {
    for (size_t i = 0; i < d->n_inputs; i++) free(d->values[i].data);
    for (size_t i = 0; i < d->n_outputs; i++) free(d->outputs[i].data);
    free(d->inputs);
    free(d->values);
    free(d->outputs);
    *d = (nn_case_data){0};
}

double nn_case_error(const float *got, const float *expected, size_t count) {
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        const double e = (double)got[i] - (double)expected[i];
        error += e * e;
        power += (double)expected[i] * (double)expected[i];
    }
    const double relative = sqrt(error / (power > 0 ? power : 1));
    return relative >= 0 ? relative : (double)INFINITY;
}
