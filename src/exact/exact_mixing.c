/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "exact/exact_mixing.h"

#include "entropy/logistic.h"

#define COUNT_BITS 10
#define COUNT_MASK ((1u << COUNT_BITS) - 1)
#define CONSTANT (LOGISTIC_ONE / 4)
#define REFINE_STEP (LOGISTIC_ONE) /* distance of the refining counters, in 1/1024 nat */
#define REFINE_LIMIT 250
#define REFINE_COUNT 6

void exact_mixing_init(exact_mixing *m) {
    for (unsigned i = 0; i < 4096; i++) m->stretch[i] = (int16_t)logistic_stretch(16 * i + 8);
    for (unsigned i = 0; i < 256; i++) m->pace[i] = (uint16_t)(131072 / (2 * i + 3));
}

void exact_mixing_begin(exact_mixing *m, unsigned log2_slots) {
    m->log2_slots = log2_slots;
    for (size_t i = 0; i < (size_t)1 << log2_slots; i++) m->slots[i] = (exact_slot){EXACT_COUNTER_NEW, 0};
}

void exact_refine_begin(exact_counter refine[EXACT_N_REFINE]) {
    for (int32_t i = 0; i < EXACT_N_REFINE; i++)
        refine[i] = logistic_squash(i * REFINE_STEP - LOGISTIC_MAX) << 16 | REFINE_COUNT;
}

unsigned exact_code_bit(exact_mixing *m, unsigned bit, uint32_t probability) {
    if (m->decoding) return rc_decode(&m->decoder, probability);
    rc_encode(&m->encoder, bit, probability);
    return bit;
}

uint32_t exact_code_raw(exact_mixing *m, uint32_t value, unsigned n_bits) {
    uint32_t coded = 0;
    while (n_bits-- > 0) coded = coded << 1 | exact_code_bit(m, value >> n_bits & 1, RC_PROB_HALF);
    return coded;
}

static void learn(const exact_mixing *m, exact_counter *counter, unsigned bit, unsigned limit) {
    const uint32_t count = *counter & COUNT_MASK;
    int32_t p = (int32_t)(*counter >> COUNT_BITS);
    const int32_t target = bit ? (1 << 22) - 1 : 0;
    p += (int32_t)((int64_t)(target - p) * m->pace[count] >> 16);
    *counter = (uint32_t)p << COUNT_BITS | (count < limit ? count + 1 : count);
}

static uint32_t probability_of(exact_counter counter) {
    uint32_t p = counter >> 16;
    return p < 1 ? 1 : p;
}

unsigned exact_code_counted(exact_mixing *m, unsigned bit, exact_counter *counter) {
    bit = exact_code_bit(m, bit, probability_of(*counter));
    learn(m, counter, bit, 255);
    return bit;
}

unsigned exact_code(exact_mixing *m, unsigned bit, const exact_sets *sets) {
    const unsigned n = m->n_inputs + 1;
    m->inputs[m->n_inputs] = CONSTANT;
    const int32_t a = mix_predict(sets->first, m->inputs, n), b = mix_predict(sets->second, m->inputs, n);
    const int32_t odds = (a + b) >> 1;
    uint32_t p = logistic_squash(odds);
    exact_counter *refine = NULL;
    if (sets->refine) {
        const uint32_t place = (uint32_t)(odds + LOGISTIC_MAX), part = place % REFINE_STEP;
        const uint32_t low = place / REFINE_STEP;
        const uint32_t p0 = sets->refine[low] >> 16, p1 = sets->refine[low + 1] >> 16;
        const uint32_t refined = (p0 * (REFINE_STEP - part) + p1 * part) / REFINE_STEP;
        refine = &sets->refine[low + (part >= REFINE_STEP / 2)];
        p = (p + refined) / 2;
        if (p < 1) p = 1;
        if (p > 65535) p = 65535;
    }
    bit = exact_code_bit(m, bit, p);
    const int32_t target = bit ? 65536 : 0;
    mix_learn(sets->first, m->inputs, n, target - (int32_t)logistic_squash(a), sets->rate);
    mix_learn(sets->second, m->inputs, n, target - (int32_t)logistic_squash(b), sets->rate);
    for (unsigned i = 0; i < m->n_inputs; i++) learn(m, m->used[i], bit, sets->limit);
    if (refine) learn(m, refine, bit, REFINE_LIMIT);
    return bit;
}
