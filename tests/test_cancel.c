/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A caller who wants to stop is asked often enough, in every stage, and is
 * obeyed at once. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "api_case.h"
#include "machine_speed.h"
#include "random_bits.h"

/* Seconds of work of the calling thread between two questions, where the machine
 * is as quick as it should be (machine_speed.h). Its share of the work is as large
 * as that of any other thread, and what else the machine does at the time is in
 * it by shared caches and cores only. */
#define LONGEST_SECONDS 0.2

#if defined(NDEBUG)
#define IS_RELEASED true
#else
#define IS_RELEASED false
#endif

typedef struct asked {
    double slowness;     /* of the machine, before the call */
    unsigned n, stop_at; /* at this question the answer is to stop; 0 = never */
    double last, longest;
    char stage[24], longest_stage[64];
} asked;

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ask(void *user, const char *stage, double done) {
    asked *a = user;
    double now = thread_seconds();
    assert_true(done >= 0 && done <= 1);
    if (now - a->last > a->longest) {
        a->longest = now - a->last;
        snprintf(a->longest_stage, sizeof a->longest_stage, "%s to %.20s %.4f", a->stage, stage, done);
    }
    snprintf(a->stage, sizeof a->stage, "%.10s %.4f", stage, done);
    a->last = now;
    a->n++;
    return a->stop_at > 0 && a->n >= a->stop_at;
}

static void begin(asked *a, unsigned stop_at) {
    *a = (asked){.slowness = stop_at ? 1 : machine_slowness(), .stop_at = stop_at};
    a->last = thread_seconds();
    snprintf(a->stage, sizeof a->stage, "start");
}

static void open_case(api_case *c, const char *model, asked *a, int threads) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.progress = (pith_progress){ask, a};
    env.threads = threads;
    begin(a, 0);
    api_open(c, model, &env);
}

static pith_image noise(uint32_t width, uint32_t height) {
    pith_image p = api_waves(width, height, 3, 8);
    uint32_t state = 1;
    for (size_t i = 0; i < p.stride_bytes * height; i++) {
        next_random(&state);
        ((uint8_t *)p.pixels)[i] = (uint8_t)(((uint8_t *)p.pixels)[i] / 2 + (state >> 25));
    }
    return p;
}

static void is_quick(const asked *a, const char *what) {
    const double slowness = fmax(a->slowness, machine_slowness());
    printf("%s: asked %u times, at most %.0f ms apart (%s), the machine %.1f times as slow as it should be\n", what,
           a->n, 1000 * a->longest, a->longest_stage, slowness);
    assert_true(a->longest < LONGEST_SECONDS * slowness);
}

static void a_caller_is_asked_within_200_ms(void **unused) {
    (void)unused;
    if (!IS_RELEASED) {
        printf("SKIPPED: a promise of the released library\n");
        skip();
    }
    api_case c;
    asked a;
    char model[4096];
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(model, sizeof model, "%s/models/mini-5.safetensors", root ? root : ".");
    open_case(&c, model, &a, 2);
    pith_image picture = noise(2200, 1400);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.quality = 90;
    o.effort = 0;
    begin(&a, 0);
    pith_bytes file = api_encode(&c, &picture, &o);
    is_quick(&a, "encode -q 90");
    begin(&a, 0);
    pith_image decoded = api_decode(&c, file, NULL, 8);
    is_quick(&a, "decode");
    pith_bytes_free(&c.env, &file);
    o.max_bytes = 60000;
    begin(&a, 0);
    file = api_encode(&c, &picture, &o);
    is_quick(&a, "encode -s 60000");
    pith_bytes_free(&c.env, &file);
    free(decoded.pixels);
    free(picture.pixels);

    picture = noise(520, 300);
    o = (pith_encode_options){0};
    pith_encode_options_defaults(&o, sizeof o);
    o.faithful = PITH_LEVEL_NORMAL;
    begin(&a, 0);
    file = api_encode(&c, &picture, &o);
    is_quick(&a, "encode --faithful");
    begin(&a, 0);
    decoded = api_decode(&c, file, NULL, 8);
    is_quick(&a, "decode with a residual");
    pith_bytes_free(&c.env, &file);
    free(decoded.pixels);
    o.faithful = PITH_LEVEL_NONE;
    o.effort = 3;
    begin(&a, 0);
    file = api_encode(&c, &picture, &o);
    is_quick(&a, "encode --effort 3");
    pith_bytes_free(&c.env, &file);
    free(picture.pixels);
    api_close(&c);
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

/* Some of the questions of a whole call: all of the first, then fewer and fewer, the fewer the smaller `density`. */
#define FOR_SOME(k, n, density) for (unsigned k = 1; k <= (n); k += 1 + k / (density))

static void stopping_an_encoder_ends_the_call_at_once(void **unused) {
    (void)unused;
    for (int threads = 1; threads <= 3; threads++) { /* 2: with a search of the symbols */
        api_case c;
        asked a;
        open_case(&c, NULL, &a, threads);
        pith_image picture = noise(threads == 2 ? 300 : 1100, 72);
        pith_source source;
        pith_encode_options o;
        pith_encode_options_defaults(&o, sizeof o);
        o.max_bytes = threads == 2 ? 1600 : 6000;
        o.effort = threads == 2 ? 3 : 1;
        pith_source_from_image(&source, sizeof source, &picture);
        begin(&a, 0);
        pith_bytes whole = api_encode(&c, &picture, &o), file;
        const unsigned n = a.n;
        assert_true(n > 5);
        FOR_SOME(k, n, o.effort > 1 ? 1 : 4) {
            begin(&a, k);
            pith_status status = pith_encode(c.encoder, &source, &o, &file);
            if (status == PITH_OK) { /* it was quicker than before: asked less often */
                assert_true(a.n < k);
                pith_bytes_free(&c.env, &file);
                continue;
            }
            assert_int_equal(status, PITH_E_ABORTED);
            assert_int_equal(a.n, k);
            assert_string_equal(pith_encoder_message(c.encoder), "stopped");
        }
        begin(&a, 0);
        file = api_encode(&c, &picture, &o);
        assert_int_equal(file.n_bytes, whole.n_bytes);
        assert_memory_equal(file.data, whole.data, whole.n_bytes);
        pith_bytes_free(&c.env, &file);
        pith_bytes_free(&c.env, &whole);
        free(picture.pixels);
        api_close(&c);
    }
}

/* A slice whose decoding was stopped does not count as lost. */
static void stopping_a_tolerant_decoder_ends_the_call_at_once(void **unused) {
    (void)unused;
    api_case c;
    asked a;
    open_case(&c, NULL, &a, 2);
    pith_image picture = noise(2100, 300);
    pith_bytes file = api_encode(&c, &picture, NULL);
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = ignore_rows};
    assert_int_equal(pith_decoder_open_damaged(c.decoder, file.data, file.n_bytes), PITH_OK);
    begin(&a, 0);
    assert_int_equal(pith_decode(c.decoder, c.model, NULL, &sink), PITH_OK);
    const unsigned n = a.n;
    FOR_SOME(k, n, 4) {
        assert_int_equal(pith_decoder_open_damaged(c.decoder, file.data, file.n_bytes), PITH_OK);
        begin(&a, k);
        pith_status status = pith_decode(c.decoder, c.model, NULL, &sink);
        assert_true(status == PITH_E_ABORTED || (status == PITH_OK && a.n < k));
        assert_int_equal(pith_decoder_lost(c.decoder, 0, NULL), 0);
    }
    pith_bytes_free(&c.env, &file);
    free(picture.pixels);
    api_close(&c);
}

typedef struct sleeper {
    unsigned n_comparing;
    double seconds;
} sleeper;

/* Sleeps too long when a trial has begun to be decoded. */
static int sleep_in_trial(void *user, const char *stage, double done) {
    sleeper *s = user;
    (void)done;
    if (strcmp(stage, "comparing") != 0 || ++s->n_comparing != 2) return 0;
    const time_t whole = (time_t)s->seconds;
    nanosleep(&(struct timespec){.tv_sec = whole, .tv_nsec = (long)(1e9 * (s->seconds - (double)whole))}, NULL);
    return 0;
}

/* Of the clock on the wall: an encode without a limit. */
static double encode_seconds(const pith_image *picture) {
    struct timespec start, end;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    clock_gettime(CLOCK_MONOTONIC, &start);
    pith_bytes file = api_encode(&c, picture, &o);
    clock_gettime(CLOCK_MONOTONIC, &end);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

/* No drawing, and no exact file of it is small. */
static pith_image grainy(uint32_t width, uint32_t height) {
    pith_image p = api_waves(width, height, 3, 8);
    uint32_t seed = 6;
    for (uint32_t i = 0; i < width * height * 3; i++) {
        const uint32_t y = i / 3 / width, x = i / 3 % width, v = api_sample(&p, y, x, i % 3) + random_below(&seed, 40);
        api_set_sample(&p, y, x, i % 3, v < 255 ? v : 255);
    }
    return p;
}

static void a_limit_of_time_is_no_word_to_stop(void **unused) {
    (void)unused;
    char expected[PITH_MESSAGE_BYTES];
    pith_env env;
    pith_image picture = grainy(200, 160);
    const double limit = 0.3 + ceil(20 * encode_seconds(&picture)) / 2; /* no busy machine alone passes it */
    sleeper s = {.seconds = 1.2 * limit};
    pith_env_defaults(&env, sizeof env);
    env.progress = (pith_progress){sleep_in_trial, &s};
    env.max_seconds = limit;
    api_case c;
    api_open(&c, NULL, &env);
    pith_source source;
    pith_bytes file;
    pith_source_from_image(&source, sizeof source, &picture);
    assert_int_equal(pith_encode(c.encoder, &source, NULL, &file), PITH_E_LIMIT);
    snprintf(expected, sizeof expected, "took longer than the limit of %g seconds", limit);
    assert_string_equal(pith_encoder_message(c.encoder), expected);
    assert_int_equal(s.n_comparing, 2);
    free(picture.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_is_asked_within_200_ms),
        cmocka_unit_test(stopping_an_encoder_ends_the_call_at_once),
        cmocka_unit_test(stopping_a_tolerant_decoder_ends_the_call_at_once),
        cmocka_unit_test(a_limit_of_time_is_no_word_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
