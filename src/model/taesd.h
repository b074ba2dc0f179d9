/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* TAESD: a tiny autoencoder for the latents of Stable Diffusion, fast but slightly worse than the full one. Plain
 * residual blocks without normalisation. */
#ifndef PITH_MODEL_TAESD_H
#define PITH_MODEL_TAESD_H

#include "model/sd_config.h"
#include "nn/nn.h"

#define TAESD_DOWNSCALE 8u

/* Input "image" [1, 3, 8h, 8w] in [-1, 1]; output "latent" [1, n_latent, h, w] in U-Net units. */
pith_status taesd_encoder_plan(nn_plan **out, const taesd_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) PITH_MUST_CHECK;

/* Input "latent" [1, n_latent, h, w] in U-Net units; output "image"
 * [1, 3, 8h, 8w], about [-1, 1], not clamped. */
pith_status taesd_decoder_plan(nn_plan **out, const taesd_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) PITH_MUST_CHECK;

#endif
