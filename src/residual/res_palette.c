/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Blocks of few colours: an id per pixel, coded as equal to one of the neighbours' ids, or else bit by bit. */
#include "residual/res_state.h"

#define N_CANDIDATES 3u
#define N_NEIGHBOURS 10
#define N_NEAR 6 /* the first six neighbours */
#define TREE_BITS 6u

/* Ids around a pixel, as coded so far: left, above, above-left, above-right, two left, two above, then those a
 * knight's move away. */
static void look_around(const res_coder *c, uint32_t x, uint32_t y, uint8_t around[N_NEIGHBOURS]) {
    static const int8_t places[N_NEIGHBOURS][2] = {{-1, 0}, {0, -1},  {-1, -1}, {1, -1},  {-2, 0},
                                                   {0, -2}, {-2, -1}, {2, -1},  {-1, -2}, {1, -2}};
    const uint8_t *at = c->ids + res_id_at(x, y);
    for (int i = 0; i < N_NEIGHBOURS; i++) around[i] = at[places[i][1] * (int)RES_ID_STRIDE + places[i][0]];
}

static uint32_t hash2(uint32_t a, uint32_t b) { return (a ^ (b + 0x9e3779b9u + (a << 6) + (a >> 2))) * 0x85ebca6bu; }

typedef struct id_view {
    uint8_t around[N_NEIGHBOURS];
    uint32_t hashes[3]; /* of increasingly many neighbours */
    unsigned alphabet;  /* class 0..3 of the number of ids */
} id_view;

static id_view view_at(const res_coder *c, uint32_t x, uint32_t y) {
    id_view v = {.alphabet = c->header.n_colours < 3    ? 0
                             : c->header.n_colours < 7  ? 1
                             : c->header.n_colours < 20 ? 2
                                                        : 3};
    look_around(c, x, y, v.around);
    const uint8_t *a = v.around;
    v.hashes[0] = hash2(1, (uint32_t)a[0] << 8 | a[1]);
    v.hashes[1] = hash2(v.hashes[0] + 1, (uint32_t)a[2] << 8 | a[3]);
    v.hashes[2] = hash2(v.hashes[1] + 1, (uint32_t)a[4] << 8 | a[5]);
    for (int i = N_NEAR; i < N_NEIGHBOURS; i++) v.hashes[2] = hash2(v.hashes[2], a[i]);
    return v;
}

static bool code_equal(res_coder *c, const id_view *v, unsigned number, uint8_t candidate, bool equal) {
    uint32_t pattern = 0, near = 0, n_near = 0;
    for (int i = 0; i < N_NEIGHBOURS; i++) {
        uint32_t same = v->around[i] == candidate;
        pattern |= same << i;
        if (i < N_NEAR) n_near += same, near |= same << i;
    }
    uint32_t slots[5] = {RES_SLOT_EQUAL + number * 1024 + pattern,
                         RES_SLOT_EQUAL2 + (number * 64 + near) * 4 + v->alphabet};
    for (unsigned i = 0; i < 3; i++) slots[2 + i] = res_model_hashed(v->hashes[i] + number + 1);
    return res_code(c, equal, slots, 5, RES_SET_EQUAL + number * 7 + n_near, RES_SET_NONE);
}

/* Codes an id bit by bit, the highest first. */
static uint8_t code_tree(res_coder *c, const id_view *v, uint8_t id) {
    uint32_t node = 1;
    unsigned n_bits = 0;
    while (c->header.n_colours >> n_bits) n_bits++;
    for (unsigned depth = 0; depth < n_bits; depth++) {
        uint32_t slots[4] = {res_model_hashed(hash2(7, node))};
        for (unsigned i = 0; i < 3; i++) slots[1 + i] = res_model_hashed(hash2(v->hashes[i] + 8, node));
        unsigned set = RES_SET_TREE + (depth < TREE_BITS ? depth : TREE_BITS - 1);
        node = node << 1 | res_code(c, (unsigned)id >> (n_bits - 1 - depth) & 1u, slots, 4, set, RES_SET_NONE);
    }
    node &= (1u << n_bits) - 1;
    if (node > c->header.n_colours) {
        c->bad = true;
        node = 0;
    }
    return (uint8_t)node;
}

static uint8_t code_id(res_coder *c, uint32_t x, uint32_t y, uint8_t id) {
    id_view v = view_at(c, x, y);
    uint8_t tried[N_CANDIDATES];
    unsigned n_tried = 0;
    for (unsigned i = 0; i < N_NEAR && n_tried < N_CANDIDATES; i++) {
        uint8_t candidate = v.around[i];
        bool known = candidate == RES_ID_NONE;
        for (unsigned j = 0; j < n_tried; j++) known |= tried[j] == candidate;
        if (known) continue;
        if (code_equal(c, &v, n_tried, candidate, id == candidate)) return candidate;
        tried[n_tried++] = candidate;
    }
    return code_tree(c, &v, id);
}

static bool code_uniform(res_coder *c, uint32_t x, uint32_t y, unsigned log2, bool uniform) {
    const res_leaf *unit = &c->units[res_unit_at(x, y)];
    unsigned left = unit[-1].kind != RES_KIND_PALETTE ? 0 : unit[-1].mode ? 2 : 1;
    const res_leaf *over = unit - RES_UNIT_STRIDE;
    unsigned above = over->kind != RES_KIND_PALETTE ? 0 : over->mode ? 2 : 1;
    uint32_t slots[1] = {RES_SLOT_UNIFORM + (log2 - RES_MIN_LOG2) * 9 + left * 3 + above};
    return res_code(c, uniform, slots, 1, RES_SET_UNIFORM, RES_SET_NONE);
}

bool res_code_ids(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const uint8_t *ids) {
    const uint32_t n = 1u << log2;
    bool uniform = true;
    for (uint32_t i = 1; ids && i < n * n; i++) uniform = uniform && ids[i] == ids[0];
    uniform = code_uniform(c, x, y, log2, uniform);
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t i = 0; i < n; i++) {
            uint8_t *id = c->ids + res_id_at(x + i, y + j);
            if (uniform && (i > 0 || j > 0))
                *id = c->ids[res_id_at(x, y)];
            else
                *id = code_id(c, x + i, y + j, ids ? ids[j * n + i] : 0);
        }
    return uniform;
}
