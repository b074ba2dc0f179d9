/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures with few colours: their list, and an index for each pixel that is not a repeat; see doc/exact-coder.md,
 * "Palette". */
#include "exact/exact_state.h"

#define MIX_RATE 10
#define LIMIT 250
#define WEIGHT_START (MIX_WEIGHT_ONE * 4 / 10)
#define SALT(k) ((uint64_t)(k) << 56)

void exact_palette_begin(exact_coder *c) {
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k <= EXACT_MAX_DEPTH; k++)
            for (size_t j = 0; j <= EXACT_INDEX_INPUTS; j++)
                c->palette.weights[i][k][j] = j < EXACT_INDEX_INPUTS ? WEIGHT_START : 0;
    exact_palette_code(c);
}

/* ---- an index ------------------------------------------------------------------------------- */

static unsigned n_tried_within(const exact_view *v, uint32_t from, uint32_t to) {
    unsigned n = 0;
    for (unsigned i = 0; i < v->n_tried; i++) n += v->tried[i] >= from && v->tried[i] < to;
    return n;
}

static unsigned code_half(exact_coder *c, size_t place, uint64_t node, unsigned depth, unsigned bit) {
    exact_mixing *m = &c->mixing;
    const exact_pixel *p = c->plane + place, *n = p - c->stride;
    const uint64_t w = p[-1], north = n[0], nw = n[-1], ne = n[1];
    exact_begin(m);
    const uint64_t of_node = exact_hash(SALT(16), node);
    exact_add(m, exact_find(m, of_node));
    exact_add(m, exact_find(m, exact_hash(of_node ^ SALT(17), w)));
    exact_add(m, exact_find(m, exact_hash(of_node ^ SALT(18), north)));
    exact_add(m, exact_find(m, exact_hash(of_node ^ SALT(19), w << 16 | north)));
    exact_add(m, exact_find(m, exact_hash(of_node ^ SALT(20), (w + north) >> 1)));
    exact_add(m, exact_find(m, exact_hash(of_node ^ SALT(21), ((w + ne) >> 1) << 16 | ((north + nw) >> 1))));
    const exact_sets sets = {c->palette.weights[0][depth], c->palette.weights[1][w == north ? EXACT_MAX_DEPTH : depth],
                             NULL, MIX_RATE, LIMIT};
    return exact_code(m, bit, &sets);
}

/* Codes an index by repeated halving of the range. A half in which all colours were tried is skipped without
 * coding. */
exact_pixel exact_code_index(exact_coder *c, size_t place, exact_pixel truth) {
    const exact_view *v = &c->repeats.view;
    uint32_t from = 0, size = 1;
    unsigned depth = 0;
    while (size < c->palette.n_colours) size <<= 1;
    for (; size > 1; depth++) {
        size >>= 1;
        const uint32_t middle = from + size, n = c->palette.n_colours;
        const uint32_t end = middle + size < n ? middle + size : n;
        const bool no_upper = middle >= n || n_tried_within(v, middle, end) == end - middle;
        const bool no_lower = n_tried_within(v, from, middle) == size;
        unsigned upper = 0;
        if (no_lower)
            upper = 1;
        else if (!no_upper)
            upper = code_half(c, place, (uint64_t)from | size << 16, depth, truth >= middle);
        if (upper) from = middle;
        if (upper && middle >= n) {
            c->mixing.failed = true; /* all colours were already tried */
            return 0;
        }
    }
    return from;
}
