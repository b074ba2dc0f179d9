/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text, drawings, flat graphics: what the network makes of them is seldom worth
 * a residual's bytes, so either it codes them alone or a residual does over
 * latents of hardly any bytes. (Mixtures of both were on no picture's best curve
 * by more than a point.) */
#include "api/closed_drawn.h"

#include <math.h>

#include "api/quality.h"

#define QUALITY_NOTHING (-110.0f) /* of latents that say hardly anything */
#define STEP_FIRST 28.0           /* of the residual, where a search begins */
#define N_TRIALS 7
#define N_TRIALS_LATENTS 5
#define QUALITY_FINEST 80.0f /* of latents alone */
#define SCORE_PER_QUALITY 1.0f

/* ---- to a size -------------------------------------------------------------------------------- */

pith_status drawn_to_size(loop_state *s, attempt *best) {
    const double room = (double)s->k->options->max_bytes - (double)s->k->other_bytes;
    pith_status status = PITH_OK;
    double next = STEP_FIRST, step = -1;
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    PITH_TRY(state_report(s, "sharing out bytes", 0.1));
    PITH_TRY(state_set_latents(s, QUALITY_NOTHING, 0, false, &other.latents));
    if (room > (double)other.latents.n_bytes)
        PITH_TRY(fit_residual(s, &other, room - (double)other.latents.n_bytes, N_TRIALS, &next, &step));
    if (step >= 0) PITH_TRY(try_coarser(s, &other, step, room - (double)other.latents.n_bytes));
    attempt_swap(best, &other);

    PITH_TRY(state_report(s, "sharing out bytes", 0.7));
    other.residual.n_bytes = 0;
    status = state_set_latents(s, 0, s->k->options->max_bytes, false, &other.latents);
    if (status == PITH_E_LIMIT && best->score > -INFINITY) { /* says how many bytes are the least, unless they fit */
        diag_clear(s->k->diag);
        status = PITH_OK;
        goto cleanup;
    }
    if (status != PITH_OK) goto cleanup;
    PITH_TRY(closed_score(s, &other.score));
    if (other.score > best->score) attempt_swap(best, &other);
cleanup:
    attempt_free(&other);
    return status;
}

/* ---- to a quality ----------------------------------------------------------------------------- */

/* Where a residual that reaches a score was found, more or less. */
static double usual_step(double score) { return fmin(fmax(24 + (85 - score) / 3.5, 6), 44); }

/* The coarsest latents that reach the score, as long as they have fewer bytes than `best`. */
static pith_status reach_by_latents(loop_state *s, attempt *best, double target, float quality) {
    pith_status status = PITH_OK;
    float low = 0, high = QUALITY_FINEST, next = fminf(quality, high);
    attempt other = {.is_scored = true};
    attempt_init(&other, &s->k->env->alloc);
    for (int i = 0; i < N_TRIALS_LATENTS && high - low > 1; i++) {
        PITH_TRY(state_set_latents(s, next, 0, false, &other.latents));
        if (attempt_bytes(&other) >= attempt_bytes(best) && best->score >= target) {
            high = next; /* too many bytes, whatever it looks like */
        } else {
            PITH_TRY(closed_score(s, &other.score));
            const bool reaches = other.score >= target;
            *(reaches ? &high : &low) = next;
            const double missing = target - other.score;
            if (reaches || (best->score < target && other.score > best->score)) attempt_swap(best, &other);
            next += (float)missing / SCORE_PER_QUALITY + 0.5f;
            if (next > low && next < high) continue;
        }
        next = 0.5f * (low + high);
    }
cleanup:
    attempt_free(&other);
    return status;
}

pith_status drawn_to_quality(loop_state *s, attempt *best) {
    const float quality = s->k->options->quality;
    const double target = quality_score(quality);
    pith_status status = PITH_OK;
    PITH_TRY(state_report(s, "mending", 0.1));
    PITH_TRY(state_set_latents(s, QUALITY_NOTHING, 0, false, &best->latents));
    PITH_TRY(closed_score(s, &best->score));
    PITH_TRY(reach_score(s, best, target, usual_step(target), N_TRIALS));
    PITH_TRY(state_report(s, "mending", 0.7));
    PITH_TRY(reach_by_latents(s, best, target, quality));
cleanup:
    return status;
}
