/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/tint.h"

#include <math.h>

#define MAX_MEAN_SQUARE 4.0 /* of distances from the line, in levels: as much as JPEG distorts grey .. */
#define MAX_DISTANCE 12.0   /* .. and the distance of the farthest pixel */
#define N_STEPS 20          /* of the power iteration */

/* The line through `mean` along `axis`, of length 1. */
typedef struct fitted {
    double mean[3], axis[3];
} fitted;

typedef struct pixels_seen {
    const kept_source *source;
    size_t at, n;
} pixels_seen;

/* The next visible pixel; NULL after the last. */
static const uint8_t *next_pixel(pixels_seen *p) {
    while (p->at < p->n && p->source->hidden && p->source->hidden[p->at]) p->at++;
    return p->at < p->n ? (const uint8_t *)p->source->image.pixels + 3 * p->at++ : NULL;
}

static pixels_seen all_pixels(const kept_source *source) {
    return (pixels_seen){source, 0, (size_t)source->image.format.width * source->image.format.height};
}

/* False if no pixel is visible. */
static bool fit(const kept_source *source, fitted *line) {
    pixels_seen p = all_pixels(source);
    double n = 0, sum[3] = {0}, m[3][3] = {{0}};
    for (const uint8_t *v = next_pixel(&p); v; v = next_pixel(&p), n++)
        for (int a = 0; a < 3; a++) {
            sum[a] += v[a];
            for (int b = 0; b < 3; b++) m[a][b] += (double)v[a] * v[b];
        }
    if (!(n > 0)) return false;
    *line = (fitted){{sum[0] / n, sum[1] / n, sum[2] / n}, {1, 1, 1}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) m[a][b] = m[a][b] / n - line->mean[a] * line->mean[b];
    for (int step = 0; step < N_STEPS; step++) {
        double next[3] = {0}, square = 0;
        for (int a = 0; a < 3; a++) {
            for (int b = 0; b < 3; b++) next[a] += m[a][b] * line->axis[b];
            square += next[a] * next[a];
        }
        if (!(square > 1e-12)) break;
        for (int a = 0; a < 3; a++) line->axis[a] = next[a] / sqrt(square);
    }
    double square = 0;
    for (int a = 0; a < 3; a++) square += line->axis[a] * line->axis[a];
    for (int a = 0; a < 3; a++) line->axis[a] /= sqrt(square);
    return true;
}

bool tint_find(const kept_source *source, ctr_tint *tint) {
    fitted line;
    double low = INFINITY, high = -INFINITY, sum = 0, n = 0;
    if (source->image.format.n_channels != 3 || !fit(source, &line)) return false;
    pixels_seen p = all_pixels(source);
    for (const uint8_t *v = next_pixel(&p); v; v = next_pixel(&p), n++) {
        double along = 0, square = 0;
        for (int a = 0; a < 3; a++) {
            double d = v[a] - line.mean[a];
            along += d * line.axis[a];
            square += d * d;
        }
        low = fmin(low, along);
        high = fmax(high, along);
        square -= along * along; /* the distance from the line */
        sum += square;
        if (square > MAX_DISTANCE * MAX_DISTANCE || sum > MAX_MEAN_SQUARE * (double)p.n) return false;
    }
    if (sum > MAX_MEAN_SQUARE * n) return false;
    for (int a = 0; a < 3; a++) {
        tint->ends[0][a] = (uint8_t)fmin(fmax(line.mean[a] + low * line.axis[a] + 0.5, 0), 255);
        tint->ends[1][a] = (uint8_t)fmin(fmax(line.mean[a] + high * line.axis[a] + 0.5, 0), 255);
    }
    return true;
}
