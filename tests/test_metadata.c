/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Metadata: comes back byte for byte, is counted, bounded, and never twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_write.h"
#include "container_file.h"

static const uint8_t icc[] = "a profile", exif[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0}, xmp[] = "<x/>";

static pith_encode_options with_metadata(void) {
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.icc = (pith_span){icc, sizeof icc};
    o.exif = (pith_span){exif, sizeof exif};
    o.xmp = (pith_span){xmp, sizeof xmp};
    return o;
}

static void expect_metadata(pith_decoder *d, pith_metadata kind, const void *data, size_t n_bytes) {
    const uint8_t *found = NULL;
    size_t n_found = 0;
    assert_int_equal(pith_decoder_metadata(d, kind, &found, &n_found), PITH_OK);
    assert_int_equal(n_found, n_bytes);
    if (n_bytes) assert_memory_equal(found, data, n_bytes);
    if (!n_bytes) assert_null(found);
}

static void every_kind_comes_back_byte_for_byte(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(40, 30, 3, 8);
    pith_encode_options o = with_metadata();
    pith_bytes file = api_encode(&c, &p, &o), plain = api_encode(&c, &p, NULL);
    assert_int_equal(file.n_bytes, plain.n_bytes + ctr_chunk_bytes(sizeof icc) + ctr_chunk_bytes(sizeof exif) +
                                       ctr_chunk_bytes(sizeof xmp));
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    expect_metadata(c.decoder, PITH_METADATA_ICC, icc, sizeof icc);
    expect_metadata(c.decoder, PITH_METADATA_EXIF, exif, sizeof exif);
    expect_metadata(c.decoder, PITH_METADATA_XMP, xmp, sizeof xmp);
    pith_image with = api_decode(&c, file, NULL, 8), without = api_decode(&c, plain, NULL, 8);
    assert_memory_equal(with.pixels, without.pixels, 30 * with.stride_bytes);
    for (int kind = 0; kind < PITH_N_METADATA; kind++) expect_metadata(c.decoder, (pith_metadata)kind, NULL, 0);
    pith_bytes_free(&c.env, &file);
    pith_bytes_free(&c.env, &plain);
    free(with.pixels);
    free(without.pixels);
    free(p.pixels);
    api_close(&c);
}

static void a_size_counts_the_metadata(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(200, 120, 3, 8);
    pith_encode_options o = with_metadata();
    o.max_bytes = 600;
    pith_bytes file = api_encode(&c, &p, &o);
    assert_in_range(file.n_bytes, 1, 600);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void too_much_is_refused_in_both_directions(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(16, 16, 3, 8);
    pith_source source;
    pith_source_from_image(&source, sizeof source, &p);
    pith_encode_options o = with_metadata();
    pith_bytes file = api_encode(&c, &p, &o), none;

    pith_env tight = c.env;
    tight.max_metadata_bytes = sizeof icc - 1;
    pith_encoder *encoder = NULL;
    pith_decoder *decoder = NULL;
    assert_int_equal(pith_encoder_new(&encoder, &tight, c.model, NULL), PITH_OK);
    assert_int_equal(pith_encode(encoder, &source, &o, &none), PITH_E_LIMIT);
    assert_non_null(strstr(pith_encoder_message(encoder), "ICC profile of 10 bytes, the limit is 9"));
    assert_int_equal(pith_decoder_new(&decoder, &tight, NULL), PITH_OK);
    assert_int_equal(pith_decoder_open(decoder, file.data, file.n_bytes), PITH_E_LIMIT);
    assert_non_null(strstr(pith_decoder_message(decoder), "ICCP: 10 bytes of metadata, the limit is 9"));

    o.exif.data = NULL;
    assert_int_equal(pith_encode(c.encoder, &source, &o, &none), PITH_E_ARG);
    pith_decoder_free(&decoder);
    pith_encoder_free(&encoder);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void expect_open(const byte_writer *w, pith_status expected, const char *words) {
    pith_decoder *d = NULL;
    assert_int_equal(pith_decoder_new(&d, NULL, NULL), PITH_OK);
    assert_int_equal(pith_decoder_open(d, w->data, w->n_bytes), expected);
    assert_non_null(strstr(pith_decoder_message(d), words));
    pith_decoder_free(&d);
}

static void a_second_and_an_empty_one_are_refused(void **state) {
    (void)state;
    ctr_head head = container_head(64, 64);
    for (uint8_t type = 0x85; type <= 0x87; type++) {
        byte_writer w = container_file(&head);
        ctr_write_chunk(&w, type, "data", 4);
        expect_open(&w, PITH_OK, "");
        ctr_write_chunk(&w, type, "data", 4);
        expect_open(&w, PITH_E_FORMAT, "a second one");
        bw_free(&w);
        w = container_file(&head);
        ctr_write_chunk(&w, type, "", 0);
        expect_open(&w, PITH_E_FORMAT, "is empty");
        bw_free(&w);
    }
}

static void sixteen_bits_are_remembered(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    for (uint8_t depth = 8; depth <= 16; depth += 8) {
        pith_image p = api_waves(24, 24, 1, depth);
        pith_bytes file = api_encode(&c, &p, NULL);
        pith_info info = {.struct_size = sizeof info};
        assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
        assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
        assert_int_equal(info.source_bit_depth, depth);
        pith_bytes_free(&c.env, &file);
        free(p.pixels);
    }
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back_byte_for_byte),
        cmocka_unit_test(a_size_counts_the_metadata),
        cmocka_unit_test(too_much_is_refused_in_both_directions),
        cmocka_unit_test(a_second_and_an_empty_one_are_refused),
        cmocka_unit_test(sixteen_bits_are_remembered),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
