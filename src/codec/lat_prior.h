/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where the coder starts: integer data, never changed once published, only
 * added to; doc/latent-coder.md, "Priors". */
#ifndef PITH_CODEC_LAT_PRIOR_H
#define PITH_CODEC_LAT_PRIOR_H

#include <stdint.h>

#define LAT_N_NEIGHBOURS 8 /* of the same channel, coded already */
#define LAT_N_TAPS 5       /* of an earlier channel: the place and the four beside it */
#define LAT_N_SOURCES 5    /* earlier channels a prediction draws on, at most */
#define LAT_N_VALUE_INPUTS (LAT_N_NEIGHBOURS + 1 + LAT_N_SOURCES * LAT_N_TAPS)
#define LAT_N_ERROR_INPUTS (LAT_N_NEIGHBOURS + 1 + LAT_N_SOURCES * 3)

typedef struct lat_prior {
    const int8_t *odds;     /* LAT_N_SLOTS: log odds of the counters, in 1/16 nat */
    const int16_t *weights; /* LAT_N_WEIGHT_SETS x LAT_N_INPUTS, in 1/4096 */
    /* Of one model's channels; 0 and NULL in the generic prior. */
    uint32_t n_channels;
    uint8_t latent_id[8];         /* the latent space it was made with */
    const uint8_t *sources;       /* n_channels x LAT_N_SOURCES: earlier channels, the best first */
    const int16_t *value_weights; /* n_channels x LAT_N_VALUE_INPUTS, in 1/2^LINEAR_WEIGHT_BITS */
    const int16_t *error_weights; /* n_channels x LAT_N_ERROR_INPUTS */
} lat_prior;

extern const lat_prior lat_prior_generic, lat_prior_mini;

#define LAT_N_PRIORS 2

/* By prior_id: 0 is the generic one. */
extern const lat_prior *const lat_priors[LAT_N_PRIORS];

/* The prior_id for a latent space: its own, or else the generic one's. */
uint8_t lat_prior_for(const uint8_t latent_id[8]);

#endif
