/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the coder is said to need for other symbols, against what it then needs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/lat_slope.h"
#include "codec/quantise.h"

#define CHANNELS 24u
#define HEIGHT 60u
#define WIDTH 90u
#define AREA ((size_t)HEIGHT * WIDTH)
#define COUNT (CHANNELS * AREA)

typedef struct slope_case {
    lat_coder *coder;
    lat_block block;
    float *values, *slope;
} slope_case;

static uint32_t random_u32(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* About Laplacian. */
static float random_value(uint64_t *state) {
    const float u = ((float)(random_u32(state) >> 8) + 0.5f) / 16777216 - 0.5f;
    return -copysignf(logf(1 - 2 * fabsf(u)), u);
}

/* Channels of less and less, each with waves and noise that follows its neighbours and the first channel. The last
 * one is all zero once rounded. */
static void fill(float *values) {
    uint64_t state = 7;
    for (uint32_t c = 0; c < CHANNELS; c++)
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++) {
                float *v = values + c * AREA + y * WIDTH + x;
                const float size = c + 1 == CHANNELS ? 0 : 3 * expf(-0.15f * (float)c);
                *v = size * (sinf(0.11f * (float)x + (float)c) * cosf(0.07f * (float)y) + 0.4f * random_value(&state));
                if (c > 0) *v += 0.2f * size * values[y * WIDTH + x] / 3;
                if (c + 1 == CHANNELS) *v = 0.2f * (float)(x % 2) - 0.1f;
            }
}

static void open_case(slope_case *s, uint8_t prior) {
    s->block = (lat_block){calloc(COUNT, sizeof(int16_t)), CHANNELS, HEIGHT, WIDTH, WIDTH, AREA};
    s->values = calloc(COUNT, sizeof *s->values);
    s->slope = calloc(COUNT, sizeof *s->slope);
    assert_true(s->block.symbols && s->values && s->slope);
    assert_int_equal(lat_coder_new(&s->coder, NULL, CHANNELS), PITH_OK);
    assert_int_equal(lat_coder_use_prior(s->coder, prior), PITH_OK);
    fill(s->values);
    lat_quantise(s->values, COUNT, 1, s->block.symbols);
}

static void close_case(slope_case *s) {
    lat_coder_free(&s->coder);
    free(s->block.symbols);
    free(s->values);
    free(s->slope);
}

static uint64_t cost_of(slope_case *s) {
    uint64_t n_bytes;
    assert_int_equal(lat_cost(s->coder, &s->block, &n_bytes), PITH_OK);
    return n_bytes;
}

/* The bits that going to the other integer is said to take. */
static float bits_of_change(const slope_case *s, size_t i) {
    return s->values[i] < (float)s->block.symbols[i] ? -s->slope[i] : s->slope[i];
}

static void change(slope_case *s, size_t i) {
    s->block.symbols[i] = (int16_t)(s->block.symbols[i] + (s->values[i] < (float)s->block.symbols[i] ? -1 : 1));
}

/* Of symbols far from each other: those that are said to save bits, and those that are said to take some. */
static void check_changes(uint8_t prior, bool saves) {
    slope_case s;
    open_case(&s, prior);
    uint64_t n_bytes;
    assert_int_equal(lat_slope(s.coder, &s.block, s.values, s.slope, &n_bytes), PITH_OK);
    const uint64_t before = cost_of(&s);
    assert_int_equal(n_bytes, before);
    double said = 0;
    int n_changes = 0;
    for (size_t i = 0; i < COUNT - AREA; i += 61) {
        const float bits = bits_of_change(&s, i);
        if (saves ? bits > -0.5f : bits < 0.5f || bits > 3) continue;
        said += (double)bits;
        change(&s, i);
        n_changes++;
    }
    const double found = 8 * ((double)cost_of(&s) - (double)before);
    print_message("prior %u: %d changes, said %.0f bits, found %.0f\n", prior, n_changes, said, found);
    assert_true(n_changes > 100);
    assert_true(found / said > 0.75 && found / said < 1.33);
    close_case(&s);
}

static void changes_take_the_bits_that_are_said(void **state) {
    (void)state;
    for (uint8_t prior = 0; prior <= 1; prior++) {
        check_changes(prior, true);
        check_changes(prior, false);
    }
}

/* The symbol coded last has none after it: its own bits alone, exactly. Many of them, so that they fill bytes. */
static void the_last_symbol_is_told_exactly(void **state) {
    (void)state;
    slope_case s;
    uint64_t n_bytes;
    open_case(&s, 0);
    lat_block last = {s.block.symbols, 1, 1, 1, 1, 1};
    lat_coder_free(&s.coder);
    assert_int_equal(lat_coder_new(&s.coder, NULL, 1), PITH_OK);
    double said = 0;
    uint64_t before = 0, after = 0;
    for (int value = 1; value < 15; value++) { /* from 1 on: a block of zero alone is told otherwise */
        s.block.symbols[0] = (int16_t)value;
        s.values[0] = (float)value + 0.25f;
        assert_int_equal(lat_slope(s.coder, &last, s.values, s.slope, &n_bytes), PITH_OK);
        if (value == 1) before = n_bytes;
        after = n_bytes;
        if (value < 14) said += (double)s.slope[0];
    }
    print_message("1 to 14: said %.1f bits, from %u to %u bytes\n", said, (unsigned)before, (unsigned)after);
    assert_true(fabs(said - 8 * ((double)after - (double)before)) <= 8);
    close_case(&s);
}

static void zeros_stay_where_all_are(void **state) {
    (void)state;
    slope_case s;
    uint64_t n_bytes;
    open_case(&s, 0);
    assert_int_equal(lat_slope(s.coder, &s.block, s.values, s.slope, &n_bytes), PITH_OK);
    for (size_t i = COUNT - AREA; i < COUNT; i++) assert_true(bits_of_change(&s, i) > 10);
    close_case(&s);
}

static void what_is_no_block_is_refused(void **state) {
    (void)state;
    slope_case s;
    uint64_t n_bytes;
    open_case(&s, 0);
    lat_block fewer = s.block;
    fewer.n_channels--;
    assert_int_equal(lat_slope(s.coder, &fewer, s.values, s.slope, &n_bytes), PITH_E_ARG);
    assert_int_equal(lat_slope(s.coder, &s.block, NULL, s.slope, &n_bytes), PITH_E_ARG);
    s.values[5] = NAN; /* symbols that are no rounding of theirs do no harm */
    s.values[6] = INFINITY;
    s.values[7] = -1e30f;
    s.block.symbols[8] = LAT_MAX_SYMBOL;
    assert_int_equal(lat_slope(s.coder, &s.block, s.values, s.slope, &n_bytes), PITH_OK);
    for (size_t i = 0; i < COUNT; i++) assert_true(isfinite(s.slope[i]));
    assert_int_equal(n_bytes, cost_of(&s)); /* nothing of it stays in the coder */
    close_case(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_take_the_bits_that_are_said),
        cmocka_unit_test(the_last_symbol_is_told_exactly),
        cmocka_unit_test(zeros_stay_where_all_are),
        cmocka_unit_test(what_is_no_block_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
