/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The grid of overlapping windows in which a network runs over a large
 * picture, for encoding and decoding. Units: latent positions. Every
 * window of a grid has the same size, so that one bound network serves all. Windows begin at even positions, since
 * the networks compute 2x2 outputs together: so a tile's positions have the same values as the whole picture's. */
#ifndef PITH_PICTURE_TILES_H
#define PITH_PICTURE_TILES_H

#include <stdint.h>

typedef struct tile_axis {
    uint32_t whole;         /* of the picture */
    uint32_t first, length; /* the part of it that is wanted */
    uint32_t core;          /* new positions of each tile; the last may have fewer */
    uint32_t window;        /* positions the network sees */
    uint32_t count;
    uint32_t halo;
} tile_axis;

/* What one tile covers on one axis. The window holds the core and at least
 * `halo` positions on each side of it, or ends where the picture ends. */
typedef struct tile_span {
    uint32_t core_start, core_length;
    uint32_t window_start;
} tile_span;

typedef struct tile_grid {
    tile_axis x, y;
} tile_grid;

/* What a window may see: at most so many new positions on each axis, and `halo` more on each side. */
typedef struct tile_reach {
    uint32_t core_x, core_y, halo;
} tile_reach;

/* If the halo is not smaller than the picture, there is one window. */
tile_grid tile_grid_make(uint32_t width, uint32_t height, tile_reach reach);

/* One axis, for a part of the picture only: [first, first + length). */
tile_axis tile_axis_part(uint32_t first, uint32_t length, uint32_t whole, uint32_t core, uint32_t halo);

/* The positions that the windows of an axis cover: [*first, *end). */
void tile_axis_reach(const tile_axis *axis, uint32_t *first, uint32_t *end);
tile_span tile_axis_span(const tile_axis *axis, uint32_t index);
/* How many positions of each window are kept, the same number for all, and where they begin in this window: the core,
 * plus some positions next to a smaller core; or all, if each position depends on all others. */
uint32_t tile_axis_kept(const tile_axis *axis, tile_span span, uint32_t *start);

/* Windows of at most `window` positions that overlap by 2 * halo and are blended
 * there. Cores and windows are multiples of 8, except for a window of the whole length. */
tile_grid tile_grid_blended(uint32_t width, uint32_t height, uint32_t window, uint32_t halo);

/* The weight of each window at each of its window * scale samples, in `count` rows. It
 * rises and falls linearly over 2 * halo positions and is 1 in between and at the ends
 * of the picture; then it is divided by the sum over all windows. */
void tile_axis_weights(const tile_axis *axis, uint32_t scale, float *weights);

#endif
