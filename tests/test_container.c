/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The structure of .pith files: written, read back, limited, and what is
 * refused. tests/test_container_damage.c spoils them byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "container/ctr_read.h"
#include "container_file.h"

static pith_env env;

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    return 0;
}

/* Reads an exact-size copy and expects a status and words of the message. */
static void expect(const byte_writer *w, pith_status status, const char *words) {
    uint8_t *copy = malloc(w->n_bytes);
    memcpy(copy, w->data, w->n_bytes);
    ctr_file file;
    pith_diag diag = {0};
    pith_status got = ctr_read(&file, copy, w->n_bytes, &env, &diag);
    ctr_file_free(&file, &env);
    free(copy);
    if (got != status) fail_msg("%s (%s), not %s", pith_status_name(got), diag.message, pith_status_name(status));
    assert_int_equal(diag.status, status);
    if (!strstr(diag.message, words)) fail_msg("\"%s\" does not say \"%s\"", diag.message, words);
}

/* ---- what is written is read ------------------------------------------------------- */

static void assert_same_heads(const ctr_head *a, const ctr_head *b) {
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->grey, b->grey);
    assert_int_equal(a->method, b->method);
    assert_int_equal(a->n_latent, b->n_latent);
    assert_int_equal(a->log2_downscale, b->log2_downscale);
    assert_int_equal(a->step_index, b->step_index);
    assert_int_equal(a->prior_id, b->prior_id);
    assert_string_equal(a->model_name, b->model_name);
    assert_memory_equal(a->latent_id, b->latent_id, PITH_FINGERPRINT_BYTES);
    assert_int_equal(a->recipe, b->recipe);
}

static void assert_survives(const ctr_head *head) {
    byte_writer w = container_file(head);
    ctr_file file;
    pith_diag diag = {0};
    if (ctr_read(&file, w.data, w.n_bytes, &env, &diag) != PITH_OK) fail_msg("%s", diag.message);
    assert_same_heads(head, &file.head);
    assert_int_equal(file.version_major, CTR_VERSION_MAJOR);
    assert_int_equal(file.version_minor, CTR_VERSION_MINOR);
    assert_int_equal(file.n_slices, ctr_slice_count(head));
    assert_int_equal(file.n_chunks, file.n_slices + 1);
    assert_int_equal(file.first_slice, 1);
    size_t at = 5;
    for (uint32_t i = 0; i < file.n_chunks; at += file.chunks[i++].n_bytes) {
        assert_int_equal(file.chunks[i].offset, at);
        assert_int_equal(file.chunks[i].type, i ? CTR_CHUNK_LATENT : CTR_CHUNK_HEAD);
    }
    assert_int_equal(at, w.n_bytes);
    for (uint32_t i = 0; i < file.n_slices; i++) {
        ctr_slice slice;
        uint8_t coded[CONTAINER_MAX_CODED];
        assert_int_equal(ctr_read_slice(&file, i, &slice, NULL), PITH_OK);
        assert_int_equal(slice.checksum, container_checksum(i));
        assert_int_equal(slice.coded_bytes, container_coded(i, coded));
        assert_memory_equal(slice.coded, coded, slice.coded_bytes);
    }
    ctr_slice slice;
    assert_int_equal(ctr_read_slice(&file, file.n_slices, &slice, NULL), PITH_E_ARG);
    ctr_file_free(&file, &env);
    bw_free(&w);
}

static void every_legal_header_survives_a_round_trip(void **state) {
    (void)state;
    static const uint32_t sides[] = {1, 7, 8, 9, 127, 128, 512, 1024, 1025, 16383, 16384, 65535};
    static const char *const names[] = {"a",       "mini-1", "mini-127", "mini-128", "mini-0",
                                        "mini-01", "mini-",  "mini-1a",  "0.9_b-c",  "a23456789012345678901234567890z"};
    ctr_head head = container_head(512, 512);
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
        head.width = sides[i];
        head.height = sides[i] > 1500 ? 3 : sides[(i * 5 + 3) % 9];
        head.grey = i & 1;
        head.step_index = (uint16_t)(i * 186);
        assert_survives(&head);
    }
    head = container_head(40, 30);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(head.model_name, sizeof head.model_name, "%s", names[i]);
        assert_survives(&head);
    }
    for (uint8_t log2 = 0; log2 <= 7; log2++)
        for (uint8_t n = 1; n <= 32 && n <= 3u << (2 * log2); n++) {
            head.log2_downscale = log2;
            head.n_latent = n;
            assert_survives(&head);
        }
    head.step_index = 2047;
    assert_survives(&head);
}

static void illegal_headers_are_not_written(void **state) {
    (void)state;
    static const char *const names[] = {"", ".a", "-a", "_a", "A", "a b", "a/b", "\xc3\xa9", "a\n"};
    ctr_head good = container_head(64, 64), bad[16];
    size_t n = 0;
    bad[n] = good, bad[n++].width = 0;
    bad[n] = good, bad[n++].height = 0;
    bad[n] = good, bad[n++].method = 0;
    bad[n] = good, bad[n++].method = 4;
    bad[n] = good, bad[n].method = PITH_METHOD_EXACT, bad[n++].residual = true;
    bad[n] = good, bad[n++].n_latent = 0;
    bad[n] = good, bad[n++].n_latent = 33;
    bad[n] = good, bad[n].n_latent = 4, bad[n++].log2_downscale = 0;
    bad[n] = good, bad[n++].log2_downscale = 8;
    bad[n] = good, bad[n++].step_index = 2048;
    bad[n] = good, bad[n++].prior_id = CTR_N_PRIORS;
    bad[n] = good, bad[n++].recipe = CTR_N_RECIPES;
    bad[n] = good, memset(bad[n++].model_name, 'a', PITH_NAME_BYTES); /* without an end */
    byte_writer w;
    bw_init(&w, NULL);
    for (size_t i = 0; i < n; i++) assert_int_equal(ctr_write_head(&w, &bad[i], NULL), PITH_E_ARG);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(good.model_name, sizeof good.model_name, "%s", names[i]);
        pith_diag diag = {0};
        assert_int_equal(ctr_write_head(&w, &good, &diag), PITH_E_ARG);
        assert_non_null(strstr(diag.message, "model_name"));
    }
    assert_int_equal(w.n_bytes, 0);
    bw_free(&w);
}

static void a_512x512_file_has_40_bytes_around_its_symbols(void **state) {
    (void)state;
    ctr_head head = container_head(512, 512);
    uint8_t coded[5000] = {0};
    byte_writer w;
    bw_init(&w, NULL);
    assert_int_equal(ctr_write_head(&w, &head, NULL), PITH_OK);
    ctr_write_slice(&w, 0, coded, sizeof coded);
    assert_int_equal(w.n_bytes, sizeof coded + 40);
    expect(&w, PITH_OK, "");
    bw_free(&w);
}

static void predicted_sizes_are_exact(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 125, 126, 127, 16381, 16382, 16383, 2097149, 2097150};
    static const char *const names[] = {"mini-1", "mini-128", "x", "sd1"};
    uint8_t *coded = calloc(2097150, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        byte_writer w;
        bw_init(&w, NULL);
        ctr_write_slice(&w, 7, coded, sizes[i]);
        assert_int_equal(w.n_bytes, ctr_slice_bytes(sizes[i]));
        bw_free(&w);
    }
    free(coded);
    for (uint32_t shift = 0; shift < 32; shift++)
        for (size_t i = 0; i < 4; i++) {
            ctr_head head = container_head(1u << shift, UINT32_MAX >> shift);
            snprintf(head.model_name, sizeof head.model_name, "%s", names[i]);
            byte_writer w;
            bw_init(&w, NULL);
            assert_int_equal(ctr_write_head(&w, &head, NULL), PITH_OK);
            assert_int_equal(w.n_bytes, ctr_head_bytes(&head));
            bw_free(&w);
        }
}

static void slices_cover_every_latent_position_once(void **state) {
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1024, 1024}, {1025, 1024}, {2100, 3000}, {65535, 9}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ctr_head head = container_head(sizes[i][0], sizes[i][1]);
        uint32_t width = ctr_latent_width(&head), height = ctr_latent_height(&head);
        assert_int_equal(width, (head.width + 7) / 8);
        assert_int_equal(height, (head.height + 7) / 8);
        uint8_t *seen = calloc(width, height);
        for (uint32_t s = 0; s < ctr_slice_count(&head); s++) {
            ctr_rect r = ctr_slice_rect(&head, s);
            assert_true(r.width >= 1 && r.width <= CTR_SLICE_SIDE && r.height >= 1 && r.height <= CTR_SLICE_SIDE);
            for (uint32_t y = r.y; y < r.y + r.height; y++)
                for (uint32_t x = r.x; x < r.x + r.width; x++) seen[y * width + x]++;
        }
        for (uint32_t p = 0; p < width * height; p++) assert_int_equal(seen[p], 1);
        free(seen);
    }
    ctr_head head = container_head(UINT32_MAX, UINT32_MAX);
    head.log2_downscale = 0, head.n_latent = 3;
    assert_int_equal(ctr_latent_width(&head), UINT32_MAX);
    assert_int_equal(ctr_slice_count(&head), UINT32_MAX);
}

static void chunks_are_named(void **state) {
    (void)state;
    char name[8];
    ctr_chunk_name(CTR_CHUNK_HEAD, name);
    assert_string_equal(name, "HEAD");
    ctr_chunk_name(CTR_CHUNK_LATENT, name);
    assert_string_equal(name, "LATN");
    ctr_chunk_name(0xa5, name);
    assert_string_equal(name, "?a5");
}

/* ---- magic, version, chunks --------------------------------------------------------- */

static void other_files_are_not_pith_files(void **state) {
    (void)state;
    static const char *const starts[] = {"\x89PNG\r\n\x1a\n", "\xff\xd8\xff\xe0", "RIFF", "\xf0PIU", "PITH", "\n"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        byte_writer w;
        bw_init(&w, NULL);
        bw_bytes(&w, starts[i], strlen(starts[i]));
        expect(&w, PITH_E_FORMAT, "not a Pith file");
        bw_free(&w);
    }
    byte_writer empty;
    bw_init(&empty, NULL);
    ctr_file file;
    pith_diag diag = {0};
    assert_int_equal(ctr_read(&file, NULL, 0, &env, &diag), PITH_E_TRUNCATED);
    assert_int_equal(ctr_read(&file, NULL, 1, &env, NULL), PITH_E_ARG);
}

static void slices_of_an_exact_picture_are_its_own(void **state) {
    (void)state;
    const ctr_head head = {.width = 1025, .height = 8, .alpha = true, .method = PITH_METHOD_EXACT};
    byte_writer w;
    ctr_file file;
    bw_init(&w, NULL);
    assert_int_equal(ctr_write_head(&w, &head, NULL), PITH_OK);
    assert_int_equal(w.n_bytes, ctr_head_bytes(&head));
    ctr_write_exact(&w, 1, "abc", 3);
    ctr_write_exact(&w, 2, "", 0);
    assert_int_equal(w.n_bytes, 16 + 11 + 8);
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &env, NULL), PITH_OK);
    assert_int_equal(file.n_slices, 2);
    assert_int_equal(file.n_alpha, 0);
    assert_true(file.head.alpha);
    assert_int_equal(ctr_slice_rect(&file.head, 1).x, 1024);
    ctr_file_free(&file, &env);
    ctr_write_exact(&w, 3, "", 0);
    expect(&w, PITH_E_FORMAT, "one slice more than the 2");
    bw_free(&w);

    assert_int_equal(ctr_write_head(&w, &head, NULL), PITH_OK);
    ctr_write_slice(&w, 1, "abc", 3);
    expect(&w, PITH_E_FORMAT, "a slice in a file of another method");
    bw_free(&w);
    ctr_head latent = container_head(64, 64);
    w = container_start(&latent);
    ctr_write_exact(&w, 1, "abc", 3);
    expect(&w, PITH_E_FORMAT, "a slice in a file of another method");
    bw_free(&w);
}

static void another_major_version_is_refused_and_a_newer_minor_one_read(void **state) {
    (void)state;
    ctr_head head = container_head(64, 64);
    byte_writer w = container_file(&head);
    for (unsigned version = 0; version < 256; version++) {
        w.data[4] = (uint8_t)version;
        if (version >> 4 == CTR_VERSION_MAJOR || version == CTR_VERSION_DRAFT)
            expect(&w, PITH_OK, "");
        else
            expect(&w, PITH_E_VERSION, "format version");
    }
    bw_free(&w);
}

static void unknown_chunks_are_skipped_when_they_say_so(void **state) {
    (void)state;
    ctr_head head = container_head(1025, 8); /* two slices */
    byte_writer w = container_start(&head);
    ctr_write_chunk(&w, 0x81, "", 0); /* HEAD's number, but skippable: not HEAD */
    ctr_write_chunk(&w, 0xff, "thumbnail", 9);
    ctr_write_slice(&w, 1, "abc", 3);
    ctr_write_slice(&w, 2, "", 0);
    ctr_write_chunk(&w, 0x82, "after", 5);
    ctr_file file;
    ctr_slice slice;
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &env, NULL), PITH_OK);
    assert_int_equal(file.n_chunks, 6);
    assert_int_equal(file.first_slice, 3);
    assert_int_equal(ctr_read_slice(&file, 0, &slice, NULL), PITH_OK);
    assert_int_equal(slice.checksum, 1);
    assert_memory_equal(slice.coded, "abc", 3);
    assert_int_equal(ctr_read_slice(&file, 1, &slice, NULL), PITH_OK);
    assert_int_equal(slice.coded_bytes, 0);
    ctr_file_free(&file, &env);
    w.data[w.n_bytes - 1] ^= 1; /* skipped is not unchecked */
    expect(&w, PITH_E_CHECKSUM, "?82: damaged");
    bw_free(&w);
}

static void unknown_chunks_that_may_not_be_skipped_are_refused(void **state) {
    (void)state;
    ctr_head head = container_head(64, 64);
    byte_writer w = container_start(&head);
    ctr_write_chunk(&w, 0x7f, "", 0);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, PITH_E_UNSUPPORTED, "?7f: a chunk of unknown type 0x7f that may not be skipped (byte 29)");
    bw_free(&w);
}

static void chunks_stand_in_their_order(void **state) {
    (void)state;
    ctr_head head = container_head(1025, 8);
    byte_writer w = container_start(&head);
    ctr_write_slice(&w, 0, "", 0);
    ctr_write_chunk(&w, 0x80, "", 0);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, PITH_E_FORMAT, "apart from the latent slices before it");
    bw_free(&w);

    w = container_file(&head);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, PITH_E_FORMAT, "one latent slice more than the 2");
    bw_free(&w);

    w = container_file(&head);
    bw_bytes(&w, w.data + 5, ctr_head_bytes(&head) - 5);
    expect(&w, PITH_E_FORMAT, "a second header");
    bw_free(&w);

    w = container_start(&head);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, PITH_E_TRUNCATED, "ends after 1 of 2 latent slices");
    bw_free(&w);

    bw_init(&w, NULL);
    bw_bytes(&w, CTR_MAGIC "\x10", 5);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, PITH_E_FORMAT, "the first chunk is not HEAD");
    bw_free(&w);

    w = container_start(&head);
    ctr_write_chunk(&w, CTR_CHUNK_LATENT, "a", 1);
    expect(&w, PITH_E_FORMAT, "too short for a checksum");
    bw_free(&w);
}

static void lengths_that_lie_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        pith_status status;
        const char *words;
    } lengths[] = {
        {"\x02\x05\0\0\0\0", 6, PITH_E_TRUNCATED, "a payload of 5 bytes, the file has 4 more"},
        {"\x02\x02\0\0\0\0\0", 7, PITH_E_TRUNCATED, "crc needs 4 bytes, 3 are left"},
        {"\x02\xff\xff\xff\xff\x0f", 6, PITH_E_TRUNCATED, "a payload of 4294967295 bytes"},
        {"\x02\x80\x80\x80\x80\x10", 6, PITH_E_FORMAT, "length"},
        {"\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, PITH_E_FORMAT, "length"},
        {"\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, PITH_E_FORMAT, "length"},
        {"\x02\x82\0\0\0\0\0\0\0", 9, PITH_E_FORMAT, "length"},
        {"\x02", 1, PITH_E_TRUNCATED, "length"},
        {"\x02\x80", 2, PITH_E_TRUNCATED, "length"},
    };
    ctr_head head = container_head(64, 64);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        byte_writer w = container_start(&head);
        bw_bytes(&w, lengths[i].bytes, lengths[i].n_bytes);
        expect(&w, lengths[i].status, lengths[i].words);
        bw_free(&w);
    }
}

/* ---- HEAD, field by field --------------------------------------------------------------- */

#define ID "12345678"

/* A file of this HEAD payload with one slice, as version 0.`minor`. */
#define VERSION (CTR_VERSION_MAJOR << 4 | CTR_VERSION_MINOR)

static void expect_head(unsigned version, const char *payload, size_t n_bytes, pith_status status, const char *words) {
    byte_writer w;
    bw_init(&w, NULL);
    bw_bytes(&w, CTR_MAGIC, 4);
    bw_u8(&w, (uint8_t)version);
    ctr_write_chunk(&w, CTR_CHUNK_HEAD, payload, n_bytes);
    ctr_write_slice(&w, 0, "", 0);
    expect(&w, status, words);
    bw_free(&w);
}

#define HEAD(payload, status, words) expect_head(VERSION, payload, sizeof(payload) - 1, status, words)

static void every_field_of_the_header_is_checked(void **state) {
    (void)state;
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_OK, "");
    HEAD("\x40\x40\x01\x01\x6b\xff\x07\x00\x03sd1" ID "\x00", PITH_OK, "");
    HEAD("\x00\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "HEAD: width is 0 (byte 7)");
    HEAD("\x40\x00\x00\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "HEAD: height is 0 (byte 8)");
    HEAD("\xc0\x00\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "HEAD: width");
    HEAD("\x80\x80\x80\x80\x10\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "HEAD: width");
    HEAD("\x40\x40\x20\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "flags 0x20 are set (byte 9)");
    HEAD("\x40\x40\x10\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT,
         "fewer colours of a picture that is not exact");
    HEAD("\x40\x40\x81\x01\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "flags 0x81");
    HEAD("\x40\x40\x00\x00\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_UNSUPPORTED, "method 0");
    HEAD("\x40\x40\x00\x04\x6b\x00\x04\x00\x81" ID "\x00", PITH_E_UNSUPPORTED, "method 4");
    HEAD("\x40\x40\x08\x03", PITH_E_FORMAT, "a residual of an exact picture");
    HEAD("\x40\x40\x00\x03\x6b", PITH_E_FORMAT, "1 bytes more than");
    HEAD("\x40\x40\x00\x03", PITH_E_FORMAT, "a slice in a file of another method"); /* one of a latent */
    HEAD("\x40\x40\x00\x01\x03\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "4 latent channels for blocks of 1x1 pixels");
    HEAD("\x40\x40\x00\x01\x2c\x00\x04\x00\x81" ID "\x00", PITH_E_FORMAT, "13 latent channels for blocks of 2x2");
    HEAD("\x40\x40\x00\x01\x6b\x00\x08\x00\x81" ID "\x00", PITH_E_FORMAT, "step_index 2048, the largest is 2047");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x02\x81" ID "\x00", PITH_E_UNSUPPORTED, "prior_id 2");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x80" ID "\x00", PITH_E_FORMAT, "mini-0");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x00" ID "\x00", PITH_E_FORMAT, "model_name of 0 bytes");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x20" ID "\x00", PITH_E_FORMAT, "model_name of 32 bytes");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x1f" ID "\x00", PITH_E_TRUNCATED, "model_name");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x03SD1" ID "\x00", PITH_E_FORMAT, "model_name has characters");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x03../" ID "\x00", PITH_E_FORMAT, "model_name has characters");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x03s\0d" ID "\x00", PITH_E_FORMAT, "model_name has characters");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x06mini-1" ID "\x00", PITH_E_FORMAT, "mini-1 in the long form");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x02", PITH_E_UNSUPPORTED, "recipe 2");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00\x00", PITH_E_FORMAT, "1 bytes more than version 1.0 has");
    HEAD("\x40\x40\x00\x01\x6b\x00\x04\x00\x81" ID, PITH_E_TRUNCATED, "recipe");
}

static void a_newer_minor_version_may_lengthen_the_header(void **state) {
    (void)state;
    static const char longer[] = "\x40\x40\x00\x01\x6b\x00\x04\x00\x81" ID "\x00more";
    static const char flagged[] = "\x40\x40\x20\x01\x6b\x00\x04\x00\x81" ID "\x00";
    expect_head(VERSION + 1, longer, sizeof longer - 1, PITH_OK, "");
    expect_head(VERSION, longer, sizeof longer - 1, PITH_E_FORMAT, "4 bytes more");
    expect_head(CTR_VERSION_DRAFT, longer, sizeof longer - 1, PITH_E_FORMAT, "4 bytes more than version 0.1 has");
    expect_head(CTR_VERSION_DRAFT, flagged, sizeof flagged - 1, PITH_E_FORMAT, "flags 0x20");
    expect_head(VERSION + 1, flagged, sizeof flagged - 1, PITH_E_UNSUPPORTED, "flags 0x20");
}

/* ---- limits ------------------------------------------------------------------------------- */

static void limits_hold_before_anything_is_allocated(void **state) {
    (void)state;
    capped_alloc counter = {.cap_bytes = 1000};
    pith_env capped = env;
    capped.alloc = capped_alloc_make(&counter);
    static const struct {
        uint32_t width, height;
        uint8_t log2_downscale;
        const char *words;
    } pictures[] = {
        {65536, 1, 3, "the limit of a side is 65535"},      {1, UINT32_MAX, 3, "the limit of a side is 65535"},
        {10001, 10000, 3, "the limit is 100000000 pixels"}, {65535, 65535, 3, "the limit is 100000000 pixels"},
        {UINT32_MAX, UINT32_MAX, 7, "the limit"},
    };
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        ctr_head head = container_head(pictures[i].width, pictures[i].height);
        head.log2_downscale = pictures[i].log2_downscale;
        byte_writer w = container_start(&head);
        ctr_file file;
        pith_diag diag = {0};
        assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &capped, &diag), PITH_E_LIMIT);
        assert_non_null(strstr(diag.message, pictures[i].words));
        bw_free(&w);
    }
    ctr_head head = container_head(10000, 10000); /* at the limit: only its slices are missing */
    byte_writer w = container_start(&head);
    ctr_file file;
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &capped, NULL), PITH_E_TRUNCATED);
    bw_free(&w);
    assert_int_equal(counter.n_requests, 0);
}

static void the_limit_of_chunks_holds(void **state) {
    (void)state;
    ctr_head head = container_head(3 * 1024, 8);
    byte_writer w = container_file(&head);
    pith_env kept = env;
    env.max_chunks = 4;
    expect(&w, PITH_OK, "");
    ctr_write_chunk(&w, 0x80, "", 0);
    expect(&w, PITH_E_LIMIT, "more than 4 chunks");
    env.max_chunks = 3;
    expect(&w, PITH_E_LIMIT, "3 slices and a header, the limit is 3 chunks");
    env = kept;
    bw_free(&w);
}

static void the_limit_of_the_file_holds(void **state) {
    (void)state;
    ctr_head head = container_head(64, 64);
    byte_writer w = container_file(&head);
    pith_env kept = env;
    env.max_file_bytes = w.n_bytes;
    expect(&w, PITH_OK, "");
    env.max_file_bytes = w.n_bytes - 1;
    expect(&w, PITH_E_LIMIT, "a file of");
    env = kept;
    bw_free(&w);
}

static void a_hundred_thousand_tiny_chunks_cost_no_more_than_their_list(void **state) {
    (void)state;
    capped_alloc counter = {0};
    pith_env counted = env;
    counted.alloc = capped_alloc_make(&counter);
    ctr_head head = container_head(64, 64);
    byte_writer w = container_file(&head);
    while (w.n_bytes < 6 * 99998) ctr_write_chunk(&w, 0xff, "", 0);
    ctr_file file;
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &counted, NULL), PITH_OK);
    assert_int_equal(counter.n_requests, 1);
    assert_true(counter.largest_bytes <= file.n_chunks * sizeof(ctr_chunk));
    ctr_file_free(&file, &counted);
    assert_int_equal(counter.n_live, 0);
    bw_free(&w);
}

static void out_of_memory_is_an_error(void **state) {
    (void)state;
    capped_alloc counter = {.fail_at = 1};
    pith_env failing = env;
    failing.alloc = capped_alloc_make(&counter);
    ctr_head head = container_head(64, 64);
    byte_writer w = container_file(&head);
    ctr_file file;
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &failing, NULL), PITH_E_NOMEM);
    assert_null(file.chunks);
    bw_free(&w);

    counter = (capped_alloc){.fail_at = 1};
    bw_init(&w, &failing.alloc);
    assert_int_equal(ctr_write_head(&w, &head, NULL), PITH_E_NOMEM);
    ctr_write_slice(&w, 0, "a", 1);
    assert_int_equal(w.status, PITH_E_NOMEM);
    bw_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_header_survives_a_round_trip),
        cmocka_unit_test(illegal_headers_are_not_written),
        cmocka_unit_test(a_512x512_file_has_40_bytes_around_its_symbols),
        cmocka_unit_test(predicted_sizes_are_exact),
        cmocka_unit_test(slices_cover_every_latent_position_once),
        cmocka_unit_test(chunks_are_named),
        cmocka_unit_test(other_files_are_not_pith_files),
        cmocka_unit_test(slices_of_an_exact_picture_are_its_own),
        cmocka_unit_test(another_major_version_is_refused_and_a_newer_minor_one_read),
        cmocka_unit_test(unknown_chunks_are_skipped_when_they_say_so),
        cmocka_unit_test(unknown_chunks_that_may_not_be_skipped_are_refused),
        cmocka_unit_test(chunks_stand_in_their_order),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(every_field_of_the_header_is_checked),
        cmocka_unit_test(a_newer_minor_version_may_lengthen_the_header),
        cmocka_unit_test(limits_hold_before_anything_is_allocated),
        cmocka_unit_test(the_limit_of_chunks_holds),
        cmocka_unit_test(the_limit_of_the_file_holds),
        cmocka_unit_test(a_hundred_thousand_tiny_chunks_cost_no_more_than_their_list),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("container", tests, setup, NULL);
}
