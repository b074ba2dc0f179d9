/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ways of coding a picture are tried and measured, and the best is kept. */
#include <math.h>
#include <string.h>

#include "api/closed_state.h"
#include "api/quality.h"
#include "api/size_search.h"
#include "container/ctr_write.h"

#define STEP_FIRST 28.0   /* of the residual, where a search begins */
#define FINEST_PART 0.25  /* of an index, by which it ends */
#define PROTECTED 128u    /* weight of a block that the user wants protected .. */
#define FINE_DELTA 4u     /* .. and how much finer its steps are */
#define NEAR_ENOUGH 0.975 /* of the bytes there are */
#define AIM 0.985
#define LOG_BYTES_PER_STEP 0.115 /* bytes go down by about an eighth with each index */
#define N_ROUNDS 32u             /* of mending, for a promise */
#define N_ROUNDS_UNASKED 2u
#define MEND_Q0 1.0f        /* error of tiles that are mended at quality 0 .. */
#define MEND_RESIDUAL 0.45f /* .. and at QUALITY_RESIDUAL */
#define LEAST_EXCESS 1.1    /* of room over what latents of QUALITY_RESIDUAL take, to try a residual */
#define FARTHEST 8.0        /* steps from one that was tried */
#define STEP_SHOWS 34.0     /* coarser residuals do a photo no good */
#define STEP_SMOOTH 24.0    /* for blocks that are smooth: their means to two levels */
#define N_TRIALS_PHOTO 8
#define UNDONE_ENOUGH 0.5
#define TILE_SHARE 0.3 /* of the score by which bytes are shared out */

/* A file: latents and a residual. */
typedef struct attempt {
    byte_writer latents, residual; /* a whole file; RESD chunks, none when empty */
    bool is_scored;                /* whether a score is asked for */
    double score;
} attempt;

static void swap(byte_writer *a, byte_writer *b) {
    byte_writer t = *a;
    *a = *b;
    *b = t;
}

/* ---- into a number of bytes ------------------------------------------------------------------ */

/* Likeness everywhere, less what single tiles lack, those that matter most above all. */
static pith_status score(loop_state *s, double *score) {
    pith_image image = s->k->original->image;
    double sum = 0, sum_weights = 0;
    image.pixels = s->result;
    pith_status status = state_measure(s);
    if (status == PITH_OK) status = closed_score(s, &s->k->original->image, &image, score);
    if (status != PITH_OK) return status;
    for (uint32_t i = 0; i < s->n_tiles; i++) {
        double weight = (double)fid_weight_at(&s->importance, s->tiles[i].x, s->tiles[i].y);
        sum += weight * (double)fminf(s->tiles[i].error, 1);
        sum_weights += weight;
    }
    *score -= TILE_SHARE * sum / sum_weights;
    return PITH_OK;
}

/* A residual of a step, kept if it fits. */
static pith_status try_step(loop_state *s, attempt *a, double step, double room, double *n_bytes) {
    pith_status status = state_set_residual(s, step, s->k->options->n_protect > 0 ? FINE_DELTA : 0);
    *n_bytes = (double)s->residual.n_bytes;
    if (status != PITH_OK || *n_bytes > room) return status;
    swap(&a->residual, &s->residual);
    return a->is_scored ? score(s, &a->score) : PITH_OK;
}

static double log_bytes(double n_bytes) { return log(n_bytes + 20); }

/* The next step to try, strictly between two; not too far from the only one that was tried. */
static double next_step(const size_end *fine, const size_end *coarse, double room, bool halve) {
    double guess = size_search_next(fine, coarse, log_bytes(AIM * room), -LOG_BYTES_PER_STEP, halve);
    if (!coarse->known) guess = fmin(guess, fine->index + FARTHEST);
    if (!fine->known) guess = fmax(guess, coarse->index - FARTHEST);
    guess = FINEST_PART * ceil(guess / FINEST_PART);
    return fmax(fmin(fmin(guess, coarse->index - FINEST_PART), RES_N_STEPS - 1), fmax(fine->index + FINEST_PART, 0));
}

/* The finest residual that fits beside the latents, in few trials, the first
 * of them `*next`, into a->residual; `*step` becomes what was found, if any was,
 * and `*next` what would be tried next. */
static pith_status fit_residual(loop_state *s, attempt *a, double room, int n_trials, double *next, double *step) {
    pith_status status = PITH_OK;
    size_end fine = {.index = -1}, coarse = {.index = RES_N_STEPS}; /* fine: too many bytes; coarse: fits */
    double n_bytes;
    bool fits = false, halve = false;
    a->residual.n_bytes = 0;
    for (int i = 0; i < n_trials && coarse.index - fine.index > FINEST_PART; i++) {
        PITH_TRY(try_step(s, a, *next, room, &n_bytes));
        halve = fine.known && coarse.known && fits == (n_bytes <= room); /* the same end again */
        fits = n_bytes <= room;
        *(fits ? &coarse : &fine) = (size_end){*next, log_bytes(n_bytes), true};
        if (fits) *step = *next;
        if (fits && n_bytes >= NEAR_ENOUGH * room) break;
        if (coarse.index - fine.index > FINEST_PART) *next = next_step(&fine, &coarse, room, halve);
    }
cleanup:
    return status;
}

/* A share of the bytes for the latents, the rest for a residual. */
static pith_status try_share(loop_state *s, attempt *a, double share, int n_trials, double *step) {
    const double room = (double)s->k->options->max_bytes - (double)s->k->other_bytes;
    a->residual.n_bytes = 0;
    a->score = -INFINITY;
    pith_status status =
        state_set_latents(s, 0, s->k->other_bytes + (uint64_t)fmax(room * share, 1), false, &a->latents);
    if (status == PITH_E_LIMIT) { /* latents cannot be so small */
        diag_clear(s->k->diag);
        return PITH_OK;
    }
    if (status != PITH_OK) return status;
    status = score(s, &a->score);
    if (share >= 1 || status != PITH_OK) return status;
    double next = *step;
    return fit_residual(s, a, room - (double)a->latents.n_bytes, n_trials, &next, step);
}

static pith_status fit_bytes(loop_state *s, attempt *best) {
    static const double shares[] = {1, 0.05, 0.4, 0.7};
    const int effort = s->k->options->effort, n_shares = effort > 1 ? 4 : 3;
    pith_status status = PITH_OK;
    attempt other = {.is_scored = true, .score = -INFINITY};
    double step = STEP_FIRST, latents_alone = -INFINITY;
    bw_init(&other.latents, &s->k->env->alloc);
    bw_init(&other.residual, &s->k->env->alloc);
    best->score = -INFINITY;
    for (int i = 0; i < n_shares; i++) {
        PITH_TRY(state_report(s, "sharing out bytes", 0.2 * i));
        PITH_TRY(try_share(s, &other, shares[i], effort > 1 ? 8 : 4, &step));
        if (i == 0) latents_alone = other.score;
        if (!(other.score > best->score)) continue;
        swap(&best->latents, &other.latents);
        swap(&best->residual, &other.residual);
        best->score = other.score;
        /* A residual almost alone that leaves so little undone is not caught up with by more latents. */
        if (i == 1 && effort <= 1 && 1 - best->score < UNDONE_ENOUGH * (1 - latents_alone)) break;
    }
    if (best->score == -INFINITY) /* says how many bytes are the least */
        status = s->k->write_latents(s->k->user, 0, s->k->options->max_bytes, false, &best->latents);
cleanup:
    bw_free(&other.latents);
    bw_free(&other.residual);
    return status;
}

/* Where little is drawn only what the user wants protected is mended. */
static void weigh_blocks(loop_state *s) {
    const uint8_t usual = s->is_drawn ? CLOSED_WEIGHT : 0;
    for (uint32_t y = 0; y < s->blocks_down; y++)
        for (uint32_t x = 0; x < s->blocks_across; x++) {
            bool is_protected = fid_weight_at(&s->importance, x * FID_CELL, y * FID_CELL) >= FID_WEIGHT_PROTECT;
            s->weights[(size_t)y * s->blocks_across + x] = is_protected ? PROTECTED : usual;
        }
}

static void weigh_all(loop_state *s) { memset(s->weights, CLOSED_WEIGHT, (size_t)s->blocks_across * s->blocks_down); }

/* Of a picture of the network's kind the latents come first. Where there are
 * more bytes than they put to use the residual gets the rest, if it is enough
 * for steps that show. */
static pith_status photo_to_size(loop_state *s, attempt *best) {
    const closed_loop *k = s->k;
    const double room = (double)k->options->max_bytes - (double)k->other_bytes;
    double step = STEP_SHOWS, next = STEP_SHOWS;
    pith_status status = PITH_OK;
    weigh_all(s);
    PITH_TRY(k->write_latents(k->user, QUALITY_RESIDUAL, 0, false, &best->latents));
    if (room > LEAST_EXCESS * (double)best->latents.n_bytes) {
        PITH_TRY(state_see_latents(s, &best->latents));
        PITH_TRY(fit_residual(s, best, room - (double)best->latents.n_bytes, 2, &next, &step));
    }
    if (best->residual.n_bytes > 0 && step <= STEP_SHOWS) { /* finer latents beside a finer residual */
        PITH_TRY(state_set_latents(s, quality_beside_step(step), 0, false, &best->latents));
        PITH_TRY(fit_residual(s, best, room - (double)best->latents.n_bytes, N_TRIALS_PHOTO, &next, &step));
    } else {
        best->residual.n_bytes = best->latents.n_bytes = 0;
        PITH_TRY(k->write_latents(k->user, 0, k->options->max_bytes, false, &best->latents));
    }
cleanup:
    return status;
}

encode_stages closed_loop_stages(const pith_encode_options *options, const pith_model *model) {
    if (!options) return (encode_stages){.network = {0, 0.8}, .writing = {0.8, 1}};
    if (options->effort <= 1 || !model_can_search(model))
        return (encode_stages){.network = {0, 0.8}, .writing = {0.8, 0.8}, .loop = {0.8, 1}};
    return (encode_stages){.network = {0, 0.04},
                           .writing = {0.04, 0.04},
                           .loop = {0.04, 0.1},
                           .search = {0.1, 0.9},
                           .after_search = {0.9, 1}};
}

static bool searches(const loop_state *s) { return s->k->stages.search.to > 0; }

/* Symbols are searched for where the latents are left alone: a residual would have to be fitted anew. */
static pith_status search_symbols(loop_state *s, attempt *best) {
    if (!searches(s) || best->residual.n_bytes > 0) return PITH_OK;
    best->latents.n_bytes = 0;
    pith_decoder_free(&s->decoder); /* nothing is decoded any more, and the search needs the room */
    return s->k->write_latents(s->k->user, 0, s->k->options->max_bytes, true, &best->latents);
}

static pith_status to_size(loop_state *s, attempt *best) {
    const pith_encode_options *o = s->k->options;
    pith_status status;
    if (!s->is_drawn && o->n_protect == 0 && (o->effort <= 1 || searches(s))) {
        status = photo_to_size(s, best);
    } else {
        weigh_blocks(s);
        status = fit_bytes(s, best);
    }
    return status == PITH_OK ? search_symbols(s, best) : status;
}

/* ---- to a quality, and faithfully ------------------------------------------------------------- */

/* Tiles of drawn pictures that are worse than this are mended at a quality; in
 * photos a few mended tiles show more than what was wrong with them. */
static float worst_at(float quality) { return MEND_Q0 + (MEND_RESIDUAL - MEND_Q0) * quality / QUALITY_RESIDUAL; }

/* Before what a level asks for; `step`: of the residual of all, 0: there is none. */
static pith_status mend_at_quality(loop_state *s, double step) {
    bool any;
    float worst;
    if (step > 0) {
        weigh_all(s);
        return state_set_residual(s, step, 0);
    }
    pith_status status = closed_weigh_smooth(s, &any);
    if (status == PITH_OK && any) status = state_set_residual(s, STEP_SMOOTH, 0);
    if (status != PITH_OK || s->k->options->faithful || !s->is_drawn) return status;
    return closed_mend(s, worst_at(s->k->options->quality), N_ROUNDS_UNASKED, &worst);
}

static pith_status to_quality(loop_state *s, attempt *a, ctr_bound *bound) {
    pith_status status = PITH_OK;
    const fid_level level = (fid_level)s->k->options->faithful;
    const float quality = s->k->options->quality, most = fid_level_bound(level);
    float worst = 0, latents = quality;
    const bool unasked = s->k->options->effort > 0;
    double step = unasked && quality >= QUALITY_RESIDUAL ? quality_residual_step(quality, &latents) : 0;
    PITH_TRY(state_set_latents(s, latents, 0, searches(s), &a->latents));
    if (unasked) PITH_TRY(mend_at_quality(s, step));
    if (level) {
        PITH_TRY(closed_mend(s, most, N_ROUNDS, &worst));
        if (worst > most) {
            status = diag_set(s->k->diag, PITH_E_LIMIT, "the bound of the level cannot be kept on this picture");
            goto cleanup;
        }
        float error = 0;
        for (uint32_t i = 0; i < s->n_tiles; i++) error = fmaxf(error, s->tiles[i].error);
        /* The promise holds for one decoder, and a residual's recipe names it. */
        if (s->residual.n_bytes == 0) state_set_empty_residual(s);
        if (s->residual.status != PITH_OK)
            status = diag_set(s->k->diag, s->residual.status, "out of memory for the residual");
        *bound = (ctr_bound){(uint8_t)level, (uint32_t)lroundf(most * 65536), (uint32_t)lroundf(error * 65536)};
    }
    swap(&a->residual, &s->residual);
cleanup:
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------- */

/* The latents' file with what a header says of what follows, then the residual. */
static pith_status write_whole(const loop_state *s, const attempt *a, const ctr_bound *bound, byte_writer *file) {
    ctr_file latents;
    pith_status status = ctr_read(&latents, a->latents.data, a->latents.n_bytes, s->k->env, s->k->diag);
    if (status != PITH_OK) return status;
    latents.head.residual = a->residual.n_bytes > 0;
    latents.head.alpha = s->k->alpha;
    size_t rest = latents.chunks[1].offset;
    status = ctr_write_head(file, &latents.head, s->k->diag);
    bw_bytes(file, a->latents.data + rest, a->latents.n_bytes - rest);
    bw_bytes(file, a->residual.data, a->residual.n_bytes);
    if (bound->level) ctr_write_bound(file, bound);
    ctr_file_free(&latents, s->k->env);
    return status;
}

pith_status closed_loop_run(const closed_loop *k, byte_writer *file) {
    pith_status status = PITH_OK;
    loop_state s = {.k = k};
    attempt best = {0};
    ctr_bound bound = {0};
    bw_init(&best.latents, &k->env->alloc);
    bw_init(&best.residual, &k->env->alloc);
    PITH_TRY(state_init(&s, k));
    PITH_TRY(k->options->max_bytes > 0 ? to_size(&s, &best) : to_quality(&s, &best, &bound));
    PITH_TRY(write_whole(&s, &best, &bound, file));
cleanup:
    bw_free(&best.latents);
    bw_free(&best.residual);
    state_free(&s);
    return status;
}
