/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* AutoencoderKL, one line per layer. */
#include "model/vae.h"

#include "model/blocks.h"

static const nn_val no_embedding = {0};

static nn_val res(nn_plan *p, const vae_config *c, nn_val x, const char *scope, int64_t c_out) {
    const block_res_style style = {.norm1 = "norm1",
                                   .conv1 = "conv1",
                                   .norm2 = "norm2",
                                   .conv2 = "conv2",
                                   .skip = "nin_shortcut",
                                   .n_groups = c->n_groups,
                                   .epsilon = c->norm_epsilon};
    nn_enter(p, "%s", scope);
    x = block_res(p, x, &style, c_out, no_embedding);
    nn_leave(p);
    return x;
}

/* Attention with one head over all positions. */
static nn_val attention(nn_plan *p, const vae_config *c, nn_val x, block_share *share) {
    static const block_attention_style style = {
        .q = "q", .k = "k", .v = "v", .out = "proj_out", .qkv_has_bias = true, .is_1x1 = true};
    const nn_shape shape = nn_shape_of(p, x);
    nn_enter(p, "attn_1");
    nn_val y = nn_to_sequence(p, nn_group_norm(p, x, "norm", c->n_groups, c->norm_epsilon));
    y = nn_to_picture(p, block_self_attention(p, y, &style, 1, share), shape.h, shape.w);
    nn_leave(p);
    return nn_add(p, y, x);
}

static nn_val middle(nn_plan *p, const vae_config *c, nn_val x, block_share *share) {
    const int64_t width = nn_shape_of(p, x).c;
    nn_enter(p, "mid");
    x = res(p, c, x, "block_1", width);
    x = attention(p, c, x, share);
    x = res(p, c, x, "block_2", width);
    nn_leave(p);
    return x;
}

static void describe_encoder(nn_plan *p, const vae_config *c, int64_t h, int64_t w, block_share *share) {
    const int64_t d = vae_downscale(c);
    nn_val x = nn_input(p, "image", (nn_shape){1, 3, d * h, d * w});
    nn_enter(p, "vae");
    nn_enter(p, "encoder");
    x = nn_conv(p, x, "conv_in", NN_CONV3, c->c_base);
    for (uint32_t lv = 0; lv < c->n_levels; lv++) {
        nn_enter(p, "down.%u", lv);
        for (uint32_t b = 0; b < c->n_blocks; b++) x = res(p, c, x, block_idx("block", b).text, c->c[lv]);
        if (lv + 1 < c->n_levels) x = nn_conv(p, x, "downsample.conv", NN_CONV3_STRIDE2_PAD_RB, c->c[lv]);
        nn_leave(p);
    }
    x = middle(p, c, x, share);
    x = block_norm_silu(p, x, "norm_out", c->n_groups, c->norm_epsilon);
    x = nn_conv(p, x, "conv_out", NN_CONV3, c->n_moments);
    nn_leave(p);
    x = nn_conv(p, x, "quant_conv", NN_CONV1, 2 * (int64_t)c->n_latent);
    nn_leave(p);
    nn_output(p, "mean", nn_slice_channels(p, x, 0, c->n_latent));
    nn_output(p, "logvar", nn_slice_channels(p, x, c->n_latent, c->n_latent));
}

static void describe_decoder(nn_plan *p, const vae_config *c, int64_t h, int64_t w, block_share *share) {
    nn_val x = nn_input(p, "latent", (nn_shape){1, c->n_latent, h, w});
    x = nn_scale(p, x, 1 / c->latent_scale, 0);
    nn_enter(p, "vae");
    x = nn_conv(p, x, "post_quant_conv", NN_CONV1, c->n_moments / 2);
    nn_enter(p, "decoder");
    x = nn_conv(p, x, "conv_in", NN_CONV3, c->c[c->n_levels - 1]);
    x = middle(p, c, x, share);
    for (uint32_t lv = c->n_levels; lv-- > 0;) {
        nn_enter(p, "up.%u", lv);
        for (uint32_t b = 0; b < c->n_blocks + 1; b++) x = res(p, c, x, block_idx("block", b).text, c->c[lv]);
        if (lv > 0) x = block_up(p, x, "upsample.conv");
        nn_leave(p);
    }
    x = block_norm_silu(p, x, "norm_out", c->n_groups, c->norm_epsilon);
    x = nn_conv(p, x, "conv_out", NN_CONV3, 3);
    nn_leave(p);
    nn_leave(p);
    nn_output(p, "image", x);
}

pith_status vae_encoder_plan_shared(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h,
                                    uint32_t w, block_share *share, pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (p) describe_encoder(p, config, h, w, share);
    return block_finish(out, p, diag);
}

pith_status vae_decoder_plan_shared(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h,
                                    uint32_t w, block_share *share, pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (p) describe_decoder(p, config, h, w, share);
    return block_finish(out, p, diag);
}

pith_status vae_encoder_plan(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             pith_diag *diag) {
    return vae_encoder_plan_shared(out, config, env, h, w, NULL, diag);
}

pith_status vae_decoder_plan(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             pith_diag *diag) {
    return vae_decoder_plan_shared(out, config, env, h, w, NULL, diag);
}
