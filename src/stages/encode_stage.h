/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Rows of pixels -> latents, by running the network tile by tile. Alpha goes into its chunks. */
#ifndef PITH_STAGES_ENCODE_STAGE_H
#define PITH_STAGES_ENCODE_STAGE_H

#include "base/env.h"
#include "base/job.h"
#include "networks/model.h"
#include "picture/tiles.h"
#include "stages/alpha.h"
#include "stages/latents.h"

/* All borrowed. */
typedef struct encode_stage {
    const pith_env *env;
    job *job;
    model_session *session;
    pith_diag *diag;
    const pith_source *source;
    const tile_grid *grid;
    span span;           /* of the progress */
    pith_timing *timing; /* bind_seconds and network_seconds are set */
} encode_stage;

/* Fills the latents of the whole picture, and passes all rows to `alpha`. */
pith_status encode_stage_run(const encode_stage *e, latent_planes *latents, alpha_writer *alpha) PITH_MUST_CHECK;

#endif
