/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_compare. PSNR and MS-SSIM against tests/reference/ms_ssim.py, which has the
 * same pictures and was itself written from the paper; SSIMULACRA2 has a test of its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/pith.h>

#include "api_case.h"
#include "capped_alloc.h"

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

#define ALL (PITH_MEASURE_PSNR | PITH_MEASURE_MS_SSIM | PITH_MEASURE_SSIMULACRA2 | PITH_MEASURE_TILES)

static pith_compare_result compare(pith_image a, pith_image b) {
    pith_compare_result m = api_compare(&a, &b, ALL);
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
            pith_compare_result m = compare(make_picture(cases[i].width, cases[i].height, 3, depth, cases[i].seed),
                                            make_picture(cases[i].width, cases[i].height, 3, 8, cases[i].seed + 1));
            assert_near(m.psnr_db, cases[i].psnr_db, 1e-6);
            assert_near(m.ms_ssim, cases[i].ms_ssim, 1e-7);
        }
}

static void equal_pictures_are_at_no_distance(void **state) {
    (void)state;
    pith_compare_result m = compare(make_picture(200, 180, 3, 8, 1), make_picture(200, 180, 3, 8, 1));
    assert_true(isinf(m.psnr_db) && m.psnr_db > 0);
    assert_near(m.ms_ssim, 1, 1e-12);
    assert_near(m.ssimulacra2, 100, 0);
    assert_true(m.worst_tile == 0);
}

static void grey_is_rgb_with_equal_channels(void **state) {
    (void)state;
    pith_image grey_a = make_picture(200, 180, 1, 8, 1), grey_b = make_picture(200, 180, 1, 8, 2);
    pith_image rgb_b = make_picture(200, 180, 3, 8, 2);
    for (size_t y = 0; y < 180; y++)
        for (size_t x = 0; x < 200; x++)
            memset((uint8_t *)rgb_b.pixels + y * rgb_b.stride_bytes + 3 * x,
                   ((uint8_t *)grey_b.pixels)[y * grey_b.stride_bytes + x], 3);
    pith_compare_result mixed = api_compare(&grey_a, &rgb_b, ALL), m = compare(grey_a, grey_b);
    free(rgb_b.pixels);
    assert_near(mixed.psnr_db, m.psnr_db, 1e-9);
    assert_near(mixed.ms_ssim, m.ms_ssim, 1e-9);
    assert_near(mixed.ssimulacra2, m.ssimulacra2, 1e-9);
    assert_true(m.worst_tile > 0);
    assert_near(mixed.worst_tile, m.worst_tile, 1e-4); /* luma of three equal samples is rounded */
}

static void small_pictures_have_no_ms_ssim(void **state) {
    (void)state;
    pith_compare_result m = compare(make_picture(175, 400, 3, 8, 1), make_picture(175, 400, 3, 8, 2));
    assert_true(isnan(m.ms_ssim));
    assert_true(isfinite(m.psnr_db));
    m = compare(make_picture(1, 1, 3, 8, 1), make_picture(1, 1, 1, 8, 1));
    assert_true(isnan(m.ms_ssim));
}

/* ---- alpha ---------------------------------------------------------------------- */

/* The picture with alpha that is `opacity` in its left half and whole in the right. */
static pith_image with_alpha(const pith_image *image, unsigned opacity) {
    const pith_image_format *f = &image->format;
    pith_image out = api_picture(f->width, f->height, (uint8_t)(f->n_channels + 1), f->bit_depth);
    for (uint32_t y = 0; y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++) {
            for (uint32_t c = 0; c < f->n_channels; c++) api_set_sample(&out, y, x, c, api_sample(image, y, x, c));
            const unsigned max = f->bit_depth == 16 ? 65535 : 255;
            api_set_sample(&out, y, x, f->n_channels, x < f->width / 2 ? opacity : max);
        }
    return out;
}

/* The same picture as it is seen on a background, made here. */
static pith_image seen_on(const pith_image *image, unsigned background) {
    const pith_image_format *f = &image->format;
    const uint8_t n = (uint8_t)(f->n_channels - 1);
    pith_image out = api_picture(f->width, f->height, n, f->bit_depth);
    const double max = f->bit_depth == 16 ? 65535 : 255;
    for (uint32_t y = 0; y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++)
            for (uint32_t c = 0; c < n; c++) {
                const double alpha = api_sample(image, y, x, n) / max;
                const double v = alpha * api_sample(image, y, x, c) + (1 - alpha) * background;
                api_set_sample(&out, y, x, c, (unsigned)floor(v + 0.5));
            }
    return out;
}

static void alpha_is_seen_on_white_and_on_black_and_the_worse_counts(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const uint8_t n_channels = kind & 1 ? 1 : 3, depth = kind & 2 ? 16 : 8;
        pith_image plain = make_picture(180, 177, n_channels, depth, 1);
        pith_image a = with_alpha(&plain, depth == 16 ? 51000 : 200), b = with_alpha(&plain, depth == 16 ? 20000 : 77);
        const unsigned max = depth == 16 ? 65535 : 255;
        pith_image white_a = seen_on(&a, max), white_b = seen_on(&b, max), black_a = seen_on(&a, 0),
                   black_b = seen_on(&b, 0);
        const pith_compare_result both = api_compare(&a, &b, ALL), white = api_compare(&white_a, &white_b, ALL);
        const pith_compare_result black = api_compare(&black_a, &black_b, ALL);
        assert_true(white.psnr_db != black.psnr_db);
        assert_near(both.psnr_db, fmin(white.psnr_db, black.psnr_db), 1e-3); /* halves are rounded either way */
        assert_near(both.ms_ssim, fmin(white.ms_ssim, black.ms_ssim), 1e-5);
        assert_near(both.ssimulacra2, fmin(white.ssimulacra2, black.ssimulacra2), 1e-2);
        assert_near(both.worst_tile, fmax(white.worst_tile, black.worst_tile), 1e-3);
        void *const all[] = {plain.pixels,   a.pixels,       b.pixels,      white_a.pixels,
                             white_b.pixels, black_a.pixels, black_b.pixels};
        for (size_t i = 0; i < 7; i++) free(all[i]);
    }
}

static void what_cannot_be_seen_is_no_difference(void **state) {
    (void)state;
    pith_image one = make_picture(64, 64, 3, 8, 1), other = make_picture(64, 64, 3, 8, 1);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 32; x++) api_set_sample(&other, y, x, 1, 255 - api_sample(&one, y, x, 1));
    pith_image a = with_alpha(&one, 0), b = with_alpha(&other, 0);
    pith_compare_result m = compare(a, b);
    assert_true(isinf(m.psnr_db) && m.worst_tile == 0);
    m = compare(one, other);
    assert_true(m.psnr_db < 30 && m.worst_tile > 0);
}

static void a_picture_without_alpha_is_opaque(void **state) {
    (void)state;
    pith_image plain = make_picture(64, 64, 3, 8, 1), opaque = with_alpha(&plain, 255);
    assert_true(isinf(compare(opaque, plain).psnr_db));
}

/* ---- tiles ---------------------------------------------------------------------- */

static void every_tile_has_its_place(void **state) {
    (void)state;
    for (uint8_t depth = 8; depth <= 16; depth += 8) {
        pith_image a = make_picture(70, 40, 3, depth, 1), b = make_picture(70, 40, 3, depth, 1);
        for (uint32_t y = 34; y < 39; y++) /* in the second row of tiles, the last column */
            for (uint32_t x = 65; x < 69; x++) api_set_sample(&b, y, x, 0, 0);
        pith_tile tiles[6];
        pith_source sa, sb;
        pith_compare_options o;
        pith_compare_result m = {.struct_size = sizeof m};
        pith_source_from_image(&sa, sizeof sa, &a);
        pith_source_from_image(&sb, sizeof sb, &b);
        pith_compare_options_defaults(&o, sizeof o);
        o.tiles = tiles;
        o.n_tiles = 6;
        assert_int_equal(pith_compare(NULL, &sa, &sb, &o, &m, NULL), PITH_OK);
        for (size_t i = 0; i < 6; i++) assert_true(i == 5 || tiles[i].error <= tiles[5].error);
        assert_true(tiles[5].error > 0.1f && tiles[0].error == 0 && tiles[0].sure > 0);
        assert_true(m.worst_tile == (double)tiles[5].error);
        assert_true(tiles[5].x >= 64 && tiles[5].y >= 32);
        free(a.pixels);
        free(b.pixels);
    }
}

/* ---- calls ---------------------------------------------------------------------- */

typedef struct call {
    pith_image a, b;
    pith_source sa, sb;
    pith_compare_options o;
    pith_compare_result m;
    pith_diag why;
} call;

static void call_open(call *k, uint32_t width, uint32_t height) {
    k->a = make_picture(width, height, 4, 8, 1);
    k->b = make_picture(width, height, 3, 16, 2);
    pith_source_from_image(&k->sa, sizeof k->sa, &k->a);
    pith_source_from_image(&k->sb, sizeof k->sb, &k->b);
    pith_compare_options_defaults(&k->o, sizeof k->o);
    k->m = (pith_compare_result){.struct_size = sizeof k->m};
    k->why = (pith_diag){0};
}

static void call_close(call *k) {
    free(k->a.pixels);
    free(k->b.pixels);
}

static void expect(call *k, const pith_env *env, pith_status status, const char *words) {
    assert_int_equal(pith_compare(env, &k->sa, &k->sb, &k->o, &k->m, &k->why), status);
    if (!strstr(k->why.message, words)) fail_msg("\"%s\"", k->why.message);
}

static void only_what_was_asked_for_is_measured(void **state) {
    (void)state;
    for (uint32_t measures = 0; measures <= ALL; measures++) {
        pith_image a = make_picture(176, 176, 1, 8, 1), b = make_picture(176, 176, 1, 8, 2);
        pith_compare_result m = api_compare(&a, &b, measures);
        assert_int_equal(!isnan(m.psnr_db), (measures & PITH_MEASURE_PSNR) != 0);
        assert_int_equal(!isnan(m.ms_ssim), (measures & PITH_MEASURE_MS_SSIM) != 0);
        assert_int_equal(!isnan(m.ssimulacra2), (measures & PITH_MEASURE_SSIMULACRA2) != 0);
        assert_int_equal(!isnan(m.worst_tile), (measures & PITH_MEASURE_TILES) != 0);
        free(a.pixels);
        free(b.pixels);
    }
}

static pith_status no_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    (void)user, (void)n_rows, (void)rows, (void)stride_bytes;
    return y >= 64 ? PITH_E_TRUNCATED : PITH_OK;
}

static void wrong_calls_are_told(void **state) {
    (void)state;
    call k;
    pith_tile tiles[8];
    call_open(&k, 70, 100);
    k.sb.format.width = 71;
    expect(&k, NULL, PITH_E_ARG, "70x100 pixels, the other has 71x100");
    k.sb.format.width = 70;
    k.sb.format.n_channels = 5;
    expect(&k, NULL, PITH_E_ARG, "5 channels");
    k.sb.format.n_channels = 3;
    k.sb.format.bit_depth = 12;
    expect(&k, NULL, PITH_E_ARG, "12 bits");
    k.sb.format.bit_depth = 16;
    k.o.measures = ALL + 1;
    expect(&k, NULL, PITH_E_UNSUPPORTED, "a measure");
    k.o.measures = ALL;
    k.o.tiles = tiles;
    k.o.n_tiles = 8;
    expect(&k, NULL, PITH_E_ARG, "room for 8 tiles, there are 12");
    k.o.measures = PITH_MEASURE_PSNR;
    expect(&k, NULL, PITH_E_ARG, "not to be measured");
    k.o.tiles = NULL;
    k.sb.read_rows = no_rows;
    expect(&k, NULL, PITH_E_TRUNCATED, "row 64");
    k.sb.read_rows = NULL;
    expect(&k, NULL, PITH_E_ARG, "no read_rows");
    assert_int_equal(pith_compare(NULL, &k.sa, NULL, NULL, &k.m, &k.why), PITH_E_ARG);
    assert_int_equal(pith_compare(NULL, &k.sa, &k.sa, NULL, NULL, &k.why), PITH_E_ARG);
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.max_pixels = 6999;
    expect(&k, &env, PITH_E_LIMIT, "6999 pixels");
    call_close(&k);
}

static int stop_later(void *user, const char *stage, double done) {
    int *left = user;
    assert_string_equal(stage, "comparing");
    assert_true(done >= 0 && done <= 1);
    return (*left)-- <= 0;
}

static void it_stops_at_every_report(void **state) {
    (void)state;
    call k;
    pith_env env;
    int n_reports = 0, left;
    call_open(&k, 180, 180);
    pith_env_defaults(&env, sizeof env);
    env.progress = (pith_progress){stop_later, &left};
    for (pith_status status = PITH_E_ABORTED; status == PITH_E_ABORTED; n_reports++) {
        left = n_reports;
        status = pith_compare(&env, &k.sa, &k.sb, &k.o, &k.m, &k.why);
        assert_true(status == PITH_OK || status == PITH_E_ABORTED);
    }
    assert_true(n_reports > 8); /* two backgrounds, of three reports each, and those of reading */
    env.progress.report = NULL;
    env.max_seconds = 1e-9;
    expect(&k, &env, PITH_E_LIMIT, "took longer");
    call_close(&k);
}

static void a_failing_allocation_is_told_and_nothing_leaks(void **state) {
    (void)state;
    call k;
    call_open(&k, 180, 180);
    pith_status status = PITH_E_NOMEM;
    for (size_t n = 1; status == PITH_E_NOMEM; n++) {
        pith_env env;
        capped_alloc memory = {.fail_at = n};
        pith_env_defaults(&env, sizeof env);
        env.alloc = capped_alloc_make(&memory);
        status = pith_compare(&env, &k.sa, &k.sb, &k.o, &k.m, &k.why);
        assert_true(status == PITH_OK || (status == PITH_E_NOMEM && k.why.message[0]));
        assert_int_equal(memory.n_live, 0);
        assert_true(n < 200);
    }
    assert_int_equal(status, PITH_OK);
    call_close(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference),
        cmocka_unit_test(equal_pictures_are_at_no_distance),
        cmocka_unit_test(grey_is_rgb_with_equal_channels),
        cmocka_unit_test(small_pictures_have_no_ms_ssim),
        cmocka_unit_test(alpha_is_seen_on_white_and_on_black_and_the_worse_counts),
        cmocka_unit_test(what_cannot_be_seen_is_no_difference),
        cmocka_unit_test(a_picture_without_alpha_is_opaque),
        cmocka_unit_test(every_tile_has_its_place),
        cmocka_unit_test(only_what_was_asked_for_is_measured),
        cmocka_unit_test(wrong_calls_are_told),
        cmocka_unit_test(it_stops_at_every_report),
        cmocka_unit_test(a_failing_allocation_is_told_and_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
