/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Correction of the networks' colour errors: a part that depends on the colour, and a grid of blocks of 32x32 pixels;
 * and its application to a picture. Integers only; see doc/format.md, "CHRM". */
#ifndef PITH_CODEC_CHROMA_GRID_H
#define PITH_CODEC_CHROMA_GRID_H

#include <stdbool.h>

#include "base/stream.h"

#define CHROMA_BLOCK 32u /* width and height of a block, in pixels */
#define CHROMA_MAX_STEP 32u
#define CHROMA_TOP 31 /* largest multiple of the step */

#define CHROMA_N_FACTORS 4
#define CHROMA_FACTOR_UNIT 128 /* a factor of this value means 1 */
#define CHROMA_CONSTANT_UNIT 2 /* a constant of this value means 1 level of 8 bits */

typedef struct chroma_grid {
    /* The corrections of Cb and of Cr: the sum of these times Cb, Cr and Y, a constant, and the grid. */
    int8_t factors[2][CHROMA_N_FACTORS];
    uint32_t across, down; /* blocks, including those cut off at the right and bottom */
    uint8_t step;          /* levels of 8 bits, 1..CHROMA_MAX_STEP; 0: the grid is all 0 */
    int8_t *values[2];     /* multiples of `step` at the block centres, -CHROMA_TOP..CHROMA_TOP; row by row */
} chroma_grid;

/* Makes an all-zero grid for a picture of the given size. */
pith_status chroma_grid_init(chroma_grid *grid, const pith_alloc *alloc, uint32_t width, uint32_t height)
    PITH_MUST_CHECK;
void chroma_grid_free(chroma_grid *grid, const pith_alloc *alloc);

/* Appends factors, step and values. */
void chroma_grid_encode(const chroma_grid *grid, byte_writer *out);

/* Decodes into a grid of the picture's size. PITH_E_FORMAT if no encoder writes such bytes. */
pith_status chroma_grid_decode(chroma_grid *grid, const uint8_t *data, size_t n_bytes) PITH_MUST_CHECK;

/* Samples of a row: `n` positions from (y, x) on, each with `n_channels` samples of 8 or 16 bits, red, green and blue
 * first. A position stands for spacing x spacing pixels. */
typedef struct chroma_row {
    uint32_t y, x, n, spacing;
    unsigned n_channels, bit_depth;
    void *samples;
} chroma_row;

/* Adds the correction to the samples. The grid is interpolated bilinearly between block centres. */
void chroma_grid_apply(const chroma_grid *grid, const chroma_row *row);

#endif
