/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The worked example of doc/format.md is what the library writes. With the
 * argument "print" the program prints it, to be pasted into the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/latent_coder.h"
#include "container/ctr_read.h"
#include "container/ctr_write.h"

#define N_CHANNELS 2
#define HEIGHT 2
#define WIDTH 3
#define BYTES_PER_LINE 8
#define TEXT_BYTES 8192

static int16_t symbols[N_CHANNELS * HEIGHT * WIDTH] = {3, -1, 0, 2, 0, 0, -20, 4, 1, 0, 0, 1};

static const ctr_head head = {
    .width = 20,
    .height = 12,
    .method = PITH_METHOD_LATENT,
    .n_latent = N_CHANNELS,
    .log2_downscale = 3,
    .step_index = 1056,
    .model_name = "tiny-2",
    .latent_id = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
};

static const lat_block block = {symbols, N_CHANNELS, HEIGHT, WIDTH, WIDTH, HEIGHT *WIDTH};

static byte_writer make_file(void) {
    byte_writer file, coded;
    lat_coder *coder = NULL;
    bw_init(&file, NULL);
    bw_init(&coded, NULL);
    bool made = ctr_write_head(&file, &head, NULL) == PITH_OK && lat_coder_new(&coder, NULL, N_CHANNELS) == PITH_OK &&
                lat_encode(coder, &block, &coded) == PITH_OK;
    if (made) ctr_write_slice(&file, lat_checksum(&block), coded.data, coded.n_bytes);
    lat_coder_free(&coder);
    bw_free(&coded);
    if (!made || file.status != PITH_OK) abort();
    return file;
}

/* One field: its bytes in lines of BYTES_PER_LINE, the meaning beside the first. */
static char *print_field(char *to, const byte_writer *file, size_t *at, size_t n_bytes, const char *meaning) {
    size_t end = *at + n_bytes;
    for (const char *text = meaning; *at < end; text = "") {
        char bytes[3 * BYTES_PER_LINE + 1] = "";
        size_t offset = *at, n = 0;
        for (; *at < end && n < BYTES_PER_LINE; n++) sprintf(bytes + 3 * n, "%02x ", file->data[(*at)++]);
        bytes[3 * n - 1] = '\0';
        to += text[0] ? sprintf(to, "    %04zx  %-*s  %s\n", offset, 3 * BYTES_PER_LINE, bytes, text)
                      : sprintf(to, "    %04zx  %s\n", offset, bytes);
    }
    return to;
}

static char *print_symbols(char *to) {
    to += sprintf(to, "The symbols:\n\n");
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t y = 0; y < HEIGHT; y++) {
            const int16_t *row = symbols + (c * HEIGHT + y) * WIDTH;
            to += sprintf(to, "    channel %zu, row %zu: %4d %4d %4d\n", c, y, row[0], row[1], row[2]);
        }
    return to;
}

static void print_example(char text[TEXT_BYTES]) {
    static const struct {
        size_t n_bytes;
        const char *meaning;
    } fields[] = {
        {4, "magic"},
        {1, "version 1.0"},
        {1, "type: HEAD"},
        {1, "length %zu"},
        {1, "width 20"},
        {1, "height 12"},
        {1, "flags: not grey"},
        {1, "method 1: latent"},
        {1, "geometry: 2 channels, downscale 2^3"},
        {2, "step_index 1056: step 2^0.5"},
        {1, "prior_id 0: generic"},
        {7, "model_name, long form: \"tiny-2\""},
        {8, "latent_id"},
        {1, "recipe 0"},
        {4, "crc of the %zu bytes from 0005 on"},
        {1, "type: LATN"},
        {1, "length %zu"},
        {2, "checksum 0x%04x of the symbols"},
    };
    byte_writer file = make_file();
    size_t head_bytes = ctr_head_bytes(&head) - 5 - 4; /* what the CRC of HEAD covers */
    char *to = print_symbols(text), meaning[80];
    size_t at = 0, coded_bytes = file.n_bytes - ctr_head_bytes(&head) - ctr_slice_bytes(0);
    to += sprintf(to, "\nThe file:\n\n");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        snprintf(meaning, sizeof meaning, "%s", fields[i].meaning);
        if (i == 3) snprintf(meaning, sizeof meaning, fields[i].meaning, head_bytes - 2);
        if (i == 14) snprintf(meaning, sizeof meaning, fields[i].meaning, head_bytes);
        if (i == 16) snprintf(meaning, sizeof meaning, fields[i].meaning, coded_bytes + 2);
        if (i == 17) snprintf(meaning, sizeof meaning, fields[i].meaning, lat_checksum(&block));
        to = print_field(to, &file, &at, fields[i].n_bytes, meaning);
    }
    to = print_field(to, &file, &at, coded_bytes, "coded symbols");
    snprintf(meaning, sizeof meaning, "crc of the %zu bytes from %04zx on", coded_bytes + 4, at - coded_bytes - 4);
    (void)print_field(to, &file, &at, 4, meaning);
    if (at != file.n_bytes) abort();
    bw_free(&file);
}

static char *read_page(void) {
    const char *folder = getenv("PITH_SOURCE_DIR");
    if (!folder) skip();
    char path[4096];
    snprintf(path, sizeof path, "%s/doc/format.md", folder);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *page = calloc(1 << 20, 1);
    size_t n = fread(page, 1, (1 << 20) - 1, file);
    fclose(file);
    assert_true(n > 0 && n < (1 << 20) - 1);
    return page;
}

static void the_worked_example_of_the_specification_is_what_is_written(void **state) {
    (void)state;
    static char text[TEXT_BYTES];
    print_example(text);
    char *page = read_page();
    bool found = strstr(page, text) != NULL;
    free(page);
    if (!found) fail_msg("doc/format.md shows another example than \"test_format_doc print\"");
}

static void the_worked_example_is_read(void **state) {
    (void)state;
    byte_writer w = make_file();
    pith_env env;
    ctr_file file;
    ctr_slice slice;
    lat_coder *coder = NULL;
    int16_t decoded[N_CHANNELS * HEIGHT * WIDTH];
    lat_block to = block;
    to.symbols = decoded;
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(ctr_read(&file, w.data, w.n_bytes, &env, NULL), PITH_OK);
    assert_int_equal(ctr_read_slice(&file, 0, &slice, NULL), PITH_OK);
    assert_int_equal(lat_coder_new(&coder, NULL, N_CHANNELS), PITH_OK);
    assert_int_equal(lat_decode(coder, slice.coded, slice.coded_bytes, &to, NULL), PITH_OK);
    assert_memory_equal(decoded, symbols, sizeof symbols);
    assert_int_equal(lat_checksum(&to), slice.checksum);
    lat_coder_free(&coder);
    ctr_file_free(&file, &env);
    bw_free(&w);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "print") == 0) {
        static char text[TEXT_BYTES];
        print_example(text);
        fputs(text, stdout);
        return EXIT_SUCCESS;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example_of_the_specification_is_what_is_written),
        cmocka_unit_test(the_worked_example_is_read),
    };
    return cmocka_run_group_tests_name("format_doc", tests, NULL, NULL);
}
