/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Codings that the closed loop tries, and the search for a residual's step. */
#ifndef PITH_SEARCH_FIT_H
#define PITH_SEARCH_FIT_H

#include "search/trial.h"

typedef struct attempt {
    coded_picture coded;
    bool is_scored; /* whether a score is asked for */
    double step;    /* of the residual, if there is one and a search for a size chose it */
    double score;   /* closed_score's; -INFINITY: none yet */
} attempt;

void attempt_init(attempt *a, const pith_alloc *alloc);
void attempt_free(attempt *a);
void attempt_swap(attempt *a, attempt *b);
/* With the opacity, without what else follows. */
uint64_t attempt_bytes(const loop_state *s, const attempt *a);

/* Colours of the latents that were set last, in a few hundredths of `n_bytes`. */
pith_status mend_chroma(loop_state *s, attempt *a, double n_bytes) PITH_MUST_CHECK;

/* Latents alone, and their colours mended, of at most options.max_bytes, into `a`; `search`: for the best symbols. */
pith_status fit_latents(loop_state *s, attempt *a, bool search) PITH_MUST_CHECK;

/* Latents alone of a quality, and their colours mended. */
pith_status set_latents(loop_state *s, attempt *a, float quality, bool search) PITH_MUST_CHECK;

/* A residual of a step beside the latents that state has. */
pith_status set_step(loop_state *s, double step) PITH_MUST_CHECK;

/* The finest residual of `room` bytes beside the latents that state has, in few trials, the first
 * of them `*next`, into a->residual; of those that fit the one with the best score, where scores
 * are asked for, if it is above a->score. `*step` becomes the finest that fits, if any does, and
 * `*next` what would be tried next. */
pith_status fit_residual(loop_state *s, attempt *a, double room, int n_trials, double *next, double *step)
    PITH_MUST_CHECK;

/* Steps coarser than the finest that fits: scores do not rise with every byte. */
pith_status try_coarser(loop_state *s, attempt *a, double step, double room) PITH_MUST_CHECK;

/* The smallest residual whose score is at least `target`, or else that of the best score, into
 * a->residual; the first trial is of step `first`. a->score is that of the latents alone before.
 * Ends without one as soon as it is known that it would take more than `room` bytes. */
pith_status reach_score(loop_state *s, attempt *a, double target, double room, double first, int n_trials)
    PITH_MUST_CHECK;

#endif
