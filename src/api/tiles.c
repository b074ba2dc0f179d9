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

/* ---- blended windows ------------------------------------------------------------------ */

static uint32_t round_up_8(uint32_t value) { return (value + 7) / 8 * 8; }

static tile_axis blended_axis(uint32_t length, uint32_t window, uint32_t halo) {
    tile_axis a = {.length = length, .core = length, .window = length, .count = 1, .halo = halo};
    if (length <= window) return a;
    a.core = window - 2 * halo;
    a.count = (length + a.core - 1) / a.core;
    a.core = round_up_8((length + a.count - 1) / a.count);
    a.count = (length + a.core - 1) / a.core;
    a.window = a.core + 2 * halo < length ? a.core + 2 * halo : length;
    return a;
}

tile_grid tile_grid_blended(uint32_t width, uint32_t height, uint32_t window, uint32_t halo) {
    return (tile_grid){.x = blended_axis(width, window, halo), .y = blended_axis(height, window, halo)};
}

/* Of a window that begins at `start`, at a sample of the whole axis; 0 outside. */
static double rise_and_fall(const tile_axis *a, uint32_t start, uint32_t scale, uint64_t at) {
    const uint64_t first = (uint64_t)start * scale, end = first + (uint64_t)a->window * scale;
    const double ramp = 2.0 * a->halo * scale;
    if (at < first || at >= end) return 0;
    double weight = 1;
    if (start > 0 && ramp > 0) weight = ((double)(at - first) + 0.5) / ramp;
    if (start + a->window < a->length && ramp > 0) {
        const double fall = ((double)(end - at) - 0.5) / ramp;
        if (fall < weight) weight = fall;
    }
    return weight < 1 ? weight : 1;
}

void tile_axis_weights(const tile_axis *a, uint32_t scale, float *weights) {
    for (uint32_t i = 0; i < a->count; i++) {
        const uint32_t start = tile_axis_span(a, i).window_start;
        for (uint32_t k = 0; k < a->window * scale; k++) {
            const uint64_t at = (uint64_t)start * scale + k;
            double sum = 0;
            for (uint32_t j = i > 3 ? i - 3 : 0; j < a->count && j <= i + 3; j++) /* no others overlap */
                sum += rise_and_fall(a, tile_axis_span(a, j).window_start, scale, at);
            *weights++ = (float)(rise_and_fall(a, start, scale, at) / sum);
        }
    }
}
