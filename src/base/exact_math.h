/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Logarithms and powers that have the same bits on every machine. Those of the
 * system's libm differ from one to the next in the last place, and that is enough
 * to turn a decision of the encoder. Here are only + - * / and bits, in binary64
 * (no fused multiply-add; rounding to nearest, as C programs begin).
 *
 * "ulp" is a unit in the last place of the exact result. What is not a number
 * gives NaN, of either sign. */
#ifndef PITH_BASE_EXACT_MATH_H
#define PITH_BASE_EXACT_MATH_H

/* Errors below 0.51 ulp; powers of 2 are exact. -INFINITY of 0, NaN of what is below. */
double em_log2(double x);
/* Below 0.52 ulp. */
double em_log(double x);
double em_log10(double x);

/* Below 0.52 ulp, and 1 where the result is subnormal. */
double em_exp2(double x);
double em_exp(double x);

/* x to the power of y, for x >= 0; NaN below. Error below 0.6 ulp where the result is within 2^-64 .. 2^64, and 6 ulp
 * elsewhere. pow(0, 0) is 1. */
double em_pow(double x, double y);

/* In binary32: errors below 0.501 ulp. */
float em_log2f(float x);
float em_logf(float x);
static inline float em_exp2f(float x) { return (float)em_exp2((double)x); }
static inline float em_expf(float x) { return (float)em_exp((double)x); }

/* tables_math.c */
#define EM_PARTS 128
extern const double em_log2_table[EM_PARTS][3];
extern const double em_exp2_table[EM_PARTS][2];

#endif
