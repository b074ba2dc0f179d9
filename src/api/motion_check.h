/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Whether a caller's motion and options are as <pith/motion.h> describes them. */
#ifndef PITH_API_MOTION_CHECK_H
#define PITH_API_MOTION_CHECK_H

#include <pith/motion.h>

/* PITH_E_ARG or PITH_E_LIMIT, saying what is wrong and where. */
pith_status motion_check(const pith_motion *motion, pith_diag *why) PITH_MUST_CHECK;

/* Copies the caller's options (NULL: the defaults), checked. */
pith_status motion_take_options(pith_motion_options *own, const pith_motion_options *callers, pith_diag *why)
    PITH_MUST_CHECK;

#endif
