/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Which convolutions are defined by squares, Winograd's F(2x2, 3x3) (A. Lavin, S. Gray, "Fast algorithms for
 * convolutional neural networks", 2016, section 4.1), and how their kernels are transformed: doc/format.md, "The
 * arithmetic of the networks". The engines that are exact share it. */
#ifndef PITH_NN_NN_SQUARES_H
#define PITH_NN_NN_SQUARES_H

#include "nn/nn_internal.h"

/* 3x3 with stride 1, or the adjoint of one, of at least 16 channels on both sides. */
bool nn_uses_squares(const nn_plan *p, const nn_op *op);

#define NN_SQUARE_LANES 16

/* u = G g G^T: kernels, row by row, to 16 values each; so many kernels side by side. */
void nn_squares_of_kernels(float u[16][NN_SQUARE_LANES], float g[9][NN_SQUARE_LANES]);

#endif
