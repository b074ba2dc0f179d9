/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_model.h"

#include <math.h>

#include "base/exact_math.h"
#include "entropy/logistic.h"
#include "motion/motion_prior.h"

#define COUNT_LIMIT 255
#define RATE 16
#define P_MIN 32u
#define N_PLACES 4u /* kinds of parts: along the bone, across it (two), translation */
#define N_SMALL 16u /* classes of magnitudes that are seldom large */
#define N_SETS (MM_N_LEVELS * 3u)
#define COST_BITS 12u /* of a probability, for the table of costs */

/* Counters of a context: MM_N_DECISIONS for each of its values. */
#define SLOTS_1 (MM_N_LEVELS * MM_N_CLASSES * N_PLACES)
#define SLOTS_2 (MM_N_CLASSES * N_SMALL * N_PLACES)
#define SLOTS_3 (MM_N_CLASSES * MM_N_CLASSES * N_PLACES)
#define SLOTS_4 (MM_N_CLASSES * MM_N_CLASSES)
#define SLOTS_5 (MM_N_LEVELS * MM_N_CLASSES * N_PLACES)
#define N_SHARED (SLOTS_1 + SLOTS_2 + SLOTS_3 + SLOTS_4 + SLOTS_5)

struct motion_model {
    rc_encoder *encoder;
    rc_decoder *decoder;
    mm_observer *observe; /* may be NULL */
    void *observe_user;
    uint32_t n_tracks;
    mix_counter shared[N_SHARED][MM_N_DECISIONS];
    int32_t weights[N_SETS][MM_N_DECISIONS][MM_N_INPUTS];
    mix_counter mantissa[MM_N_DECISIONS * 2][3]; /* the first two bits below the highest */
    mix_counter escapes[MM_N_LEVELS][MM_MAX_ESCAPE];
    mix_counter signs[MM_N_SIGNS];
    mix_counter (*tracks)[MM_N_DECISIONS]; /* n_tracks x MM_N_LEVELS */
    float costs[(1u << COST_BITS) + 1];    /* bits of a decision by its probability */
    uint32_t *means;                       /* n_tracks x MM_N_LEVELS: running means of magnitudes, in 1/256 */
};

pith_status mm_new(motion_model **out, const pith_alloc *alloc, uint32_t n_tracks, pith_diag *diag) {
    motion_model *m = *out = mem_alloc(alloc, 1, sizeof *m);
    if (m) {
        m->n_tracks = n_tracks;
        m->tracks = mem_alloc(alloc, (size_t)n_tracks * MM_N_LEVELS, sizeof *m->tracks);
        m->means = mem_alloc(alloc, (size_t)n_tracks * MM_N_LEVELS, sizeof *m->means);
    }
    if (m && m->tracks && m->means) {
        for (uint32_t p = 0; p <= 1u << COST_BITS; p++) m->costs[p] = (float)-em_log2(fmax(p, 0.5) / (1u << COST_BITS));
        return PITH_OK;
    }
    mm_free(out, alloc);
    return diag_set(diag, PITH_E_NOMEM, "out of memory for the model of %lu tracks", (unsigned long)n_tracks);
}

void mm_free(motion_model **m, const pith_alloc *alloc) {
    if (!*m) return;
    mem_free(alloc, (*m)->tracks);
    mem_free(alloc, (*m)->means);
    mem_free(alloc, *m);
    *m = NULL;
}

/* Of a number that is not 0. */
static uint32_t log2_of(uint32_t magnitude) { return 31u - (uint32_t)__builtin_clz(magnitude); }

uint32_t mm_class(uint32_t magnitude) {
    if (magnitude < 4) return magnitude;
    uint32_t log2 = log2_of(magnitude), c = 2 * log2 + (magnitude >> (log2 - 1) & 1);
    return c < MM_N_CLASSES ? c : MM_N_CLASSES - 1;
}

static void fill(mix_counter *counters, size_t n, uint16_t probability, uint16_t count) {
    for (size_t i = 0; i < n; i++) counters[i] = (mix_counter){probability, count};
}

/* The counters of a context whose last factors are n_after values, after a class of the magnitude that is expected. */
static mix_counter (*begin_context(mix_counter (*c)[MM_N_DECISIONS], uint32_t n_before, uint32_t n_classes,
                                   uint32_t n_after, uint32_t context))[MM_N_DECISIONS] {
    for (uint32_t i = 0; i < n_before; i++)
        for (uint32_t k = 0; k < n_classes; k++)
            for (uint32_t j = 0; j < n_after; j++, c++)
                for (uint32_t d = 0; d < MM_N_DECISIONS; d++)
                    (*c)[d] = (mix_counter){motion_prior[context][k][d], MOTION_PRIOR_COUNT};
    return c;
}

void mm_begin(motion_model *m, rc_encoder *encoder, rc_decoder *decoder) {
    m->encoder = encoder;
    m->decoder = decoder;
    mix_counter(*c)[MM_N_DECISIONS] = m->shared;
    c = begin_context(c, MM_N_LEVELS, MM_N_CLASSES, N_PLACES, 0);
    c = begin_context(c, 1, MM_N_CLASSES, N_SMALL * N_PLACES, 1);
    c = begin_context(c, 1, MM_N_CLASSES, MM_N_CLASSES * N_PLACES, 2);
    c = begin_context(c, MM_N_CLASSES, MM_N_CLASSES, 1, 3);
    (void)begin_context(c, MM_N_LEVELS, MM_N_CLASSES, N_PLACES, 4);
    for (uint32_t s = 0; s < N_SETS; s++)
        for (uint32_t d = 0; d < MM_N_DECISIONS; d++)
            for (uint32_t i = 0; i < MM_N_INPUTS; i++) m->weights[s][d][i] = motion_prior_weights[d][i];
    fill(m->mantissa[0], sizeof m->mantissa / sizeof(mix_counter), 30000, 4);
    for (uint32_t l = 0; l < MM_N_LEVELS; l++) {
        fill(m->escapes[l], 1, 300, 20);
        fill(m->escapes[l] + 1, MM_MAX_ESCAPE - 1, 20000, 2);
    }
    fill(m->signs, MM_N_SIGNS, 32768, 8);
    for (uint32_t t = 0; t < m->n_tracks * MM_N_LEVELS; t++) {
        for (uint32_t d = 0; d < MM_N_DECISIONS; d++) m->tracks[t][d] = (mix_counter){motion_prior[0][3][d], 0};
        m->means[t] = UINT32_MAX; /* not yet known */
    }
}

/* ---- decisions ------------------------------------------------------------------------------------------------------
 */

static unsigned code_bit(motion_model *m, unsigned bit, uint32_t probability) {
    if (m->decoder) return rc_decode(m->decoder, probability);
    rc_encode(m->encoder, bit, probability);
    return bit;
}

static unsigned code_counter(motion_model *m, unsigned bit, mix_counter *counter) {
    bit = code_bit(m, bit, counter->probability);
    mix_counter_update(counter, bit, COUNT_LIMIT);
    return bit;
}

typedef struct contexts {
    mix_counter *counters[MM_N_CONTEXTS]; /* each the first of MM_N_DECISIONS */
    uint32_t classes[MM_N_CONTEXTS - 1];
    uint32_t set;
} contexts;

/* The mean that a track begins a level with: that of the level before, which has half as many samples. */
static uint32_t mean_of(const motion_model *m, const mm_view *v) {
    const uint32_t *means = m->means + (size_t)v->track * MM_N_LEVELS;
    for (uint32_t level = v->level; level < MM_LEVEL_KEY; level++)
        if (means[level] != UINT32_MAX) return level == v->level ? means[level] : means[level] / 2;
    return means[v->level] != UINT32_MAX ? means[v->level] : 512;
}

static uint32_t small_class(uint32_t magnitude) {
    uint32_t c = mm_class(magnitude);
    return c < N_SMALL ? c : N_SMALL - 1;
}

static contexts find_contexts(const motion_model *m, const mm_view *v) {
    uint32_t mean = mean_of(m, v), place = v->part < 3 ? v->part : 3, around = v->before + v->after;
    contexts c = {.classes = {mm_class(mean >> 3), mm_class(v->beside), mm_class(around),
                              mm_class(around + 2 * v->last + v->beside), mm_class(v->pose)},
                  .set = v->level * 3 + (place == 0   ? 0
                                         : place == 3 ? 2
                                                      : 1)};
    const uint32_t slots[5] = {(v->level * MM_N_CLASSES + c.classes[0]) * N_PLACES + place,
                               (c.classes[1] * N_SMALL + small_class(mean >> 5)) * N_PLACES + place,
                               (c.classes[2] * MM_N_CLASSES + mm_class(2 * v->last)) * N_PLACES + place,
                               mm_class(mean >> 4) * MM_N_CLASSES + c.classes[3],
                               (v->level * MM_N_CLASSES + c.classes[4]) * N_PLACES + place};
    static const uint32_t first[5] = {0, SLOTS_1, SLOTS_1 + SLOTS_2, SLOTS_1 + SLOTS_2 + SLOTS_3,
                                      SLOTS_1 + SLOTS_2 + SLOTS_3 + SLOTS_4};
    /* The model is not const here because its counters will learn. */
    motion_model *model = (motion_model *)(uintptr_t)m;
    for (unsigned i = 0; i < 5; i++) c.counters[i] = model->shared[first[i] + slots[i]];
    c.counters[5] = model->tracks[v->track * MM_N_LEVELS + v->level];
    return c;
}

static uint32_t predict(const motion_model *m, const contexts *c, uint32_t d, int32_t inputs[MM_N_INPUTS]) {
    for (unsigned i = 0; i < MM_N_CONTEXTS; i++) inputs[i] = logistic_stretch(c->counters[i][d].probability);
    inputs[MM_N_CONTEXTS] = 256;
    uint32_t p = logistic_squash(mix_predict(m->weights[c->set][d], inputs, MM_N_INPUTS));
    return p < P_MIN ? P_MIN : p > 65536 - P_MIN ? 65536 - P_MIN : p;
}

static unsigned decide(motion_model *m, const contexts *c, uint32_t d, unsigned bit) {
    int32_t inputs[MM_N_INPUTS];
    uint32_t p = predict(m, c, d, inputs);
    bit = code_bit(m, bit, p);
    if (m->observe) m->observe(m->observe_user, c->classes, d, bit);
    mix_learn(m->weights[c->set][d], inputs, MM_N_INPUTS, (bit ? 65535 : 0) - (int32_t)p, RATE);
    for (unsigned i = 0; i < MM_N_CONTEXTS; i++) mix_counter_update(&c->counters[i][d], bit, COUNT_LIMIT);
    return bit;
}

#define LAST_DECISION (MM_N_DECISIONS - 1)
#define MAX_LOG2 23u

/* The bits below the highest of a magnitude. */
static uint32_t code_mantissa(motion_model *m, uint32_t magnitude, uint32_t log2) {
    uint32_t value = 1, row = log2 < 2 * MM_N_DECISIONS ? log2 : 2 * MM_N_DECISIONS - 1;
    for (uint32_t i = 0; i < log2; i++) {
        unsigned bit = magnitude >> (log2 - 1 - i) & 1;
        if (i == 0)
            bit = code_counter(m, bit, &m->mantissa[row][0]);
        else if (i == 1)
            bit = code_counter(m, bit, &m->mantissa[row][1 + (value & 1)]);
        else
            bit = code_bit(m, bit, RC_PROB_HALF);
        value = value << 1 | bit;
    }
    return value;
}

static void learn_mean(motion_model *m, const mm_view *v, uint32_t magnitude) {
    uint32_t *mean = m->means + (size_t)v->track * MM_N_LEVELS + v->level;
    uint32_t old = mean_of(m, v);
    *mean = magnitude << 8 > old ? old + (((magnitude << 8) - old) >> 2) : old - ((old - (magnitude << 8)) >> 2);
}

int32_t mm_number(motion_model *m, const mm_view *view, int32_t value) {
    uint32_t magnitude = (uint32_t)(value < 0 ? -value : value), log2 = 0;
    contexts c = find_contexts(m, view);
    if (!decide(m, &c, 0, magnitude != 0)) {
        learn_mean(m, view, 0);
        return 0;
    }
    uint32_t known = m->decoder ? 0 : log2_of(magnitude);
    while (log2 < MAX_LOG2 && decide(m, &c, log2 + 1 < LAST_DECISION ? log2 + 1 : LAST_DECISION, log2 < known)) log2++;
    magnitude = code_mantissa(m, magnitude, log2);
    unsigned negative = code_counter(m, value < 0, &m->signs[view->sign]);
    learn_mean(m, view, magnitude);
    return negative ? -(int32_t)magnitude : (int32_t)magnitude;
}

uint32_t mm_escape(motion_model *m, uint32_t level, uint32_t value) {
    uint32_t n = 0;
    while (n < MM_MAX_ESCAPE && code_counter(m, n < value, &m->escapes[level][n])) n++;
    return n;
}

void mm_observe(motion_model *m, mm_observer *observe, void *user) {
    m->observe = observe;
    m->observe_user = user;
}

void mm_add_weights(const motion_model *m, double sums[MM_N_DECISIONS][MM_N_INPUTS], double uses[MM_N_DECISIONS]) {
    for (uint32_t s = 0; s < N_SETS; s++)
        for (uint32_t d = 0; d < MM_N_DECISIONS; d++) {
            double moved = 0; /* how much a set has learnt */
            for (uint32_t i = 0; i < MM_N_INPUTS; i++)
                moved += fabs((double)m->weights[s][d][i] - motion_prior_weights[d][i]);
            for (uint32_t i = 0; i < MM_N_INPUTS; i++) sums[d][i] += moved * m->weights[s][d][i];
            uses[d] += moved;
        }
}

static double bit_cost(const motion_model *m, unsigned bit, uint32_t p) {
    return m->costs[(bit ? p : 65536 - p) >> (16 - COST_BITS)];
}

double mm_cost(const motion_model *m, const mm_view *view, int32_t value) {
    uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);
    int32_t inputs[MM_N_INPUTS];
    contexts c = find_contexts(m, view);
    double cost = bit_cost(m, magnitude != 0, predict(m, &c, 0, inputs));
    if (magnitude == 0) return cost;
    uint32_t known = log2_of(magnitude);
    for (uint32_t n = 0; n <= known && n < MAX_LOG2; n++)
        cost += bit_cost(m, n < known, predict(m, &c, n + 1 < LAST_DECISION ? n + 1 : LAST_DECISION, inputs));
    return cost + known + 1;
}
