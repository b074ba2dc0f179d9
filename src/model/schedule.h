/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Diffusion time of Stable Diffusion 1.x: the noise in a latent at each timestep, the timestep for a given noise, and
 * the DDIM step (eta 0).
 *
 * A latent at timestep t is x_t = sqrt(a) x_0 + sqrt(1 - a) noise, with
 * a = alphas_cumprod[t]. So x_0 plus noise of variance v, multiplied by sqrt(a),
 * is a latent at the t where (1 - a) / a = v. */
#ifndef PITH_MODEL_SCHEDULE_H
#define PITH_MODEL_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_N_TIMESTEPS 1000u

typedef struct sd_schedule {
    float alphas_cumprod[SCHEDULE_N_TIMESTEPS]; /* as a checkpoint stores them */
} sd_schedule;

/* "Scaled linear": the square roots of beta rise linearly from that of 0.00085 to that of 0.012. */
void schedule_init(sd_schedule *schedule);

/* Like schedule_init, with the square roots of alphas_cumprod shifted and scaled so that the last is 0 (zero terminal
 * SNR) and the first is unchanged. */
void schedule_init_zero_snr(sd_schedule *schedule);

/* The timestep, 0..999, whose noise relative to the signal is nearest to `variance` on a logarithmic scale. */
uint32_t schedule_start(const sd_schedule *schedule, double variance);

/* Timesteps of a run: n evenly spaced ones, from `start` down to start / n; fewer if start < n, none if either is 0.
 * Returns their number. */
uint32_t schedule_steps(uint32_t *timesteps, uint32_t start, uint32_t n);

/* alphas_cumprod at step i's timestep and at the next one; the last step leads to alphas_cumprod[0]. */
void schedule_step_alphas(const sd_schedule *schedule, const uint32_t *timesteps, uint32_t n, uint32_t i, float *alpha,
                          float *next);

/* Moves x from alpha to `next` in place: x0 = (x - sqrt(1 - alpha) eps) / sqrt(alpha), then sqrt(next) x0 + sqrt(1 -
 * next) eps. */
void schedule_ddim_step(float *x, const float *eps, size_t count, float alpha, float next);

/* Converts a prediction of v = sqrt(alpha) noise - sqrt(1 - alpha) x0 to the noise, in place; x is the latent at that
 * alpha. */
void schedule_noise_of_v(float *v, const float *x, size_t count, float alpha);

/* The U-Net's input for a timestep: n / 2 cosines, then as many sines. */
void schedule_timestep_embedding(float *out, uint32_t n, float timestep);

#endif
