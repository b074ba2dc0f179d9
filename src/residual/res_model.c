/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The weight of a counter grows with the number of bits it has seen: counters of hashed contexts start without
 * knowledge. */
#include "residual/res_model.h"

#define COUNT_DENSE 12  /* initial count of a counter: the weight of the prior */
#define LIMIT_DENSE 250 /* largest count of a counter */
#define LIMIT_HASHED 120
#define RATE 6
#define CONSTANT (LOGISTIC_ONE / 4)

void res_model_init(res_model *m) {
    for (uint32_t i = 0; i < 4096; i++) m->stretch[i] = (int16_t)logistic_stretch(i * 16 + 8);
}

void res_model_begin_slice(res_model *m) {
    const res_prior *prior = &res_prior_generic;
    for (uint32_t i = 0; i < RES_N_DENSE; i++)
        m->counters[i] = (mix_counter){.probability = (uint16_t)logistic_squash(prior->odds[i] * (LOGISTIC_ONE / 16)),
                                       .count = COUNT_DENSE};
    for (uint32_t i = RES_N_DENSE; i < RES_N_SLOTS; i++) m->counters[i] = (mix_counter){.probability = 32768};
    for (unsigned i = 0; i < RES_N_SETS; i++)
        for (unsigned j = 0; j < RES_MAX_INPUTS; j++)
            m->weights[i][j] = prior->weights[i * RES_MAX_INPUTS + j] * (MIX_WEIGHT_ONE / 4096);
}

uint32_t res_model_hashed(uint32_t hash) {
    hash *= 2654435761u;
    hash ^= hash >> 15;
    hash *= 2246822519u;
    return RES_N_DENSE + (hash >> (32 - RES_HASH_BITS));
}

int32_t res_model_odds(res_model *m, const uint32_t *slots, unsigned n_slots, unsigned set_a, unsigned set_b) {
    /* in 1/16, by count */
    static const uint8_t trust[8] = {0, 6, 9, 11, 13, 14, 15, 16};
    m->slots = slots;
    m->n_slots = n_slots;
    for (unsigned i = 0; i < n_slots; i++) {
        const mix_counter *k = &m->counters[slots[i]];
        m->inputs[i] = m->stretch[k->probability >> 4] * trust[k->count < 7 ? k->count : 7] >> 4;
    }
    m->inputs[n_slots] = CONSTANT;
    m->sets[0] = set_a;
    m->sets[1] = set_b;
    int32_t sum = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (m->sets[i] == RES_SET_NONE) return sum;
        int32_t x = mix_predict(m->weights[m->sets[i]], m->inputs, n_slots + 1);
        m->odds[i] = x;
        sum = i == 0 ? x : (sum + x) >> 1;
    }
    return sum;
}

void res_model_learn(res_model *m, unsigned bit) {
    if (m->observe) m->observe(m->observe_user, m, bit);
    for (unsigned i = 0; i < m->n_slots; i++)
        mix_counter_update(&m->counters[m->slots[i]], bit, m->slots[i] < RES_N_DENSE ? LIMIT_DENSE : LIMIT_HASHED);
    int32_t target = bit ? 65536 : 0;
    for (unsigned i = 0; i < 2 && m->sets[i] != RES_SET_NONE; i++)
        mix_learn(m->weights[m->sets[i]], m->inputs, m->n_slots + 1, target - (int32_t)logistic_squash(m->odds[i]),
                  RATE);
}
