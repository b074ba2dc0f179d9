/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Chooses levels by rate and distortion: those that cost more than they gain are left out. Floats may be used, since
 * only the encoder decides here and the file contains its choice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/exact_math.h"
#include "residual/res_search.h"

/* Approximate cost of a level, in bits. */
#define BITS_OF_ONE 4.0       /* including its sign */
#define BITS_OF_MORE 1.5      /* for each further octave */
#define BITS_OF_REACHING 0.35 /* for each position that the scan covers */

typedef struct candidate_level {
    double coefficient, step; /* in 1/4 of a sample */
    int32_t level;
} candidate_level;

static double error_of(const candidate_level *k, int32_t level) {
    double e = fabs(k->coefficient) - level * k->step;
    return e * e / 16;
}

static double bits_of(int32_t level) { return level == 0 ? 0.3 : BITS_OF_ONE + BITS_OF_MORE * em_log2(level); }

/* The cheaper of the nearest level and the one below it. */
static int32_t best_level(const candidate_level *k, double lambda) {
    int32_t high = (int32_t)(fabs(k->coefficient) / k->step + 0.5);
    if (high == 0) return 0;
    if (high > RES_MAX_LEVEL) return RES_MAX_LEVEL;
    double cost_high = error_of(k, high) + lambda * bits_of(high);
    double cost_low = error_of(k, high - 1) + lambda * bits_of(high - 1);
    return cost_low <= cost_high ? high - 1 : high;
}

/* True if the sum of all magnitudes is too small for any coefficient to reach half a step. No factor of the transform
 * is above 2 / n. */
static bool is_below(const int16_t *residual, unsigned log2, uint32_t step) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < 1u << (2 * log2); i++) sum += (uint64_t)abs(residual[i]);
    return sum * 512 * 4 < (uint64_t)step << log2;
}

bool res_choose_levels(const res_coder *c, unsigned plane, unsigned log2, bool fine, const int16_t *residual,
                       double lambda, int16_t *levels) {
    const unsigned n = 1u << log2, step_index = res_step_of(c, plane, fine), slope = c->header.slopes[plane > 0];
    const uint16_t *scan = c->scans[log2 - RES_MIN_LOG2];
    int32_t coefficients[RES_MAX_AREA];
    for (unsigned v = 0; v < n; v++) memset(levels + (size_t)v * RES_STRIDE, 0, n * sizeof *levels);
    if (is_below(residual, log2, res_coefficient_step(step_index, slope, log2, 0, 0))) return false;
    res_transform_forward(residual, log2, coefficients);
    lambda /= res_plane_weights[plane];

    /* Along the scan: the net gain of ending after each position. */
    double gain = 0, best_gain = 0;
    unsigned end = 0;
    for (unsigned place = 0; place < n * n; place++) {
        unsigned v = scan[place] >> log2, u = scan[place] & (n - 1);
        candidate_level k = {.coefficient = coefficients[scan[place]],
                             .step = res_coefficient_step(step_index, slope, log2, v, u) / 128.0};
        gain -= lambda * BITS_OF_REACHING;
        if (fabs(k.coefficient) < 0.5 * k.step) continue;
        k.level = best_level(&k, lambda);
        if (k.level == 0) continue;
        gain += error_of(&k, 0) - error_of(&k, k.level) - lambda * (bits_of(k.level) - BITS_OF_REACHING);
        levels[(size_t)v * RES_STRIDE + u] = (int16_t)(k.coefficient < 0 ? -k.level : k.level);
        if (gain > best_gain) {
            best_gain = gain;
            end = place + 1;
        }
    }
    for (unsigned place = end; place < n * n; place++)
        levels[(size_t)(scan[place] >> log2) * RES_STRIDE + (scan[place] & (n - 1))] = 0;
    return end > 0;
}
