/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Push-pull: weighted means at half the size, again and again down to one pixel.
 * Then back up, where each size fills its gaps from the next smaller one. */
#include "picture/alpha_fill.h"

#include <string.h>

/* From this opacity on, a pixel keeps its colour; below it, the fill is mixed in. */
#define SEEN 0.0625f
#define NOTHING_SEEN 0.5f /* the colour of a window without a visible pixel */

typedef struct level {
    float *colour, *weight;
    uint32_t height, width;
} level;

static uint32_t half(uint32_t length) { return (length + 1) / 2; }

/* The number of values of all levels below one of this size. */
static size_t below(uint32_t height, uint32_t width) {
    size_t n = 0;
    while (height > 1 || width > 1) {
        height = half(height);
        width = half(width);
        n += (size_t)height * width;
    }
    return n;
}

static void push(const level *from, level *to) {
    for (uint32_t y = 0; y < to->height; y++)
        for (uint32_t x = 0; x < to->width; x++) {
            float weight = 0, sum = 0;
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t fy = 2 * y + (i >> 1), fx = 2 * x + (i & 1);
                if (fy >= from->height || fx >= from->width) continue;
                size_t at = (size_t)fy * from->width + fx;
                weight += from->weight[at];
                sum += from->weight[at] * from->colour[at];
            }
            size_t at = (size_t)y * to->width + x;
            to->colour[at] = weight > 0 ? sum / weight : 0;
            to->weight[at] = weight < 1 ? weight : 1;
        }
}

/* Interpolates between the four coarse places around a fine one. */
static float between(const level *coarse, uint32_t y, uint32_t x) {
    uint32_t y0 = y / 2, x0 = x / 2;
    uint32_t y1 = y & 1 ? (y0 + 1 < coarse->height ? y0 + 1 : y0) : (y0 > 0 ? y0 - 1 : 0);
    uint32_t x1 = x & 1 ? (x0 + 1 < coarse->width ? x0 + 1 : x0) : (x0 > 0 ? x0 - 1 : 0);
    const float *near = coarse->colour + (size_t)y0 * coarse->width, *far = coarse->colour + (size_t)y1 * coarse->width;
    return 0.75f * (0.75f * near[x0] + 0.25f * near[x1]) + 0.25f * (0.75f * far[x0] + 0.25f * far[x1]);
}

static void pull(level *fine, const level *coarse) {
    for (uint32_t y = 0; y < fine->height; y++)
        for (uint32_t x = 0; x < fine->width; x++) {
            size_t at = (size_t)y * fine->width + x;
            float weight = fine->weight[at];
            if (weight < 1) fine->colour[at] = weight * fine->colour[at] + (1 - weight) * between(coarse, y, x);
        }
}

/* `spare`: room for all levels below. The recursion is as deep as the size has bits. */
static void fill_level(level *l, float *spare) {
    if (l->height == 1 && l->width == 1) {
        if (!(l->weight[0] > 0)) l->colour[0] = NOTHING_SEEN;
        l->weight[0] = 1;
        return;
    }
    level coarse = {.height = half(l->height), .width = half(l->width), .colour = spare};
    size_t n = (size_t)coarse.height * coarse.width;
    coarse.weight = spare + n;
    push(l, &coarse);
    fill_level(&coarse, spare + 2 * n);
    pull(l, &coarse);
}

pith_status alpha_fill(float *planes, const float *opacity, uint32_t height, uint32_t width, const pith_alloc *alloc,
                       pith_diag *diag) {
    size_t n = (size_t)height * width, n_all = n + 2 * below(height, width);
    bool hidden = false;
    for (size_t i = 0; i < n && !hidden; i++) hidden = opacity[i] < SEEN;
    if (!hidden) return PITH_OK;
    float *weights = mem_alloc(alloc, n_all, sizeof *weights);
    if (!weights) return diag_set(diag, PITH_E_NOMEM, "out of memory for a tile");
    for (uint32_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < n; i++) weights[i] = opacity[i] < SEEN ? opacity[i] / SEEN : 1;
        level top = {.colour = planes + c * n, .weight = weights, .height = height, .width = width};
        fill_level(&top, weights + n);
    }
    mem_free(alloc, weights);
    return PITH_OK;
}
