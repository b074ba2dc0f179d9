/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Residuals and promises through the public API, with the tiny model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_read.h"
#include "fidelity/tile_error.h"
#include "random_bits.h"
#include "residual/residual_coder.h"

/* Bars and dots in four colours: what no tiny network can keep. */
static pith_image drawn(uint32_t width, uint32_t height, uint8_t n_channels) {
    static const unsigned colours[4][3] = {{255, 255, 255}, {10, 20, 30}, {200, 30, 30}, {40, 90, 220}};
    pith_image p = api_picture(width, height, n_channels, 8);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            unsigned which = x / 5 % 4 == 1 && y / 9 % 2 ? 1 : x > 60 && y > 50 ? 2 + (x + y) / 4 % 2 : 0;
            for (uint32_t c = 0; c < n_channels; c++) api_set_sample(&p, y, x, c, colours[which][c]);
        }
    return p;
}

/* The same, shaded and grainy: no few colours will do, and no exact file is small. */
static pith_image shaded(uint32_t width, uint32_t height, uint8_t n_channels) {
    pith_image p = drawn(width, height, n_channels);
    uint32_t seed = 11;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                unsigned v = api_sample(&p, y, x, c) * (200 + (x * (c + 1) + y) % 50) / 255 + random_below(&seed, 4);
                api_set_sample(&p, y, x, c, v < 255 ? v : 255);
            }
    return p;
}

static double squared_error(const pith_image *a, const pith_image *b) {
    double sum = 0;
    for (uint32_t y = 0; y < a->format.height; y++)
        for (uint32_t x = 0; x < a->format.width; x++)
            for (uint32_t c = 0; c < a->format.n_channels; c++) {
                double e = (double)api_sample(a, y, x, c) - (double)api_sample(b, y, x, c);
                sum += e * e;
            }
    return sum / ((double)a->format.width * a->format.height * a->format.n_channels);
}

/* What the network makes of a file without its residual. */
static pith_image decode_alone(api_case *c, pith_bytes file, uint8_t bit_depth) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.no_residual = 1;
    return api_decode(c, file, &o, bit_depth);
}

static void drawings_are_mended_by_a_residual(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    for (uint8_t n_channels = 1; n_channels <= 3; n_channels += 2) {
        pith_image p = shaded(150, 120, n_channels);
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        assert_int_equal(o.effort, 1);
        o.faithful = PITH_LEVEL_NORMAL; /* which the network alone cannot keep */
        pith_bytes file = api_encode(&c, &p, &o);
        pith_image mended = api_decode(&c, file, NULL, 8);
        pith_info info = {.struct_size = sizeof info};
        assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
        assert_true(info.n_residual_bytes > 0 && info.n_residual_bytes < file.n_bytes);
        pith_image alone = decode_alone(&c, file, 8);
        assert_true(squared_error(&p, &mended) < 0.1 * squared_error(&p, &alone));
        pith_image deep = api_decode(&c, file, NULL, 16);
        for (uint32_t x = 0; x < 150; x++)
            assert_in_range(api_sample(&deep, 60, x, 0) + 257u, 257u * api_sample(&mended, 60, x, 0),
                            257u * api_sample(&mended, 60, x, 0) + 2u * 257u); /* finer, or rounded twice */
        pith_bytes_free(&c.env, &file);
        free(p.pixels);
        free(mended.pixels);
        free(alone.pixels);
        free(deep.pixels);
    }
    api_close(&c);
}

/* From less than latents need to more than the picture takes exactly. */
static void every_size_is_kept_and_more_is_not_worse(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    for (int kind = 0; kind < 2; kind++) {
        pith_image p = kind ? shaded(150, 120, 3) : drawn(150, 120, 3);
        double best = -1000;
        bool was_exact = false;
        for (uint64_t size = 250; size < 60000; size += size / 2) {
            pith_encode_options o;
            pith_encode_options_defaults(&o, sizeof o);
            o.max_bytes = size;
            pith_bytes file = api_encode(&c, &p, &o);
            pith_image decoded = api_decode(&c, file, NULL, 8);
            pith_info info = {.struct_size = sizeof info};
            assert_true(file.n_bytes <= size);
            assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
            const double score = api_compare(&p, &decoded, PITH_MEASURE_SSIMULACRA2).ssimulacra2;
            assert_true(score > best - 0.3);
            assert_true(info.lossless || !was_exact);
            assert_int_equal(info.lossless, squared_error(&p, &decoded) == 0);
            was_exact = info.lossless;
            best = score > best ? score : best;
            pith_bytes_free(&c.env, &file);
            free(decoded.pixels);
        }
        assert_true(was_exact);
        free(p.pixels);
    }
    api_close(&c);
}

/* The rule of doc/format.md, section 21, from the network's samples and the coder alone. */
static void samples_of_16_bits_move_by_whole_levels_of_8(void **unused) {
    (void)unused;
    enum { WIDTH = 70, HEIGHT = 40, COUNT = WIDTH * HEIGHT * 3 };
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = shaded(WIDTH, HEIGHT, 3);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.faithful = PITH_LEVEL_LOOSE;
    pith_bytes bytes = api_encode(&c, &p, &o);
    pith_image mended = api_decode(&c, bytes, NULL, 16);
    pith_image alone = decode_alone(&c, bytes, 16);

    static uint8_t before[COUNT], after[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        before[i] = (uint8_t)((255u * api_sample(&alone, i / 3 / WIDTH, i / 3 % WIDTH, i % 3) + 32767u) / 65535u);
    memcpy(after, before, COUNT);
    ctr_file file;
    const uint8_t *coded;
    size_t coded_bytes;
    res_coder *coder;
    res_view view = {after, WIDTH * 3, WIDTH, HEIGHT, 3, 3};
    assert_int_equal(ctr_read(&file, bytes.data, bytes.n_bytes, &c.env, NULL), PITH_OK);
    assert_int_equal(ctr_read_residual(&file, 0, &coded, &coded_bytes, NULL), PITH_OK);
    assert_int_equal(res_coder_new(&coder, NULL, false), PITH_OK);
    assert_int_equal(res_decode(coder, coded, coded_bytes, &view, NULL), PITH_OK);
    for (uint32_t i = 0; i < COUNT; i++) {
        int v = (int)api_sample(&alone, i / 3 / WIDTH, i / 3 % WIDTH, i % 3) + 257 * (after[i] - before[i]);
        int expected = v < 0 ? 0 : v > 65535 ? 65535 : v;
        assert_int_equal(api_sample(&mended, i / 3 / WIDTH, i / 3 % WIDTH, i % 3), expected);
    }
    assert_memory_not_equal(before, after, COUNT);
    res_coder_free(&coder);
    ctr_file_free(&file, &c.env);
    pith_bytes_free(&c.env, &bytes);
    free(p.pixels);
    free(mended.pixels);
    free(alone.pixels);
    api_close(&c);
}

/* The network alone makes bands of it, without any loss of structure. Below it is noise, whose latents take far more
 * bytes than the correction. */
static void a_smooth_area_gets_its_colour(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_picture(160, 120, 3, 8);
    uint32_t seed = 4;
    for (uint32_t y = 0; y < 120; y++)
        for (uint32_t x = 0; x < 160; x++)
            for (uint32_t i = 0; i < 3; i++)
                api_set_sample(&p, y, x, i, 20 + 20 * i + x + y / 4 + random_below(&seed, y < 60 ? 4 : 70));
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    pith_bytes file = api_encode(&c, &p, &o);
    pith_image mended = api_decode(&c, file, NULL, 8);
    pith_image alone = decode_alone(&c, file, 8);
    p.format.height = mended.format.height = alone.format.height = 60;
    assert_true(squared_error(&p, &mended) < 0.3 * squared_error(&p, &alone));
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    free(mended.pixels);
    free(alone.pixels);
    api_close(&c);
}

static void effort_0_is_the_network_alone(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = drawn(64, 48, 3);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    pith_bytes file = api_encode(&c, &p, &o);
    pith_info info = {.struct_size = sizeof info};
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
    assert_int_equal(info.n_residual_bytes, 0);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void a_promise_is_kept_and_recorded(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    for (int level = PITH_LEVEL_LOOSE; level <= PITH_LEVEL_STRICT; level++) {
        pith_image p = level == PITH_LEVEL_NORMAL ? drawn(100, 70, 3) : api_waves(100, 70, 3, 8);
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.faithful = (pith_level)level;
        pith_bytes file = api_encode(&c, &p, &o);
        pith_image r = api_decode(&c, file, NULL, 8);
        pith_info info = {.struct_size = sizeof info};
        assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
        assert_int_equal(info.faithful, level);
        assert_true(info.worst_tile <= info.bound);
        fid_tile tiles[4 * 3];
        fid_meter *meter;
        float worst = 0;
        assert_int_equal(fid_meter_new(&meter, NULL, 100, 70, 3), PITH_OK);
        fid_measure(meter, p.pixels, p.stride_bytes, r.pixels, r.stride_bytes, tiles);
        for (size_t i = 0; i < 12; i++) {
            assert_true(tiles[i].sure <= fid_level_bound((fid_level)level));
            if (tiles[i].error > worst) worst = tiles[i].error;
        }
        assert_true(info.worst_tile > (double)worst - 1e-4 && info.worst_tile < (double)worst + 1e-4);
        fid_meter_free(&meter);
        pith_bytes_free(&c.env, &file);
        free(p.pixels);
        free(r.pixels);
    }
    api_close(&c);
}

/* A recipe says which decoder the promise holds for, though nothing is mended. */
static void a_promise_has_a_recipe_where_nothing_is_mended(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_picture(40, 40, 3, 8); /* grain that no level asks for */
    uint32_t seed = 8;
    for (uint32_t i = 0; i < 40 * 40 * 3; i++)
        api_set_sample(&p, i / 3 / 40, i / 3 % 40, i % 3, 127 + random_below(&seed, 3));
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.quality = 60;
    o.effort = 0;
    o.faithful = PITH_LEVEL_LOOSE;
    pith_bytes file = api_encode(&c, &p, &o);
    pith_image r = api_decode(&c, file, NULL, 8);
    pith_info info = {.struct_size = sizeof info};
    assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
    assert_int_equal(info.faithful, PITH_LEVEL_LOOSE);
    pith_chunk_info chunk = {.struct_size = sizeof chunk, .name = ""};
    for (uint32_t i = 1; i < info.n_chunks && strcmp(chunk.name, "RESD") != 0; i++)
        assert_int_equal(pith_decoder_chunk(c.decoder, i, &chunk), PITH_OK);
    assert_string_equal(chunk.name, "RESD");
    assert_int_equal(chunk.n_bytes, 16); /* the recipe alone */
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    free(r.pixels);
    api_close(&c);
}

/* Lines of letters: stems and bars of two pixels, of which no two are alike; over a ground that is not flat. */
static pith_image page_of_text(void) {
    pith_image p = api_picture(192, 128, 3, 8);
    uint32_t seed = 3;
    bool inked[128][192] = {{false}};
    for (uint32_t y = 3; y < 128; y += 32)
        for (uint32_t x = 8; x < 180; x += 8) {
            const uint32_t bar = 2 * random_below(&seed, 5), stem = 2 + 2 * random_below(&seed, 2);
            for (uint32_t j = 0; j < 10; j++)
                for (uint32_t i = 0; i < 6; i++)
                    inked[y + j][x + i] = i < 2 || (j / 2 * 2 == bar) || (j > bar && i / 2 * 2 == stem);
        }
    for (uint32_t y = 0; y < 128; y++)
        for (uint32_t x = 0; x < 192; x++)
            for (uint32_t c = 0; c < 3; c++)
                api_set_sample(&p, y, x, c, (inked[y][x] ? 20 : 180 + x / 4) + random_below(&seed, 12));
    return p;
}

/* Levels from a sample to the next of a line of text: how much of its letters is there. */
static double strokes(const pith_image *p) {
    double sum = 0;
    for (uint32_t y = 3; y < 13; y++)
        for (uint32_t x = 16; x < 160; x++) sum += abs((int)api_sample(p, y, x, 1) - (int)api_sample(p, y, x + 1, 1));
    return sum / (10 * 144);
}

/* With the built-in model, which makes other letters: the tiny one makes noise. */
static void text_that_a_size_cannot_keep_is_blurred(void **unused) {
    (void)unused;
    const char *root = getenv("PITH_SOURCE_DIR");
    char model[4096];
    snprintf(model, sizeof model, "%s/models/mini-5.safetensors", root ? root : ".");
    api_case c;
    api_open(&c, model, NULL);
    pith_image p = page_of_text();
    double left[2];
    for (int effort = 0; effort < 2; effort++) { /* 0: the network alone, as if there were no blur */
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.max_bytes = 200;
        o.effort = effort;
        pith_bytes file = api_encode(&c, &p, &o);
        assert_true(file.n_bytes <= o.max_bytes);
        pith_image decoded = api_decode(&c, file, NULL, 8);
        left[effort] = strokes(&decoded);
        pith_bytes_free(&c.env, &file);
        free(decoded.pixels);
    }
    print_message("strokes: %g of the original, %g of the network, %g blurred\n", strokes(&p), left[0], left[1]);
    assert_true(left[1] < 0.5 * left[0]);
    free(p.pixels);
    api_close(&c);
}

static void every_cut_of_a_mended_file_is_refused(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = drawn(64, 64, 3);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.max_bytes = 1200;
    pith_bytes file = api_encode(&c, &p, &o);
    for (size_t n = 0; n < file.n_bytes; n++) assert_int_not_equal(pith_decoder_open(c.decoder, file.data, n), PITH_OK);
    for (size_t i = 0; i < file.n_bytes; i++) {
        file.data[i] ^= 0x10;
        assert_int_not_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
        file.data[i] ^= 0x10;
    }
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void wrong_options_are_errors(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = drawn(64, 64, 3);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.faithful = PITH_LEVEL_NORMAL;
    o.max_bytes = 1000;
    pith_source source;
    pith_source_from_image(&source, sizeof source, &p);
    pith_bytes file;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_ARG);
    o.max_bytes = 0;
    o.effort = 4;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_ARG);
    free(p.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawings_are_mended_by_a_residual),
        cmocka_unit_test(every_size_is_kept_and_more_is_not_worse),
        cmocka_unit_test(samples_of_16_bits_move_by_whole_levels_of_8),
        cmocka_unit_test(a_smooth_area_gets_its_colour),
        cmocka_unit_test(effort_0_is_the_network_alone),
        cmocka_unit_test(a_promise_is_kept_and_recorded),
        cmocka_unit_test(a_promise_has_a_recipe_where_nothing_is_mended),
        cmocka_unit_test(text_that_a_size_cannot_keep_is_blurred),
        cmocka_unit_test(every_cut_of_a_mended_file_is_refused),
        cmocka_unit_test(wrong_options_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
