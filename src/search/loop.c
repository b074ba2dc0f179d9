/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tries and measures several ways of coding a picture, and keeps the best. */
#include <math.h>
#include <string.h>

#include "container/ctr_write.h"
#include "search/drawn.h"
#include "search/few_colours.h"
#include "search/quality.h"

#define STEP_FIRST 28.0   /* of the residual, at the start of a search */
#define PROTECTED 128u    /* weight of a block that the user wants protected */
#define N_ROUNDS 32u      /* of correction, for a promise */
#define LEAST_EXCESS 1.1  /* room over the bytes of latents of QUALITY_RESIDUAL from which a residual is tried */
#define STEP_SHOWS 34.0   /* coarser residuals do not help a photo */
#define STEP_SMOOTH 24.0  /* for smooth blocks: brings their means to within two levels */
#define SMOOTH_SHARE 0.12 /* of the bytes of latents, the most for smooth blocks: finer latents would gain more */
#define N_TRIALS_SHARE 6
#define N_TRIALS_PHOTO 8

/* ---- into a number of bytes ------------------------------------------------------------------ */

/* Gives a share of the bytes to the latents and the rest to a residual. */
static pith_status try_share(trial *s, attempt *a, double share, int n_trials, double *step) {
    const double room = (double)s->k->options->max_bytes - (double)s->k->other_bytes;
    a->coded.residual.n_bytes = 0;
    a->score = -INFINITY;
    pith_status status = trial_set_latents(s, 0, s->k->other_bytes + (uint64_t)fmax(room * share, 1), false, &a->coded);
    if (status == PITH_E_LIMIT) { /* no latents are so small */
        diag_clear(s->k->diag);
        return PITH_OK;
    }
    if (status != PITH_OK) return status;
    status = trial_score(s, &a->score);
    if (share >= 1 || status != PITH_OK) return status;
    double next = *step;
    return fit_residual(s, a, room - (double)coded_latents_bytes(&a->coded), n_trials, &next, step);
}

/* Areas that the user wants protected get a residual. Several shares of the bytes are tried for it. */
static pith_status share_bytes(trial *s, attempt *best) {
    static const double shares[] = {1, 0.05, 0.4, 0.7};
    pith_status status = PITH_OK;
    attempt other = {.is_scored = true};
    double step = STEP_FIRST;
    attempt_init(&other, &s->k->env->alloc);
    for (int i = 0; i < 4; i++) {
        PITH_TRY(trial_report(s, "sharing out bytes", 0.2 * i));
        PITH_TRY(try_share(s, &other, shares[i], N_TRIALS_SHARE, &step));
        if (other.score > best->score) attempt_swap(best, &other);
    }
    if (best->score == -INFINITY) /* its message says how many bytes are needed */
        status = trial_code_latents(s, 0, s->k->options->max_bytes, false, &best->coded);
cleanup:
    attempt_free(&other);
    return status;
}

/* In a picture that is not drawn, only the areas that the user wants protected are corrected. */
static void weigh_blocks(trial *s) {
    const uint8_t usual = s->is_drawn ? USUAL_WEIGHT : 0;
    for (uint32_t y = 0; y < s->blocks_down; y++)
        for (uint32_t x = 0; x < s->blocks_across; x++) {
            bool is_protected = fid_weight_at(&s->importance, x * FID_CELL, y * FID_CELL) >= FID_WEIGHT_PROTECT;
            s->weights[(size_t)y * s->blocks_across + x] = is_protected ? PROTECTED : usual;
        }
}

static void weigh_all(trial *s) { memset(s->weights, USUAL_WEIGHT, (size_t)s->blocks_across * s->blocks_down); }

/* Codes finer latents and a residual into `a`, if there is more room than the latents of QUALITY_RESIDUAL take.
 * Otherwise `a` gets no residual. */
static pith_status photo_with_residual(trial *s, double room, attempt *a) {
    double step = STEP_SHOWS, next = STEP_SHOWS;
    pith_status status = PITH_OK;
    weigh_all(s);
    PITH_TRY(trial_code_latents(s, QUALITY_RESIDUAL, 0, false, &a->coded));
    if (room > LEAST_EXCESS * (double)coded_latents_bytes(&a->coded)) {
        PITH_TRY(trial_decode(s, &a->coded));
        PITH_TRY(fit_residual(s, a, room - (double)coded_latents_bytes(&a->coded), 2, &next, &step));
    }
    if (a->coded.residual.n_bytes > 0 && step <= STEP_SHOWS) {
        PITH_TRY(trial_set_latents(s, quality_beside_step(step), 0, false, &a->coded));
        a->is_scored = true;
        PITH_TRY(fit_residual(s, a, room - (double)coded_latents_bytes(&a->coded), N_TRIALS_PHOTO, &next, &step));
    } else {
        a->coded.residual.n_bytes = 0;
    }
cleanup:
    return status;
}

/* For pictures of the kind the network was made for, latents come first. If there are
 * more bytes than latents can make use of, a residual gets the rest, if that looks better. */
static pith_status photo_to_size(trial *s, attempt *best) {
    const closed_loop *k = s->k;
    pith_status status = PITH_OK;
    attempt mended = {0};
    attempt_init(&mended, &k->env->alloc);
    PITH_TRY(photo_with_residual(s, (double)k->options->max_bytes - (double)k->other_bytes, &mended));
    PITH_TRY(fit_latents(s, best, false));
    if (mended.coded.residual.n_bytes > 0) {
        PITH_TRY(trial_score(s, &best->score));
        if (mended.score > best->score) attempt_swap(best, &mended);
    }
cleanup:
    attempt_free(&mended);
    return status;
}

encode_stages encode_stages_of(const pith_encode_options *options, const pith_model *model) {
    if (!options) return (encode_stages){.network = {0, 0.8}, .writing = {0.8, 1}};
    if (options->effort <= 1 || !model_can_search(model))
        return (encode_stages){.network = {0, 0.8}, .writing = {0.8, 0.8}, .loop = {0.8, 1}};
    return (encode_stages){.network = {0, 0.04},
                           .writing = {0.04, 0.04},
                           .loop = {0.04, 0.1},
                           .search = {0.1, 0.9},
                           .after_search = {0.9, 1}};
}

static bool searches(const trial *s) { return s->k->stages.search.to > 0; }

/* Only without a residual, which would have to be fitted again. */
static pith_status search_symbols(trial *s, attempt *best) {
    if (!searches(s) || best->coded.residual.n_bytes > 0 || best->coded.exact.n_bytes > 0) return PITH_OK;
    return fit_latents(s, best, true);
}

static pith_status to_size(trial *s, attempt *best) {
    pith_status status;
    if (s->k->options->n_protect > 0) {
        weigh_blocks(s);
        status = share_bytes(s, best);
    } else if (s->is_drawn) {
        weigh_all(s);
        status = drawn_to_size(s, best);
    } else {
        status = photo_to_size(s, best);
    }
    return status == PITH_OK ? search_symbols(s, best) : status;
}

/* ---- to a quality, and faithfully ------------------------------------------------------------- */

static pith_status mend_smooth(trial *s, double latents_bytes) {
    static const double steps[] = {STEP_SMOOTH, STEP_SHOWS};
    const bool is_promise = s->k->options->faithful != PITH_LEVEL_NONE; /* which may need them anyway */
    bool any;
    pith_status status = trial_weigh_smooth(s, &any);
    for (int i = 0; status == PITH_OK && any && i < 2; i++) {
        status = trial_set_residual(s, steps[i], 0);
        if (is_promise || (double)s->residual.n_bytes <= SMOOTH_SHARE * latents_bytes) return status;
    }
    s->residual.n_bytes = 0;
    return status;
}

/* The corrections for the quality, before those for a level. `step`: of a residual for all blocks; 0: none. */
static pith_status mend_at_quality(trial *s, double step, double latents_bytes) {
    if (step <= 0) return mend_smooth(s, latents_bytes);
    weigh_all(s);
    return trial_set_residual(s, step, 0);
}

static pith_status to_quality(trial *s, attempt *a) {
    pith_status status = PITH_OK;
    const fid_level level = (fid_level)s->k->options->faithful;
    const float quality = s->k->options->quality, most = fid_level_bound(level);
    float worst = 0, latents = quality;
    const bool unasked = s->k->options->effort > 0;
    double step = unasked && quality >= QUALITY_RESIDUAL ? quality_residual_step(quality, &latents) : 0;
    PITH_TRY(trial_set_latents(s, latents, 0, searches(s), &a->coded));
    if (unasked && step <= 0) PITH_TRY(correct_chroma(s, a, (double)coded_latents_bytes(&a->coded)));
    if (unasked) PITH_TRY(mend_at_quality(s, step, (double)coded_latents_bytes(&a->coded)));
    if (level) {
        PITH_TRY(trial_mend(s, most, N_ROUNDS, &worst));
        if (worst > most) {
            status = diag_set(s->k->diag, PITH_E_LIMIT, "the bound of the level cannot be kept on this picture");
            goto cleanup;
        }
        float error = 0;
        for (uint32_t i = 0; i < s->n_tiles; i++) error = fmaxf(error, s->tiles[i].error);
        /* The promise holds for one decoder, which the recipe of a residual names. */
        if (s->residual.n_bytes == 0) trial_set_empty_residual(s);
        if (s->residual.status != PITH_OK)
            status = diag_set(s->k->diag, s->residual.status, "out of memory for the residual");
        a->coded.bound = (ctr_bound){(uint8_t)level, (uint32_t)lroundf(most * 65536), (uint32_t)lroundf(error * 65536)};
    }
    bw_swap(&a->coded.residual, &s->residual);
cleanup:
    return status;
}

/* To look as good as a photo of this quality. */
static pith_status drawn_to_look(trial *s, attempt *best) {
    weigh_all(s);
    return drawn_to_quality(s, best);
}

/* ---- the whole -------------------------------------------------------------------------------- */

/* Stores the picture exactly if that takes no more bytes. */
static pith_status prefer_exact(trial *s, attempt *best) {
    bool fits;
    if (best->coded.exact.n_bytes > 0 && best->score >= 100) return PITH_OK;
    return exact_if_it_fits(s, attempt_bytes(s, best), best, &fits);
}

/* Without a promise. */
static pith_status run_free(trial *s, attempt *best) {
    const pith_encode_options *o = s->k->options;
    const uint64_t max_bytes = o->max_bytes > 0 ? exact_room(s) : UINT64_MAX;
    const bool is_deep = s->k->original->full.format.bit_depth == 16;
    bool done = false;
    pith_status status = PITH_OK;
    if (o->max_bytes > 0)
        PITH_TRY(is_deep ? levels_to_size(s, max_bytes, best, &done) : exact_if_it_fits(s, max_bytes, best, &done));
    else if (is_deep && o->quality >= QUALITY_DEEP)
        PITH_TRY(levels_of_step(s, quality_deep_step(o->quality), UINT64_MAX, best, &done));
    if (done) return PITH_OK;
    if (o->max_bytes > 0) return to_size(s, best);
    if (s->is_drawn && o->n_protect == 0)
        PITH_TRY(drawn_to_look(s, best));
    else
        PITH_TRY(to_quality(s, best));
    status = prefer_exact(s, best);
cleanup:
    return status;
}

/* A file without error keeps any promise. It is taken if it is smaller, or if nothing else keeps the promise. */
static pith_status run_faithful(trial *s, attempt *best) {
    const float most = fid_level_bound((fid_level)s->k->options->faithful);
    bool fits = false;
    pith_status status = to_quality(s, best);
    if (status != PITH_OK && status != PITH_E_LIMIT) return status;
    pith_status alternative = exact_if_it_fits(s, status == PITH_OK ? attempt_bytes(s, best) : UINT64_MAX, best, &fits);
    if (alternative != PITH_OK || !fits) return status == PITH_OK ? alternative : status;
    diag_clear(s->k->diag);
    best->coded.bound = (ctr_bound){(uint8_t)s->k->options->faithful, (uint32_t)lroundf(most * 65536), 0};
    return PITH_OK;
}

/* Measures what became of the text. Method exact does not alter letters, and true colours do not change lightness. */
static pith_status measure_text(trial *s, const attempt *a) {
    pith_status status = PITH_OK;
    pith_image decoded = s->k->original->image;
    if (!s->k->text || s->searched) return PITH_OK;
    if (a->coded.exact.n_bytes == 0) {
        PITH_TRY(trial_decode_again(s, &a->coded));
        if (a->coded.residual.n_bytes > 0) PITH_TRY(set_step(s, a->step));
        decoded.pixels = s->result;
    }
    fid_lines_measure(s->k->text, &s->k->original->image, &decoded);
cleanup:
    return status;
}

pith_status closed_loop_run(const closed_loop *k, coded_picture *best) {
    pith_status status = PITH_OK;
    trial s = {.k = k};
    attempt a = {0};
    attempt_init(&a, &k->env->alloc);
    PITH_TRY(trial_init(&s, k));
    PITH_TRY(k->options->faithful ? run_faithful(&s, &a) : run_free(&s, &a));
    PITH_TRY(measure_text(&s, &a));
    coded_swap(best, &a.coded);
cleanup:
    attempt_free(&a);
    trial_free(&s);
    return status;
}
