/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A clip to its coded parts, which are decoded again to see that every sample keeps its bound. */
#ifndef PITH_MOTION_CLIP_ENCODER_H
#define PITH_MOTION_CLIP_ENCODER_H

#include "base/job.h"
#include "motion/motion_clip.h"

typedef struct coded_clip {
    mc_clip clip;
    pith_bytes *groups, *slices; /* owned */
    uint64_t n_groups, n_slices;
    size_t n_bytes; /* of all parts */
} coded_clip;

/* error, shell: cm, for joints without their own. `effort` 0 to 3: how many ways of spending the bound are tried.
 * `part`: of the job that this is. PITH_E_LIMIT if the bound cannot be kept. On failure nothing is left to free. */
pith_status clip_encode(coded_clip *out, const pith_motion *motion, const pith_motion_clip *clip, double error,
                        double shell, int effort, const pith_env *env, job *job, span part, pith_diag *diag)
    PITH_MUST_CHECK;
void coded_clip_free(coded_clip *clip, const pith_alloc *alloc);

#endif
