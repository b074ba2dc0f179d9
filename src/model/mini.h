/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The networks of the built-in model: a small autoencoder with 8x8 pixels per latent position. Encoder and decoder
 * are each a linear 8x8 transform plus a residual network. There is no normalisation over space, so tiles with a halo
 * of the network's reach give the same values as the whole picture. train/model.py is the same network in PyTorch. */
#ifndef PITH_MODEL_MINI_H
#define PITH_MODEL_MINI_H

#include "nn/nn.h"

/* Configuration from the weights file, checked. */
typedef struct mini_config {
    char name[PITH_NAME_BYTES];
    uint32_t n_latent;                  /* latent channels, 1..32 */
    uint32_t width_h, width_w;          /* channels at 1/4 and at 1/8 resolution */
    uint32_t n_enc_high, n_enc_low;     /* residual blocks of the encoder at 1/4 and 1/8 */
    uint32_t n_dec_low, n_dec_high;     /* of the decoder at 1/8 and 1/4 */
    float log2_step_min, log2_step_max; /* range of steps that the decoder was trained with */
    float log2_step_q0, log2_step_q100; /* steps for quality 0 and 100 */
    bool has_texture;                   /* the weights have what mini_texture_plan needs */
} mini_config;

#define MINI_DOWNSCALE 8u

/* True if the table's metadata describe such a model. */
bool mini_recognise(const tensor_table *weights);

pith_status mini_config_read(mini_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;

/* How far, in latent positions and rounded up, an output depends on its surroundings. A tile needs a halo of this
 * width. */
uint32_t mini_encoder_reach(const mini_config *config);
uint32_t mini_decoder_reach(const mini_config *config);

/* Input "image" [1, 3, 8h, 8w], sRGB in [0, 1]; output "latent" [1, n_latent, h, w]. */
pith_status mini_encoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* Inputs "latent" [1, n_latent, h, w] (dequantised) and "log2_step" [1, 1, h, w] (constant, within the trained
 * range); output "image" [1, 3, 8h, 8w], about [0, 1], not clamped. */
pith_status mini_decoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* The decoder in parts that run one after another, so that each part needs a halo only as wide as the reach of the
 * parts after it. 0: "latent" and "log2_step" to "features" [1, width_w, h, w]; 1: "features" to "features"; 2:
 * "features" and "latent" to "image". The reaches add up to the decoder's; a part with reach 0 does nothing. */
#define MINI_DECODER_PARTS 3u
uint32_t mini_decoder_part_reach(const mini_config *config, uint32_t part);
pith_status mini_decoder_part_plan(nn_plan **out, const mini_config *config, uint32_t part, const pith_env *env,
                                   uint32_t h, uint32_t w, pith_diag *diag) PITH_MUST_CHECK;

/* Texture that the original may have had, generated from noise. Inputs "features" [1, width_w, h, w], the same as for
 * the decoder's third part, and "noise" [1, MINI_TEXTURE_NOISE, 2h, 2w], standard normal; output "texture" [1, 3, 8h,
 * 8w], to be added to the image. Its reach is that of the third part. */
#define MINI_TEXTURE_NOISE 24u
#define MINI_NOISE_SCALE 2u /* ratio of the noise planes' sides to the latent's */
pith_status mini_texture_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;

/* The gradient of a distortion: the decoder with its inputs, a call (nn_net_call) that gets the image and computes
 * the distortion's gradient with respect to it, and the backward pass. Output "gradient" [1, n_latent, h, w], with
 * respect to "latent". */
pith_status mini_gradient_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) PITH_MUST_CHECK;

#endif
