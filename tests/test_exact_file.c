/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files of method exact through the library: without a model, whole and in
 * part, on any number of threads, in little memory, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_write.h"
#include "stages/exact_file.h"

static api_case no_model(const pith_env *env) {
    api_case c = {0};
    if (env)
        c.env = *env;
    else
        pith_env_defaults(&c.env, sizeof c.env);
    assert_int_equal(pith_encoder_new(&c.encoder, &c.env, NULL, NULL), PITH_OK);
    assert_int_equal(pith_decoder_new(&c.decoder, &c.env, NULL), PITH_OK);
    return c;
}

static pith_encode_options lossless(void) {
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.lossless = 1;
    return o;
}

static size_t n_bytes_of(const pith_image *p) { return p->stride_bytes * p->format.height; }

static void assert_same(const pith_image *a, const pith_image *b) {
    assert_int_equal(a->format.width, b->format.width);
    assert_int_equal(a->format.height, b->format.height);
    assert_int_equal(a->format.n_channels, b->format.n_channels);
    assert_int_equal(a->format.bit_depth, b->format.bit_depth);
    assert_memory_equal(a->pixels, b->pixels, n_bytes_of(a));
}

/* Waves with something in the opacity, where there is one. */
static pith_image picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth) {
    pith_image p = api_waves(width, height, n_channels, bit_depth);
    for (uint32_t y = 0; y < height && n_channels % 2 == 0; y++)
        for (uint32_t x = 0; x < width; x++)
            api_set_sample(&p, y, x, n_channels - 1u, x / 7 % 3 == 0 ? 0 : (x * 3 + y) % 256);
    return p;
}

/* Boxes of few colours: large, and quickly coded. */
static pith_image boxes(uint32_t width, uint32_t height, uint8_t n_channels) {
    pith_image p = api_picture(width, height, n_channels, 8);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t k = 0; k < n_channels; k++)
                api_set_sample(&p, y, x, k, (x / 67 * 3 + y / 53 * 5 + k) % 11 * 20);
    return p;
}

static void every_kind_comes_back_without_a_model(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    for (uint8_t n = 1; n <= 4; n++)
        for (uint8_t depth = 8; depth <= 16; depth = (uint8_t)(depth + 8)) {
            pith_image p = picture(61, 33, n, depth);
            pith_bytes file = api_encode(&c, &p, &o);
            pith_image back = api_decode(&c, file, NULL, depth);
            assert_same(&p, &back);
            pith_info info = {.struct_size = sizeof info};
            assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
            assert_int_equal(info.method, PITH_METHOD_EXACT);
            assert_int_equal(info.source_bit_depth, depth);
            assert_string_equal(info.model_name, "");
            free(p.pixels);
            free(back.pixels);
            pith_bytes_free(&c.env, &file);
        }
    api_close(&c);
}

static void a_tiny_picture_has_few_bytes_around_it(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = api_picture(1, 1, 3, 8);
    api_set_sample(&p, 0, 0, 0, 255);
    pith_bytes file = api_encode(&c, &p, &o);
    assert_true(file.n_bytes <= 30);
    free(p.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

static void depths_are_converted_for_the_sink(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    for (uint8_t depth = 8; depth <= 16; depth = (uint8_t)(depth + 8)) {
        pith_image p = picture(20, 10, 4, depth);
        pith_bytes file = api_encode(&c, &p, &o);
        pith_image back = api_decode(&c, file, NULL, (uint8_t)(24 - depth));
        for (uint32_t i = 0; i < 20 * 10 * 4; i++) {
            const unsigned v = api_sample(&p, i / 80, i % 80 / 4, i % 4),
                           w = api_sample(&back, i / 80, i % 80 / 4, i % 4);
            assert_int_equal(w, depth == 8 ? v * 257 : (v + 128) / 257);
        }
        free(p.pixels);
        free(back.pixels);
        pith_bytes_free(&c.env, &file);
    }
    api_close(&c);
}

/* Across the borders of slices. */
static void regions_are_parts_of_the_whole(void **state) {
    static const pith_area areas[] = {{0, 0, 1, 1},       {1020, 3, 10, 30},  {1500, 1030, 100, 11},
                                      {0, 1023, 1600, 2}, {1024, 1024, 1, 1}, {3, 0, 1400, 1041}};
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = boxes(1600, 1041, 3);
    pith_bytes file = api_encode(&c, &p, &o);
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        const pith_area a = areas[i];
        pith_decode_options d;
        pith_decode_options_defaults(&d, sizeof d);
        d.region = a;
        pith_image part = api_decode(&c, file, &d, 8);
        assert_int_equal(part.format.width, a.width);
        assert_int_equal(part.format.height, a.height);
        for (uint32_t y = 0; y < a.height; y++)
            assert_memory_equal((uint8_t *)part.pixels + y * part.stride_bytes,
                                (uint8_t *)p.pixels + (a.y + y) * p.stride_bytes + 3 * a.x, 3 * a.width);
        free(part.pixels);
    }
    pith_decode_options d;
    pith_decode_options_defaults(&d, sizeof d);
    d.region = (pith_area){1599, 0, 2, 1};
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &p);
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decode(c.decoder, NULL, &d, &sink), PITH_E_ARG);
    assert_non_null(strstr(pith_decoder_message(c.decoder), "not inside the picture"));
    free(p.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

static void previews_are_means_that_opacity_weighs(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = picture(37, 21, 4, 8);
    pith_bytes file = api_encode(&c, &p, &o);
    pith_decode_options d;
    pith_decode_options_defaults(&d, sizeof d);
    d.preview = 1;
    d.region = (pith_area){5, 3, 30, 14}; /* positions 0..4, 0..2 */
    pith_image back = api_decode(&c, file, &d, 8);
    assert_int_equal(back.format.width, 5);
    assert_int_equal(back.format.height, 3);
    for (uint32_t y = 0; y < 3; y++)
        for (uint32_t x = 0; x < 5; x++) {
            unsigned sum[4] = {0}, n = 0;
            for (uint32_t py = 8 * y; py < 8 * y + 8; py++)
                for (uint32_t px = 8 * x; px < 8 * x + 8; px++) {
                    if (px < 5 || px >= 35 || py < 3 || py >= 17) continue;
                    const unsigned a = api_sample(&p, py, px, 3);
                    for (uint32_t k = 0; k < 3; k++) sum[k] += a * api_sample(&p, py, px, k);
                    sum[3] += a;
                    n++;
                }
            assert_int_equal(api_sample(&back, y, x, 3), (sum[3] + n / 2) / n);
            for (uint32_t k = 0; k < 3; k++)
                assert_int_equal(api_sample(&back, y, x, k), sum[3] ? (sum[k] + sum[3] / 2) / sum[3] : 0);
        }
    free(p.pixels);
    free(back.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

static void bytes_depend_neither_on_threads_nor_on_memory(void **state) {
    (void)state;
    pith_image p = boxes(1100, 2050, 1);
    pith_bytes first = {0};
    for (int threads = 1; threads <= 4; threads++) {
        pith_env env;
        pith_env_defaults(&env, sizeof env);
        env.threads = threads;
        api_case c = no_model(&env);
        pith_encode_options o = lossless();
        if (threads == 3) o.max_memory_bytes = 60000000;
        pith_bytes file = api_encode(&c, &p, &o);
        pith_image back = api_decode(&c, file, NULL, 8);
        assert_same(&p, &back);
        free(back.pixels);
        if (threads == 1) {
            first = file;
        } else {
            assert_int_equal(file.n_bytes, first.n_bytes);
            assert_memory_equal(file.data, first.data, first.n_bytes);
            pith_bytes_free(&c.env, &file);
        }
        api_close(&c);
    }
    free(p.pixels);
    pith_bytes_free(NULL, &first);
}

static void too_little_memory_is_a_limit(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = boxes(1100, 1100, 3);
    pith_source source;
    pith_bytes file = {0};
    pith_source_from_image(&source, sizeof source, &p);
    o.max_memory_bytes = 1000000;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_LIMIT);
    assert_non_null(strstr(pith_encoder_message(c.encoder), "1000000 are allowed"));
    free(p.pixels);
    api_close(&c);
}

static void what_is_lossless_has_no_other_wishes(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_image p = picture(8, 8, 3, 8);
    pith_source source;
    pith_bytes file = {0};
    pith_source_from_image(&source, sizeof source, &p);
    for (unsigned i = 0; i < 4; i++) {
        pith_encode_options o = lossless();
        if (i == 0) o.max_bytes = 1000;
        if (i == 1) o.faithful = PITH_LEVEL_LOOSE;
        if (i == 2) o.method = PITH_METHOD_PALETTE;
        if (i == 3) o.lossless = 0; /* and no model */
        assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_ARG);
        assert_true(pith_encoder_message(c.encoder)[0] != '\0');
    }
    pith_encode_options o = lossless();
    o.lossless = 0;
    o.method = PITH_METHOD_EXACT; /* the same in other words */
    file = api_encode(&c, &p, &o);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void metadata_travel_along(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = picture(9, 9, 1, 16);
    o.xmp = (pith_span){(const uint8_t *)"<x/>", 4};
    pith_bytes file = api_encode(&c, &p, &o);
    const uint8_t *data;
    size_t n_bytes;
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_metadata(c.decoder, PITH_METADATA_XMP, &data, &n_bytes), PITH_OK);
    assert_int_equal(n_bytes, 4);
    assert_memory_equal(data, "<x/>", 4);
    free(p.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

static void a_lost_slice_comes_out_grey_and_the_others_whole(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = boxes(1030, 20, 3);
    pith_bytes file = api_encode(&c, &p, &o);
    pith_chunk_info chunk = {.struct_size = sizeof chunk};
    pith_area lost;
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_chunk(c.decoder, 2, &chunk), PITH_OK);
    assert_string_equal(chunk.name, "EXCT");
    file.data[chunk.offset + chunk.n_bytes / 2] ^= 1;
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_E_CHECKSUM);
    assert_int_equal(pith_decoder_open_damaged(c.decoder, file.data, file.n_bytes), PITH_OK);
    pith_image back = api_picture(1030, 20, 3, 8);
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &back);
    assert_int_equal(pith_decode(c.decoder, NULL, NULL, &sink), PITH_OK);
    assert_int_equal(pith_decoder_lost(c.decoder, 0, &lost), 1);
    assert_int_equal(lost.x, 1024);
    assert_int_equal(lost.width, 6);
    assert_int_equal(lost.height, 20);
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 0; x < 1030; x++)
            assert_int_equal(api_sample(&back, y, x, 1), x < 1024 ? api_sample(&p, y, x, 1) : 128);
    free(p.pixels);
    free(back.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

/* A slice whose checksum is not that of its samples, in a file whose CRCs are right. */
static void another_checksum_is_noticed(void **state) {
    (void)state;
    api_case c = no_model(NULL);
    pith_encode_options o = lossless();
    pith_image p = picture(14, 14, 1, 8);
    pith_bytes good = api_encode(&c, &p, &o);
    pith_chunk_info chunk = {.struct_size = sizeof chunk};
    byte_writer w;
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &p);
    bw_init(&w, NULL);
    assert_int_equal(pith_decoder_open(c.decoder, good.data, good.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_chunk(c.decoder, 1, &chunk), PITH_OK);
    const uint8_t *payload = good.data + chunk.offset + 2; /* type, length of one byte */
    assert_true(chunk.n_bytes < 128);
    bw_bytes(&w, good.data, (size_t)chunk.offset);
    ctr_write_exact(&w, (uint16_t)(1 ^ (payload[0] | payload[1] << 8)), payload + 2, (size_t)chunk.n_bytes - 2 - 2 - 4);
    assert_int_equal(pith_decoder_open(c.decoder, w.data, w.n_bytes), PITH_OK);
    assert_int_equal(pith_decode(c.decoder, NULL, NULL, &sink), PITH_E_CHECKSUM);
    bw_free(&w);
    pith_bytes_free(&c.env, &good);
    free(p.pixels);
    api_close(&c);
}

static void gives_up_early_and_leaves_nothing(void **state) {
    (void)state;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    pith_image p = picture(300, 300, 3, 8);
    pith_source source;
    byte_writer file;
    bool fits = true;
    exact_file_wish wish = {.max_bytes = UINT64_MAX, .stage = "coding", .span = {0, 1}};
    pith_source_from_image(&source, sizeof source, &p);
    bw_init(&file, NULL);
    assert_int_equal(exact_file_write(&file, &env, &source, &wish, &fits, NULL), PITH_OK);
    assert_true(fits);
    const size_t needed = file.n_bytes;
    bw_free(&file);
    for (size_t less = 0; less < 2; less++) {
        wish.max_bytes = needed - less;
        assert_int_equal(exact_file_write(&file, &env, &source, &wish, &fits, NULL), PITH_OK);
        assert_int_equal(fits, less == 0);
        assert_int_equal(file.n_bytes, less == 0 ? needed : 0);
        bw_free(&file);
    }
    free(p.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_without_a_model),
        cmocka_unit_test(a_tiny_picture_has_few_bytes_around_it),
        cmocka_unit_test(depths_are_converted_for_the_sink),
        cmocka_unit_test(regions_are_parts_of_the_whole),
        cmocka_unit_test(previews_are_means_that_opacity_weighs),
        cmocka_unit_test(bytes_depend_neither_on_threads_nor_on_memory),
        cmocka_unit_test(too_little_memory_is_a_limit),
        cmocka_unit_test(what_is_lossless_has_no_other_wishes),
        cmocka_unit_test(metadata_travel_along),
        cmocka_unit_test(a_lost_slice_comes_out_grey_and_the_others_whole),
        cmocka_unit_test(another_checksum_is_noticed),
        cmocka_unit_test(gives_up_early_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
