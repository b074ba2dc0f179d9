/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Adaptive probabilities and their mixture in the logistic domain;
 * doc/format.md, "Counters" and "Mixing". */
#ifndef PITH_ENTROPY_MIXER_H
#define PITH_ENTROPY_MIXER_H

#include <stdint.h>

/* The probability of a 1 in some context, learned as the mean of what was
 * seen there, as if `count` cases had been seen before. */
typedef struct mix_counter {
    uint16_t probability; /* of 65536, MIX_COUNTER_MIN .. 65536 - MIX_COUNTER_MIN */
    uint16_t count;
} mix_counter;

#define MIX_COUNTER_MIN 16

void mix_counter_update(mix_counter *counter, unsigned bit, uint16_t count_limit);

#define MIX_WEIGHT_ONE 65536
#define MIX_WEIGHT_MAX (16 * MIX_WEIGHT_ONE)

/* Sum of weights times inputs (log odds in 1/1024), as log odds within
 * +-LOGISTIC_MAX. */
int32_t mix_predict(const int32_t *weights, const int32_t *inputs, unsigned count);

/* One step down the slope of the coding cost: `error` is the bit less the
 * probability the same weights gave, in 1/65536. */
void mix_learn(int32_t *weights, const int32_t *inputs, unsigned count, int32_t error, int32_t rate);

#endif
