/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Shared by the files of Stable Diffusion: kind_sd1.c handles the whole picture at
 * once, sd1_tiled.c windows (recipe 1). */
#ifndef PITH_NETWORKS_KIND_SD1_H
#define PITH_NETWORKS_KIND_SD1_H

#include "model/blocks.h"
#include "networks/model_kind.h"

/* Makes a plan of one of the model's networks for h x w positions. `share` NULL: for a whole picture. */
typedef pith_status sd1_plan_fn(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                                pith_diag *diag);
sd1_plan_fn sd1_encoder_plan, sd1_decoder_plan, sd1_denoiser_plan;

/* How a picture is cut, in latent positions. Recipe 1 is sd1_recipe_1; tests use others. */
typedef struct sd1_tiling {
    uint32_t window, halo;   /* windows overlap by 2 * halo */
    uint32_t n_keys;         /* at most, of the whole picture, that self-attention sees */
    uint32_t first_passes;   /* over all windows before the one whose results count */
    uint32_t further_passes; /* the same, for a denoiser's steps after its first */
} sd1_tiling;
extern const sd1_tiling sd1_recipe_1;

/* Inputs and outputs of a network, apart from keys and values. */
typedef struct sd1_io {
    const char *in, *out;
    uint32_t n_in, n_out;         /* channels */
    uint32_t in_scale, out_scale; /* width and height of a position in samples */
    const nn_given *more;         /* further inputs, the same for every window */
    size_t n_more;
    bool has_logvar;        /* a second output, which is not used */
    float in_mul, in_add;   /* the network's input: in * in_mul + in_add */
    float out_mul, out_add; /* the same for its output */
} sd1_io;

/* A network bound for the windows of a picture of one size. */
typedef struct sd1_tiles sd1_tiles;

pith_status sd1_tiles_new(sd1_tiles **out, model_session *s, sd1_plan_fn *plan, const sd1_tiling *tiling,
                          const sd1_io *io, uint32_t h, uint32_t w, pith_diag *diag) PITH_MUST_CHECK;
void sd1_tiles_free(sd1_tiles **tiles);

/* in [n_in, in_scale * h, in_scale * w], out [n_out, out_scale * h, out_scale * w]. A later run on the
 * same object begins with the statistics of the last one. Progress goes from `from` to `to`; see
 * model_session_advance. */
pith_status sd1_tiles_run(sd1_tiles *t, const float *in, float *out, double from, double to, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
