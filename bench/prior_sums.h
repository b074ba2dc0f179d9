/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a prior knows of a model's channels: which earlier channels tell the
 * most of each, and the weights with which the predictors start. */
#ifndef PITH_BENCH_PRIOR_SUMS_H
#define PITH_BENCH_PRIOR_SUMS_H

#include "codec/lat_model.h"
#include "latent_files.h"

/* Normal equations of one channel's predictor, summed over files. */
typedef struct prior_sums {
    double products[LINEAR_MAX_INPUTS][LINEAR_MAX_INPUTS], moments[LINEAR_MAX_INPUTS];
} prior_sums;

/* Adds what a predictor has seen, less the `ridge` and weights it began with. */
void prior_sums_add(prior_sums *s, const linear_predictor *p, const int16_t *start, double ridge, double scale);

/* Weights in 1/2^LINEAR_WEIGHT_BITS; those of inputs never seen are left. */
void prior_sums_solve(const prior_sums *s, uint32_t count, int16_t *weights);

/* For each channel the earlier ones that leave the least to be predicted, the
 * best first, from symbols: `sources` is n_channels x LAT_N_SOURCES. */
void prior_choose_sources(const latent_file *files, size_t count, uint8_t *sources);

#endif
