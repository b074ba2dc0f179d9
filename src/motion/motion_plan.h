/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Before a clip is coded: what moves in it, what must stay within which limit, and which steps that allows. */
#ifndef PITH_MOTION_MOTION_PLAN_H
#define PITH_MOTION_MOTION_PLAN_H

#include "motion/motion_clip.h"
#include "motion/pose_world.h"

/* A point that turns with a joint, and how far from its place it may be. */
typedef struct plan_point {
    uint32_t joint; /* whose origin, or a point of whose shell, it is */
    uint32_t from;  /* the joint whose origin it turns about: the turned one, or one whose translation is coded after */
    int axis;       /* 0..2: of the shell; -1: the origin */
    double limit;
} plan_point;

/* How the encoder spends the bound. */
typedef struct plan_tuning {
    double step;        /* of rotations: how far a step moves the farthest point, in its limit */
    double twist;       /* the same about the bone, in `step` */
    double translation; /* step in the bound */
    double room; /* of the bound that an origin may take, so that its joint has the rest; more down the skeleton */
    double error_bits; /* what an error as large as the bound costs at the finest level */
    uint8_t outer;     /* mc_clip.outer */
    bool few_choices;  /* faster: fewer numbers are tried */
} plan_tuning;

typedef struct motion_plan {
    const pith_motion *motion;    /* borrowed */
    const pith_motion_clip *clip; /* borrowed */
    plan_tuning tuning;
    double *errors, *shells; /* by joint, in the clip's unit */
    plan_point *points;      /* those of joint j from first_point[j] to first_point[j + 1] */
    uint32_t *first_point;
    world *rest;
} motion_plan;

/* `error`, `shell`: for joints that have none of their own; in cm. Fills in `coded` but for its worst error. */
pith_status plan_clip(motion_plan *plan, mc_clip *coded, const pith_motion *motion, const pith_motion_clip *clip,
                      double error, double shell, const plan_tuning *tuning, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Where a point is in a pose, from the origin it turns about. */
void plan_point_place(double out[3], const motion_plan *plan, const world *pose, const plan_point *point);
void plan_free(motion_plan *plan, const pith_alloc *alloc);

#endif
