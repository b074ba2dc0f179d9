/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The bits of values that each have a logistic distribution, integrated over their bins of width 1 (train/rate.py). */
#include <math.h>

#include "model/mini.h"

#define LEAST_SCALE 0.05f
#define LEAST_PROBABILITY 1e-6f

static float logistic(float x) { return 1 / (1 + expf(-x)); }

/* log(1 + exp(x)) without overflow. */
static float softplus(float x) { return x > 20 ? x : log1pf(expf(x)); }

/* One value; its gradient, and those of its mean and raw scale. */
static float value_bits(float value, float mean, float raw_scale, float *by_value, float *by_mean, float *by_raw) {
    const float scale = softplus(raw_scale) + LEAST_SCALE, sign = value > mean ? -1 : 1;
    const float from_mean = sign * (value - mean); /* below the mean, where a difference of small numbers is exact */
    const float above = logistic((from_mean + 0.5f) / scale), below = logistic((from_mean - 0.5f) / scale);
    const float probability = above - below;
    *by_value = *by_mean = *by_raw = 0;
    if (!(probability > LEAST_PROBABILITY)) return -log2f(LEAST_PROBABILITY);
    const float density_above = above * (1 - above) / scale, density_below = below * (1 - below) / scale;
    const float by_probability = -1 / (probability * (float)M_LN2);
    *by_value = sign * by_probability * (density_above - density_below);
    *by_mean = -*by_value;
    *by_raw = -by_probability * ((from_mean + 0.5f) * density_above - (from_mean - 0.5f) * density_below) / scale *
              logistic(raw_scale);
    return -log2f(probability);
}

double mini_rate_bits(const float *in, uint32_t n_latent, size_t area, float *gradient) {
    const float *distribution = in + n_latent * area;
    float *by_distribution = gradient + n_latent * area;
    double bits = 0;
    for (uint32_t c = 0; c < n_latent; c++) {
        const size_t means = 2 * c * area, scales = means + area;
        for (size_t i = 0; i < area; i++)
            bits +=
                (double)value_bits(in[c * area + i], distribution[means + i], distribution[scales + i],
                                   &gradient[c * area + i], &by_distribution[means + i], &by_distribution[scales + i]);
    }
    return bits;
}
