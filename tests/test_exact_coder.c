/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices of the exact coder: every picture comes back as it was, in few bytes
 * where it is simple; any bytes decode to something or are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "exact/exact_coder.h"
#include "random_bits.h"

typedef uint32_t sample_of(uint32_t x, uint32_t y, unsigned channel, uint32_t most);

static uint32_t flat(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (void)x, (void)y, most / 3 * (c % 2) + 17;
}
static uint32_t slope(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (x * 3 + y * 2 + 40 * c) % (most + 1);
}
static uint32_t tiles(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (x / 3 + y / 5) % 4 == 1 ? most : ((x * x + y) % 7 * 29 + c * 11) % (most + 1);
}
static uint32_t noise(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    uint32_t state = x * 7919 + y * 104729 + c * 31337;
    for (int i = 0; i < 4; i++) next_random(&state);
    return (uint32_t)((uint64_t)state * (most + 1ull) >> 32);
}
static uint32_t photo(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    const uint32_t wave = (x * y / 9 + x * 5 + y * 3 * (c + 1)) % 512, level = wave < 256 ? wave : 511 - wave;
    return (level * 3 / 4 + noise(x, y, c, 31)) * (most / 255);
}
static uint32_t extremes(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return noise(x, y, c, 3) > 1 ? most : noise(y, x, c, 3) > 1 ? 0 : most / 2;
}
static uint32_t black_and_white(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (void)c, x * y % 11 > 5 ? most : 0;
}

typedef struct picture {
    exact_block block;
    size_t n_bytes;
} picture;

static picture make(uint32_t width, uint32_t height, unsigned n_channels, unsigned bit_depth, sample_of *kind) {
    picture p = {.block = {height, width, (uint8_t)n_channels, (uint8_t)bit_depth, NULL, 0}};
    p.block.stride_bytes = (size_t)width * n_channels * (bit_depth / 8);
    p.n_bytes = p.block.stride_bytes * height;
    uint8_t *bytes = calloc(1, p.n_bytes);
    assert_non_null(bytes);
    for (size_t i = 0; i < p.n_bytes / (bit_depth / 8); i++) {
        const uint32_t x = (uint32_t)(i / n_channels % width), y = (uint32_t)(i / n_channels / width);
        const uint16_t v = (uint16_t)kind(x, y, (unsigned)(i % n_channels), bit_depth == 8 ? 255 : 65535);
        if (bit_depth == 8)
            bytes[i] = (uint8_t)v;
        else
            memcpy(bytes + 2 * i, &v, sizeof v);
    }
    p.block.samples = bytes;
    return p;
}

static void free_picture(picture *p) { free(p->block.samples); }

/* The coded bytes; exactly as many as the slice has must do. */
static byte_writer encode(const picture *p, bool drop_hidden, uint16_t *checksum) {
    exact_coder *coder = NULL;
    byte_writer w;
    bool fits = false;
    const exact_wish wish = {UINT64_MAX, drop_hidden};
    bw_init(&w, NULL);
    assert_int_equal(exact_coder_new(&coder, NULL, p->block.height, p->block.width, p->block.n_channels), PITH_OK);
    assert_int_equal(exact_encode(coder, &p->block, &wish, &w, &fits, checksum), PITH_OK);
    assert_true(fits);
    exact_coder_free(&coder);
    return w;
}

static exact_coder *coder_for(const exact_block *b) {
    exact_coder *coder = NULL;
    assert_int_equal(exact_coder_new(&coder, NULL, b->height, b->width, b->n_channels), PITH_OK);
    return coder;
}

static pith_status decode_with(exact_coder *coder, const uint8_t *data, size_t n_bytes, uint16_t checksum,
                               const exact_block *to, pith_diag *diag) {
    uint8_t *copy = malloc(n_bytes + !n_bytes);
    assert_non_null(copy);
    if (n_bytes) memcpy(copy, data, n_bytes);
    const pith_status status = exact_decode(coder, copy, n_bytes, checksum, to, diag);
    free(copy);
    return status;
}

static pith_status decode(const uint8_t *data, size_t n_bytes, uint16_t checksum, const exact_block *to,
                          pith_diag *diag) {
    exact_coder *coder = coder_for(to);
    const pith_status status = decode_with(coder, data, n_bytes, checksum, to, diag);
    exact_coder_free(&coder);
    return status;
}

/* How many bytes it took. */
static size_t round_trip(const picture *p) {
    uint16_t checksum;
    pith_diag diag = {0};
    byte_writer w = encode(p, false, &checksum);
    exact_block to = p->block;
    to.samples = calloc(1, p->n_bytes);
    assert_non_null(to.samples);
    if (decode(w.data, w.n_bytes, checksum, &to, &diag) != PITH_OK) fail_msg("%s", diag.message);
    assert_memory_equal(to.samples, p->block.samples, p->n_bytes);
    const size_t n = w.n_bytes;
    free(to.samples);
    bw_free(&w);
    return n;
}

static size_t cost_of(uint32_t width, uint32_t height, unsigned n_channels, unsigned bit_depth, sample_of *kind) {
    picture p = make(width, height, n_channels, bit_depth, kind);
    const size_t n = round_trip(&p);
    free_picture(&p);
    return n;
}

static void every_picture_comes_back(void **state) {
    sample_of *const kinds[] = {flat, slope, tiles, noise, photo, extremes, black_and_white};
    static const uint32_t sizes[][2] = {{1, 1}, {1, 70}, {70, 1}, {2, 3}, {33, 65}, {150, 97}};
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (unsigned n = 1; n <= 4; n++)
                for (unsigned depth = 8; depth <= 16; depth += 8) cost_of(sizes[s][0], sizes[s][1], n, depth, kinds[k]);
}

static void the_longest_sides_come_back(void **state) {
    (void)state;
    cost_of(EXACT_MAX_SIDE, 5, 3, 8, photo);
    cost_of(5, EXACT_MAX_SIDE, 4, 16, extremes);
    cost_of(EXACT_MAX_SIDE, EXACT_MAX_SIDE, 1, 8, tiles);
}

static void flat_pictures_cost_next_to_nothing(void **state) {
    (void)state;
    assert_true(cost_of(1, 1, 3, 8, flat) <= 5);
    assert_true(cost_of(1000, 1000, 3, 8, flat) <= 6);
    assert_true(cost_of(1000, 1000, 4, 16, flat) <= 12);
}

static uint32_t rising(uint32_t x, uint32_t y, unsigned c, uint32_t most) { return (void)c, (x + y) % (most + 1); }

static void what_repeats_is_cheap(void **state) {
    (void)state;
    assert_true(cost_of(200, 200, 3, 8, black_and_white) < 700);
    assert_true(cost_of(200, 200, 3, 8, rising) < 700);
}

static void noise_costs_little_more_than_its_bits(void **state) {
    (void)state;
    assert_true(cost_of(100, 100, 3, 8, noise) < 30000 * 102 / 100);
    assert_true(cost_of(100, 100, 1, 16, noise) < 20000 * 106 / 100);
}

static uint32_t twelve_bits(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (void)most, noise(x, y, c, 4095);
}
static uint32_t twelve_shifted(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return twelve_bits(x, y, c, most) << 4;
}
static uint32_t twelve_filled(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    const uint32_t v = twelve_bits(x, y, c, most);
    return v << 4 | v >> 8;
}
static uint32_t eight_filled(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return (void)most, photo(x, y, c, 255) * 257;
}

static void bits_that_are_not_used_cost_nothing(void **state) {
    (void)state;
    const size_t plain = cost_of(120, 90, 1, 16, twelve_bits);
    assert_true(plain < 120 * 90 * 12 / 8 * 104 / 100);
    assert_int_equal(cost_of(120, 90, 1, 16, twelve_shifted), plain);
    assert_int_equal(cost_of(120, 90, 1, 16, twelve_filled), plain);
    assert_int_equal(cost_of(120, 90, 3, 16, eight_filled), cost_of(120, 90, 3, 8, photo) + 1);
}

static void hidden_colours_are_kept_or_dropped(void **state) {
    (void)state;
    picture p = make(60, 40, 4, 8, noise);
    uint8_t *samples = p.block.samples;
    uint16_t checksum;
    for (size_t i = 0; i < 60 * 40; i++) samples[4 * i + 3] = i % 60 < 30 ? 0 : 255;
    const size_t kept = round_trip(&p);
    byte_writer w = encode(&p, true, &checksum);
    assert_true(w.n_bytes < kept * 6 / 10);
    exact_block to = p.block;
    uint8_t *back = calloc(1, p.n_bytes);
    to.samples = back;
    assert_int_equal(decode(w.data, w.n_bytes, checksum, &to, NULL), PITH_OK);
    for (size_t i = 0; i < 60 * 40; i++) {
        const uint8_t none[4] = {0};
        assert_memory_equal(back + 4 * i, i % 60 < 30 ? none : samples + 4 * i, 4);
    }
    free(back);
    bw_free(&w);
    free_picture(&p);
}

static void gives_up_when_there_are_too_many_bytes(void **state) {
    (void)state;
    picture p = make(300, 300, 3, 8, photo);
    exact_coder *coder = NULL;
    byte_writer w;
    bool fits = true;
    uint16_t checksum;
    bw_init(&w, NULL);
    assert_int_equal(exact_coder_new(&coder, NULL, 300, 300, 3), PITH_OK);
    const size_t needed = round_trip(&p);
    const uint64_t limits[] = {0, 1, 5000, needed - 1, needed};
    for (size_t i = 0; i < 5; i++) {
        const exact_wish wish = {limits[i], false};
        assert_int_equal(exact_encode(coder, &p.block, &wish, &w, &fits, &checksum), PITH_OK);
        assert_int_equal(fits, i == 4);
        assert_int_equal(w.n_bytes, i == 4 ? needed : 0);
    }
    exact_coder_free(&coder);
    bw_free(&w);
    free_picture(&p);
}

static bool stop(void *user) {
    unsigned *left = user;
    return (*left)-- == 0;
}

static void stops_when_asked(void **state) {
    (void)state;
    picture p = make(50, 50, 3, 8, photo);
    exact_coder *coder = NULL;
    byte_writer w;
    bool fits;
    uint16_t checksum;
    unsigned rows = 10;
    const exact_wish wish = {UINT64_MAX, false};
    bw_init(&w, NULL);
    assert_int_equal(exact_coder_new(&coder, NULL, 50, 50, 3), PITH_OK);
    exact_coder_watch(coder, (watch){stop, &rows});
    assert_int_equal(exact_encode(coder, &p.block, &wish, &w, &fits, &checksum), PITH_E_ABORTED);
    exact_coder_free(&coder);
    bw_free(&w);
    free_picture(&p);
}

/* What one coder did before does not show in what it does next. */
static void coders_remember_nothing(void **state) {
    (void)state;
    picture p = make(90, 60, 3, 8, photo), q = make(41, 33, 4, 16, tiles);
    uint16_t checksum;
    bool fits;
    byte_writer fresh = encode(&q, false, &checksum), used;
    exact_coder *coder = NULL;
    const exact_wish wish = {UINT64_MAX, false};
    assert_int_equal(exact_coder_new(&coder, NULL, 60, 90, 4), PITH_OK);
    for (unsigned i = 0; i < 2; i++) {
        bw_init(&used, NULL);
        assert_int_equal(exact_encode(coder, i ? &q.block : &p.block, &wish, &used, &fits, &checksum), PITH_OK);
        if (i == 1) {
            assert_int_equal(used.n_bytes, fresh.n_bytes);
            assert_memory_equal(used.data, fresh.data, fresh.n_bytes);
        }
        bw_free(&used);
    }
    exact_coder_free(&coder);
    bw_free(&fresh);
    free_picture(&p);
    free_picture(&q);
}

static void damaged_slices_are_refused(void **state) {
    sample_of *const kinds[] = {tiles, photo};
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        picture p = make(20, 15, 3, 8, kinds[k]);
        uint16_t checksum;
        byte_writer w = encode(&p, false, &checksum);
        exact_block to = p.block;
        exact_coder *coder = coder_for(&to);
        to.samples = malloc(p.n_bytes);
        for (size_t i = 0; i < w.n_bytes; i++) {
            w.data[i] ^= (uint8_t)(1u << i % 8);
            if (decode_with(coder, w.data, w.n_bytes, checksum, &to, NULL) == PITH_OK &&
                memcmp(to.samples, p.block.samples, p.n_bytes) != 0)
                fail_msg("byte %zu changed, and nothing was noticed", i);
            w.data[i] ^= (uint8_t)(1u << i % 8);
            if (decode_with(coder, w.data, i, checksum, &to, NULL) == PITH_OK)
                fail_msg("cut after %zu bytes, and not noticed", i);
        }
        exact_coder_free(&coder);
        free(to.samples);
        bw_free(&w);
        free_picture(&p);
    }
}

static void any_bytes_end_in_a_status(void **state) {
    uint8_t bytes[120];
    uint32_t seed = 1;
    (void)state;
    for (unsigned round = 0; round < 400; round++) {
        picture p = make(1 + round % 37, 1 + round % 23, 1 + round % 4, round % 8 < 4 ? 8 : 16, flat);
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(next_random(&seed) >> 24);
        bytes[0] &= round % 2 ? 1 : 0x7d; /* mostly a plan that there is */
        const pith_status status = decode(bytes, round % sizeof bytes, 0, &p.block, NULL);
        assert_true(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM ||
                    status == PITH_E_TRUNCATED);
        free_picture(&p);
    }
}

static void refuses_plans_that_no_encoder_writes(void **state) {
    static const struct {
        uint8_t bytes[2];
        unsigned n_channels;
    } cases[] = {{{2, 0}, 3},       /* mode */
                 {{0x0d, 0}, 3},    /* transform */
                 {{0x04, 0}, 3},    /* .. of indices */
                 {{0x05, 0}, 1},    /* .. of grey */
                 {{0x10, 0}, 3},    /* hidden, without opacity */
                 {{0x20, 0}, 3},    /* repeated bits, all of them */
                 {{0x40, 0x07}, 3}, /* as many bits as there are */
                 {{0x40, 0x26}, 3}, /* shifted out */
                 {{0x60, 0x11}, 3}, /* shifted and repeated */
                 {{0x80, 0}, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pith_diag diag = {0};
        picture p = make(4, 4, cases[i].n_channels, 8, flat);
        assert_int_equal(decode(cases[i].bytes, 2, 0, &p.block, &diag), PITH_E_FORMAT);
        if (!strstr(diag.message, "a way of coding that there is not")) fail_msg("case %zu: %s", i, diag.message);
        free_picture(&p);
    }
}

/* Drawn on the right, noisy on the left. */
static uint32_t both(uint32_t x, uint32_t y, unsigned c, uint32_t most) {
    return x < 40 ? photo(x, y, c, most) : x < 50 ? 200 : tiles(x, y, c, most);
}

static bool write_slice(const char *folder, unsigned i, picture p) {
    char path[4096];
    uint16_t checksum;
    const exact_block *b = &p.block;
    byte_writer w = encode(&p, i % 2, &checksum);
    snprintf(path, sizeof path, "%s/%u.exact", folder, i);
    FILE *file = fopen(path, "wb");
    const uint8_t head[] = {(uint8_t)b->width, (uint8_t)b->height, b->n_channels,
                            b->bit_depth,      (uint8_t)checksum,  (uint8_t)(checksum >> 8)};
    bool good =
        file && fwrite(head, 1, sizeof head, file) == sizeof head && fwrite(w.data, 1, w.n_bytes, file) == w.n_bytes;
    good = file && fclose(file) == 0 && good;
    bw_free(&w);
    free_picture(&p);
    return good;
}

/* Slices of every kind for the decoder in Python, NAME.exact: width, height, channels, bits, the checksum, the coded.
 */
static int write_slices(const char *folder) {
    sample_of *const kinds[] = {flat, slope, tiles, noise, photo, extremes, black_and_white, twelve_filled, rising};
    bool good = write_slice(folder, 18, make(77, 45, 3, 8, both));
    for (unsigned i = 0; i < 18; i++)
        good = good && write_slice(folder, i, make(31 - i, 20 + i, 1 + i % 4, i < 9 ? 8 : 16, kinds[i % 9]));
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "write") == 0) return write_slices(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_picture_comes_back),
        cmocka_unit_test(the_longest_sides_come_back),
        cmocka_unit_test(flat_pictures_cost_next_to_nothing),
        cmocka_unit_test(what_repeats_is_cheap),
        cmocka_unit_test(noise_costs_little_more_than_its_bits),
        cmocka_unit_test(bits_that_are_not_used_cost_nothing),
        cmocka_unit_test(hidden_colours_are_kept_or_dropped),
        cmocka_unit_test(gives_up_when_there_are_too_many_bytes),
        cmocka_unit_test(stops_when_asked),
        cmocka_unit_test(coders_remember_nothing),
        cmocka_unit_test(damaged_slices_are_refused),
        cmocka_unit_test(any_bytes_end_in_a_status),
        cmocka_unit_test(refuses_plans_that_no_encoder_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
