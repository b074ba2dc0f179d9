/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* UNet2DConditionModel, one line per layer. */
#include "model/unet.h"

#include "model/blocks.h"

#define MAX_SKIPS (SD_MAX_LEVELS * (SD_MAX_BLOCKS + 1))

/* State while the U-Net is described. */
typedef struct unet {
    nn_plan *p;
    const unet_config *c;
    nn_val time; /* timestep input of all residual blocks */
    nn_val context;
    block_share *share;      /* of self-attention, or NULL */
    nn_val skips[MAX_SKIPS]; /* values from the way down, used on the way up */
    uint32_t n_skips;
} unet;

static nn_val res(const unet *u, nn_val x, const char *scope, int64_t c_out) {
    const block_res_style style = {.norm1 = "in_layers.0",
                                   .conv1 = "in_layers.2",
                                   .norm2 = "out_layers.0",
                                   .conv2 = "out_layers.3",
                                   .skip = "skip_connection",
                                   .embedding = "emb_layers.1",
                                   .n_groups = u->c->n_groups,
                                   .epsilon = u->c->res_epsilon};
    nn_enter(u->p, "%s", scope);
    x = block_res(u->p, x, &style, c_out, u->time);
    nn_leave(u->p);
    return x;
}

static nn_val transformer(const unet *u, nn_val x, const char *scope) {
    const block_transformer_style style = {.n_heads = u->c->n_heads,
                                           .n_groups = u->c->n_groups,
                                           .group_epsilon = u->c->attention_epsilon,
                                           .layer_epsilon = u->c->layer_epsilon};
    nn_enter(u->p, "%s", scope);
    x = block_transformer(u->p, x, u->context, &style, u->share);
    nn_leave(u->p);
    return x;
}

static nn_val time_embedding(const unet *u, nn_val timestep) {
    nn_val x = nn_act(u->p, nn_linear(u->p, timestep, "time_embed.0", u->c->c_time, true), NN_SILU);
    x = nn_linear(u->p, x, "time_embed.2", u->c->c_time, true);
    return nn_act(u->p, x, NN_SILU); /* applied once here instead of in each residual block */
}

static nn_val way_down(unet *u, nn_val x) {
    nn_plan *p = u->p;
    const unet_config *c = u->c;
    uint32_t block = 0;
    x = nn_conv(p, x, "input_blocks.0.0", NN_CONV3, c->c_base);
    u->skips[u->n_skips++] = x;
    for (uint32_t lv = 0; lv < c->n_levels; lv++) {
        for (uint32_t b = 0; b < c->n_blocks; b++) {
            nn_enter(p, "input_blocks.%u", ++block);
            x = res(u, x, "0", c->c[lv]);
            if (c->has_attention[lv]) x = transformer(u, x, "1");
            nn_leave(p);
            u->skips[u->n_skips++] = x;
        }
        if (lv + 1 == c->n_levels) break;
        nn_enter(p, "input_blocks.%u", ++block);
        x = nn_conv(p, x, "0.op", NN_CONV3_STRIDE2, c->c[lv]);
        nn_leave(p);
        u->skips[u->n_skips++] = x;
    }
    return x;
}

static nn_val middle(const unet *u, nn_val x) {
    const int64_t width = nn_shape_of(u->p, x).c;
    if (!u->c->has_middle) return x;
    nn_enter(u->p, "middle_block");
    x = res(u, x, "0", width);
    x = transformer(u, x, "1");
    x = res(u, x, "2", width);
    nn_leave(u->p);
    return x;
}

static nn_val way_up(unet *u, nn_val x) {
    nn_plan *p = u->p;
    const unet_config *c = u->c;
    uint32_t block = 0;
    for (uint32_t lv = c->n_levels; lv-- > 0;)
        for (uint32_t b = 0; b < c->n_blocks + 1; b++) {
            nn_enter(p, "output_blocks.%u", block++);
            x = res(u, nn_concat(p, x, u->skips[--u->n_skips]), "0", c->c[lv]);
            if (c->has_attention[lv]) x = transformer(u, x, "1");
            if (lv > 0 && b == c->n_blocks) x = block_up(p, x, c->has_attention[lv] ? "2.conv" : "1.conv");
            nn_leave(p);
        }
    return x;
}

static void describe(nn_plan *p, const unet_config *c, int64_t h, int64_t w, block_share *share) {
    unet u = {.p = p, .c = c, .share = share};
    nn_val x = nn_input(p, "latent", (nn_shape){1, c->n_latent, h, w});
    nn_val timestep = nn_input(p, "timestep", (nn_shape){1, 1, 1, c->c_base});
    u.context = nn_input(p, "context", (nn_shape){1, 1, c->n_context, c->c_context});
    nn_enter(p, "unet");
    u.time = time_embedding(&u, timestep);
    x = way_down(&u, x);
    x = middle(&u, x);
    x = way_up(&u, x);
    x = block_norm_silu(p, x, "out.0", c->n_groups, c->res_epsilon);
    x = nn_conv(p, x, "out.2", NN_CONV3, c->n_latent);
    nn_leave(p);
    nn_output(p, "eps", x);
}

pith_status unet_plan_shared(nn_plan **out, const unet_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             block_share *share, pith_diag *diag) {
    const uint32_t step = unet_granularity(config);
    *out = NULL;
    if (h % step || w % step)
        return diag_set(diag, PITH_E_ARG, "U-Net: a latent of %ux%u, both sides must be multiples of %u", w, h, step);
    nn_plan *p = nn_plan_new(env);
    if (p) describe(p, config, h, w, share);
    return block_finish(out, p, diag);
}

pith_status unet_plan(nn_plan **out, const unet_config *config, const pith_env *env, uint32_t h, uint32_t w,
                      pith_diag *diag) {
    return unet_plan_shared(out, config, env, h, w, NULL, diag);
}
