/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures of fewer colours: how many, which, and how near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "exact/fewer_colours.h"
#include "random_bits.h"

static uint32_t pixel_of(const pith_image *p, size_t i) {
    uint32_t v = 0;
    for (unsigned c = 0; c < p->format.n_channels; c++)
        v |= (uint32_t)((const uint8_t *)p->pixels)[i * p->format.n_channels + c] << (8 * c);
    return v;
}

static unsigned distinct(const pith_image *p) {
    const size_t n = (size_t)p->format.width * p->format.height;
    unsigned found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (j < i && pixel_of(p, j) != pixel_of(p, i)) j++;
        found += j == i;
    }
    return found;
}

static double error_between(const pith_image *a, const pith_image *b) {
    double sum = 0;
    for (size_t i = 0; i < a->stride_bytes * a->format.height; i++) {
        double d = ((const uint8_t *)a->pixels)[i] - ((const uint8_t *)b->pixels)[i];
        sum += d * d;
    }
    return sum;
}

static void colours_are_few_and_nearer_the_more_there_are(void **unused) {
    (void)unused;
    for (uint8_t n_channels = 1; n_channels <= 4; n_channels++) {
        pith_image p = api_waves(48, 40, n_channels, 8), q = api_picture(48, 40, n_channels, 8);
        colour_set *set = NULL;
        double before = 1e30;
        assert_int_equal(colours_new(&set, NULL, &p), PITH_OK);
        assert_non_null(set);
        assert_int_equal(colours_count(set), distinct(&p));
        for (unsigned k = 1; k <= 64; k *= 4) {
            colours_reduce(set, k, &p, &q);
            assert_true(distinct(&q) <= k);
            const double error = error_between(&p, &q);
            assert_true(error < before);
            before = error;
        }
        colours_reduce(set, colours_count(set), &p, &q);
        assert_memory_equal(p.pixels, q.pixels, p.stride_bytes * p.format.height);
        colours_free(&set);
        free(p.pixels);
        free(q.pixels);
    }
}

/* A flat ground and thin lines of their own colours, each with noise around it: four colours are enough for all. */
static void thin_lines_keep_their_colours(void **unused) {
    (void)unused;
    static const uint8_t lines[3][3] = {{200, 30, 30}, {30, 160, 40}, {40, 60, 210}};
    pith_image p = api_picture(100, 100, 3, 8), q = api_picture(100, 100, 3, 8);
    colour_set *set = NULL;
    uint32_t seed = 3;
    for (uint32_t y = 0; y < 100; y++)
        for (uint32_t x = 0; x < 100; x++)
            for (uint32_t c = 0; c < 3; c++) {
                const bool is_line = y % 30 == 10;
                const unsigned noise = random_below(&seed, 4);
                api_set_sample(&p, y, x, c, is_line ? lines[y / 30 % 3][c] + noise : 255 - noise);
            }
    assert_int_equal(colours_new(&set, NULL, &p), PITH_OK);
    colours_reduce(set, 4, &p, &q);
    for (uint32_t y = 10; y < 90; y += 30)
        for (uint32_t c = 0; c < 3; c++) assert_true(abs((int)api_sample(&q, y, 50, c) - (int)lines[y / 30][c]) < 8);
    colours_free(&set);
    free(p.pixels);
    free(q.pixels);
}

static void too_many_colours_are_told(void **unused) {
    (void)unused;
    pith_image p = api_picture(300, 300, 3, 8);
    colour_set *set = NULL;
    for (uint32_t i = 0; i < 90000; i++)
        for (uint32_t c = 0; c < 3; c++) api_set_sample(&p, i / 300, i % 300, c, i >> (8 * c) & 255);
    assert_int_equal(colours_new(&set, NULL, &p), PITH_OK);
    assert_null(set);
    free(p.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_are_few_and_nearer_the_more_there_are),
        cmocka_unit_test(thin_lines_keep_their_colours),
        cmocka_unit_test(too_many_colours_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
