/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text, drawings and flat graphics are coded in fewer colours, or by the network alone,
 * or by a residual on top of latents of hardly any bytes. (In tests, mixtures of latents
 * and residual gained no more than a point or two on any picture: what the network makes
 * of such pictures is seldom worth correcting with a residual.) */
#include "search/drawn.h"

#include <math.h>

#include "search/few_colours.h"
#include "search/quality.h"

#define QUALITY_NOTHING (-110.0f) /* of latents that hold hardly anything */
#define STEP_FIRST 28.0           /* of the residual, at the start of a search */
#define N_TRIALS 6
#define N_TRIALS_LATENTS 5
#define NEAR 10.0            /* points below the best way: still worth a few more trials */
#define HIT 1.0              /* points above a target: close enough */
#define QUALITY_FINEST 80.0f /* of latents without a residual */
#define LEAST_STEP 6.0f      /* of quality, until the target is bracketed */

/* ---- to a size -------------------------------------------------------------------------------- */

/* Takes a residual over almost empty latents if it looks better. */
static pith_status residual_to_size(trial *s, attempt *best) {
    double room = (double)s->k->options->max_bytes - (double)s->k->other_bytes, next = STEP_FIRST, step = -1;
    pith_status status = PITH_OK;
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    PITH_TRY(trial_set_latents(s, QUALITY_NOTHING, 0, false, &other.coded));
    room -= (double)coded_latents_bytes(&other.coded);
    if (room > 0) PITH_TRY(fit_residual(s, &other, room, N_TRIALS, &next, &step));
    if (step >= 0 && other.score > best->score - NEAR) PITH_TRY(try_coarser(s, &other, step, room));
    if (other.score > best->score) attempt_swap(best, &other);
cleanup:
    attempt_free(&other);
    return status;
}

static pith_status latents_to_size(trial *s, attempt *best) {
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    pith_status status = fit_latents(s, &other, false);
    if (status == PITH_OK) status = trial_score(s, &other.score);
    if (status == PITH_OK && other.score > best->score) attempt_swap(best, &other);
    if (status == PITH_E_LIMIT && best->score > -INFINITY) { /* `best` fits, so the message is not needed */
        diag_clear(s->k->diag);
        status = PITH_OK;
    }
    attempt_free(&other);
    return status;
}

pith_status drawn_to_size(trial *s, attempt *best) {
    pith_status status = PITH_OK;
    PITH_TRY(trial_report(s, "sharing out bytes", 0.1));
    PITH_TRY(colours_to_size(s, exact_room(s), best));
    PITH_TRY(trial_report(s, "sharing out bytes", 0.3));
    PITH_TRY(latents_to_size(s, best));
    PITH_TRY(trial_report(s, "sharing out bytes", 0.5));
    PITH_TRY(residual_to_size(s, best));
cleanup:
    return status;
}

/* ---- to a quality ----------------------------------------------------------------------------- */

/* Roughly the step at which residuals were found to reach a score. */
static double usual_step(double score) { return fmin(fmax(24 + (85 - score) / 3.5, 6), 44); }

/* Two qualities of latents and their scores: the low one falls short; the high one reaches the target or has too many
 * bytes (its score is then unknown). */
typedef struct bracket {
    float low, high;
    double low_score, high_score; /* NAN: unknown */
} bracket;

static float next_quality(const bracket *b, double target) {
    const float width = b->high - b->low, middle = b->low + 0.5f * width;
    float next = middle;
    if (!isnan(b->low_score) && !isnan(b->high_score))
        next = b->low + width * (float)((target + HIT / 2 - b->low_score) / (b->high_score - b->low_score));
    else if (!isnan(b->low_score))
        next = b->low + fmaxf(LEAST_STEP, 1.5f * (float)(target - b->low_score));
    else if (!isnan(b->high_score))
        next = b->high - fmaxf(LEAST_STEP, 1.3f * (float)(b->high_score - target));
    return next > b->low && next < b->high ? next : middle;
}

/* Finds the coarsest latents that reach the score, as long as they have fewer bytes than `best`. */
static pith_status reach_by_latents(trial *s, attempt *best, double target, float quality) {
    pith_status status = PITH_OK;
    bracket b = {0, QUALITY_FINEST, NAN, NAN};
    float next = fminf(quality, QUALITY_FINEST - 1);
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    for (int i = 0; i < N_TRIALS_LATENTS && b.high - b.low > 1; i++) {
        PITH_TRY(set_latents(s, &other, next, false));
        if (best->score >= target && attempt_bytes(s, &other) >= attempt_bytes(s, best)) {
            b.high = next; /* too many bytes, however good it looks */
            b.high_score = NAN;
        } else {
            PITH_TRY(trial_score(s, &other.score));
            const double score = other.score;
            if (score >= target || (best->score < target && score > best->score)) attempt_swap(best, &other);
            if (score >= target && score < target + HIT) break;
            *(score >= target ? &b.high : &b.low) = next;
            *(score >= target ? &b.high_score : &b.low_score) = score;
        }
        next = next_quality(&b, target);
    }
cleanup:
    attempt_free(&other);
    return status;
}

/* Takes a residual over almost empty latents if it has fewer bytes. */
static pith_status reach_by_residual(trial *s, attempt *best, double target) {
    pith_status status = PITH_OK;
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    PITH_TRY(trial_set_latents(s, QUALITY_NOTHING, 0, false, &other.coded));
    PITH_TRY(trial_score(s, &other.score));
    const double room =
        best->score >= target ? (double)attempt_bytes(s, best) - (double)attempt_bytes(s, &other) : INFINITY;
    PITH_TRY(reach_score(s, &other, target, room, usual_step(target), N_TRIALS));
    const bool reaches = other.score >= target, is_smaller = attempt_bytes(s, &other) < attempt_bytes(s, best);
    if (reaches ? best->score < target || is_smaller : other.score > best->score) attempt_swap(best, &other);
cleanup:
    attempt_free(&other);
    return status;
}

pith_status drawn_to_quality(trial *s, attempt *best) {
    const float quality = s->k->options->quality;
    const double target = quality_score(quality);
    pith_status status = PITH_OK;
    PITH_TRY(trial_report(s, "mending", 0.1));
    PITH_TRY(colours_to_score(s, target, best));
    PITH_TRY(trial_report(s, "mending", 0.3));
    PITH_TRY(reach_by_latents(s, best, target, quality));
    PITH_TRY(trial_report(s, "mending", 0.6));
    PITH_TRY(reach_by_residual(s, best, target));
cleanup:
    return status;
}
