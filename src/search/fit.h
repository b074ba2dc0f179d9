/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Codings that the closed loop tries, and the search for the step of a residual. */
#ifndef PITH_SEARCH_FIT_H
#define PITH_SEARCH_FIT_H

#include "search/trial.h"

typedef struct attempt {
    coded_picture coded;
    bool is_scored; /* whether a score is needed */
    double step;    /* of the residual, if a search for a size chose one */
    double score;   /* of trial_score; -INFINITY: none yet */
} attempt;

void attempt_init(attempt *a, const pith_alloc *alloc);
void attempt_free(attempt *a);
void attempt_swap(attempt *a, attempt *b);
/* Including the alpha chunks, but not the other chunks that follow. */
uint64_t attempt_bytes(const trial *s, const attempt *a);

/* Corrects the colours of the latents coded last, within a few hundredths of `n_bytes`. */
pith_status correct_chroma(trial *s, attempt *a, double n_bytes) PITH_MUST_CHECK;

/* Latents without a residual, their colours corrected, within options.max_bytes, into `a`. `search`: look for the best
 * symbols. */
pith_status fit_latents(trial *s, attempt *a, bool search) PITH_MUST_CHECK;

/* The same at a quality. */
pith_status set_latents(trial *s, attempt *a, float quality, bool search) PITH_MUST_CHECK;

/* A residual of this step, for the latents decoded last. */
pith_status set_step(trial *s, double step) PITH_MUST_CHECK;

/* Finds the finest residual of at most `room` bytes for the latents decoded last, in a few trials
 * that begin with `*next`, and puts it into `a`. If scores are asked for, the best score among those
 * that fit wins instead, if it is above a->score. `*step` becomes the finest step that fits, if any
 * does, and `*next` the one to try next. */
pith_status fit_residual(trial *s, attempt *a, double room, int n_trials, double *next, double *step) PITH_MUST_CHECK;

/* Steps coarser than the finest that fits: scores do not rise with every byte. */
pith_status try_coarser(trial *s, attempt *a, double step, double room) PITH_MUST_CHECK;

/* Puts the smallest residual whose score reaches `target` into `a`, else the one with the best
 * score. The first trial has step `first`. On entry a->score is that of the latents alone. Gives
 * up as soon as it is clear that more than `room` bytes would be needed. */
pith_status reach_score(trial *s, attempt *a, double target, double room, double first, int n_trials) PITH_MUST_CHECK;

#endif
