/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Parts of pictures: the same pixels as in the whole, from less of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "base/stream.h"
#include "container_file.h"

static pith_decode_options part(uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.region = (pith_area){x, y, width, height};
    return o;
}

/* The largest difference of a part to the same place of the whole picture. */
static int difference(const pith_image *whole, const pith_image *q, uint32_t x0, uint32_t y0) {
    int most = 0;
    for (uint32_t y = 0; y < q->format.height; y++)
        for (uint32_t x = 0; x < q->format.width; x++)
            for (uint32_t c = 0; c < q->format.n_channels; c++) {
                int d = abs((int)api_sample(q, y, x, c) - (int)api_sample(whole, y0 + y, x0 + x, c));
                if (d > most) most = d;
            }
    return most;
}

static void every_part_is_as_in_the_whole_picture(void **state) {
    /* corners, single pixels, across slices and tiles, all of it */
    static const uint32_t parts[][4] = {{0, 0, 8, 8},       {3, 5, 1, 1},         {2099, 1029, 1, 1},
                                        {500, 300, 77, 45}, {1000, 1000, 50, 30}, {0, 1016, 2100, 14},
                                        {1021, 0, 7, 1030}, {0, 0, 2100, 1030}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(2100, 1030, 4, 8);
    for (uint32_t y = 100; y < 900; y++)
        for (uint32_t x = 300; x < 1800; x++) api_set_sample(&p, y, x, 3, (x ^ y) & 64 ? 255 : 0);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_image whole = api_decode(&c, file, NULL, 8);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const uint32_t *r = parts[i];
        pith_decode_options o = part(r[0], r[1], r[2], r[3]);
        pith_image q = api_decode(&c, file, &o, 8);
        assert_int_equal(q.format.width, r[2]);
        assert_int_equal(q.format.height, r[3]);
        int most = difference(&whole, &q, r[0], r[1]);
        if (most > 1) fail_msg("part %zu: a sample differs by %d", i, most);
        free(q.pixels);
    }
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    free(whole.pixels);
    api_close(&c);
}

static void a_part_outside_the_picture_is_refused(void **state) {
    static const uint32_t parts[][4] = {{0, 0, 41, 1},         {0, 0, 1, 31}, {40, 0, 1, 1}, {0, 30, 1, 1},
                                        {UINT32_MAX, 0, 2, 1}, {0, 0, 5, 0},  {0, 0, 0, 5}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(40, 30, 1, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        pith_decode_options o = part(parts[i][0], parts[i][1], parts[i][2], parts[i][3]);
        pith_sink sink;
        pith_sink_to_image(&sink, sizeof sink, &p);
        assert_int_equal(pith_decode(c.decoder, c.model, &o, &sink), PITH_E_ARG);
        assert_non_null(strstr(pith_decoder_message(c.decoder), "not inside the picture of 40x30"));
    }
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

/* A slice that a part does not need is never decoded: spoil it, CRC mended. */
static void only_the_needed_slices_are_decoded(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(2100, 400, 3, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_chunk_info chunk = {.struct_size = sizeof chunk};
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_chunk(c.decoder, 3, &chunk), PITH_OK); /* the last slice, from x = 2048 on */
    assert_string_equal(chunk.name, "LATN");
    file.data[chunk.offset + chunk.n_bytes - 12] ^= 0x40;
    container_mend_crcs(file.data, file.n_bytes);

    pith_decode_options near = part(0, 0, 900, 300), far = part(2000, 0, 100, 50);
    pith_image q = api_decode(&c, file, &near, 8);
    free(q.pixels);
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = NULL};
    pith_sink_to_image(&sink, sizeof sink, &p);
    sink.start = NULL;
    pith_status status = pith_decode(c.decoder, c.model, &far, &sink);
    assert_true(status == PITH_E_CHECKSUM || status == PITH_E_FORMAT);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_as_in_the_whole_picture),
        cmocka_unit_test(a_part_outside_the_picture_is_refused),
        cmocka_unit_test(only_the_needed_slices_are_decoded),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
