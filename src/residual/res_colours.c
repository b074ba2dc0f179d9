/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The palette of flat graphics and text: the most frequent colours of blocks with few colours; and the choice of an
 * id for each sample. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "residual/res_search.h"

#define BLOCK 8u        /* side of the blocks examined */
#define MAX_OF_BLOCK 6u /* most colours of a block that is counted */
#define MAX_CHOSEN 40u
#define MIN_COUNT 24u /* least number of samples that a colour must cover */
#define MAX_LOOKED_AT 4096u

/* Approximate cost of an id, in bits. */
#define BITS_BESIDE 0.35 /* same as the left or the upper id */
#define BITS_OTHER 5.0

static uint32_t error_of(const res_coder *c, const int16_t *a, const int16_t *b) {
    static const int weights[3] = {16, 5, 5}; /* res_plane_weights in 1/16 */
    uint32_t sum = 0;
    for (unsigned p = 0; p < c->n_planes; p++) sum += (uint32_t)(weights[p] * (a[p] - b[p]) * (a[p] - b[p]));
    return sum;
}

static void sample_at(const res_coder *c, uint32_t x, uint32_t y, int16_t out[3]) {
    for (unsigned p = 0; p < c->n_planes; p++) out[p] = c->search->original[p][res_at(x, y)];
}

static uint32_t key_of(const res_coder *c, const int16_t v[3]) {
    return c->n_planes == 1 ? 1u + (uint32_t)v[0]
                            : 1u + ((uint32_t)v[0] | (uint32_t)(v[1] + 255) << 8 | (uint32_t)(v[2] + 255) << 17);
}

static void of_key(uint32_t key, int16_t v[3]) {
    key--;
    v[0] = (int16_t)(key & 255);
    v[1] = (int16_t)((int)(key >> 8 & 511) - 255);
    v[2] = (int16_t)((int)(key >> 17 & 511) - 255);
}

/* True if a few colours are close to every sample of a block. */
static bool is_flat(const res_coder *c, uint32_t x, uint32_t y, uint32_t tolerance) {
    int16_t found[MAX_OF_BLOCK][3];
    unsigned n_found = 0;
    for (uint32_t j = 0; j < BLOCK; j++)
        for (uint32_t i = 0; i < BLOCK; i++) {
            int16_t v[3] = {0};
            unsigned k = 0;
            sample_at(c, x + i, y + j, v);
            while (k < n_found && error_of(c, v, found[k]) > tolerance) k++;
            if (k < n_found) continue;
            if (n_found == MAX_OF_BLOCK) return false;
            memcpy(found[n_found++], v, sizeof v);
        }
    return true;
}

static void count_sample(res_coder *c, uint32_t x, uint32_t y) {
    const uint32_t mask = (1u << RES_COLOUR_BITS) - 1;
    int16_t v[3] = {0};
    sample_at(c, x, y, v);
    uint32_t key = key_of(c, v), place = key * 2654435761u >> (32 - RES_COLOUR_BITS);
    for (int tries = 0; tries < 16; tries++, place = (place + 1) & mask) {
        res_colour *k = &c->search->colours[place];
        if (k->key && k->key != key) continue;
        k->key = key;
        k->count++;
        return;
    }
}

static int more_frequent(const void *a, const void *b) {
    const res_colour *ka = a, *kb = b;
    if (ka->count != kb->count) return ka->count < kb->count ? 1 : -1;
    return ka->key < kb->key ? -1 : ka->key > kb->key;
}

/* Merges the colour at `first` and all colours near it into one palette entry: the colour itself if it is frequent
 * enough among them, otherwise their mean. False if it covers too few samples. */
static bool take_colour(res_coder *c, uint32_t first, uint32_t n, uint32_t tolerance, int16_t out[3]) {
    res_colour *colours = c->search->colours;
    int16_t centre[3];
    int64_t sums[3] = {0}, total = 0, own = colours[first].count;
    of_key(colours[first].key, centre);
    for (uint32_t i = first; i < n; i++) {
        int16_t v[3];
        of_key(colours[i].key, v);
        if (!colours[i].count || error_of(c, v, centre) > tolerance) continue;
        for (unsigned p = 0; p < 3; p++) sums[p] += (int64_t)v[p] * colours[i].count;
        total += colours[i].count;
        colours[i].count = 0;
    }
    for (unsigned p = 0; p < 3; p++)
        out[p] = 3 * own > total ? centre[p] : (int16_t)floor((double)sums[p] / (double)total + 0.5);
    return total >= MIN_COUNT;
}

static void put_colour(const res_coder *c, const int16_t v[3], uint8_t out[3]) {
    int t = v[0] - (v[2] >> 1), b = t - (v[1] >> 1), rgb[3] = {b + v[1], v[2] + t, b};
    if (c->n_planes == 1) rgb[0] = v[0];
    for (unsigned p = 0; p < c->n_planes; p++) out[p] = (uint8_t)(rgb[p] < 0 ? 0 : rgb[p] > 255 ? 255 : rgb[p]);
}

void res_find_nearest(res_coder *c, uint32_t left, uint32_t top) {
    for (uint32_t y = top; y < top + RES_MAX_SIDE; y++)
        for (uint32_t x = left; x < left + RES_MAX_SIDE; x++) {
            int16_t v[3] = {0};
            uint32_t least = UINT32_MAX;
            sample_at(c, x, y, v);
            for (unsigned id = 1; id <= c->header.n_colours; id++) {
                uint32_t e = error_of(c, v, c->colours[id]);
                if (e >= least) continue;
                least = e;
                c->search->nearest[res_at(x, y)] = (uint8_t)id;
            }
            int16_t network[3] = {0};
            for (unsigned p = 0; p < c->n_planes; p++) network[p] = c->network[p][res_at(x, y)];
            uint32_t as_it_is = error_of(c, v, network);
            c->search->nearest_error[res_at(x, y)] = as_it_is < least ? as_it_is : least;
        }
}

void res_choose_colours(res_coder *c) {
    res_colour *colours = c->search->colours;
    double step = res_step_table[c->header.step_index] / 16.0, radius = fmin(fmax(0.6 * step, 6), 28);
    uint32_t tolerance = (uint32_t)(16 * radius * radius), n = 0;
    memset(colours, 0, sizeof *colours << RES_COLOUR_BITS);
    for (uint32_t y = 0; y + BLOCK <= c->height; y += BLOCK)
        for (uint32_t x = 0; x + BLOCK <= c->width; x += BLOCK) {
            if (!is_flat(c, x, y, tolerance)) continue;
            for (uint32_t i = 0; i < BLOCK * BLOCK; i++) count_sample(c, x + i % BLOCK, y + i / BLOCK);
        }
    for (size_t i = 0; i < (size_t)1 << RES_COLOUR_BITS; i++)
        if (colours[i].count) colours[n++] = colours[i];
    qsort(colours, n, sizeof *colours, more_frequent);
    if (n > MAX_LOOKED_AT) n = MAX_LOOKED_AT;
    c->header.n_colours = 0;
    for (uint32_t i = 0; i < n && c->header.n_colours < MAX_CHOSEN; i++) {
        int16_t v[3];
        if (!colours[i].count || !take_colour(c, i, n, tolerance, v)) continue;
        put_colour(c, v, c->header.colours[c->header.n_colours++]);
    }
    res_set_colours(c);
}

double res_least_error(const res_coder *c, uint32_t x, uint32_t y, unsigned log2) {
    const unsigned n = 1u << log2;
    double sum = 0;
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = 0; i < n; i++) sum += c->search->nearest_error[res_at(x + i, y + j)];
    return sum / 16;
}

/* The id to the left of or above a sample, inside the block or before it. */
static uint8_t id_before(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, const uint8_t *ids, unsigned i,
                         unsigned j, bool left) {
    const unsigned n = 1u << log2;
    if (left) return i > 0 ? ids[j * n + i - 1] : c->ids[res_id_at(x, y + j) - 1];
    return j > 0 ? ids[(j - 1) * n + i] : c->ids[res_id_at(x + i, y) - RES_ID_STRIDE];
}

void res_choose_ids(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, double lambda, uint8_t *ids) {
    const unsigned n = 1u << log2;
    lambda *= 16; /* errors are in 1/16 */
    for (unsigned j = 0; j < n; j++)
        for (unsigned i = 0; i < n; i++) {
            int16_t v[3] = {0}, network[3] = {0};
            sample_at(c, x + i, y + j, v);
            for (unsigned p = 0; p < c->n_planes; p++) network[p] = c->network[p][res_at(x + i, y + j)];
            uint8_t left = id_before(c, x, y, log2, ids, i, j, true),
                    above = id_before(c, x, y, log2, ids, i, j, false);
            uint8_t tried[4] = {c->search->nearest[res_at(x + i, y + j)], RES_ID_NETWORK, left, above}, best = tried[0];
            double least = INFINITY;
            for (int k = 0; k < 4; k++) {
                uint8_t id = tried[k];
                if (id == RES_ID_NONE) continue;
                const int16_t *colour = id == RES_ID_NETWORK ? network : c->colours[id];
                double bits = id == left || id == above ? (left == above ? 0.1 : BITS_BESIDE + 0.5) : BITS_OTHER;
                double cost = error_of(c, v, colour) + lambda * bits;
                if (cost >= least) continue;
                least = cost;
                best = id;
            }
            ids[j * n + i] = best;
        }
}
