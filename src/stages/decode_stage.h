/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents -> rows of pixels: the network tile by tile, true colours, alpha, residual; or a preview, without a network.
 * The decoder uses it, and the encoder to see what it has coded. */
#ifndef PITH_STAGES_DECODE_STAGE_H
#define PITH_STAGES_DECODE_STAGE_H

#include "base/env.h"
#include "base/job.h"
#include "container/ctr_read.h"
#include "stages/latents.h"
#include "stages/region.h"
#include "stages/true_colours.h"

/* All borrowed. */
typedef struct decode_stage {
    const pith_env *env;
    job *job;
    model_session *session;
    pith_diag *diag;
    const ctr_head *head;
    const ctr_file *file;         /* with the alpha, if the header says so, and the residual; NULL: neither */
    const latent_planes *latents; /* cover region.latents */
    const true_colours *colours;
    const pith_sink *sink;
    uint64_t memory;  /* bytes that the call may use; UINT64_MAX: no limit */
    pith_area area;   /* as in pith_decode_options */
    bool preview;     /* the next four fields are then ignored */
    uint32_t n_steps; /* of denoising */
    float realism;
    bool residual;       /* is to be added; .. */
    bool is_incomplete;  /* .. but slices are lost, so that it would not fit: rows pass unchanged */
    const char *words;   /* text for the progress reports .. */
    span span;           /* .. and the progress before and after */
    pith_timing *timing; /* NULL: not wanted */
    /* set by decode_stage_plan: */
    region region;     /* what the network makes: everything under the residual slices that meet what is wanted */
    pixel_rect wanted; /* what the sink gets */
} decode_stage;

/* Chooses the tiles for the memory there is. PITH_E_LIMIT if even the smallest need too much, PITH_E_ARG if the area is
 * not inside the picture. */
pith_status decode_stage_plan(decode_stage *d) PITH_MUST_CHECK;

pith_status decode_stage_run(const decode_stage *d) PITH_MUST_CHECK;

#endif
