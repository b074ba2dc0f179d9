/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents -> coded slices, as often as the search wants to try a quality or a size. */
#ifndef PITH_SEARCH_LATENTS_CODER_H
#define PITH_SEARCH_LATENTS_CODER_H

#include "base/job.h"
#include "search/rate_control.h"
#include "stages/coded_picture.h"

/* All borrowed except the last two, which are allocated on first use. */
typedef struct latents_coder {
    const pith_env *env;
    job *job;
    model_session *session;
    pith_diag *diag;
    const ctr_head *head;
    const latent_planes *latents;
    const pith_image *original; /* for a search of the symbols; NULL: none */
    const ctr_tint *tint;       /* of the file; NULL: none */
    uint64_t memory;            /* bytes that the call may use */
    int effort;
    span coding, search; /* of the whole call's progress */
    int16_t *symbols;    /* coded last, one for each value of the latents */
    slice_pool *pool;
} latents_coder;

void latents_coder_free(latents_coder *c);

/* Codes the latents into `out`, replacing what it held. `search`: look for the best symbols, which takes long. */
pith_status latents_code(latents_coder *c, rate_wish wish, bool search, coded_picture *out) PITH_MUST_CHECK;

#endif
