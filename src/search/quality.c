/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/quality.h"

#include <math.h>

#include "base/exact_math.h"

/* Measured with the built-in model on photos that it was not trained on. */
typedef struct knot {
    float quality, value;
} knot;

/* Part of the way from the step of quality 0 to that of 100, in octaves. */
static const knot latent_knots[] = {{0, 0},       {10, 0.053f}, {20, 0.115f}, {30, 0.190f}, {40, 0.272f},
                                    {50, 0.382f}, {60, 0.552f}, {63, 0.650f}, {100, 1}};
#define N_LATENT_KNOTS (sizeof latent_knots / sizeof *latent_knots)

/* The index of the residual's step, then the quality of the latents beside it. */
static const knot residual_knots[] = {{63, 40}, {66.2f, 34}, {70, 31.2f}, {81, 24}, {86.3f, 20},
                                      {92, 16}, {96.4f, 12}, {98.5f, 8},  {100, 4}};
#define N_RESIDUAL_KNOTS (sizeof residual_knots / sizeof *residual_knots)
static const knot beside_knots[] = {{63, 63}, {66.2f, 65}, {70, 70}, {81, 79}, {90, 81}, {100, 81}};

static float between(const knot *knots, float quality) {
    while (quality > knots[1].quality) knots++;
    float part = (quality - knots->quality) / (knots[1].quality - knots->quality);
    return knots->value + part * (knots[1].value - knots->value);
}

/* The quality that has this value, extrapolated linearly beyond the ends. */
static float quality_at(const knot *knots, size_t count, float value) {
    const float sign = knots[1].value > knots[0].value ? 1 : -1;
    const knot *k = knots;
    while (k + 2 < knots + count && sign * value > sign * k[1].value) k++;
    float part = (value - k->value) / (k[1].value - k->value);
    return k->quality + part * (k[1].quality - k->quality);
}

#define SCORE_Q0 (-11.0) /* of quality 0, and .. */
#define SCORE_Q100 94.6  /* .. of 100; between them, no mean deviates by more than 1.5 */

double quality_score(float quality) { return SCORE_Q0 + (SCORE_Q100 - SCORE_Q0) * (double)quality / 100; }

#define DEEP_OCTAVES 3 /* from 8-bit levels at QUALITY_DEEP to quality 100 */

uint32_t quality_deep_step(float quality) {
    return (uint32_t)(65535.0f / 255 * em_exp2f(-DEEP_OCTAVES * (quality - QUALITY_DEEP) / (100 - QUALITY_DEEP)) +
                      0.5f);
}

float quality_log2_step(const model_traits *t, float quality) {
    return t->log2_step_q0 + (t->log2_step_q100 - t->log2_step_q0) * between(latent_knots, quality);
}

double quality_residual_step(float quality, float *latents) {
    *latents = between(beside_knots, quality);
    return (double)between(residual_knots, quality);
}

float quality_beside_step(double step) {
    float quality = quality_at(residual_knots, N_RESIDUAL_KNOTS, (float)step);
    return between(beside_knots, fminf(fmaxf(quality, QUALITY_RESIDUAL), 100));
}

float pith_quality_of_step(float log2_step_q0, float log2_step_q100, float step) {
    return quality_at(latent_knots, N_LATENT_KNOTS, (em_log2f(step) - log2_step_q0) / (log2_step_q100 - log2_step_q0));
}
