/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* An opened model as the codec sees it: what its latent is, and sessions that
 * run its networks. Which networks those are is a kind's affair. */
#ifndef PITH_NETWORKS_MODEL_H
#define PITH_NETWORKS_MODEL_H

#include <stdbool.h>

#include "base/job.h"
#include "base/mem.h"
#include "base/status.h"
#include "nn/nn.h"

/* The network sees the whole picture at once: no tiles. */
#define MODEL_REACH_ALL UINT32_MAX

#define MODEL_DEFAULT_MEMORY 1000000000u /* bytes of a call, with built-in models; said in pith.h and in the manual */
#define MODEL_DEFAULT_STEPS 4            /* of denoising, with models that can, where the caller does not say */

typedef struct model_traits {
    char name[PITH_NAME_BYTES];
    uint32_t n_latent;                  /* channels */
    uint32_t log2_downscale;            /* 3: a latent position is 8x8 pixels */
    float log2_step_q0, log2_step_q100; /* steps of quality 0 and 100 */
    uint32_t encoder_reach;             /* latent positions an output depends on beside its own */
    uint32_t decoder_reach;
    uint32_t max_whole_positions; /* larger latents are coded by recipe 1; 0: by recipe 0, whatever their size */
    bool can_denoise;
    bool can_texture; /* model_decode_how.realism may be more than 0 */
    bool
        denoiser_varies; /* more between processors than rounding does, or cannot be run: no residual can stand on it */
    float palette_unit;  /* of the latent: what a byte of method palette stands for */
    uint64_t memory;     /* bytes a call may take where its caller does not say; 0 = not bound */
} model_traits;

const model_traits *model_traits_of(const pith_model *model);

/* The 8 bytes of the latent space's fingerprint. */
pith_status model_latent_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;
/* Those of the decoder's; over gigabytes with large models. */
pith_status model_decoder_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

/* PITH_E_MODEL_VALUES when pixels cannot be made of the model's latents, because a value of the autoencoder's
 * decoder is not finite: an encoder looks before it makes a file that nobody could see. */
pith_status model_check_decoder(pith_model *model, pith_diag *diag) PITH_MUST_CHECK;

/* What a network is run on: h x w latent positions, of which those from (keep_y, keep_x) on, keep_h x keep_w,
 * are wanted; the others are there for what they mean to these. */
typedef struct model_window {
    uint32_t h, w;
    uint32_t keep_y, keep_x, keep_h, keep_w;
} model_window;

/* All of it is wanted. */
static inline model_window model_whole_window(uint32_t h, uint32_t w) { return (model_window){h, w, 0, 0, h, w}; }

/* Positions a side that a tile may bring, by how long a layer takes. */
uint32_t model_max_tile_core(const pith_model *model);

/* What a call does with the networks. */
typedef enum model_work {
    MODEL_ENCODES,
    MODEL_DECODES,
    MODEL_DENOISES, /* and decodes */
    MODEL_TEXTURES  /* the same */
} model_work;

/* Bytes that the networks take for such windows, wherever in them what is kept lies: of several that run after
 * one another, the largest. */
pith_status model_network_memory(const pith_model *model, model_work work, const model_window *window,
                                 uint64_t *n_bytes, pith_diag *diag) PITH_MUST_CHECK;

/* A pixel of a preview from the latent of its position: 3 x (n_latent + 1), for red, green and
 * blue a factor a channel and then what is added; pixels are about [0, 1]. */
pith_status model_preview_map(const pith_model *model, float *map, pith_diag *diag) PITH_MUST_CHECK;

/* Networks of a model, bound for windows of one size at a time; belongs to one
 * thread, keeps a reference to the model. */
typedef struct model_session model_session;

pith_status model_session_new(model_session **out, pith_model *model, pith_diag *diag) PITH_MUST_CHECK;
void model_session_free(model_session **session);
pith_model *model_session_model(const model_session *session); /* borrowed */

/* From now on the networks ask this job between layers whether to stop, and long calls report to it. Borrowed until
 * the next call; NULL, as at first: none. */
void model_session_work_for(model_session *s, job *job);

/* The recipe of HEAD for a latent of w x h positions. */
uint8_t model_recipe(const model_traits *traits, uint32_t w, uint32_t h);

/* Binds what the next calls on windows of the same sizes need. The calls do so
 * themselves when it was not done; apart, it can be timed. */
pith_status model_bind_encoder(model_session *s, const model_window *window, pith_diag *diag) PITH_MUST_CHECK;
pith_status model_bind_decoder(model_session *s, const model_window *window, pith_diag *diag) PITH_MUST_CHECK;

/* `pixels`: three planes of floats in [0, 1], downscale * h high and downscale * w wide. `latent`: n_latent planes of
 * h x w; only what the window keeps is right. */
pith_status model_encode(model_session *s, const model_window *window, const float *pixels, float *latent,
                         pith_diag *diag) PITH_MUST_CHECK;

#define MODEL_PALETTE_STEPS 2

typedef struct model_decode_how {
    float step;       /* of the quantiser */
    uint32_t n_steps; /* of denoising; 0 = none */
    bool is_palette;  /* then the steps are the published ones, and none or MODEL_PALETTE_STEPS */
    float realism;    /* how much of the texture is added, 0..1 */
    uint32_t y, x;    /* where the window lies in the picture's latent: what its texture is drawn from */
} model_decode_how;

/* `latent`: of the window. `pixels`: of what is kept, about [0, 1], not clamped. */
pith_status model_decode(model_session *s, const model_window *window, const float *latent, const model_decode_how *how,
                         float *pixels, pith_diag *diag) PITH_MUST_CHECK;

/* Whether model_gradient can be called. */
bool model_can_search(const pith_model *model);

/* The gradient of a distortion, [n_latent, h, w], with respect to the latent of a whole picture or window.
 * `distortion` is given the decoded image, [1, 3, downscale h, downscale w], not clamped, and makes its own
 * gradient with respect to it. */
pith_status model_gradient(model_session *s, uint32_t h, uint32_t w, const float *latent, float step,
                           const nn_caller *distortion, float *gradient, pith_diag *diag) PITH_MUST_CHECK;

/* Lets go of all networks; calls that need one bind it again. */
void model_session_release(model_session *s);

/* Bytes that the network of model_gradient takes. */
pith_status model_search_memory(const pith_model *model, uint32_t h, uint32_t w, uint64_t *n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
