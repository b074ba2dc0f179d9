/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Codes whether a pixel is one of those likely at its position: what followed such surroundings before, or a
 * neighbour; see doc/exact-coder.md, "Repeats". Drawn pictures consist mostly of these. */
#include <string.h>

#include "exact/exact_state.h"

#define MIX_RATE 14
#define LIMIT 250
#define WEIGHT_START (MIX_WEIGHT_ONE / 5)
#define MATCH_LEAST 4
#define MATCH_LOOK 16
#define MATCH_MAX 63     /* longer matches are not better */
#define LEAST_REPEATED 5 /* of 16 pixels: an encoder looks for no repeats in a block with fewer */
#define SALT(k) ((uint64_t)(k) << 56)

static void fill(int32_t *weights, size_t n, int32_t value) {
    for (size_t i = 0; i < n; i++) weights[i] = value;
}

void exact_repeats_begin(exact_coder *c) {
    exact_repeats *r = &c->repeats;
    for (size_t i = 0; i < 2; i++) r->same_row[i] = EXACT_COUNTER_NEW;
    for (size_t i = 0; i < sizeof r->flat / sizeof *r->flat; i++) r->flat[i] = EXACT_COUNTER_NEW;
    for (size_t i = 0; i < sizeof r->escape / sizeof *r->escape; i++) r->escape[i] = EXACT_COUNTER_NEW;
    for (size_t i = 0; i < sizeof r->direct / sizeof *r->direct; i++) r->direct[i] = EXACT_COUNTER_NEW;
    memset(r->is_direct, 0, sizeof r->is_direct);
    memset(r->last, 0, sizeof *r->last << r->log2_places);
    memset(r->places, 0, sizeof *r->places << r->log2_places);
    r->match = 0;
    r->match_length = 0;
    for (size_t i = 0; i < EXACT_N_CONFIDENCE * EXACT_MAX_TRIED; i++)
        fill(r->by_confidence[i], EXACT_REPEAT_INPUTS, WEIGHT_START), r->by_confidence[i][EXACT_REPEAT_INPUTS] = 0;
    for (size_t i = 0; i < 16 * 4; i++)
        fill(r->by_mask[i], EXACT_REPEAT_INPUTS, WEIGHT_START), r->by_mask[i][EXACT_REPEAT_INPUTS] = 0;
    for (size_t i = 0; i < EXACT_MAX_TRIED * 16; i++) exact_refine_begin(r->refine[i]);
    memset(r->escaped[0], 0, c->max_width + 2 * EXACT_MARGIN);
    memset(r->escaped[1], 0, c->max_width + 2 * EXACT_MARGIN);
}

/* ---- blocks ------------------------------------------------------------------------- */

static bool has_few_repeats(const exact_coder *c, uint32_t y, uint32_t x) {
    const uint32_t bottom = y + EXACT_BLOCK < c->height ? y + EXACT_BLOCK : c->height;
    const uint32_t right = x + EXACT_BLOCK < c->width ? x + EXACT_BLOCK : c->width;
    size_t n = 0;
    for (uint32_t i = y; i < bottom; i++) {
        const exact_pixel *row = c->pixels + i * c->stride, *above = row - c->stride;
        for (uint32_t k = x; k < right; k++) n += (k > 0 && row[k] == row[k - 1]) || (i > 0 && row[k] == above[k]);
    }
    return n * 16 < (size_t)LEAST_REPEATED * (bottom - y) * (right - x);
}

void exact_code_blocks(exact_coder *c, uint32_t y) {
    exact_repeats *r = &c->repeats;
    for (uint32_t x = 0, i = 1; x < c->width; x += EXACT_BLOCK, i++) {
        const bool few = !c->mixing.decoding && has_few_repeats(c, y, x);
        exact_counter *counter = &r->direct[r->is_direct[i - 1] + 2 * r->is_direct[i]];
        r->is_direct[i] = exact_code_counted(&c->mixing, few, counter);
    }
}

/* ---- the view ------------------------------------------------------------------------ */

static bool all_near_equal(const exact_pixel *p, size_t stride) {
    const exact_pixel w = p[-1];
    const exact_pixel *n = p - stride, *nn = n - stride;
    return p[-2] == w && n[0] == w && n[1] == w && n[-1] == w && n[2] == w && n[-2] == w && nn[0] == w && nn[1] == w &&
           nn[-1] == w && p[-3] == w;
}

static void look(exact_view *v, const exact_pixel *p, size_t stride) {
    const exact_pixel *n = p - stride, *nn = n - stride, *nnn = nn - stride;
    const exact_pixel near[EXACT_N_NEAR] = {p[-1], n[0],  n[-1],  n[1],  p[-2],  nn[0],
                                            n[2],  n[-2], nn[-1], nn[1], nnn[0], p[-3]};
    uint64_t hash = 0, shape = 0;
    v->n_distinct = 0;
    for (unsigned i = 0; i < EXACT_N_NEAR; i++) {
        unsigned label = 0;
        while (label < v->n_distinct && v->distinct[label] != near[i]) label++;
        if (label == v->n_distinct) {
            v->distinct[v->n_distinct] = near[i];
            v->mask[v->n_distinct++] = 0;
        }
        v->mask[label] = (uint16_t)(v->mask[label] | 1u << i);
        hash = exact_hash(hash, near[i]);
        shape = shape * 13 + label + 1;
        if (i == 1) v->two = hash;
        if (i == 3) v->four = hash;
        if (i == 5) v->six = hash, v->shape_six = shape;
    }
    v->twelve = hash;
    v->shape_twelve = shape;
}

/* ---- the match -------------------------------------------------------------------------- */

static size_t match_place(const exact_repeats *r, const exact_pixel *p, size_t stride, uint64_t twelve) {
    uint64_t hash = twelve;
    const exact_pixel *n = p - stride;
    hash = exact_hash(exact_hash(exact_hash(hash, p[-4]), p[-5]), p[-6]);
    hash = exact_hash(exact_hash(exact_hash(hash, n[3]), n[4]), n[-3]);
    return (size_t)(hash * 0x9e3779b97f4a7c15u >> (64 - r->log2_places));
}

/* Looks for an earlier position with the same surroundings, unless a match continues; records this one for later. */
static void find_match(exact_coder *c, size_t place, size_t slot) {
    exact_repeats *r = &c->repeats;
    if (!r->match && r->places[slot]) {
        const size_t found = r->places[slot];
        const exact_pixel *a = c->plane + place, *b = c->plane + found;
        unsigned n = 0;
        while (n < MATCH_LOOK && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n]) n++;
        if (n >= MATCH_LEAST) r->match = found, r->match_length = n;
    }
    r->places[slot] = (uint32_t)place;
}

static void learn_match(exact_coder *c, exact_pixel pixel) {
    exact_repeats *r = &c->repeats;
    if (!r->match) return;
    if (c->plane[r->match] == pixel)
        r->match_length += r->match_length < MATCH_MAX;
    else
        r->match = 0, r->match_length = 0;
}

static unsigned match_bucket(const exact_repeats *r) {
    const unsigned n = r->match_length;
    return !r->match ? 0 : n < 8 ? 1 : n < 16 ? 2 : n < 24 ? 3 : n < 32 ? 4 : n < MATCH_MAX ? 5 : 6;
}

/* ---- decisions ----------------------------------------------------------------------------- */

/* Codes whether the pixel is `colour`. */
static unsigned code_candidate(exact_coder *c, exact_pixel colour, unsigned bit) {
    exact_repeats *r = &c->repeats;
    exact_view *v = &r->view;
    exact_mixing *m = &c->mixing;
    const unsigned rank = v->n_tried, order = rank < 3 ? rank : 3;
    unsigned label = 0;
    while (label < v->n_distinct && v->distinct[label] != colour) label++;
    const unsigned mask = label < v->n_distinct ? v->mask[label] : 0;
    const bool matched = r->match && c->plane[r->match] == colour;
    const unsigned expected = !r->match ? 0 : matched ? 1 : 2, length = match_bucket(r);
    const uint64_t of_colour = colour * 0xa0761d6478bd642fu;

    exact_begin(m);
    exact_add(m, exact_find(m, exact_hash(SALT(1), mask | expected << 12 | order << 14)));
    exact_add(m, exact_find(m, exact_hash(v->shape_six ^ SALT(2), label | order << 8)));
    exact_counter *shape = exact_find(m, exact_hash(v->shape_twelve ^ SALT(3), label | order << 8));
    exact_add(m, shape);
    exact_add(m, exact_find(m, exact_hash(of_colour ^ SALT(4), order)));
    exact_add(m, exact_find(m, exact_hash(v->two ^ SALT(5), of_colour)));
    exact_add(m, exact_find(m, exact_hash(v->four ^ SALT(6), of_colour)));
    exact_counter *six = exact_find(m, exact_hash(v->six ^ SALT(7), of_colour));
    exact_add(m, six);
    exact_counter *twelve = exact_find(m, exact_hash(v->twelve ^ SALT(8), of_colour));
    exact_add(m, twelve);
    exact_add(m, exact_find(m, exact_hash(SALT(9), length | expected << 4 | (mask & 3) << 6 | order << 10)));

    if (c->plan.mode == EXACT_SAMPLES) {
        const exact_sample_view *expected_sample = &c->samples.view;
        const int32_t far = exact_first_value(&c->samples, colour) - expected_sample->whole;
        exact_add(m, exact_find(m, exact_hash(SALT(11), exact_signed_level(far, 10) | expected_sample->energy << 5 |
                                                            order << 9 |
                                                            (unsigned)(expected_sample->contexts[0] & 7) << 12)));
    } else {
        exact_add(m, exact_find(m, exact_hash(v->shape_twelve ^ SALT(12), of_colour)));
    }

    const unsigned confidence = exact_known(*twelve) * 16 + exact_known(*six) * 4 + exact_known(*shape);
    const exact_sets sets = {.first = r->by_confidence[confidence * EXACT_MAX_TRIED + rank],
                             .second =
                                 r->by_mask[(mask & 15) * 4 + (expected ? expected + (matched && length > 3) : 0)],
                             .refine = r->refine[rank * 16 + (mask & 15)],
                             .rate = MIX_RATE,
                             .limit = LIMIT};
    v->tried[v->n_tried++] = colour;
    return exact_code(m, bit, &sets);
}

static bool was_tried(const exact_view *v, exact_pixel colour) {
    for (unsigned i = 0; i < v->n_tried; i++)
        if (v->tried[i] == colour) return true;
    return false;
}

static bool try_colour(exact_coder *c, exact_pixel colour, exact_pixel truth) {
    exact_view *v = &c->repeats.view;
    if (v->n_tried == EXACT_MAX_TRIED || was_tried(v, colour)) return false;
    if (c->plan.mode == EXACT_INDICES && v->n_tried + 1 >= c->palette.n_colours)
        return false; /* it is the only colour left */
    return code_candidate(c, colour, truth == colour);
}

/* Codes whether the pixel is new; only if at least three of four neighbours were. */
static bool code_escape(exact_coder *c, uint32_t x, bool escapes) {
    const exact_repeats *r = &c->repeats;
    const uint8_t *row = r->escaped[0] + EXACT_MARGIN + x, *above = r->escaped[1] + EXACT_MARGIN + x;
    const unsigned pattern =
        (unsigned)(row[-1] | above[0] << 1 | above[-1] << 2 | above[1] << 3 | row[-2] << 4 | above[2] << 5);
    if (row[-1] + above[0] + above[-1] + above[1] < 3) return false;
    unsigned n = r->view.n_distinct;
    return exact_code_counted(&c->mixing, escapes, &c->repeats.escape[pattern * 16 + n]);
}

/* True if a candidate is the true pixel. Used only by encoders. */
static bool is_likely(const exact_coder *c, exact_pixel truth, exact_pixel seen) {
    const exact_view *v = &c->repeats.view;
    if (c->repeats.match && c->plane[c->repeats.match] == truth) return true;
    if (seen == truth) return true;
    for (unsigned i = 0; i < v->n_distinct && i < 6; i++)
        if (v->distinct[i] == truth) return true;
    return false;
}

static exact_pixel escape(exact_coder *c, size_t place, uint32_t x, exact_pixel truth) {
    c->repeats.escaped[0][EXACT_MARGIN + x] = 1;
    return c->plan.mode == EXACT_INDICES ? exact_code_index(c, place, truth) : exact_code_samples(c, x, truth);
}

static exact_pixel code_surrounded(exact_coder *c, size_t place, uint32_t x, exact_pixel truth, bool flat) {
    exact_repeats *r = &c->repeats;
    exact_view *v = &r->view;
    const exact_pixel *p = c->plane + place;
    look(v, p, c->stride);
    v->n_tried = 0;
    if (flat) v->tried[v->n_tried++] = p[-1];
    exact_pixel *seen = &r->last[(v->six ^ SALT(10)) * 0x9e3779b97f4a7c15u >> (64 - r->log2_places)], found = 0;
    const exact_pixel was_seen = *seen;
    find_match(c, place, match_place(r, p, c->stride, v->twelve));
    r->escaped[0][EXACT_MARGIN + x] = 0;
    bool done = false;
    if (c->plan.mode == EXACT_SAMPLES) exact_samples_look(c, x);
    if (c->plan.mode == EXACT_SAMPLES && code_escape(c, x, !c->mixing.decoding && !is_likely(c, truth, was_seen))) {
        found = escape(c, place, x, truth);
        *seen = found;
        return found;
    }
    exact_pixel candidates[EXACT_N_NEAR + 2];
    unsigned n = 0;
    if (r->match) candidates[n++] = c->plane[r->match];
    candidates[n++] = was_seen;
    for (unsigned i = 0; i < v->n_distinct && i < 6; i++) candidates[n++] = v->distinct[i];
    for (unsigned i = 0; i < n && !done; i++)
        if (try_colour(c, candidates[i], truth)) found = candidates[i], done = true;
    if (!done)
        found = escape(c, place, x, truth);
    else if (c->plan.mode == EXACT_SAMPLES)
        exact_samples_take(c, x, found, false);
    *seen = found;
    return found;
}

exact_pixel exact_code_pixel(exact_coder *c, size_t place, uint32_t x, exact_pixel truth) {
    exact_repeats *r = &c->repeats;
    const exact_pixel *p = c->plane + place, w = p[-1];
    const bool flat = all_near_equal(p, c->stride);
    exact_pixel pixel = 0;
    if (r->match) r->match++;
    if (c->plan.mode == EXACT_SAMPLES && r->is_direct[1 + x / EXACT_BLOCK]) {
        pixel = escape(c, place, x, truth);
        learn_match(c, pixel);
        return pixel;
    }
    if (flat && (!r->match || c->plane[r->match] == w)) {
        exact_counter *counter = &r->flat[match_bucket(r)];
        if (exact_code_counted(&c->mixing, truth == w, counter)) {
            learn_match(c, w);
            r->escaped[0][EXACT_MARGIN + x] = 0;
            if (c->plan.mode == EXACT_SAMPLES) exact_samples_take(c, x, w, true);
            return w;
        }
        pixel = code_surrounded(c, place, x, truth, true);
    } else {
        pixel = code_surrounded(c, place, x, truth, false);
    }
    learn_match(c, pixel);
    return pixel;
}
