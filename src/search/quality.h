/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Converts a quality, 0 to 100, to steps. Equal distances in quality are meant to
 * be equal distances in SSIMULACRA2; bench/quality_steps.sh shows how close they are. */
#ifndef PITH_SEARCH_QUALITY_H
#define PITH_SEARCH_QUALITY_H

#include "networks/model.h"

/* From here on finer latents gain little, and a residual makes up for what they lack,
 * wherever the encoder may write one. */
#define QUALITY_RESIDUAL 63.0f

/* The SSIMULACRA 2 score that a quality stands for: the mean over photos. */
double quality_score(float quality);

/* From here on 16-bit pictures are stored in evenly spaced levels, this far apart. */
#define QUALITY_DEEP 90.0f
uint32_t quality_deep_step(float quality);

/* log2 of the latents' step in a file without a residual. */
float quality_log2_step(const model_traits *t, float quality);

/* The step of the residual (an index, see res_options) for a quality of at least
 * QUALITY_RESIDUAL. `*latents`: the quality of the latents beside it. */
double quality_residual_step(float quality, float *latents);

/* The quality of latents beside a residual of this step. */
float quality_beside_step(double step);

#endif
