/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures through the residual coder and back, and bytes that are no slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "residual/res_transform.h"
#include "residual/residual_coder.h"

static uint64_t seed;

static uint32_t random_u32(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

typedef uint8_t (*painter)(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x);

static uint8_t paint_grey(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)state, (void)channel, (void)y, (void)x;
    return 128;
}
static uint8_t paint_noise(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)channel, (void)y, (void)x;
    return (uint8_t)(random_u32(state) >> 24);
}
static uint8_t paint_slope(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    return (uint8_t)(40 + x * (channel + 1) / 2 + y / 3 + (random_u32(state) >> 30));
}
/* A few colours in rectangles and stripes. */
static uint8_t paint_flat(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)state;
    static const uint8_t colours[4][3] = {{255, 255, 255}, {20, 30, 40}, {200, 10, 10}, {60, 180, 250}};
    unsigned which = x / 13 % 3 == 1 && y / 7 % 2 ? 1 : y > 40 && x > 30 ? 2 + (x + y) / 3 % 2 : 0;
    return colours[which][channel];
}
/* Both halves, so that blocks of all kinds lie beside each other. */
static uint8_t paint_mixed(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    return x < 50 ? paint_flat(state, channel, y, x) : paint_slope(state, channel, y, x);
}

static const painter painters[] = {paint_grey, paint_noise, paint_slope, paint_flat, paint_mixed};
#define N_PAINTERS (sizeof painters / sizeof *painters)

static res_view new_view(uint32_t width, uint32_t height, uint8_t n_channels, painter paint, uint64_t state) {
    res_view v = {NULL, (size_t)width * n_channels, width, height, n_channels, n_channels};
    v.samples = malloc(v.stride_bytes * height); /* exact size: overruns show */
    assert_non_null(v.samples);
    size_t i = 0;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) v.samples[i++] = paint(&state, c, y, x);
    return v;
}

static size_t bytes_of(const res_view *v) { return v->stride_bytes * v->height; }

static double mean_squared_error(const res_view *a, const res_view *b) {
    double sum = 0;
    for (size_t i = 0; i < bytes_of(a); i++) sum += (a->samples[i] - b->samples[i]) * (a->samples[i] - b->samples[i]);
    return sum / (double)bytes_of(a);
}

static res_coder *new_coder(bool encoder) {
    res_coder *coder;
    assert_int_equal(res_coder_new(&coder, NULL, encoder), PITH_OK);
    return coder;
}

/* Decodes from an exact-size copy over a fresh prediction. */
static pith_status decode_with(res_coder *coder, const uint8_t *data, size_t n_bytes, const res_view *into,
                               painter prediction) {
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    if (n_bytes) memcpy(exact, data, n_bytes);
    res_view fresh = new_view(into->width, into->height, into->n_channels, prediction, 5);
    memcpy(into->samples, fresh.samples, bytes_of(into));
    free(fresh.samples);
    pith_diag diag = {0};
    pith_status status = res_decode(coder, exact, n_bytes, into, &diag);
    assert_int_equal(status, diag.status);
    free(exact);
    return status;
}

typedef struct coded {
    res_view original, result;
    byte_writer bytes;
} coded;

static coded encode_new(res_coder *coder, uint32_t width, uint32_t height, uint8_t n_channels, painter paint,
                        painter prediction, const res_options *o) {
    coded k = {.original = new_view(width, height, n_channels, paint, seed),
               .result = new_view(width, height, n_channels, prediction, 5)};
    bw_init(&k.bytes, NULL);
    assert_int_equal(res_encode(coder, &k.original, &k.result, o, &k.bytes), PITH_OK);
    return k;
}

static void coded_free(coded *k) {
    free(k->original.samples);
    free(k->result.samples);
    bw_free(&k->bytes);
}

/* ---- cases ---------------------------------------------------------------------------- */

static void the_decoder_makes_what_the_encoder_saw(void **unused) {
    (void)unused;
    static const uint32_t shapes[][2] = {{1, 1}, {37, 1}, {1, 37}, {33, 65}, {100, 70}, {128, 96}};
    res_coder *encoder = new_coder(true), *decoder = new_coder(false);
    uint8_t weights[16 * 16];
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = (uint8_t)(i % 5 * 16);
    for (size_t i = 0; i < N_PAINTERS * 6 * 2 * 3; i++) {
        const uint32_t *shape = shapes[i % 6];
        uint8_t n_channels = i / 6 % 2 ? 3 : 1;
        res_options o = {.step_index = (unsigned)(i * 7 % 40), .predictions = i % 4 != 3};
        if (i % 3 == 0) o.weights = weights, o.fine_delta = (unsigned)i % 16;
        painter prediction = painters[i % 2 ? 0 : 2];
        coded k = encode_new(encoder, shape[0], shape[1], n_channels, painters[i % N_PAINTERS], prediction, &o);
        res_view r = new_view(shape[0], shape[1], n_channels, paint_grey, 0);
        assert_int_equal(decode_with(decoder, k.bytes.data, k.bytes.n_bytes, &r, prediction), PITH_OK);
        assert_memory_equal(r.samples, k.result.samples, bytes_of(&r));
        free(r.samples);
        coded_free(&k);
    }
    res_coder_free(&encoder);
    res_coder_free(&decoder);
}

static void finer_steps_are_nearer_and_larger(void **unused) {
    (void)unused;
    res_coder *coder = new_coder(true);
    double error = 0;
    size_t n_bytes = SIZE_MAX;
    for (unsigned step = 0; step < 50; step += 12) {
        res_options o = {.step_index = step, .predictions = true};
        coded k = encode_new(coder, 96, 96, 3, paint_mixed, paint_grey, &o);
        double e = mean_squared_error(&k.original, &k.result);
        assert_true(k.bytes.n_bytes < n_bytes && e >= error);
        if (step == 0) assert_true(e < 0.75);
        n_bytes = k.bytes.n_bytes;
        error = e;
        coded_free(&k);
    }
    res_coder_free(&coder);
}

static void a_good_prediction_costs_nothing(void **unused) {
    (void)unused;
    res_coder *coder = new_coder(true);
    res_options o = {.step_index = 20, .predictions = true};
    res_view same = new_view(90, 70, 3, paint_mixed, 5);
    coded k = {.original = same, .result = new_view(90, 70, 3, paint_mixed, 5)};
    bw_init(&k.bytes, NULL);
    assert_int_equal(res_encode(coder, &k.original, &k.result, &o, &k.bytes), PITH_OK);
    assert_int_equal(k.bytes.n_bytes, 0);
    assert_memory_equal(k.original.samples, k.result.samples, bytes_of(&same));
    coded_free(&k);
    res_coder_free(&coder);
}

/* Flat graphics come back nearly as they were, in fewer bytes than an eighth of a bit a pixel. */
static void few_colours_cost_little(void **unused) {
    (void)unused;
    res_coder *coder = new_coder(true);
    res_options o = {.step_index = 6, .predictions = true};
    coded k = encode_new(coder, 256, 256, 3, paint_flat, paint_grey, &o);
    assert_true(mean_squared_error(&k.original, &k.result) < 0.25);
    assert_true(k.bytes.n_bytes < 256 * 256 / 64);
    coded_free(&k);
    res_coder_free(&coder);
}

static void heavier_blocks_are_nearer(void **unused) {
    (void)unused;
    res_coder *coder = new_coder(true);
    uint8_t weights[8 * 8];
    for (size_t i = 0; i < sizeof weights; i++) weights[i] = i % 8 < 4 ? 16 : 128;
    res_options o = {.step_index = 30, .predictions = true, .weights = weights, .fine_delta = 4};
    coded k = encode_new(coder, 64, 64, 1, paint_noise, paint_grey, &o);
    double errors[2] = {0};
    for (size_t i = 0; i < bytes_of(&k.original); i++) {
        int e = k.original.samples[i] - k.result.samples[i];
        errors[i % 64 / 32] += e * e;
    }
    assert_true(errors[1] < 0.7 * errors[0]);
    coded_free(&k);
    res_coder_free(&coder);
}

static void damage_never_goes_unseen(void **unused) {
    (void)unused;
    res_coder *coder = new_coder(true);
    res_options o = {.step_index = 22, .predictions = true};
    coded k = encode_new(coder, 80, 64, 3, paint_mixed, paint_grey, &o);
    res_view r = new_view(80, 64, 3, paint_grey, 0);
    for (size_t n = 1; n < k.bytes.n_bytes; n++)
        assert_int_not_equal(decode_with(coder, k.bytes.data, n, &r, paint_grey), PITH_OK);
    size_t n_unseen = 0; /* the last byte may have bits that decide nothing */
    for (size_t i = 0; i < 8 * k.bytes.n_bytes; i += 3) {
        k.bytes.data[i / 8] ^= (uint8_t)(1u << (i & 7));
        if (decode_with(coder, k.bytes.data, k.bytes.n_bytes, &r, paint_grey) == PITH_OK) {
            assert_memory_equal(r.samples, k.result.samples, bytes_of(&r));
            n_unseen++;
        }
        k.bytes.data[i / 8] ^= (uint8_t)(1u << (i & 7));
    }
    assert_true(n_unseen < 8);
    for (int i = 0; i < 5; i++) bw_u8(&k.bytes, 1);
    assert_int_equal(decode_with(coder, k.bytes.data, k.bytes.n_bytes, &r, paint_grey), PITH_E_FORMAT);
    free(r.samples);
    coded_free(&k);
    res_coder_free(&coder);
}

static void random_bytes_end_in_bounded_time(void **unused) {
    (void)unused;
    uint64_t state = seed;
    res_coder *coder = new_coder(false);
    uint8_t bytes[4096];
    for (size_t i = 0; i < 400; i++) {
        size_t n_bytes = i;
        for (size_t k = 0; k < n_bytes; k++) bytes[k] = (uint8_t)random_u32(&state);
        res_view r = new_view(1 + (uint32_t)i % 99, 1 + (uint32_t)i % 83, i % 2 ? 3 : 1, paint_grey, 0);
        pith_status status = decode_with(coder, bytes, n_bytes, &r, paint_grey);
        assert_true(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM);
        assert_true(n_bytes == 0 || status != PITH_OK || i < 20);
        free(r.samples);
    }
    res_view r = new_view(RES_SLICE_SIDE, RES_SLICE_SIDE, 3, paint_grey, 0);
    for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (uint8_t)random_u32(&state);
    clock_t start = clock();
    assert_int_not_equal(decode_with(coder, bytes, sizeof bytes, &r, paint_grey), PITH_OK);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
    free(r.samples);
    res_coder_free(&coder);
}

static void transforms_invert_each_other(void **unused) {
    (void)unused;
    uint64_t state = seed;
    for (unsigned log2 = RES_MIN_LOG2; log2 <= RES_MAX_LOG2; log2++)
        for (int round = 0; round < 50; round++) {
            const unsigned n = 1u << log2;
            int16_t block[RES_MAX_AREA], back[RES_MAX_AREA];
            int32_t coefficients[RES_MAX_AREA];
            bool extreme = round % 2;
            for (unsigned i = 0; i < n * n; i++)
                block[i] = (int16_t)(extreme ? (random_u32(&state) >> 31 ? 511 : -511)
                                             : (int)(random_u32(&state) >> 22) - 512 + 1);
            res_transform_forward(block, log2, coefficients);
            res_transform_inverse(coefficients, log2, n, n, back);
            double sum = 0;
            for (unsigned i = 0; i < n * n; i++) {
                int e = back[i] - block[i];
                assert_in_range(e + 2, 0, 4);
                sum += e * e;
            }
            assert_true(sum < 0.35 * n * n);
        }
}

static void wrong_calls_are_errors(void **unused) {
    (void)unused;
    res_coder *encoder = new_coder(true), *decoder = new_coder(false);
    res_view a = new_view(8, 8, 3, paint_grey, 0), b = a;
    res_options o = {.step_index = 20};
    byte_writer w;
    bw_init(&w, NULL);
    assert_int_equal(res_coder_new(NULL, NULL, true), PITH_E_ARG);
    assert_int_equal(res_encode(decoder, &a, &b, &o, &w), PITH_E_ARG);
    b.width = RES_SLICE_SIDE + 1;
    assert_int_equal(res_encode(encoder, &a, &b, &o, &w), PITH_E_ARG);
    assert_int_equal(res_decode(decoder, NULL, 0, &b, NULL), PITH_E_ARG);
    b = a;
    b.n_channels = 2;
    assert_int_equal(res_decode(decoder, NULL, 0, &b, NULL), PITH_E_ARG);
    o.step_index = RES_N_STEPS;
    assert_int_equal(res_encode(encoder, &a, &a, &o, &w), PITH_E_ARG);
    assert_int_equal(w.n_bytes, 0);
    free(a.samples);
    res_coder_free(&encoder);
    res_coder_free(&decoder);
    res_coder_free(&decoder);
    res_coder_free(NULL);
}

static void a_failing_allocator_is_survived(void **unused) {
    (void)unused;
    for (size_t fail_at = 1;; fail_at++) {
        capped_alloc counter = {.fail_at = fail_at};
        pith_alloc alloc = capped_alloc_make(&counter);
        res_coder *coder = NULL;
        pith_status status = res_coder_new(&coder, &alloc, true);
        res_coder_free(&coder);
        assert_int_equal(counter.n_live, 0);
        if (status == PITH_OK) break;
        assert_int_equal(status, PITH_E_NOMEM);
    }
}

int main(void) {
    const char *from_outside = getenv("PITH_TEST_SEED");
    seed = from_outside ? strtoull(from_outside, NULL, 10) : 20260701;
    print_message("seed %llu (PITH_TEST_SEED sets it)\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_decoder_makes_what_the_encoder_saw),
        cmocka_unit_test(finer_steps_are_nearer_and_larger),
        cmocka_unit_test(a_good_prediction_costs_nothing),
        cmocka_unit_test(few_colours_cost_little),
        cmocka_unit_test(heavier_blocks_are_nearer),
        cmocka_unit_test(damage_never_goes_unseen),
        cmocka_unit_test(random_bytes_end_in_bounded_time),
        cmocka_unit_test(transforms_invert_each_other),
        cmocka_unit_test(wrong_calls_are_errors),
        cmocka_unit_test(a_failing_allocator_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
