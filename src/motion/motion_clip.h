/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A clip as it is coded: what moves, in which steps, and how it is cut into slices; doc/motion-format.md, "CLIP". */
#ifndef PITH_MOTION_MOTION_CLIP_H
#define PITH_MOTION_MOTION_CLIP_H

#include <stdbool.h>

#include <pith/motion.h>

#include "motion/quaternion.h"

#define MC_NONE UINT32_MAX
#define MC_N_STEPS 224u        /* steps are 2^(index / 8), rounded, in the channel's unit */
#define MC_SCALE_ONE (1 << 20) /* units in a scale of 1 */
#define MC_MAX_LOG2_SLICE 12u
#define MC_MAX_SHIFT 40
#define MC_N_OUTER 9u /* a weight for each level */

typedef enum mc_kind { MC_ROTATION = 0, MC_TRANSLATION = 1, MC_SCALE = 2, MC_SCALAR = 3 } mc_kind;

/* How a joint's rotation, translation or scale behaves in a clip. */
typedef enum mc_motion {
    MC_REST = 0, /* there is no track */
    MC_CONSTANT = 1,
    MC_MOVES = 2,
    MC_GIVEN = 3 /* there is a track, which stays at rest */
} mc_motion;

typedef struct mc_joint {
    mc_motion motion[3];  /* by mc_kind */
    bool stepped[3];      /* holds until the next sample */
    float constant[3][4]; /* where the motion is MC_CONSTANT */
    uint8_t step[4];      /* indices: rotation along the bone and across it, translation, scale */
    int8_t shift;  /* a translation's unit is the clip's, halved this often: what hangs on a scale of 100 is finer */
    uint32_t bone; /* which of the joint's children, counted from 1, the bone points to; 0: no bone */
} mc_joint;

typedef struct mc_scalar {
    char *name;
    bool stepped;
    double unit; /* what a step of 1 is */
} mc_scalar;

/* One thing that moves, in coding order: for each joint translation, scale, rotation; then the scalars. */
typedef struct mc_channel {
    mc_kind kind;
    uint32_t joint;   /* or scalar */
    uint32_t n_parts; /* numbers a sample: 3; 1 of a scalar */
    uint32_t track;   /* of its first number, for motion_model */
    uint32_t above;   /* rotation channel of the nearest ancestor that has one, or MC_NONE */
    int32_t step[3];
    double unit;      /* of its numbers: a length, a scale, a scalar; of a rotation 0 */
    turn_frame frame; /* of a rotation */
} mc_channel;

typedef struct mc_clip {
    char *name;
    uint64_t n_samples;
    double frame_seconds;
    float *times;               /* NULL: even */
    double bound, shell, worst; /* cm: promised, where it is measured, and what was measured */
    double finest;              /* cm: the smallest bound of a joint */
    uint32_t log2_slice;        /* samples in a slice */
    uint8_t outer[MC_N_OUTER];  /* weights of the outer neighbours, in 1/256 */
    mc_joint *joints;
    mc_scalar *scalars;
    uint32_t n_joints, n_scalars;
    /* derived */
    double length_unit; /* of the caller's lengths, that one unit of the integers is */
    mc_channel *channels;
    uint32_t n_channels, n_tracks;
} mc_clip;

int32_t mc_step(uint8_t index);

/* Fills in what is derived. `unit_cm`: of the caller's lengths. */
pith_status mc_derive(mc_clip *clip, const pith_motion_joint *joints, double unit_cm, const pith_alloc *alloc,
                      pith_diag *diag) PITH_MUST_CHECK;
double mc_length_unit(double finest, double unit_cm);
void mc_free(mc_clip *clip, const pith_alloc *alloc);

static inline uint32_t mc_slice(const mc_clip *c) { return (uint32_t)1 << c->log2_slice; }
static inline uint64_t mc_n_slices(const mc_clip *c) { return (c->n_samples - 1 + mc_slice(c) - 1) >> c->log2_slice; }
static inline uint64_t mc_n_keys(const mc_clip *c) { return ((c->n_samples - 1) >> c->log2_slice) + 1; }

#endif
