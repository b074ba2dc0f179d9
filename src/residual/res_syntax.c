/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Header, block structure and modes as binary decisions. Each function serves both directions: it takes the true
 * value when encoding and returns the true value in both. */
#include "residual/res_state.h"

unsigned res_code(res_coder *c, unsigned bit, const uint32_t *slots, unsigned n_slots, unsigned set_a, unsigned set_b) {
    int32_t odds = res_model_odds(&c->model, slots, n_slots, set_a, set_b);
    if (c->direction == RES_COST) {
        c->cost += (uint64_t)logistic_softplus(bit ? -odds : odds);
        return bit;
    }
    if (c->direction == RES_DECODE)
        bit = rc_decode(&c->decoder, logistic_squash(odds));
    else
        rc_encode(&c->encoder, bit, logistic_squash(odds));
    res_model_learn(&c->model, bit);
    return bit;
}

unsigned res_code_even(res_coder *c, unsigned bit) {
    if (c->direction == RES_DECODE) return rc_decode(&c->decoder, RC_PROB_HALF);
    if (c->direction == RES_COST)
        c->cost += 710; /* 1024 ln 2 */
    else
        rc_encode(&c->encoder, bit, RC_PROB_HALF);
    return bit;
}

uint32_t res_code_bits(res_coder *c, uint32_t value, unsigned n_bits) {
    uint32_t result = 0;
    while (n_bits-- > 0) result = result << 1 | res_code_even(c, value >> n_bits & 1);
    return result;
}

void res_code_header(res_coder *c) {
    res_header *h = &c->header;
    h->step_index = (uint8_t)res_code_bits(c, h->step_index, 6);
    h->chroma_delta = (uint8_t)res_code_bits(c, h->chroma_delta, 4);
    h->fine_delta = (uint8_t)res_code_bits(c, h->fine_delta, 4);
    for (int i = 0; i < 2; i++) h->slopes[i] = (uint8_t)res_code_bits(c, h->slopes[i], 3);
    h->smoothing = (uint8_t)res_code_bits(c, h->smoothing, 3);
    h->n_colours = (uint8_t)res_code_bits(c, h->n_colours, 6);
    for (unsigned i = 0; i < h->n_colours; i++)
        for (unsigned p = 0; p < c->n_planes; p++) h->colours[i][p] = (uint8_t)res_code_bits(c, h->colours[i][p], 8);
}

/* 0 if the unit is not coded, 1 for no, 2 for yes. */
static unsigned three(const res_leaf *unit, bool yes) { return unit->kind == RES_KIND_NONE ? 0 : yes ? 2 : 1; }

bool res_code_skip(res_coder *c, uint32_t x, uint32_t y, bool skip) {
    const res_leaf *unit = &c->units[res_unit_at(x, y)], *left = unit - 1, *above = unit - RES_UNIT_STRIDE;
    uint32_t slots[1] = {RES_SLOT_SKIP + three(left, left->skipped) * 3 + three(above, above->skipped)};
    return res_code(c, skip, slots, 1, RES_SET_SKIP, RES_SET_NONE);
}

static unsigned size_class(const res_leaf *unit) {
    return unit->kind == RES_KIND_NONE ? 0 : unit->log2 - RES_MIN_LOG2 + 1u;
}

bool res_code_split(res_coder *c, uint32_t x, uint32_t y, unsigned log2, bool split) {
    const res_leaf *unit = &c->units[res_unit_at(x, y)], *left = unit - 1, *above = unit - RES_UNIT_STRIDE;
    unsigned size = log2 - RES_MIN_LOG2 - 1;
    uint32_t slots[2] = {RES_SLOT_SPLIT + (size * 5 + size_class(left)) * 5 + size_class(above),
                         RES_SLOT_SPLIT2 + size * 16 + left->kind * 4u + above->kind};
    return res_code(c, split, slots, 2, RES_SET_SPLIT + size, RES_SET_NONE);
}

static void code_kind(res_coder *c, const res_leaf *unit, unsigned size, unsigned log2, res_leaf *leaf) {
    const res_leaf *left = unit - 1, *above = unit - RES_UNIT_STRIDE;
    unsigned beside = (size * 4 + left->kind) * 4u + above->kind;
    unsigned corners = above[-1].kind * 4u + above[1u << (log2 - RES_MIN_LOG2)].kind;
    uint32_t slots[2] = {RES_SLOT_NET + beside, RES_SLOT_NET2 + corners};
    if (res_code(c, leaf->kind == RES_KIND_NET, slots, 2, RES_SET_NET, RES_SET_NONE)) {
        leaf->kind = RES_KIND_NET;
        return;
    }
    bool palette = false;
    if (c->header.n_colours > 0) {
        uint32_t more[2] = {RES_SLOT_PALETTE + beside, RES_SLOT_PALETTE2 + corners};
        palette = res_code(c, leaf->kind == RES_KIND_PALETTE, more, 2, RES_SET_PALETTE, RES_SET_NONE);
    }
    leaf->kind = palette ? RES_KIND_PALETTE : RES_KIND_INTRA;
}

/* RES_N_MODES if the unit has no mode. */
static unsigned mode_of(const res_leaf *unit) { return unit->kind == RES_KIND_INTRA ? unit->mode : RES_N_MODES; }

static void code_mode(res_coder *c, const res_leaf *unit, unsigned size, res_leaf *leaf) {
    unsigned left = mode_of(unit - 1), above = mode_of(unit - RES_UNIT_STRIDE), node = 1;
    for (unsigned depth = 0; depth < 4; depth++) {
        uint32_t slots[2] = {RES_SLOT_MODE + (node * 17 + left) * 17 + above, RES_SLOT_MODE2 + node * 4 + size};
        node = node << 1 |
               res_code(c, (unsigned)leaf->mode >> (3 - depth) & 1u, slots, 2, RES_SET_MODE + depth, RES_SET_NONE);
    }
    leaf->mode = (uint8_t)(node - RES_N_MODES);
}

static bool code_coded(res_coder *c, const res_leaf *unit, unsigned size, unsigned plane, const res_leaf *leaf,
                       unsigned earlier) {
    const res_leaf *left = unit - 1, *above = unit - RES_UNIT_STRIDE;
    unsigned kind = leaf->kind == RES_KIND_INTRA;
    unsigned beside = three(left, left->coded >> plane & 1) * 3 + three(above, above->coded >> plane & 1);
    unsigned energy = (left->energy + above->energy + 1u) / 2;
    uint32_t slots[2] = {RES_SLOT_CODED + ((plane * 4 + size) * 3 + kind) * 9 + beside,
                         RES_SLOT_CODED2 + ((plane * 3 + kind) * 4 + earlier) * 4 + (energy < 3 ? energy : 3)};
    return res_code(c, leaf->coded >> plane & 1, slots, 2, RES_SET_CODED + plane, RES_SET_NONE);
}

static uint8_t energy_class(uint32_t sum, unsigned log2) {
    uint32_t of_16 = sum * 16 >> (2 * log2);
    if (sum == 0) return 0;
    return of_16 == 0 ? 1 : of_16 == 1 ? 2 : of_16 < 4 ? 3 : of_16 < 9 ? 4 : 5;
}

static void code_planes(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf *leaf) {
    const res_leaf *unit = &c->units[res_unit_at(x, y)], *left = unit - 1, *above = unit - RES_UNIT_STRIDE;
    unsigned coded = 0;
    for (unsigned p = 0; p < c->n_planes; p++)
        coded |= (unsigned)code_coded(c, unit, log2 - RES_MIN_LOG2, p, leaf, coded) << p;
    leaf->coded = (uint8_t)coded;
    leaf->energy = 0;
    if (coded && c->header.fine_delta > 0) {
        uint32_t slots[1] = {RES_SLOT_CLASS + three(left, left->fine) * 3 + three(above, above->fine)};
        leaf->fine = (uint8_t)res_code(c, leaf->fine, slots, 1, RES_SET_CLASS, RES_SET_NONE);
    } else {
        leaf->fine = 0;
    }
    for (unsigned p = 0; p < c->n_planes; p++) {
        if (!(coded >> p & 1)) continue;
        uint32_t sum = res_code_levels(c, x, y, log2, p, leaf);
        if (p == 0) leaf->energy = energy_class(sum, log2);
    }
}

void res_code_leaf(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf *leaf, const uint8_t *ids) {
    const res_leaf *unit = &c->units[res_unit_at(x, y)];
    leaf->log2 = (uint8_t)log2;
    code_kind(c, unit, log2 - RES_MIN_LOG2, log2, leaf);
    if (leaf->kind == RES_KIND_INTRA) code_mode(c, unit, log2 - RES_MIN_LOG2, leaf);
    if (leaf->kind == RES_KIND_PALETTE)
        leaf->mode = res_code_ids(c, x, y, log2, ids);
    else
        code_planes(c, x, y, log2, leaf);
    res_mark(c, x, y, log2, *leaf);
}
