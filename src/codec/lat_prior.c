/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "codec/lat_prior.h"

#include <string.h>

const lat_prior *const lat_priors[LAT_N_PRIORS] = {&lat_prior_generic, &lat_prior_mini};

uint8_t lat_prior_for(const uint8_t latent_id[8]) {
    for (uint8_t i = 1; i < LAT_N_PRIORS; i++)
        if (memcmp(lat_priors[i]->latent_id, latent_id, sizeof lat_priors[i]->latent_id) == 0) return i;
    return 0;
}
