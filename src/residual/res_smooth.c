/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Smooths across block borders after all blocks are rebuilt; see doc/residual-coder.md, "Smoothing". The change is a
 * continuous function of the samples, so one level more or less does not switch it on or off. */
#include <stdlib.h>

#include "residual/res_state.h"

/* How far the two samples next to a border move towards each other: at most by the possible error of quantisation,
 * and less if the step is so large that it must be a real edge. */
static int32_t movement(int32_t p1, int32_t p0, int32_t q0, int32_t q1, int32_t most) {
    int32_t step = q0 - p0, delta = (4 * step + p1 - q1 + 4) >> 3;
    int32_t meant = abs(step) - 3 * most;
    if (meant > 0) most -= meant / 2;
    if (most <= 0) return 0;
    return delta > most ? most : delta < -most ? -most : delta;
}

/* Palette blocks and blocks without levels have no quantisation error. */
static int32_t most_of(const res_coder *c, const res_leaf *leaf, unsigned plane) {
    if (leaf->kind == RES_KIND_NONE || leaf->kind == RES_KIND_PALETTE) return 0;
    if (leaf->kind == RES_KIND_NET && !leaf->coded) return 0;
    uint32_t step = res_step_of(c, plane, leaf->fine);
    return (int32_t)((uint32_t)res_step_table[step] * c->header.smoothing / (16 * 16));
}

/* Samples p1, p0 are on one side and q0, q1 on the other, `d` apart. */
static void smooth_sample(int16_t *q0, ptrdiff_t d, int32_t most, bool move_p, bool move_q) {
    int32_t m = movement(q0[-2 * d], q0[-d], q0[0], q0[d], most);
    if (m == 0) return;
    if (move_p) q0[-d] = (int16_t)(q0[-d] + m);
    if (move_q) q0[0] = (int16_t)(q0[0] - m);
    if (move_p) q0[-2 * d] = (int16_t)(q0[-2 * d] + m / 2);
    if (move_q) q0[d] = (int16_t)(q0[d] - m / 2);
}

/* Smooths the border between the unit at x, y and the one to its left or above it. */
static void smooth_border(res_coder *c, uint32_t x, uint32_t y, bool horizontal) {
    const res_leaf *q = &c->units[res_unit_at(x, y)], *p = horizontal ? q - RES_UNIT_STRIDE : q - 1;
    if (q->kind == RES_KIND_NONE || p->kind == RES_KIND_NONE) return;
    if ((horizontal ? y : x) & ((1u << q->log2) - 1)) return; /* inside a block */
    bool move_p = p->kind != RES_KIND_PALETTE, move_q = q->kind != RES_KIND_PALETTE;
    for (unsigned plane = 0; plane < c->n_planes; plane++) {
        int32_t most_p = most_of(c, p, plane), most_q = most_of(c, q, plane), most = most_p > most_q ? most_p : most_q;
        if (most == 0) continue;
        int16_t *at = c->rebuilt[plane] + res_at(x, y);
        for (unsigned i = 0; i < RES_UNIT; i++)
            smooth_sample(at + (horizontal ? i : i * RES_STRIDE), horizontal ? (ptrdiff_t)RES_STRIDE : 1, most, move_p,
                          move_q);
    }
}

void res_smooth(res_coder *c) {
    if (c->header.smoothing == 0) return;
    for (int horizontal = 0; horizontal < 2; horizontal++)
        for (uint32_t y = horizontal ? RES_UNIT : 0; y < c->height; y += RES_UNIT)
            for (uint32_t x = horizontal ? 0 : RES_UNIT; x < c->width; x += RES_UNIT)
                smooth_border(c, x, y, horizontal);
}
