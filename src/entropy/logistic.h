/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The logistic function and its relatives in integers, by table and linear
 * interpolation; doc/format.md, "Logistic arithmetic". Arguments and results
 * named x are natural logarithms of odds in 1/1024. */
#ifndef PITH_ENTROPY_LOGISTIC_H
#define PITH_ENTROPY_LOGISTIC_H

#include <stdint.h>

#define LOGISTIC_ONE 1024                /* one nat */
#define LOGISTIC_MAX (11 * LOGISTIC_ONE) /* squash saturates here */

extern const uint16_t logistic_squash_table[177];
extern const uint16_t logistic_softplus_table[129];
extern const uint16_t logistic_ln_table[257];

/* Log odds -> probability, 1..65535 of 65536; any x. */
uint32_t logistic_squash(int32_t x);

/* Probability (1..65535) -> log odds. */
int32_t logistic_stretch(uint32_t probability);

/* ln(1 + e^x); |x| < 2^30. */
int32_t logistic_softplus(int32_t x);

#endif
