/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Configuration of a Stable Diffusion 1.x checkpoint. Widths, depths and channels are read from the names and shapes
 * of its tensors, so that reduced and fine-tuned variants load. What shapes do not tell (group counts, heads,
 * epsilons) is fixed for the family. Tensor names are canonical: those of the original single file, with "vae.",
 * "unet." and "text." for its three prefixes. */
#ifndef PITH_MODEL_SD_CONFIG_H
#define PITH_MODEL_SD_CONFIG_H

#include "weights/tensor_table.h"

#define SD_MAX_LEVELS 6 /* resolutions of a network */
#define SD_MAX_BLOCKS 8 /* residual blocks per level */

/* AutoencoderKL. */
typedef struct vae_config {
    uint32_t n_levels;         /* 4: the latent's sides are 1/8 of the picture's */
    uint32_t n_blocks;         /* per level of the encoder; the decoder has one more */
    uint32_t c_base;           /* channels after the encoder's first convolution */
    uint32_t c[SD_MAX_LEVELS]; /* channels per level, starting at the picture's own resolution */
    uint32_t n_latent;         /* channels of the latent */
    uint32_t n_moments;        /* channels between encoder and quant_conv: twice those before the decoder */
    uint32_t n_groups;
    float norm_epsilon;
    float latent_scale; /* U-Net units = latent x this */
} vae_config;

/* UNet2DConditionModel. */
typedef struct unet_config {
    uint32_t n_levels;
    uint32_t n_blocks; /* per level on the way down; one more on the way up */
    uint32_t c_base;   /* channels after the first convolution, and of the timestep embedding */
    uint32_t c_time;   /* channels of the timestep input of the residual blocks */
    uint32_t c[SD_MAX_LEVELS];
    bool has_attention[SD_MAX_LEVELS];
    bool has_middle;
    uint32_t n_latent;
    uint32_t c_context; /* features per position of the context */
    uint32_t n_context; /* positions of the context */
    uint32_t n_heads;
    uint32_t n_groups;
    float res_epsilon;       /* of the group norms in residual blocks, and of the last one */
    float attention_epsilon; /* of the group norms before attention */
    float layer_epsilon;
    bool predicts_v;  /* otherwise it predicts the noise */
    bool is_zero_snr; /* uses schedule_init_zero_snr */
} unet_config;

/* CLIP's text encoder. */
typedef struct text_config {
    uint32_t n_layers;
    uint32_t c;     /* features */
    uint32_t c_mlp; /* features inside the feed-forward network */
    uint32_t n_tokens, n_positions;
    uint32_t n_heads;
    float layer_epsilon;
} text_config;

/* The tiny autoencoder for the same latents. */
typedef struct taesd_config {
    uint32_t c;
    uint32_t n_latent;
} taesd_config;

/* Pixels per latent position, along each side. */
uint32_t vae_downscale(const vae_config *config);

/* The latent's sides must be multiples of this. */
uint32_t unet_granularity(const unet_config *config);

/* True if the table has any tensor of this network. */
bool vae_recognise(const tensor_table *weights);
bool unet_recognise(const tensor_table *weights);
bool unet_is_int8(const tensor_table *weights); /* has 8-bit weights */
/* Why a U-Net with valid shapes cannot be run ("predicts ..."); NULL if it can. */
const char *unet_fault(const tensor_table *weights);
bool text_recognise(const tensor_table *weights);
bool taesd_recognise(const tensor_table *weights);

/* PITH_E_MODEL_SHAPE if a tensor is missing or has a wrong shape, PITH_E_UNSUPPORTED for a network of a related
 * family. nn_plan_check checks the shapes of all other tensors. */
pith_status vae_config_read(vae_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;
pith_status unet_config_read(unet_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;
pith_status text_config_read(text_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;
pith_status taesd_config_read(taesd_config *config, const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;

#endif
