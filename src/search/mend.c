/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Corrects blocks until a bound holds. The error around a pixel is a weighted mean of
 * squared differences over what the original hides (doc/tile-error.md), so each
 * 8x8 block has a mean squared error that it may keep. Blocks that exceed theirs
 * get a weight, which grows round by round until they no longer do. Blocks that
 * are good enough get no bits. */
#include <math.h>

#include "base/exact_math.h"
#include "search/trial.h"

/* Tuned on 6 of the training photos, for the total bytes of --faithful at -q 50. */
#define STEP_PER_RMS 2.6f /* step of flat blocks, per unit of the error they may keep */
#define FINE_DELTA 8u     /* indices by which busy blocks get coarser steps: 2^(8/6) */
#define BUSY 1.7f         /* times the error of a flat block that a busy one may have */
#define FIRST_BUSY 3u     /* weights to begin with */
#define FIRST_FLAT 20u
#define GROWTH 1.4f

#define FLAT_HIDES 400.0f /* fid_block.hidden of a flat block */
#define HEAVIEST 255u
#define FINEST_DELTA 15u
#define FINER 3u        /* indices, half an octave, by which all steps get finer when heavier weights no longer help */
#define WINDOW_REACH 2u /* pixels around the worst one in which its cause is looked for .. */
#define FAR_REACH 8u    /* .. and the whole window of the error, once the nearest blocks cannot be improved */
#define SLACK 0.97f     /* of the bound: the aim, as the recorded error is rounded */

static uint32_t clamped(int64_t i, uint32_t n) { return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i; }

/* The root mean square error that may be left, less the margin. */
static float allowed_rms(float most, float hidden) { return fmaxf(sqrtf(most * hidden) - FID_MARGIN_LEVELS, 0.7f); }

static void add_weight(trial *s, uint32_t column, uint32_t row, bool busy) {
    uint8_t *w = &s->weights[(size_t)row * s->blocks_across + column];
    if (*w == 0)
        *w = busy ? FIRST_BUSY : FIRST_FLAT;
    else
        *w = (uint8_t)fminf(GROWTH * *w + 1, HEAVIEST);
}

/* Adds weight to the blocks that cause the error around a block's worst pixel. */
static void add_weight_around(trial *s, const fid_block *b, uint32_t reach, bool busy) {
    const pith_image_format *f = &s->k->original->image.format;
    uint32_t left = clamped((int64_t)b->x - reach, f->width) / FID_CELL;
    uint32_t right = clamped((int64_t)b->x + reach, f->width) / FID_CELL;
    uint32_t top = clamped((int64_t)b->y - reach, f->height) / FID_CELL;
    uint32_t bottom = clamped((int64_t)b->y + reach, f->height) / FID_CELL;
    for (uint32_t y = top; y <= bottom; y++)
        for (uint32_t x = left; x <= right; x++) add_weight(s, x, y, busy);
}

/* What exceeds a bound. */
typedef struct excess {
    uint32_t n_blocks;
    bool beyond_weights; /* a block already has the heaviest weight */
    float worst;         /* error of any block (fid_tile.sure) */
} excess;

static excess add_weights(trial *s, float most) {
    const float flat = allowed_rms(most, FLAT_HIDES);
    excess e = {0};
    for (uint32_t i = 0; i < s->blocks_across * s->blocks_down; i++) {
        const fid_block *b = &s->blocks[i];
        e.worst = fmaxf(e.worst, b->sure);
        if (b->sure <= SLACK * most) continue;
        e.n_blocks++;
        const bool is_heaviest = s->weights[i] == HEAVIEST;
        e.beyond_weights = e.beyond_weights || is_heaviest;
        add_weight_around(s, b, is_heaviest ? FAR_REACH : WINDOW_REACH, allowed_rms(most, b->hidden) > BUSY * flat);
    }
    return e;
}

/* Makes steps finer: first those of heavy blocks, then all of them. Weights are then
 * halved so that a bit, whose worth goes with the square of the step, keeps its worth. */
static void refine(trial *s, unsigned *step_index, unsigned *fine_delta) {
    if (*fine_delta < FINEST_DELTA) {
        *fine_delta = *fine_delta + 2 < FINEST_DELTA ? *fine_delta + 2 : FINEST_DELTA;
        return;
    }
    if (*step_index < FINER) return;
    *step_index -= FINER;
    for (uint32_t i = 0; i < s->blocks_across * s->blocks_down; i++) {
        uint8_t *w = &s->weights[i];
        if (*w > 1 && *w < HEAVIEST) *w /= 2;
    }
}

pith_status trial_mend(trial *s, float most, unsigned n_rounds, float *worst) {
    pith_status status = PITH_OK;
    float step = STEP_PER_RMS * allowed_rms(most, FLAT_HIDES);
    unsigned fine_delta = FINE_DELTA, step_index = (unsigned)fmaxf(6 * em_log2f(step), 0) + FINE_DELTA;
    for (unsigned round = 0;; round++) {
        PITH_TRY(trial_measure(s));
        excess e = add_weights(s, most);
        *worst = e.worst;
        if (e.n_blocks == 0 || round == n_rounds) break;
        PITH_TRY(trial_report(s, "mending", 0.25 + 0.5 * round / n_rounds));
        if (e.beyond_weights) refine(s, &step_index, &fine_delta);
        PITH_TRY(trial_set_residual(s, step_index, fine_delta));
    }
cleanup:
    return status;
}
