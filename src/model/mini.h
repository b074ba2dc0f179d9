/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The built-in model's networks: a small autoencoder on 8x8 pixels a latent
 * position. Each side is a linear 8x8 transform plus a residual network; no
 * normalisation over space, so that tiles with a halo of the network's reach
 * give the same values as the whole picture. train/model.py is the same
 * network in PyTorch. */
#ifndef PITH_MODEL_MINI_H
#define PITH_MODEL_MINI_H

#include "nn/nn.h"

/* What the weights file says of itself, checked. */
typedef struct mini_config {
    char name[PITH_NAME_BYTES];
    uint32_t n_latent;                  /* latent channels, 1..32 */
    uint32_t width_h, width_w;          /* channels at 1/4 and at 1/8 resolution */
    uint32_t n_enc_high, n_enc_low;     /* residual blocks of the encoder at 1/4 and 1/8 */
    uint32_t n_dec_low, n_dec_high;     /* of the decoder at 1/8 and 1/4 */
    float log2_step_min, log2_step_max; /* steps the decoder was trained with */
    float log2_step_q0, log2_step_q100; /* steps of quality 0 and 100 */
    bool has_texture;                   /* mini_texture_plan can be bound */
} mini_config;

#define MINI_DOWNSCALE 8u

/* True when the table's metadata say that it is such a model. */
bool mini_recognise(const tensor_table *weights);

pith_status mini_config_read(mini_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;

/* How far, in latent positions, an output depends on input beside it; rounded
 * up. The halo a tile needs. */
uint32_t mini_encoder_reach(const mini_config *config);
uint32_t mini_decoder_reach(const mini_config *config);

/* Input "image" [1, 3, 8h, 8w], sRGB in [0, 1]; output "latent" [1, n_latent, h, w]. */
pith_status mini_encoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* Inputs "latent" [1, n_latent, h, w] (dequantised) and "log2_step"
 * [1, 1, h, w] (constant, within the trained range); output "image"
 * [1, 3, 8h, 8w], about [0, 1], not clamped. */
pith_status mini_decoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* The decoder in parts that run one after another, so that of a window with a halo each need only see as
 * much as those after it reach. 0: "latent" and "log2_step" to "features" [1, width_w, h, w]; 1: "features" to
 * "features"; 2: "features" and "latent" to "image". Their reaches add up to the decoder's; one of 0 does nothing. */
#define MINI_DECODER_PARTS 3u
uint32_t mini_decoder_part_reach(const mini_config *config, uint32_t part);
pith_status mini_decoder_part_plan(nn_plan **out, const mini_config *config, uint32_t part, const pith_env *env,
                                   uint32_t h, uint32_t w, pith_diag *diag) PITH_MUST_CHECK;

/* What a picture may lack of its original, drawn by noise: inputs "features" [1, width_w, h, w], as the decoder's
 * third part has them, and "noise" [1, MINI_TEXTURE_NOISE, 2h, 2w], standard normal; output "texture" [1, 3, 8h, 8w],
 * to be added to the image. Its reach is the third part's. */
#define MINI_TEXTURE_NOISE 24u
#define MINI_NOISE_SCALE 2u /* planes of noise are so many times as wide and high as the latent */
pith_status mini_texture_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* The gradient of a distortion: the decoder with its inputs, a call (nn_net_call) that is given the image and
 * makes the distortion's gradient with respect to it, and the way back. Output "gradient" [1, n_latent, h, w],
 * with respect to "latent". */
pith_status mini_gradient_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) PITH_MUST_CHECK;

#endif
