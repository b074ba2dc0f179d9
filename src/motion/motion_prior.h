/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a slice's counters and weights begin with; learnt from clips by scripts/make-motion-prior. */
#ifndef PITH_MOTION_MOTION_PRIOR_H
#define PITH_MOTION_MOTION_PRIOR_H

#include "motion/motion_model.h"

#define MOTION_PRIOR_COUNT 8 /* bits that a beginning counts as */

/* By context and the class of the magnitude that it expects: probabilities of a 1, in 1/65536. */
extern const uint16_t motion_prior[MM_N_CONTEXTS - 1][MM_N_CLASSES][MM_N_DECISIONS];
extern const int32_t motion_prior_weights[MM_N_DECISIONS][MM_N_INPUTS];

#endif
