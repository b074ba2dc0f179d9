/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PSNR and MS-SSIM against tests/reference/ms_ssim.py, which has the same
 * pictures and was itself written from the paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare/metrics.h"

static uint32_t sample_of(uint32_t x, uint32_t y, uint32_t c, uint32_t seed) {
    uint32_t wave = (x * (3 + c) + y * (5 - c)) % 256;
    uint32_t squares = ((x / 16 + y / 16) % 2) * 90;
    uint32_t noise = (x * 7919 + y * 104729 + c * 1299709 + seed * 15485863) % 65536 * 40503 % 65536 / 2048 * seed;
    return (wave / 2 + squares + noise) % 256;
}

/* With n_channels 1 the picture is channel 0; 16-bit samples are 8-bit ones * 257. */
static pith_image make_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth, uint32_t seed) {
    size_t stride = (size_t)width * n_channels * (bit_depth / 8u) + 6; /* rows need not be close */
    pith_image p = {{width, height, n_channels, bit_depth}, calloc(height, stride), stride};
    assert_non_null(p.pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                uint8_t *row = (uint8_t *)p.pixels + y * stride;
                uint32_t v = sample_of(x, y, c, seed);
                if (bit_depth == 16)
                    ((uint16_t *)(void *)row)[x * n_channels + c] = (uint16_t)(v * 257);
                else
                    row[x * n_channels + c] = (uint8_t)v;
            }
    return p;
}

static metrics compare(pith_image a, pith_image b) {
    metrics m;
    pith_diag why = {0};
    assert_int_equal(metrics_compare(&m, &a, &b, &why), PITH_OK);
    free(a.pixels);
    free(b.pixels);
    return m;
}

static void assert_near(double value, double expected, double bound) {
    if (!(fabs(value - expected) <= bound)) fail_msg("%.9f, expected %.9f", value, expected);
}

static void agrees_with_the_reference(void **state) {
    (void)state;
    static const struct {
        uint32_t width, height, seed;
        double psnr_db, ms_ssim;
    } cases[] = {
        {256, 193, 1, 15.525184, 0.90142246},
        {176, 176, 2, 10.784599, 0.69110437},
        {301, 240, 0, 23.005495, 0.98941078},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (uint8_t depth = 8; depth <= 16; depth += 8) {
            metrics m = compare(make_picture(cases[i].width, cases[i].height, 3, depth, cases[i].seed),
                                make_picture(cases[i].width, cases[i].height, 3, 8, cases[i].seed + 1));
            assert_near(m.psnr_db, cases[i].psnr_db, 1e-6);
            assert_near(m.ms_ssim, cases[i].ms_ssim, 1e-7);
        }
}

static void equal_pictures_are_at_no_distance(void **state) {
    (void)state;
    metrics m = compare(make_picture(200, 180, 3, 8, 1), make_picture(200, 180, 3, 8, 1));
    assert_true(isinf(m.psnr_db) && m.psnr_db > 0);
    assert_near(m.ms_ssim, 1, 1e-12);
}

static void grey_is_rgb_with_equal_channels(void **state) {
    (void)state;
    pith_image grey_a = make_picture(200, 180, 1, 8, 1), grey_b = make_picture(200, 180, 1, 8, 2);
    pith_image rgb_b = make_picture(200, 180, 3, 8, 2);
    for (size_t y = 0; y < 180; y++)
        for (size_t x = 0; x < 200; x++)
            memset((uint8_t *)rgb_b.pixels + y * rgb_b.stride_bytes + 3 * x,
                   ((uint8_t *)grey_b.pixels)[y * grey_b.stride_bytes + x], 3);
    metrics mixed, m;
    pith_diag why = {0};
    assert_int_equal(metrics_compare(&mixed, &grey_a, &rgb_b, &why), PITH_OK);
    free(rgb_b.pixels);
    m = compare(grey_a, grey_b);
    assert_near(mixed.psnr_db, m.psnr_db, 1e-9);
    assert_near(mixed.ms_ssim, m.ms_ssim, 1e-9);
}

static void small_pictures_have_no_ms_ssim(void **state) {
    (void)state;
    metrics m = compare(make_picture(175, 400, 3, 8, 1), make_picture(175, 400, 3, 8, 2));
    assert_true(isnan(m.ms_ssim));
    assert_true(isfinite(m.psnr_db));
    m = compare(make_picture(1, 1, 3, 8, 1), make_picture(1, 1, 1, 8, 1));
    assert_true(isnan(m.ms_ssim));
}

static void other_sizes_are_refused(void **state) {
    (void)state;
    pith_image a = make_picture(10, 20, 3, 8, 1), b = make_picture(20, 10, 3, 8, 1);
    metrics m;
    pith_diag why = {0};
    assert_int_equal(metrics_compare(&m, &a, &b, &why), PITH_E_ARG);
    assert_string_equal(why.message, "10x20 pixels, the other has 20x10");
    free(a.pixels);
    free(b.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference),       cmocka_unit_test(equal_pictures_are_at_no_distance),
        cmocka_unit_test(grey_is_rgb_with_equal_channels), cmocka_unit_test(small_pictures_have_no_ms_ssim),
        cmocka_unit_test(other_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
