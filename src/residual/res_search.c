/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Encodes a residual slice. For each block of 32 it finds the partition and modes with the least cost (squared error
 * plus lambda times bits) in the coder's current state; then it codes the block, and the coder adapts. */
#include "residual/res_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/watch.h"

#define N_TRIED_MODES 3    /* prediction modes tried per block after a quick estimate of all */
#define LAMBDA 0.16        /* squared steps per bit */
#define GOOD_ENOUGH_BITS 4 /* a block whose cost, including error, is below this many bits is not split */
#define NATS_1024 710.0    /* 1/1024 nat per bit */

const double res_plane_weights[3] = {1.0, 0.3, 0.3};

pith_status res_search_new(res_search **out, const pith_alloc *alloc) {
    res_search *s = mem_alloc(alloc, 1, sizeof *s);
    *out = s;
    if (!s) return PITH_E_NOMEM;
    for (unsigned p = 0; p < 3; p++) {
        s->original[p] = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *s->original[p]);
        if (!s->original[p]) return PITH_E_NOMEM;
    }
    s->nearest = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *s->nearest);
    s->nearest_error = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *s->nearest_error);
    s->colours = mem_alloc(alloc, (size_t)1 << RES_COLOUR_BITS, sizeof *s->colours);
    return s->nearest && s->nearest_error && s->colours ? PITH_OK : PITH_E_NOMEM;
}

void res_search_free(res_search **search, const pith_alloc *alloc) {
    if (!*search) return;
    for (unsigned p = 0; p < 3; p++) mem_free(alloc, (*search)->original[p]);
    mem_free(alloc, (*search)->nearest);
    mem_free(alloc, (*search)->nearest_error);
    mem_free(alloc, (*search)->colours);
    mem_free(alloc, *search);
    *search = NULL;
}

/* ---- saving and restoring blocks ------------------------------------------------------------ */

static void copy_rows(void *to, size_t to_stride, const void *from, size_t from_stride, size_t row_bytes, unsigned n) {
    for (unsigned y = 0; y < n; y++)
        memcpy((char *)to + y * to_stride, (const char *)from + y * from_stride, row_bytes);
}

static void keep_block(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_trial *t) {
    const unsigned n = 1u << log2, n_units = n / RES_UNIT;
    const size_t row = n * sizeof(int16_t), stride = RES_STRIDE * sizeof(int16_t), leaf = sizeof(res_leaf);
    for (unsigned p = 0; p < c->n_planes; p++) {
        copy_rows(t->rebuilt[p], row, c->rebuilt[p] + res_at(x, y), stride, row, n);
        copy_rows(t->levels[p], row, c->levels[p] + res_at(x, y), stride, row, n);
    }
    copy_rows(t->ids, n, c->ids + res_id_at(x, y), RES_ID_STRIDE, n, n);
    copy_rows(t->units, n_units * leaf, c->units + res_unit_at(x, y), RES_UNIT_STRIDE * leaf, n_units * leaf, n_units);
}

static void bring_back(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const res_trial *t) {
    const unsigned n = 1u << log2, n_units = n / RES_UNIT;
    const size_t row = n * sizeof(int16_t), stride = RES_STRIDE * sizeof(int16_t), leaf = sizeof(res_leaf);
    for (unsigned p = 0; p < c->n_planes; p++) {
        copy_rows(c->rebuilt[p] + res_at(x, y), stride, t->rebuilt[p], row, row, n);
        copy_rows(c->levels[p] + res_at(x, y), stride, t->levels[p], row, row, n);
    }
    copy_rows(c->ids + res_id_at(x, y), RES_ID_STRIDE, t->ids, n, n, n);
    copy_rows(c->units + res_unit_at(x, y), RES_UNIT_STRIDE * leaf, t->units, n_units * leaf, n_units * leaf, n_units);
}

/* Resets a block to the uncoded state. */
static void clear_block(res_coder *c, uint32_t x, uint32_t y, unsigned log2) {
    const unsigned n = 1u << log2;
    res_mark(c, x, y, log2, (res_leaf){0});
    for (unsigned j = 0; j < n; j++) memset(c->ids + res_id_at(x, y + j), RES_ID_NONE, n);
    for (unsigned p = 0; p < c->n_planes; p++)
        for (unsigned j = 0; j < n; j++) memset(c->levels[p] + res_at(x, y + j), 0, n * sizeof(int16_t));
}

/* ---- cost ----------------------------------------------------------------------------------- */

static double weight_of(const res_search *s, uint32_t x, uint32_t y, unsigned log2) {
    if (!s->weights) return 1;
    uint32_t n = log2 > 3 ? 1u << (log2 - 3) : 1, sum = 0;
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t i = 0; i < n; i++) {
            uint32_t row = y / 8 + j, column = x / 8 + i;
            if (row >= s->weights_height) row = s->weights_height - 1;
            if (column >= s->weights_width) column = s->weights_width - 1;
            sum += s->weights[row * s->weights_width + column];
        }
    return sum / (16.0 * n * n);
}

static double squared_error(const res_coder *c, uint32_t x, uint32_t y, unsigned n) {
    double error = 0;
    for (unsigned p = 0; p < c->n_planes; p++) {
        uint32_t sum = 0;
        for (unsigned j = 0; j < n; j++) {
            const int16_t *a = c->rebuilt[p] + res_at(x, y + j), *b = c->search->original[p] + res_at(x, y + j);
            for (unsigned i = 0; i < n; i++) sum += (uint32_t)((a[i] - b[i]) * (a[i] - b[i]));
        }
        error += sum * res_plane_weights[p];
    }
    return error;
}

/* Each 8x8 part has its own weight. */
static double weighted_error(const res_coder *c, uint32_t x, uint32_t y, unsigned log2) {
    const unsigned n = 1u << log2, part = n < 8 ? n : 8;
    double error = 0;
    if (!c->search->weights) return squared_error(c, x, y, n);
    for (unsigned j = 0; j < n; j += part)
        for (unsigned i = 0; i < n; i += part)
            error += squared_error(c, x + i, y + j, part) * weight_of(c->search, x + i, y + j, RES_MIN_LOG2);
    return error;
}

/* Cost of the block as it is in the planes. Writes its entry in the map. */
static double cost_of(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf *leaf, const uint8_t *ids) {
    c->cost = 0;
    res_code_leaf(c, x, y, log2, leaf, ids);
    return weighted_error(c, x, y, log2) + c->search->lambda * (double)c->cost / NATS_1024;
}

/* Chooses the levels of every plane for a block whose kind and mode are set. */
static void choose_all_levels(res_coder *c, uint32_t x, uint32_t y, unsigned log2, double weight, res_leaf *leaf) {
    const unsigned n = 1u << log2;
    int16_t predicted[RES_MAX_AREA], residual[RES_MAX_AREA];
    leaf->coded = 0;
    for (unsigned p = 0; p < c->n_planes; p++) {
        const int16_t *original = c->search->original[p] + res_at(x, y);
        res_predict_plane(c, x, y, log2, p, leaf, predicted);
        for (unsigned j = 0; j < n; j++)
            for (unsigned i = 0; i < n; i++)
                residual[j * n + i] = (int16_t)(original[j * RES_STRIDE + i] - predicted[j * n + i]);
        bool any = res_choose_levels(c, p, log2, leaf->fine, residual, c->search->lambda / weight,
                                     c->levels[p] + res_at(x, y));
        leaf->coded |= (uint8_t)(any << p);
    }
}

/* ---- a block without split ------------------------------------------------------------------- */

typedef struct leaf_search {
    res_coder *c;
    uint32_t x, y;
    unsigned log2;
    double weight, best_cost;
    res_trial *best;
} leaf_search;

static void try_leaf(leaf_search *s, res_leaf leaf, const uint8_t *ids) {
    res_coder *c = s->c;
    clear_block(c, s->x, s->y, s->log2);
    if (leaf.kind == RES_KIND_PALETTE) {
        copy_rows(c->ids + res_id_at(s->x, s->y), RES_ID_STRIDE, ids, 1u << s->log2, 1u << s->log2, 1u << s->log2);
    } else if (leaf.coded) {
        choose_all_levels(c, s->x, s->y, s->log2, s->weight, &leaf);
        if (!leaf.coded && leaf.kind == RES_KIND_NET) return; /* already tried without levels */
    }
    res_rebuild(c, s->x, s->y, s->log2, &leaf);
    double cost = cost_of(c, s->x, s->y, s->log2, &leaf, ids);
    if (cost >= s->best_cost) return;
    s->best_cost = cost;
    keep_block(c, s->x, s->y, s->log2, s->best);
}

/* Sum of absolute differences of luma with a prediction mode. */
static uint32_t first_look(const leaf_search *s, unsigned mode) {
    const res_coder *c = s->c;
    const unsigned n = 1u << s->log2;
    int16_t predicted[RES_MAX_AREA];
    res_leaf leaf = {.kind = RES_KIND_INTRA, .mode = (uint8_t)mode};
    const int16_t *original = c->search->original[0] + res_at(s->x, s->y);
    uint32_t sum = 0;
    res_predict_plane(c, s->x, s->y, s->log2, 0, &leaf, predicted);
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = 0; i < n; i++) sum += (uint32_t)abs(original[j * RES_STRIDE + i] - predicted[j * n + i]);
    return sum;
}

static void try_modes(leaf_search *s, bool fine) {
    uint32_t looks[RES_N_MODES];
    clear_block(s->c, s->x, s->y, s->log2);
    for (unsigned m = 0; m < RES_N_MODES; m++) looks[m] = first_look(s, m);
    for (int i = 0; i < N_TRIED_MODES; i++) {
        unsigned best = 0;
        for (unsigned m = 1; m < RES_N_MODES; m++)
            if (looks[m] < looks[best]) best = m;
        looks[best] = UINT32_MAX;
        try_leaf(s, (res_leaf){.kind = RES_KIND_INTRA, .mode = (uint8_t)best, .coded = 1, .fine = fine}, NULL);
    }
}

/* Finds the best way to code a block without a split; leaves it in the planes and in `best`. */
static double search_leaf(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_trial *best) {
    leaf_search s = {.c = c, .x = x, .y = y, .log2 = log2, .best_cost = INFINITY, .best = best};
    s.weight = fmax(weight_of(c->search, x, y, log2), 1.0 / 256);
    bool fine = c->header.fine_delta > 0 && s.weight * 16 >= RES_FINE_WEIGHT;
    try_leaf(&s, (res_leaf){.kind = RES_KIND_NET}, NULL);
    try_leaf(&s, (res_leaf){.kind = RES_KIND_NET, .coded = 1, .fine = fine}, NULL);
    if (c->header.n_colours > 0 && res_least_error(c, x, y, log2) * s.weight < s.best_cost) {
        uint8_t ids[RES_MAX_AREA];
        clear_block(c, x, y, log2);
        res_choose_ids(c, x, y, log2, c->search->lambda / s.weight, ids);
        try_leaf(&s, (res_leaf){.kind = RES_KIND_PALETTE}, ids);
    }
    bool good = s.best_cost < GOOD_ENOUGH_BITS * c->search->lambda;
    if (c->search->predictions && !good) try_modes(&s, fine);
    bring_back(c, x, y, log2, best);
    return s.best_cost;
}

/* ---- partition ----------------------------------------------------------------------------- */

static double split_cost(res_coder *c, uint32_t x, uint32_t y, unsigned log2, bool split) {
    c->cost = 0;
    res_code_split(c, x, y, log2, split);
    return c->search->lambda * (double)c->cost / NATS_1024;
}

/* Finds the best way to code a block; leaves it in the planes and the map. */
static double search_node(res_coder *c, uint32_t x, uint32_t y, unsigned log2) {
    if (x >= c->width || y >= c->height) return 0;
    res_trial *whole = &c->search->whole[log2 - RES_MIN_LOG2];
    double cost_whole = search_leaf(c, x, y, log2, whole);
    if (log2 == RES_MIN_LOG2 || cost_whole < GOOD_ENOUGH_BITS * c->search->lambda) return cost_whole;
    clear_block(c, x, y, log2);
    cost_whole += split_cost(c, x, y, log2, false);
    double cost = split_cost(c, x, y, log2, true);
    uint32_t half = 1u << (log2 - 1);
    for (unsigned i = 0; i < 4 && cost < cost_whole; i++)
        cost += search_node(c, x + (i & 1) * half, y + (i >> 1) * half, log2 - 1);
    if (cost < cost_whole) return cost;
    bring_back(c, x, y, log2, whole);
    return cost_whole;
}

/* Decides how to code a block of 32; true if it is skipped. */
static bool search_square(res_coder *c, uint32_t x, uint32_t y) {
    c->direction = RES_COST;
    if (weight_of(c->search, x, y, RES_MAX_LOG2) <= 0) return true; /* not to be corrected */
    c->cost = 0;
    res_code_skip(c, x, y, true);
    double cost_skip = weighted_error(c, x, y, RES_MAX_LOG2) + c->search->lambda * (double)c->cost / NATS_1024;
    c->cost = 0;
    res_code_skip(c, x, y, false);
    double cost = c->search->lambda * (double)c->cost / NATS_1024;
    if (cost < cost_skip) {
        if (c->header.n_colours > 0) res_find_nearest(c, x, y);
        cost += search_node(c, x, y, RES_MAX_LOG2);
    }
    if (cost < cost_skip) return false;
    clear_block(c, x, y, RES_MAX_LOG2);
    res_leaf leaf = {.kind = RES_KIND_NET, .log2 = RES_MAX_LOG2};
    res_rebuild(c, x, y, RES_MAX_LOG2, &leaf);
    return true;
}

/* ---- coding the choice --------------------------------------------------------------------------- */

static void code_node(res_coder *c, uint32_t x, uint32_t y, unsigned log2, const res_trial *chosen) {
    if (x >= c->width || y >= c->height) return;
    unsigned column = x % RES_MAX_SIDE / RES_UNIT, row = y % RES_MAX_SIDE / RES_UNIT;
    res_leaf leaf = chosen->units[row * (RES_MAX_SIDE / RES_UNIT) + column];
    if (log2 > RES_MIN_LOG2 && res_code_split(c, x, y, log2, leaf.log2 < log2)) {
        uint32_t half = 1u << (log2 - 1);
        for (unsigned i = 0; i < 4; i++) code_node(c, x + (i & 1) * half, y + (i >> 1) * half, log2 - 1, chosen);
        return;
    }
    uint8_t ids[RES_MAX_AREA];
    copy_rows(ids, 1u << log2, chosen->ids + y % RES_MAX_SIDE * RES_MAX_SIDE + x % RES_MAX_SIDE, RES_MAX_SIDE,
              1u << log2, 1u << log2);
    res_code_leaf(c, x, y, log2, &leaf, ids);
}

/* The search left the map and ids of the whole block filled in. The decoder does not have them yet, so they are
 * cleared here and set again while the block is coded. */
static void code_square(res_coder *c, uint32_t x, uint32_t y, bool skip) {
    res_trial *chosen = &c->search->best[0];
    keep_block(c, x, y, RES_MAX_LOG2, chosen);
    res_mark(c, x, y, RES_MAX_LOG2, (res_leaf){0});
    for (unsigned j = 0; j < RES_MAX_SIDE; j++) memset(c->ids + res_id_at(x, y + j), RES_ID_NONE, RES_MAX_SIDE);
    c->direction = RES_ENCODE;
    if (res_code_skip(c, x, y, skip))
        res_mark(c, x, y, RES_MAX_LOG2, (res_leaf){.kind = RES_KIND_NET, .log2 = RES_MAX_LOG2, .skipped = 1});
    else
        code_node(c, x, y, RES_MAX_LOG2, chosen);
}

static void choose_header(res_coder *c, const res_options *o) {
    double step = res_step_table[o->step_index] / 16.0;
    c->header = (res_header){.step_index = (uint8_t)o->step_index, .chroma_delta = 6, .slopes = {1, 2}, .smoothing = 2};
    c->header.fine_delta = (uint8_t)(o->fine_delta < o->step_index ? o->fine_delta : o->step_index);
    c->search->lambda = LAMBDA * step * step;
    c->search->weights = o->weights;
    c->search->weights_width = (c->width + 7) / 8;
    c->search->weights_height = (c->height + 7) / 8;
    c->search->predictions = o->predictions;
    if (o->predictions) res_choose_colours(c);
    res_set_colours(c);
}

static bool views_ok(const res_view *a, const res_view *b) {
    return a && b && a->samples && b->samples && a->width == b->width && a->height == b->height && a->width > 0 &&
           a->height > 0 && a->width <= RES_SLICE_SIDE && a->height <= RES_SLICE_SIDE &&
           a->n_channels == b->n_channels && (a->n_channels == 1 || a->n_channels == 3) &&
           a->pixel_samples >= a->n_channels && b->pixel_samples >= b->n_channels;
}

/* True if all weights are 0, as in most slices of a photo, where only smooth areas are corrected. */
static bool is_left_alone(const res_options *o, const res_view *original) {
    const size_t n = (size_t)((original->width + 7) / 8) * ((original->height + 7) / 8);
    if (!o->weights) return false;
    for (size_t i = 0; i < n; i++)
        if (o->weights[i] > 0) return false;
    return true;
}

pith_status res_encode(res_coder *c, const res_view *original, const res_view *picture, const res_options *options,
                       byte_writer *out) {
    if (!c || !c->search || !out || !options || !views_ok(original, picture) || options->step_index >= RES_N_STEPS ||
        options->fine_delta > 15)
        return PITH_E_ARG;
    if (is_left_alone(options, original)) return PITH_OK;
    bool any = false;
    res_begin_slice(c, picture);
    res_load_planes(original, c->search->original);
    choose_header(c, options);
    size_t start = out->n_bytes;
    bw_u16le(out, 0);
    rc_encoder_init(&c->encoder, out);
    c->direction = RES_ENCODE;
    res_code_header(c);
    pith_status status = PITH_OK;
    for (uint32_t y = 0; y < c->height; y += RES_MAX_SIDE)
        for (uint32_t x = 0; x < c->width && status == PITH_OK; x += RES_MAX_SIDE) {
            bool skip = search_square(c, x, y);
            any = any || !skip;
            code_square(c, x, y, skip);
            if (watch_stops(c->watch)) status = PITH_E_ABORTED;
        }
    if (status != PITH_OK) return status;
    rc_encoder_finish(&c->encoder);
    if (out->status != PITH_OK) return out->status;
    if (!any) {
        out->n_bytes = start;
        return PITH_OK;
    }
    uint16_t checksum = res_checksum(c);
    out->data[start] = (uint8_t)checksum;
    out->data[start + 1] = (uint8_t)(checksum >> 8);
    res_smooth(c);
    res_end_slice(c, picture);
    return PITH_OK;
}
