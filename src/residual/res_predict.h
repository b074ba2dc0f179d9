/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Prediction of a block from the samples above and to the left; see doc/residual-coder.md, "Prediction". Every mode
 * is a mean with non-negative weights, so differences between machines do not grow. */
#ifndef PITH_RESIDUAL_RES_PREDICT_H
#define PITH_RESIDUAL_RES_PREDICT_H

#include "residual/res_transform.h"

#define RES_N_MODES 16u
#define RES_MODE_DC 0u
#define RES_MODE_PLANAR 1u

/* The samples around a block of side n: [0] is the corner, 1..n are next to the block, n+1..2n continue beyond it. */
typedef struct res_edges {
    int16_t above[2 * RES_MAX_SIDE + 1], left[2 * RES_MAX_SIDE + 1];
} res_edges;

/* Fills a block of 2^log2 x 2^log2 samples. */
void res_predict(const res_edges *edges, unsigned mode, unsigned log2, int16_t *block);

#endif
