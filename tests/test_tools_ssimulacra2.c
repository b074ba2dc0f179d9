/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA2 against scores of the reference tool: of one pair of pictures in
 * tests/data, and of the pairs in ../shared/metrics where that is there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/pith.h>

#include "imageio/imageio.h"

#define BOUND 0.5 /* what the reference's own versions differ by; 0.36 is the most seen */
#define PATH_BYTES 512
#define MIN_SIDE 8

static pith_image load(const char *folder, const char *name) {
    const char *root = getenv("PITH_SOURCE_DIR");
    char path[PATH_BYTES];
    pith_image image;
    pith_diag why = {0};
    snprintf(path, sizeof path, "%s/%s/%s", root ? root : ".", folder, name);
    if (image_load(&image, NULL, path, NULL, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    return image;
}

static double score_of(const pith_image *a, const pith_image *b) {
    double score = NAN;
    pith_diag why = {0};
    assert_int_equal(pith_ssimulacra2(NULL, a, b, &score, &why), PITH_OK);
    return score;
}

static double score_of_files(const char *folder, const char *name_a, const char *name_b) {
    pith_image a = load(folder, name_a), b = load(folder, name_b);
    double score = score_of(&a, &b);
    free(a.pixels);
    free(b.pixels);
    return score;
}

static void assert_near(double value, double expected, double bound) {
    if (!(fabs(value - expected) <= bound)) fail_msg("%.6f, expected %.6f", value, expected);
}

/* ref06 and dist06_jpeg12 of ../shared/metrics, crops of a Kodak picture. */
static void agrees_with_the_reference_tool_on_one_pair(void **state) {
    (void)state;
    assert_near(score_of_files("tests/data", "ssimulacra2_a.webp", "ssimulacra2_b.webp"), 12.78556879, 0.05);
}

static void agrees_with_the_reference_tool_on_every_pair(void **state) {
    (void)state;
    const char *root = getenv("PITH_SOURCE_DIR");
    char path[PATH_BYTES], line[256], a[64], b[64], tail;
    snprintf(path, sizeof path, "%s/../shared/metrics/ssimulacra2.tsv", root ? root : ".");
    FILE *table = fopen(path, "r");
    if (!table) {
        print_message("SKIPPED: no %s\n", path);
        skip();
    }
    size_t n_pairs = 0;
    assert_non_null(fgets(line, sizeof line, table)); /* the heading */
    while (fgets(line, sizeof line, table)) {
        double expected;
        if (sscanf(line, "%63s %63s %lf %c", a, b, &expected, &tail) != 3) fail_msg("not a pair: %s", line);
        double score = score_of_files("../shared/metrics", a, b);
        if (!(fabs(score - expected) <= BOUND)) fail_msg("%s: %.4f, the reference tool says %.4f", b, score, expected);
        n_pairs++;
    }
    fclose(table);
    assert_true(n_pairs >= 30);
}

/* ---- pictures made here ------------------------------------------------------- */

static pith_image make_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth, uint32_t noise) {
    size_t stride = (size_t)width * n_channels * (bit_depth / 8u) + 6; /* rows need not be close */
    pith_image p = {{width, height, n_channels, bit_depth}, calloc(height, stride), stride};
    assert_non_null(p.pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                uint8_t *row = (uint8_t *)p.pixels + y * stride;
                uint32_t v = (x * 3 + y * 2 + 40) % 200 + (x * 7919u + y * 104729u) * 40503u % 65536u * noise / 65536u;
                if (bit_depth == 16)
                    ((uint16_t *)(void *)row)[x * n_channels + c] = (uint16_t)(v * 257);
                else
                    row[x * n_channels + c] = (uint8_t)v;
            }
    return p;
}

static double score_of_made(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth, uint32_t noise) {
    pith_image a = make_picture(width, height, 3, 8, 0), b = make_picture(width, height, n_channels, bit_depth, noise);
    double score = score_of(&a, &b);
    free(a.pixels);
    free(b.pixels);
    return score;
}

static void equal_pictures_have_100(void **state) {
    (void)state;
    assert_near(score_of_made(61, 47, 3, 8, 0), 100, 0);
    assert_near(score_of_made(61, 47, 1, 8, 0), 100, 0);
    assert_near(score_of_made(61, 47, 3, 16, 0), 100, 1e-6);
}

static void more_noise_is_worse(void **state) {
    (void)state;
    double last = 100;
    for (uint32_t noise = 4; noise <= 52; noise += 16) {
        double score = score_of_made(301, 209, 3, 8, noise);
        assert_true(score < last - 1);
        last = score;
    }
}

static void grey_and_16_bit_pictures_have_the_same_score(void **state) {
    (void)state;
    double score = score_of_made(130, 77, 3, 8, 20);
    assert_true(score < 90);
    assert_near(score_of_made(130, 77, 1, 8, 20), score, 1e-9);
    assert_near(score_of_made(130, 77, 3, 16, 20), score, 1e-4);
    assert_near(score_of_made(130, 77, 1, 16, 20), score, 1e-4);
}

/* Under the address sanitizer, every size at which a row, a column or a scale ends early. */
static void every_size_from_8_has_a_score_and_smaller_ones_none(void **state) {
    (void)state;
    for (uint32_t side = 1; side <= 40; side++) {
        double wide = score_of_made(side, 8 + side % 3, 3, 8, 30), high = score_of_made(9, side, 3, 8, 30);
        assert_int_equal(isnan(wide) != 0, side < MIN_SIDE);
        assert_int_equal(isnan(high) != 0, side < MIN_SIDE);
        assert_true(side < MIN_SIDE || (wide < 95 && high < 95));
    }
}

static void other_sizes_and_alpha_are_refused(void **state) {
    (void)state;
    pith_image a = make_picture(10, 20, 3, 8, 0), b = make_picture(20, 10, 3, 8, 0), c = make_picture(10, 20, 4, 8, 0);
    double score;
    pith_diag why = {0};
    assert_int_equal(pith_ssimulacra2(NULL, &a, &b, &score, &why), PITH_E_ARG);
    assert_int_equal(pith_ssimulacra2(NULL, &a, &c, &score, &why), PITH_E_ARG);
    free(a.pixels);
    free(b.pixels);
    free(c.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference_tool_on_one_pair),
        cmocka_unit_test(agrees_with_the_reference_tool_on_every_pair),
        cmocka_unit_test(equal_pictures_have_100),
        cmocka_unit_test(more_noise_is_worse),
        cmocka_unit_test(grey_and_16_bit_pictures_have_the_same_score),
        cmocka_unit_test(every_size_from_8_has_a_score_and_smaller_ones_none),
        cmocka_unit_test(other_sizes_and_alpha_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
