/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The denoiser of Stable Diffusion 1.x (UNet2DConditionModel): predicts the noise in a latent. */
#ifndef PITH_MODEL_UNET_H
#define PITH_MODEL_UNET_H

#include "model/blocks.h"
#include "model/sd_config.h"
#include "nn/nn.h"

/* For latents of h x w positions, both multiples of unet_granularity. Inputs: "latent" [1, n_latent, h, w] in U-Net
 * units; "timestep" [1, 1, 1, c_base], from schedule_timestep_embedding; "context" [1, 1, n_context, c_context].
 * Output "eps", with the latent's shape: the noise, with a standard deviation of about 1, or v if unet_config says
 * so. */
pith_status unet_plan(nn_plan **out, const unet_config *config, const pith_env *env, uint32_t h, uint32_t w,
                      pith_diag *diag) PITH_MUST_CHECK;

/* Like unet_plan, with self-attention shared with another plan; NULL: not shared. */
pith_status unet_plan_shared(nn_plan **out, const unet_config *config, const pith_env *env, uint32_t h, uint32_t w,
                             block_share *share, pith_diag *diag) PITH_MUST_CHECK;

#endif
