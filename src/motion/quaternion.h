/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Rotations in integers, the same on every machine; doc/motion-format.md, "Rotations". */
#ifndef PITH_MOTION_QUATERNION_H
#define PITH_MOTION_QUATERNION_H

#include <stdint.h>

#define QUAT_ONE (1 << 30)
#define TURN_MAX (1 << 28) /* half a turn about one axis */

/* A unit quaternion, in 1/2^30. */
typedef struct quat {
    int32_t x, y, z, w;
} quat;

/* A small rotation: four times the modified Rodrigues parameters, axis x 4 tan(angle / 4), in 1/2^26. Close to axis x
 * angle in radians, and rational in both directions. */
typedef struct turn {
    int32_t v[3];
} turn;

/* Rotation by a matrix, row by row, in 1/2^30. */
typedef struct turn_frame {
    int32_t m[9];
} turn_frame;

extern const quat quat_identity;

quat quat_multiply(quat a, quat b);
quat quat_conjugate(quat q);
/* Half way from a to b, the short way. */
quat quat_middle(quat a, quat b);

/* Components outside +-TURN_MAX count as +-TURN_MAX. */
quat quat_of_turn(turn t);
turn turn_of_quat(quat q);

/* The frame whose first axis is `axis` (any length but 0; else the identity): its matrix takes from that frame to the
 * joint's own. */
turn_frame turn_frame_of_axis(const double axis[3]);
turn turn_from_frame(const turn_frame *frame, turn t);
turn turn_to_frame(const turn_frame *frame, turn t);

#endif
