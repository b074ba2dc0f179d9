/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "codec/alpha_model.h"

#include <stdlib.h>
#include <string.h>

#include "entropy/logistic.h"
#include "entropy/mixer.h"

#define COUNTER_BITS 26
#define COUNT_LIMIT 255
#define WEIGHT_START (MIX_WEIGHT_ONE * 3 / 10)
#define CONSTANT (LOGISTIC_ONE / 4)
#define RATE 8

static const alpha_counter UNKNOWN = {.probability = 1 << (COUNTER_BITS - 1)};

uint32_t alpha_counter_predict(const alpha_counter *counter) {
    uint32_t p = (uint32_t)counter->probability >> (COUNTER_BITS - 16);
    return p < 1 ? 1 : p > 65535 ? 65535 : p;
}

void alpha_counter_learn(alpha_counter *counter, unsigned bit) {
    int32_t target = bit ? 1 << COUNTER_BITS : 0;
    counter->probability += (target - counter->probability) * 2 / (2 * counter->count + 3);
    if (counter->count < COUNT_LIMIT) counter->count++;
}

void alpha_model_begin(alpha_model *m, uint32_t n_levels) {
    *m = (alpha_model){.n_levels = n_levels};
    for (size_t i = 0; i < 2; i++) m->same_row[i] = UNKNOWN;
    for (size_t i = 0; i < 3; i++) m->flat[i] = UNKNOWN;
    for (size_t i = 0; i < ALPHA_N_SLOTS; i++)
        for (size_t d = 0; d < ALPHA_N_DECISIONS; d++) m->counters[i][d] = UNKNOWN;
    for (size_t a = 0; a < ALPHA_N_ACTIVITY; a++)
        for (size_t d = 0; d < ALPHA_N_DECISIONS; d++)
            for (size_t i = 0; i < ALPHA_N_CONTEXTS; i++) m->weights[a][d][i] = WEIGHT_START;
}

/* ---- view ---------------------------------------------------------------------- */

/* The median of w, n and w + n - nw. */
static int32_t median(int32_t w, int32_t n, int32_t nw) {
    int32_t low = w < n ? w : n, high = w < n ? n : w;
    return nw >= high ? low : nw <= low ? high : w + n - nw;
}

/* Class of a difference, 0..6: below -4, -4..-2, -1, 0, 1, 2..4, above 4. */
static uint32_t slope(int32_t d) {
    uint32_t size = d == 0 ? 0 : abs(d) == 1 ? 1 : abs(d) <= 4 ? 2 : 3;
    return d < 0 ? 3 - size : 3 + size;
}

static uint32_t extremity(const alpha_model *m, uint32_t level) {
    return level == 0 ? 0 : level + 1 < m->n_levels ? 1 : 2;
}

bool alpha_model_is_flat(alpha_model *m, const alpha_rows *r, ptrdiff_t x) {
    const uint8_t *row = r->level + x, *above = r->level_above + x, *two = r->level_two_above + x;
    const uint8_t w = row[-1];
    m->view.predicted = w;
    return row[-2] == w && above[-2] == w && above[-1] == w && above[0] == w && above[1] == w && above[2] == w &&
           two[-1] == w && two[0] == w && two[1] == w;
}

void alpha_model_view(alpha_model *m, const alpha_rows *r, ptrdiff_t x) {
    const uint8_t *row = r->level + x, *above = r->level_above + x, *two = r->level_two_above + x;
    const uint8_t n[10] = {row[-1],   row[-2],  above[0], above[-1], above[1],
                           above[-2], above[2], two[0],   two[-1],   two[1]};
    const int32_t w = n[0], north = n[2], nw = n[3], ne = n[4];
    alpha_view *v = &m->view;
    v->predicted = (uint32_t)median(w, north, nw);
    uint32_t pattern = 0;
    for (int i = 0; i < 10; i++) pattern = pattern << 1 | (n[i] == v->predicted);
    uint32_t errors = (uint32_t)r->error[x - 1] + r->error_above[x] + r->error_above[x - 1] + r->error_above[x + 1];
    uint32_t octave = 31u - (uint32_t)__builtin_clz(errors + 1);
    v->activity = octave < ALPHA_N_ACTIVITY ? octave : ALPHA_N_ACTIVITY - 1;
    uint32_t sixteenth = v->predicted * 16 / m->n_levels;
    uint32_t base = 0;
    v->contexts[0] = base + pattern;
    base += 1024;
    v->contexts[1] = base + (slope(w - nw) * 7 + slope(north - nw)) * 7 + slope(ne - north);
    base += 343;
    v->contexts[2] = base + v->activity * 3 + extremity(m, v->predicted);
    base += 24;
    v->contexts[3] = base + sixteenth * 4 + (w == north) * 2u + (north == ne);
}

/* ---- decisions ------------------------------------------------------------------- */

uint32_t alpha_model_predict(alpha_model *m, uint32_t decision) {
    for (size_t i = 0; i < ALPHA_N_CONTEXTS; i++) {
        m->used[i] = &m->counters[m->view.contexts[i]][decision];
        m->inputs[i] = logistic_stretch(alpha_counter_predict(m->used[i]));
    }
    m->inputs[ALPHA_N_CONTEXTS] = CONSTANT;
    m->set = m->weights[m->view.activity][decision];
    m->odds = mix_predict(m->set, m->inputs, ALPHA_N_INPUTS);
    return logistic_squash(m->odds);
}

void alpha_model_learn(alpha_model *m, unsigned bit) {
    int32_t error = (bit ? 65536 : 0) - (int32_t)logistic_squash(m->odds);
    mix_learn(m->set, m->inputs, ALPHA_N_INPUTS, error, RATE);
    for (size_t i = 0; i < ALPHA_N_CONTEXTS; i++) alpha_counter_learn(m->used[i], bit);
}
