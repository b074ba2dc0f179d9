/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tables are interpolated linearly. Every shifted value is non-negative, so a shift is a division. */
#include "entropy/logistic.h"

#define STEP_BITS 6 /* tables over x have one entry per 1/16 nat, 64 units of 1/1024 */

static int32_t read_between(const uint16_t *table, int32_t x) {
    int32_t i = x >> STEP_BITS, part = x & ((1 << STEP_BITS) - 1);
    return (table[i] * ((1 << STEP_BITS) - part) + table[i + 1] * part) >> STEP_BITS;
}

uint32_t logistic_squash(int32_t x) {
    int32_t magnitude = x < 0 ? -x : x;
    if (magnitude >= LOGISTIC_MAX) magnitude = LOGISTIC_MAX - 1;
    uint32_t p = (uint32_t)read_between(logistic_squash_table, magnitude);
    return x < 0 ? 65536 - p : p;
}

/* 65536 ln(v), v = 1..65535: the exponent's part plus the mantissa's part. */
static int32_t ln_of(uint32_t v) {
    int32_t shift = __builtin_clz(v) - 16, exponent = 15 - shift;
    v <<= shift;
    int32_t i = (int32_t)(v >> 7 & 255), part = (int32_t)(v & 127);
    int32_t mantissa = (logistic_ln_table[i] * (128 - part) + logistic_ln_table[i + 1] * part) >> 7;
    return exponent * 45426 + mantissa; /* 65536 ln 2 */
}

int32_t logistic_stretch(uint32_t probability) {
    int32_t difference = ln_of(probability) - ln_of(65536 - probability);
    return difference < 0 ? -((32 - difference) >> 6) : (32 + difference) >> 6;
}

int32_t logistic_softplus(int32_t x) {
    int32_t magnitude = x < 0 ? -x : x;
    int32_t bend = magnitude < 128 << STEP_BITS ? read_between(logistic_softplus_table, magnitude) : 0;
    return x < 0 ? bend : x + bend;
}
