/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of alpha: exact with few levels, bounded errors with many, and any
 * bytes decode to something or are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/alpha_coder.h"
#include "random_bits.h"

#define SIDE 151
#define N_PLACES (SIDE * SIDE)

static uint16_t original[N_PLACES], decoded[N_PLACES];
static const alpha_block block = {original, SIDE, SIDE, SIDE};

static void fill(uint16_t opacity(int y, int x)) {
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) original[y * SIDE + x] = opacity(y, x);
}

/* Distance from the middle of the picture, about 0 to 106. */
static int distance(int y, int x) {
    int dy = y - SIDE / 2, dx = x - SIDE / 2, r = 0;
    while (r * r < dy * dy + dx * dx) r++;
    return r;
}

static uint16_t opaque(int y, int x) { return (void)y, (void)x, 65535; }
static uint16_t disc(int y, int x) { return distance(y, x) < 50 ? 65535 : 0; }
static uint16_t steps(int y, int x) { return (uint16_t)(distance(y, x) / 10 * 5000 + 3); }
static uint16_t soft(int y, int x) { return (uint16_t)(distance(y, x) > 100 ? 0 : 65535 - 655 * distance(y, x)); }
static uint16_t noise(int y, int x) { return (uint16_t)((unsigned)(y * 7919 + x * 104729) * 2654435761u >> 16); }

/* Bytes of the coded slice; what it decodes to is in `decoded`. */
static size_t round_trip(uint32_t n_levels) {
    alpha_coder *coder = NULL;
    byte_writer w;
    pith_diag diag = {0};
    alpha_block to = block;
    to.samples = decoded;
    memset(decoded, 0x55, sizeof decoded);
    bw_init(&w, NULL);
    assert_int_equal(alpha_coder_new(&coder, NULL), PITH_OK);
    assert_int_equal(alpha_encode(coder, &block, n_levels, &w), PITH_OK);
    if (alpha_decode(coder, w.data, w.n_bytes, &to, &diag) != PITH_OK) fail_msg("%s", diag.message);
    size_t n_bytes = w.n_bytes;
    alpha_coder_free(&coder);
    bw_free(&w);
    return n_bytes;
}

static void few_levels_come_back_exactly(void **state) {
    uint16_t (*const kinds[])(int, int) = {opaque, disc, steps};
    static const size_t most_bytes[] = {5, 160, 600};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fill(kinds[i]);
        size_t n_bytes = round_trip(17);
        assert_memory_equal(decoded, original, sizeof original);
        if (n_bytes > most_bytes[i]) fail_msg("picture %zu takes %zu bytes", i, n_bytes);
    }
}

static void many_levels_stay_within_half_a_level(void **state) {
    uint16_t (*const kinds[])(int, int) = {soft, noise};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fill(kinds[i]);
        size_t last = 0;
        for (uint32_t n_levels = 32; n_levels <= 256; n_levels *= 2) {
            size_t n_bytes = round_trip(n_levels);
            int most = (int)(65535 / (2 * (n_levels - 1))) + 1;
            for (size_t k = 0; k < N_PLACES; k++) {
                int error = abs((int)decoded[k] - (int)original[k]);
                if (error > most) fail_msg("%u levels: %u became %u", n_levels, original[k], decoded[k]);
                if (original[k] == 0 || original[k] == 65535) assert_int_equal(error, 0);
            }
            assert_true(n_bytes > last);
            last = n_bytes;
        }
    }
}

static void eight_bits_come_back_exactly_from_256_levels(void **state) {
    (void)state;
    fill(noise);
    for (size_t k = 0; k < N_PLACES; k++) original[k] = (uint16_t)((original[k] >> 8) * 257);
    round_trip(256);
    assert_memory_equal(decoded, original, sizeof original);
}

static void slices_of_one_pixel_and_one_row_come_back(void **state) {
    static const uint32_t sizes[][2] = {{1, 1}, {1, 151}, {151, 1}, {2, 3}};
    (void)state;
    alpha_coder *coder = NULL;
    assert_int_equal(alpha_coder_new(&coder, NULL), PITH_OK);
    fill(steps);
    for (size_t i = 0; i < 4; i++) {
        byte_writer w;
        bw_init(&w, NULL);
        alpha_block from = {original, sizes[i][0], sizes[i][1], SIDE}, to = from;
        to.samples = decoded;
        assert_int_equal(alpha_encode(coder, &from, 64, &w), PITH_OK);
        assert_int_equal(alpha_decode(coder, w.data, w.n_bytes, &to, NULL), PITH_OK);
        for (uint32_t y = 0; y < from.height; y++)
            assert_memory_equal(decoded + y * SIDE, original + y * SIDE, from.width * sizeof *original);
        bw_free(&w);
    }
    alpha_coder_free(&coder);
}

static pith_status decode_bytes(const uint8_t *data, size_t n_bytes, char message[PITH_MESSAGE_BYTES]) {
    alpha_coder *coder = NULL;
    pith_diag diag = {0};
    alpha_block to = block;
    to.samples = decoded;
    assert_int_equal(alpha_coder_new(&coder, NULL), PITH_OK);
    pith_status status = alpha_decode(coder, data, n_bytes, &to, &diag);
    memcpy(message, diag.message, PITH_MESSAGE_BYTES);
    alpha_coder_free(&coder);
    return status;
}

static void damaged_slices_are_refused(void **state) {
    char m[PITH_MESSAGE_BYTES];
    (void)state;
    alpha_coder *coder = NULL;
    byte_writer w;
    bw_init(&w, NULL);
    assert_int_equal(alpha_coder_new(&coder, NULL), PITH_OK);
    fill(steps);
    assert_int_equal(alpha_encode(coder, &block, 64, &w), PITH_OK);
    alpha_coder_free(&coder);
    for (size_t n = 0; n < w.n_bytes; n++) /* the last byte may decide nothing */
        if (decode_bytes(w.data, n, m) == PITH_OK && memcmp(decoded, original, sizeof original) != 0)
            fail_msg("cut after %zu of %zu bytes, and nothing was noticed", n, w.n_bytes);
    assert_int_equal(decode_bytes(w.data, 20, m), PITH_E_TRUNCATED);
    assert_int_not_equal(decode_bytes(w.data, w.n_bytes / 2, m), PITH_OK);
    for (size_t i = 0; i < w.n_bytes; i++) {
        w.data[i] ^= 0x10;
        pith_status status = decode_bytes(w.data, w.n_bytes, m);
        bool only_opacity = i >= 3 && i < 3 + 2 * 11u; /* the file's CRC guards these, not the levels' checksum */
        bool same = memcmp(decoded, original, sizeof original) == 0;
        if (status == PITH_OK && !only_opacity && !same) fail_msg("byte %zu changed, and nothing was noticed", i);
        w.data[i] ^= 0x10;
    }
    assert_int_equal(decode_bytes((const uint8_t *)"\0\0\1\2\0\2\0", 7, m), PITH_E_FORMAT);
    assert_non_null(strstr(m, "opacities that do not rise"));
    assert_int_equal(decode_bytes((const uint8_t *)"\0\0\0\1\0x", 6, m), PITH_E_FORMAT);
    assert_non_null(strstr(m, "bytes left over"));
    bw_free(&w);
}

static void any_bytes_end_in_a_status(void **state) {
    char m[PITH_MESSAGE_BYTES];
    uint8_t bytes[200];
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(next_random(&seed) >> 24);
        if (round % 2) bytes[2] = (uint8_t)(16 + round);
        pith_status status = decode_bytes(bytes, sizeof bytes, m);
        assert_true(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM);
    }
}

/* One file a kind of picture, for the decoder in Python. */
static int write_slices(const char *folder) {
    uint16_t (*const kinds[])(int, int) = {opaque, disc, steps, soft, noise};
    for (size_t i = 0; i < 5; i++) {
        char path[4096];
        alpha_coder *coder = NULL;
        byte_writer w;
        bw_init(&w, NULL);
        fill(kinds[i]);
        snprintf(path, sizeof path, "%s/%zu.alpha", folder, i);
        FILE *file = fopen(path, "wb");
        if (!file || alpha_coder_new(&coder, NULL) != PITH_OK) return EXIT_FAILURE;
        if (alpha_encode(coder, &block, i == 4 ? 200 : 64, &w) != PITH_OK) return EXIT_FAILURE;
        size_t written = fwrite(w.data, 1, w.n_bytes, file);
        if (fclose(file) != 0 || written != w.n_bytes) return EXIT_FAILURE;
        alpha_coder_free(&coder);
        bw_free(&w);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "write") == 0) return write_slices(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_levels_come_back_exactly),
        cmocka_unit_test(many_levels_stay_within_half_a_level),
        cmocka_unit_test(eight_bits_come_back_exactly_from_256_levels),
        cmocka_unit_test(slices_of_one_pixel_and_one_row_come_back),
        cmocka_unit_test(damaged_slices_are_refused),
        cmocka_unit_test(any_bytes_end_in_a_status),
    };
    return cmocka_run_group_tests_name("alpha_coder", tests, NULL, NULL);
}
