/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Residual blocks, attention and transformers, described one line per layer. */
#include "model/blocks.h"

#include <stdio.h>

#define GEGLU_EXPANSION 4 /* hidden features per input feature */

pith_status block_finish(nn_plan **out, nn_plan *p, pith_diag *diag) {
    *out = NULL;
    if (!p) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    pith_status status = nn_plan_finish(p, diag);
    if (status != PITH_OK) nn_plan_free(&p);
    *out = p;
    return status;
}

block_key block_idx(const char *name, uint32_t index) {
    block_key key;
    snprintf(key.text, sizeof key.text, "%s.%u", name, index);
    return key;
}

nn_val block_norm_silu(nn_plan *p, nn_val x, const char *key, uint32_t n_groups, float epsilon) {
    return nn_act(p, nn_group_norm(p, x, key, n_groups, epsilon), NN_SILU);
}

nn_val block_up(nn_plan *p, nn_val x, const char *key) {
    return nn_conv(p, nn_upsample2(p, x), key, NN_CONV3, nn_shape_of(p, x).c);
}

/* One value per channel, [1, c, 1, 1], computed from [1, 1, 1, features]. */
static nn_val per_channel(nn_plan *p, nn_val features, const char *key, int64_t c) {
    return nn_to_picture(p, nn_linear(p, features, key, c, true), 1, 1);
}

nn_val block_res(nn_plan *p, nn_val x, const block_res_style *s, int64_t c_out, nn_val embedding) {
    const int64_t c_in = nn_shape_of(p, x).c;
    nn_val y = block_norm_silu(p, x, s->norm1, s->n_groups, s->epsilon);
    y = nn_conv(p, y, s->conv1, NN_CONV3, c_out);
    if (s->embedding) y = nn_add(p, y, per_channel(p, embedding, s->embedding, c_out));
    y = block_norm_silu(p, y, s->norm2, s->n_groups, s->epsilon);
    y = nn_conv(p, y, s->conv2, NN_CONV3, c_out);
    return nn_add(p, y, c_in == c_out ? x : nn_conv(p, x, s->skip, NN_CONV1, c_out));
}

static nn_val project(nn_plan *p, nn_val x, const char *key, int64_t width, const block_attention_style *s,
                      bool has_bias) {
    return s->is_1x1 ? nn_linear_1x1(p, x, key, width) : nn_linear(p, x, key, width, has_bias);
}

nn_val block_attention(nn_plan *p, nn_val x, nn_val context, const block_attention_style *s, uint32_t n_heads) {
    const int64_t width = nn_shape_of(p, x).w;
    nn_val q = project(p, x, s->q, width, s, s->qkv_has_bias);
    nn_val k = project(p, context, s->k, width, s, s->qkv_has_bias);
    nn_val v = project(p, context, s->v, width, s, s->qkv_has_bias);
    return project(p, nn_attention(p, q, k, v, n_heads, s->causal), s->out, width, s, true);
}

static block_key share_key(char what, uint32_t index) {
    block_key key;
    snprintf(key.text, sizeof key.text, "%c%u", what, index);
    return key;
}

/* ---- windows ---------------------------------------------------------------------------- */

bool block_share_is_noted(const char *output) {
    return (output[0] == 'k' || output[0] == 'v') && output[1] >= '0' && output[1] <= '9';
}

uint32_t block_share_level(const block_share *s, int64_t n_positions) {
    uint32_t level = 0;
    while (level < 16 && (int64_t)(s->h >> level) * (s->w >> level) > n_positions) level++;
    return level;
}

uint32_t block_share_axis(uint32_t whole, uint32_t stride, uint32_t level) {
    const uint32_t n = whole >> level, first = stride / 2;
    return n > first ? (n - first + stride - 1) / stride : 1;
}

uint32_t block_share_at(uint32_t whole, uint32_t stride, uint32_t level, uint32_t index) {
    const uint32_t n = whole >> level, at = stride / 2 + index * stride;
    return at < n ? at : n - 1;
}

int64_t block_share_samples(const block_share *s, uint32_t level) {
    return (int64_t)block_share_axis(s->whole_h, s->stride, level) * block_share_axis(s->whole_w, s->stride, level);
}

/* The keys or values for attention. A plan that notes computes and outputs those of its window; a plan that takes
 * reads samples from an input instead. */
static nn_val shared_linear(nn_plan *p, nn_val x, const char *key, const block_attention_style *s, char what,
                            const block_share *share) {
    const nn_shape shape = nn_shape_of(p, x);
    const block_key noted = share_key(what, share->n), taken = share_key((char)(what - 'a' + 'A'), share->n);
    nn_val y = {0};
    if (share->notes) {
        y = project(p, x, key, shape.w, s, s->qkv_has_bias);
        nn_output(p, noted.text, y);
    }
    if (!share->takes) return y;
    const int64_t n_samples = block_share_samples(share, block_share_level(share, shape.h));
    return nn_input(p, taken.text, (nn_shape){1, 1, n_samples, shape.w});
}

nn_val block_self_attention(nn_plan *p, nn_val x, const block_attention_style *s, uint32_t n_heads,
                            block_share *share) {
    if (!share) return block_attention(p, x, x, s, n_heads);
    const int64_t width = nn_shape_of(p, x).w;
    nn_val q = project(p, x, s->q, width, s, s->qkv_has_bias);
    nn_val k = shared_linear(p, x, s->k, s, 'k', share);
    nn_val v = shared_linear(p, x, s->v, s, 'v', share);
    share->n++;
    return project(p, nn_attention(p, q, k, v, n_heads, s->causal), s->out, width, s, true);
}

nn_val block_geglu(nn_plan *p, nn_val x, const char *w1, const char *w2) {
    const int64_t width = nn_shape_of(p, x).w, hidden = GEGLU_EXPANSION * width;
    nn_val both = nn_linear(p, x, w1, 2 * hidden, true);
    nn_val gate = nn_act(p, nn_slice_features(p, both, hidden, hidden), NN_GELU);
    return nn_linear(p, nn_mul(p, nn_slice_features(p, both, 0, hidden), gate), w2, width, true);
}

/* The U-Net's attention layers, in scope `name`. */
static const block_attention_style of_unet = {.q = "to_q", .k = "to_k", .v = "to_v", .out = "to_out.0"};

static nn_val attend_to_itself(nn_plan *p, nn_val x, const char *name, uint32_t n_heads, block_share *share) {
    nn_enter(p, "%s", name);
    nn_val y = block_self_attention(p, x, &of_unet, n_heads, share);
    nn_leave(p);
    return y;
}

static nn_val attend(nn_plan *p, nn_val x, nn_val context, const char *name, uint32_t n_heads) {
    nn_enter(p, "%s", name);
    nn_val y = block_attention(p, x, context, &of_unet, n_heads);
    nn_leave(p);
    return y;
}

nn_val block_transformer(nn_plan *p, nn_val x, nn_val context, const block_transformer_style *s, block_share *share) {
    const nn_shape shape = nn_shape_of(p, x);
    nn_val y = nn_to_sequence(p, nn_group_norm(p, x, "norm", s->n_groups, s->group_epsilon));
    y = nn_linear_1x1(p, y, "proj_in", shape.c);
    nn_enter(p, "transformer_blocks.0");
    nn_val z = nn_layer_norm(p, y, "norm1", s->layer_epsilon);
    y = nn_add(p, attend_to_itself(p, z, "attn1", s->n_heads, share), y);
    z = nn_layer_norm(p, y, "norm2", s->layer_epsilon);
    y = nn_add(p, attend(p, z, context, "attn2", s->n_heads), y);
    z = nn_layer_norm(p, y, "norm3", s->layer_epsilon);
    y = nn_add(p, block_geglu(p, z, "ff.net.0.proj", "ff.net.2"), y);
    nn_leave(p);
    y = nn_linear_1x1(p, y, "proj_out", shape.c);
    return nn_add(p, nn_to_picture(p, y, shape.h, shape.w), x);
}
