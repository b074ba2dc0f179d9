/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Mending until a bound holds. The error around a pixel is a weighted mean of
 * squared differences over what the original hides (doc/tile-error.md), so each
 * block of 8x8 has a mean squared error that it may keep. Blocks that exceed
 * theirs get a weight, which grows round by round until they do not; what is
 * good enough gets no bits. */
#include <math.h>

#include "search/trial.h"

/* Found on 6 of the training photos: total bytes of --faithful at -q 50. */
#define STEP_PER_RMS 2.6f /* the step of flat blocks, for the error that may be left in them */
#define FINE_DELTA 8u     /* busy blocks get steps so much coarser: 2^(8/6) */
#define BUSY 1.7f         /* a busy block may have so many times the error of a flat one */
#define FIRST_BUSY 3u     /* weights to begin with */
#define FIRST_FLAT 20u
#define GROWTH 1.4f

#define FLAT_HIDES 400.0f /* fid_block.hidden of a flat block */
#define HEAVIEST 255u
#define FINEST_DELTA 15u
#define FINER 3u        /* indices by which all steps get finer when weights do not help any more */
#define WINDOW_REACH 2u /* pixels from the worst one to where the blocks that cause it are looked for .. */
#define FAR_REACH 8u    /* .. and where the nearest cannot be mended any more: the whole window of the error */
#define SLACK 0.97f     /* of the bound, aimed at: what is recorded rounds */

static uint32_t clamped(int64_t i, uint32_t n) { return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i; }

/* The root of the mean squared error that may be left, with room for the margin. */
static float allowed_rms(float most, float hidden) { return fmaxf(sqrtf(most * hidden) - FID_MARGIN_LEVELS, 0.7f); }

static void press(loop_state *s, uint32_t column, uint32_t row, bool busy) {
    uint8_t *w = &s->weights[(size_t)row * s->blocks_across + column];
    if (*w == 0)
        *w = busy ? FIRST_BUSY : FIRST_FLAT;
    else
        *w = (uint8_t)fminf(GROWTH * *w + 1, HEAVIEST);
}

/* Presses the blocks that cause the error around a block's worst pixel. */
static void press_around(loop_state *s, const fid_block *b, uint32_t reach, bool busy) {
    const pith_image_format *f = &s->k->original->image.format;
    uint32_t left = clamped((int64_t)b->x - reach, f->width) / FID_CELL;
    uint32_t right = clamped((int64_t)b->x + reach, f->width) / FID_CELL;
    uint32_t top = clamped((int64_t)b->y - reach, f->height) / FID_CELL;
    uint32_t bottom = clamped((int64_t)b->y + reach, f->height) / FID_CELL;
    for (uint32_t y = top; y <= bottom; y++)
        for (uint32_t x = left; x <= right; x++) press(s, x, y, busy);
}

/* What exceeds a bound. */
typedef struct excess {
    uint32_t n_blocks;
    bool beyond_weights; /* a block has the heaviest weight already */
    float worst;         /* error of all blocks, as `sure` has it */
} excess;

static excess press_all(loop_state *s, float most) {
    const float flat = allowed_rms(most, FLAT_HIDES);
    excess e = {0};
    for (uint32_t i = 0; i < s->blocks_across * s->blocks_down; i++) {
        const fid_block *b = &s->blocks[i];
        e.worst = fmaxf(e.worst, b->sure);
        if (b->sure <= SLACK * most) continue;
        e.n_blocks++;
        const bool is_heaviest = s->weights[i] == HEAVIEST;
        e.beyond_weights = e.beyond_weights || is_heaviest;
        press_around(s, b, is_heaviest ? FAR_REACH : WINDOW_REACH, allowed_rms(most, b->hidden) > BUSY * flat);
    }
    return e;
}

/* Finer steps: of what is heavy, then of all, with weights that keep the worth
 * of a bit, which goes with the square of the step. */
static void refine(loop_state *s, unsigned *step_index, unsigned *fine_delta) {
    if (*fine_delta < FINEST_DELTA) {
        *fine_delta = *fine_delta + 2 < FINEST_DELTA ? *fine_delta + 2 : FINEST_DELTA;
        return;
    }
    if (*step_index < FINER) return;
    *step_index -= FINER;
    for (uint32_t i = 0; i < s->blocks_across * s->blocks_down; i++) {
        uint8_t *w = &s->weights[i];
        if (*w > 0 && *w < HEAVIEST) *w = (uint8_t)fmaxf(*w * exp2f(-(float)FINER / 3), 1);
    }
}

pith_status closed_mend(loop_state *s, float most, unsigned n_rounds, float *worst) {
    pith_status status = PITH_OK;
    float step = STEP_PER_RMS * allowed_rms(most, FLAT_HIDES);
    unsigned fine_delta = FINE_DELTA, step_index = (unsigned)fmaxf(6 * log2f(step), 0) + FINE_DELTA;
    for (unsigned round = 0;; round++) {
        PITH_TRY(state_measure(s));
        excess e = press_all(s, most);
        *worst = e.worst;
        if (e.n_blocks == 0 || round == n_rounds) break;
        PITH_TRY(state_report(s, "mending", 0.25 + 0.5 * round / n_rounds));
        if (e.beyond_weights) refine(s, &step_index, &fine_delta);
        PITH_TRY(state_set_residual(s, step_index, fine_delta));
    }
cleanup:
    return status;
}
