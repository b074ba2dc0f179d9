/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A damaged .pith file is an error, never a crash and never a wrong picture:
 * truncated at every length, every byte changed as it is, and every byte
 * changed with its chunk's CRC made right again, so that the parsers and the
 * coder behind the CRC are reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/pith.h>

#include "base/stream.h"

static char model_path[4096];

typedef struct fixture {
    pith_env env;
    pith_model *model;
    pith_bytes file;
    size_t n_rows_written;
} fixture;

static pith_status count_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)y, (void)rows, (void)stride_bytes;
    ((fixture *)user)->n_rows_written += n_rows;
    return PITH_OK;
}

/* Decodes an exact-size heap copy, so that a sanitizer sees any read beyond. */
static pith_status try_decode(fixture *f, const uint8_t *data, size_t n_bytes) {
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1);
    pith_decoder *decoder = NULL;
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = count_rows, .user = f};
    memcpy(copy, data, n_bytes);
    f->n_rows_written = 0;
    assert_int_equal(pith_decoder_new(&decoder, &f->env, NULL), PITH_OK);
    pith_status status = pith_decoder_open(decoder, copy, n_bytes);
    if (status == PITH_OK) status = pith_decode(decoder, f->model, NULL, &sink);
    const char *message = pith_decoder_message(decoder);
    assert_true((status == PITH_OK) == (message[0] == '\0'));
    assert_null(strchr(message, '\n'));
    if (status != PITH_OK) assert_int_equal(f->n_rows_written, 0);
    pith_decoder_free(&decoder);
    free(copy);
    return status;
}

static int setup(void **state) {
    static fixture f;
    uint8_t pixels[20 * 12 * 3];
    pith_image p = {{20, 12, 3, 8}, pixels, 20 * 3};
    pith_source source;
    pith_encoder *encoder = NULL;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 37 % 251);
    pith_env_defaults(&f.env, sizeof f.env);
    f.env.backend = "ref";
    f.env.max_pixels = 100000; /* a changed width must not make the test slow */
    pith_source_from_image(&source, sizeof source, &p);
    if (pith_model_open(&f.model, &f.env, model_path, NULL) != PITH_OK) return -1;
    if (pith_encoder_new(&encoder, &f.env, f.model, NULL) != PITH_OK) return -1;
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0; /* the random model's picture would ask for a large residual */
    pith_status status = pith_encode(encoder, &source, &o, &f.file);
    pith_encoder_free(&encoder);
    *state = &f;
    return status == PITH_OK ? 0 : -1;
}

static int teardown(void **state) {
    fixture *f = *state;
    pith_bytes_free(&f->env, &f->file);
    pith_model_free(&f->model);
    return 0;
}

static void the_whole_file_decodes(void **state) {
    fixture *f = *state;
    assert_int_equal(try_decode(f, f->file.data, f->file.n_bytes), PITH_OK);
    assert_int_equal(f->n_rows_written, 12);
}

static void every_truncation_is_an_error(void **state) {
    fixture *f = *state;
    for (size_t n = 0; n < f->file.n_bytes; n++)
        if (try_decode(f, f->file.data, n) == PITH_OK) fail_msg("%zu of %zu bytes decode", n, f->file.n_bytes);
}

static void bytes_after_the_end_are_an_error(void **state) {
    fixture *f = *state;
    uint8_t *longer = calloc(f->file.n_bytes + 1, 1);
    memcpy(longer, f->file.data, f->file.n_bytes);
    assert_int_not_equal(try_decode(f, longer, f->file.n_bytes + 1), PITH_OK);
    free(longer);
}

static void every_changed_byte_is_an_error(void **state) {
    fixture *f = *state;
    uint8_t *bytes = malloc(f->file.n_bytes);
    for (size_t i = 0; i < f->file.n_bytes; i++)
        for (int change = 1; change < 256; change = change * 2 + 1) { /* 1 bit, 2 bits ... all bits */
            memcpy(bytes, f->file.data, f->file.n_bytes);
            bytes[i] = (uint8_t)(bytes[i] ^ change);
            pith_status status = try_decode(f, bytes, f->file.n_bytes);
            /* The low nibble of the version byte: a newer minor version is read. */
            if (status == PITH_OK && i != 4) fail_msg("byte %zu ^ 0x%02x decodes", i, change);
        }
    free(bytes);
}

/* Makes every chunk's CRC right that can still be walked to. */
static void mend_crcs(uint8_t *data, size_t n_bytes) {
    size_t at = 5;
    while (at < n_bytes) {
        size_t start = at++;
        uint64_t length = 0;
        for (unsigned shift = 0; at < n_bytes && shift < 63; shift += 7) {
            uint8_t b = data[at++];
            length |= (uint64_t)(b & 0x7f) << shift;
            if (!(b & 0x80)) break;
        }
        if (length > n_bytes - at || n_bytes - at - length < 4) return;
        at += (size_t)length;
        uint32_t crc = crc32_update(0, data + start, at - start);
        for (int i = 0; i < 4; i++) data[at++] = (uint8_t)(crc >> 8 * i);
    }
}

static void a_changed_byte_behind_a_right_crc_never_harms(void **state) {
    fixture *f = *state;
    uint8_t *bytes = malloc(f->file.n_bytes);
    size_t n_tried = 0, n_decoded = 0, n_checksum = 0;
    for (size_t i = 0; i < f->file.n_bytes; i++)
        for (int change = 1; change < 256; change++) {
            memcpy(bytes, f->file.data, f->file.n_bytes);
            bytes[i] = (uint8_t)(bytes[i] ^ change);
            mend_crcs(bytes, f->file.n_bytes);
            if (memcmp(bytes, f->file.data, f->file.n_bytes) == 0) continue; /* a CRC byte, mended */
            pith_status status = try_decode(f, bytes, f->file.n_bytes);
            n_tried++;
            n_decoded += status == PITH_OK;
            n_checksum += status == PITH_E_CHECKSUM;
        }
    free(bytes);
    print_message("%zu files tried: %zu decode (another size or step), %zu fail by their checksum\n", n_tried,
                  n_decoded, n_checksum);
    assert_true(n_checksum > 0); /* the coder was reached */
    assert_true(n_decoded > 0);  /* and the networks */
    assert_true(n_decoded < n_tried / 4);
}

static void another_models_file_is_refused(void **state) {
    fixture *f = *state;
    uint8_t *bytes = malloc(f->file.n_bytes);
    pith_info info = {.struct_size = sizeof info};
    pith_decoder *decoder = NULL;
    memcpy(bytes, f->file.data, f->file.n_bytes);
    assert_int_equal(pith_decoder_new(&decoder, &f->env, NULL), PITH_OK);
    assert_int_equal(pith_decoder_open(decoder, bytes, f->file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(decoder, &info), PITH_OK);
    size_t at = 0;
    while (memcmp(bytes + at, info.latent_id, sizeof info.latent_id) != 0) at++;
    bytes[at] ^= 1;
    mend_crcs(bytes, f->file.n_bytes);
    assert_int_equal(pith_decoder_open(decoder, bytes, f->file.n_bytes), PITH_OK);
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = count_rows, .user = f};
    assert_int_equal(pith_decode(decoder, f->model, NULL, &sink), PITH_E_MODEL_MISMATCH);
    assert_non_null(strstr(pith_decoder_message(decoder), "tiny-1"));
    pith_decoder_free(&decoder);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_file_decodes),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(bytes_after_the_end_are_an_error),
        cmocka_unit_test(every_changed_byte_is_an_error),
        cmocka_unit_test(a_changed_byte_behind_a_right_crc_never_harms),
        cmocka_unit_test(another_models_file_is_refused),
    };
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(model_path, sizeof model_path, "%s/tests/data/mini_tiny.safetensors", root ? root : ".");
    return cmocka_run_group_tests(tests, setup, teardown);
}
