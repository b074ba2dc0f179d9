/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Efforts 2 and 3: symbols found by gradients keep to the size, and are not taken where they are worse. That they are
 * better on a photograph is tests/cli/effort.sh. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "fidelity/distortion.h"

static double lattice(uint32_t y, uint32_t x, uint32_t which) {
    uint32_t h = (y * 73856093u) ^ (x * 19349663u) ^ (which * 83492791u);
    h = (h ^ (h >> 13)) * 1274126177u;
    return (double)((h ^ (h >> 16)) & 0xFFFF) / 65535 - 0.5;
}

/* Values of a lattice of `cell` pixels, in straight lines between. */
static double smooth_noise(uint32_t y, uint32_t x, uint32_t cell, uint32_t which) {
    const uint32_t j = y / cell, i = x / cell;
    const double v = (double)(y % cell) / cell, u = (double)(x % cell) / cell;
    return (1 - v) * ((1 - u) * lattice(j, i, which) + u * lattice(j, i + 1, which)) +
           v * ((1 - u) * lattice(j + 1, i, which) + u * lattice(j + 1, i + 1, which));
}

/* Noise at all scales, the coarse ones strongest, as photographs have; in two materials with an edge between. */
static pith_image texture(uint32_t width, uint32_t height, uint8_t n_channels) {
    pith_image p = api_waves(width, height, n_channels, 8);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const bool other = smooth_noise(y, x, 50, 99) > 0;
            for (uint32_t c = 0; c < (n_channels < 3 ? 1u : 3u); c++) {
                double value = other ? 90 + 20.0 * c : 150 - 15.0 * c;
                for (uint32_t cell = 2, i = 0; cell <= 64; cell *= 2, i++)
                    value += (other ? 9 : 5) * (i + 1.5) * smooth_noise(y, x, cell, i) +
                             4 * smooth_noise(y, x, cell, 10 + 8 * c + i);
                api_set_sample(&p, y, x, c, (unsigned)fmin(fmax(value, 0), 255));
            }
        }
    return p;
}

static float *planes_of(const pith_image *p) {
    const size_t area = (size_t)p->format.width * p->format.height;
    float *planes = calloc(3 * area, sizeof *planes);
    for (uint32_t c = 0; c < 3; c++)
        for (size_t i = 0; i < area; i++)
            planes[c * area + i] =
                (float)api_sample(p, (uint32_t)(i / p->format.width), (uint32_t)(i % p->format.width), c) / 255;
    return planes;
}

static double distortion_between(const pith_image *original, const pith_image *decoded) {
    float *a = planes_of(original), *b = planes_of(decoded),
          *gradient = calloc(1, 3 * sizeof *gradient * original->format.width * original->format.height);
    fid_distortion *d;
    const fid_distortion_weights weights = {.ms_ssim = 1, .l1 = 0.35f, .l2 = 2, .chroma = 24};
    assert_int_equal(fid_distortion_new(&d, NULL, a, original->format.height, original->format.width, weights),
                     PITH_OK);
    const double value = fid_distortion_gradient(d, b, gradient);
    fid_distortion_free(&d);
    free(a);
    free(b);
    free(gradient);
    return value;
}

static void open_built_in(api_case *c) {
    char model[4096];
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(model, sizeof model, "%s/models/mini-5.safetensors", root ? root : ".");
    api_open(c, model, NULL);
}

static double encode_and_measure(api_case *c, const pith_image *p, const pith_encode_options *o, size_t *n_bytes) {
    pith_bytes file = api_encode(c, p, o);
    pith_image decoded = api_decode(c, file, NULL, 8);
    const double value = distortion_between(p, &decoded);
    *n_bytes = file.n_bytes;
    pith_bytes_free(&c->env, &file);
    free(decoded.pixels);
    return value;
}

static void the_picture_is_not_worse_at_the_same_size(void **unused) {
    (void)unused;
    api_case c;
    open_built_in(&c);
    pith_image p = texture(192, 192, 3);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    for (int by_size = 0; by_size <= 1; by_size++) {
        size_t plain_bytes, n_bytes;
        o.max_bytes = by_size ? 1200 : 0;
        o.quality = 50;
        o.effort = 1;
        const double plain = encode_and_measure(&c, &p, &o, &plain_bytes);
        print_message("by %s: %zu bytes, %.5f\n", by_size ? "size" : "quality", plain_bytes, plain);
        for (o.effort = 2; o.effort <= 3; o.effort++) {
            const double searched = encode_and_measure(&c, &p, &o, &n_bytes);
            const double least = o.effort == 2 ? 0.95 : 0.98;
            print_message("effort %d: %zu bytes, %.5f\n", o.effort, n_bytes, searched);
            if (by_size) assert_true(n_bytes <= o.max_bytes && (double)n_bytes >= least * (double)o.max_bytes);
            assert_true((double)n_bytes <= 1.02 * (double)plain_bytes);
            if (by_size) assert_true(searched <= plain); /* at a quality fewer bytes may be worth a little of it */
        }
    }
    free(p.pixels);
    api_close(&c);
}

/* Two windows, each with a halo; twice the same bytes. Grey, and alpha. */
static void windows_make_one_file(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    for (uint8_t n_channels = 1; n_channels <= 4; n_channels++) {
        pith_image p = texture(900, 40, n_channels);
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.effort = 3;
        o.max_bytes = 700; /* of 1000 a residual would have some, and nothing be searched */
        pith_bytes file = api_encode(&c, &p, &o), again = api_encode(&c, &p, &o);
        assert_true(file.n_bytes <= o.max_bytes);
        assert_int_equal(file.n_bytes, again.n_bytes);
        assert_memory_equal(file.data, again.data, file.n_bytes);
        for (o.effort = 1; o.effort <= 2; o.effort++) {
            pith_bytes other = api_encode(&c, &p, &o);
            assert_true(other.n_bytes != file.n_bytes || memcmp(other.data, file.data, file.n_bytes) != 0);
            pith_bytes_free(&c.env, &other);
        }
        pith_image decoded = api_decode(&c, file, NULL, 8);
        free(decoded.pixels);
        pith_bytes_free(&c.env, &file);
        pith_bytes_free(&c.env, &again);
        free(p.pixels);
    }
    api_close(&c);
}

typedef struct seen_progress {
    unsigned n_all, n_searching;
    double first, last; /* of the search */
    double now;
    bool went_back;
} seen_progress;

static int see_progress(void *user, const char *stage, double done) {
    seen_progress *seen = user;
    seen->n_all++;
    if (done < seen->now) seen->went_back = true;
    seen->now = done;
    if (strcmp(stage, "searching") != 0) return 0;
    if (seen->n_searching++ == 0) seen->first = done;
    seen->last = done;
    return 0;
}

/* A bar that stands at 80 % for most of the time tells nothing. */
static void most_of_the_progress_is_the_search(void **unused) {
    (void)unused;
    for (int by_size = 0; by_size <= 1; by_size++) {
        seen_progress seen = {0};
        api_case c;
        pith_env env;
        pith_env_defaults(&env, sizeof env);
        env.progress = (pith_progress){see_progress, &seen};
        api_open(&c, NULL, &env);
        pith_image p = texture(900, 40, 3);
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.effort = 2;
        o.max_bytes = by_size ? 700 : 0;
        pith_bytes file = api_encode(&c, &p, &o);
        print_message("%u of %u reports, from %.3f to %.3f\n", seen.n_searching, seen.n_all, seen.first, seen.last);
        assert_true(seen.n_searching > 20 && seen.first < 0.2 && seen.last > 0.6 && !seen.went_back);
        pith_bytes_free(&c.env, &file);
        free(p.pixels);
        api_close(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_not_worse_at_the_same_size),
        cmocka_unit_test(windows_make_one_file),
        cmocka_unit_test(most_of_the_progress_is_the_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
