/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Adaptive probabilities and their mixing in the logistic domain; see doc/format.md, "Counters" and "Mixing". */
#ifndef PITH_ENTROPY_MIXER_H
#define PITH_ENTROPY_MIXER_H

#include <stdint.h>

/* The probability of a 1 in one context: a running mean of the bits seen. The initial value counts as `count`
 * bits. */
typedef struct mix_counter {
    uint16_t probability; /* in 1/65536, MIX_COUNTER_MIN .. 65536 - MIX_COUNTER_MIN */
    uint16_t count;
} mix_counter;

#define MIX_COUNTER_MIN 16

void mix_counter_update(mix_counter *counter, unsigned bit, uint16_t count_limit);

#define MIX_WEIGHT_ONE 65536
#define MIX_WEIGHT_MAX (16 * MIX_WEIGHT_ONE)

/* Weighted sum of the inputs (log odds in 1/1024), as log odds within +-LOGISTIC_MAX. */
int32_t mix_predict(const int32_t *weights, const int32_t *inputs, unsigned count);

/* One gradient descent step on the coding cost. `error` is the bit minus the probability that these weights gave, in
 * 1/65536. */
void mix_learn(int32_t *weights, const int32_t *inputs, unsigned count, int32_t error, int32_t rate);

#endif
