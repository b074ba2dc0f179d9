/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The noise schedule and the DDIM step; schedule.h explains them. */
#include "model/schedule.h"

#include <math.h>

#define BETA_FIRST 0.00085
#define BETA_LAST 0.012
#define LONGEST_PERIOD 10000.0f /* longest period of the timestep embedding's sinusoids, divided by 2 pi */

void schedule_init(sd_schedule *s) {
    const double first = sqrt(BETA_FIRST), step = (sqrt(BETA_LAST) - first) / (SCHEDULE_N_TIMESTEPS - 1);
    double product = 1;
    for (uint32_t t = 0; t < SCHEDULE_N_TIMESTEPS; t++) {
        const double root = first + step * t;
        product *= 1 - root * root;
        s->alphas_cumprod[t] = (float)product;
    }
}

void schedule_init_zero_snr(sd_schedule *s) {
    schedule_init(s);
    const double first = sqrt((double)s->alphas_cumprod[0]);
    const double last = sqrt((double)s->alphas_cumprod[SCHEDULE_N_TIMESTEPS - 1]);
    for (uint32_t t = 0; t < SCHEDULE_N_TIMESTEPS; t++) {
        const double root = (sqrt((double)s->alphas_cumprod[t]) - last) * first / (first - last);
        s->alphas_cumprod[t] = (float)(root * root);
    }
}

static double noise_of(const sd_schedule *s, uint32_t t) {
    const double alpha = (double)s->alphas_cumprod[t];
    return alpha > 0 ? (1 - alpha) / alpha : HUGE_VAL;
}

uint32_t schedule_start(const sd_schedule *s, double variance) {
    uint32_t t = 0; /* the result also for a NaN variance */
    while (t + 1 < SCHEDULE_N_TIMESTEPS && variance * variance > noise_of(s, t) * noise_of(s, t + 1)) t++;
    return t;
}

uint32_t schedule_steps(uint32_t *timesteps, uint32_t start, uint32_t n) {
    if (n > start) n = start;
    for (uint32_t i = 0; i < n; i++) timesteps[i] = (uint32_t)((uint64_t)start * (n - i) / n);
    return n;
}

void schedule_step_alphas(const sd_schedule *s, const uint32_t *timesteps, uint32_t n, uint32_t i, float *alpha,
                          float *next) {
    *alpha = s->alphas_cumprod[timesteps[i]];
    *next = s->alphas_cumprod[i + 1 < n ? timesteps[i + 1] : 0];
}

void schedule_ddim_step(float *x, const float *eps, size_t count, float alpha, float next) {
    const double a = (double)alpha, b = (double)next;
    const double of_x = sqrt(b / a), of_eps = sqrt(1 - b) - sqrt(b) * sqrt(1 - a) / sqrt(a);
    for (size_t i = 0; i < count; i++) x[i] = (float)(of_x * (double)x[i] + of_eps * (double)eps[i]);
}

void schedule_noise_of_v(float *v, const float *x, size_t count, float alpha) {
    const double of_v = sqrt((double)alpha), of_x = sqrt(1 - (double)alpha);
    for (size_t i = 0; i < count; i++) v[i] = (float)(of_v * (double)v[i] + of_x * (double)x[i]);
}

/* Computed in float, as in training: at late timesteps the last bit of a frequency moves the angle by more than the
 * result's own rounding. */
void schedule_timestep_embedding(float *out, uint32_t n, float timestep) {
    const uint32_t half = n / 2;
    const float log_period = logf(LONGEST_PERIOD);
    for (uint32_t i = 0; i < half; i++) {
        const float frequency = expf(-log_period * (float)i / (float)half), angle = timestep * frequency;
        out[i] = cosf(angle);
        out[half + i] = sinf(angle);
    }
    if (n % 2) out[n - 1] = 0;
}
