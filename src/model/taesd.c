/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* TAESD, one line per layer. Layers are numbered as in the original, where layers without weights count. */
#include "model/taesd.h"

#include <stdio.h>

#include "model/blocks.h"

#define N_STAGES 4        /* resolutions: the picture's, then halved three times */
#define LATENT_BOUND 3.0f /* the decoder's input becomes tanh(x / 3) * 3 */

/* Residual blocks of each stage, from the picture's resolution down. */
static const uint32_t n_encoder_blocks[N_STAGES] = {1, 3, 3, 3};
static const uint32_t n_decoder_blocks[N_STAGES] = {1, 3, 3, 3};

/* The key of the next layer. */
typedef struct layer_key {
    char text[12];
} layer_key;

static layer_key next(uint32_t *layer) {
    layer_key key;
    snprintf(key.text, sizeof key.text, "%u", (*layer)++);
    return key;
}

/* relu(x + conv(relu(conv(relu(conv(x)))))) */
static nn_val res(nn_plan *p, nn_val x, const char *scope) {
    const int64_t width = nn_shape_of(p, x).c;
    nn_enter(p, "%s.conv", scope);
    nn_val y = nn_act(p, nn_conv(p, x, "0", NN_CONV3, width), NN_RELU);
    y = nn_act(p, nn_conv(p, y, "2", NN_CONV3, width), NN_RELU);
    y = nn_conv(p, y, "4", NN_CONV3, width);
    nn_leave(p);
    return nn_act(p, nn_add(p, y, x), NN_RELU);
}

static void describe_encoder(nn_plan *p, const taesd_config *c, int64_t h, int64_t w) {
    uint32_t layer = 0;
    nn_val x = nn_input(p, "image", (nn_shape){1, 3, TAESD_DOWNSCALE * h, TAESD_DOWNSCALE * w});
    x = nn_scale(p, x, 0.5f, 0.5f); /* the network was trained on [0, 1] */
    nn_enter(p, "taesd_encoder");
    x = nn_conv(p, x, next(&layer).text, NN_CONV3, c->c);
    for (uint32_t stage = 0; stage < N_STAGES; stage++) {
        if (stage > 0) x = nn_conv_no_bias(p, x, next(&layer).text, NN_CONV3_STRIDE2, c->c);
        for (uint32_t b = 0; b < n_encoder_blocks[stage]; b++) x = res(p, x, next(&layer).text);
    }
    x = nn_conv(p, x, next(&layer).text, NN_CONV3, c->n_latent);
    nn_leave(p);
    nn_output(p, "latent", x);
}

static void describe_decoder(nn_plan *p, const taesd_config *c, int64_t h, int64_t w) {
    uint32_t layer = 1; /* layer 0 is the clamp */
    nn_val x = nn_input(p, "latent", (nn_shape){1, c->n_latent, h, w});
    x = nn_act(p, nn_scale(p, x, 1 / LATENT_BOUND, 0), NN_TANH);
    x = nn_scale(p, x, LATENT_BOUND, 0);
    nn_enter(p, "taesd_decoder");
    x = nn_act(p, nn_conv(p, x, next(&layer).text, NN_CONV3, c->c), NN_RELU);
    layer++; /* the activation counts */
    for (uint32_t stage = N_STAGES; stage-- > 0;) {
        for (uint32_t b = 0; b < n_decoder_blocks[stage]; b++) x = res(p, x, next(&layer).text);
        if (stage == 0) break;
        x = nn_upsample2(p, x);
        layer++; /* the upsampling counts */
        x = nn_conv_no_bias(p, x, next(&layer).text, NN_CONV3, c->c);
    }
    x = nn_conv(p, x, next(&layer).text, NN_CONV3, 3);
    nn_leave(p);
    nn_output(p, "image", nn_scale(p, x, 2, -1));
}

pith_status taesd_encoder_plan(nn_plan **out, const taesd_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (p) describe_encoder(p, config, h, w);
    return block_finish(out, p, diag);
}

pith_status taesd_decoder_plan(nn_plan **out, const taesd_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (p) describe_decoder(p, config, h, w);
    return block_finish(out, p, diag);
}
