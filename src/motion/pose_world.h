/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where a skeleton's joints are: transforms are multiplied down the hierarchy as in ACL (rotation, translation and
 * scale apart, so that no shear appears). In doubles: the encoder and the metric use it, no decoder does. */
#ifndef PITH_MOTION_POSE_WORLD_H
#define PITH_MOTION_POSE_WORLD_H

#include <pith/motion.h>

/* A joint in the space of the clip. */
typedef struct world {
    double rotation[9]; /* matrix, row by row */
    double position[3];
    double scale[3];
} world;

/* A joint's own transform. */
typedef struct local {
    double rotation[4], translation[3], scale[3];
} local;

local local_rest(const pith_motion_joint *joint);
/* At a sample, or between it and the next: 0 <= part < 1. Rotations are normalised. */
local local_at(const pith_motion_joint *joint, const pith_motion_track *track, uint64_t sample, double part);

/* `parent` may be NULL. */
world world_of(const world *parent, const local *l);
/* The joints of a clip at a sample, or between two. */
void world_pose(world *out, const pith_motion *motion, const pith_motion_clip *clip, uint64_t sample, double part);
void world_rest(world *out, const pith_motion *motion);

double point_distance(const double a[3], const double b[3]);
void matrix_of_quat(double m[9], const double q[4]);
void matrix_multiply(double out[9], const double a[9], const double b[9]);
void matrix_turn(double out[3], const double m[9], const double v[3]);
void matrix_turn_back(double out[3], const double m[9], const double v[3]); /* by the transposed matrix */
void quat_of_matrix(double q[4], const double m[9]);

/* The largest distance between the three points at `shell` along the joint's axes, as ACL's error metric. A scale that
 * moves takes the points with it; `rest` has the scale that counts as 1. */
double world_error(const world *a, const world *b, const world *rest, double shell);

#endif
