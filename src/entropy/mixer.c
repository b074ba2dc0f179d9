/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "entropy/mixer.h"

#include "entropy/logistic.h"

static int32_t clamp(int64_t v, int32_t limit) { return v > limit ? limit : v < -limit ? -limit : (int32_t)v; }

void mix_counter_update(mix_counter *counter, unsigned bit, uint16_t count_limit) {
    int32_t p = counter->probability;
    p += ((bit ? 65535 : 0) - p) * 2 / (2 * counter->count + 3);
    if (p < MIX_COUNTER_MIN) p = MIX_COUNTER_MIN;
    if (p > 65536 - MIX_COUNTER_MIN) p = 65536 - MIX_COUNTER_MIN;
    counter->probability = (uint16_t)p;
    if (counter->count < count_limit) counter->count++;
}

/* A right shift of a negative number rounds towards minus infinity. All supported compilers define it so, and the
 * specification requires it. */
int32_t mix_predict(const int32_t *weights, const int32_t *inputs, unsigned count) {
    int64_t sum = 0;
    for (unsigned i = 0; i < count; i++) sum += (int64_t)weights[i] * inputs[i];
    return clamp(sum >> 16, LOGISTIC_MAX);
}

void mix_learn(int32_t *weights, const int32_t *inputs, unsigned count, int32_t error, int32_t rate) {
    int64_t step = (int64_t)error * rate;
    for (unsigned i = 0; i < count; i++)
        weights[i] = clamp(weights[i] + ((step * inputs[i] + (1 << 19)) >> 20), MIX_WEIGHT_MAX);
}
