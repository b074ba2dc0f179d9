/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tile geometry: where windows lie. */
#include "api/tiles.h"

/* Positions of new picture a tile brings, at most: 1536 pixels. Larger tiles
 * waste less on halos, smaller ones take less memory (about 4 kB a position). */
#define TILE_CORE 192u

static tile_axis axis_make(uint32_t length, uint32_t halo) {
    tile_axis a = {.length = length, .core = length, .window = length, .count = 1, .halo = halo};
    if (halo >= length || length <= TILE_CORE + 2 * halo) return a;
    a.count = (length + TILE_CORE - 1) / TILE_CORE;
    a.core = (length + a.count - 1) / a.count;
    a.count = (length + a.core - 1) / a.core;
    a.window = a.core + 2 * halo < length ? a.core + 2 * halo : length;
    return a;
}

tile_grid tile_grid_make(uint32_t width, uint32_t height, uint32_t halo) {
    return (tile_grid){.x = axis_make(width, halo), .y = axis_make(height, halo)};
}

tile_span tile_axis_span(const tile_axis *a, uint32_t index) {
    uint32_t start = index * a->core;
    uint32_t left = a->length - start;
    uint32_t window = start > a->halo ? start - a->halo : 0;
    if (window > a->length - a->window) window = a->length - a->window;
    return (tile_span){.core_start = start, .core_length = left < a->core ? left : a->core, .window_start = window};
}
