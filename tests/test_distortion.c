/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The training's distortion and its gradient, against PyTorch
 * (tests/reference/distortion.py, which has the same pictures), and against
 * differences of its own values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "fidelity/distortion.h"

#define N_SAMPLES 8u
#define TURNED_FROM 96u /* the column */

typedef struct expected {
    uint32_t height, width;
    fid_distortion_weights weights;
    bool is_turned;               /* so unlike that MS-SSIM is at its least in some scales, not in all */
    double value, largest, total; /* the largest size in the gradient; its sum with the factors of weighted_sum() */
    double samples[N_SAMPLES];
} expected;

static const expected cases[] = {
#include "distortion_cases.h"
};

/* ---- pictures ------------------------------------------------------------------------ */

static int32_t sample_of(uint32_t x, uint32_t y, uint32_t c) {
    uint32_t wave = (x * (3 + c) + y * (5 - c)) % 256, squares = (x / 16 + y / 16) % 2 * 90;
    uint32_t noise = (x * 7919 + y * 104729 + c * 1299709) % 65536 * 40503 % 65536 / 4096;
    return (int32_t)((wave / 2 + squares + noise) % 256);
}

static int32_t damage_of(uint32_t x, uint32_t y, uint32_t c) {
    uint32_t grain = (x * 6607 + y * 90289 + c * 1402577) % 65536 * 48271 % 65536 / 2048;
    return (int32_t)(grain + (x + y) / 16) - 16 - 4 * (int32_t)c;
}

typedef struct pair {
    size_t n; /* floats of each */
    float *original, *decoded, *gradient;
} pair;

static float *new_floats(size_t n) {
    float *floats = malloc(n * sizeof *floats);
    assert_non_null(floats);
    return floats;
}

/* With the mean of its block of 8x8 turned into its negative. */
static int32_t turned_sample_of(uint32_t x, uint32_t y, uint32_t c) {
    int32_t sum = 0;
    for (uint32_t i = 0; i < 64; i++) sum += sample_of(x / 8 * 8 + i % 8, y / 8 * 8 + i / 8, c);
    return sample_of(x, y, c) + 255 - 2 * (sum / 64);
}

static pair make_pair(uint32_t height, uint32_t width, bool is_turned) {
    pair p = {.n = (size_t)3 * height * width};
    p.original = new_floats(p.n);
    p.decoded = new_floats(p.n);
    p.gradient = new_floats(p.n);
    size_t i = 0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++, i++) {
                int32_t o = sample_of(x, y, c), decoded = o + damage_of(x, y, c);
                if (is_turned && x >= TURNED_FROM) decoded = turned_sample_of(x, y, c);
                p.original[i] = (float)o / 255.0f;
                p.decoded[i] = (float)decoded / 255.0f;
                p.gradient[i] = NAN; /* every one is to be written */
            }
    return p;
}

static void free_pair(pair *p) {
    free(p->original);
    free(p->decoded);
    free(p->gradient);
}

static fid_distortion *new_distortion(const pair *p, uint32_t height, uint32_t width, fid_distortion_weights weights) {
    fid_distortion *d;
    assert_int_equal(fid_distortion_new(&d, NULL, p->original, height, width, weights), PITH_OK);
    return d;
}

static double weighted_sum(const pair *p) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += (double)p->gradient[i] * ((int)(i * 37 % 101) - 50);
    return sum;
}

static void assert_within(double found, double right, double bound, const char *what, size_t i) {
    if (!(fabs(found - right) <= bound)) /* nor is it, for what is no number */
        fail_msg("%s %zu: %.10g instead of %.10g, allowed is %.2g", what, i, found, right, bound);
}

/* ---- tests ---------------------------------------------------------------------------- */

/* Twice or thrice what floats were seen to cost: relative, and of the largest in a gradient. */
#define VALUE_BOUND 3e-6
#define GRADIENT_BOUND 1.2e-6
#define SUM_BOUND 1e-4 /* with the root of how many there are */

static void agrees_with_pytorch(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const expected *e = &cases[i];
        pair p = make_pair(e->height, e->width, e->is_turned);
        fid_distortion *d = new_distortion(&p, e->height, e->width, e->weights);
        assert_within(fid_distortion_gradient(d, p.decoded, p.gradient), e->value, VALUE_BOUND * e->value, "value", i);
        for (size_t k = 0; k < N_SAMPLES; k++)
            assert_within((double)p.gradient[k * 7919 % p.n], e->samples[k], GRADIENT_BOUND * e->largest, "gradient",
                          i);
        assert_within(weighted_sum(&p), e->total, SUM_BOUND * e->largest * sqrt((double)p.n), "sum of gradient", i);
        fid_distortion_free(&d);
        assert_null(d);
        free_pair(&p);
    }
}

/* The slope of the value by one sample; differences over h and h / 2 together, whose error is of the fourth order. */
static double difference(fid_distortion *d, const pair *p, size_t i, float h) {
    float *spare = new_floats(p->n), kept = p->decoded[i];
    double slopes[2];
    for (size_t k = 0; k < 2; k++) {
        p->decoded[i] = kept + h;
        double above = fid_distortion_gradient(d, p->decoded, spare);
        p->decoded[i] = kept - h;
        slopes[k] = (above - fid_distortion_gradient(d, p->decoded, spare)) / (2 * (double)h);
        h /= 2;
    }
    p->decoded[i] = kept;
    free(spare);
    return (4 * slopes[1] - slopes[0]) / 3;
}

static void gradient_is_the_slope_of_the_value(void **unused) {
    (void)unused;
    static const struct {
        uint32_t height, width, every;
        fid_distortion_weights weights;
        double bound; /* of the largest in the gradient */
    } tries[] = {
        {24, 16, 1, {1, 0, 0, 0}, 4e-5},
        {40, 48, 13, {1, 0, 0, 0}, 4e-5},
        {184, 176, 9001, {1, 0, 0, 0}, 1e-3}, /* a single pixel of many moves the value's last digits */
        {24, 16, 7, {0, 0, 1, 2}, 2e-5},
    };
    for (size_t t = 0; t < sizeof tries / sizeof *tries; t++) {
        pair p = make_pair(tries[t].height, tries[t].width, false);
        fid_distortion *d = new_distortion(&p, tries[t].height, tries[t].width, tries[t].weights);
        fid_distortion_gradient(d, p.decoded, p.gradient);
        double largest = 0;
        for (size_t i = 0; i < p.n; i++) largest = fmax(largest, fabs((double)p.gradient[i]));
        for (size_t i = 0; i < p.n; i += tries[t].every)
            assert_within((double)p.gradient[i], difference(d, &p, i, 1.0f / 64), tries[t].bound * largest, "sample",
                          i);
        fid_distortion_free(&d);
        free_pair(&p);
    }
}

static void equal_pictures_have_neither_distortion_nor_gradient(void **unused) {
    (void)unused;
    for (uint32_t side = 8; side <= 184; side += 16) {
        pair p = make_pair(side, 200, false);
        fid_distortion *d = new_distortion(&p, side, 200, (fid_distortion_weights){1, 0, 1, 1});
        assert_true(fid_distortion_gradient(d, p.original, p.gradient) == 0);
        for (size_t i = 0; i < p.n; i++) assert_true(p.gradient[i] == 0);
        fid_distortion_free(&d);
        free_pair(&p);
    }
}

static void a_picture_leaves_nothing_for_the_next(void **unused) {
    (void)unused;
    pair p = make_pair(96, 104, false);
    float *again = new_floats(p.n);
    fid_distortion *d = new_distortion(&p, 96, 104, (fid_distortion_weights){1, 1, 1, 1});
    double value = fid_distortion_gradient(d, p.decoded, p.gradient);
    fid_distortion_gradient(d, p.original, again);
    assert_true(fid_distortion_gradient(d, p.decoded, again) == value);
    assert_memory_equal(again, p.gradient, p.n * sizeof *again);
    fid_distortion_free(&d);
    free(again);
    free_pair(&p);
}

static void refuses_sides_that_are_no_multiples_of_8(void **unused) {
    (void)unused;
    static const uint32_t sides[][2] = {{0, 8}, {8, 0}, {12, 16}, {16, 12}};
    static const float original[3 * 16 * 16] = {0};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        fid_distortion *d;
        assert_int_equal(fid_distortion_new(&d, NULL, original, sides[i][0], sides[i][1], (fid_distortion_weights){0}),
                         PITH_E_ARG);
        assert_null(d);
    }
}

/* An allocator that sums up. */
static void *count_bytes(void *user, size_t n_bytes) {
    *(uint64_t *)user += n_bytes;
    return malloc(n_bytes);
}

static void free_counted(void *user, void *block) {
    (void)user;
    free(block);
}

static void takes_the_bytes_that_it_says(void **unused) {
    (void)unused;
    static const uint32_t sides[][2] = {{8, 8}, {16, 200}, {184, 176}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint64_t with = 0, without = 0, said = fid_distortion_bytes(sides[i][0], sides[i][1]);
        pair p = make_pair(sides[i][0], sides[i][1], false);
        fid_distortion *d;
        pith_alloc alloc = {count_bytes, free_counted, &with};
        assert_int_equal(fid_distortion_new(&d, &alloc, p.original, sides[i][0], sides[i][1], cases[0].weights), 0);
        assert_true(with == said);
        fid_distortion_gradient(d, p.decoded, p.gradient);
        assert_true(with == said);
        fid_distortion_free(&d);
        alloc.user = &without;
        assert_int_equal(fid_distortion_new(&d, &alloc, p.original, sides[i][0], sides[i][1], cases[1].weights), 0);
        assert_true(sides[i][0] == 8 ? without == said : without < said);
        fid_distortion_free(&d);
        free_pair(&p);
    }
    assert_true(fid_distortion_bytes(UINT32_MAX - 7, UINT32_MAX - 7) == UINT64_MAX);
}

static void survives_without_memory(void **unused) {
    (void)unused;
    pair p = make_pair(16, 16, false);
    for (size_t n = 1; n <= 3; n++) {
        capped_alloc counter = {.fail_at = n};
        pith_alloc alloc = capped_alloc_make(&counter);
        fid_distortion *d;
        pith_status status = fid_distortion_new(&d, &alloc, p.original, 16, 16, cases[0].weights);
        assert_int_equal(status, n <= 2 ? PITH_E_NOMEM : PITH_OK);
        fid_distortion_free(&d);
        assert_null(d);
        assert_int_equal(counter.n_live, 0);
    }
    free_pair(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_pytorch),
        cmocka_unit_test(gradient_is_the_slope_of_the_value),
        cmocka_unit_test(equal_pictures_have_neither_distortion_nor_gradient),
        cmocka_unit_test(a_picture_leaves_nothing_for_the_next),
        cmocka_unit_test(refuses_sides_that_are_no_multiples_of_8),
        cmocka_unit_test(takes_the_bytes_that_it_says),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
