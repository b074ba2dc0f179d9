/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/pose_world.h"

#include <math.h>
#include <string.h>

local local_rest(const pith_motion_joint *joint) {
    local l;
    memcpy(l.rotation, joint->rotation, sizeof l.rotation);
    memcpy(l.translation, joint->translation, sizeof l.translation);
    memcpy(l.scale, joint->scale, sizeof l.scale);
    return l;
}

static void normalise(double q[4]) {
    double n = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (n > 0)
        for (int i = 0; i < 4; i++) q[i] /= n;
    else
        q[3] = 1;
}

static void read_vector(double *out, const float *values, unsigned n, uint64_t sample, double part, int stepped) {
    const float *a = values + sample * n;
    for (unsigned i = 0; i < n; i++) out[i] = part > 0 && !stepped ? a[i] + part * ((double)a[n + i] - a[i]) : a[i];
}

/* Spherical interpolation, the short way: halves of halves, so that no sine is needed. */
static void read_rotation(double q[4], const float *values, uint64_t sample, double part, int stepped) {
    double from[4], to[4], dot = 0;
    read_vector(from, values, 4, sample, 0, 1);
    normalise(from);
    memcpy(q, from, sizeof from);
    if (!(part > 0) || stepped) return;
    read_vector(to, values, 4, sample + 1, 0, 1);
    normalise(to);
    for (int i = 0; i < 4; i++) dot += from[i] * to[i];
    for (int i = 0; i < 4 && dot < 0; i++) to[i] = -to[i];
    for (int digit = 0; digit < 24; digit++) {
        for (int i = 0; i < 4; i++) q[i] = from[i] + to[i];
        normalise(q);
        part *= 2;
        if (part == 1) return;
        memcpy(part > 1 ? from : to, q, sizeof from);
        part -= part > 1 ? 1 : 0;
    }
}

local local_at(const pith_motion_joint *joint, const pith_motion_track *track, uint64_t sample, double part) {
    local l = local_rest(joint);
    normalise(l.rotation);
    if (track->rotations)
        read_rotation(l.rotation, track->rotations, sample, part, track->stepped & PITH_MOTION_STEP_ROTATIONS);
    if (track->translations)
        read_vector(l.translation, track->translations, 3, sample, part,
                    track->stepped & PITH_MOTION_STEP_TRANSLATIONS);
    if (track->scales) read_vector(l.scale, track->scales, 3, sample, part, track->stepped & PITH_MOTION_STEP_SCALES);
    return l;
}

double point_distance(const double a[3], const double b[3]) {
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) + (a[2] - b[2]) * (a[2] - b[2]));
}

void matrix_of_quat(double m[9], const double q[4]) {
    const double x = q[0], y = q[1], z = q[2], w = q[3];
    const double r[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - w * z),     2 * (x * z + w * y),
                         2 * (x * y + w * z),     1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
                         2 * (x * z - w * y),     2 * (y * z + w * x),     1 - 2 * (x * x + y * y)};
    memcpy(m, r, sizeof r);
}

void matrix_multiply(double out[9], const double a[9], const double b[9]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
}

void matrix_turn(double out[3], const double m[9], const double v[3]) {
    for (int i = 0; i < 3; i++) out[i] = m[3 * i] * v[0] + m[3 * i + 1] * v[1] + m[3 * i + 2] * v[2];
}

void matrix_turn_back(double out[3], const double m[9], const double v[3]) {
    for (int i = 0; i < 3; i++) out[i] = m[i] * v[0] + m[3 + i] * v[1] + m[6 + i] * v[2];
}

/* Shepperd's method: divides by the largest component. */
void quat_of_matrix(double q[4], const double m[9]) {
    const double squares[4] = {1 + m[0] - m[4] - m[8], 1 - m[0] + m[4] - m[8], 1 - m[0] - m[4] + m[8],
                               1 + m[0] + m[4] + m[8]};
    const double sums[3] = {m[7] + m[5], m[2] + m[6], m[3] + m[1]},
                 differences[3] = {m[7] - m[5], m[2] - m[6], m[3] - m[1]};
    int k = 3;
    for (int i = 0; i < 3; i++)
        if (squares[i] > squares[k]) k = i;
    double twice = sqrt(squares[k]);
    for (int i = 0; i < 3; i++) q[i] = (k == 3 ? differences[i] : i == k ? squares[k] : sums[3 - i - k]) / (2 * twice);
    q[3] = (k == 3 ? squares[3] : differences[k]) / (2 * twice);
}

world world_of(const world *parent, const local *l) {
    world w;
    matrix_of_quat(w.rotation, l->rotation);
    memcpy(w.position, l->translation, sizeof w.position);
    memcpy(w.scale, l->scale, sizeof w.scale);
    if (!parent) return w;
    double own[9], offset[3], scaled[3];
    memcpy(own, w.rotation, sizeof own);
    matrix_multiply(w.rotation, parent->rotation, own);
    for (int i = 0; i < 3; i++) {
        scaled[i] = l->translation[i] * parent->scale[i];
        w.scale[i] = parent->scale[i] * l->scale[i];
    }
    matrix_turn(offset, parent->rotation, scaled);
    for (int i = 0; i < 3; i++) w.position[i] = parent->position[i] + offset[i];
    return w;
}

static const world *parent_of(const world *all, const pith_motion_joint *joint) {
    return joint->parent < 0 ? NULL : &all[joint->parent];
}

void world_pose(world *out, const pith_motion *motion, const pith_motion_clip *clip, uint64_t sample, double part) {
    for (uint64_t j = 0; j < motion->n_joints; j++) {
        local l = local_at(&motion->joints[j], &clip->tracks[j], sample, part);
        out[j] = world_of(parent_of(out, &motion->joints[j]), &l);
    }
}

void world_rest(world *out, const pith_motion *motion) {
    for (uint64_t j = 0; j < motion->n_joints; j++) {
        local l = local_rest(&motion->joints[j]);
        normalise(l.rotation);
        out[j] = world_of(parent_of(out, &motion->joints[j]), &l);
    }
}

double world_error(const world *a, const world *b, const world *rest, double shell) {
    double largest = 0;
    for (int k = 0; k < 3; k++) {
        double unit = rest->scale[k] != 0 ? shell / rest->scale[k] : shell, square = 0;
        for (int i = 0; i < 3; i++) {
            double d = a->position[i] - b->position[i] +
                       unit * (a->rotation[3 * i + k] * a->scale[k] - b->rotation[3 * i + k] * b->scale[k]);
            square += d * d;
        }
        if (square > largest) largest = square;
    }
    return sqrt(largest);
}
