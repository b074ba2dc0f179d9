/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Efforts 2 and 3: a search for the symbols from which the decoder makes the better picture at equal bits, by
 * gradients through the decoder and by what the coder says of the bits. */
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
    uint64_t memory;            /* bytes that the call may take */
    const rate_control *rate;
    const latent_planes *latents; /* of the whole picture, as the encoder gave them */
    int effort;                   /* 2: the short search; 3 */
    span span;
} latent_search;

/* Changes what rate_choose made of the same wish: `symbols`, and with a size the step in `head`. With a quality the
 * file is about as large or smaller. PITH_E_LIMIT where the memory is too small for the smallest window. */
pith_status latent_search_run(const latent_search *k, rate_wish wish, ctr_head *head, int16_t *symbols) PITH_MUST_CHECK;

#endif
