/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2's maps of structural error, ringing and blur of one channel, and
 * the way of their norms' gradient back through them. */
#ifndef PITH_FIDELITY_SSIMULACRA2_MAPS_H
#define PITH_FIDELITY_SSIMULACRA2_MAPS_H

#include "fidelity/ssimulacra2_parts.h"

/* What the maps of some pixels are made of; borrowed. */
typedef struct ss2_pixels {
    const float *own, *own_mean, *own_variance; /* the original's */
    const float *value;                         /* the decoded picture's */
    float *mean, *square, *cross;               /* smoothed: the value, its square, its product with the original's */
} ss2_pixels;

/* Per map and error e in it, the gradient of the weighted norms is norm1 + norm4 e^3. */
typedef struct ss2_slopes {
    float norm1[SS2_N_MAPS], norm4[SS2_N_MAPS];
} ss2_slopes;

void ss2_structure_map(float *map, const ss2_pixels *p, size_t n);
void ss2_edge_maps(float *ringing, float *blur, const ss2_pixels *p, size_t n);

/* Adds the sums of n errors and of their fourth powers. */
void ss2_add_powers(double sums[2], const float *map, size_t n);

/* By the structural error: the gradients with respect to mean, square and cross take their places. */
void ss2_structure_adjoint(const ss2_pixels *p, const ss2_slopes *slopes, size_t n);

/* By ringing and blur: the gradient with respect to the value; that with respect to the mean is the opposite. */
void ss2_edge_adjoint(float *to_value, const ss2_pixels *p, const ss2_slopes *slopes, size_t n);

#endif
