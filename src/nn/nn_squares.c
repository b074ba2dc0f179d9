/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "nn/nn_squares.h"

#define LEAST_CHANNELS 16

bool nn_uses_squares(const nn_plan *p, const nn_op *op) {
    return (op->kind == NN_OP_CONV || op->kind == NN_OP_CONV_ADJOINT) && op->u.conv == NN_CONV3 &&
           op->shape.c >= LEAST_CHANNELS && p->ops[op->in[0]].shape.c >= LEAST_CHANNELS;
}

/* Three rows of lanes, `step` apart, to four, `to_next` apart. */
static void transform(float (*u)[NN_SQUARE_LANES], int to_next, float (*g)[NN_SQUARE_LANES], int step) {
    for (int i = 0; i < NN_SQUARE_LANES; i++) {
        const float ends = g[0][i] + g[2 * step][i];
        u[0][i] = g[0][i];
        u[to_next][i] = (ends + g[step][i]) * 0.5f;
        u[2 * to_next][i] = (ends - g[step][i]) * 0.5f;
        u[3 * to_next][i] = g[2 * step][i];
    }
}

void nn_squares_of_kernels(float u[16][NN_SQUARE_LANES], float g[9][NN_SQUARE_LANES]) {
    float columns[12][NN_SQUARE_LANES]; /* 4 rows of 3 */
    for (int x = 0; x < 3; x++) transform(columns + x, 3, g + x, 3);
    for (int y = 0; y < 4; y++) transform(u + 4 * y, 1, columns + 3 * y, 1);
}
