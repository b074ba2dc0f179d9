/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Prediction of a block from the samples above it and to its left;
 * doc/residual-coder.md, "Prediction". Every mode is a mean with weights that
 * are not negative: differences between machines do not grow. */
#ifndef PITH_RESIDUAL_RES_PREDICT_H
#define PITH_RESIDUAL_RES_PREDICT_H

#include "residual/res_transform.h"

#define RES_N_MODES 16u
#define RES_MODE_DC 0u
#define RES_MODE_PLANAR 1u

/* The samples around a block of side n: [0] is the corner, 1..n are beside the
 * block, n+1..2n go on from there. */
typedef struct res_edges {
    int16_t above[2 * RES_MAX_SIDE + 1], left[2 * RES_MAX_SIDE + 1];
} res_edges;

/* Fills a block of 2^log2 rows of 2^log2. */
void res_predict(const res_edges *edges, unsigned mode, unsigned log2, int16_t *block);

#endif
