/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Codes quantised coefficients: the end of the scan, then each level from there back to the lowest frequency, as
 * binary decisions. */
#include <string.h>

#include "residual/res_state.h"

#define N_UNARY 16 /* larger magnitudes use an escape code */
#define ESCAPE_BITS_MAX 15
#define LOG2_CLASSES 11 /* classes of 1..1024 */

/* Contexts common to all levels of a block. */
typedef struct level_view {
    unsigned size, plane, chroma, kind, around, end_class;
    int32_t magnitudes[(RES_MAX_SIDE + 2) * (RES_MAX_SIDE + 2)]; /* coded so far; a margin right and below */
} level_view;

static unsigned log2_of(uint32_t v) {
    unsigned n = 0;
    while (v >>= 1) n++;
    return n;
}

static unsigned least(int32_t v, unsigned limit) { return v < (int32_t)limit ? (unsigned)v : limit; }

/* Six bands of frequency, from low to high. */
static unsigned band_of(unsigned distance) {
    static const uint8_t bands[10] = {0, 1, 2, 3, 3, 4, 4, 4, 4, 5};
    return bands[distance < 9 ? distance : 9];
}

/* Codes the number of levels up to the last nonzero one: its octave, then the remaining bits. */
static uint32_t code_end(res_coder *c, const level_view *v, uint32_t end) {
    unsigned last_class = 2 * (v->size + RES_MIN_LOG2), truth = log2_of(end), class = 0;
    for (; class < last_class; class ++) {
        uint32_t slots[2] = {RES_SLOT_END + (v->size * 2 + v->chroma) * LOG2_CLASSES + class,
                             RES_SLOT_END2 + ((v->chroma * 2 + v->kind) * LOG2_CLASSES + class) * 6 + v->around % 6};
        unsigned set = RES_SET_END + v->chroma * LOG2_CLASSES + class;
        if (!res_code(c, truth > class, slots, 2, set, RES_SET_NONE)) break;
    }
    if (class == last_class) return 1u << last_class; /* the only value of this class */
    uint32_t result = 1;
    for (unsigned i = class; i-- > 0;) {
        unsigned bit = end >> i & 1;
        if (i + 1 == class) {
            uint32_t slots[1] = {RES_SLOT_END3 + v->chroma * LOG2_CLASSES + class};
            bit = res_code(c, bit, slots, 1, RES_SET_END_BIT, RES_SET_NONE);
        } else {
            bit = res_code_even(c, bit);
        }
        result = result << 1 | bit;
    }
    return result;
}

/* Exp-Golomb code, each bit with probability 1/2; rare. */
static uint32_t code_escape(res_coder *c, uint32_t value) {
    uint32_t n = 0, result = 1;
    value++;
    while (n < ESCAPE_BITS_MAX && res_code_even(c, value >> (n + 1) != 0)) n++;
    while (n-- > 0) result = result << 1 | res_code_even(c, value >> n & 1);
    return result - 1;
}

/* The slots of a level's first decision; those of decision n are the nth after them. */
typedef struct level_contexts {
    uint32_t slots[6];
    unsigned near;
} level_contexts;

static level_contexts contexts_at(const res_coder *c, const level_view *v, unsigned row, unsigned column,
                                  uint32_t place, const res_leaf *leaf, uint32_t luma) {
    const int32_t *m = v->magnitudes + row * (RES_MAX_SIDE + 2) + column;
    int32_t right = m[1], right2 = m[2], below = m[RES_MAX_SIDE + 2], below2 = m[2 * (RES_MAX_SIDE + 2)];
    int32_t diagonal = m[RES_MAX_SIDE + 3];
    int32_t sum =
        (int32_t)(least(right, 3) + least(below, 3) + least(diagonal, 3) + least(right2, 3) + least(below2, 3));
    unsigned near = sum < 6 ? (unsigned)sum : sum < 8 ? 6u : sum < 11 ? 7u : 8u;
    unsigned near5 = near < 3 ? near : near < 6 ? 3 : 4;
    unsigned band = band_of(row + column);
    /* chroma: the luma level at the same position; luma: the prediction's kind, and the frequency's direction */
    unsigned hint = row > column ? 2 : row < column ? 1 : 0;
    if (v->chroma)
        hint = least((int32_t)luma, 3);
    else if (leaf->kind == RES_KIND_NET)
        hint = 3;
    (void)c;
    return (level_contexts){
        .slots = {RES_LEVELS_A + ((v->size * 2 + v->chroma) * 9 + near) * 6 + band,
                  RES_LEVELS_B + ((v->size * 2 + v->chroma) * 2 + v->kind) * 32 + (place < 31 ? place : 31),
                  RES_LEVELS_C + ((v->chroma * 5 + least(right + right2, 4)) * 5 + least(below + below2, 4)) * 3 +
                      least(diagonal, 2),
                  RES_LEVELS_D + (v->chroma * 36 + v->around) * 6 + band,
                  RES_LEVELS_E + (v->chroma * 11 + v->end_class) * 11 + log2_of(place + 1),
                  RES_LEVELS_F + ((v->plane * 4 + hint) * 5 + near5) * 6 + band},
        .near = near,
    };
}

static unsigned code_decision(res_coder *c, const level_view *v, const level_contexts *k, unsigned decision,
                              unsigned bit) {
    uint32_t slots[6];
    for (unsigned i = 0; i < 6; i++) slots[i] = RES_SLOT_LEVEL + k->slots[i] * 6 + decision;
    return res_code(c, bit, slots, 6, RES_SET_LEVEL + decision * 4 + v->size,
                    RES_SET_LEVEL2 + (decision * 2 + v->chroma) * 9 + k->near);
}

/* Decisions: 0: is it nonzero? 1..5: is the magnitude above 1, 2, 3-4, 5-7, 8 or more? */
static uint32_t code_magnitude(res_coder *c, const level_view *v, const level_contexts *k, uint32_t truth,
                               bool not_zero) {
    static const uint8_t decisions[N_UNARY + 1] = {0, 1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    if (!not_zero && !code_decision(c, v, k, 0, truth > 0)) return 0;
    uint32_t magnitude = 1;
    while (magnitude <= N_UNARY && code_decision(c, v, k, decisions[magnitude], truth > magnitude)) magnitude++;
    if (magnitude > N_UNARY) magnitude += code_escape(c, truth - magnitude);
    if (magnitude > RES_MAX_LEVEL) {
        c->bad = true;
        magnitude = RES_MAX_LEVEL;
    }
    return magnitude;
}

static uint32_t find_end(const int16_t *levels, const uint16_t *scan, unsigned log2) {
    uint32_t end = 1u << (2 * log2), mask = (1u << log2) - 1;
    while (end > 1 && levels[(size_t)(scan[end - 1] >> log2) * RES_STRIDE + (scan[end - 1] & mask)] == 0) end--;
    return end;
}

uint32_t res_code_levels(res_coder *c, uint32_t x, uint32_t y, unsigned log2, unsigned plane, const res_leaf *leaf) {
    const unsigned n = 1u << log2;
    const res_leaf *unit = &c->units[res_unit_at(x, y)];
    const uint16_t *scan = c->scans[log2 - RES_MIN_LOG2];
    int16_t *levels = c->levels[plane] + res_at(x, y);
    const int16_t *luma = c->levels[0] + res_at(x, y);
    bool has_luma = plane > 0 && (leaf->coded & 1);
    level_view v = {.size = log2 - RES_MIN_LOG2, .plane = plane, .chroma = plane > 0};
    v.kind = leaf->kind == RES_KIND_INTRA;
    v.around = unit[-1].energy * 6u + unit[-(ptrdiff_t)RES_UNIT_STRIDE].energy;
    uint32_t sum = 0, end = c->direction == RES_DECODE ? 0 : find_end(levels, scan, log2);
    if (c->direction == RES_DECODE)
        for (unsigned row = 0; row < n; row++) memset(levels + (size_t)row * RES_STRIDE, 0, n * sizeof *levels);
    end = code_end(c, &v, end);
    v.end_class = log2_of(end);
    for (uint32_t place = end; place-- > 0;) {
        unsigned row = scan[place] >> log2, column = scan[place] & (n - 1);
        int16_t *level = levels + (size_t)row * RES_STRIDE + column;
        int32_t luma_level = has_luma ? luma[(size_t)row * RES_STRIDE + column] : 0;
        level_contexts k =
            contexts_at(c, &v, row, column, place, leaf, (uint32_t)(luma_level < 0 ? -luma_level : luma_level));
        uint32_t m = code_magnitude(c, &v, &k, (uint32_t)(*level < 0 ? -*level : *level), place + 1 == end);
        v.magnitudes[row * (RES_MAX_SIDE + 2) + column] = (int32_t)m;
        sum += m;
        if (m == 0) continue;
        bool negative = res_code_even(c, *level < 0);
        if (c->direction == RES_DECODE) *level = (int16_t)(negative ? -(int32_t)m : (int32_t)m);
    }
    return sum;
}
