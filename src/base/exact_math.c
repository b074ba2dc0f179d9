/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Table-driven, after P. T. P. Tang, "Table-driven implementation of the logarithm
 * function in IEEE floating-point arithmetic", 1990, and "... of the exponential
 * function ...", 1989: the argument is split into a power of 2, one of 128 parts
 * of an octave and a small rest, of which a Taylor series is summed. Results that
 * must be finer than binary64 are sums of two, high + low. */
#include "base/exact_math.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Otherwise the compiler computes in more than the type has: cmake/flags.cmake. */
_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16, "floats must be computed in their own precision");

#define LOG_PARTS 7         /* log2 of EM_PARTS */
#define FRACTION_BITS 52    /* of binary64 */
#define HALF_BITS 0x7ffffff /* the lower half of a fraction */
#define LOW_BITS 0x1fffff   /* leaves 32 bits of a fraction */
#define SHIFTER 0x1.8p52    /* added and subtracted: rounds to an integer */
#define TWO_54 0x1p54       /* makes normal numbers of subnormal ones */
#define LEAST_NORMAL 0x1p-1022
#define FIRST_PART 0x3fe6000000000000u /* 0.6875, where the 128 parts of the octave begin */

/* 1 / ln 2 in 15 bits, and the rest. */
#define PER_LN2_HIGH 0x1.7154p+0
#define PER_LN2_LOW 0x1.d94ae0bf85ddfp-18
/* ln 2 and log10 of 2, to twice the precision; ln 2 also as 34 bits and the rest. */
#define LN2_HIGH 0x1.62e42fefa39efp-1
#define LN2_LOW 0x1.abc9e3b39803fp-56
#define LOG10_2_HIGH 0x1.34413509f79ffp-2
#define LOG10_2_LOW (-0x1.9dc1da994fd21p-59)
#define LN2_34_BITS 0x1.62e42fef8p-1
#define LN2_BEYOND 0x1.1cf79abc9e3b4p-36
#define PARTS_PER_NAT 0x1.71547652b82fep+7

typedef struct two_sum {
    double high, low;
} two_sum;

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* a + b, where |a| >= |b| or a = 0. */
static two_sum sum_of(double a, double b) {
    const double high = a + b;
    return (two_sum){high, b - (high - a)};
}

/* The upper half of a number's bits: products of halves are exact. */
static double upper_half(double x) { return of_bits(bits_of(x) & ~(uint64_t)HALF_BITS); }

/* a * b (T. J. Dekker, 1971), where neither is very large or small. */
static two_sum product_of(double a, double b) {
    const double product = a * b, a1 = upper_half(a), a2 = a - a1, b1 = upper_half(b), b2 = b - b1;
    return (two_sum){product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
}

/* ---- logarithms ------------------------------------------------------------------------- */

/* x = z 2^exponent, z in 0.6875 .. 1.375, and the row of the table for z's part. */
typedef struct split_number {
    double z, exponent;
    const double *row;
} split_number;

/* Of a positive, finite number. */
static split_number split(double x) {
    double exponent = 0;
    if (x < LEAST_NORMAL) {
        x *= TWO_54;
        exponent = -54;
    }
    const uint64_t bits = bits_of(x), from_first = bits - FIRST_PART;
    const uint64_t octaves = from_first & ~((UINT64_C(1) << FRACTION_BITS) - 1);
    exponent += (double)(int64_t)octaves * 0x1p-52;
    return (split_number){of_bits(bits - octaves), exponent,
                          em_log2_table[from_first >> (FRACTION_BITS - LOG_PARTS) & (EM_PARTS - 1)]};
}

/* log2 of a positive, finite number, to some 65 bits. */
static two_sum log2_of(double x) {
    const split_number s = split(x);
    /* z / c - 1 = r1 + r2 without error: 1 / c has 13 bits. */
    const double z1 = of_bits(bits_of(s.z) & ~(uint64_t)LOW_BITS);
    const double r1 = z1 * s.row[0] - 1, r2 = (s.z - z1) * s.row[0], r = r1 + r2;
    const double head = upper_half(r), tail = (r1 - head) + r2; /* the same sum: near x = 1, r1 and r2 cancel out */
    /* The terms of log2(1 + r) from r^2 on: (-1)^(n + 1) / (n ln 2). */
    const double series =
        -0x1.71547652b82fep-1 +
        r * (0x1.ec709dc3a03fdp-2 +
             r * (-0x1.71547652b82fep-2 +
                  r * (0x1.2776c50ef9bfep-2 +
                       r * (-0x1.ec709dc3a03fdp-3 +
                            r * (0x1.a61762a7aded9p-3 + r * (-0x1.71547652b82fep-3 + r * 0x1.484b13d7c02a9p-3))))));
    const two_sum large = sum_of(s.exponent + s.row[1], head * PER_LN2_HIGH);
    const double small = s.row[2] + (tail * PER_LN2_HIGH + r * PER_LN2_LOW) + r * r * series;
    return sum_of(large.high, large.low + small);
}

/* To some 38 bits, which serve for a float: then z / c - 1 is exact, too. */
static double near_log2_of(double x) {
    const split_number s = split(x);
    const double r = s.z * s.row[0] - 1;
    const double series = -0x1.71547652b82fep-1 +
                          r * (0x1.ec709dc3a03fdp-2 +
                               r * (-0x1.71547652b82fep-2 + r * (0x1.2776c50ef9bfep-2 - r * 0x1.ec709dc3a03fdp-3)));
    return (s.exponent + s.row[1]) + (r * 0x1.71547652b82fep+0 + r * r * series);
}

/* Of 0, what is below, what is not finite. */
static bool has_no_log(double x) { return !(x > 0) || x > DBL_MAX; }
static double no_log(double x) { return x > 0 ? INFINITY : x == 0 ? -INFINITY : NAN; }

double em_log2(double x) {
    if (has_no_log(x)) return no_log(x);
    return log2_of(x).high;
}

/* log2 x times log_b(2). */
static double log_in(double x, double high, double low) {
    if (has_no_log(x)) return no_log(x);
    const two_sum octaves = log2_of(x), product = product_of(octaves.high, high);
    return product.high + (product.low + (octaves.high * low + octaves.low * high));
}

double em_log(double x) { return log_in(x, LN2_HIGH, LN2_LOW); }
double em_log10(double x) { return log_in(x, LOG10_2_HIGH, LOG10_2_LOW); }

float em_log2f(float x) { return (float)(has_no_log((double)x) ? no_log((double)x) : near_log2_of((double)x)); }

float em_logf(float x) {
    return (float)(has_no_log((double)x) ? no_log((double)x) : near_log2_of((double)x) * LN2_HIGH);
}

/* ---- powers ------------------------------------------------------------------------------- */

/* x times 2^exponent, -1100 <= exponent <= 1100, for 1/2 < x < 4. */
static double scaled(double x, int exponent) {
    if (exponent > 1000) return x * 0x1p1000 * of_bits((uint64_t)(exponent - 1000 + 1023) << FRACTION_BITS);
    if (exponent >= -1000) return x * of_bits((uint64_t)(exponent + 1023) << FRACTION_BITS);
    return x * of_bits((uint64_t)(exponent + 200 + 1023) << FRACTION_BITS) * 0x1p-200; /* rounded once, at the end */
}

/* 2^(parts / 128) e^rest, for an integer number of parts and |rest| < 0.003. */
static double power_of_parts(double parts, double rest) {
    const int n = (int)parts, part = (int)((unsigned)n % EM_PARTS);
    const double *row = em_exp2_table[part];
    const double series = rest + rest * rest * (0.5 + rest * (1 / 6.0 + rest * (1 / 24.0 + rest * (1 / 120.0))));
    return scaled(row[0] + (row[1] + row[0] * series), (n - part) / EM_PARTS);
}

/* 2^(high + low), |high| <= 1100 and low far below it. */
static double exp2_of(two_sum x) {
    const double parts = (x.high * EM_PARTS + SHIFTER) - SHIFTER;
    return power_of_parts(parts, ((x.high - parts / EM_PARTS) + x.low) * LN2_HIGH);
}

double em_exp2(double x) {
    if (x > 1024) return INFINITY;
    if (x < -1080) return 0;
    return isnan(x) ? NAN : exp2_of((two_sum){x, 0});
}

double em_exp(double x) {
    if (x > 710) return INFINITY;
    if (x < -750) return 0;
    if (isnan(x)) return NAN;
    const double parts = (x * PARTS_PER_NAT + SHIFTER) - SHIFTER, octaves = parts / EM_PARTS;
    return power_of_parts(parts, (x - octaves * LN2_34_BITS) - octaves * LN2_BEYOND);
}

/* For an x of 0 or INFINITY, or a y of +-INFINITY: nothing or everything. */
static double extreme_power(bool grows) { return grows ? INFINITY : 0; }

double em_pow(double x, double y) {
    if (y == 0 || x == 1) return 1;
    if (isnan(y) || !(x >= 0)) return NAN;
    if (x == 0 || x > DBL_MAX) return extreme_power((x > 1) == (y > 0));
    if (fabs(y) > 0x1p70) return extreme_power((x > 1) == (y > 0)); /* |log2 x| is at least 2^-53 */
    const two_sum octaves = log2_of(x);
    two_sum product = product_of(octaves.high, y);
    product.low += octaves.low * y;
    if (fabs(product.high) > 1080) return extreme_power(product.high > 0);
    return exp2_of(product);
}
