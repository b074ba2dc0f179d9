/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The autoencoder of Stable Diffusion (AutoencoderKL): picture to latent and back, including quant_conv and
 * post_quant_conv. */
#ifndef PITH_MODEL_VAE_H
#define PITH_MODEL_VAE_H

#include "model/blocks.h"
#include "model/sd_config.h"
#include "nn/nn.h"

/* Both plans are for latents of h x w positions of d x d pixels each, d = vae_downscale. */

/* Input "image" [1, 3, dh, dw] in [-1, 1]; outputs "mean" and "logvar" [1, n_latent, h, w] as the network computes
 * them (not in U-Net units, not clamped). */
pith_status vae_encoder_plan(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             pith_diag *diag) PITH_MUST_CHECK;

/* Input "latent" [1, n_latent, h, w] in U-Net units; output "image" [1, 3, dh, dw], about [-1, 1], not clamped. */
pith_status vae_decoder_plan(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             pith_diag *diag) PITH_MUST_CHECK;

/* Like the above, with self-attention shared with another plan; NULL: not shared. */
pith_status vae_encoder_plan_shared(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h,
                                    uint32_t w, block_share *share, pith_diag *diag) PITH_MUST_CHECK;
pith_status vae_decoder_plan_shared(nn_plan **out, const vae_config *config, const pith_env *env, uint32_t h,
                                    uint32_t w, block_share *share, pith_diag *diag) PITH_MUST_CHECK;

#endif
