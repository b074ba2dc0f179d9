/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The logistic function and related functions in integer arithmetic: tables with linear interpolation; see
 * doc/format.md, "Logistic arithmetic". An argument or result named x is a natural logarithm of odds, in 1/1024. */
#ifndef PITH_ENTROPY_LOGISTIC_H
#define PITH_ENTROPY_LOGISTIC_H

#include <stdint.h>

#define LOGISTIC_ONE 1024                /* one nat */
#define LOGISTIC_MAX (11 * LOGISTIC_ONE) /* squash saturates here */

extern const uint16_t logistic_squash_table[177];
extern const uint16_t logistic_softplus_table[129];
extern const uint16_t logistic_ln_table[257];

/* Log odds -> probability, 1..65535 in 1/65536. Any x is valid. */
uint32_t logistic_squash(int32_t x);

/* Probability (1..65535 in 1/65536) -> log odds. */
int32_t logistic_stretch(uint32_t probability);

/* ln(1 + e^x), in 1/1024; |x| < 2^30. */
int32_t logistic_softplus(int32_t x);

#endif
