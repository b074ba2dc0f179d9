/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2's maps of structural error, ringing and blur for one channel, and the backward pass of their norms'
 * gradient. */
#ifndef PITH_FIDELITY_SSIMULACRA2_MAPS_H
#define PITH_FIDELITY_SSIMULACRA2_MAPS_H

#include "fidelity/ssimulacra2_parts.h"

/* Inputs of the maps at some pixels; borrowed. */
typedef struct ss2_pixels {
    const float *own, *own_mean, *own_variance; /* of the original */
    const float *value;                         /* of the decoded picture */
    float *mean, *square, *cross;               /* smoothed: the value, its square, its product with the original */
} ss2_pixels;

/* For each map, the derivative of the weighted norms by an error e in it is norm1 + norm4 e^3. */
typedef struct ss2_slopes {
    float norm1[SS2_N_MAPS], norm4[SS2_N_MAPS];
} ss2_slopes;

void ss2_structure_map(float *map, const ss2_pixels *p, size_t n);
void ss2_edge_maps(float *ringing, float *blur, const ss2_pixels *p, size_t n);

/* Adds the sums of n errors, and of their fourth powers. */
void ss2_add_powers(double sums[2], const float *map, size_t n);

/* For the structural error: replaces mean, square and cross by the gradients with respect to them. */
void ss2_structure_adjoint(const ss2_pixels *p, const ss2_slopes *slopes, size_t n);

/* For ringing and blur: the gradient with respect to the value. The one with respect to the mean is its negative. */
void ss2_edge_adjoint(float *to_value, const ss2_pixels *p, const ss2_slopes *slopes, size_t n);

#endif
