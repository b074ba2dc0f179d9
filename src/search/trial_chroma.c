/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Corrects the mean colours of blocks. With coarse latents, the network lets the hue
 * of skies, water and shadows drift. */
#include <math.h>
#include <string.h>

#include "codec/chroma_grid.h"
#include "container/ctr_write.h"
#include "search/trial.h"

#define DEAD_ZONE 0.4f /* rounds up from 0.6 */

/* With coarser steps hardly anything would be left. */
static const uint8_t steps[] = {2, 3, 4, 5, 6, 8, 10, 12, 16};
#define N_STEPS ((int)sizeof steps)

/* For each block: how far Cb and Cr of the original are above those of the picture to be corrected, and Cb, Cr and Y of
 * that picture. */
typedef struct block_colours {
    float off[2], of[3];
} block_colours;

typedef struct measured {
    uint32_t across, down;
    block_colours *blocks;
} measured;

static void to_chroma(const float rgb[3], float *cb, float *cr, float *y) {
    *y = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
    *cb = 0.564f * (rgb[2] - *y);
    *cr = 0.713f * (rgb[0] - *y);
}

static block_colours measure_block(const trial *s, const uint8_t *picture, uint32_t x0, uint32_t y0) {
    const pith_image *image = &s->k->original->image;
    const uint32_t x1 = image->format.width - x0 < CHROMA_BLOCK ? image->format.width : x0 + CHROMA_BLOCK;
    const uint32_t y1 = image->format.height - y0 < CHROMA_BLOCK ? image->format.height : y0 + CHROMA_BLOCK;
    const uint8_t *original = image->pixels;
    int64_t off[3] = {0}, of[3] = {0};
    for (uint32_t y = y0; y < y1; y++)
        for (size_t at = y * image->stride_bytes + (size_t)x0 * 3; at < y * image->stride_bytes + (size_t)x1 * 3;)
            for (int c = 0; c < 3; c++, at++) {
                off[c] += original[at] - picture[at];
                of[c] += picture[at];
            }
    const float n = (float)(x1 - x0) * (float)(y1 - y0);
    float rgb_off[3], rgb_of[3], y_off;
    for (int c = 0; c < 3; c++) rgb_off[c] = (float)off[c] / n, rgb_of[c] = (float)of[c] / n;
    block_colours b;
    to_chroma(rgb_off, &b.off[0], &b.off[1], &y_off);
    to_chroma(rgb_of, &b.of[0], &b.of[1], &b.of[2]);
    return b;
}

static pith_status measure(trial *s, const uint8_t *picture, measured *m) {
    for (uint32_t y = 0; y < m->down; y++) {
        pith_status status = trial_look(s);
        if (status != PITH_OK) return status;
        for (uint32_t x = 0; x < m->across; x++)
            m->blocks[(size_t)y * m->across + x] = measure_block(s, picture, x * CHROMA_BLOCK, y * CHROMA_BLOCK);
    }
    return PITH_OK;
}

/* ---- as it depends on the colour ------------------------------------------------------------------- */

/* Solves a symmetric, positive definite system in place, by elimination. */
static void solve(double m[CHROMA_N_FACTORS][CHROMA_N_FACTORS], double v[CHROMA_N_FACTORS]) {
    for (int i = 0; i < CHROMA_N_FACTORS; i++)
        for (int j = i + 1; j < CHROMA_N_FACTORS; j++) {
            const double part = m[j][i] / m[i][i];
            for (int k = i; k < CHROMA_N_FACTORS; k++) m[j][k] -= part * m[i][k];
            v[j] -= part * v[i];
        }
    for (int i = CHROMA_N_FACTORS - 1; i >= 0; i--) {
        for (int k = i + 1; k < CHROMA_N_FACTORS; k++) v[i] -= m[i][k] * v[k];
        v[i] /= m[i][i];
    }
}

/* Least squares over the blocks, regularised for the case of few blocks or few colours. */
static void fit_factors(const measured *m, int plane, int8_t factors[CHROMA_N_FACTORS]) {
    static const double units[CHROMA_N_FACTORS] = {CHROMA_FACTOR_UNIT, CHROMA_FACTOR_UNIT, CHROMA_FACTOR_UNIT,
                                                   CHROMA_CONSTANT_UNIT};
    static const double held_back[CHROMA_N_FACTORS] = {200, 200, 2000, 1};
    double squares[CHROMA_N_FACTORS][CHROMA_N_FACTORS] = {{0}}, v[CHROMA_N_FACTORS] = {0};
    for (int i = 0; i < CHROMA_N_FACTORS; i++) squares[i][i] = held_back[i];
    for (size_t b = 0; b < (size_t)m->across * m->down; b++) {
        const block_colours *block = &m->blocks[b];
        const double of[CHROMA_N_FACTORS] = {(double)block->of[0], (double)block->of[1], (double)block->of[2], 1};
        for (int i = 0; i < CHROMA_N_FACTORS; i++) {
            for (int j = 0; j < CHROMA_N_FACTORS; j++) squares[i][j] += of[i] * of[j];
            v[i] += of[i] * (double)block->off[plane];
        }
    }
    solve(squares, v);
    for (int i = 0; i < CHROMA_N_FACTORS; i++) factors[i] = (int8_t)fmin(fmax(round(v[i] * units[i]), -127), 127);
}

/* ---- place by place -------------------------------------------------------------------------------- */

static int8_t quantised(float error, float step) {
    const float v = fminf(floorf(fabsf(error) / step + DEAD_ZONE), CHROMA_TOP);
    return (int8_t)(error < 0 ? -v : v);
}

/* False if everything becomes 0. */
static bool quantise(const measured *m, uint8_t step, chroma_grid *grid) {
    bool any = false;
    grid->step = step;
    for (int c = 0; c < 2; c++)
        for (size_t i = 0; i < (size_t)grid->across * grid->down; i++) {
            grid->values[c][i] = quantised(m->blocks[i].off[c], step);
            any = any || grid->values[c][i] != 0;
        }
    if (!any) grid->step = 0;
    return any;
}

static void apply(const trial *s, const chroma_grid *grid, uint8_t *picture) {
    const pith_image *image = &s->k->original->image;
    for (uint32_t y = 0; y < image->format.height; y++)
        chroma_grid_apply(grid, &(chroma_row){.y = y,
                                              .n = image->format.width,
                                              .spacing = 1,
                                              .n_channels = 3,
                                              .bit_depth = 8,
                                              .samples = picture + y * image->stride_bytes});
}

/* Chooses the finest grid that fits, or none. False if not even that fits. */
static bool choose(const measured *m, size_t max_bytes, chroma_grid *grid, byte_writer *coded) {
    for (int i = 0; i <= N_STEPS; i++) {
        const bool any = i < N_STEPS && quantise(m, steps[i], grid);
        if (!any) {
            grid->step = 0;
            for (int c = 0; c < 2; c++) memset(grid->values[c], 0, (size_t)grid->across * grid->down);
        }
        coded->n_bytes = 0;
        chroma_grid_encode(grid, coded);
        if (ctr_chunk_bytes(coded->n_bytes) <= max_bytes) return true;
        if (!any) break;
    }
    return false;
}

/* `result` is work space. */
static pith_status mend(trial *s, measured *m, size_t max_bytes, chroma_grid *grid, byte_writer *coded) {
    pith_status status = measure(s, s->network, m);
    if (status != PITH_OK) return status;
    for (int c = 0; c < 2; c++) fit_factors(m, c, grid->factors[c]);
    apply(s, grid, s->result);
    status = measure(s, s->result, m);
    if (status != PITH_OK) return status;
    if (choose(m, max_bytes, grid, coded)) {
        apply(s, grid, s->network);
        ctr_write_chunk(&s->chroma, CTR_CHUNK_CHROMA, coded->data, coded->n_bytes);
    }
    memcpy(s->result, s->network, s->picture_bytes);
    return coded->status != PITH_OK ? coded->status : s->chroma.status;
}

pith_status trial_correct_chroma(trial *s, size_t max_bytes) {
    const pith_alloc *alloc = &s->k->env->alloc;
    const pith_image_format *f = &s->k->original->image.format;
    pith_status status = PITH_OK;
    chroma_grid grid = {0};
    measured m = {0};
    byte_writer coded;
    s->chroma.n_bytes = 0;
    if (f->n_channels != 3 || s->k->coder->tint || max_bytes < ctr_chunk_bytes(2 * CHROMA_N_FACTORS + 1))
        return PITH_OK;
    bw_init(&coded, alloc);
    PITH_TRY(chroma_grid_init(&grid, alloc, f->width, f->height));
    m = (measured){.across = grid.across, .down = grid.down};
    m.blocks = mem_alloc(alloc, (size_t)m.across * m.down, sizeof *m.blocks);
    status = m.blocks ? mend(s, &m, max_bytes, &grid, &coded) : PITH_E_NOMEM;
cleanup:
    if (status == PITH_E_NOMEM) diag_set(s->k->diag, status, "out of memory for the picture's colours");
    mem_free(alloc, m.blocks);
    chroma_grid_free(&grid, alloc);
    bw_free(&coded);
    return status;
}
