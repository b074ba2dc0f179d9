/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Blocks shared by the networks of Stable Diffusion. A block's weights are in the current scope under the names in
 * its style; the caller enters and leaves the block's scope. */
#ifndef PITH_MODEL_BLOCKS_H
#define PITH_MODEL_BLOCKS_H

#include "nn/nn.h"

/* Ends a description: *out is the finished plan, or NULL after a fault. Takes over `p`; NULL means that the plan
 * could not be allocated. */
pith_status block_finish(nn_plan **out, nn_plan *p, pith_diag *diag) PITH_MUST_CHECK;

/* A key of a layer or scope such as "block.2". */
typedef struct block_key {
    char text[24];
} block_key;

block_key block_idx(const char *name, uint32_t index);

/* Group norm, then SiLU. */
nn_val block_norm_silu(nn_plan *p, nn_val x, const char *key, uint32_t n_groups, float epsilon);

/* Nearest upsampling, then a 3x3 convolution. */
nn_val block_up(nn_plan *p, nn_val x, const char *key);

typedef struct block_res_style {
    const char *norm1, *conv1, *norm2, *conv2;
    const char *skip;      /* a 1x1 convolution, present if the number of channels changes */
    const char *embedding; /* NULL if the block does not use the timestep */
    uint32_t n_groups;
    float epsilon;
} block_res_style;

/* skip(x) + conv2(silu(norm2(conv1(silu(norm1(x))) + linear(embedding)))). `embedding` is [1, 1, 1, features], with
 * its SiLU already applied; ignored if the style has none. */
nn_val block_res(nn_plan *p, nn_val x, const block_res_style *style, int64_t c_out, nn_val embedding);

typedef struct block_attention_style {
    const char *q, *k, *v, *out;
    bool qkv_has_bias;
    bool is_1x1; /* the weights are usually 1x1 convolutions instead of matrices; needs qkv_has_bias */
    bool causal;
} block_attention_style;

/* Attention over sequences: queries from x, keys and values from `context` (x itself for self-attention). */
nn_val block_attention(nn_plan *p, nn_val x, nn_val context, const block_attention_style *style, uint32_t n_heads);

/* Self-attention of a picture that is run in windows. A plan that notes has additional outputs "k0", "v0", "k1", ...:
 * the keys and values of its window. A plan that takes has inputs "K0", "V0", ...: samples of the whole picture's
 * keys and values, used instead of the window's. Samples are `stride` positions apart on every level. */
typedef struct block_share {
    bool notes, takes;
    uint32_t h, w;             /* of the window, in positions of the latent */
    uint32_t whole_h, whole_w; /* of the picture */
    uint32_t stride;
    uint32_t n; /* layers so far; initially 0 */
} block_share;

bool block_share_is_noted(const char *output);
/* How often the window's sides are halved until it has at most n_positions. */
uint32_t block_share_level(const block_share *share, int64_t n_positions);
/* Number of samples along an axis of the whole latent on a level, and the position of the index-th. */
uint32_t block_share_axis(uint32_t whole, uint32_t stride, uint32_t level);
uint32_t block_share_at(uint32_t whole, uint32_t stride, uint32_t level, uint32_t index);
int64_t block_share_samples(const block_share *share, uint32_t level);

/* Self-attention; `share` may be NULL. */
nn_val block_self_attention(nn_plan *p, nn_val x, const block_attention_style *style, uint32_t n_heads,
                            block_share *share);

/* w2(a * gelu(b)), where w1(x) is a and b concatenated. */
nn_val block_geglu(nn_plan *p, nn_val x, const char *w1, const char *w2);

typedef struct block_transformer_style {
    uint32_t n_heads, n_groups;
    float group_epsilon, layer_epsilon;
} block_transformer_style;

/* Treats a picture as a sequence of its positions: self-attention, cross-attention to the context, feed-forward. Each
 * is added to its input, and so is the whole. */
nn_val block_transformer(nn_plan *p, nn_val x, nn_val context, const block_transformer_style *style,
                         block_share *share);

#endif
