/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A clip's samples out of its coded parts: any range, each slice by itself, slices shared by threads. */
#ifndef PITH_MOTION_MOTION_SAMPLES_H
#define PITH_MOTION_MOTION_SAMPLES_H

#include "base/stream.h"
#include "motion/motion_clip.h"

/* The coded bytes of a clip, borrowed. */
typedef struct motion_parts {
    const mc_clip *clip;
    const pith_motion_joint *joints;
    const pith_bytes *groups; /* poses between slices; ms_n_groups(clip) of them */
    const pith_bytes *slices; /* mc_n_slices(clip) of them */
} motion_parts;

uint64_t ms_n_groups(const mc_clip *clip);

/* Samples first .. first + n - 1, n at least 1. The clip is one block, freed by mem_free. */
pith_status ms_decode(pith_motion_clip **out, const motion_parts *parts, uint64_t first, uint64_t n, int threads,
                      const pith_alloc *alloc, pith_diag *diag) PITH_MUST_CHECK;

#endif
