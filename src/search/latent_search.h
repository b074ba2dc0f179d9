/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Efforts 2 and 3: a search for symbols that give a better picture for the same bits. It follows gradients
 * through the decoder and the coder. */
#ifndef PITH_SEARCH_LATENT_SEARCH_H
#define PITH_SEARCH_LATENT_SEARCH_H

#include "base/job.h"
#include "search/rate_control.h"

typedef struct latent_search {
    const pith_env *env;
    job *job;
    model_session *session; /* of a model that model_can_search */
    pith_diag *diag;
    const pith_image *original; /* 8 bits, 1 or 3 channels */
    uint64_t memory;            /* bytes that the call may use */
    const rate_control *rate;
    const latent_planes *latents; /* of the whole picture, as the encoder gave them */
    int effort;                   /* 2: the short search; 3 */
    span span;
} latent_search;

/* Improves on the result of rate_choose for the same wish: changes `symbols` and, with a size, the step in `head`. With
 * a quality, the file is about as large or smaller. PITH_E_LIMIT if the memory is too small for the smallest window. */
pith_status latent_search_run(const latent_search *k, rate_wish wish, ctr_head *head, int16_t *symbols) PITH_MUST_CHECK;

#endif
