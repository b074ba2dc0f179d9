/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of symbols through the coder and back, and bytes that are no slices. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "codec/latent_coder.h"

static uint64_t seed;

static uint32_t random_u32(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

typedef int (*generator)(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x);

static int make_noise(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)channel, (void)y, (void)x;
    return (int)(random_u32(state) >> 24) - 128;
}
static int make_sparse(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)channel, (void)y, (void)x;
    uint32_t r = random_u32(state);
    return r % 50 ? 0 : (int)(r >> 8 & 3) - 1;
}
static int make_smooth(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    return (int)(x + y * 2) / (int)(channel + 1) - 60 + (int)(random_u32(state) >> 30);
}
static int make_zero(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)state, (void)channel, (void)y, (void)x;
    return 0;
}
static int make_constant(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)state, (void)y, (void)x;
    return (int)channel * 7 - 3;
}
static int make_extreme(uint64_t *state, uint32_t channel, uint32_t y, uint32_t x) {
    (void)channel, (void)y, (void)x;
    uint32_t r = random_u32(state);
    return r % 3 == 0 ? 0 : r & 256 ? LAT_MAX_SYMBOL - (int)(r >> 31) : -LAT_MAX_SYMBOL;
}

static const generator generators[] = {make_noise, make_sparse, make_smooth, make_zero, make_constant, make_extreme};
#define N_GENERATORS (sizeof generators / sizeof *generators)

static lat_block new_block(uint32_t n_channels, uint32_t height, uint32_t width, generator make, uint64_t state) {
    lat_block b = {NULL, n_channels, height, width, width, (size_t)height * width};
    b.symbols = malloc(n_channels * b.plane_stride * sizeof *b.symbols); /* exact size: overruns show */
    assert_non_null(b.symbols);
    size_t i = 0;
    for (uint32_t c = 0; c < n_channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) b.symbols[i++] = (int16_t)(make ? make(&state, c, y, x) : 77);
    return b;
}

static size_t bytes_of(const lat_block *b) { return b->n_channels * b->plane_stride * sizeof *b->symbols; }

static void encode_with(lat_coder *coder, const lat_block *b, byte_writer *w) {
    bw_init(w, NULL);
    assert_int_equal(lat_encode(coder, b, w), PITH_OK);
}

static lat_coder *new_coder(uint32_t n_channels) {
    lat_coder *coder;
    assert_int_equal(lat_coder_new(&coder, NULL, n_channels), PITH_OK);
    return coder;
}

/* Decodes from an exact-size copy into a block of other content. */
static pith_status decode_with(lat_coder *coder, const uint8_t *data, size_t n_bytes, const lat_block *into) {
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    if (n_bytes) memcpy(exact, data, n_bytes);
    pith_diag diag = {0};
    pith_status status = lat_decode(coder, exact, n_bytes, into, &diag);
    assert_int_equal(status, diag.status);
    free(exact);
    return status;
}

static void round_trip(uint32_t n_channels, uint32_t height, uint32_t width, generator make) {
    lat_coder *coder = new_coder(n_channels);
    lat_block b = new_block(n_channels, height, width, make, seed), r = new_block(n_channels, height, width, NULL, 0);
    byte_writer w;
    uint64_t cost;
    encode_with(coder, &b, &w);
    assert_int_equal(lat_cost(coder, &b, &cost), PITH_OK);
    assert_int_equal(cost, w.n_bytes);
    assert_int_equal(decode_with(coder, w.data, w.n_bytes, &r), PITH_OK);
    assert_memory_equal(b.symbols, r.symbols, bytes_of(&b));
    assert_int_equal(lat_checksum(&b), lat_checksum(&r));
    bw_free(&w);
    free(b.symbols);
    free(r.symbols);
    lat_coder_free(&coder);
}

static void every_kind_and_shape_comes_back(void **unused) {
    (void)unused;
    static const uint32_t shapes[][3] = {{1, 1, 1}, {3, 1, 37}, {3, 37, 1}, {2, 2, 2}, {32, 3, 5}, {12, 64, 64}};
    for (size_t g = 0; g < N_GENERATORS; g++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            round_trip(shapes[i][0], shapes[i][1], shapes[i][2], generators[g]);
    for (uint32_t n = 1; n <= LAT_MAX_CHANNELS; n++) round_trip(n, 9, 7, make_sparse);
}

static void the_largest_slice_comes_back(void **unused) {
    (void)unused;
    round_trip(2, LAT_MAX_SLICE, LAT_MAX_SLICE, make_extreme);
    round_trip(LAT_MAX_CHANNELS / 4, LAT_MAX_SLICE, LAT_MAX_SLICE, make_sparse);
}

static void the_first_channels_come_alone(void **unused) {
    (void)unused;
    lat_coder *coder = new_coder(6);
    lat_block b = new_block(6, 20, 31, make_smooth, seed), r = new_block(6, 20, 31, NULL, 0);
    size_t plane = b.plane_stride * sizeof *b.symbols;
    byte_writer w;
    encode_with(coder, &b, &w);
    for (uint32_t n = 0; n <= 6; n++) {
        assert_int_equal(lat_decode_first(coder, w.data, w.n_bytes, &r, n, NULL), PITH_OK);
        if (n > 0) assert_memory_equal(r.symbols, b.symbols, n * plane);
        for (size_t i = n * b.plane_stride; i < 6 * b.plane_stride; i++) assert_int_equal(r.symbols[i], 0);
    }
    w.data[w.n_bytes - 1] ^= 0x40; /* late in the last channel */
    assert_int_equal(lat_decode_first(coder, w.data, w.n_bytes, &r, 3, NULL), PITH_OK);
    assert_memory_equal(r.symbols, b.symbols, 3 * plane);
    assert_int_equal(lat_decode_first(coder, w.data, w.n_bytes, &r, 7, NULL), PITH_E_ARG);
    bw_free(&w);
    free(b.symbols);
    free(r.symbols);
    lat_coder_free(&coder);
}

static void zeros_cost_next_to_nothing(void **unused) {
    (void)unused;
    lat_coder *coder = new_coder(24);
    lat_block b = new_block(24, 64, 64, make_zero, 0);
    uint64_t cost;
    assert_int_equal(lat_cost(coder, &b, &cost), PITH_OK);
    assert_true(cost <= 2);
    free(b.symbols);
    lat_coder_free(&coder);
}

static void a_view_codes_as_its_copy(void **unused) {
    (void)unused;
    lat_block whole = new_block(3, 40, 50, make_smooth, seed), part = new_block(3, 11, 13, NULL, 0);
    lat_block view = {whole.symbols + 5 * 50 + 7, 3, 11, 13, whole.row_stride, whole.plane_stride};
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 11; y++)
            memcpy(part.symbols + c * part.plane_stride + y * 13, view.symbols + c * view.plane_stride + y * 50, 26);
    assert_int_equal(lat_checksum(&view), lat_checksum(&part));
    lat_coder *coder = new_coder(3);
    byte_writer of_view, of_part;
    encode_with(coder, &view, &of_view);
    encode_with(coder, &part, &of_part);
    assert_int_equal(of_view.n_bytes, of_part.n_bytes);
    assert_memory_equal(of_view.data, of_part.data, of_part.n_bytes);
    lat_block target = new_block(3, 40, 50, make_noise, 5), before = new_block(3, 40, 50, make_noise, 5);
    lat_block window = {target.symbols + 5 * 50 + 7, 3, 11, 13, 50, target.plane_stride};
    assert_int_equal(decode_with(coder, of_part.data, of_part.n_bytes, &window), PITH_OK);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 40; y++)
            for (uint32_t x = 0; x < 50; x++) {
                bool inside = y >= 5 && y < 16 && x >= 7 && x < 20;
                size_t i = c * target.plane_stride + y * 50 + x;
                assert_int_equal(target.symbols[i], inside ? whole.symbols[i] : before.symbols[i]);
            }
    bw_free(&of_view);
    bw_free(&of_part);
    free(whole.symbols);
    free(part.symbols);
    free(target.symbols);
    free(before.symbols);
    lat_coder_free(&coder);
}

static void a_coder_starts_afresh_with_each_slice(void **unused) {
    (void)unused;
    lat_coder *used = new_coder(4), *fresh = new_coder(4);
    lat_block a = new_block(4, 30, 20, make_smooth, seed), b = new_block(4, 17, 33, make_extreme, seed);
    byte_writer first, other, again, by_fresh;
    uint64_t cost;
    encode_with(used, &a, &first);
    encode_with(used, &b, &other);
    assert_int_equal(lat_cost(used, &b, &cost), PITH_OK);
    assert_int_equal(decode_with(used, first.data, first.n_bytes / 2, &b), PITH_E_FORMAT);
    encode_with(used, &a, &again);
    encode_with(fresh, &a, &by_fresh);
    assert_int_equal(first.n_bytes, again.n_bytes);
    assert_memory_equal(first.data, again.data, again.n_bytes);
    assert_int_equal(first.n_bytes, by_fresh.n_bytes);
    assert_memory_equal(first.data, by_fresh.data, again.n_bytes);
    bw_free(&first);
    bw_free(&other);
    bw_free(&again);
    bw_free(&by_fresh);
    free(a.symbols);
    free(b.symbols);
    lat_coder_free(&used);
    lat_coder_free(&fresh);
}

static void random_bytes_decode_in_linear_time(void **unused) {
    (void)unused;
    uint64_t state = seed;
    lat_coder *coder = new_coder(5);
    for (size_t i = 0; i < 300; i++) {
        uint8_t bytes[400];
        size_t n_bytes = i;
        for (size_t k = 0; k < n_bytes; k++) bytes[k] = (uint8_t)random_u32(&state);
        lat_block r = new_block(5, 1 + (uint32_t)i % 19, 1 + (uint32_t)i % 23, NULL, 0);
        pith_status status = decode_with(coder, bytes, n_bytes, &r);
        assert_true(status == PITH_OK || status == PITH_E_FORMAT);
        for (size_t k = 0; k < bytes_of(&r) / 2; k++) assert_true(r.symbols[k] >= -LAT_MAX_SYMBOL);
        free(r.symbols);
    }
    lat_coder_free(&coder);
    coder = new_coder(LAT_MAX_CHANNELS / 4);
    lat_block r = new_block(LAT_MAX_CHANNELS / 4, LAT_MAX_SLICE, LAT_MAX_SLICE, NULL, 0);
    uint8_t bytes[4096];
    for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (uint8_t)random_u32(&state);
    clock_t start = clock();
    (void)decode_with(coder, bytes, sizeof bytes, &r);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 60);
    free(r.symbols);
    lat_coder_free(&coder);
}

/* Cut or changed bytes end in an error, or in symbols the checksum tells apart. */
static void damage_never_goes_unseen(void **unused) {
    (void)unused;
    lat_coder *coder = new_coder(3);
    lat_block b = new_block(3, 16, 16, make_smooth, seed), r = new_block(3, 16, 16, NULL, 0);
    byte_writer w;
    encode_with(coder, &b, &w);
    uint16_t sum = lat_checksum(&b);
    for (size_t n_bytes = 0; n_bytes < w.n_bytes; n_bytes++)
        if (decode_with(coder, w.data, n_bytes, &r) == PITH_OK) assert_int_not_equal(lat_checksum(&r), sum);
    for (size_t i = 0; i < w.n_bytes; i++) {
        w.data[i] ^= (uint8_t)(1u << (i & 7));
        if (decode_with(coder, w.data, w.n_bytes, &r) == PITH_OK) assert_int_not_equal(lat_checksum(&r), sum);
        w.data[i] ^= (uint8_t)(1u << (i & 7));
    }
    bw_u8(&w, 1);
    bw_u8(&w, 1);
    bw_u8(&w, 1);
    bw_u8(&w, 1);
    bw_u8(&w, 1);
    assert_int_equal(decode_with(coder, w.data, w.n_bytes, &r), PITH_E_FORMAT); /* bytes left over */
    bw_free(&w);
    free(b.symbols);
    free(r.symbols);
    lat_coder_free(&coder);
}

static void a_symbol_too_large_is_refused(void **unused) {
    (void)unused;
    lat_coder *coder = new_coder(1);
    lat_block r = new_block(1, 1, 1, NULL, 0);
    uint8_t bytes[12] = {0};
    bool refused = false; /* bytes of ones steer every escape to its end */
    for (unsigned first = 0; first < 256 && !refused; first++) {
        bytes[0] = (uint8_t)first;
        refused = decode_with(coder, bytes, 0, &r) != PITH_OK;
        for (unsigned second = 0; second < 256 && !refused; second++) {
            bytes[1] = (uint8_t)second;
            bytes[2] = bytes[3] = bytes[4] = bytes[5] = 0;
            bytes[6] = 1;
            refused = decode_with(coder, bytes, 7, &r) == PITH_E_FORMAT;
        }
    }
    assert_true(refused);
    free(r.symbols);
    lat_coder_free(&coder);
}

typedef struct thread_job {
    const lat_block *block;
    byte_writer out;
} thread_job;

static void *encode_in_thread(void *argument) {
    thread_job *job = argument;
    lat_coder *coder;
    bw_init(&job->out, NULL);
    if (lat_coder_new(&coder, NULL, job->block->n_channels) != PITH_OK) return NULL;
    if (lat_encode(coder, job->block, &job->out) != PITH_OK) bw_free(&job->out);
    lat_coder_free(&coder);
    return NULL;
}

static void two_threads_give_the_same_bytes(void **unused) {
    (void)unused;
    lat_block b = new_block(6, 48, 40, make_smooth, seed);
    thread_job jobs[2] = {{.block = &b}, {.block = &b}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, encode_in_thread, &jobs[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_true(jobs[0].out.n_bytes > 0);
    assert_int_equal(jobs[0].out.n_bytes, jobs[1].out.n_bytes);
    assert_memory_equal(jobs[0].out.data, jobs[1].out.data, jobs[0].out.n_bytes);
    for (int i = 0; i < 2; i++) bw_free(&jobs[i].out);
    free(b.symbols);
}

static void wrong_calls_are_errors(void **unused) {
    (void)unused;
    lat_coder *coder = NULL;
    assert_int_equal(lat_coder_new(&coder, NULL, 0), PITH_E_ARG);
    assert_int_equal(lat_coder_new(&coder, NULL, LAT_MAX_CHANNELS + 1), PITH_E_ARG);
    assert_int_equal(lat_coder_new(NULL, NULL, 1), PITH_E_ARG);
    coder = new_coder(2);
    lat_block b = new_block(2, 4, 4, make_zero, 0), wrong = b;
    uint64_t cost;
    wrong.n_channels = 1;
    assert_int_equal(lat_cost(coder, &wrong, &cost), PITH_E_ARG);
    wrong = b;
    wrong.width = LAT_MAX_SLICE + 1;
    assert_int_equal(lat_cost(coder, &wrong, &cost), PITH_E_ARG);
    wrong = b;
    wrong.height = 0;
    assert_int_equal(lat_decode(coder, NULL, 0, &wrong, NULL), PITH_E_ARG);
    b.symbols[3] = INT16_MIN; /* beyond LAT_MAX_SYMBOL */
    assert_int_equal(lat_cost(coder, &b, &cost), PITH_E_ARG);
    free(b.symbols);
    lat_coder_free(&coder);
    assert_null(coder);
    lat_coder_free(&coder);
    lat_coder_free(NULL);
}

static void a_failing_allocator_is_survived(void **unused) {
    (void)unused;
    for (size_t fail_at = 1;; fail_at++) {
        capped_alloc counter = {.fail_at = fail_at};
        pith_alloc alloc = capped_alloc_make(&counter);
        lat_coder *coder = NULL;
        pith_status status = lat_coder_new(&coder, &alloc, 24);
        if (status == PITH_OK) {
            lat_coder_free(&coder);
            assert_int_equal(counter.n_live, 0);
            assert_true(fail_at > 2);
            return;
        }
        assert_int_equal(status, PITH_E_NOMEM);
        assert_null(coder);
        assert_int_equal(counter.n_live, 0);
    }
}

static void memory_is_below_8_mib(void **unused) {
    (void)unused;
    capped_alloc counter = {.cap_bytes = 2 << 20};
    pith_alloc alloc = capped_alloc_make(&counter);
    lat_coder *coder;
    assert_int_equal(lat_coder_new(&coder, &alloc, LAT_MAX_CHANNELS), PITH_OK);
    assert_true(counter.n_requests * counter.cap_bytes <= 8 << 20);
    lat_coder_free(&coder);
}

int main(void) {
    const char *given = getenv("PITH_TEST_SEED");
    seed = given ? strtoull(given, NULL, 0) : 1;
    print_message("seed %llu (PITH_TEST_SEED)\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_and_shape_comes_back),
        cmocka_unit_test(the_largest_slice_comes_back),
        cmocka_unit_test(the_first_channels_come_alone),
        cmocka_unit_test(zeros_cost_next_to_nothing),
        cmocka_unit_test(a_view_codes_as_its_copy),
        cmocka_unit_test(a_coder_starts_afresh_with_each_slice),
        cmocka_unit_test(random_bytes_decode_in_linear_time),
        cmocka_unit_test(damage_never_goes_unseen),
        cmocka_unit_test(a_symbol_too_large_is_refused),
        cmocka_unit_test(two_threads_give_the_same_bytes),
        cmocka_unit_test(wrong_calls_are_errors),
        cmocka_unit_test(a_failing_allocator_is_survived),
        cmocka_unit_test(memory_is_below_8_mib),
    };
    cmocka_set_test_filter(getenv("PITH_TEST_FILTER")); /* scripts/check-threads: "*thread*" */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
