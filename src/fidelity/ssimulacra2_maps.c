/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Every loop takes its pointers as arguments: gcc then knows that they do not overlap and vectorises the loop. */
#include "fidelity/ssimulacra2_maps.h"

#include <math.h>

#include "fidelity/ssimulacra2_colour.h"

#define N_LANES 4   /* parallel sums, for vectorisation */
#define TINY 1e-30f /* far below any nonzero difference of two samples */

/* ---- structural error ------------------------------------------------------------------ */

static void structure_map(float *restrict map, const float *restrict own_mean, const float *restrict own_variance,
                          const float *restrict mean, const float *restrict square, const float *restrict cross,
                          size_t n) {
    for (size_t i = 0; i < n; i++) {
        float own = own_mean[i], other = mean[i], difference = own - other;
        float covariance = 2 * (cross[i] - own * other) + SS2_C2;
        float variances = own_variance[i] + (square[i] - other * other) + SS2_C2;
        float error = 1 - (1 - difference * difference) * covariance / variances;
        map[i] = error > 0 ? error : 0;
    }
}

void ss2_structure_map(float *map, const ss2_pixels *p, size_t n) {
    structure_map(map, p->own_mean, p->own_variance, p->mean, p->square, p->cross, n);
}

static void structure_adjoint(float *restrict mean, float *restrict square, float *restrict cross,
                              const float *restrict own_mean, const float *restrict own_variance, float norm1,
                              float norm4, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float own = own_mean[i], other = mean[i], difference = own - other;
        float covariance = 2 * (cross[i] - own * other) + SS2_C2;
        float inverse = 1 / (own_variance[i] + (square[i] - other * other) + SS2_C2);
        float closeness = 1 - difference * difference, ratio = covariance * inverse;
        float error = 1 - closeness * ratio;
        float slope = ss2_choose(error, norm1 + norm4 * (error * error * error), 0);
        float scaled = slope * closeness * inverse;
        mean[i] = 2 * (scaled * (own - ratio * other) - slope * ratio * difference);
        square[i] = scaled * ratio;
        cross[i] = -2 * scaled;
    }
}

void ss2_structure_adjoint(const ss2_pixels *p, const ss2_slopes *slopes, size_t n) {
    structure_adjoint(p->mean, p->square, p->cross, p->own_mean, p->own_variance, slopes->norm1[SS2_STRUCTURE],
                      slopes->norm4[SS2_STRUCTURE], n);
}

/* ---- ringing and blur -------------------------------------------------------------------- */

static void edge_maps(float *restrict ringing, float *restrict blur, const float *restrict own,
                      const float *restrict own_mean, const float *restrict value, const float *restrict mean,
                      size_t n) {
    for (size_t i = 0; i < n; i++) {
        float error = (1 + fabsf(value[i] - mean[i])) / (1 + fabsf(own[i] - own_mean[i])) - 1;
        ringing[i] = error > 0 ? error : 0;
        blur[i] = error < 0 ? -error : 0;
    }
}

void ss2_edge_maps(float *ringing, float *blur, const ss2_pixels *p, size_t n) {
    edge_maps(ringing, blur, p->own, p->own_mean, p->value, p->mean, n);
}

static void edge_adjoint(float *restrict to_value, const float *restrict own, const float *restrict own_mean,
                         const float *restrict value, const float *restrict mean, const ss2_slopes *slopes, size_t n) {
    const float ringing1 = slopes->norm1[SS2_RINGING], ringing4 = slopes->norm4[SS2_RINGING];
    const float blur1 = -slopes->norm1[SS2_BLUR], blur4 = slopes->norm4[SS2_BLUR];
    for (size_t i = 0; i < n; i++) {
        float edge = value[i] - mean[i], inverse = 1 / (1 + fabsf(own[i] - own_mean[i]));
        float error = (1 + fabsf(edge)) * inverse - 1; /* blur is minus this; its cube, too */
        float slope = ss2_choose(error, ringing1, blur1) + ss2_choose(error, ringing4, blur4) * (error * error * error);
        to_value[i] = slope * inverse * (edge / (fabsf(edge) + TINY));
    }
}

void ss2_edge_adjoint(float *to_value, const ss2_pixels *p, const ss2_slopes *slopes, size_t n) {
    edge_adjoint(to_value, p->own, p->own_mean, p->value, p->mean, slopes, n);
}

/* ---- norms --------------------------------------------------------------------------------- */

void ss2_add_powers(double sums[2], const float *map, size_t n) {
    double lanes1[N_LANES] = {0}, lanes4[N_LANES] = {0};
    for (size_t i = 0; i + N_LANES <= n; i += N_LANES)
        for (size_t l = 0; l < N_LANES; l++) {
            double error = (double)map[i + l], square = error * error;
            lanes1[l] += error;
            lanes4[l] += square * square;
        }
    for (size_t i = n - n % N_LANES; i < n; i++) {
        double error = (double)map[i], square = error * error;
        sums[0] += error;
        sums[1] += square * square;
    }
    for (size_t l = 0; l < N_LANES; l++) {
        sums[0] += lanes1[l];
        sums[1] += lanes4[l];
    }
}
