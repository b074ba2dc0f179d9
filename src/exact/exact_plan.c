/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The ways to code a slice, and the encoder's choice of them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "exact/exact_state.h"

/* ---- the first bytes ------------------------------------------------------------------------ */

#define MODE_MASK 3u
#define TRANSFORM_SHIFT 2u
#define NO_HIDDEN 0x10u
#define REPEAT 0x20u
#define REDUCED 0x40u

void exact_plan_write(const exact_plan *p, const exact_block *b, byte_writer *out) {
    const bool reduced = p->n_bits != b->bit_depth;
    bw_u8(out, (uint8_t)((unsigned)p->mode | (unsigned)p->transform << TRANSFORM_SHIFT |
                         (p->no_hidden ? NO_HIDDEN : 0) | (p->repeat ? REPEAT : 0) | (reduced ? REDUCED : 0)));
    if (reduced) bw_u8(out, (uint8_t)((p->n_bits - 1u) | (unsigned)p->shift << 4));
}

pith_status exact_plan_read(exact_plan *p, const exact_block *b, stream *s) {
    const uint8_t first = st_u8(s, "plan");
    *p = (exact_plan){.mode = (exact_mode)(first & MODE_MASK),
                      .transform = (exact_transform)(first >> TRANSFORM_SHIFT & MODE_MASK),
                      .no_hidden = first & NO_HIDDEN,
                      .repeat = first & REPEAT,
                      .n_bits = b->bit_depth};
    if (first & REDUCED) {
        const uint8_t bits = st_u8(s, "bits");
        p->n_bits = (uint8_t)((bits & 15u) + 1);
        p->shift = bits >> 4;
    }
    const bool bad = first & 0x80u || p->mode > EXACT_SAMPLES || p->transform > EXACT_YCOCG ||
                     (p->transform && (b->n_channels < 3 || p->mode == EXACT_INDICES)) ||
                     (p->no_hidden && b->n_channels % 2 != 0) || (p->repeat && (p->shift || !(first & REDUCED))) ||
                     p->n_bits + p->shift > b->bit_depth || (first & REDUCED && p->n_bits == b->bit_depth);
    if (s->status == PITH_OK && bad) st_fail(s, PITH_E_FORMAT, "a way of coding that there is not");
    return s->status;
}

/* ---- values ------------------------------------------------------------------------------------ */

typedef struct sample_set {
    uint64_t used[65536 / 64];
    uint32_t all; /* bitwise OR of all samples */
} sample_set;

static uint32_t sample_at(const exact_block *b, uint32_t y, size_t i) {
    const uint8_t *row = (const uint8_t *)b->samples + y * b->stride_bytes;
    if (b->bit_depth == 8) return row[i];
    uint16_t sample;
    memcpy(&sample, row + 2 * i, sizeof sample);
    return sample;
}

static void collect(sample_set *set, const exact_block *b) {
    const size_t n = (size_t)b->width * b->n_channels;
    uint32_t before = UINT32_MAX;
    memset(set, 0, sizeof *set);
    for (uint32_t y = 0; y < b->height; y++)
        for (size_t i = 0; i < n; i++) {
            const uint32_t v = sample_at(b, y, i);
            if (v == before) continue;
            before = v;
            set->used[v / 64] |= (uint64_t)1 << v % 64;
            set->all |= v;
        }
}

static bool are_repeats(const sample_set *set, const exact_plan *plan, unsigned bit_depth) {
    for (uint32_t i = 0; i < 65536 / 64; i++)
        for (uint64_t word = set->used[i]; word; word &= word - 1) {
            const uint32_t v = i * 64 + (uint32_t)__builtin_ctzll(word);
            if (exact_sample(plan, bit_depth, v >> (bit_depth - plan->n_bits)) != v) return false;
        }
    return true;
}

/* Finds the fewest bits that distinguish all samples. */
static void choose_bits(exact_plan *plan, const sample_set *set, unsigned bit_depth) {
    plan->shift = set->all ? (uint8_t)__builtin_ctz(set->all) : 0;
    const uint32_t most = set->all >> plan->shift;
    plan->n_bits = most ? (uint8_t)(32 - __builtin_clz(most)) : 1;
    if (plan->n_bits == bit_depth) plan->shift = 0;
    for (uint8_t n = 1; n < plan->n_bits; n++) {
        const exact_plan repeating = {.n_bits = n, .repeat = true};
        if (!are_repeats(set, &repeating, bit_depth)) continue;
        plan->n_bits = n;
        plan->shift = 0;
        plan->repeat = true;
    }
}

/* Reads a pixel in the channel order of exact_pixel. */
static exact_pixel pixel_of(const exact_block *b, const exact_plan *plan, uint32_t y, size_t x) {
    static const uint8_t orders[5][4] = {{0}, {0}, {1, 0}, {1, 0, 2}, {3, 1, 0, 2}};
    const unsigned n = b->n_channels, down = plan->repeat ? b->bit_depth - plan->n_bits : plan->shift;
    exact_pixel pixel = 0;
    for (unsigned k = 0; k < n; k++) pixel = pixel << 16 | sample_at(b, y, x * n + orders[n][k]) >> down;
    return pixel;
}

/* Returns the number of transparent pixels whose colour is not 0. */
static size_t fill_plane(exact_coder *c, const exact_block *b, const exact_plan *plan, bool drop_hidden) {
    const unsigned opacity_shift = 16u * (b->n_channels - 1u);
    const bool has_opacity = b->n_channels % 2 == 0;
    size_t n_hidden = 0;
    for (uint32_t y = 0; y < b->height; y++) {
        exact_pixel *row = c->pixels + y * c->stride;
        for (uint32_t x = 0; x < b->width; x++) {
            row[x] = pixel_of(b, plan, y, x);
            if (!has_opacity || row[x] == 0 || row[x] >> opacity_shift) continue;
            if (drop_hidden) row[x] = 0;
            n_hidden++;
        }
    }
    return drop_hidden ? 0 : n_hidden;
}

#define FEW_PIXELS 16384u
#define FEW_COLOURS 32u
#define SOME_COLOURS 256u
#define OFTEN_REPEATED 100u /* of 256 pixels */

/* ---- colours --------------------------------------------------------------------------------------- */

#define SET_BITS 15

typedef struct colour_set {
    exact_pixel slots[1 << SET_BITS];
    uint32_t counts[1 << SET_BITS]; /* of pixels; 0: slot is free */
    unsigned n;
} colour_set;

static bool add_colour(colour_set *set, exact_pixel colour, uint32_t count) {
    size_t at = colour * 0x9e3779b97f4a7c15u >> (64 - SET_BITS);
    while (set->counts[at] && set->slots[at] != colour) at = (at + 1) % (1 << SET_BITS);
    if (!set->counts[at] && set->n++ == EXACT_MAX_COLOURS) return false;
    set->slots[at] = colour;
    set->counts[at] += count;
    return true;
}

static int by_value(const void *a, const void *b) {
    const exact_pixel x = *(const exact_pixel *)a, y = *(const exact_pixel *)b;
    return x < y ? -1 : x > y;
}

/* Finds the most frequent colours; of equals, the lower first, so that the result does not depend on their slots. */
static void find_frequent(exact_palette *p, const colour_set *set) {
    uint32_t counts[EXACT_MAX_ANCHORS];
    p->n_frequent = 0;
    for (size_t i = 0; i < 1 << SET_BITS; i++) {
        const uint32_t count = set->counts[i];
        const exact_pixel colour = set->slots[i];
        unsigned at = p->n_frequent;
        if (count == 0) continue;
        while (at > 0 && (counts[at - 1] < count || (counts[at - 1] == count && p->anchors[at - 1] > colour))) at--;
        if (at == EXACT_MAX_ANCHORS) continue;
        if (p->n_frequent < EXACT_MAX_ANCHORS) p->n_frequent++;
        for (unsigned k = p->n_frequent - 1; k > at; k--) {
            counts[k] = counts[k - 1];
            p->anchors[k] = p->anchors[k - 1];
        }
        counts[at] = count;
        p->anchors[at] = colour;
    }
}

/* Fills the palette; false if there are too many colours. */
static bool list_colours(exact_coder *c, colour_set *set) {
    memset(set, 0, sizeof *set);
    for (uint32_t y = 0; y < c->height; y++) {
        const exact_pixel *row = c->pixels + y * c->stride;
        for (uint32_t x = 0, n; x < c->width; x += n) {
            for (n = 1; x + n < c->width && row[x + n] == row[x];) n++;
            if (!add_colour(set, row[x], n)) return false;
        }
    }
    exact_palette *p = &c->palette;
    p->n_colours = 0;
    for (size_t i = 0; i < 1 << SET_BITS; i++)
        if (set->counts[i]) p->colours[p->n_colours++] = set->slots[i];
    qsort(p->colours, p->n_colours, sizeof *p->colours, by_value);
    find_frequent(p, set);
    return true;
}

/* True if at least OFTEN_REPEATED of 256 pixels equal the one to the left or above. */
static bool is_repetitive(const exact_coder *c) {
    size_t n = 0;
    for (uint32_t y = 1; y < c->height; y++) {
        const exact_pixel *row = c->pixels + y * c->stride, *above = row - c->stride;
        for (uint32_t x = 1; x < c->width; x++) n += row[x] == row[x - 1] || row[x] == above[x];
    }
    return n * 256 >= OFTEN_REPEATED * (size_t)(c->width - 1) * (c->height - 1);
}

static void spread(const exact_coder *c, const exact_pixel *p, int32_t v[4]) {
    for (unsigned k = 0; k < c->n_channels; k++) v[k] = (int32_t)(*p >> (16 * (c->n_channels - 1 - k)) & 0xffff);
}

/* Chooses by the sum of absolute differences between neighbouring pixels. */
static exact_transform choose_transform(const exact_coder *c) {
    uint64_t cost[3] = {0};
    if (c->n_channels < 3) return EXACT_AS_IS;
    for (uint32_t y = 0; y < c->height; y += 2)
        for (uint32_t x = 1; x < c->width; x++) {
            const exact_pixel *p = c->pixels + y * c->stride + x;
            int32_t a[4], b[4], d[3];
            spread(c, p, a);
            spread(c, p - 1, b);
            const unsigned first = c->n_channels - 3u;
            for (unsigned k = 0; k < 3; k++) d[k] = a[first + k] - b[first + k];
            const int32_t orange = d[1] - d[2], middle = d[2] + orange / 2, difference = d[0] - middle;
            cost[EXACT_AS_IS] += (uint64_t)(abs(d[0]) + abs(d[1]) + abs(d[2]));
            cost[EXACT_LESS_GREEN] += (uint64_t)(abs(d[0]) + abs(d[1] - d[0]) + abs(d[2] - d[0]));
            cost[EXACT_YCOCG] += (uint64_t)(abs(orange) + abs(difference) + abs(middle + difference / 2));
        }
    exact_transform best = EXACT_AS_IS;
    for (unsigned t = 1; t < 3; t++)
        if (cost[t] < cost[best]) best = (exact_transform)t;
    return best;
}

pith_status exact_analyse(exact_coder *c, const exact_block *b, bool drop_hidden, exact_plan plans[EXACT_MAX_PLANS],
                          unsigned *n_plans) {
    void *memory =
        mem_alloc(c->alloc, 1, sizeof(sample_set) > sizeof(colour_set) ? sizeof(sample_set) : sizeof(colour_set));
    exact_plan plan = {.n_bits = b->bit_depth};
    *n_plans = 0;
    if (!memory) return PITH_E_NOMEM;
    collect(memory, b);
    choose_bits(&plan, memory, b->bit_depth);
    plan.no_hidden = fill_plane(c, b, &plan, drop_hidden) == 0 && b->n_channels % 2 == 0;
    const bool listed = list_colours(c, memory);
    mem_free(c->alloc, memory);
    const unsigned n = listed ? c->palette.n_colours : UINT_MAX;
    const bool is_small = (size_t)b->width * b->height <= FEW_PIXELS;
    if (n <= SOME_COLOURS || (listed && (is_small || is_repetitive(c)))) plans[(*n_plans)++] = plan; /* EXACT_INDICES */
    if (n == 1) return PITH_OK;
    plan.mode = EXACT_SAMPLES;
    plan.transform = choose_transform(c);
    if (n > FEW_COLOURS || is_small) plans[(*n_plans)++] = plan;
    return PITH_OK;
}
