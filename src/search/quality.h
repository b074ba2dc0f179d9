/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* From a quality, 0 to 100, to steps. Equal distances in quality are meant to
 * be equal distances in SSIMULACRA2; bench/quality_steps.sh shows how nearly. */
#ifndef PITH_SEARCH_QUALITY_H
#define PITH_SEARCH_QUALITY_H

#include "networks/model.h"

/* From here on latents alone do little, and what they lack goes into a residual
 * wherever the encoder may write one. */
#define QUALITY_RESIDUAL 63.0f

/* What a quality means, as SSIMULACRA 2: the mean of photos. */
double quality_score(float quality);

/* From here on pictures of 16 bits are stored in evenly spaced levels, so far apart. */
#define QUALITY_DEEP 90.0f
uint32_t quality_deep_step(float quality);

/* log2 of the latents' step in a file of latents alone. */
float quality_log2_step(const model_traits *t, float quality);

/* The step of the residual, an index as of res_options, for a quality of at
 * least QUALITY_RESIDUAL. `*latents`: the quality that latents beside it have. */
double quality_residual_step(float quality, float *latents);

/* The quality of latents beside a residual of this step. */
float quality_beside_step(double step);

#endif
