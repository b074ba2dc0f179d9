/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A made-up figure that moves: a trunk, two arms of three joints, a tail that is rigid, a scale, a weight. */
#ifndef PITH_TESTS_MOTION_CASE_H
#define PITH_TESTS_MOTION_CASE_H

#include <pith/motion.h>

#define MOTION_CASE_JOINTS 9u

typedef struct motion_case {
    pith_motion motion;
    pith_motion_clip clip;
    pith_motion_joint joints[MOTION_CASE_JOINTS];
    pith_motion_track tracks[MOTION_CASE_JOINTS];
    pith_motion_scalar scalar;
    float *values; /* of all tracks */
} motion_case;

/* n samples at 30 a second. `wild`: with jumps, half turns and noise. Everything is the same for the same arguments. */
void motion_case_make(motion_case *c, uint64_t n, int wild);
void motion_case_free(motion_case *c);

#endif
