/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "nn/nn_squares.h"

#define LEAST_CHANNELS 16

bool nn_uses_squares(const nn_plan *p, const nn_op *op) {
    return (op->kind == NN_OP_CONV || op->kind == NN_OP_CONV_ADJOINT) && op->u.conv == NN_CONV3 &&
           op->shape.c >= LEAST_CHANNELS && p->ops[op->in[0]].shape.c >= LEAST_CHANNELS;
}

/* Three values, `step` apart, to four. */
static void transform(float *u, int to_next, const float *g, int step) {
    const float ends = g[0] + g[2 * step];
    u[0] = g[0];
    u[to_next] = (ends + g[step]) * 0.5f;
    u[2 * to_next] = (ends - g[step]) * 0.5f;
    u[3 * to_next] = g[2 * step];
}

void nn_square_of_kernel(float u[16], const float g[9]) {
    float columns[12]; /* 4 rows of 3 */
    for (int x = 0; x < 3; x++) transform(columns + x, 3, g + x, 3);
    for (int y = 0; y < 4; y++) transform(u + 4 * y, 1, columns + 3 * y, 1);
}
