/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reconstructs samples from modes, ids and levels. */
#include <string.h>

#include "residual/res_state.h"

unsigned res_step_of(const res_coder *c, unsigned plane, bool fine) {
    const res_header *h = &c->header;
    int index = h->step_index + (plane > 0 ? h->chroma_delta : 0) - (fine ? h->fine_delta : 0);
    return index < 0 ? 0 : index >= (int)RES_N_STEPS ? RES_N_STEPS - 1 : (unsigned)index;
}

/* Value used if no edge samples exist. */
static int16_t middle(unsigned plane) { return plane == 0 ? 128 : 0; }

static bool is_coded(const res_coder *c, uint32_t x, uint32_t y) {
    return x < RES_STRIDE && y < RES_STRIDE && c->units[res_unit_at(x, y)].kind != RES_KIND_NONE;
}

static void find_above(const res_coder *c, uint32_t x, uint32_t y, uint32_t n, const int16_t *plane, int16_t *above) {
    uint32_t i = 1;
    for (; y > 0 && i <= 2 * n && is_coded(c, x + i - 1, y - 1); i += RES_UNIT)
        memcpy(above + i, plane + res_at(x + i - 1, y - 1), RES_UNIT * sizeof *above);
    if (i == 1) return;
    for (; i <= 2 * n; i++) above[i] = above[i - 1];
}

static void find_left(const res_coder *c, uint32_t x, uint32_t y, uint32_t n, const int16_t *plane, int16_t *left) {
    uint32_t i = 1;
    for (; x > 0 && i <= 2 * n && is_coded(c, x - 1, y + i - 1); i += RES_UNIT)
        for (uint32_t j = 0; j < RES_UNIT; j++) left[i + j] = plane[res_at(x - 1, y + i - 1 + j)];
    if (i == 1) return;
    for (; i <= 2 * n; i++) left[i] = left[i - 1];
}

/* A missing edge repeats the nearest sample of the other one. */
static void find_edges(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, unsigned p, res_edges *e) {
    const uint32_t n = 1u << log2;
    const int16_t *plane = c->rebuilt[p];
    bool above = y > 0 && is_coded(c, x, y - 1), left = x > 0 && is_coded(c, x - 1, y);
    find_above(c, x, y, n, plane, e->above);
    find_left(c, x, y, n, plane, e->left);
    int16_t other = above ? e->above[1] : left ? e->left[1] : middle(p);
    for (uint32_t i = 1; i <= 2 * n; i++) {
        if (!above) e->above[i] = other;
        if (!left) e->left[i] = other;
    }
    bool corner = x > 0 && y > 0 && is_coded(c, x - 1, y - 1);
    e->above[0] = e->left[0] = corner ? plane[res_at(x - 1, y - 1)] : other;
}

static void copy_block(const int16_t *from, size_t from_stride, int16_t *to, size_t to_stride, uint32_t n) {
    for (uint32_t y = 0; y < n; y++) memcpy(to + y * to_stride, from + y * from_stride, n * sizeof *to);
}

void res_predict_plane(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, unsigned plane, const res_leaf *leaf,
                       int16_t *block) {
    const uint32_t n = 1u << log2;
    const int16_t *network = c->network[plane] + res_at(x, y);
    if (leaf->kind == RES_KIND_INTRA) {
        res_edges edges = {0};
        find_edges(c, x, y, log2, plane, &edges);
        res_predict(&edges, leaf->mode, log2, block);
        return;
    }
    if (leaf->kind == RES_KIND_NET) {
        copy_block(network, RES_STRIDE, block, n, n);
        return;
    }
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t i = 0; i < n; i++) {
            uint8_t id = c->ids[res_id_at(x + i, y + j)];
            block[j * n + i] = id == RES_ID_NETWORK ? network[j * RES_STRIDE + i] : c->colours[id][plane];
        }
}

/* Clamps to the range of the planes. */
static int16_t clamp_sample(int32_t v, unsigned plane) {
    int32_t low = plane == 0 ? 0 : -255;
    return (int16_t)(v < low ? low : v > 255 ? 255 : v);
}

void res_add_levels(const res_coder *c, unsigned plane, unsigned log2, bool fine, const int16_t *levels,
                    const int16_t *predicted, int16_t *block) {
    const unsigned n = 1u << log2, step_index = res_step_of(c, plane, fine), slope = c->header.slopes[plane > 0];
    int32_t coefficients[RES_MAX_AREA];
    unsigned n_rows = 0, n_columns = 0;
    for (unsigned v = 0; v < n; v++)
        for (unsigned u = 0; u < n; u++) {
            int32_t level = levels[(size_t)v * RES_STRIDE + u], *to = &coefficients[v * n + u];
            *to = level ? res_dequantise(level, res_coefficient_step(step_index, slope, log2, v, u)) : 0;
            if (!level) continue;
            n_rows = v + 1;
            if (u >= n_columns) n_columns = u + 1;
        }
    res_transform_inverse(coefficients, log2, n_rows, n_columns, block);
    for (unsigned i = 0; i < n * n; i++) block[i] = clamp_sample(predicted[i] + block[i], plane);
}

void res_rebuild(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const res_leaf *leaf) {
    int16_t predicted[RES_MAX_AREA], block[RES_MAX_AREA];
    for (unsigned p = 0; p < c->n_planes; p++) {
        const int16_t *result = predicted;
        res_predict_plane(c, x, y, log2, p, leaf, predicted);
        if (leaf->coded >> p & 1) {
            res_add_levels(c, p, log2, leaf->fine, c->levels[p] + res_at(x, y), predicted, block);
            result = block;
        }
        copy_block(result, 1u << log2, c->rebuilt[p] + res_at(x, y), RES_STRIDE, 1u << log2);
    }
}
