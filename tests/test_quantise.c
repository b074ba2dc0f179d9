/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/latent_coder.h"
#include "codec/quantise.h"

static void steps_are_powers_of_two_to_the_last_bit(void **unused) {
    (void)unused;
    assert_true(lat_step(LAT_STEP_INDEX_ONE) == 1.0f);
    assert_true(lat_step(0) == 0x1p-16f);
    for (uint32_t i = 0; i <= LAT_MAX_STEP_INDEX; i++) {
        double exact = exp2(i / 64.0 - 16);
        assert_true(lat_step(i) == (float)exact);
        if (i + 64 <= LAT_MAX_STEP_INDEX) assert_true(lat_step(i + 64) == 2 * lat_step(i));
        if (i > 0) assert_true(lat_step(i) > lat_step(i - 1));
    }
    assert_true(lat_step(UINT32_MAX) == lat_step(LAT_MAX_STEP_INDEX));
}

static void index_of_a_step_is_the_nearest(void **unused) {
    (void)unused;
    for (uint32_t i = 0; i <= LAT_MAX_STEP_INDEX; i++) {
        float log2_step = (float)i / 64 - 16;
        assert_int_equal(lat_step_index_from_log2(log2_step), i);
        assert_int_equal(lat_step_index_from_log2(log2_step + 0.007f), i);
        assert_int_equal(lat_step_index_from_log2(log2_step - 0.007f), i);
    }
    assert_int_equal(lat_step_index_from_log2(-INFINITY), 0);
    assert_int_equal(lat_step_index_from_log2(INFINITY), LAT_MAX_STEP_INDEX);
    assert_int_equal(lat_step_index_from_log2(-17), 0);
    assert_int_equal(lat_step_index_from_log2(1e9f), LAT_MAX_STEP_INDEX);
    assert_int_equal(lat_step_index_from_log2(NAN), LAT_STEP_INDEX_ONE);
}

static int quantised(float value, float step) {
    int16_t symbol;
    lat_quantise(&value, 1, step, &symbol);
    return symbol;
}

static void halves_round_away_from_zero(void **unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        float half = (float)i + 0.5f;
        assert_int_equal(quantised(half, 1), i + 1);
        assert_int_equal(quantised(-half, 1), -i - 1);
        assert_int_equal(quantised(nextafterf(half, 0), 1), i);
        assert_int_equal(quantised(-nextafterf(half, 0), 1), -i);
    }
    assert_int_equal(quantised(3, 2), 2);
    assert_int_equal(quantised(0.49999997f, 1), 0);
}

static void large_values_are_clamped(void **unused) {
    (void)unused;
    assert_int_equal(quantised(32767.4f, 1), 32767);
    assert_int_equal(quantised(32768, 1), LAT_MAX_SYMBOL);
    assert_int_equal(quantised(-40000, 1), -LAT_MAX_SYMBOL);
    assert_int_equal(quantised(3e38f, lat_step(0)), LAT_MAX_SYMBOL);
    assert_int_equal(quantised(-3e38f, lat_step(0)), -LAT_MAX_SYMBOL);
}

static void what_is_not_finite_becomes_zero(void **unused) {
    (void)unused;
    assert_int_equal(quantised(NAN, 1), 0);
    assert_int_equal(quantised(INFINITY, 1), 0);
    assert_int_equal(quantised(-INFINITY, 1), 0);
}

static void symbols_survive_dequantising(void **unused) {
    (void)unused;
    for (uint32_t index = 0; index <= LAT_MAX_STEP_INDEX; index += 13) {
        int16_t symbols[3] = {1, -777, 32767}, again[3];
        float values[3], step = lat_step(index);
        lat_dequantise(symbols, 3, step, values);
        assert_true(values[0] == step);
        lat_quantise(values, 3, step, again);
        assert_memory_equal(symbols, again, sizeof symbols);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_powers_of_two_to_the_last_bit),
        cmocka_unit_test(index_of_a_step_is_the_nearest),
        cmocka_unit_test(halves_round_away_from_zero),
        cmocka_unit_test(large_values_are_clamped),
        cmocka_unit_test(what_is_not_finite_becomes_zero),
        cmocka_unit_test(symbols_survive_dequantising),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
