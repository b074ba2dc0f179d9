/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The samples of a slice as they are decoded, in integers: how each is predicted from those before and after it, and
 * how its numbers are coded; doc/motion-format.md, "Order of samples" and "Prediction". Encoder and decoder alike. */
#ifndef PITH_MOTION_POSE_SLICE_H
#define PITH_MOTION_POSE_SLICE_H

#include "motion/motion_clip.h"
#include "motion/motion_model.h"

#define PS_LARGEST ((int64_t)1 << 40) /* of lengths and scalars */

/* A value of a channel. */
typedef union ps_value {
    quat rotation;
    int64_t lengths[3];
} ps_value;

/* A run of samples: the first and the last are poses between slices, or all are. */
typedef struct pose_slice {
    const mc_clip *clip;         /* borrowed */
    uint32_t n_samples, present; /* places, and how many of them the clip has */
    ps_value *values;            /* by channel, then by place */
    int32_t (*numbers)[3];       /* what was coded for them */
} pose_slice;

pith_status ps_new(pose_slice *s, const mc_clip *clip, uint32_t n_samples, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
void ps_free(pose_slice *s, const pith_alloc *alloc);

static inline ps_value *ps_at(const pose_slice *s, uint32_t channel, uint32_t place) {
    return &s->values[(size_t)channel * s->n_samples + place];
}

/* A sample and those it is predicted from; MC_NONE: there is none. */
typedef struct ps_place {
    uint32_t at, level;
    uint32_t before, after;             /* the nearest */
    uint32_t outer_before, outer_after; /* those behind them */
    uint32_t last;                      /* the sample before in the same level */
} ps_place;

/* The place at an odd multiple of `distance`, a power of two, in a slice. */
ps_place ps_place_within(const pose_slice *s, uint32_t at, uint32_t distance);
/* The place of a pose between slices, in a run of these. */
ps_place ps_place_key(uint32_t at);

/* What a channel's value would be if all numbers were 0, and what they count from. */
typedef struct ps_prediction {
    quat base;          /* of a rotation */
    int64_t offsets[3]; /* lengths; of a rotation, a turn from `base` in the bone's frame */
} ps_prediction;

ps_prediction ps_predict(const pose_slice *s, uint32_t channel, const ps_place *p);
ps_value ps_value_of(const mc_channel *channel, const ps_prediction *prediction, const int32_t numbers[3],
                     uint32_t escape);
/* How far a rotation is from its prediction, in the bone's frame and in units of a turn. */
void ps_distance(const mc_channel *channel, const ps_prediction *prediction, quat rotation, double distance[3]);

mm_view ps_view(const pose_slice *s, uint32_t channel, const ps_place *p, uint32_t part, const int32_t numbers[3],
                uint32_t pose);
/* Codes a channel's numbers at a place, and keeps them; `pose` grows by their magnitudes. Of a rotation also `*escape`.
 */
void ps_code(pose_slice *s, motion_model *m, uint32_t channel, const ps_place *p, int32_t numbers[3], uint32_t *escape,
             uint32_t *pose);

/* Calls `each` for every sample of a slice inside its ends, in coding order; ends early if that does not return
 * PITH_OK. */
pith_status ps_each(const pose_slice *s, pith_status (*each)(void *user, const ps_place *place), void *user)
    PITH_MUST_CHECK;

#endif
