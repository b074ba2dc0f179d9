/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The public API on the tiny model: round trips, sizes, rate, tiles, threads,
 * cancel, failing memory. Only the tile test looks inside the library. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/pith.h>

#include "picture/tiles.h"

static char model_path[4096];

/* ---- pictures ------------------------------------------------------------------------ */

static pith_image make_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth, uint32_t seed) {
    size_t sample = bit_depth / 8, stride = (size_t)width * n_channels * sample;
    pith_image p = {{width, height, n_channels, bit_depth}, calloc(height, stride), stride};
    assert_non_null(p.pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                double v = 0.5 + 0.25 * sin((x + seed) * 0.11 + c) + 0.2 * cos((y + 3 * seed) * 0.07 - c);
                size_t i = ((size_t)y * width + x) * n_channels + c;
                if (bit_depth == 16)
                    ((uint16_t *)p.pixels)[i] = (uint16_t)(v * 65535);
                else
                    ((uint8_t *)p.pixels)[i] = (uint8_t)(v * 255);
            }
    return p;
}

static pith_image empty_like(const pith_image *p) {
    pith_image q = *p;
    q.pixels = calloc(p->format.height, p->stride_bytes);
    assert_non_null(q.pixels);
    return q;
}

static double psnr(const pith_image *a, const pith_image *b) {
    size_t n = (size_t)a->format.width * a->format.height * a->format.n_channels;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        bool wide = a->format.bit_depth == 16;
        double x = wide ? ((uint16_t *)a->pixels)[i] / 65535.0 : ((uint8_t *)a->pixels)[i] / 255.0;
        double y = wide ? ((uint16_t *)b->pixels)[i] / 65535.0 : ((uint8_t *)b->pixels)[i] / 255.0;
        sum += (x - y) * (x - y);
    }
    return -10 * log10(sum / (double)n + 1e-12);
}

/* ---- one encoder and one decoder -------------------------------------------------------- */

typedef struct codec {
    pith_env env;
    pith_model *model;
    pith_encoder *encoder;
    pith_decoder *decoder;
} codec;

static void codec_open(codec *c, const pith_env *env) {
    pith_diag why = {0};
    if (env)
        c->env = *env;
    else
        pith_env_defaults(&c->env, sizeof c->env);
    if (pith_model_open(&c->model, &c->env, model_path, &why) != PITH_OK) fail_msg("model: %s", why.message);
    if (pith_encoder_new(&c->encoder, &c->env, c->model, &why) != PITH_OK) fail_msg("encoder: %s", why.message);
    if (pith_decoder_new(&c->decoder, &c->env, &why) != PITH_OK) fail_msg("decoder: %s", why.message);
}

static void codec_close(codec *c) {
    pith_decoder_free(&c->decoder);
    pith_encoder_free(&c->encoder);
    pith_model_free(&c->model);
}

static pith_bytes encode(codec *c, const pith_image *p, float quality, uint64_t max_bytes) {
    pith_source source;
    pith_encode_options o;
    pith_bytes file = {0};
    pith_source_from_image(&source, sizeof source, p);
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0; /* the latents alone; test_closed_loop.c has the rest */
    o.quality = quality;
    o.max_bytes = max_bytes;
    if (pith_encode(c->encoder, &source, &o, &file) != PITH_OK)
        fail_msg("encode: %s", pith_encoder_message(c->encoder));
    return file;
}

static pith_image decode(codec *c, pith_bytes file, const pith_image *like) {
    pith_image q = empty_like(like);
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &q);
    if (pith_decoder_open(c->decoder, file.data, file.n_bytes) != PITH_OK ||
        pith_decode(c->decoder, c->model, NULL, &sink) != PITH_OK)
        fail_msg("decode: %s", pith_decoder_message(c->decoder));
    return q;
}

/* ---- claims --------------------------------------------------------------------------- */

static void every_size_and_kind_of_picture_comes_back(void **state) {
    static const uint32_t sizes[][2] = {{1, 1}, {7, 13}, {8, 8}, {1, 500}, {500, 1}, {64, 48}, {65, 47}};
    (void)state;
    codec c;
    codec_open(&c, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = 0; kind < 4; kind++) {
            pith_image p = make_picture(sizes[i][0], sizes[i][1], kind & 1 ? 3 : 1, kind & 2 ? 16 : 8, 5);
            pith_bytes file = encode(&c, &p, 100, 0);
            pith_image q = decode(&c, file, &p);
            pith_info info = {.struct_size = sizeof info};
            assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
            assert_int_equal(info.format.width, sizes[i][0]);
            assert_int_equal(info.format.height, sizes[i][1]);
            assert_int_equal(info.format.n_channels, kind & 1 ? 3 : 1);
            assert_string_equal(info.model_name, "tiny-1");
            double db = psnr(&p, &q);
            if (db < 18) fail_msg("%ux%u kind %d: %.1f dB", sizes[i][0], sizes[i][1], kind, db);
            pith_bytes_free(&c.env, &file);
            free(p.pixels);
            free(q.pixels);
        }
    codec_close(&c);
}

static void a_higher_quality_is_larger_and_nearer(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    pith_image p = make_picture(200, 120, 3, 8, 1);
    size_t last_bytes = 0;
    double first_db = 0, db = 0;
    for (int quality = 0; quality <= 100; quality += 20) {
        pith_bytes file = encode(&c, &p, (float)quality, 0);
        pith_image q = decode(&c, file, &p);
        db = psnr(&p, &q);
        if (quality == 0) first_db = db;
        assert_true(file.n_bytes > last_bytes);
        last_bytes = file.n_bytes;
        pith_bytes_free(&c.env, &file);
        free(q.pixels);
    }
    assert_true(db > first_db);
    free(p.pixels);
    codec_close(&c);
}

static void a_size_is_met_from_below_and_nearly_used(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    pith_image p = make_picture(320, 240, 3, 8, 2);
    pith_bytes best = encode(&c, &p, 100, 0), least = {0};
    for (uint64_t size = 150; size < best.n_bytes; size = size * 4 / 3) {
        pith_bytes file = encode(&c, &p, 50, size);
        assert_true(file.n_bytes <= size);
        if (size > 400 && (double)file.n_bytes < 0.95 * (double)size) /* short files move in larger steps */
            fail_msg("asked for %u bytes, got %u", (unsigned)size, (unsigned)file.n_bytes);
        pith_bytes_free(&c.env, &file);
    }
    pith_bytes roomy = encode(&c, &p, 50, 1u << 30);
    assert_int_equal(roomy.n_bytes, best.n_bytes);
    assert_memory_equal(roomy.data, best.data, best.n_bytes);

    pith_source source;
    pith_encode_options o;
    pith_source_from_image(&source, sizeof source, &p);
    pith_encode_options_defaults(&o, sizeof o);
    o.max_bytes = 20;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &least), PITH_E_LIMIT);
    assert_non_null(strstr(pith_encoder_message(c.encoder), "20 bytes"));
    assert_null(least.data);
    pith_bytes_free(&c.env, &best);
    pith_bytes_free(&c.env, &roomy);
    free(p.pixels);
    codec_close(&c);
}

static void arguments_out_of_range_are_refused(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    pith_image p = make_picture(16, 16, 3, 8, 0);
    pith_source source;
    pith_encode_options o;
    pith_bytes file = {0};
    pith_source_from_image(&source, sizeof source, &p);
    pith_encode_options_defaults(&o, sizeof o);
    o.quality = NAN;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_ARG);
    o.quality = 101;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &file), PITH_E_ARG);
    source.format.n_channels = 5;
    assert_int_equal(pith_encode(c.encoder, &source, NULL, &file), PITH_E_ARG);
    source.format.n_channels = 3;
    source.format.width = 0;
    assert_int_equal(pith_encode(c.encoder, &source, NULL, &file), PITH_E_ARG);
    source.format.width = 70000;
    assert_int_equal(pith_encode(c.encoder, &source, NULL, &file), PITH_E_LIMIT);
    assert_int_equal(pith_encode(NULL, &source, NULL, &file), PITH_E_ARG);
    assert_int_equal(pith_encode(c.encoder, NULL, NULL, &file), PITH_E_ARG);
    assert_int_equal(pith_decode(c.decoder, c.model, NULL, NULL), PITH_E_ARG);
    pith_model *none = NULL;
    pith_diag why;
    assert_int_equal(pith_model_open(&none, NULL, "/nonexistent/model", &why), PITH_E_IO);
    assert_null(none);
    free(p.pixels);
    codec_close(&c);
}

static pith_status refuse_row(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_E_IO;
}

static pith_status refuse_write(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_E_IO;
}

static void faults_of_the_callbacks_come_through(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    pith_image p = make_picture(16, 16, 3, 8, 0);
    pith_source source = {.struct_size = sizeof source, .format = p.format, .read_rows = refuse_row};
    pith_bytes file = {0}, good = encode(&c, &p, 50, 0);
    assert_int_equal(pith_encode(c.encoder, &source, NULL, &file), PITH_E_IO);
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = refuse_write};
    assert_int_equal(pith_decoder_open(c.decoder, good.data, good.n_bytes), PITH_OK);
    assert_int_equal(pith_decode(c.decoder, c.model, NULL, &sink), PITH_E_IO);
    pith_bytes_free(&c.env, &good);
    free(p.pixels);
    codec_close(&c);
}

/* Stops at the n-th report. */
static int stop_later(void *user, const char *stage, double done) {
    int *left = user;
    assert_non_null(stage);
    assert_true(done >= 0 && done <= 1);
    return (*left)-- == 0;
}

static void cancel_is_honoured_at_every_report(void **state) {
    (void)state;
    pith_image p = make_picture(40, 40, 3, 8, 0);
    for (int n = 0;; n++) {
        int left = n;
        codec c;
        pith_env env;
        pith_env_defaults(&env, sizeof env);
        codec_open(&c, &env);
        pith_encoder_free(&c.encoder);
        env.progress = (pith_progress){stop_later, &left};
        assert_int_equal(pith_encoder_new(&c.encoder, &env, c.model, NULL), PITH_OK);
        pith_source source;
        pith_encode_options o;
        pith_bytes file = {0};
        pith_source_from_image(&source, sizeof source, &p);
        pith_encode_options_defaults(&o, sizeof o);
        o.max_bytes = 400;
        pith_status status = pith_encode(c.encoder, &source, &o, &file);
        bool aborted = status == PITH_E_ABORTED;
        if (!aborted) assert_int_equal(status, PITH_OK);
        pith_bytes_free(&env, &file);
        codec_close(&c);
        if (!aborted) {
            assert_true(n > 3);
            break;
        }
    }
    free(p.pixels);
}

/* ---- tiles: the same picture whole and in tiles ------------------------------------------- */

static void windows_hold_core_and_halo(void **state) {
    (void)state;
    for (uint32_t length = 1; length < 1500; length += 7)
        for (uint32_t halo = 0; halo < 30; halo += 5) {
            tile_grid g = tile_grid_make(length, length, (tile_reach){192, 192, halo});
            uint32_t next = 0;
            for (uint32_t i = 0; i < g.x.count; i++) {
                tile_span s = tile_axis_span(&g.x, i);
                assert_int_equal(s.core_start, next);
                assert_true(s.core_length > 0);
                next += s.core_length;
                uint32_t window_end = s.window_start + g.x.window;
                assert_true(window_end <= length);
                assert_true(s.window_start == 0 || s.core_start - s.window_start >= halo);
                assert_true(window_end == length || window_end >= next + halo);
                assert_true(s.window_start <= s.core_start && window_end >= next);
            }
            assert_int_equal(next, length);
        }
}

/* A strip longer than a tile: its left part is decoded by several windows, and
 * equals, sample by sample, what a shorter file of the same latents gives. */
static void tiles_leave_no_seams(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    pith_image p = make_picture(8 * 450, 24, 3, 8, 9);
    pith_bytes file = encode(&c, &p, 70, 0);
    pith_image q = decode(&c, file, &p);
    /* Kept short enough to be one window; the tile border of the long strip lies inside. */
    pith_image shorter = p;
    shorter.format.width = 8 * 190;
    pith_bytes short_file = encode(&c, &shorter, 70, 0);
    pith_image whole = decode(&c, short_file, &shorter);
    tile_grid g = tile_grid_make(450, 3, (tile_reach){192, 192, 20});
    assert_true(g.x.count > 1);
    uint32_t border = g.x.core * 8;
    assert_true(border + 100 < shorter.format.width);
    for (uint32_t y = 0; y < 24; y++)
        for (uint32_t i = 0; i < 3 * (border + 100); i++) {
            int a = ((uint8_t *)q.pixels)[y * q.stride_bytes + i],
                b = ((uint8_t *)whole.pixels)[y * whole.stride_bytes + i];
            if (a != b) fail_msg("row %u, sample %u (border at %u): %d and %d", y, i, 3 * border, a, b);
        }
    pith_bytes_free(&c.env, &file);
    pith_bytes_free(&c.env, &short_file);
    free(p.pixels);
    free(q.pixels);
    free(whole.pixels);
    codec_close(&c);
}

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct thread_job {
    pith_model *model;
    pith_image picture;
    pith_bytes file;
    pith_image decoded;
} thread_job;

static void *run_job(void *user) {
    thread_job *job = user;
    codec c = {.model = pith_model_ref(job->model)};
    pith_env_defaults(&c.env, sizeof c.env);
    if (pith_encoder_new(&c.encoder, &c.env, c.model, NULL) == PITH_OK &&
        pith_decoder_new(&c.decoder, &c.env, NULL) == PITH_OK) {
        job->file = encode(&c, &job->picture, 60, 900);
        job->decoded = decode(&c, job->file, &job->picture);
    }
    codec_close(&c);
    return NULL;
}

static void two_threads_on_one_model_make_the_same_bytes(void **state) {
    (void)state;
    codec c;
    codec_open(&c, NULL);
    for (int round = 0; round < 3; round++) {
        thread_job serial[2], parallel[2];
        pthread_t threads[2];
        for (uint32_t i = 0; i < 2; i++) {
            serial[i] = (thread_job){.model = c.model, .picture = make_picture(210 + 60 * i, 170, 3, 8, i)};
            parallel[i] = serial[i];
        }
        for (int i = 0; i < 2; i++) run_job(&serial[i]);
        for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, run_job, &parallel[i]), 0);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
        for (int i = 0; i < 2; i++) {
            assert_true(serial[i].file.n_bytes > 0);
            assert_int_equal(serial[i].file.n_bytes, parallel[i].file.n_bytes);
            assert_memory_equal(serial[i].file.data, parallel[i].file.data, serial[i].file.n_bytes);
            assert_memory_equal(serial[i].decoded.pixels, parallel[i].decoded.pixels,
                                serial[i].decoded.stride_bytes * 170);
            pith_bytes_free(&c.env, &serial[i].file);
            pith_bytes_free(&c.env, &parallel[i].file);
            free(serial[i].decoded.pixels);
            free(parallel[i].decoded.pixels);
            free(serial[i].picture.pixels);
        }
    }
    codec_close(&c);
}

/* ---- memory that runs out ------------------------------------------------------------------ */

typedef struct failing {
    long left, n_live;
} failing;

static void *failing_alloc(void *user, size_t n_bytes) {
    failing *f = user;
    if (f->left-- <= 0) return NULL;
    f->n_live++;
    return malloc(n_bytes);
}

static void failing_free(void *user, void *block) {
    failing *f = user;
    if (block) f->n_live--;
    free(block);
}

static pith_status whole_job(const pith_env *env, const pith_image *p) {
    pith_model *model = NULL;
    pith_encoder *encoder = NULL;
    pith_decoder *decoder = NULL;
    pith_bytes file = {0};
    pith_source source;
    pith_sink sink;
    pith_image q = empty_like(p);
    pith_source_from_image(&source, sizeof source, p);
    pith_sink_to_image(&sink, sizeof sink, &q);
    pith_status status = pith_model_open(&model, env, model_path, NULL);
    if (status == PITH_OK) status = pith_encoder_new(&encoder, env, model, NULL);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    if (status == PITH_OK) status = pith_encode(encoder, &source, &o, &file);
    if (status == PITH_OK) status = pith_decoder_new(&decoder, env, NULL);
    if (status == PITH_OK) status = pith_decoder_open(decoder, file.data, file.n_bytes);
    if (status == PITH_OK) status = pith_decode(decoder, model, NULL, &sink);
    pith_bytes_free(env, &file);
    pith_decoder_free(&decoder);
    pith_encoder_free(&encoder);
    pith_model_free(&model);
    free(q.pixels);
    return status;
}

static void every_failing_allocation_is_reported_and_nothing_leaks(void **state) {
    (void)state;
    pith_image p = make_picture(24, 16, 3, 8, 0);
    pith_status status = PITH_E_NOMEM;
    for (long n = 0; status != PITH_OK; n++) {
        failing f = {.left = n};
        pith_env env;
        pith_env_defaults(&env, sizeof env);
        env.alloc = (pith_alloc){failing_alloc, failing_free, &f};
        status = whole_job(&env, &p);
        if (status != PITH_OK && status != PITH_E_NOMEM) fail_msg("allocation %ld: %s", n, pith_status_name(status));
        if (f.n_live != 0) fail_msg("allocation %ld: %ld blocks left", n, f.n_live);
        assert_true(n < 100000);
    }
    free(p.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_and_kind_of_picture_comes_back),
        cmocka_unit_test(a_higher_quality_is_larger_and_nearer),
        cmocka_unit_test(a_size_is_met_from_below_and_nearly_used),
        cmocka_unit_test(arguments_out_of_range_are_refused),
        cmocka_unit_test(faults_of_the_callbacks_come_through),
        cmocka_unit_test(cancel_is_honoured_at_every_report),
        cmocka_unit_test(windows_hold_core_and_halo),
        cmocka_unit_test(tiles_leave_no_seams),
        cmocka_unit_test(two_threads_on_one_model_make_the_same_bytes),
        cmocka_unit_test(every_failing_allocation_is_reported_and_nothing_leaks),
    };
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(model_path, sizeof model_path, "%s/tests/data/mini_tiny.safetensors", root ? root : ".");
    cmocka_set_test_filter(getenv("PITH_TEST_FILTER")); /* scripts/check-threads: "*thread*" */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
