/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tile geometry: where windows lie. */
#include "api/tiles.h"

#include <stdbool.h>

static uint32_t least(uint64_t a, uint32_t b) { return a < b ? (uint32_t)a : b; }

tile_axis tile_axis_part(uint32_t first, uint32_t length, uint32_t whole, tile_reach reach) {
    const uint32_t halo = reach.halo;
    tile_axis a = {.whole = whole, .first = first, .length = length, .halo = halo};
    bool one = halo >= whole || (length == whole && whole <= reach.core + 2 * halo);
    uint32_t count = one ? 1 : (length + reach.core - 1) / reach.core;
    a.core = (length + count - 1) / count;
    a.count = (length + a.core - 1) / a.core;
    a.window = least(a.core + 2 * (uint64_t)halo, whole);
    return a;
}

tile_grid tile_grid_make(uint32_t width, uint32_t height, tile_reach reach) {
    return (tile_grid){.x = tile_axis_part(0, width, width, reach), .y = tile_axis_part(0, height, height, reach)};
}

tile_span tile_axis_span(const tile_axis *a, uint32_t index) {
    uint32_t start = index * a->core; /* from the part's first */
    uint32_t left = a->length - start;
    uint32_t core = a->first + start, window = core > a->halo ? core - a->halo : 0;
    if (window > a->whole - a->window) window = a->whole - a->window;
    return (tile_span){.core_start = core, .core_length = left < a->core ? left : a->core, .window_start = window};
}

void tile_axis_reach(const tile_axis *a, uint32_t *first, uint32_t *end) {
    *first = tile_axis_span(a, 0).window_start;
    *end = tile_axis_span(a, a->count - 1).window_start + a->window;
}
