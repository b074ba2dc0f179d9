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
    bool *lost;           /* a damaged slice is noted here and becomes zeros; NULL: it is an error */
    const bool *missing;  /* slices known to be missing; NULL = none */
    uint64_t memory;      /* bytes that the call may use */
    uint32_t n_channels;  /* this many channels are decoded; the others stay 0 */
    span span;
} latents_reading;

/* Fills the planes, which hold whole slices, after every slice has been checked. */
pith_status latents_read(const latents_reading *r, latent_planes *latents, pith_diag *diag) PITH_MUST_CHECK;

#endif
