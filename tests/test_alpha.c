/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures with alpha through the public API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_write.h"
#include "container_file.h"
#include "random_bits.h"

static uint32_t alpha_channel(const pith_image *p) { return p->format.n_channels - 1u; }

/* A disc, opaque inside, transparent outside, its edge `soft` pixels wide. */
static void cut_disc(pith_image *p, double soft) {
    const pith_image_format *f = &p->format;
    double radius = 0.35 * (f->width < f->height ? f->width : f->height), top = f->bit_depth == 16 ? 65535 : 255;
    for (uint32_t y = 0; y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++) {
            double dy = y - 0.5 * f->height, dx = x - 0.5 * f->width, inside = radius * radius - dx * dx - dy * dy;
            double v = 0.5 + inside / (2 * radius * soft);
            api_set_sample(p, y, x, alpha_channel(p), (unsigned)((v < 0 ? 0 : v > 1 ? 1 : v) * top));
        }
}

static void expect_alpha(const pith_image *p, const pith_image *q, int most) {
    assert_int_equal(p->format.n_channels, q->format.n_channels);
    for (uint32_t y = 0; y < p->format.height; y++)
        for (uint32_t x = 0; x < p->format.width; x++) {
            int a = (int)api_sample(p, y, x, alpha_channel(p)), b = (int)api_sample(q, y, x, alpha_channel(p));
            if (abs(a - b) > most) fail_msg("opacity at %u, %u: %d became %d", y, x, a, b);
        }
}

static void alpha_of_few_levels_comes_back_exactly_in_every_format(void **state) {
    static const uint32_t sizes[][2] = {{1, 1}, {7, 13}, {64, 48}, {1, 600}, {600, 1}, {1100, 530}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < 4; kind++) {
            pith_image p = api_waves(sizes[i][0], sizes[i][1], kind & 1 ? 4 : 2, kind & 2 ? 16 : 8);
            cut_disc(&p, 1e-6);
            api_set_sample(&p, 0, 0, alpha_channel(&p), kind & 2 ? 12345 : 77);
            pith_bytes file = api_encode(&c, &p, NULL);
            pith_image q = api_decode(&c, file, NULL, p.format.bit_depth);
            expect_alpha(&p, &q, 0);
            pith_info info = {.struct_size = sizeof info};
            assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
            assert_int_equal(info.format.n_channels, p.format.n_channels);
            pith_bytes_free(&c.env, &file);
            free(p.pixels);
            free(q.pixels);
        }
    api_close(&c);
}

static void soft_alpha_is_near_and_exact_at_high_quality(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(200, 160, 4, 8);
    cut_disc(&p, 60);
    size_t last = SIZE_MAX;
    static const struct {
        float quality;
        int most;
    } cases[] = {{95, 0}, {50, 2}, {10, 5}};
    for (size_t i = 0; i < 3; i++) {
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.effort = 0;
        o.quality = cases[i].quality;
        pith_bytes file = api_encode(&c, &p, &o);
        pith_image q = api_decode(&c, file, NULL, 8);
        expect_alpha(&p, &q, cases[i].most);
        assert_true(file.n_bytes < last);
        last = file.n_bytes;
        pith_bytes_free(&c.env, &file);
        free(q.pixels);
    }
    free(p.pixels);
    api_close(&c);
}

static void an_opaque_picture_is_coded_without_alpha(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image with = api_waves(90, 70, 4, 8), without = api_waves(90, 70, 3, 8);
    pith_bytes a = api_encode(&c, &with, NULL), b = api_encode(&c, &without, NULL);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);
    pith_bytes_free(&c.env, &a);
    pith_bytes_free(&c.env, &b);
    free(with.pixels);
    free(without.pixels);
    api_close(&c);
}

/* Noise where nothing can be seen changes neither the file nor its size. */
static void hidden_colours_cost_nothing(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(160, 120, 4, 8), noisy = api_waves(160, 120, 4, 8);
    cut_disc(&p, 1e-6);
    cut_disc(&noisy, 1e-6);
    uint32_t seed = 7;
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.quality = 90;
    for (uint32_t y = 0; y < 120; y++)
        for (uint32_t x = 0; x < 160; x++)
            for (uint32_t k = 0; k < 3; k++)
                if (api_sample(&p, y, x, 3) == 0) api_set_sample(&noisy, y, x, k, next_random(&seed) >> 24);
    pith_bytes a = api_encode(&c, &p, &o), b = api_encode(&c, &noisy, &o);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);

    pith_image opaque = api_waves(160, 120, 3, 8);
    for (uint32_t y = 0; y < 120; y++)
        for (uint32_t x = 0; x < 160; x++)
            for (uint32_t k = 0; k < 3; k++) api_set_sample(&opaque, y, x, k, api_sample(&noisy, y, x, k));
    pith_bytes whole = api_encode(&c, &opaque, &o);
    if (5 * a.n_bytes > 4 * whole.n_bytes) fail_msg("%zu bytes, opaque %zu", a.n_bytes, whole.n_bytes);
    pith_bytes_free(&c.env, &a);
    pith_bytes_free(&c.env, &b);
    pith_bytes_free(&c.env, &whole);
    free(p.pixels);
    free(noisy.pixels);
    free(opaque.pixels);
    api_close(&c);
}

/* A bright disc on hidden black is decoded as a bright picture without any black is. */
static void edges_do_not_take_the_hidden_colour(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_picture(128, 128, 4, 8), bright = api_picture(128, 128, 3, 8);
    cut_disc(&p, 1e-6);
    for (uint32_t y = 0; y < 128; y++)
        for (uint32_t x = 0; x < 128; x++)
            for (uint32_t k = 0; k < 3; k++) {
                api_set_sample(&bright, y, x, k, 230);
                api_set_sample(&p, y, x, k, api_sample(&p, y, x, 3) ? 230 : 0);
            }
    pith_bytes file = api_encode(&c, &p, NULL), bright_file = api_encode(&c, &bright, NULL);
    pith_image q = api_decode(&c, file, NULL, 8), expected = api_decode(&c, bright_file, NULL, 8);
    for (uint32_t y = 0; y < 128; y++)
        for (uint32_t x = 0; x < 128; x++)
            for (uint32_t k = 0; k < 3; k++) {
                int a = (int)api_sample(&expected, y, x, k), b = (int)api_sample(&q, y, x, k);
                if (api_sample(&p, y, x, 3) && abs(a - b) > 1) fail_msg("at %u, %u: %d, not %d", y, x, b, a);
            }
    pith_bytes_free(&c.env, &file);
    pith_bytes_free(&c.env, &bright_file);
    free(p.pixels);
    free(bright.pixels);
    free(q.pixels);
    free(expected.pixels);
    api_close(&c);
}

static void a_size_counts_the_alpha(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(200, 160, 4, 8);
    cut_disc(&p, 1e-6);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.max_bytes = 700;
    pith_bytes file = api_encode(&c, &p, &o);
    assert_in_range(file.n_bytes, 1, 700);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

/* Soft alpha that would take more than a third of the file is kept in fewer levels; the more bytes there are the
 * more it has of them. */
static void alpha_is_coarser_in_small_files(void **state) {
    static const struct {
        uint64_t bytes;
        int most;
    } cases[] = {{120000, 3}, {40000, 9}, {9000, 65}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(400, 300, 4, 8);
    uint32_t seed = 3;
    for (uint32_t y = 0; y < 300; y++)
        for (uint32_t x = 0; x < 400; x++) {
            next_random(&seed);
            api_set_sample(&p, y, x, 3, x / 2 + y / 10 + (seed >> 28));
        }
    int last = -1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.max_bytes = cases[i].bytes;
        o.effort = 0; /* alpha is divided up before any loop is closed */
        pith_bytes file = api_encode(&c, &p, &o);
        assert_true(file.n_bytes <= cases[i].bytes);
        pith_image q = api_decode(&c, file, NULL, 8);
        expect_alpha(&p, &q, cases[i].most);
        int worst = 0;
        for (uint32_t y = 0; y < 300; y++)
            for (uint32_t x = 0; x < 400; x++) {
                int d = abs((int)api_sample(&p, y, x, 3) - (int)api_sample(&q, y, x, 3));
                if (d > worst) worst = d;
            }
        assert_true(worst > last);
        last = worst;
        pith_bytes_free(&c.env, &file);
        free(q.pixels);
    }
    pith_source source;
    pith_bytes none;
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.max_bytes = 300;
    pith_source_from_image(&source, sizeof source, &p);
    assert_int_equal(pith_encode(c.encoder, &source, &o, &none), PITH_E_LIMIT);
    assert_non_null(strstr(pith_encoder_message(c.encoder), "most of it alpha"));
    free(p.pixels);
    api_close(&c);
}

static void expect_open(const byte_writer *w, pith_status expected, const char *words) {
    pith_decoder *d = NULL;
    assert_int_equal(pith_decoder_new(&d, NULL, NULL), PITH_OK);
    pith_status status = pith_decoder_open(d, w->data, w->n_bytes);
    if (status != expected || !strstr(pith_decoder_message(d), words))
        fail_msg("%s: %s", pith_status_name(status), pith_decoder_message(d));
    pith_decoder_free(&d);
}

static void chunks_of_alpha_have_their_place_and_number(void **state) {
    (void)state;
    ctr_head head = container_head(600, 40);
    head.alpha = true; /* of two slices */
    byte_writer w = container_file(&head);
    expect_open(&w, PITH_E_TRUNCATED, "0 of 2 slices of alpha");
    ctr_write_chunk(&w, 0x04, "\0\0\0\1\0", 5);
    expect_open(&w, PITH_E_TRUNCATED, "1 of 2 slices of alpha");
    byte_writer apart;
    bw_init(&apart, NULL);
    bw_bytes(&apart, w.data, w.n_bytes);
    ctr_write_chunk(&apart, 0xf0, "", 0);
    ctr_write_chunk(&apart, 0x04, "\0\0\0\1\0", 5);
    expect_open(&apart, PITH_E_FORMAT, "apart from the slices of alpha");
    bw_free(&apart);
    ctr_write_chunk(&w, 0x04, "\0\0\0\1\0", 5);
    expect_open(&w, PITH_OK, "");
    ctr_write_chunk(&w, 0x04, "\0\0\0\1\0", 5);
    expect_open(&w, PITH_E_FORMAT, "one slice of alpha more than the 2");
    bw_free(&w);

    w = container_start(&head);
    ctr_write_chunk(&w, 0x04, "\0\0\0\1\0", 5);
    expect_open(&w, PITH_E_FORMAT, "before the last latent slice");
    bw_free(&w);
    head.alpha = false;
    w = container_file(&head);
    ctr_write_chunk(&w, 0x04, "\0\0\0\1\0", 5);
    expect_open(&w, PITH_E_FORMAT, "more than the 0 of the picture");
    bw_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alpha_of_few_levels_comes_back_exactly_in_every_format),
        cmocka_unit_test(soft_alpha_is_near_and_exact_at_high_quality),
        cmocka_unit_test(an_opaque_picture_is_coded_without_alpha),
        cmocka_unit_test(hidden_colours_cost_nothing),
        cmocka_unit_test(edges_do_not_take_the_hidden_colour),
        cmocka_unit_test(a_size_counts_the_alpha),
        cmocka_unit_test(alpha_is_coarser_in_small_files),
        cmocka_unit_test(chunks_of_alpha_have_their_place_and_number),
    };
    return cmocka_run_group_tests_name("alpha", tests, NULL, NULL);
}
