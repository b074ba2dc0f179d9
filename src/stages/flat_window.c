/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/flat_window.h"

#include <string.h>

static bool is_flat(const float *plane, size_t size) {
    for (size_t i = 1; i < size; i++)
        if (plane[i] != plane[0]) return false;
    return true;
}

static bool is_same(const model_window *a, const model_window *b) {
    return a->h == b->h && a->w == b->w && a->keep_y == b->keep_y && a->keep_x == b->keep_x && a->keep_h == b->keep_h &&
           a->keep_w == b->keep_w;
}

bool flat_window_take(flat_window *last, const model_window *window, const float *planes, uint32_t n_planes,
                      size_t plane_size) {
    flat_window now = {.is_flat = n_planes <= FLAT_MAX_PLANES, .window = *window};
    for (uint32_t c = 0; c < n_planes && now.is_flat; c++) {
        now.is_flat = is_flat(planes + c * plane_size, plane_size);
        now.values[c] = planes[c * plane_size];
    }
    const bool is_known = now.is_flat && last->is_flat && is_same(window, &last->window) &&
                          memcmp(now.values, last->values, sizeof now.values) == 0;
    *last = now;
    return is_known;
}
