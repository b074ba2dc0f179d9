/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The same random numbers everywhere, for tests. */
#ifndef PITH_TESTS_RANDOM_BITS_H
#define PITH_TESTS_RANDOM_BITS_H

#include <stdint.h>

/* A linear congruential generator: the new state. Its high bits are the random ones. */
static inline uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

/* Of 0 .. n-1. */
static inline uint32_t random_below(uint32_t *state, uint32_t n) {
    return (uint32_t)(((uint64_t)(next_random(state) >> 4) * n) >> 28);
}

#endif
