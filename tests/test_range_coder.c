/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The range coder alone: what goes in comes out, at the cost that entropy
 * says, and any bytes decode. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entropy/range_coder.h"

#define N_DECISIONS 20000
#define N_SHORT 3000

static uint64_t seed;

static uint32_t random_u32(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* Probabilities of all sizes, the two extremes included. */
static uint32_t random_probability(uint64_t *state) {
    uint32_t r = random_u32(state), p = (r & 0xFFFF) >> (r >> 16 & 15);
    if (p == 0) p = 1;
    return r >> 31 ? 65536 - p : p;
}

static unsigned bit_of(uint64_t *state, uint32_t probability) { return (random_u32(state) >> 16) < probability; }

/* n decisions that follow their probabilities; `surprise` turns all round. */
static double encode_random(uint64_t state, size_t n, bool surprise, byte_writer *out, uint64_t *counted) {
    rc_encoder e, counter;
    double bits = 0;
    rc_encoder_init(&e, out);
    rc_encoder_init(&counter, NULL);
    for (size_t i = 0; i < n; i++) {
        uint32_t p = random_probability(&state);
        unsigned bit = bit_of(&state, p) ^ surprise;
        bits -= log2((bit ? p : 65536 - p) / 65536.0);
        rc_encode(&e, bit, p);
        rc_encode(&counter, bit, p);
    }
    rc_encoder_finish(&e);
    rc_encoder_finish(&counter);
    *counted = counter.n_bytes;
    return bits;
}

static void assert_decodes(uint64_t state, size_t n, bool surprise, const uint8_t *data, size_t n_bytes) {
    rc_decoder d;
    rc_decoder_init(&d, data, n_bytes);
    for (size_t i = 0; i < n; i++) {
        uint32_t p = random_probability(&state);
        unsigned bit = bit_of(&state, p) ^ surprise;
        assert_int_equal(rc_decode(&d, p), bit);
    }
    assert_true(rc_decoder_at_end(&d));
}

static void round_trip(size_t n, bool surprise, uint64_t state) {
    byte_writer w;
    uint64_t counted;
    bw_init(&w, NULL);
    encode_random(state, n, surprise, &w, &counted);
    assert_int_equal(w.status, PITH_OK);
    assert_int_equal(w.n_bytes, counted);
    if (w.n_bytes) assert_int_not_equal(w.data[w.n_bytes - 1], 0);
    uint8_t *exact = malloc(w.n_bytes ? w.n_bytes : 1);
    if (w.n_bytes) memcpy(exact, w.data, w.n_bytes);
    assert_decodes(state, n, surprise, exact, w.n_bytes);
    free(exact);
    bw_free(&w);
}

static void random_decisions_come_back(void **unused) {
    (void)unused;
    for (uint64_t i = 0; i < 20; i++) round_trip(N_DECISIONS, false, seed + i);
    for (uint64_t i = 0; i < N_SHORT; i++) round_trip(i % 40, i % 3 == 0, seed + 1000 + i);
}

static void unlikely_decisions_come_back(void **unused) {
    (void)unused;
    for (uint64_t i = 0; i < 20; i++) round_trip(N_DECISIONS / 10, true, seed + i);
}

static void cost_is_the_entropy(void **unused) {
    (void)unused;
    byte_writer w;
    uint64_t counted;
    bw_init(&w, NULL);
    double bits = encode_random(seed, 20 * N_DECISIONS, false, &w, &counted);
    assert_true((double)w.n_bytes * 8 < bits * 1.001 + 16);
    assert_true((double)w.n_bytes * 8 > bits - 8);
    bw_free(&w);
}

/* Runs of 0xFF that a late carry turns over: the expensive 0 moves `low` to
 * the top of the range, the last 1 or 0 decides. */
static void carries_reach_far_back(void **unused) {
    (void)unused;
    for (unsigned last = 0; last < 2; last++) {
        for (unsigned run = 1; run < 200; run += 7) {
            byte_writer w;
            rc_encoder e;
            rc_decoder d;
            bw_init(&w, NULL);
            rc_encoder_init(&e, &w);
            for (unsigned i = 0; i < run; i++) rc_encode(&e, 0, 65535);
            for (unsigned i = 0; i < 5; i++) rc_encode(&e, last, 32768 + i);
            rc_encoder_finish(&e);
            rc_decoder_init(&d, w.data, w.n_bytes);
            for (unsigned i = 0; i < run; i++) assert_int_equal(rc_decode(&d, 65535), 0);
            for (unsigned i = 0; i < 5; i++) assert_int_equal(rc_decode(&d, 32768 + i), last);
            assert_true(rc_decoder_at_end(&d));
            bw_free(&w);
        }
    }
}

/* No shorter string of bytes decodes to the same decisions. */
static void finish_leaves_the_fewest_bytes(void **unused) {
    (void)unused;
    for (uint64_t i = 0; i < N_SHORT; i++) {
        uint64_t state = seed + i;
        size_t n = i % 24;
        byte_writer w;
        uint64_t counted;
        bw_init(&w, NULL);
        encode_random(state, n, false, &w, &counted);
        if (w.n_bytes == 0 || w.n_bytes > 3) {
            bw_free(&w);
            continue;
        }
        size_t shorter = w.n_bytes - 1;
        for (uint32_t value = 0; value < 1u << (8 * shorter); value++) {
            uint8_t bytes[2] = {(uint8_t)(value & 255), (uint8_t)(value >> 8)};
            rc_decoder d;
            uint64_t s = state;
            bool same = true;
            rc_decoder_init(&d, bytes, shorter);
            for (size_t k = 0; k < n && same; k++) {
                uint32_t p = random_probability(&s);
                same = rc_decode(&d, p) == bit_of(&s, p);
            }
            assert_false(same);
        }
        bw_free(&w);
    }
}

static void sure_things_cost_nothing(void **unused) {
    (void)unused;
    for (unsigned bit = 0; bit < 2; bit++) {
        rc_encoder e;
        rc_encoder_init(&e, NULL);
        for (int i = 0; i < 16384; i++) rc_encode(&e, bit, bit ? 65535 : 1);
        rc_encoder_finish(&e);
        assert_true(e.n_bytes <= 1);
    }
    rc_encoder e;
    rc_encoder_init(&e, NULL);
    for (int i = 0; i < 1000; i++) rc_encode(&e, 0, 65535);
    rc_encoder_finish(&e);
    assert_in_range(e.n_bytes, 1996, 2002); /* 16 bits each */
}

static void any_bytes_decode(void **unused) {
    (void)unused;
    uint64_t state = seed;
    for (size_t n_bytes = 0; n_bytes < 300; n_bytes++) {
        uint8_t *exact = calloc(n_bytes ? n_bytes : 1, 1);
        for (size_t i = 0; i < n_bytes; i++) exact[i] = n_bytes % 3 == 0 ? 0xFF : (uint8_t)random_u32(&state);
        rc_decoder d;
        rc_decoder_init(&d, exact, n_bytes);
        for (int i = 0; i < 2000; i++) assert_true(rc_decode(&d, random_probability(&state)) <= 1);
        free(exact);
    }
}

static void damage_at_the_end_shows(void **unused) {
    (void)unused;
    byte_writer w;
    uint64_t counted;
    bw_init(&w, NULL);
    encode_random(seed, 500, false, &w, &counted);
    rc_decoder d;
    bw_u8(&w, 0);
    rc_decoder_init(&d, w.data, w.n_bytes); /* a zero that need not be there */
    uint64_t state = seed;
    for (int i = 0; i < 500; i++) {
        uint32_t p = random_probability(&state);
        (void)bit_of(&state, p);
        (void)rc_decode(&d, p);
    }
    assert_false(rc_decoder_at_end(&d));
    rc_decoder_init(&d, w.data, w.n_bytes - 1);
    assert_false(rc_decoder_at_end(&d)); /* bytes not yet read */
    bw_free(&w);
}

int main(void) {
    const char *given = getenv("PITH_TEST_SEED");
    seed = given ? strtoull(given, NULL, 0) : 1;
    print_message("seed %llu (PITH_TEST_SEED)\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_decisions_come_back),
        cmocka_unit_test(unlikely_decisions_come_back),
        cmocka_unit_test(cost_is_the_entropy),
        cmocka_unit_test(carries_reach_far_back),
        cmocka_unit_test(finish_leaves_the_fewest_bytes),
        cmocka_unit_test(sure_things_cost_nothing),
        cmocka_unit_test(any_bytes_decode),
        cmocka_unit_test(damage_at_the_end_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
