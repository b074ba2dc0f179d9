/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's loop: each joint is coded against its parent as the decoder will have it, turned so that what hangs on
 * it comes nearest to its place, with the cheapest numbers that keep every point within its limit. */
#ifndef PITH_MOTION_POSE_SEARCH_H
#define PITH_MOTION_POSE_SEARCH_H

#include "motion/motion_plan.h"
#include "motion/pose_slice.h"

typedef struct pose_search {
    const motion_plan *plan; /* borrowed */
    double target;           /* part of the limits to keep to: a little below 1 */
    motion_model *model;     /* borrowed */
    world *wanted, *got;     /* by joint: as it was, and as it is decoded */
    double (*points)[3];     /* scratch: of the joint being coded */
} pose_search;

pith_status search_new(pose_search *s, const motion_plan *plan, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
void search_free(pose_search *s, const pith_alloc *alloc);

/* Chooses and codes all channels of the clip's `sample` at a place of the slice. */
void search_pose(pose_search *s, pose_slice *slice, const ps_place *place, uint64_t sample);

#endif
