/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Few colours: their list, and an index where a pixel is no repeat; doc/exact-coder.md, "Palette". */
#include "exact/exact_state.h"

#define MIX_RATE 10
#define LIMIT 250
#define WEIGHT_START (MIX_WEIGHT_ONE * 4 / 10)
#define SALT(k) ((uint64_t)(k) << 56)

/* ---- the list ----------------------------------------------------------------------------- */

typedef struct list_coder {
    exact_mixing *mixing;
    exact_counter length[24], same[4][4], bits[4][16];
} list_coder;

/* 0 and more, below 2^16: how many bits, then they. */
static uint32_t code_number(list_coder *l, exact_counter *lengths, uint32_t value) {
    unsigned n = 0, n_bits = 0;
    if (!l->mixing->decoding) n_bits = 32u - (unsigned)__builtin_clz(value + 1);
    while (n < 16 && exact_code_counted(l->mixing, n + 1 < n_bits, &lengths[n])) n++;
    return ((1u << n) | exact_code_raw(l->mixing, value + 1, n)) - 1;
}

static uint32_t value_of(exact_pixel colour, unsigned channel, unsigned n_channels) {
    return (uint32_t)(colour >> (16 * (n_channels - 1 - channel)) & 0xffff);
}

/* A colour above `before`: while its first values are equal, how much more the next is. */
static exact_pixel code_colour(list_coder *l, exact_pixel before, exact_pixel truth, unsigned n_channels,
                               unsigned n_bits, bool is_first) {
    exact_pixel colour = 0;
    bool equal = !is_first;
    const uint32_t most = (1u << n_bits) - 1;
    const bool has_opacity = n_channels % 2 == 0;
    uint32_t guess = 0;
    for (unsigned k = 0; k < n_channels; k++) {
        uint32_t value = value_of(truth, k, n_channels);
        const uint32_t least = value_of(before, k, n_channels);
        if (equal) {
            value = least + code_number(l, l->bits[k], value - least);
            equal = value == least;
            if (value > most) l->mixing->failed = true;
        } else if (k > (has_opacity ? 1u : 0u) && exact_code_counted(l->mixing, value == guess, &l->same[k][0])) {
            value = guess;
        } else if (has_opacity && k == 0 && exact_code_counted(l->mixing, value == most, &l->same[k][1])) {
            value = most;
        } else {
            value = exact_code_raw(l->mixing, value, n_bits);
        }
        value &= 0xffff;
        if (k >= (has_opacity ? 1u : 0u)) guess = value;
        colour = colour << 16 | value;
    }
    return colour;
}

static void code_list(exact_coder *c) {
    exact_palette *p = &c->palette;
    list_coder l = {.mixing = &c->mixing};
    for (size_t i = 0; i < sizeof l.length / sizeof *l.length; i++) l.length[i] = EXACT_COUNTER_NEW;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) l.same[i][k] = EXACT_COUNTER_NEW;
        for (size_t k = 0; k < 16; k++) l.bits[i][k] = EXACT_COUNTER_NEW;
    }
    const uint32_t n = code_number(&l, l.length, p->n_colours - 1) + 1;
    if (n > EXACT_MAX_COLOURS) c->mixing.failed = true;
    p->n_colours = n > EXACT_MAX_COLOURS ? 1 : n;
    for (unsigned i = 0; i < p->n_colours && !c->mixing.failed; i++) {
        p->colours[i] =
            code_colour(&l, i ? p->colours[i - 1] : 0, p->colours[i], c->n_channels, c->plan.n_bits, i == 0);
        if (i > 0 && p->colours[i] <= p->colours[i - 1]) c->mixing.failed = true;
    }
}

void exact_palette_begin(exact_coder *c) {
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 11; k++)
            for (size_t j = 0; j <= EXACT_INDEX_INPUTS; j++)
                c->palette.weights[i][k][j] = j < EXACT_INDEX_INPUTS ? WEIGHT_START : 0;
    code_list(c);
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
    const uint64_t w = p[-1] + 1, north = n[0] + 1, nw = n[-1] + 1, ne = n[1] + 1;
    exact_begin(m);
    exact_add(m, exact_find(m, SALT(16) | node));
    exact_add(m, exact_find(m, SALT(17) | node << 16 | w));
    exact_add(m, exact_find(m, SALT(18) | node << 16 | north));
    exact_add(m, exact_find(m, SALT(19) | node << 32 | w << 16 | north));
    exact_add(m, exact_find(m, SALT(20) | node << 16 | ((w + north) >> 1)));
    exact_add(m, exact_find(m, SALT(21) | node << 32 | ((w + ne) >> 1) << 16 | ((north + nw) >> 1)));
    const exact_sets sets = {c->palette.weights[0][depth], c->palette.weights[1][w == north ? 10 : depth], NULL,
                             MIX_RATE, LIMIT};
    return exact_code(m, bit, &sets);
}

/* The half of what is left in which it lies, again and again; halves whose colours all were tried are none. */
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
            upper = code_half(c, place, (uint64_t)from | size << 12, depth, truth >= middle);
        if (upper) from = middle;
        if (upper && middle >= n) {
            c->mixing.failed = true; /* all colours were tried */
            return 0;
        }
    }
    return from;
}
