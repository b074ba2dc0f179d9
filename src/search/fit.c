/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Chooses a residual: the finest that fits into a number of bytes, or the smallest
 * that reaches a score. */
#include "search/fit.h"

#include <math.h>

#include "base/exact_math.h"
#include "search/size_search.h"

#define FINE_DELTA 4u     /* how much finer the steps of protected blocks are */
#define CHROMA_PART 0.033 /* of the bytes of the latents: for the correction of their colours .. */
#define SPARE_PART 0.006  /* .. of which no more than this is left unused */
#define COARSEST (RES_N_STEPS - 1.0)
#define FINEST_PART 0.25  /* of an index: a search ends at this distance */
#define NEAR_ENOUGH 0.975 /* of the bytes available */
#define AIM 0.985
#define LOG_BYTES_PER_STEP 0.115 /* each index takes about an eighth off the bytes */
#define SCORE_PER_STEP 2.2       /* and this much off the score */
#define FARTHEST 8.0             /* indices from one that was tried */
#define OVERSHOOT 0.5            /* of a score: too little to go on searching */

void attempt_init(attempt *a, const pith_alloc *alloc) {
    coded_init(&a->coded, alloc);
    a->score = -INFINITY;
}

void attempt_free(attempt *a) { coded_free(&a->coded); }

void attempt_swap(attempt *a, attempt *b) {
    attempt t = *a;
    *a = *b;
    *b = t;
}

uint64_t attempt_bytes(const trial *s, const attempt *a) {
    return coded_bytes(&a->coded) + (a->coded.exact.n_bytes > 0 ? 0 : s->k->alpha_bytes);
}

pith_status correct_chroma(trial *s, attempt *a, double n_bytes) {
    pith_status status = trial_correct_chroma(s, (size_t)(CHROMA_PART * n_bytes));
    a->coded.chroma.n_bytes = 0;
    bw_swap(&a->coded.chroma, &s->chroma);
    return status;
}

pith_status set_latents(trial *s, attempt *a, float quality, bool search) {
    pith_status status = trial_set_latents(s, quality, 0, search, &a->coded);
    return status == PITH_OK ? correct_chroma(s, a, (double)coded_latents_bytes(&a->coded)) : status;
}

pith_status fit_latents(trial *s, attempt *a, bool search) {
    const double max_bytes = (double)s->k->options->max_bytes;
    double reserved = a->coded.chroma.n_bytes > 0 ? (double)a->coded.chroma.n_bytes : CHROMA_PART * max_bytes;
    pith_status status = PITH_OK;
    for (int round = 0; round < 2; round++) {
        status = trial_set_latents(s, 0, (uint64_t)(max_bytes - reserved), search, &a->coded);
        if (status == PITH_E_LIMIT && reserved > 0) { /* perhaps they fit without a correction of colours */
            diag_clear(s->k->diag);
            reserved = 0;
            continue;
        }
        if (status == PITH_OK) status = correct_chroma(s, a, reserved / CHROMA_PART);
        if (status != PITH_OK || search || reserved - (double)a->coded.chroma.n_bytes < SPARE_PART * max_bytes) break;
        reserved = (double)a->coded.chroma.n_bytes;
    }
    return status;
}

pith_status set_step(trial *s, double step) {
    return trial_set_residual(s, step, s->k->options->n_protect > 0 ? FINE_DELTA : 0);
}

/* Tries a residual of this step. It is kept if it fits and, where scores are asked for, beats the best so far. */
static pith_status try_step(trial *s, attempt *a, double step, double room, double *n_bytes) {
    double score = 0;
    pith_status status = set_step(s, step);
    *n_bytes = (double)s->residual.n_bytes;
    if (status != PITH_OK || *n_bytes > room) return status;
    if (a->is_scored) {
        status = trial_score(s, &score);
        if (status != PITH_OK || !(score > a->score)) return status;
        a->score = score;
    }
    bw_swap(&a->coded.residual, &s->residual);
    a->step = step;
    return PITH_OK;
}

static double log_bytes(double n_bytes) { return em_log(n_bytes + 20); }

/* Keeps a guess strictly between the two ends and, if only one was tried, not too far from it. */
static double between(double guess, const size_end *fine, const size_end *coarse) {
    if (!coarse->known) guess = fmin(guess, fine->index + FARTHEST);
    if (!fine->known) guess = fmax(guess, coarse->index - FARTHEST);
    guess = FINEST_PART * ceil(guess / FINEST_PART);
    return fmax(fmin(guess, coarse->index - FINEST_PART), fmax(fine->index + FINEST_PART, 0));
}

pith_status fit_residual(trial *s, attempt *a, double room, int n_trials, double *next, double *step) {
    pith_status status = PITH_OK;
    size_end fine = {.index = -1}, coarse = {.index = COARSEST + FINEST_PART}; /* fine: too many bytes; coarse: fits */
    double n_bytes;
    bool fits = false, halve = false;
    a->coded.residual.n_bytes = 0;
    for (int i = 0; i < n_trials && coarse.index - fine.index > FINEST_PART; i++) {
        PITH_TRY(try_step(s, a, *next, room, &n_bytes));
        halve = fine.known && coarse.known && fits == (n_bytes <= room); /* the same end moves again */
        fits = n_bytes <= room;
        *(fits ? &coarse : &fine) = (size_end){*next, log_bytes(n_bytes), true};
        if (fits) *step = *next;
        if (fits && n_bytes >= NEAR_ENOUGH * room) break;
        if (coarse.index - fine.index > FINEST_PART)
            *next = between(size_search_next(&fine, &coarse, log_bytes(AIM * room), -LOG_BYTES_PER_STEP, halve), &fine,
                            &coarse);
    }
cleanup:
    return status;
}

pith_status try_coarser(trial *s, attempt *a, double step, double room) {
    static const double coarser[] = {1, 2, 4};
    pith_status status = PITH_OK;
    double n_bytes;
    for (int i = 0; i < 3 && status == PITH_OK && step + coarser[i] <= COARSEST; i++)
        status = try_step(s, a, step + coarser[i], room, &n_bytes);
    return status;
}

pith_status reach_score(trial *s, attempt *a, double target, double room, double first, int n_trials) {
    pith_status status = PITH_OK;
    size_end fine = {.index = -1},
             coarse = {.index = COARSEST + FINEST_PART}; /* fine: reaches it; log_bytes are scores here */
    double next = first, score;
    bool reaches = false, halve = false;
    for (int i = 0; i < n_trials && coarse.index - fine.index > FINEST_PART; i++) {
        PITH_TRY(set_step(s, next));
        PITH_TRY(trial_score(s, &score));
        halve = fine.known && coarse.known && reaches == (score >= target);
        reaches = score >= target;
        *(reaches ? &fine : &coarse) = (size_end){next, score, true};
        const bool is_smaller = a->coded.residual.n_bytes == 0 || s->residual.n_bytes < a->coded.residual.n_bytes;
        const double n_bytes = (double)s->residual.n_bytes;
        if (n_bytes <= room && (reaches ? a->score < target || is_smaller : score > a->score)) {
            bw_swap(&a->coded.residual, &s->residual);
            a->score = score;
        }
        if (reaches && score < target + OVERSHOOT) break;
        if (!reaches && (double)s->residual.n_bytes > room) break; /* finer ones take even more */
        if (coarse.index - fine.index > FINEST_PART)
            next = between(size_search_next(&fine, &coarse, target + OVERSHOOT / 2, -SCORE_PER_STEP, halve), &fine,
                           &coarse);
    }
cleanup:
    return status;
}
