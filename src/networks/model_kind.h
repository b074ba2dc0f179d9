/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The kinds of models. Each knows what its files look like and runs its own
 * networks. Only for the files in this folder. */
#ifndef PITH_NETWORKS_MODEL_KIND_H
#define PITH_NETWORKS_MODEL_KIND_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/env.h"
#include "base/job.h"
#include "model/mini.h"
#include "model/schedule.h"
#include "model/sd_config.h"
#include "networks/model.h"

/* Describes a network for h x w latent positions. */
typedef pith_status make_plan_fn(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag);

/* One network, bound for windows of one size and kept until another is asked for. */
typedef struct bound_net {
    make_plan_fn *make;
    uint32_t h, w;
    nn_plan *plan;
    nn_net *net;
    /* Kept when another size is bound. */
    const watch *watch;
    nn_arena *arena; /* shared with others; NULL: its own */
} bound_net;

typedef struct model_kind {
    const char *name;   /* pith_model_contents.kind */
    const char *engine; /* nn_backend_new's name, unless the caller says; NULL: the best built in */
    /* NULL-terminated prefixes of the tensors that fingerprints cover. */
    const char *const *latent_prefixes;
    const char *const *decoder_prefixes;
    const char *const *pixel_prefixes; /* those of the autoencoder's decoder */
    bool (*recognise)(const tensor_table *weights);
    /* Reads the configuration into m->config and m->traits and checks every tensor. */
    pith_status (*read)(pith_model *m, pith_diag *diag);
    pith_status (*bind_encoder)(model_session *s, const model_window *window, pith_diag *diag);
    pith_status (*bind_decoder)(model_session *s, const model_window *window, pith_diag *diag);
    pith_status (*encode)(model_session *s, const model_window *window, const float *pixels, float *latent,
                          pith_diag *diag);
    pith_status (*decode)(model_session *s, const model_window *window, const float *latent,
                          const model_decode_how *how, float *pixels, pith_diag *diag);
    pith_status (*memory)(const pith_model *m, model_work work, const model_window *window, uint64_t *n_bytes,
                          pith_diag *diag);                                       /* see model_network_memory */
    pith_status (*preview_map)(const pith_model *m, float *map, pith_diag *diag); /* see model_preview_map */
    /* Both NULL if the kind has no gradient; then model_can_search is false. */
    pith_status (*gradient)(model_session *s, uint32_t h, uint32_t w, const float *latent, float step,
                            const nn_caller *distortion, float *gradient, pith_diag *diag);
    pith_status (*search_memory)(const pith_model *m, uint32_t h, uint32_t w, uint64_t *n_bytes, pith_diag *diag);
} model_kind;

extern const model_kind model_kind_mini, model_kind_sd1;

/* Metadata of converted files (doc/weights.md); fingerprints are in hex. The latent space is that
 * of the source. The encoder of an int8 file only approximates it, and has a fingerprint of its own. */
#define MODEL_SD1_FORMAT "pith-sd1"
#define MODEL_TAESD_FORMAT "pith-taesd"
#define MODEL_LATENT_ID_KEY "latent_id"
#define MODEL_ENCODER_ID_KEY "encoder_id"
#define MODEL_DECODER_ID_KEY "decoder_id"

/* The fingerprint of the latent space: computed from the encoder, or stated by int8 weights. */
pith_status model_latent_id_of(const tensor_table *weights, const char *const *prefixes,
                               uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

/* Checks that a file of Pith's own has the version that such weights should have. */
pith_status model_check_version(const tensor_table *weights, pith_diag *diag) PITH_MUST_CHECK;

void model_id_text(char text[2 * PITH_FINGERPRINT_BYTES + 1], const uint8_t id[PITH_FINGERPRINT_BYTES]);
bool model_is_converted(const tensor_table *weights);

typedef struct sd1_config {
    vae_config vae;     /* when not is_tiny */
    taesd_config taesd; /* when is_tiny: TAESD instead of the autoencoder */
    bool is_tiny;       /* set by pith_model_with_vae only */
    unet_config unet;   /* when traits.can_denoise */
} sd1_config;

struct pith_model {
    atomic_uint n_refs;
    pith_env env;
    pith_model *base; /* `weights` shares its tensors if the autoencoder is from another file; or NULL */
    tensor_table *weights;
    const model_kind *kind;
    model_traits traits;
    union {
        mini_config mini;
        sd1_config sd1;
    } config;
    nn_backend *backend;
    pthread_mutex_t lock; /* guards what follows; each is computed once, when first needed */
    bool has_latent_id, has_decoder_id, has_finite_pixels;
    uint8_t latent_id[PITH_FINGERPRINT_BYTES], decoder_id[PITH_FINGERPRINT_BYTES];
    float *context; /* of the empty prompt */
};

/* The one that keeps the U-Net's tensors: the model, or its base. */
pith_model *model_own_networks(pith_model *m);
/* Releases the mapped pages of all tensors for now. */
void model_drop_pages(const pith_model *m);
uint64_t model_file_bytes(const pith_model *m);

struct model_session {
    pith_model *model;
    bound_net encoder, decoder, denoiser;
    bound_net gradient; /* of a search */
    /* Used instead of `decoder` if less than a window is kept, and with `texture`. */
    bound_net decoder_parts[MINI_DECODER_PARTS];
    bound_net texture;
    nn_arena *arena;  /* of the last two */
    job *job;         /* model_session_work_for */
    double from, end; /* model_session_begin */
    watch watch;      /* of all networks, on the job */
};

/* Progress of a long call on the session, 0..1, from the last report before
 * model_session_begin until `end`. */
void model_session_begin(model_session *s, double end);
pith_status model_session_advance(model_session *s, double done, pith_diag *diag) PITH_MUST_CHECK;

/* Makes a plan's net ready for h x w: describes it (`make` with the model's
 * configuration), binds it, and frees the net of another size. */
pith_status bound_net_prepare(bound_net *net, pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;
void bound_net_free(bound_net *net);

/* Bytes that a net of the plan for h x w positions takes; of them `*arena_bytes` (may be NULL) in its arena. */
pith_status kind_plan_memory(const pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w, uint64_t *n_bytes,
                             uint64_t *arena_bytes, pith_diag *diag) PITH_MUST_CHECK;

/* Checks that every tensor that the plan for h x w positions needs is there, in the right shape. */
pith_status kind_check_plan(pith_model *m, make_plan_fn *make, uint32_t h, uint32_t w, pith_diag *diag) PITH_MUST_CHECK;

#endif
