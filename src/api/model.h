/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* An opened model: weights, what they are, and the backend that caches them. */
#ifndef PITH_API_MODEL_H
#define PITH_API_MODEL_H

#include "model/mini.h"

typedef enum model_side { MODEL_ENCODER, MODEL_DECODER } model_side;

/* Immutable after opening, but for the fingerprints, which are computed once
 * when first asked for. */
const mini_config *model_config(const pith_model *model);

/* The 8 bytes of the latent space's fingerprint. */
pith_status model_latent_id(pith_model *model, uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

/* One of the model's networks, bound for windows of one size (latent
 * positions) and kept until another size is asked for. */
typedef struct model_net {
    pith_model *model; /* borrowed */
    model_side side;
    uint32_t h, w;
    nn_plan *plan;
    nn_net *net;
} model_net;

pith_status model_net_prepare(model_net *net, pith_model *model, model_side side, uint32_t h, uint32_t w,
                              pith_diag *diag) PITH_MUST_CHECK;
void model_net_free(model_net *net);

#endif
