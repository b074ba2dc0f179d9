/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/exact_math.h"
#include "base/stream.h"
#include "random_bits.h"

#define N 200000

/* In low .. high, evenly. Made of integers and exact steps, so that every machine has the same. */
static double between(uint32_t *state, double low, double high) {
    const double part = (double)next_random(state) * 0x1p-32 + (double)(next_random(state) >> 12) * 0x1p-52;
    return low + part * (high - low);
}

/* Any positive number, the subnormal ones too. */
static double any_positive(uint32_t *state) {
    uint64_t bits = (uint64_t)next_random(state) << 32;
    bits = (bits | next_random(state)) % ((UINT64_C(2047) << 52) - 1) + 1;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double near_one(uint32_t *state) { return 1 + ldexp(between(state, -1, 1), -1 - (int)random_below(state, 50)); }

/* The distance of two results, in ulps of the second. */
static double ulps_between(double found, double expected) {
    int exponent;
    if (found == expected) return 0;
    if (!isfinite(expected) || !isfinite(found)) return INFINITY;
    frexp(expected, &exponent);
    return fabs(found - expected) / ldexp(1, (exponent < -1021 ? -1021 : exponent) - 53);
}

/* `most`: libm's own error and ours, in ulps. */
static void assert_within(double most, double found, double expected, double x, double y) {
    if (ulps_between(found, expected) > most) fail_msg("of %a, %a: %a, libm has %a", x, y, found, expected);
}

/* libm's own error is below 1 ulp, ours below 0.61. */
static void assert_near(double found, double expected, double x, double y) {
    assert_within(1.61, found, expected, x, y);
}

/* ---- beside libm --------------------------------------------------------------------------- */

static void logarithms_are_near_those_of_libm(void **unused) {
    (void)unused;
    uint32_t state = 1;
    for (int i = 0; i < N; i++) {
        const double all[] = {any_positive(&state), near_one(&state), between(&state, 0.5, 2)};
        for (int k = 0; k < 3; k++) {
            const double x = all[k];
            assert_near(em_log2(x), log2(x), x, 0);
            assert_near(em_log(x), log(x), x, 0);
            assert_within(2.61, em_log10(x), log10(x), x, 0); /* glibc's has 2 */
        }
    }
}

static void powers_are_near_those_of_libm(void **unused) {
    (void)unused;
    uint32_t state = 2;
    for (int i = 0; i < N; i++) {
        double x = between(&state, -1100, 1100);
        assert_near(em_exp2(x), exp2(x), x, 0);
        assert_near(em_exp(x), exp(x), x, 0);
        x = ldexp(between(&state, -1, 1), -(int)random_below(&state, 60));
        assert_near(em_exp2(x), exp2(x), x, 0);
        assert_near(em_exp(x), exp(x), x, 0);
        x = exp2(between(&state, -30, 30));
        const double y = between(&state, -2, 2);
        assert_near(em_pow(x, y), pow(x, y), x, y);
        const double close = near_one(&state), exponent = between(&state, -60, 60) / log2(close);
        if (close != 1 && fabs(exponent) < 0x1p60)
            assert_near(em_pow(close, exponent), pow(close, exponent), close, exponent);
    }
}

/* Up to the ends of the range, where the error of the logarithm counts more. */
static void extreme_powers_are_near_those_of_libm(void **unused) {
    (void)unused;
    uint32_t state = 3;
    for (int i = 0; i < N; i++) {
        const double x = i % 2 ? any_positive(&state) : between(&state, 0.9, 1.1);
        const double y = between(&state, -1020, 1020) / log2(x);
        if (fabs(y) < 0x1p60) assert_within(7, em_pow(x, y), pow(x, y), x, y);
    }
}

/* Double is precise enough to know the nearest float, unless two are nearly as near. */
static void assert_nearest(float found, double exact, float x) {
    int exponent;
    if (fabs(exact) > (double)FLT_MAX) return;
    frexp(exact, &exponent);
    if (exponent < -125) exponent = -125;
    if (fabs((double)found - exact) > 0.5001 * ldexp(1, exponent - 24)) fail_msg("of %a: %a, not %a", x, found, exact);
}

static void floats_are_correctly_rounded(void **unused) {
    (void)unused;
    for (uint32_t bits = 1; bits < 0x7f800000; bits += 1999) {
        float x;
        memcpy(&x, &bits, sizeof x);
        assert_nearest(em_log2f(x), log2((double)x), x);
        assert_nearest(em_logf(x), log((double)x), x);
        assert_nearest(em_exp2f(x), exp2((double)x), x);
        assert_nearest(em_exp2f(-x), exp2(-(double)x), -x);
        assert_nearest(em_expf(x), exp((double)x), x);
        assert_nearest(em_expf(-x), exp(-(double)x), -x);
    }
}

/* ---- single values ---------------------------------------------------------------------------- */

static void powers_of_two_are_exact(void **unused) {
    (void)unused;
    for (int i = -1074; i < 1024; i++) {
        const double power = ldexp(1, i);
        assert_true(em_exp2(i) == power && em_log2(power) == i && em_pow(2, i) == power);
        if (i >= -149 && i < 128) assert_true(em_log2f((float)power) == (float)i && em_exp2f((float)i) == (float)power);
    }
    for (int i = -500; i < 500; i++) assert_true(em_pow(i < 0 ? -i : i, 2) == (double)i * i);
}

static void logarithms_have_ends(void **unused) {
    (void)unused;
    static double (*const all[])(double) = {em_log2, em_log, em_log10};
    for (int i = 0; i < 3; i++) {
        assert_true(all[i](1) == 0 && !signbit(all[i](1)));
        assert_true(all[i](0) == -INFINITY && all[i](-0.0) == -INFINITY && all[i](INFINITY) == INFINITY);
        assert_true(isnan(all[i](-1)) && isnan(all[i](-INFINITY)) && isnan(all[i](NAN)) && isnan(all[i](-0x1p-1074)));
    }
    assert_true(em_log2f(0) == -INFINITY && em_logf(INFINITY) == INFINITY && isnan(em_logf(-1)) && em_logf(1) == 0);
}

static void powers_have_ends(void **unused) {
    (void)unused;
    assert_true(em_exp2(0) == 1 && em_exp2(-0.0) == 1 && em_exp(0) == 1 && em_exp(0x1p-60) == 1);
    assert_true(em_exp2(1024) == INFINITY && em_exp2(INFINITY) == INFINITY && em_exp2(nextafter(1024, 0)) < INFINITY);
    assert_true(em_exp2(-1074) == 0x1p-1074 && em_exp2(-1076) == 0 && em_exp2(-INFINITY) == 0 && isnan(em_exp2(NAN)));
    assert_true(em_exp(709.7827) < INFINITY && em_exp(709.7828) == INFINITY && em_exp(INFINITY) == INFINITY);
    assert_true(em_exp(-745.1) == 0x1p-1074 && em_exp(-746) == 0 && em_exp(-INFINITY) == 0 && isnan(em_exp(NAN)));
    assert_true(em_expf(89) == INFINITY && em_expf(-104) == 0 && em_exp2f(128) == INFINITY);
}

static void pow_is_as_libm_has_it_where_it_is_special(void **unused) {
    (void)unused;
    const double bases[] = {0, 0x1p-1074, 0.5, 1, nextafter(1, 0), 1 + DBL_EPSILON, 2, DBL_MAX, INFINITY};
    static const double exponents[] = {-INFINITY, -DBL_MAX, -0x1p80, -2, -0.5,   -0.0,    0,
                                       0x1p-1074, 0.5,      1,       3,  0x1p80, DBL_MAX, INFINITY};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        for (size_t k = 0; k < sizeof exponents / sizeof *exponents; k++)
            assert_near(em_pow(bases[i], exponents[k]), pow(bases[i], exponents[k]), bases[i], exponents[k]);
    assert_true(isnan(em_pow(-1, 2)) && isnan(em_pow(NAN, 1)) && isnan(em_pow(2, NAN)) && isnan(em_pow(-INFINITY, 1)));
    assert_true(em_pow(NAN, 0) == 1 && em_pow(1, NAN) == 1);
}

/* ---- the same bits everywhere ------------------------------------------------------------------ */

static uint32_t crc_of(uint32_t crc, double x) {
    uint64_t bits;
    uint8_t bytes[8];
    memcpy(&bits, &x, sizeof bits);
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(bits >> (8 * i));
    return crc32_update(crc, bytes, sizeof bytes);
}

/* What another compiler or machine must find, too. */
static void bits_are_known(void **unused) {
    (void)unused;
    uint32_t crcs[10] = {0}, state = 4;
    for (int i = 0; i < N; i++) {
        const double any = any_positive(&state), one = near_one(&state), power = between(&state, -760, 760);
        const double base = between(&state, 0, 20), exponent = between(&state, -40, 40);
        const double found[10] = {em_log2(any),
                                  em_log2(one),
                                  em_log(one),
                                  em_log10(any),
                                  em_exp2(power),
                                  em_exp(power),
                                  em_pow(base, exponent),
                                  (double)em_log2f((float)any),
                                  (double)em_logf((float)one),
                                  (double)em_expf((float)power / 8)};
        for (int k = 0; k < 10; k++) crcs[k] = crc_of(crcs[k], found[k]);
    }
    static const uint32_t expected[10] = {0xa8ccabf6, 0xada4d17a, 0xef6e2898, 0x1b652747, 0x652356a8,
                                          0x1493d168, 0x0a541ca8, 0x3ee3271e, 0x6954ff30, 0x447b5a95};
    for (int k = 0; k < 10; k++)
        if (crcs[k] != expected[k]) fail_msg("figure %d: 0x%08x, not 0x%08x", k, crcs[k], expected[k]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_are_near_those_of_libm),
        cmocka_unit_test(powers_are_near_those_of_libm),
        cmocka_unit_test(extreme_powers_are_near_those_of_libm),
        cmocka_unit_test(floats_are_correctly_rounded),
        cmocka_unit_test(powers_of_two_are_exact),
        cmocka_unit_test(logarithms_have_ends),
        cmocka_unit_test(powers_have_ends),
        cmocka_unit_test(pow_is_as_libm_has_it_where_it_is_special),
        cmocka_unit_test(bits_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
