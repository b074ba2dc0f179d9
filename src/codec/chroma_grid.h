/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the networks' colours are off by: as they depend on the colour, and on a grid
 * of blocks of 32x32 pixels; and how it is added to a picture. Integers only;
 * doc/format.md, "CHRM". */
#ifndef PITH_CODEC_CHROMA_GRID_H
#define PITH_CODEC_CHROMA_GRID_H

#include <stdbool.h>

#include "base/stream.h"

#define CHROMA_BLOCK 32u /* pixels a block is wide and high */
#define CHROMA_MAX_STEP 32u
#define CHROMA_TOP 31 /* the largest multiple of the step */

#define CHROMA_N_FACTORS 4
#define CHROMA_FACTOR_UNIT 128 /* a factor of so many is 1 .. */
#define CHROMA_CONSTANT_UNIT 2 /* .. and a constant, 1 level of 8 bits */

typedef struct chroma_grid {
    /* What is added to Cb and to Cr is a sum of: Cb, Cr, Y times these, the constant, and the grid. */
    int8_t factors[2][CHROMA_N_FACTORS];
    uint32_t across, down; /* blocks, those cut off at the right and below included */
    uint8_t step;          /* levels of 8 bits, 1..CHROMA_MAX_STEP; 0: the grid is 0 */
    int8_t *values[2];     /* multiples of `step` at the blocks' centres, -CHROMA_TOP..CHROMA_TOP; row by row */
} chroma_grid;

/* All 0, for a picture of that size. */
pith_status chroma_grid_init(chroma_grid *grid, const pith_alloc *alloc, uint32_t width, uint32_t height)
    PITH_MUST_CHECK;
void chroma_grid_free(chroma_grid *grid, const pith_alloc *alloc);

/* Appends factors, step and values. */
void chroma_grid_encode(const chroma_grid *grid, byte_writer *out);

/* Into a grid of the picture's size. PITH_E_FORMAT when no encoder writes such bytes. */
pith_status chroma_grid_decode(chroma_grid *grid, const uint8_t *data, size_t n_bytes) PITH_MUST_CHECK;

/* Samples of a row: `n` places from (y, x) on, `n_channels` of 8 or 16 bits each, the first three red, green and
 * blue. A place stands for spacing x spacing pixels. */
typedef struct chroma_row {
    uint32_t y, x, n, spacing;
    unsigned n_channels, bit_depth;
    void *samples;
} chroma_row;

/* Adds to the samples; the grid bilinearly between the blocks' centres. */
void chroma_grid_apply(const chroma_grid *grid, const chroma_row *row);

#endif
