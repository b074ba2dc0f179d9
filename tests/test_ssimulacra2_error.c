/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2's error sum and its gradient, against train/ssimulacra2.py by way
 * of tests/reference/ssimulacra2_error.py, which has the same picture formula. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "fidelity/ssimulacra2_error.h"
#include "random_bits.h"

#define N_SAMPLES ((size_t)4)
#define NOISE 60 /* levels, of the decoded pictures */

typedef struct example {
    uint32_t width, height;
    double error, length, projected; /* the gradient's length, and its product with projection_of */
    double samples[N_SAMPLES];       /* of the gradient, evenly spread */
} example;

/* Printed by: /usr/bin/python3 tests/reference/ssimulacra2_error.py */
static const example examples[] = {
    {96, 80, 4.507857982, 1.12683341, 2.22694185, {-0.00103373776, -0.0102421186, 0.00327048892, -0.000158987779}},
    {61, 45, 4.228113215, 1.84160074, 15.1840091, {-0.00390581326, -0.034774787, 0.0534176439, 0.00360261357}},
    {16, 9, 2.750606369, 3.92078019, 14.0798443, {0.196547234, -0.0089710412, 0.064512968, -0.175987857}},
    {257, 231, 5.36712419, 3.37710806, -9.17571128, {-9.60215228e-05, 0.000336371659, 0.00110367814, -6.01643994e-05}},
    {40, 7, 0, 0, 0, {0, 0, 0, 0}},
};
#define N_EXAMPLES (sizeof examples / sizeof *examples)
#define ERROR_OF_EQUAL 0.388661747 /* with six scales; the same script */

static size_t size_of(uint32_t width, uint32_t height) { return (size_t)3 * width * height; }

static float *make_plane(size_t n) {
    float *values = calloc(n, sizeof *values);
    assert_non_null(values);
    return values;
}

/* A waving picture with squares, and noise of `amplitude` levels; not within [0,1] everywhere. */
static float *make_picture(uint32_t width, uint32_t height, int amplitude) {
    float *picture = make_plane(size_of(width, height)), *next = picture;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) {
                int wave = (int)((x * (3 + c) + y * (5 - c)) % 256);
                int noise = (int)((x * 7919 + y * 104729 + c * 1299709) % 65536 * 40503u % 65536);
                int level = abs(wave - 128) + (int)((x / 16 + y / 16) % 2) * 90;
                level += noise * amplitude / 65536 - amplitude / 2;
                *next++ = (float)level / 255;
            }
    return picture;
}

static double projection_of(size_t i) { return (double)(i * 7919 % 13) - 6; }

static double projected(const float *gradient, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)gradient[i] * projection_of(i);
    return sum;
}

static double length_of(const float *gradient, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)gradient[i] * (double)gradient[i];
    return sqrt(sum);
}

static fid_ssimulacra2 *make_meter(const float *original, uint32_t width, uint32_t height) {
    fid_ssimulacra2 *s;
    assert_int_equal(fid_ssimulacra2_new(&s, NULL, original, height, width), PITH_OK);
    return s;
}

static void assert_near(double value, double expected, double bound) {
    if (!(fabs(value - expected) <= bound)) fail_msg("%.9g, expected %.9g", value, expected);
}

static void agrees_with_the_definition(void **state) {
    (void)state;
    for (const example *e = examples; e < examples + N_EXAMPLES; e++) {
        size_t n = size_of(e->width, e->height);
        float *original = make_picture(e->width, e->height, 0), *decoded = make_picture(e->width, e->height, NOISE);
        float *gradient = make_plane(n);
        fid_ssimulacra2 *s = make_meter(original, e->width, e->height);
        assert_near(fid_ssimulacra2_add_gradient(s, decoded, 1, gradient), e->error, 3e-5 * e->error);
        assert_near(length_of(gradient, n), e->length, 1e-4 * e->length);
        assert_near(projected(gradient, n), e->projected, 1e-3 * e->length);
        for (size_t i = 0; i < N_SAMPLES; i++)
            assert_near((double)gradient[n * (2 * i + 1) / (2 * N_SAMPLES)], e->samples[i],
                        1e-3 * fabs(e->samples[i]) + 1e-7);
        fid_ssimulacra2_free(&s);
        assert_null(s);
        free(original);
        free(decoded);
        free(gradient);
    }
}

/* Central differences along directions that change every sample. */
static void the_gradient_is_the_slope(void **state) {
    (void)state;
    enum { WIDTH = 150, HEIGHT = 131 };
    const double step = 1e-2; /* the error itself is known to about 1e-4 */
    const size_t n = size_of(WIDTH, HEIGHT);
    float *original = make_picture(WIDTH, HEIGHT, 0), *decoded = make_picture(WIDTH, HEIGHT, NOISE);
    float *gradient = make_plane(n), *moved = make_plane(n), *unused = make_plane(n);
    fid_ssimulacra2 *s = make_meter(original, WIDTH, HEIGHT);
    for (size_t i = 0; i < n; i++) decoded[i] = 0.1f + 0.8f * fminf(fmaxf(decoded[i], 0), 1); /* clear of the clamp */
    (void)fid_ssimulacra2_add_gradient(s, decoded, 1, gradient);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        double errors[2], slope = 0;
        for (int side = 0; side < 2; side++) {
            uint32_t random = seed;
            slope = 0;
            for (size_t i = 0; i < n; i++) {
                next_random(&random);
                double along = (double)(random >> 8) / (1 << 24) - 0.4; /* not only noise */
                moved[i] = (float)((double)decoded[i] + (side ? step : -step) * along);
                slope += (double)gradient[i] * along;
            }
            errors[side] = fid_ssimulacra2_add_gradient(s, moved, 0, unused);
        }
        assert_near((errors[1] - errors[0]) / (2 * step), slope, 5e-3 * fabs(slope));
    }
    assert_near(length_of(unused, n), 0, 0); /* weighed with nothing */
    fid_ssimulacra2_free(&s);
    free(original);
    free(decoded);
    free(gradient);
    free(moved);
    free(unused);
}

static void gradients_are_added_with_their_weight(void **state) {
    (void)state;
    const size_t n = size_of(40, 30);
    float *original = make_picture(40, 30, 0), *decoded = make_picture(40, 30, NOISE);
    float *once = make_plane(n), *added = make_plane(n);
    fid_ssimulacra2 *s = make_meter(original, 40, 30);
    for (size_t i = 0; i < n; i++) added[i] = 7;
    double first = fid_ssimulacra2_add_gradient(s, decoded, 1, once);
    assert_true(first == fid_ssimulacra2_add_gradient(s, decoded, -2.5f, added)); /* the same again */
    size_t n_clamped = 0;
    for (size_t i = 0; i < n; i++) {
        bool clamped = decoded[i] < 0 || decoded[i] > 1;
        n_clamped += clamped;
        if (clamped) assert_true(once[i] == 0);
        assert_near((double)added[i], 7 - 2.5 * (double)once[i], 1e-6);
    }
    assert_true(n_clamped > 10 && n_clamped < n / 2);
    fid_ssimulacra2_free(&s);
    free(original);
    free(decoded);
    free(once);
    free(added);
}

static void equal_pictures_have_the_least_error_and_a_finite_gradient(void **state) {
    (void)state;
    const size_t n = size_of(257, 231);
    float *picture = make_picture(257, 231, 0), *gradient = make_plane(n), *flat = make_plane(n);
    fid_ssimulacra2 *s = make_meter(picture, 257, 231);
    assert_near(fid_ssimulacra2_add_gradient(s, picture, 1, gradient), ERROR_OF_EQUAL, 1e-3);
    for (size_t i = 0; i < n; i++) assert_true(isfinite(gradient[i]));
    fid_ssimulacra2_free(&s);
    s = make_meter(flat, 257, 231); /* black: nothing but zeros */
    memset(gradient, 0, n * sizeof *gradient);
    assert_near(fid_ssimulacra2_add_gradient(s, flat, 1, gradient), ERROR_OF_EQUAL, 1e-3);
    for (size_t i = 0; i < n; i++) assert_true(isfinite(gradient[i]));
    fid_ssimulacra2_free(&s);
    free(picture);
    free(gradient);
    free(flat);
}

/* Under the address sanitizer, every size at which a row, a column or a scale ends early. */
static void every_size_has_an_error_and_small_ones_none(void **state) {
    (void)state;
    for (uint32_t side = 1; side <= 40; side++)
        for (int turned = 0; turned < 2; turned++) {
            uint32_t width = turned ? 9 : side, height = turned ? side : 8 + side % 3;
            float *original = make_picture(width, height, 0), *decoded = make_picture(width, height, NOISE);
            float *gradient = make_plane(size_of(width, height));
            fid_ssimulacra2 *s = make_meter(original, width, height);
            bool measured = fid_ssimulacra2_add_gradient(s, decoded, 1, gradient) > 0;
            assert_int_equal(measured, side >= 8);
            assert_int_equal(length_of(gradient, size_of(width, height)) > 0, measured);
            fid_ssimulacra2_free(&s);
            free(original);
            free(decoded);
            free(gradient);
        }
}

static void memory_is_foretold_and_may_be_short(void **state) {
    (void)state;
    float *picture = make_picture(96, 80, 0);
    for (size_t fail_at = 0; fail_at <= 2; fail_at++) {
        capped_alloc counter = {.fail_at = fail_at};
        pith_alloc alloc = capped_alloc_make(&counter);
        fid_ssimulacra2 *s;
        pith_status status = fid_ssimulacra2_new(&s, &alloc, picture, 80, 96);
        assert_int_equal(status, fail_at ? PITH_E_NOMEM : PITH_OK);
        assert_true((s == NULL) == (fail_at > 0));
        assert_true(counter.largest_bytes < fid_ssimulacra2_bytes(80, 96));
        assert_true(fail_at == 1 || counter.largest_bytes + 2048 > fid_ssimulacra2_bytes(80, 96));
        fid_ssimulacra2_free(&s);
        assert_int_equal(counter.n_live, 0);
        fid_ssimulacra2_free(&s);
    }
    const uint64_t all = (uint64_t)UINT16_MAX * UINT16_MAX;
    assert_true(fid_ssimulacra2_bytes(UINT16_MAX, UINT16_MAX) > 88 * all);
    assert_true(fid_ssimulacra2_bytes(UINT16_MAX, UINT16_MAX) < 96 * all);
    free(picture);
}

static void sides_of_nothing_and_too_long_ones_are_refused(void **state) {
    (void)state;
    const float picture[3] = {0};
    fid_ssimulacra2 *s;
    assert_int_equal(fid_ssimulacra2_new(&s, NULL, picture, 0, 1), PITH_E_ARG);
    assert_int_equal(fid_ssimulacra2_new(&s, NULL, picture, 1, 0), PITH_E_ARG);
    assert_int_equal(fid_ssimulacra2_new(&s, NULL, picture, 1, 65536), PITH_E_ARG);
    assert_null(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(the_gradient_is_the_slope),
        cmocka_unit_test(gradients_are_added_with_their_weight),
        cmocka_unit_test(equal_pictures_have_the_least_error_and_a_finite_gradient),
        cmocka_unit_test(every_size_has_an_error_and_small_ones_none),
        cmocka_unit_test(memory_is_foretold_and_may_be_short),
        cmocka_unit_test(sides_of_nothing_and_too_long_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
