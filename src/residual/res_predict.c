/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* DC, planar, and straight continuation at seven angles from above and at seven from the left. */
#include "residual/res_predict.h"

#include <stdbool.h>
#include <string.h>

/* Shift of a mode's direction per step away from the edge, in 1/32 sample. Negative: towards the corner. */
static const struct {
    bool from_left;
    int8_t shift;
} directions[RES_N_MODES] = {
    [2] = {false, 0},   [3] = {true, 0},   [4] = {false, -32}, [5] = {false, -21}, [6] = {false, -13},
    [7] = {false, -5},  [8] = {false, 5},  [9] = {false, 13},  [10] = {false, 26}, [11] = {true, -21},
    [12] = {true, -13}, [13] = {true, -5}, [14] = {true, 5},   [15] = {true, 13},
};

static void predict_dc(const res_edges *e, unsigned log2, int16_t *block) {
    const unsigned n = 1u << log2;
    int32_t sum = (int32_t)n;
    for (unsigned i = 1; i <= n; i++) sum += e->above[i] + e->left[i];
    int16_t mean = (int16_t)(sum >> (log2 + 1));
    for (unsigned i = 0; i < n * n; i++) block[i] = mean;
}

static void predict_plane(const res_edges *e, unsigned log2, int16_t *block) {
    const int32_t n = 1 << log2;
    for (int32_t y = 0; y < n; y++)
        for (int32_t x = 0; x < n; x++)
            block[y * n + x] = (int16_t)(((n - 1 - x) * e->left[y + 1] + (x + 1) * e->above[n + 1] +
                                          (n - 1 - y) * e->above[x + 1] + (y + 1) * e->left[n + 1] + n) >>
                                         (log2 + 1));
}

/* Predicts from the edge `main`; `other` continues it beyond the corner. Rows are those of a prediction from
 * above. */
static void predict_direction(const int16_t *main, const int16_t *other, int32_t shift, unsigned log2, int16_t *block) {
    const int32_t n = 1 << log2;
    int16_t line[3 * RES_MAX_SIDE + 1], *reference = line + RES_MAX_SIDE;
    memcpy(reference, main, (size_t)(2 * n + 1) * sizeof *main);
    /* Beyond the corner, the other edge is projected along the direction. */
    for (int32_t k = 1; shift < 0 && k <= (n * -shift) >> 5; k++) {
        int32_t along = (k * (8192 / -shift) + 128) >> 8;
        reference[-k] = other[along < n ? along : n];
    }
    for (int32_t y = 0; y < n; y++) {
        int32_t whole = ((y + 1) * shift) >> 5, part = ((y + 1) * shift) & 31;
        const int16_t *from = reference + whole + 1;
        for (int32_t x = 0; x < n; x++)
            block[y * n + x] = part ? (int16_t)(((32 - part) * from[x] + part * from[x + 1] + 16) >> 5) : from[x];
    }
}

static void transpose(int16_t *block, unsigned n) {
    for (unsigned y = 0; y < n; y++)
        for (unsigned x = 0; x < y; x++) {
            int16_t t = block[y * n + x];
            block[y * n + x] = block[x * n + y];
            block[x * n + y] = t;
        }
}

void res_predict(const res_edges *e, unsigned mode, unsigned log2, int16_t *block) {
    if (mode == RES_MODE_DC) {
        predict_dc(e, log2, block);
    } else if (mode == RES_MODE_PLANAR) {
        predict_plane(e, log2, block);
    } else if (directions[mode].from_left) {
        predict_direction(e->left, e->above, directions[mode].shift, log2, block);
        transpose(block, 1u << log2);
    } else {
        predict_direction(e->above, e->left, directions[mode].shift, log2, block);
    }
}
