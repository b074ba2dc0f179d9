/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tile geometry: where windows lie. */
#include "picture/tiles.h"

#include <stdbool.h>

static uint32_t least(uint64_t a, uint32_t b) { return a < b ? (uint32_t)a : b; }

/* Wide enough that it may begin one position early, and end where the picture ends. */
static uint32_t whole_window(const tile_axis *a) {
    const uint64_t n = a->core + 2 * (uint64_t)a->halo + 1;
    return least(n + ((n ^ a->whole) & 1), a->whole);
}

tile_axis tile_axis_part(uint32_t first, uint32_t length, uint32_t whole, uint32_t core, uint32_t halo) {
    tile_axis a = {.whole = whole, .first = first, .length = length, .halo = halo};
    bool one = halo >= whole || (length == whole && whole <= core + 2 * halo);
    uint32_t count = one ? 1 : (length + core - 1) / core;
    a.core = (length + count - 1) / count;
    a.count = (length + a.core - 1) / a.core;
    a.window = whole_window(&a);
    return a;
}

tile_grid tile_grid_make(uint32_t width, uint32_t height, tile_reach reach) {
    return (tile_grid){.x = tile_axis_part(0, width, width, reach.core_x, reach.halo),
                       .y = tile_axis_part(0, height, height, reach.core_y, reach.halo)};
}

tile_span tile_axis_span(const tile_axis *a, uint32_t index) {
    uint32_t start = index * a->core; /* relative to the part's first position */
    uint32_t left = a->length - start;
    uint32_t core = a->first + start, window = core > a->halo ? (core - a->halo) & ~1u : 0;
    if (window > a->whole - a->window) window = a->whole - a->window;
    return (tile_span){.core_start = core, .core_length = left < a->core ? left : a->core, .window_start = window};
}

uint32_t tile_axis_kept(const tile_axis *a, tile_span span, uint32_t *start) {
    const uint32_t length = a->halo < a->whole ? least(a->core, a->window) : a->window;
    const uint32_t at = span.core_start - span.window_start;
    *start = least(at, a->window - length);
    return length;
}

void tile_axis_reach(const tile_axis *a, uint32_t *first, uint32_t *end) {
    *first = tile_axis_span(a, 0).window_start;
    *end = tile_axis_span(a, a->count - 1).window_start + a->window;
}

/* ---- blended windows ------------------------------------------------------------------ */

static uint32_t round_up_8(uint32_t value) { return (value + 7) / 8 * 8; }

static tile_axis blended_axis(uint32_t length, uint32_t window, uint32_t halo) {
    tile_axis a = {.whole = length, .length = length, .core = length, .window = length, .count = 1, .halo = halo};
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

/* The weight, at a sample of the whole axis, of a window that begins at `start`; 0 outside the window. */
static double rise_and_fall(const tile_axis *a, uint32_t start, uint32_t scale, uint64_t at) {
    const uint64_t first = (uint64_t)start * scale, end = first + (uint64_t)a->window * scale;
    const double ramp = (double)a->halo * scale, skip = ramp / 2;
    if (at < first || at >= end) return 0;
    double weight = 1;
    if (start > 0 && ramp > 0) weight = ((double)(at - first) + 0.5 - skip) / ramp;
    if (start + a->window < a->whole && ramp > 0) {
        const double fall = ((double)(end - at) - 0.5 - skip) / ramp;
        if (fall < weight) weight = fall;
    }
    return weight < 0 ? 0 : weight < 1 ? weight : 1;
}

void tile_axis_weights(const tile_axis *a, uint32_t scale, float *weights) {
    for (uint32_t i = 0; i < a->count; i++) {
        const uint32_t start = tile_axis_span(a, i).window_start;
        for (uint32_t k = 0; k < a->window * scale; k++) {
            const uint64_t at = (uint64_t)start * scale + k;
            double sum = 0;
            for (uint32_t j = i > 3 ? i - 3 : 0; j < a->count && j <= i + 3; j++) /* only these can overlap */
                sum += rise_and_fall(a, tile_axis_span(a, j).window_start, scale, at);
            *weights++ = (float)(rise_and_fall(a, start, scale, at) / sum);
        }
    }
}
