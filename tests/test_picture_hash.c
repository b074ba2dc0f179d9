/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The hash of a decoded picture: what it is of, that the encoder writes it, and what a decoder says when it differs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_write.h"
#include "picture/picture_hash.h"
#include "random_bits.h"

/* A case whose decoder counts warnings, and keeps the last. */
typedef struct world {
    api_case c;
    unsigned n_warnings;
    char warning[PITH_MESSAGE_BYTES];
} world;

static void take_message(void *user, pith_log_level level, const char *text) {
    world *w = user;
    if (level != PITH_LOG_WARNING) return;
    w->n_warnings++;
    snprintf(w->warning, sizeof w->warning, "%s", text);
}

static void open_world_with(world *w, const char *backend, int threads) {
    pith_env env;
    *w = (world){.n_warnings = 0};
    pith_env_defaults(&env, sizeof env);
    env.backend = backend;
    env.threads = threads;
    env.log = (pith_log){take_message, w};
    api_open(&w->c, NULL, &env);
}

static void open_world(world *w) { open_world_with(w, NULL, 0); }

static pith_encode_options with_hash(int effort) {
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = effort;
    o.extras = PITH_EXTRA_HASH;
    return o;
}

static pith_decode_options asking(int hash, int check) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.hash = hash;
    o.check = check;
    return o;
}

static pith_hash hash_of(const world *w) {
    pith_hash h = {.struct_size = sizeof h};
    assert_int_equal(pith_decoder_hash(w->c.decoder, &h), PITH_OK);
    return h;
}

/* Noise over waves, with opacities where there is a channel for them. */
static pith_image noisy(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth) {
    pith_image p = api_waves(width, height, n_channels, bit_depth);
    uint32_t seed = 5;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                const bool is_alpha = n_channels % 2 == 0 && c == n_channels - 1u;
                const unsigned top = bit_depth == 16 ? 65535 : 255, noise = top / 8;
                const unsigned v = api_sample(&p, y, x, c);
                api_set_sample(&p, y, x, c,
                               is_alpha ? (x < 9 ? top / 3 : top) : v - noise / 2 + random_below(&seed, noise));
            }
    return p;
}

/* By section 25 of doc/format.md, sample by sample. */
static void expected_hash(const pith_image *p, uint8_t hash[PITH_HASH_BYTES]) {
    const pith_image_format *f = &p->format;
    const uint32_t head[4] = {f->width, f->height, f->n_channels, f->bit_depth};
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (int i = 0; i < 16; i++) sha256_update(&sha, 1, (uint8_t[]){(uint8_t)(head[i / 4] >> (8 * (i % 4)))});
    for (uint32_t y = 0; y < f->height; y++)
        for (uint32_t x = 0; x < f->width; x++)
            for (uint32_t c = 0; c < f->n_channels; c++) {
                const unsigned v = api_sample(p, y, x, c);
                sha256_update(&sha, f->bit_depth / 8u, (uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8)});
            }
    sha256_digest(&sha, PITH_HASH_BYTES, hash);
}

static void rows_may_come_in_any_bands_and_with_any_stride(void **unused) {
    (void)unused;
    for (uint8_t bit_depth = 8; bit_depth <= 16; bit_depth += 8) {
        pith_image p = noisy(700, 7, 4, bit_depth);
        const size_t stride = p.stride_bytes + 6;
        uint8_t expected[PITH_HASH_BYTES], found[PITH_HASH_BYTES];
        uint8_t *spread = calloc(7, stride);
        picture_hash h;
        for (uint32_t y = 0; y < 7; y++)
            memcpy(spread + y * stride, (uint8_t *)p.pixels + y * p.stride_bytes, p.stride_bytes);
        expected_hash(&p, expected);
        picture_hash_start(&h, &p.format);
        picture_hash_rows(&h, 1, spread, stride);
        picture_hash_rows(&h, 4, spread + stride, stride);
        picture_hash_rows(&h, 2, spread + 5 * stride, stride);
        picture_hash_end(&h, found);
        assert_memory_equal(found, expected, sizeof found);
        free(spread);
        free(p.pixels);
    }
}

/* Encodes with the hash, and checks it in the file, by the library and by hand. */
static void expect_own_hash(world *w, const pith_image *p, const pith_encode_options *o) {
    const pith_decode_options check = asking(0, 1);
    pith_info info = {.struct_size = sizeof info};
    uint8_t expected[PITH_HASH_BYTES];
    pith_bytes file = api_encode(&w->c, p, o);
    pith_image decoded = api_decode(&w->c, file, &check, p->format.bit_depth);
    const pith_hash h = hash_of(w);
    expected_hash(&decoded, expected);
    assert_true(o->max_bytes == 0 || file.n_bytes <= o->max_bytes);
    assert_int_equal(h.is_made, 1);
    assert_int_equal(h.check, PITH_HASH_EQUAL);
    assert_memory_equal(h.sha256, expected, sizeof expected);
    assert_int_equal(pith_decoder_info(w->c.decoder, &info), PITH_OK);
    assert_memory_equal(info.picture_hash, expected, sizeof info.picture_hash);
    assert_int_equal(w->n_warnings, 0);
    pith_bytes_free(&w->c.env, &file);
    free(decoded.pixels);
}

static void every_way_of_coding_ends_with_its_hash(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    for (uint8_t bit_depth = 8; bit_depth <= 16; bit_depth += 8)
        for (uint8_t n_channels = 1; n_channels <= 4; n_channels++) {
            pith_image p = noisy(70, 50, n_channels, bit_depth);
            pith_encode_options alone = with_hash(0), closed = with_hash(1), sized = with_hash(1);
            pith_encode_options faithful = with_hash(1), lossless = with_hash(1), palette = with_hash(0);
            sized.max_bytes = 1200;
            faithful.faithful = PITH_LEVEL_NORMAL;
            lossless.lossless = 1;
            palette.method = PITH_METHOD_PALETTE;
            expect_own_hash(&w, &p, &alone);
            expect_own_hash(&w, &p, &closed);
            expect_own_hash(&w, &p, &sized);
            expect_own_hash(&w, &p, &faithful);
            expect_own_hash(&w, &p, &lossless);
            expect_own_hash(&w, &p, &palette);
            free(p.pixels);
        }
    api_close(&w.c);
}

static void the_rest_of_the_file_is_as_without(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    for (int way = 0; way < 3; way++) {
        pith_encode_options o = with_hash(way > 0);
        if (way == 2) o.faithful = PITH_LEVEL_NORMAL;
        pith_bytes with = api_encode(&w.c, &p, &o);
        o.extras = 0;
        pith_bytes without = api_encode(&w.c, &p, &o);
        assert_int_equal(with.n_bytes, without.n_bytes + ctr_chunk_bytes(CTR_HASH_BYTES));
        assert_memory_equal(with.data, without.data, without.n_bytes);
        pith_bytes_free(&w.c.env, &with);
        pith_bytes_free(&w.c.env, &without);
    }
    free(p.pixels);
    api_close(&w.c);
}

/* The same file with another step, which no checksum sees. */
static pith_bytes of_another_step(const world *w, pith_bytes file) {
    ctr_head head;
    size_t end;
    byte_writer out;
    assert_int_equal(ctr_read_start(&head, &end, file.data, file.n_bytes, &w->c.env, NULL), PITH_OK);
    head.step_index = (uint16_t)(head.step_index + 30);
    bw_init(&out, &w->c.env.alloc);
    assert_int_equal(ctr_write_head(&out, &head, NULL), PITH_OK);
    bw_bytes(&out, file.data + end, file.n_bytes - end);
    assert_int_equal(out.status, PITH_OK);
    return (pith_bytes){out.data, out.n_bytes};
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

static pith_status decode_as(world *w, pith_bytes file, const pith_decode_options *o, uint8_t bit_depth,
                             bool tolerant) {
    const pith_sink sink = {.struct_size = sizeof sink, .bit_depth = bit_depth, .write_rows = ignore_rows};
    assert_int_equal((tolerant ? pith_decoder_open_damaged : pith_decoder_open)(w->c.decoder, file.data, file.n_bytes),
                     PITH_OK);
    return pith_decode(w->c.decoder, w->c.model, o, &sink);
}

static void a_picture_that_differs_is_told(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    const pith_encode_options o = with_hash(0);
    const pith_decode_options plain = asking(0, 0), check = asking(0, 1);
    pith_bytes file = api_encode(&w.c, &p, &o), other = of_another_step(&w, file);
    assert_int_equal(decode_as(&w, file, &plain, 8, false), PITH_OK);
    assert_int_equal(w.n_warnings, 0);
    const pith_hash right = hash_of(&w);
    assert_int_equal(decode_as(&w, other, &plain, 8, false), PITH_OK);
    assert_int_equal(w.n_warnings, 1);
    assert_non_null(strstr(w.warning, "the decoded picture is not the one that was encoded"));
    const pith_hash wrong = hash_of(&w);
    assert_int_equal(wrong.check, PITH_HASH_DIFFERENT);
    assert_memory_not_equal(right.sha256, wrong.sha256, 8);
    assert_int_equal(decode_as(&w, other, &check, 8, false), PITH_E_CHECKSUM);
    assert_string_equal(pith_decoder_message(w.c.decoder), w.warning);
    assert_int_equal(hash_of(&w).check, PITH_HASH_DIFFERENT);
    assert_int_equal(w.n_warnings, 1); /* an error is no warning too */
    pith_bytes_free(&w.c.env, &file);
    pith_bytes_free(&w.c.env, &other);
    free(p.pixels);
    api_close(&w.c);
}

static void other_pictures_than_the_hashs_are_not_compared(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    const pith_encode_options e = with_hash(0);
    pith_bytes file = api_encode(&w.c, &p, &e), other = of_another_step(&w, file);
    enum { REGION, PREVIEW, STEPS, NO_RESIDUAL, DEPTH, TOLERANT, N_WAYS };
    for (int way = 0; way < N_WAYS; way++)
        for (int check = 0; check < 2; check++) {
            pith_decode_options o = asking(0, check);
            if (way == REGION) o.region = (pith_area){0, 0, 70, 49};
            o.preview = way == PREVIEW;
            o.no_residual = way == NO_RESIDUAL;
            if (way == STEPS) o.steps = 0;
            const pith_status status = decode_as(&w, other, &o, way == DEPTH ? 16 : 8, way == TOLERANT);
            assert_int_equal(status, check ? PITH_E_ARG : PITH_OK);
            assert_int_equal(hash_of(&w).check, PITH_HASH_UNCHECKED);
            assert_int_equal(hash_of(&w).is_made, 0);
        }
    assert_int_equal(w.n_warnings, 0);
    pith_bytes_free(&w.c.env, &file);
    pith_bytes_free(&w.c.env, &other);
    free(p.pixels);
    api_close(&w.c);
}

static void a_file_without_one_has_nothing_to_check_but_a_hash_to_ask_for(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    const pith_decode_options plain = asking(0, 0), hash = asking(1, 0), check = asking(1, 1);
    pith_decode_options part = asking(1, 0);
    uint8_t expected[PITH_HASH_BYTES];
    pith_info info = {.struct_size = sizeof info};
    static const uint8_t none[PITH_FINGERPRINT_BYTES];
    pith_bytes file = api_encode(&w.c, &p, NULL);
    assert_int_equal(decode_as(&w, file, &plain, 8, false), PITH_OK);
    assert_int_equal(hash_of(&w).is_made, 0);
    assert_int_equal(decode_as(&w, file, &check, 8, false), PITH_E_UNSUPPORTED);
    assert_non_null(strstr(pith_decoder_message(w.c.decoder), "no hash"));
    assert_int_equal(hash_of(&w).is_made, 0);
    pith_image whole = api_decode(&w.c, file, &hash, 16);
    expected_hash(&whole, expected);
    assert_memory_equal(hash_of(&w).sha256, expected, sizeof expected);
    part.region = (pith_area){11, 3, 40, 20};
    pith_image some = api_decode(&w.c, file, &part, 8);
    expected_hash(&some, expected);
    assert_memory_equal(hash_of(&w).sha256, expected, sizeof expected);
    assert_int_equal(hash_of(&w).check, PITH_HASH_UNCHECKED);
    assert_int_equal(pith_decoder_info(w.c.decoder, &info), PITH_OK);
    assert_memory_equal(info.picture_hash, none, sizeof none);
    assert_int_equal(w.n_warnings, 0);
    pith_bytes_free(&w.c.env, &file);
    free(some.pixels);
    free(whole.pixels);
    free(p.pixels);
    api_close(&w.c);
}

static void engines_threads_and_memory_change_nothing(void **unused) {
    static const struct {
        const char *backend;
        int threads;
        uint64_t memory;
    } ways[] = {{"exact", 1, 0}, {"exact", 2, 0}, {"exact", 1, 20000000}, {"exact", 2, 30000000}, {"ref", 1, 20000000}};
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(2600, 1500, 3, 16);
    const pith_encode_options o = with_hash(0);
    pith_bytes file = api_encode(&w.c, &p, &o);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        world other;
        pith_decode_options d = asking(0, 1);
        open_world_with(&other, ways[i].backend, ways[i].threads);
        d.max_memory_bytes = ways[i].memory;
        const pith_status status = decode_as(&other, file, &d, 16, false);
        if (status != PITH_OK) fail_msg("way %zu: %s", i, pith_decoder_message(other.c.decoder));
        assert_int_equal(hash_of(&other).check, PITH_HASH_EQUAL);
        api_close(&other.c);
    }
    pith_bytes_free(&w.c.env, &file);
    free(p.pixels);
    api_close(&w.c);
}

/* doc/format.md, section 14. */
static void an_engine_of_other_samples_writes_no_hash_and_compares_none(void **unused) {
    (void)unused;
#ifdef PITH_HAVE_ONEDNN
    world w, other;
    open_world(&w);
    open_world_with(&other, "onednn", 1);
    pith_image p = noisy(70, 50, 3, 8);
    const pith_encode_options o = with_hash(0);
    const pith_decode_options plain = asking(0, 0), check = asking(0, 1);
    pith_source source;
    pith_bytes none = {0}, file = api_encode(&w.c, &p, &o), changed = of_another_step(&w, file);
    pith_source_from_image(&source, sizeof source, &p);
    assert_int_equal(pith_encode(other.c.encoder, &source, &o, &none), PITH_E_ARG);
    assert_int_equal(decode_as(&other, changed, &plain, 8, false), PITH_OK);
    assert_int_equal(hash_of(&other).check, PITH_HASH_UNCHECKED);
    assert_int_equal(decode_as(&other, file, &check, 8, false), PITH_E_ARG);
    assert_int_equal(other.n_warnings, 0);
    pith_bytes_free(&w.c.env, &file);
    pith_bytes_free(&w.c.env, &changed);
    free(p.pixels);
    api_close(&other.c);
    api_close(&w.c);
#else
    skip();
#endif
}

/* Of which options about networks change nothing. */
static void an_exact_picture_is_compared_whatever_is_asked_of_networks(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    pith_encode_options o = with_hash(0);
    pith_decode_options d = asking(0, 1);
    o.lossless = 1;
    d.steps = 0;
    d.no_residual = 1;
    pith_bytes file = api_encode(&w.c, &p, &o);
    assert_int_equal(decode_as(&w, file, &d, 8, false), PITH_OK);
    assert_int_equal(hash_of(&w).check, PITH_HASH_EQUAL);
    pith_bytes_free(&w.c.env, &file);
    free(p.pixels);
    api_close(&w.c);
}

/* Whose sink fails, so that no picture was delivered. */
static pith_status refuse_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_E_IO;
}

static void a_decoding_that_fails_has_no_hash(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(70, 50, 3, 8);
    const pith_encode_options o = with_hash(0);
    const pith_decode_options plain = asking(1, 0);
    const pith_sink sink = {.struct_size = sizeof sink, .write_rows = refuse_rows};
    pith_bytes file = api_encode(&w.c, &p, &o);
    assert_int_equal(decode_as(&w, file, &plain, 8, false), PITH_OK);
    assert_int_equal(hash_of(&w).is_made, 1);
    assert_int_equal(pith_decode(w.c.decoder, w.c.model, &plain, &sink), PITH_E_IO);
    assert_int_equal(hash_of(&w).is_made, 0);
    assert_int_equal(hash_of(&w).check, PITH_HASH_UNCHECKED);
    pith_bytes_free(&w.c.env, &file);
    free(p.pixels);
    api_close(&w.c);
}

static void extras_that_are_not_known_are_refused(void **unused) {
    (void)unused;
    world w;
    open_world(&w);
    pith_image p = noisy(20, 10, 3, 8);
    pith_encode_options o = with_hash(0);
    pith_source source;
    pith_bytes file = {0};
    o.extras |= 2;
    pith_source_from_image(&source, sizeof source, &p);
    assert_int_equal(pith_encode(w.c.encoder, &source, &o, &file), PITH_E_UNSUPPORTED);
    assert_null(file.data);
    free(p.pixels);
    api_close(&w.c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_may_come_in_any_bands_and_with_any_stride),
        cmocka_unit_test(every_way_of_coding_ends_with_its_hash),
        cmocka_unit_test(the_rest_of_the_file_is_as_without),
        cmocka_unit_test(a_picture_that_differs_is_told),
        cmocka_unit_test(other_pictures_than_the_hashs_are_not_compared),
        cmocka_unit_test(a_file_without_one_has_nothing_to_check_but_a_hash_to_ask_for),
        cmocka_unit_test(engines_threads_and_memory_change_nothing),
        cmocka_unit_test(an_engine_of_other_samples_writes_no_hash_and_compares_none),
        cmocka_unit_test(an_exact_picture_is_compared_whatever_is_asked_of_networks),
        cmocka_unit_test(a_decoding_that_fails_has_no_hash),
        cmocka_unit_test(extras_that_are_not_known_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
