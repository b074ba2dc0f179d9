/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The page of `pith motion compare --html`: both skeletons, moving, and the error of each joint over time, in one file
 * that needs nothing else. */
#ifndef PITH_TOOLS_MOTION_MOTION_HTML_H
#define PITH_TOOLS_MOTION_MOTION_HTML_H

#include <stdio.h>

#include "motion/motion_load.h"

/* A clip of A beside the same of B. `options` has the bound. */
typedef struct motion_shown {
    const motion_loaded *a, *b;
    const char *name_a, *name_b;
} motion_shown;

void motion_html_begin(FILE *out, const motion_shown *shown);
/* `errors`: n_samples x n_joints, in cm. */
pith_status motion_html_clip(FILE *out, const motion_shown *shown, uint64_t clip, const pith_motion_options *options,
                             const pith_motion_comparison *figures, const float *errors, pith_diag *why)
    PITH_MUST_CHECK;
void motion_html_end(FILE *out);

/* motion_page.html, in which {{data}} is where the clips are put. */
extern const char motion_page_text[];

#endif
