/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* An opened model as the codec sees it: what its latent is, and sessions that
 * run its networks. Each kind of model has its own networks. */
#ifndef PITH_NETWORKS_MODEL_H
#define PITH_NETWORKS_MODEL_H

#include <stdbool.h>

#include "base/job.h"
#include "base/mem.h"
#include "base/status.h"
#include "nn/nn.h"

/* The network sees the whole picture at once: no tiles. */
#define MODEL_REACH_ALL UINT32_MAX

#define MODEL_DEFAULT_MEMORY 1000000000u /* bytes of a call, with built-in models; see pith.h */
#define MODEL_DEFAULT_STEPS 4            /* of denoising, if the model can and the caller does not say */

typedef struct model_traits {
    char name[PITH_NAME_BYTES];
    uint32_t n_latent;                  /* channels */
    uint32_t log2_downscale;            /* 3: a latent position is 8x8 pixels */
    float log2_step_q0, log2_step_q100; /* steps of quality 0 and 100 */
    uint32_t encoder_reach;             /* latent positions around its own that an output depends on */
    uint32_t decoder_reach;
    uint32_t max_whole_positions; /* larger latents are coded by recipe 1; 0: by recipe 0, whatever their size */
    bool can_denoise;
    bool can_texture;     /* model_decode_how.realism may be more than 0 */
    bool denoiser_varies; /* by more than rounding between processors, or it cannot run: no residual can build on it */
    float palette_unit;   /* of the latent: what a byte of method palette stands for */
    uint64_t memory;      /* bytes a call may use unless the caller says otherwise; 0 = no limit */
} model_traits;

const model_traits *model_traits_of(const pith_model *model);

/* The 8 bytes of the latent space's fingerprint. */
pith_status model_latent_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;
/* The same of the decoder; reads gigabytes with large models. */
pith_status model_decoder_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

/* PITH_E_MODEL_VALUES if a value of the autoencoder's decoder is not finite, so that no pixels can be made from
 * latents. The encoder checks this first, so that it makes no file that cannot be decoded. */
pith_status model_check_decoder(pith_model *model, pith_diag *diag) PITH_MUST_CHECK;

/* What a network is run on: h x w latent positions. Of these, keep_h x keep_w from (keep_y, keep_x) on are wanted; the
 * others are their context. */
typedef struct model_window {
    uint32_t h, w;
    uint32_t keep_y, keep_x, keep_h, keep_w;
} model_window;

/* A window that is wanted whole. */
static inline model_window model_whole_window(uint32_t h, uint32_t w) { return (model_window){h, w, 0, 0, h, w}; }

/* False if the format defines the samples of models of its kind, and the model's engine gives others. */
bool model_has_defined_samples(const pith_model *model);

/* What a call does with the networks. */
typedef enum model_work {
    MODEL_ENCODES,
    MODEL_DECODES,
    MODEL_DENOISES, /* and decodes */
    MODEL_TEXTURES  /* the same */
} model_work;

/* Bytes that the networks need for such windows, wherever the kept part lies. Of networks that run one after another,
 * the largest counts. */
pith_status model_network_memory(const pith_model *model, model_work work, const model_window *window,
                                 uint64_t *n_bytes, pith_diag *diag) PITH_MUST_CHECK;

/* The linear map from a latent position to a pixel of the preview: 3 x (n_latent + 1) values; for red, green and blue
 * a factor for each channel, then a constant. Pixels are about [0, 1]. */
pith_status model_preview_map(const pith_model *model, float *map, pith_diag *diag) PITH_MUST_CHECK;

/* Networks of a model, bound for windows of one size at a time; belongs to one
 * thread, keeps a reference to the model. */
typedef struct model_session model_session;

pith_status model_session_new(model_session **out, pith_model *model, pith_diag *diag) PITH_MUST_CHECK;
void model_session_free(model_session **session);
pith_model *model_session_model(const model_session *session); /* borrowed */

/* Sets the job that networks check between layers and that long calls report to. Borrowed until the next call; NULL,
 * the initial state: none. */
void model_session_work_for(model_session *s, job *job);

/* The recipe of HEAD for a latent of w x h positions. */
uint8_t model_recipe(const model_traits *traits, uint32_t w, uint32_t h);

/* Binds what the next calls on windows of the same size need. The calls do it
 * themselves if necessary; done separately, it can be timed. */
pith_status model_bind_encoder(model_session *s, const model_window *window, pith_diag *diag) PITH_MUST_CHECK;
pith_status model_bind_decoder(model_session *s, const model_window *window, pith_diag *diag) PITH_MUST_CHECK;

/* `pixels`: three planes of floats in [0, 1], downscale * h high and downscale * w wide. `latent`: n_latent planes of
 * h x w; only the kept part is valid. */
pith_status model_encode(model_session *s, const model_window *window, const float *pixels, float *latent,
                         pith_diag *diag) PITH_MUST_CHECK;

#define MODEL_PALETTE_STEPS 2

typedef struct model_decode_how {
    float step;       /* of the quantiser */
    uint32_t n_steps; /* of denoising; 0 = none */
    bool is_palette;  /* use the published timesteps; n_steps is 0 or MODEL_PALETTE_STEPS */
    float realism;    /* how much texture is added, 0..1 */
    uint32_t y, x;    /* the window's place in the picture's latent, which seeds its texture */
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

/* Frees all bound networks; calls that need one bind it again. */
void model_session_release(model_session *s);

/* Bytes that the network of model_gradient needs. */
pith_status model_search_memory(const pith_model *model, uint32_t h, uint32_t w, uint64_t *n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
