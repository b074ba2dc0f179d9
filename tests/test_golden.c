/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The files of tests/golden come out as the symbols they always had; those of
 * tests/invalid, one for each rule of doc/format.md, are refused by that rule.
 * (cli_golden asks the same of the reader that was written from the document.) */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/latent_coder.h"
#include "container/ctr_read.h"
#include "exact/exact_coder.h"

static const char *root;
static pith_env env;
static pith_model *model;

static uint8_t *load(const char *folder, const char *name, size_t *n_bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/%s/%s", root, folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be opened", path);
    fseek(f, 0, SEEK_END);
    *n_bytes = (size_t)ftell(f);
    rewind(f);
    uint8_t *data = malloc(*n_bytes + !*n_bytes);
    assert_int_equal(fread(data, 1, *n_bytes, f), *n_bytes);
    fclose(f);
    return data;
}

static FILE *open_list(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/%s/%s", root, folder, name);
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("%s cannot be opened", path);
    return f;
}

static size_t count_files(const char *folder) {
    char path[4096];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/tests/%s", root, folder);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) n += strstr(e->d_name, ".pith") != NULL;
    closedir(d);
    return n;
}

/* CRC-32 of the samples of an exact picture's slices, row by row; those of 16 bits with the low byte first. */
static uint32_t samples_crc(const ctr_file *file) {
    uint32_t crc = 0;
    const unsigned n = (file->head.grey ? 1u : 3u) + file->head.alpha, bytes = file->head.deep ? 2 : 1;
    for (uint32_t i = 0; i < file->n_slices; i++) {
        ctr_slice slice;
        exact_coder *coder = NULL;
        const ctr_rect r = ctr_slice_rect(&file->head, i);
        const size_t count = (size_t)r.width * r.height * n;
        uint8_t *samples = calloc(count, bytes);
        const exact_block block = {
            r.height, r.width, (uint8_t)n, (uint8_t)(8 * bytes), samples, (size_t)r.width * n * bytes};
        assert_int_equal(exact_coder_new(&coder, NULL, r.height, r.width, n), PITH_OK);
        assert_int_equal(ctr_read_slice(file, i, &slice, NULL), PITH_OK);
        assert_int_equal(exact_decode(coder, slice.coded, slice.coded_bytes, slice.checksum, &block, NULL), PITH_OK);
        for (size_t k = 0; k < count; k++) {
            uint16_t wide = samples[k];
            if (bytes == 2) memcpy(&wide, samples + 2 * k, sizeof wide);
            crc = crc32_update(crc, (uint8_t[]){(uint8_t)wide, (uint8_t)(wide >> 8)}, bytes);
        }
        exact_coder_free(&coder);
        free(samples);
    }
    return crc;
}

/* CRC-32 of the symbols of all slices, each channel, row, column. */
static uint32_t symbols_crc(const char *name) {
    size_t n_bytes;
    uint8_t *data = load("golden", name, &n_bytes);
    ctr_file file;
    lat_coder *coder = NULL;
    uint32_t crc = 0;
    assert_int_equal(ctr_read(&file, data, n_bytes, &env, NULL), PITH_OK);
    const bool is_exact = file.head.method == PITH_METHOD_EXACT;
    if (is_exact) crc = samples_crc(&file);
    assert_int_equal(lat_coder_new(&coder, NULL, is_exact ? 1 : file.head.n_latent), PITH_OK);
    for (uint32_t i = 0; i < file.n_slices && !is_exact; i++) {
        ctr_slice slice;
        ctr_rect r = ctr_slice_rect(&file.head, i);
        size_t plane = (size_t)r.width * r.height, n = plane * file.head.n_latent;
        int16_t *symbols = calloc(n, sizeof *symbols);
        lat_block block = {symbols, file.head.n_latent, r.height, r.width, r.width, plane};
        assert_int_equal(ctr_read_slice(&file, i, &slice, NULL), PITH_OK);
        assert_int_equal(lat_decode(coder, slice.coded, slice.coded_bytes, &block, NULL), PITH_OK);
        assert_int_equal(lat_checksum(&block), slice.checksum);
        for (size_t k = 0; k < n; k++) {
            uint8_t pair[2] = {(uint8_t)symbols[k], (uint8_t)((uint16_t)symbols[k] >> 8)};
            crc = crc32_update(crc, pair, 2);
        }
        free(symbols);
    }
    lat_coder_free(&coder);
    ctr_file_free(&file, &env);
    free(data);
    return crc;
}

static void golden_files_have_their_symbols(void **state) {
    (void)state;
    char name[64];
    unsigned expected;
    size_t n = 0;
    FILE *list = open_list("golden", "symbols.txt");
    for (; fscanf(list, "%63s %x %*x %*x %*x %*x %*x", name, &expected) == 2; n++)
        if (symbols_crc(name) != expected) fail_msg("%s has other symbols", name);
    fclose(list);
    assert_true(n >= 25);
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

static pith_status decode(const uint8_t *data, size_t n_bytes, char message[PITH_MESSAGE_BYTES]) {
    pith_decoder *decoder = NULL;
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = ignore_rows};
    assert_int_equal(pith_decoder_new(&decoder, &env, NULL), PITH_OK);
    pith_status status = pith_decoder_open(decoder, data, n_bytes);
    if (status == PITH_OK) status = pith_decode(decoder, model, NULL, &sink);
    snprintf(message, PITH_MESSAGE_BYTES, "%s", pith_decoder_message(decoder));
    pith_decoder_free(&decoder);
    return status;
}

static void golden_files_decode(void **state) {
    (void)state;
    char path[4096], message[PITH_MESSAGE_BYTES];
    size_t n_bytes, n = 0;
    snprintf(path, sizeof path, "%s/tests/golden", root);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".pith") || strncmp(e->d_name, "other-", 6) == 0) continue; /* of another model */
        uint8_t *data = load("golden", e->d_name, &n_bytes);
        if (decode(data, n_bytes, message) != PITH_OK) fail_msg("%s: %s", e->d_name, message);
        free(data);
        n++;
    }
    closedir(d);
    assert_true(n >= 24);
}

/* The words of doc/format.md, section 1. */
static pith_status kind_called(const char *word) {
    static const struct {
        const char *word;
        pith_status status;
    } kinds[] = {{"ok", PITH_OK},
                 {"truncated", PITH_E_TRUNCATED},
                 {"format", PITH_E_FORMAT},
                 {"version", PITH_E_VERSION},
                 {"unsupported", PITH_E_UNSUPPORTED},
                 {"limit", PITH_E_LIMIT},
                 {"checksum", PITH_E_CHECKSUM},
                 {"model", PITH_E_MODEL_MISMATCH}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(word, kinds[i].word) == 0) return kinds[i].status;
    fail_msg("no kind is called %s", word);
    return PITH_E_INTERNAL;
}

static void invalid_files_are_refused_by_the_rule_they_break(void **state) {
    (void)state;
    char line[512], name[64], kind[32], piece[256], message[PITH_MESSAGE_BYTES];
    size_t n = 0, n_bytes;
    FILE *list = open_list("invalid", "list.txt");
    while (fgets(line, sizeof line, list)) {
        piece[0] = '\0';
        if (line[0] == '#' || sscanf(line, "%63s %31s %255[^\n]", name, kind, piece) < 2) continue;
        uint8_t *data = load("invalid", name, &n_bytes);
        pith_status status = decode(data, n_bytes, message);
        if (status != kind_called(kind)) fail_msg("%s: %s, not %s: %s", name, pith_status_name(status), kind, message);
        if (!strstr(message, piece)) fail_msg("%s: \"%s\" does not say \"%s\"", name, message, piece);
        free(data);
        n++;
    }
    fclose(list);
    assert_int_equal(n, count_files("invalid"));
    assert_true(n >= 90);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files_have_their_symbols),
        cmocka_unit_test(golden_files_decode),
        cmocka_unit_test(invalid_files_are_refused_by_the_rule_they_break),
    };
    char path[4096];
    root = getenv("PITH_SOURCE_DIR");
    if (!root) root = ".";
    pith_env_defaults(&env, sizeof env);
    env.backend = "ref";
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", root);
    if (pith_model_open(&model, &env, path, NULL) != PITH_OK) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pith_model_free(&model);
    return failed;
}
