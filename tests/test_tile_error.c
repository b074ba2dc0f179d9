/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The error of tiles, against the definition of doc/tile-error.md evaluated pixel
 * by pixel in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fidelity/tile_error.h"
#include "random_bits.h"

typedef struct picture {
    uint32_t width, height, n_channels;
    uint8_t *samples;
} picture;

static uint32_t random_state = 1;

static size_t n_samples(const picture *p) { return (size_t)p->width * p->height * p->n_channels; }

/* Smooth colour, an edge, and texture in one corner. */
static picture make_picture(uint32_t width, uint32_t height, uint32_t n_channels) {
    picture p = {width, height, n_channels, malloc((size_t)width * height * n_channels)};
    assert_non_null(p.samples);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                uint32_t v = 40 + 100 * x / width + 20 * c + (x > y ? 50 : 0);
                if (x < width / 2 && y < height / 2) v += random_below(&random_state, 40);
                p.samples[((size_t)y * width + x) * n_channels + c] = (uint8_t)v;
            }
    return p;
}

static picture copy_of(const picture *p) {
    picture q = *p;
    q.samples = malloc(n_samples(p));
    assert_non_null(q.samples);
    memcpy(q.samples, p->samples, n_samples(p));
    return q;
}

static void add(picture *p, size_t i, int by) {
    int v = p->samples[i] + by;
    p->samples[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Noise everywhere, a lot of it in one place. */
static void damage(picture *p) {
    for (size_t i = 0; i < n_samples(p); i++) add(p, i, (int)random_below(&random_state, 13) - 6);
    for (uint32_t y = p->height / 3; y < p->height / 2; y++)
        for (uint32_t x = p->width / 3; x < p->width / 2; x++)
            for (uint32_t c = 0; c < p->n_channels; c++) add(p, ((size_t)y * p->width + x) * p->n_channels + c, 25);
    for (uint32_t y = 2 * p->height / 3; y < p->height && p->n_channels == 3; y++) /* the same luma, another colour */
        for (uint32_t x = 2 * p->width / 3; x < p->width; x++) {
            add(p, ((size_t)y * p->width + x) * 3, 20);
            add(p, ((size_t)y * p->width + x) * 3 + 1, -10);
        }
}

static fid_tile *measured(const picture *a, const picture *b, size_t *n) {
    fid_meter *meter;
    *n = (size_t)fid_tiles_across(a->width) * fid_tiles_across(a->height);
    fid_tile *tiles = calloc(*n, sizeof *tiles);
    assert_non_null(tiles);
    assert_int_equal(fid_meter_new(&meter, NULL, a->width, a->height, a->n_channels), PITH_OK);
    size_t stride = (size_t)a->width * a->n_channels;
    fid_measure(meter, a->samples, stride, b->samples, stride, tiles);
    fid_meter_free(&meter);
    return tiles;
}

/* ---- the definition -------------------------------------------------------------------- */

static double sample(const picture *p, int64_t x, int64_t y, uint32_t c) {
    x = x < 0 ? 0 : x >= p->width ? p->width - 1 : x;
    y = y < 0 ? 0 : y >= p->height ? p->height - 1 : y;
    return p->samples[((size_t)y * p->width + (size_t)x) * p->n_channels + c];
}

static double luma(const picture *p, int64_t x, int64_t y) {
    if (p->n_channels == 1) return sample(p, x, y, 0);
    return 0.299 * sample(p, x, y, 0) + 0.587 * sample(p, x, y, 1) + 0.114 * sample(p, x, y, 2);
}

static double structure(const picture *a, const picture *b, int64_t x, int64_t y, double margin) {
    double total = 0, mean = 0, square = 0, difference = 0;
    for (int j = -5; j <= 5; j++)
        for (int i = -5; i <= 5; i++) {
            double w = exp(-(i * i + j * j) / 4.5), v = luma(a, x + i, y + j), d = v - luma(b, x + i, y + j);
            total += w;
            mean += w * v;
            square += w * v * v;
            difference += w * d * d;
        }
    double variance = square / total - mean / total * (mean / total);
    return pow(sqrt(difference / total) + margin, 2) / (2 * variance + 400);
}

static double colour(const picture *a, const picture *b, uint32_t x0, uint32_t y0, double margin) {
    double n = 0, d[3] = {0};
    if (a->n_channels == 1) return 0;
    for (uint32_t y = y0; y < y0 + 8 && y < a->height; y++)
        for (uint32_t x = x0; x < x0 + 8 && x < a->width; x++, n++)
            for (uint32_t c = 0; c < 3; c++) d[c] += sample(a, x, y, c) - sample(b, x, y, c);
    double luma_difference = (0.299 * d[0] + 0.587 * d[1] + 0.114 * d[2]) / n;
    double cb = (d[2] / n - luma_difference) / 1.772, cr = (d[0] / n - luma_difference) / 1.402;
    return pow((hypot(cb, cr) + margin * 1.1) / 32, 2);
}

static double defined(const picture *a, const picture *b, uint32_t tx, uint32_t ty, double margin) {
    double error = 0;
    for (uint32_t y = ty * FID_TILE; y < (ty + 1) * FID_TILE && y < a->height; y++)
        for (uint32_t x = tx * FID_TILE; x < (tx + 1) * FID_TILE && x < a->width; x++) {
            error = fmax(error, structure(a, b, x, y, margin));
            if (x % 8 == 0 && y % 8 == 0) error = fmax(error, colour(a, b, x, y, margin));
        }
    return error;
}

static void compare_with_definition(uint32_t width, uint32_t height, uint32_t n_channels) {
    picture a = make_picture(width, height, n_channels), b = copy_of(&a);
    damage(&b);
    size_t n;
    fid_tile *tiles = measured(&a, &b, &n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t tx = i % fid_tiles_across(width), ty = i / fid_tiles_across(width);
        double error = defined(&a, &b, tx, ty, 0), sure = defined(&a, &b, tx, ty, 2);
        assert_true(fabs(tiles[i].error - error) < 1e-4 * (1 + error));
        assert_true(fabs(tiles[i].sure - sure) < 1e-4 * (1 + sure));
        assert_int_equal(tiles[i].x / FID_TILE, tx);
        assert_int_equal(tiles[i].y / FID_TILE, ty);
    }
    free(tiles);
    free(a.samples);
    free(b.samples);
}

static void agrees_with_the_definition(void **unused) {
    (void)unused;
    compare_with_definition(70, 45, 3);
    compare_with_definition(33, 64, 1);
    compare_with_definition(1, 1, 3);
    compare_with_definition(3, 200, 3);
    compare_with_definition(64, 5, 1);
}

/* ---- what it promises ---------------------------------------------------------------------- */

static void equal_pictures_have_no_error(void **unused) {
    (void)unused;
    picture a = make_picture(100, 50, 3);
    size_t n;
    fid_tile *tiles = measured(&a, &a, &n);
    for (size_t i = 0; i < n; i++) {
        assert_true(tiles[i].error == 0);
        assert_true(tiles[i].sure > 0 && tiles[i].sure < fid_level_bound(FID_STRICT));
    }
    free(tiles);
    free(a.samples);
}

/* Every sample moved by up to two levels, at random and in the worst way that is
 * easily found: away from the original. */
static void no_picture_within_the_margin_is_worse_than_sure(void **unused) {
    (void)unused;
    picture a = make_picture(96, 96, 3), b = copy_of(&a);
    damage(&b);
    size_t n, n_closer = 0;
    fid_tile *tiles = measured(&a, &b, &n);
    for (int trial = 0; trial < 7; trial++) {
        picture moved = copy_of(&b);
        for (size_t i = 0; i < n_samples(&b); i++) {
            int away = b.samples[i] < a.samples[i] ? -2 : 2, alternating = i % 3 == 1 ? -2 : 2;
            add(&moved, i,
                trial == 0   ? away
                : trial == 1 ? 2
                : trial == 2 ? -2
                : trial == 3 ? alternating
                             : (int)random_below(&random_state, 5) - 2);
        }
        size_t n_moved;
        fid_tile *of_moved = measured(&a, &moved, &n_moved);
        for (size_t i = 0; i < n; i++) {
            assert_true(of_moved[i].error <= tiles[i].sure * 1.00001f);
            if (of_moved[i].error > 0.5f * (tiles[i].error + tiles[i].sure)) n_closer++;
        }
        free(of_moved);
        free(moved.samples);
    }
    assert_true(n_closer > 0); /* the bound is not far from what can happen */
    free(tiles);
    free(a.samples);
    free(b.samples);
}

static void bands_and_single_tiles_agree_with_the_whole(void **unused) {
    (void)unused;
    picture a = make_picture(150, 110, 3), b = copy_of(&a);
    damage(&b);
    size_t n, stride = (size_t)3 * 150;
    fid_tile *tiles = measured(&a, &b, &n), tile;
    fid_meter *meter;
    assert_int_equal(fid_meter_new(&meter, NULL, 150, 110, 3), PITH_OK);
    for (uint32_t ty = 0; ty < 4; ty++) {
        uint32_t first = ty == 0 ? 0 : ty * FID_TILE - FID_REACH;
        uint32_t end = (ty + 1) * FID_TILE + FID_REACH < 110 ? (ty + 1) * FID_TILE + FID_REACH : 110;
        fid_rows rows_a = {a.samples + first * stride, stride, first, end - first};
        fid_rows rows_b = {b.samples + first * stride, stride, first, end - first};
        for (uint32_t tx = 0; tx < 5; tx++) {
            fid_measure_tiles(meter, &rows_a, &rows_b, ty, tx, 1, &tile);
            assert_memory_equal(&tile, &tiles[ty * 5 + tx], sizeof tile);
        }
    }
    fid_meter_free(&meter);
    free(tiles);
    free(a.samples);
    free(b.samples);
}

static void levels_are_ordered(void **unused) {
    (void)unused;
    assert_true(fid_level_bound(FID_LOOSE) > fid_level_bound(FID_NORMAL));
    assert_true(fid_level_bound(FID_NORMAL) > fid_level_bound(FID_STRICT));
    assert_true(fid_level_bound(FID_STRICT) > 0);
    assert_true(fid_level_bound(FID_NONE) == 0 && fid_level_bound((fid_level)4) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_definition),
        cmocka_unit_test(equal_pictures_have_no_error),
        cmocka_unit_test(no_picture_within_the_margin_is_worse_than_sure),
        cmocka_unit_test(bands_and_single_tiles_agree_with_the_whole),
        cmocka_unit_test(levels_are_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
