/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The coder of a slice's numbers: each becomes binary decisions, whose probabilities come from what was coded around
 * it. One function serves both directions; doc/motion-format.md, "Numbers". */
#ifndef PITH_MOTION_MOTION_MODEL_H
#define PITH_MOTION_MOTION_MODEL_H

#include "base/mem.h"
#include "entropy/mixer.h"
#include "entropy/range_coder.h"

#define MM_N_LEVELS 9u /* 0: every second sample, up to 7; 8: the poses between slices */
#define MM_LEVEL_KEY 8u
#define MM_N_PARTS 6u      /* of a joint: three of its rotation, three of its translation or scale */
#define MM_N_CLASSES 24u   /* of magnitudes */
#define MM_N_DECISIONS 13u /* is it 0? is it above 1, 3, 7 ...? */
#define MM_N_CONTEXTS 6u
#define MM_N_INPUTS (MM_N_CONTEXTS + 1u)
#define MM_N_SIGNS 27u
#define MM_MAX_NUMBER ((1 << 24) - 1)
#define MM_MAX_ESCAPE 14u

/* What is known about a number before it is coded. Magnitudes are those of neighbours, coded before. */
typedef struct mm_view {
    uint32_t track; /* of the number: joint x MM_N_PARTS + part, or what stands for it */
    uint32_t level, part;
    uint32_t before, after; /* magnitudes of the same number at the two samples it is predicted from */
    uint32_t last;          /* at the sample before in the same level */
    uint32_t beside;        /* twice the magnitudes of the joint's numbers already coded at this sample, and those of
                               its parent */
    uint32_t pose;          /* of all numbers already coded at this sample */
    uint32_t sign;          /* 0..26: signs at before, after and last */
} mm_view;

typedef struct motion_model motion_model;

/* For n_tracks kinds of numbers. */
pith_status mm_new(motion_model **out, const pith_alloc *alloc, uint32_t n_tracks, pith_diag *diag) PITH_MUST_CHECK;
void mm_free(motion_model **m, const pith_alloc *alloc);

/* Begins a slice: forgets what was learnt. Numbers are written to `encoder`, or read from `decoder`; exactly one of
 * them is not NULL. */
void mm_begin(motion_model *m, rc_encoder *encoder, rc_decoder *decoder);

/* Codes a number within +-MM_MAX_NUMBER, and returns it. */
int32_t mm_number(motion_model *m, const mm_view *view, int32_t value);
/* How often the step is halved, 0 to MM_MAX_ESCAPE. */
uint32_t mm_escape(motion_model *m, uint32_t level, uint32_t value);

/* For the tool that makes priors: called for every decision of a number, with the class that each shared context had;
 * and what the weights have become. */
typedef void mm_observer(void *user, const uint32_t classes[MM_N_CONTEXTS - 1], uint32_t decision, unsigned bit);
void mm_observe(motion_model *m, mm_observer *observe, void *user);
void mm_add_weights(const motion_model *m, double sums[MM_N_DECISIONS][MM_N_INPUTS], double uses[MM_N_DECISIONS]);

/* Bits that mm_number would write, about. */
double mm_cost(const motion_model *m, const mm_view *view, int32_t value);

/* Class of a magnitude, 0..MM_N_CLASSES - 1: 0 to 3 themselves, then two for each power of two. */
uint32_t mm_class(uint32_t magnitude);

#endif
