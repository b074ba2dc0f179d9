/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The initial state of the coder: integer data. A published prior never changes; new ones are added. See
 * doc/latent-coder.md, "Priors". */
#ifndef PITH_CODEC_LAT_PRIOR_H
#define PITH_CODEC_LAT_PRIOR_H

#include <stdint.h>

#define LAT_N_NEIGHBOURS 8 /* already coded positions of the same channel */
#define LAT_N_TAPS 5       /* of an earlier channel: the same position and the four next to it */
#define LAT_N_SOURCES 5    /* most earlier channels used by a prediction */
#define LAT_N_VALUE_INPUTS (LAT_N_NEIGHBOURS + 1 + LAT_N_SOURCES * LAT_N_TAPS)
#define LAT_N_ERROR_INPUTS (LAT_N_NEIGHBOURS + 1 + LAT_N_SOURCES * 3)

typedef struct lat_prior {
    const int8_t *odds;     /* LAT_N_SLOTS log odds of the counters, in 1/16 nat */
    const int16_t *weights; /* LAT_N_WEIGHT_SETS x LAT_N_INPUTS, in 1/4096 */
    /* For the channels of one model; 0 and NULL in the generic prior. */
    uint32_t n_channels;
    uint8_t latent_id[8];         /* the latent space it was made for */
    const uint8_t *sources;       /* n_channels x LAT_N_SOURCES: earlier channels, best first */
    const int16_t *value_weights; /* n_channels x LAT_N_VALUE_INPUTS, in 1/2^LINEAR_WEIGHT_BITS */
    const int16_t *error_weights; /* n_channels x LAT_N_ERROR_INPUTS */
} lat_prior;

extern const lat_prior lat_prior_generic, lat_prior_mini;

#define LAT_N_PRIORS 2

/* Indexed by prior_id; 0 is the generic prior. */
extern const lat_prior *const lat_priors[LAT_N_PRIORS];

/* The prior_id for a latent space; the generic one if it has none of its own. */
uint8_t lat_prior_for(const uint8_t latent_id[8]);

#endif
