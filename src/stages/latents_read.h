/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file's slices -> latents. */
#ifndef PITH_STAGES_LATENTS_READ_H
#define PITH_STAGES_LATENTS_READ_H

#include "base/env.h"
#include "base/job.h"
#include "container/ctr_read.h"
#include "stages/latents.h"

typedef struct latents_reading {
    const pith_env *env;
    job *job;
    const ctr_file *file; /* of method latent */
    bool *lost;           /* a slice that is damaged is noted there and leaves zeros; NULL: it is a fault */
    const bool *missing;  /* slices that are known not to be there; NULL = none */
    uint64_t memory;      /* bytes that the call may take */
    uint32_t n_channels;  /* decoded; the others stay 0 */
    span span;
} latents_reading;

/* Fills the planes, which hold whole slices. Nothing is in them before every slice is proven. */
pith_status latents_read(const latents_reading *r, latent_planes *latents, pith_diag *diag) PITH_MUST_CHECK;

#endif
