/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number in -1..1 for a place, the same on every machine. */
static double noise(uint64_t a, uint64_t b) {
    uint64_t x = a * 0x9e3779b97f4a7c15u ^ (b + 1) * 0xbf58476d1ce4e5b9u;
    x ^= x >> 29;
    x *= 0x94d049bb133111ebu;
    x ^= x >> 32;
    return (double)(x >> 11) / 4503599627370496.0 - 1;
}

static void rotate(float q[4], double x, double y, double z) {
    double angle = sqrt(x * x + y * y + z * z), s = angle > 0 ? sin(angle / 2) / angle : 0;
    q[0] = (float)(x * s);
    q[1] = (float)(y * s);
    q[2] = (float)(z * s);
    q[3] = (float)cos(angle / 2);
}

static void fill(const motion_case *c, uint64_t t, int wild, float *rotations[], float *translation, float *scale,
                 float *weight) {
    double s = (double)t / 30;
    for (uint64_t j = 0; j < MOTION_CASE_JOINTS; j++) {
        if (!rotations[j]) continue;
        double k = 1 + 0.3 * (double)j, turn = wild && j % 3 == 0 && t % 17 == 5 ? 3 : 0, rough = wild ? 0.05 : 0;
        rotate(rotations[j] + 4 * t, sin(2 * s * k) + turn + rough * noise(t, 3 * j),
               0.5 * cos(3 * s + k) + rough * noise(t, 3 * j + 1), 0.3 * sin(s * k) + rough * noise(t, 3 * j + 2));
    }
    translation[3 * t] = (float)(100 * s);
    translation[3 * t + 1] = (float)(90 + 3 * sin(6 * s) + (wild && t % 20 == 3 ? 50 : 0));
    translation[3 * t + 2] = (float)(10 * cos(s));
    scale[3 * t] = scale[3 * t + 1] = scale[3 * t + 2] = (float)(1 + 0.2 * sin(4 * s));
    *(weight + t) = (float)(0.5 + 0.5 * sin(5 * s));
    (void)c;
}

void motion_case_make(motion_case *c, uint64_t n, int wild) {
    static const int32_t parents[MOTION_CASE_JOINTS] = {-1, 0, 1, 2, 3, 1, 5, 6, 0};
    static const double offsets[MOTION_CASE_JOINTS][3] = {{0, 0, 0},      {0, 12.5, 0},  {10, 30, 0},
                                                          {28.25, 0, 0},  {25, 0, 1.5},  {-10, 30, 0},
                                                          {-28.25, 0, 0}, {-25, 0, 1.5}, {0, -4, -20}};
    static const char *const names[MOTION_CASE_JOINTS] = {
        "Hips", "Spine", "LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand", "Tail"};
    float *rotations[MOTION_CASE_JOINTS] = {NULL}, *next;
    memset(c, 0, sizeof *c);
    next = c->values = calloc(n * (8 * 4 + 3 + 3 + 1), sizeof *next);
    for (unsigned j = 0; j < MOTION_CASE_JOINTS; j++) {
        c->joints[j] =
            (pith_motion_joint){.parent = parents[j], .name = names[j], .rotation = {0, 0, 0, 1}, .scale = {1, 1, 1}};
        memcpy(c->joints[j].translation, offsets[j], sizeof offsets[j]);
        if (j == 8) continue; /* the tail is rigid */
        c->tracks[j].rotations = rotations[j] = next;
        next += 4 * n;
    }
    float *translation = next, *scale = next + 3 * n, *weight = next + 6 * n;
    c->tracks[0].translations = translation;
    c->tracks[4].scales = scale;
    c->scalar = (pith_motion_scalar){.name = "smile", .values = weight, .error = 0.01};
    for (uint64_t t = 0; t < n; t++) fill(c, t, wild, rotations, translation, scale, weight);
    c->clip = (pith_motion_clip){.name = "made up",
                                 .n_samples = n,
                                 .frame_seconds = 1.0 / 30,
                                 .tracks = c->tracks,
                                 .scalars = &c->scalar,
                                 .n_scalars = 1};
    c->motion = (pith_motion){.struct_size = sizeof c->motion,
                              .joints = c->joints,
                              .n_joints = MOTION_CASE_JOINTS,
                              .clips = &c->clip,
                              .n_clips = 1,
                              .unit_cm = 1};
}

void motion_case_free(motion_case *c) { free(c->values); }
