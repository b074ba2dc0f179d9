/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Effort 3: a search for the symbols from which the decoder makes the better picture at equal bits, by gradients
 * through the decoder and through an estimate of the bits. */
#ifndef PITH_API_LATENT_SEARCH_H
#define PITH_API_LATENT_SEARCH_H

#include "api/rate_control.h"

typedef struct latent_search {
    const pith_env *env;
    model_session *session; /* of a model that model_can_search */
    pith_diag *diag;
    const pith_image *original; /* 8 bits, 1 or 3 channels */
    uint64_t memory;            /* bytes that the call may take */
    const rate_control *rate;
    const latent_planes *latents; /* of the whole picture, as the encoder gave them */
    const ctr_head *head;         /* the step among other things */
} latent_search;

/* Changes `symbols`, which are the rounded latents. With `max_bytes` > 0 their file, with `other_bytes` beside
 * its head and slices, keeps to so many if it did before; else it is about as large as before.
 * PITH_E_LIMIT where the memory is too small for the smallest window. */
pith_status latent_search_run(const latent_search *k, uint64_t max_bytes, uint64_t other_bytes, int16_t *symbols)
    PITH_MUST_CHECK;

#endif
