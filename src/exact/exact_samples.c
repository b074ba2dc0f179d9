/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Samples of pictures with many colours: predictions by several rules, weighted by their recent errors; the
 * difference is coded in contexts. See doc/exact-coder.md, "Samples". */
#include <stdlib.h>
#include <string.h>

#include "exact/exact_state.h"

#define MIX_RATE 10
#define LIMIT 250
#define WEIGHT_START (MIX_WEIGHT_ONE / 6)
#define SALT(k) ((uint64_t)(k) << 56)
#define FRACTION 3 /* fractional bits of a prediction */
#define TAP_ONE 65536
#define TAP_PACE 1024 /* step size of the adaptation, in 1/65536 */
#define GUESS_ERROR_MAX 4095

/* A magnitude is coded by steps: is it at least the next value of this table? */
static const uint32_t steps[EXACT_N_DECISIONS - 1] = {
    1,   2,   3,    4,    5,    7,    9,    13,   17,   25,    33,    49,    65,    97,    129,   193,   257,   385,
    513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577, 32769, 49153, 65537, 98305, 131073};
#define N_STEPS 35
enum { IS_ZERO, IS_NEGATIVE, IS_ABOVE };

void exact_samples_begin(exact_coder *c) {
    exact_samples *s = &c->samples;
    const size_t width = c->max_width + 2 * EXACT_MARGIN;
    int32_t *row = c->row_store + EXACT_MARGIN;
    s->n_channels = c->n_channels;
    s->has_opacity = c->n_channels % 2 == 0;
    s->transform = c->n_channels < 3 ? EXACT_AS_IS : c->plan.transform;
    s->n_bits = c->plan.n_bits;
    memset(c->row_store, 0, width * 4 * (5 + 2 * EXACT_N_GUESSES) * sizeof *c->row_store);
    for (unsigned k = 0; k < s->n_channels; k++) {
        exact_channel *ch = s->channels[k];
        for (size_t i = 0; i < 3; i++, row += width) ch->rows[i] = row;
        for (size_t i = 0; i < 2; i++, row += width) ch->errors[i] = row;
        for (size_t g = 0; g < EXACT_N_GUESSES; g++)
            for (size_t i = 0; i < 2; i++, row += width) ch->guess_errors[g][i] = row;
        memset(ch->taps, 0, sizeof ch->taps);
        ch->taps[0] = TAP_ONE * 3 / 4; /* inputs are relative to the left neighbour: above, above-left, above-right */
        ch->taps[1] = -TAP_ONE / 2;
        ch->taps[2] = TAP_ONE / 4;
        memset(ch->bias, 0, sizeof ch->bias);
        memset(ch->bias_count, 0, sizeof ch->bias_count);
        for (size_t i = 0; i < EXACT_SAMPLE_CONTEXTS; i++)
            for (size_t j = 0; j < EXACT_CONTEXT_SIZE; j++)
                for (size_t d = 0; d < EXACT_N_DECISIONS; d++) ch->counters[i][j][d] = EXACT_COUNTER_NEW;
        for (size_t d = 0; d < EXACT_N_DECISIONS; d++) {
            for (size_t i = 0; i < 4; i++) ch->detail[d][i] = EXACT_COUNTER_NEW;
            exact_refine_begin(ch->refine[d]);
            for (size_t e = 0; e < EXACT_N_ENERGY; e++)
                for (size_t i = 0; i <= EXACT_SAMPLE_INPUTS; i++)
                    ch->by_energy[e][d][i] = ch->by_other[e][d][i] = i < EXACT_SAMPLE_INPUTS ? WEIGHT_START : 0;
        }
    }
}

/* ---- colours ------------------------------------------------------------------------------- */

static void to_channels(const exact_samples *s, exact_pixel pixel, int32_t v[4]) {
    for (unsigned k = 0; k < s->n_channels; k++) v[k] = (int32_t)(pixel >> (16 * (s->n_channels - 1 - k)) & 0xffff);
    int32_t *g = v + s->has_opacity;
    const int32_t green = g[0], red = g[1], blue = g[2];
    if (s->transform == EXACT_LESS_GREEN) g[1] = red - green, g[2] = blue - green;
    if (s->transform == EXACT_YCOCG) {
        const int32_t orange = red - blue, middle = blue + (orange >> 1);
        g[2] = orange;
        g[1] = green - middle;
        g[0] = middle + (g[1] >> 1);
    }
}

static exact_pixel from_channels(const exact_samples *s, const int32_t *values) {
    int32_t v[4] = {values[0], values[1], values[2], values[3]};
    int32_t *g = v + s->has_opacity;
    if (s->transform == EXACT_LESS_GREEN) g[1] += g[0], g[2] += g[0];
    if (s->transform == EXACT_YCOCG) {
        const int32_t middle = g[0] - (g[1] >> 1), green = g[1] + middle, blue = middle - (g[2] >> 1);
        g[1] = blue + g[2];
        g[0] = green;
        g[2] = blue;
    }
    exact_pixel pixel = 0;
    const int32_t most = (int32_t)((1u << s->n_bits) - 1);
    for (unsigned k = 0; k < s->n_channels; k++) {
        const int32_t value = v[k] < 0 ? 0 : v[k] > most ? most : v[k]; /* only for invalid data */
        pixel = pixel << 16 | (exact_pixel)value;
    }
    return pixel;
}

static bool is_difference(const exact_samples *s, unsigned k) {
    return s->transform != EXACT_AS_IS && k > s->has_opacity;
}

static int32_t clamp(int32_t v, int32_t least, int32_t most) { return v < least ? least : v > most ? most : v; }

/* ---- prediction ------------------------------------------------------------------------------ */

static int32_t median(int32_t w, int32_t n, int32_t nw) {
    const int32_t low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high : w + n - nw;
}

/* Collects the neighbours in this channel and in those coded before it. */
static void gather(const exact_samples *s, unsigned k, uint32_t x, exact_sample_view *v) {
    const exact_channel *ch = s->channels[k];
    const int32_t *row = ch->rows[0] + x, *n = ch->rows[1] + x, *nn = ch->rows[2] + x;
    const int32_t w = row[-1];
    int32_t *in = v->taps_in;
    unsigned i = 0;
    in[i++] = n[0] - w;
    in[i++] = n[-1] - w;
    in[i++] = n[1] - w;
    in[i++] = row[-2] - w;
    in[i++] = nn[0] - w;
    in[i++] = n[2] - w;
    const unsigned first = s->has_opacity && k > 0;
    for (unsigned q = k; q-- > first;) {
        const exact_channel *o = s->channels[q];
        const int32_t here = o->rows[0][x], left = o->rows[0][(ptrdiff_t)x - 1];
        in[i++] = here - left;
        in[i++] = o->rows[1][x] - left;
        in[i++] = o->rows[1][(ptrdiff_t)x - 1] - left;
        if (q + 1 == k) in[i++] = o->rows[1][x + 1] - left;
    }
    v->n_taps = i;
    v->power = 0;
    for (unsigned j = 0; j < i; j++) v->power += (int64_t)in[j] * in[j];
}

static void guess(const exact_samples *s, unsigned k, uint32_t x, exact_sample_view *v) {
    const exact_channel *ch = s->channels[k];
    const int32_t *row = ch->rows[0] + x, *n = ch->rows[1] + x, *nn = ch->rows[2] + x;
    const int32_t w = row[-1];
    int64_t sum = 0;
    for (unsigned i = 0; i < v->n_taps; i++) sum += (int64_t)ch->taps[i] * v->taps_in[i];
    int32_t tapped = w * 8 + (int32_t)(sum >> (16 - FRACTION));
    const int32_t reach = 8 << s->n_bits;
    tapped = tapped < -reach ? -reach : tapped > reach ? reach : tapped;
    v->guesses[0] = tapped;
    v->guesses[1] = median(w, n[0], n[-1]) * 8;
    v->guesses[2] = (w + n[1] - n[0]) * 4 + (n[0] * 2 - nn[0]) * 4;
    v->guesses[3] = (w * 3 + n[0] * 3 + n[1] - n[-1] * 1) * 8 / 6;
    v->guesses[4] = (w + n[0]) * 4;
    if (k > s->has_opacity) {
        const exact_channel *o = s->channels[k - 1];
        const int32_t here = o->rows[0][x];
        v->guesses[4] += (2 * here - o->rows[0][(ptrdiff_t)x - 1] - o->rows[1][x]) * 4;
    }
}

static void blend(const exact_channel *ch, uint32_t x, exact_sample_view *v) {
    int64_t sum = 0, weights = 0;
    for (unsigned g = 0; g < EXACT_N_GUESSES; g++) {
        const int32_t *row = ch->guess_errors[g][0] + x, *n = ch->guess_errors[g][1] + x;
        const int64_t e = 2 * row[-1] + 2 * n[0] + n[-1] + n[1] + row[-2] + 4;
        const int64_t weight = ((int64_t)1 << 40) / (e * e) + 1;
        sum += weight * v->guesses[g];
        weights += weight;
    }
    v->predicted = (int32_t)(sum / weights);
}

/* ---- contexts --------------------------------------------------------------------------------- */

/* 0..15, finer for small values. */
static unsigned level_of(uint32_t e) {
    if (e < 4) return e;
    const unsigned log = 31u - (unsigned)__builtin_clz(e), level = 2 * log + (e >> (log - 1) & 1);
    return level < 15 ? level : 15;
}

unsigned exact_signed_level(int32_t d, unsigned most) {
    unsigned size = level_of((uint32_t)abs(d));
    size = size > 4 ? 4 + (size - 4) / 2 : size;
    if (size > most) size = most;
    return d < 0 ? most - size : most + size;
}

static void set_contexts(const exact_samples *s, unsigned k, uint32_t x, exact_sample_view *v) {
    const exact_channel *ch = s->channels[k];
    const int32_t *row = ch->rows[0] + x, *n = ch->rows[1] + x, *nn = ch->rows[2] + x;
    const int32_t *e = ch->errors[0] + x, *en = ch->errors[1] + x;
    const int32_t p = v->predicted >> FRACTION;
    const uint32_t ew = (uint32_t)abs(e[-1]), eww = (uint32_t)abs(e[-2]), north = (uint32_t)abs(en[0]),
                   nw = (uint32_t)abs(en[-1]), ne = (uint32_t)abs(en[1]);
    const unsigned energy = level_of((2 * ew + 2 * north + nw + ne + eww) * 2 / 3);
    const unsigned texture = (unsigned)(row[-1] > p) | (unsigned)(n[0] > p) << 1 | (unsigned)(n[-1] > p) << 2 |
                             (unsigned)(n[1] > p) << 3 | (unsigned)(row[-2] > p) << 4 | (unsigned)(nn[0] > p) << 5;
    int32_t before = 0, first = 0;
    if (k > 0) before = s->channels[k - 1]->errors[0][x];
    if (k > 1) first = s->channels[k - 2]->errors[0][x];
    v->energy = energy;
    v->other = k > 0 ? level_of((uint32_t)abs(before) * 2)
                     : level_of((uint32_t)abs(row[-1] - n[-1]) + (uint32_t)abs(n[0] - n[1]));
    const unsigned qw = level_of(ew), qn = level_of(north);
    v->contexts[1] = (qw < 11 ? qw : 11) * 12 + (qn < 11 ? qn : 11);
    v->contexts[2] = exact_signed_level(before, 8) * 16 + energy;
    v->contexts[3] = texture * 8 + energy / 2;
    v->contexts[4] = exact_signed_level((v->guesses[1] - v->predicted) / 8, 5) * 88 +
                     exact_signed_level((v->guesses[4] - v->predicted) / 8, 5) * 8 + energy / 2;
    v->contexts[5] = k > 1 ? exact_signed_level(before, 6) * 64 + exact_signed_level(first, 6) * 4 + energy / 4
                           : (level_of(ne) * 16 + level_of(nw)) * 2 + (energy > 7);
    v->contexts[6] = exact_signed_level(e[-1], 7) * 60 + exact_signed_level(en[0], 7) * 4 + energy / 4;
    v->contexts[7] =
        level_of((uint32_t)abs(row[-1] - n[-1]) + (uint32_t)abs(n[0] - nn[0])) * 16 +
        level_of((uint32_t)abs(row[-1] - row[-2]) + (uint32_t)abs(n[0] - n[-1]) + (uint32_t)abs(n[0] - n[1]));
    v->bias_slot = texture * 8 + energy / 2;
}

/* ---- the difference ----------------------------------------------------------------------------- */

static unsigned decide(exact_coder *c, exact_channel *ch, const exact_sample_view *v, unsigned d, unsigned bit) {
    exact_mixing *m = &c->mixing;
    exact_begin(m);
    for (unsigned i = 0; i < EXACT_SAMPLE_CONTEXTS; i++) exact_add(m, &ch->counters[i][v->contexts[i]][d]);
    for (unsigned i = 0; i < EXACT_SAMPLE_HASHES; i++) exact_add(m, exact_find(m, exact_hash(v->hash[i], d)));
    const exact_sets sets = {ch->by_energy[v->energy][d], ch->by_other[v->other][d], ch->refine[d], MIX_RATE, LIMIT};
    return exact_code(m, bit, &sets);
}

static int32_t code_difference(exact_coder *c, exact_channel *ch, const exact_sample_view *v, int32_t truth) {
    if (decide(c, ch, v, IS_ZERO, truth == 0)) return 0;
    const bool negative = decide(c, ch, v, IS_NEGATIVE, truth < 0);
    const uint32_t size = (uint32_t)abs(truth);
    unsigned step = 0;
    while (step + 1 < N_STEPS && decide(c, ch, v, IS_ABOVE + step, size >= steps[step + 1])) step++;
    uint32_t magnitude = steps[step];
    if (step + 1 < N_STEPS) {
        const uint32_t room = steps[step + 1] - steps[step];
        uint32_t rest = size - magnitude;
        unsigned n_bits = 31u - (unsigned)__builtin_clz(room), coded = 0, node = 1;
        for (; n_bits > 0 && node < 4; n_bits--) {
            const unsigned bit = exact_code_counted(&c->mixing, rest >> (n_bits - 1) & 1, &ch->detail[step][node]);
            coded = coded << 1 | bit;
            node = node << 1 | bit;
        }
        magnitude += coded << n_bits | exact_code_raw(&c->mixing, rest & ((1u << n_bits) - 1), n_bits);
    } else {
        c->mixing.failed = true;
    }
    return negative ? -(int32_t)magnitude : (int32_t)magnitude;
}

/* ---- learning ------------------------------------------------------------------------------------ */

static void learn_sample(exact_channel *ch, uint32_t x, const exact_sample_view *v, int32_t value) {
    ch->rows[0][x] = value;
    ch->errors[0][x] = value - v->whole;
    ch->bias[v->bias_slot] += value * 8 - v->predicted;
    if (++ch->bias_count[v->bias_slot] == 128) ch->bias_count[v->bias_slot] /= 2, ch->bias[v->bias_slot] /= 2;
    for (unsigned g = 0; g < EXACT_N_GUESSES; g++) {
        const int32_t e = abs(value * 8 - v->guesses[g]);
        ch->guess_errors[g][0][x] = e < GUESS_ERROR_MAX ? e : GUESS_ERROR_MAX;
    }
    const int64_t error = (int64_t)value * 8 - v->guesses[0];
    const int64_t pace = error * (TAP_ONE / 8) * TAP_PACE / (v->power + 64);
    for (unsigned i = 0; i < v->n_taps; i++) {
        const int64_t t = ch->taps[i] + (pace * v->taps_in[i] >> 16);
        ch->taps[i] = (int32_t)(t > 4 * TAP_ONE ? 4 * TAP_ONE : t < -4 * TAP_ONE ? -4 * TAP_ONE : t);
    }
}

/* Views channel k at x; the channels before it are known. */
static void view_sample(const exact_samples *s, unsigned k, uint32_t x, exact_sample_view *v) {
    const exact_channel *ch = s->channels[k];
    gather(s, k, x, v);
    guess(s, k, x, v);
    blend(ch, x, v);
    set_contexts(s, k, x, v);
    const int32_t most = (int32_t)(1u << s->n_bits) - 1;
    v->most = most;
    v->least = is_difference(s, k) ? -most : 0;
    const int32_t n = ch->bias_count[v->bias_slot], bias = n ? ch->bias[v->bias_slot] / n : 0;
    const int32_t rounded = clamp(v->predicted + bias + 4, v->least * 8 + 4, v->most * 8 + 4);
    v->whole = rounded >> FRACTION;
    v->contexts[0] = v->energy * 8 + (unsigned)(rounded & 7);
    const uint64_t whole = SALT(32 + k) | (uint64_t)(uint32_t)(v->whole & 0x1ffff) << 8;
    v->hash[0] = whole;
    v->hash[1] = SALT(40 + k);
    for (unsigned q = s->has_opacity; q < k; q++)
        v->hash[1] = exact_hash(v->hash[1], (uint32_t)s->channels[q]->rows[0][x]);
    v->hash[1] = exact_hash(v->hash[1], whole);
    v->hash[2] = exact_hash(SALT(48 + k), (uint32_t)ch->rows[0][(ptrdiff_t)x - 1]);
    v->hash[2] = exact_hash(exact_hash(v->hash[2], (uint32_t)ch->rows[1][x]), whole);
}

static int32_t code_sample(exact_coder *c, unsigned k, const exact_sample_view *v, int32_t truth) {
    const int32_t value = v->whole + code_difference(c, c->samples.channels[k], v, truth - v->whole);
    if (value >= v->least && value <= v->most) return value;
    c->mixing.failed = true;
    return clamp(value, v->least, v->most);
}

/* ---- rows and pixels -------------------------------------------------------------------------------- */

const exact_sample_view *exact_samples_look(exact_coder *c, uint32_t x) {
    exact_samples *s = &c->samples;
    view_sample(s, s->has_opacity, x, &s->view);
    return &s->view;
}

int32_t exact_first_value(const exact_samples *s, exact_pixel pixel) {
    int32_t values[4] = {0};
    to_channels(s, pixel, values);
    return values[s->has_opacity];
}

exact_pixel exact_code_samples(exact_coder *c, uint32_t x, exact_pixel truth) {
    exact_samples *s = &c->samples;
    int32_t values[4] = {0};
    to_channels(s, truth, values);
    for (unsigned k = 0; k < s->n_channels; k++) {
        exact_sample_view v;
        view_sample(s, k, x, &v);
        values[k] = code_sample(c, k, &v, values[k]);
        learn_sample(s->channels[k], x, &v, values[k]);
        if (k == 0 && s->has_opacity && values[0] == 0 && c->plan.no_hidden) {
            exact_samples_take(c, x, 0, true);
            return 0;
        }
    }
    return from_channels(s, values);
}

void exact_samples_take(exact_coder *c, uint32_t x, exact_pixel pixel, bool flat) {
    exact_samples *s = &c->samples;
    int32_t values[4] = {0};
    to_channels(s, pixel, values);
    for (unsigned k = 0; k < s->n_channels; k++) {
        exact_channel *ch = s->channels[k];
        if (flat) {
            ch->rows[0][x] = values[k];
            ch->errors[0][x] = 0;
            for (unsigned g = 0; g < EXACT_N_GUESSES; g++) ch->guess_errors[g][0][x] = 0;
        } else {
            exact_sample_view v;
            view_sample(s, k, x, &v);
            learn_sample(ch, x, &v, values[k]);
        }
    }
}

void exact_samples_next_row(exact_coder *c) {
    exact_samples *s = &c->samples;
    for (unsigned k = 0; k < s->n_channels; k++) {
        exact_channel *ch = s->channels[k];
        int32_t *row = ch->rows[0], *oldest = ch->rows[2], *errors = ch->errors[0];
        for (uint32_t i = 0; i < EXACT_MARGIN; i++)
            row[c->width + i] = row[c->width - 1], errors[c->width + i] = errors[c->width - 1];
        ch->rows[2] = ch->rows[1];
        ch->rows[1] = row;
        ch->rows[0] = oldest;
        ch->errors[0] = ch->errors[1];
        ch->errors[1] = errors;
        for (ptrdiff_t i = 1; i <= EXACT_MARGIN; i++) oldest[-i] = row[0], ch->errors[0][-i] = 0;
        for (unsigned g = 0; g < EXACT_N_GUESSES; g++) {
            int32_t *e = ch->guess_errors[g][0];
            for (uint32_t i = 0; i < EXACT_MARGIN; i++) e[c->width + i] = e[c->width - 1];
            ch->guess_errors[g][0] = ch->guess_errors[g][1];
            ch->guess_errors[g][1] = e;
            for (ptrdiff_t i = 1; i <= EXACT_MARGIN; i++) ch->guess_errors[g][0][-i] = e[0];
        }
    }
}
