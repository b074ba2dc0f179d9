/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Codes the list of a palette's colours. In drawn pictures, edges blend one main colour into another: most colours
 * lie on lines between a few of them, the anchors; see doc/exact-coder.md, "Palette". */
#include <stdlib.h>
#include <string.h>

#include "exact/exact_state.h"

typedef struct list_coder {
    exact_mixing *mixing;
    unsigned n_channels, n_bits, n_anchors, n_rising;
    int32_t anchors[EXACT_MAX_ANCHORS][4];
    uint16_t n_used[EXACT_MAX_ANCHORS * EXACT_MAX_ANCHORS]; /* uses of each line; only for the encoder's choice */
    exact_counter counts[2][17], rise[4][17], beyond[4][17], is_zero[4], is_less[4], as_before[4], on_line[2];
    exact_counter line[EXACT_MAX_ANCHORS * EXACT_MAX_ANCHORS];
} list_coder;

/* Codes a number of 0 or more, below 2^17: its bit length, then its bits. */
static uint32_t code_number(list_coder *l, exact_counter lengths[17], uint32_t value) {
    unsigned n = 0, n_bits = 0;
    if (!l->mixing->decoding) n_bits = 31u - (unsigned)__builtin_clz(value + 1);
    while (n < 16 && exact_code_counted(l->mixing, n < n_bits, &lengths[n])) n++;
    return ((1u << n) | exact_code_raw(l->mixing, value + 1, n)) - 1;
}

static void split(const list_coder *l, exact_pixel colour, int32_t v[4]) {
    for (unsigned k = 0; k < l->n_channels; k++) v[k] = (int32_t)(colour >> (16 * (l->n_channels - 1 - k)) & 0xffff);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* Gives channel k on a line, from channels 0..k-1 in `v`; false if the line is constant in those. */
static bool on_line(const list_coder *l, unsigned line, const int32_t *v, unsigned k, int32_t *value) {
    const int32_t *a = l->anchors[line / EXACT_MAX_ANCHORS], *b = l->anchors[line % EXACT_MAX_ANCHORS];
    unsigned by = 0;
    for (unsigned j = 1; j < k; j++)
        if (abs(b[j] - a[j]) > abs(b[by] - a[by])) by = j;
    const int64_t length = b[by] - a[by], part = (int64_t)(v[by] - a[by]) * (b[k] - a[k]);
    if (length == 0) return false;
    const int64_t doubled = 2 * part + (part < 0 ? -llabs(length) : llabs(length));
    const int64_t x = a[k] + (length < 0 ? -doubled : doubled) / (2 * llabs(length));
    const int64_t most = ((int64_t)1 << l->n_bits) - 1;
    *value = (int32_t)(x < 0 ? 0 : x > most ? most : x);
    return true;
}

/* The line on which a colour costs least; -1 for none. Lines already used cost less. */
static int best_line(const list_coder *l, const int32_t *v, unsigned first) {
    int best = -1;
    unsigned least = 8 * (l->n_channels - first);
    for (unsigned i = 0; i < l->n_anchors; i++)
        for (unsigned j = i + 1; j < l->n_anchors; j++) {
            const unsigned line = i * EXACT_MAX_ANCHORS + j;
            unsigned cost = l->n_used[line] > 2 ? 1 : l->n_used[line] ? 3 : 6;
            int32_t value;
            for (unsigned k = first; k < l->n_channels; k++) {
                if (!on_line(l, line, v, k, &value))
                    cost += 64;
                else
                    cost += 2 * (32u - (unsigned)__builtin_clz((unsigned)abs(v[k] - value) + 1)) - 2;
            }
            if (cost < least) least = cost, best = (int)line;
        }
    return best;
}

static unsigned code_line(list_coder *l, unsigned line) {
    unsigned node = 1;
    for (unsigned size = EXACT_MAX_ANCHORS * EXACT_MAX_ANCHORS / 2; size > 0; size /= 2)
        node = 2 * node + exact_code_counted(l->mixing, line / size & 1, &l->line[node]);
    return node - EXACT_MAX_ANCHORS * EXACT_MAX_ANCHORS;
}

/* ---- colours ------------------------------------------------------------------------------- */

static int32_t code_beyond(list_coder *l, unsigned k, int32_t difference) {
    if (exact_code_counted(l->mixing, difference == 0, &l->is_zero[k])) return 0;
    const bool less = exact_code_counted(l->mixing, difference < 0, &l->is_less[k]);
    const int32_t size = (int32_t)code_number(l, l->beyond[k], (uint32_t)abs(difference) - 1) + 1;
    return less ? -size : size;
}

/* Codes the channels from `first` on, for which the order of colours gives no information. */
static void code_rest(list_coder *l, int32_t *v, unsigned first) {
    int line = -1;
    if (first == l->n_channels) return;
    if (!l->mixing->decoding) line = best_line(l, v, first);
    if (l->n_anchors > 1 && exact_code_counted(l->mixing, line >= 0, &l->on_line[0]))
        line = (int)code_line(l, (unsigned)line);
    else
        line = -1;
    if (line >= 0) l->n_used[line]++;
    for (unsigned k = first; k < l->n_channels; k++) {
        int32_t value;
        if (line >= 0 && on_line(l, (unsigned)line, v, k, &value))
            v[k] = value + code_beyond(l, k, v[k] - value);
        else if (k > 0 && exact_code_counted(l->mixing, v[k] == v[k - 1], &l->as_before[k]))
            v[k] = v[k - 1];
        else
            v[k] = (int32_t)exact_code_raw(l->mixing, (uint32_t)v[k], l->n_bits);
        if (v[k] < 0 || v[k] >> l->n_bits) {
            l->mixing->failed = true;
            v[k] = 0;
        }
    }
}

/* Codes a colour above `before`. Each of the first n_rising channels is coded as its rise, up to the first one that
 * differs. */
static exact_pixel code_colour(list_coder *l, exact_pixel before, exact_pixel truth) {
    int32_t v[4], least[4];
    split(l, truth, v);
    split(l, before, least);
    unsigned k = 0;
    for (; k < l->n_rising; k++) {
        const uint32_t more = code_number(l, l->rise[k], (uint32_t)(v[k] - least[k]));
        v[k] = least[k] + (int32_t)more;
        if (v[k] >> l->n_bits) {
            l->mixing->failed = true;
            v[k] = 0;
        }
        if (more == 0) continue;
        k++;
        break;
    }
    code_rest(l, v, k);
    exact_pixel colour = 0;
    for (unsigned i = 0; i < l->n_channels; i++) colour = colour << 16 | (exact_pixel)v[i];
    return colour;
}

static void fill(exact_counter *counters, size_t n) {
    for (size_t i = 0; i < n; i++) counters[i] = EXACT_COUNTER_NEW;
}

static void list_begin(list_coder *l, exact_coder *c) {
    *l = (list_coder){.mixing = &c->mixing, .n_channels = c->n_channels, .n_bits = c->plan.n_bits};
    for (size_t k = 0; k < 4; k++) {
        fill(l->rise[k], 17);
        fill(l->beyond[k], 17);
    }
    fill(l->counts[0], 17);
    fill(l->counts[1], 17);
    fill(l->is_zero, 4);
    fill(l->is_less, 4);
    fill(l->as_before, 4);
    fill(l->on_line, 2);
    fill(l->line, sizeof l->line / sizeof *l->line);
}

static void code_anchors(list_coder *l, const exact_palette *p) {
    l->n_anchors = code_number(l, l->counts[1], p->n_anchors);
    if (l->n_anchors > EXACT_MAX_ANCHORS) {
        l->mixing->failed = true;
        l->n_anchors = 0;
    }
    for (unsigned i = 0; i < l->n_anchors; i++) {
        split(l, p->anchors[i], l->anchors[i]);
        for (unsigned k = 0; k < l->n_channels; k++)
            l->anchors[i][k] = (int32_t)exact_code_raw(l->mixing, (uint32_t)l->anchors[i][k], l->n_bits);
    }
}

static void code_list(exact_coder *c) {
    exact_palette *p = &c->palette;
    list_coder l;
    list_begin(&l, c);
    const uint32_t n = code_number(&l, l.counts[0], p->n_colours - 1) + 1;
    if (n > EXACT_MAX_COLOURS) c->mixing.failed = true;
    p->n_colours = n > EXACT_MAX_COLOURS ? 1 : n;
    code_anchors(&l, p);
    p->all_rise = exact_code_bit(l.mixing, p->all_rise, RC_PROB_HALF);
    l.n_rising = p->all_rise ? l.n_channels : l.n_channels % 2 == 0 ? 2 : 1;
    for (unsigned i = 0; i < p->n_colours && !c->mixing.failed; i++) {
        p->colours[i] = code_colour(&l, i ? p->colours[i - 1] : 0, p->colours[i]);
        if (i > 0 && p->colours[i] <= p->colours[i - 1]) c->mixing.failed = true;
    }
}

/* Chooses the number of anchors and all_rise for the shortest list. */
static void choose_list(exact_coder *c) {
    static const uint8_t counts[] = {0, 2, 4, 8, EXACT_MAX_ANCHORS};
    exact_palette *p = &c->palette;
    const rc_encoder kept = c->mixing.encoder;
    uint64_t least = UINT64_MAX;
    size_t best = 0;
    for (size_t i = 0; i < 2 * sizeof counts && counts[i / 2] <= p->n_frequent; i++) {
        p->n_anchors = counts[i / 2];
        p->all_rise = i % 2;
        rc_encoder_init(&c->mixing.encoder, NULL);
        code_list(c);
        rc_encoder_finish(&c->mixing.encoder);
        if (c->mixing.encoder.n_bytes >= least) continue;
        least = c->mixing.encoder.n_bytes;
        best = i;
    }
    p->n_anchors = counts[best / 2];
    p->all_rise = best % 2;
    c->mixing.encoder = kept;
}

void exact_palette_code(exact_coder *c) {
    if (!c->mixing.decoding) choose_list(c);
    code_list(c);
}
