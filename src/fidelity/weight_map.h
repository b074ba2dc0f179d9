/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights of errors per block of 16x16 pixels: higher where the picture looks like text, and in the rectangles that
 * the user protects. Used only by the encoder; not stored in the file. */
#ifndef PITH_FIDELITY_WEIGHT_MAP_H
#define PITH_FIDELITY_WEIGHT_MAP_H

#include "base/mem.h"
#include "fidelity/tile_error.h"

#define FID_BLOCK 16u /* side of a block in pixels, on a grid from the top left */

#define FID_WEIGHT_TEXT 4.0f    /* of a block that is certainly text */
#define FID_WEIGHT_PROTECT 8.0f /* of a block that a protected rectangle touches */

/* In pixels from the top left. */
typedef struct fid_rect {
    uint32_t x, y, width, height;
} fid_rect;

typedef struct fid_weights {
    uint32_t across, down; /* number of blocks */
    float *values;         /* row by row, 1 .. FID_WEIGHT_PROTECT; 1 is normal */
} fid_weights;

/* All weights are 1. Must be freed by fid_weights_free with the same allocator. */
pith_status fid_weights_new(fid_weights *w, const pith_alloc *alloc, uint32_t width, uint32_t height) PITH_MUST_CHECK;
void fid_weights_free(fid_weights *w, const pith_alloc *alloc);

/* Looks for text in block row `by` of an original of `width` x `height` pixels with 1 or 3 channels; the block row's
 * pixel rows (16 or fewer) must be in `rows`. */
void fid_weights_add_text(fid_weights *w, const fid_rows *rows, uint32_t width, uint32_t height, uint32_t n_channels,
                          uint32_t by);

/* To be called after all block rows: resets isolated text-like blocks, fills gaps between others, then applies the
 * rectangles. */
void fid_weights_finish(fid_weights *w, const fid_rect *protect, size_t n_protect);

/* The weight at a pixel. */
static inline float fid_weight_at(const fid_weights *w, uint32_t x, uint32_t y) {
    return w->values[(size_t)(y / FID_BLOCK) * w->across + x / FID_BLOCK];
}

#endif
