/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stroke statistics of a block. In text the luma has two shades: the ground is flat, and the ink is rarer and forms
 * short runs along rows and columns. Foliage and fabric have no flat ground; object edges have no short runs. */
#include "fidelity/detect_text.h"

#include <math.h>

#define MIN_SIDE 8u             /* smaller blocks, at the picture's edge, are not judged */
#define MIN_CONTRAST 36         /* between ink and ground, in levels */
#define MAX_STROKE 6.5f         /* largest mean length of an ink run, in pixels, in the direction where it is shorter */
#define MAX_STEM 12.0f          /* and in the other direction: longer runs are lines and borders */
#define MIN_RUNS 0.5f           /* ink runs per row and per column */
#define MAX_GROUND_SPREAD 0.15f /* mean absolute deviation of the ground, relative to the contrast */

typedef struct block {
    uint8_t luma[FID_TEXT_SIDE][FID_TEXT_SIDE];
    uint32_t n_columns, n_rows;
} block;

static void load(block *b, const uint8_t *pixels, size_t stride_bytes, uint32_t n_channels) {
    for (uint32_t y = 0; y < b->n_rows; y++)
        for (uint32_t x = 0; x < b->n_columns; x++) {
            const uint8_t *p = pixels + y * stride_bytes + (size_t)x * n_channels;
            b->luma[y][x] = n_channels == 1 ? p[0] : (uint8_t)((77 * p[0] + 150 * p[1] + 29 * p[2]) >> 8);
        }
}

/* The means of the samples below and above a threshold midway between them. */
typedef struct shades {
    float low, high, threshold;
    uint32_t n_low, n_high;
} shades;

static shades two_shades(const block *b) {
    uint8_t least = 255, most = 0;
    for (uint32_t y = 0; y < b->n_rows; y++)
        for (uint32_t x = 0; x < b->n_columns; x++) {
            if (b->luma[y][x] < least) least = b->luma[y][x];
            if (b->luma[y][x] > most) most = b->luma[y][x];
        }
    shades s = {.low = least, .high = most};
    for (int round = 0; round < 4; round++) {
        uint32_t sum_low = 0, sum_high = 0;
        s.threshold = 0.5f * (s.low + s.high);
        s.n_low = s.n_high = 0;
        for (uint32_t y = 0; y < b->n_rows; y++)
            for (uint32_t x = 0; x < b->n_columns; x++) {
                uint32_t v = b->luma[y][x];
                if ((float)v < s.threshold) {
                    sum_low += v;
                    s.n_low++;
                } else {
                    sum_high += v;
                    s.n_high++;
                }
            }
        if (s.n_low == 0 || s.n_high == 0) break;
        s.low = (float)sum_low / (float)s.n_low;
        s.high = (float)sum_high / (float)s.n_high;
    }
    return s;
}

/* Number of ink runs per line, and their mean length, along rows or columns. */
static void runs(const block *b, const shades *s, int ink_is_low, int along_rows, float *n_per_line, float *length) {
    uint32_t n_lines = along_rows ? b->n_rows : b->n_columns, n_along = along_rows ? b->n_columns : b->n_rows;
    uint32_t n_runs = 0, n_ink = 0;
    for (uint32_t i = 0; i < n_lines; i++) {
        int before = 0;
        for (uint32_t j = 0; j < n_along; j++) {
            uint8_t v = along_rows ? b->luma[i][j] : b->luma[j][i];
            int ink = ((float)v < s->threshold) == ink_is_low;
            n_ink += (uint32_t)ink;
            n_runs += (uint32_t)(ink && !before);
            before = ink;
        }
    }
    *n_per_line = (float)n_runs / (float)n_lines;
    *length = n_runs ? (float)n_ink / (float)n_runs : (float)n_along;
}

static float ground_spread(const block *b, const shades *s, int ink_is_low) {
    float mean = ink_is_low ? s->high : s->low, sum = 0;
    uint32_t n = 0;
    for (uint32_t y = 0; y < b->n_rows; y++)
        for (uint32_t x = 0; x < b->n_columns; x++) {
            float v = b->luma[y][x];
            if ((v < s->threshold) == ink_is_low) continue;
            sum += fabsf(v - mean);
            n++;
        }
    return n ? sum / (float)n : 0;
}

/* 1 up to `good`, 0 from `bad` on, linear between. */
static float ramp(float v, float good, float bad) {
    float r = (v - bad) / (good - bad);
    return r < 0 ? 0 : r > 1 ? 1 : r;
}

float fid_text_likeness(const uint8_t *pixels, size_t stride_bytes, uint32_t n_columns, uint32_t n_rows,
                        uint32_t n_channels) {
    if (n_columns < MIN_SIDE || n_rows < MIN_SIDE) return 0;
    block b = {.n_columns = n_columns, .n_rows = n_rows};
    load(&b, pixels, stride_bytes, n_channels);
    shades s = two_shades(&b);
    float contrast = s.high - s.low;
    if (contrast < MIN_CONTRAST || s.n_low == 0 || s.n_high == 0) return 0;
    int ink_is_low = s.n_low <= s.n_high;
    float n_across, n_down, long_across, long_down;
    runs(&b, &s, ink_is_low, 1, &n_across, &long_across);
    runs(&b, &s, ink_is_low, 0, &n_down, &long_down);
    float thin = fminf(long_across, long_down), stem = fmaxf(long_across, long_down), many = n_across + n_down;
    float spread = ground_spread(&b, &s, ink_is_low) / contrast;
    return ramp(thin, MAX_STROKE - 2, MAX_STROKE) * ramp(stem, MAX_STEM - 3, MAX_STEM) *
           ramp(many, 2 * MIN_RUNS + 0.5f, 2 * MIN_RUNS) * ramp(spread, MAX_GROUND_SPREAD - 0.04f, MAX_GROUND_SPREAD);
}
