/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the two files of Stable Diffusion: the whole picture at once
 * (kind_sd1.c), and in tiles, recipe 1 (sd1_tiled.c). */
#ifndef PITH_API_KIND_SD1_H
#define PITH_API_KIND_SD1_H

#include "api/model_kind.h"

/* The U-Net's estimate eps [n_latent, h, w] of the noise in x, for a step's
 * embedding and context (both only read). */
typedef struct sd1_estimate {
    uint32_t h, w;
    const float *x;
    float *embedding;
    const float *context;
    float *eps;
} sd1_estimate;
typedef pith_status sd1_estimator(void *user, const sd1_estimate *e, pith_diag *diag);

/* DDIM on the latent, in place. What the estimator sees is padded to the U-Net's
 * granularity. */
pith_status sd1_denoise(model_session *s, uint32_t h, uint32_t w, float *latent, const model_decode_how *how,
                        sd1_estimator *estimator, void *user, pith_diag *diag) PITH_MUST_CHECK;
/* How a picture is cut: recipe 1 is sd1_recipe_1, tests take others. */
typedef struct sd1_tiling {
    uint32_t window, halo; /* latent positions; windows overlap by 2 * halo */
    uint32_t reduced;      /* the longer side of the copy that statistics come from, at most */
    uint32_t block;        /* side of the pieces that the copy is put together of */
} sd1_tiling;
extern const sd1_tiling sd1_recipe_1;

pith_status sd1_encode_tiled(model_session *s, const sd1_tiling *tiling, const model_tiled_source *source, uint32_t h,
                             uint32_t w, float *latent, pith_diag *diag) PITH_MUST_CHECK;
pith_status sd1_decode_tiled(model_session *s, const sd1_tiling *tiling, uint32_t h, uint32_t w, const float *latent,
                             const model_decode_how *how, const model_tiled_sink *sink, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
