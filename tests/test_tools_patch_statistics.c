/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the distance of patches says of pictures whose order is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/patch_statistics.h"

#define WIDTH 200
#define HEIGHT 150

/* Waves and noise, moved to the left by `shift`; `blur` averages over 2 * blur + 1 columns and rows. */
static double value_at(int x, int y, int shift) {
    uint32_t hash = ((uint32_t)(x + shift) * 7919u + (uint32_t)y * 104729u) * 2654435761u;
    hash = (hash ^ (hash >> 15)) * 2246822519u;
    return 110 + 60 * sin((x + shift) / 9.0) * cos(y / 13.0) + (double)(hash >> 26);
}

static patch_statistics *statistics_of(int shift, int blur, uint8_t n_channels) {
    static uint8_t pixels[HEIGHT * WIDTH * 3];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            double sum = 0;
            for (int dy = -blur; dy <= blur; dy++)
                for (int dx = -blur; dx <= blur; dx++) sum += value_at(x + dx + 50, y + dy + 50, shift);
            for (int c = 0; c < n_channels; c++)
                pixels[(y * WIDTH + x) * n_channels + c] = (uint8_t)(sum / ((2 * blur + 1) * (2 * blur + 1)));
        }
    pith_image image = {{WIDTH, HEIGHT, n_channels, 8}, pixels, (size_t)WIDTH * n_channels};
    patch_statistics *s = calloc(1, sizeof *s);
    pith_diag why = {0};
    assert_non_null(s);
    assert_int_equal(patch_statistics_add(s, &image, &why), PITH_OK);
    return s;
}

static void equal_sets_are_at_no_distance(void **state) {
    (void)state;
    patch_statistics *a = statistics_of(0, 0, 3), *grey = statistics_of(0, 0, 1);
    assert_true(a->n_patches == 9 * 6);
    assert_true(patch_statistics_distance(a, a) < 1e-4);
    assert_true(patch_statistics_distance(a, grey) < 1e-4);
    free(a);
    free(grey);
}

static void blur_is_farther_than_other_detail_of_the_same_kind(void **state) {
    (void)state;
    patch_statistics *a = statistics_of(0, 0, 3), *moved = statistics_of(1, 0, 3);
    patch_statistics *soft = statistics_of(0, 1, 3), *softer = statistics_of(0, 3, 3);
    double to_moved = patch_statistics_distance(a, moved), to_soft = patch_statistics_distance(a, soft);
    double to_softer = patch_statistics_distance(a, softer);
    print_message("moved %.3f, soft %.1f, softer %.1f\n", to_moved, to_soft, to_softer);
    assert_true(to_soft > 20 * to_moved);
    assert_true(to_softer > 1.2 * to_soft);
    free(a);
    free(moved);
    free(soft);
    free(softer);
}

static void merging_is_adding(void **state) {
    (void)state;
    patch_statistics *a = statistics_of(0, 0, 3), *b = statistics_of(0, 2, 3), *sum = calloc(1, sizeof *sum);
    assert_non_null(sum);
    assert_true(isnan(patch_statistics_distance(a, sum)));
    patch_statistics_merge(sum, a);
    patch_statistics_merge(sum, b);
    assert_true(sum->n_patches == a->n_patches + b->n_patches);
    double half = patch_statistics_distance(a, sum), whole = patch_statistics_distance(a, b);
    assert_true(half > 0 && half < whole);
    free(a);
    free(b);
    free(sum);
}

static void refuses_alpha_and_pictures_without_a_patch(void **state) {
    (void)state;
    uint8_t pixels[64 * 4] = {0};
    patch_statistics *s = calloc(1, sizeof *s);
    assert_non_null(s);
    pith_image image = {{8, 8, 4, 8}, pixels, 32};
    pith_diag why = {0};
    assert_int_equal(patch_statistics_add(s, &image, &why), PITH_E_ARG);
    image.format = (pith_image_format){7, 8, 3, 8};
    assert_int_equal(patch_statistics_add(s, &image, &why), PITH_E_ARG);
    image.format = (pith_image_format){8, 8, 3, 8};
    assert_int_equal(patch_statistics_add(s, &image, &why), PITH_OK);
    assert_true(s->n_patches == 1);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_sets_are_at_no_distance),
        cmocka_unit_test(blur_is_farther_than_other_detail_of_the_same_kind),
        cmocka_unit_test(merging_is_adding),
        cmocka_unit_test(refuses_alpha_and_pictures_without_a_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
