/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Skies and walls: where the original is smooth, steps of the latents show as
 * broad bands of a wrong colour, though no structure is lost. Tiles are judged by
 * structure, so these blocks are found by their means instead. A corrected patch
 * inside a band would be more visible than the band itself, so a band is corrected
 * as far as it is visible, or not at all. */
#include <math.h>

#include "base/mem.h"
#include "search/trial.h"

#define SMOOTH_VARIANCE 12.0f /* the most that a block of the original has in any channel .. */
#define WRONG_MEAN 1.75f      /* .. and the least error of a channel's mean, in levels, that make it a seed */
#define NEAR_VARIANCE 40.0f   /* the same for blocks near seeds, which are corrected too */
#define NEAR_MEAN 0.5f
#define REACH 3    /* blocks around a seed .. */
#define CROWD 24u  /* .. of these 49 at least this many must be seeds or near, or the seed is ignored */
#define N_SWEEPS 4 /* alternating in direction, that add the blocks near seeds */

typedef enum kind { OTHER, NEAR, SEED } kind;

/* Sums over one channel of a block. */
typedef struct block_sums {
    float n, sum, squares, error;
} block_sums;

static block_sums sums_of(const trial *s, uint32_t bx, uint32_t by, uint8_t channel) {
    const pith_image *image = &s->k->original->image;
    const pith_image_format *f = &image->format;
    block_sums b = {0};
    for (uint32_t y = by * FID_CELL; y < (by + 1) * FID_CELL && y < f->height; y++)
        for (uint32_t x = bx * FID_CELL; x < (bx + 1) * FID_CELL && x < f->width; x++) {
            size_t at = y * image->stride_bytes + (size_t)x * f->n_channels + channel;
            float v = ((const uint8_t *)image->pixels)[at];
            b.n++;
            b.sum += v;
            b.squares += v * v;
            b.error += v - (float)s->network[at];
        }
    return b;
}

static kind kind_of(const trial *s, uint32_t bx, uint32_t by) {
    const uint8_t n = s->k->original->image.format.n_channels < 3 ? 1 : 3;
    float variance = 0, off = 0;
    for (uint8_t c = 0; c < n; c++) {
        block_sums b = sums_of(s, bx, by, c);
        float mean = b.sum / b.n;
        variance = fmaxf(variance, b.squares / b.n - mean * mean);
        off = fmaxf(off, fabsf(b.error / b.n));
    }
    if (variance <= SMOOTH_VARIANCE && off > WRONG_MEAN) return SEED;
    return variance <= NEAR_VARIANCE && off > NEAR_MEAN ? NEAR : OTHER;
}

static bool is_crowded(const trial *s, const uint8_t *kinds, uint32_t bx, uint32_t by) {
    unsigned n = 0;
    for (int dy = -REACH; dy <= REACH; dy++)
        for (int dx = -REACH; dx <= REACH; dx++) {
            int64_t y = (int64_t)by + dy, x = (int64_t)bx + dx;
            if (y < 0 || x < 0 || y >= s->blocks_down || x >= s->blocks_across) continue;
            n += kinds[(size_t)y * s->blocks_across + (size_t)x] != OTHER;
        }
    return n >= CROWD;
}

/* Adds a near block if one of its neighbours has been added. */
static void take_up(trial *s, const uint8_t *kinds, uint32_t bx, uint32_t by) {
    const size_t across = s->blocks_across, at = by * across + bx;
    if (kinds[at] == OTHER || s->weights[at]) return;
    if ((bx > 0 && s->weights[at - 1]) || (bx + 1 < across && s->weights[at + 1]) ||
        (by > 0 && s->weights[at - across]) || (by + 1 < s->blocks_down && s->weights[at + across]))
        s->weights[at] = USUAL_WEIGHT;
}

pith_status trial_weigh_smooth(trial *s, bool *any) {
    const uint32_t across = s->blocks_across, down = s->blocks_down;
    pith_status status = PITH_OK;
    *any = false;
    uint8_t *kinds = mem_alloc(&s->k->env->alloc, across, down);
    if (!kinds) return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for comparing pictures");
    for (uint32_t y = 0; y < down; y++) {
        for (uint32_t x = 0; x < across; x++) kinds[(size_t)y * across + x] = (uint8_t)kind_of(s, x, y);
        PITH_TRY(trial_look(s));
    }
    for (uint32_t y = 0; y < down; y++)
        for (uint32_t x = 0; x < across; x++) {
            if (kinds[(size_t)y * across + x] != SEED || !is_crowded(s, kinds, x, y)) continue;
            s->weights[(size_t)y * across + x] = USUAL_WEIGHT;
            *any = true;
        }
    for (int sweep = 0; *any && sweep < N_SWEEPS; sweep++)
        for (uint32_t i = 0; i < across * down; i++) {
            uint32_t at = sweep % 2 ? across * down - 1 - i : i;
            take_up(s, kinds, at % across, at / across);
        }
cleanup:
    mem_free(&s->k->env->alloc, kinds);
    return status;
}
