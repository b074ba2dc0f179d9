/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights files that lie: each is one clear error, found before anything is
 * allocated for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "temp_file.h"
#include "weights/safetensors.h"

#define FILE_NAME "bad.safetensors"

static pith_env env;
static capped_alloc counter;

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    counter = (capped_alloc){.cap_bytes = 1 << 20};
    env.alloc = capped_alloc_make(&counter);
    return 0;
}

/* Opens `path`; on failure there is a message of one line without the path. */
static pith_status try_path(const char *path, pith_diag *diag) {
    tensor_table *table = NULL;
    *diag = (pith_diag){0};
    pith_status status = safetensors_open(&table, &env, path, diag);
    assert_int_equal(diag->status, status);
    if (status == PITH_OK) {
        uint8_t id[8];
        float f;
        for (size_t i = 0; i < tensor_table_count(table); i++) { /* every element can be touched */
            const tensor *t = tensor_table_at(table, i);
            if (t->n_elements) tensor_read_f32(t, t->n_elements - 1, 1, &f);
        }
        (void)!tensor_table_fingerprint(table, "", id, NULL);
        tensor_table_free(&table);
    } else {
        assert_null(table);
        assert_true(diag->message[0] != '\0');
        assert_null(strchr(diag->message, '\n'));
        assert_null(strstr(diag->message, temp_folder()));
    }
    assert_int_equal(counter.n_live, 0);
    return status;
}

/* A file of this header length, header and as many zeros. */
static pith_status try_raw(uint64_t length, const char *header, size_t header_bytes, size_t data_bytes,
                           pith_diag *diag) {
    size_t n = 8 + header_bytes + data_bytes;
    uint8_t *bytes = calloc(n, 1);
    for (size_t i = 0; i < 8; i++) bytes[i] = (uint8_t)(length >> (8 * i));
    memcpy(bytes + 8, header, header_bytes);
    temp_write(FILE_NAME, bytes, n);
    free(bytes);
    return try_path(temp_path(FILE_NAME), diag);
}

static void expect(const char *header, size_t data_bytes, pith_status status, const char *words) {
    pith_diag diag;
    pith_status got = try_raw(strlen(header), header, strlen(header), data_bytes, &diag);
    if (got != status) fail_msg("%d (%s), not %d, for %.200s", got, diag.message, status, header);
    if (!strstr(diag.message, words)) fail_msg("\"%s\" does not say \"%s\"", diag.message, words);
}

#define T(dtype, shape, offsets) "\"t\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

static void a_good_file_opens(void **state) {
    (void)state;
    expect("{" T("F32", "2", "0,8") "}", 8, PITH_OK, "");
    expect("{" T("F32", "2", "0,8") "}   \n", 8, PITH_OK, "");
    expect("{" T("I64", "2", "0,16") ",\"__metadata__\":{}}", 16, PITH_OK, "");
    expect("{" T("F16", "", "0,2") "}", 2, PITH_OK, "");
    expect("{" T("F16", "0,3", "0,0") "}", 0, PITH_OK, "");
    expect("{}", 0, PITH_OK, "");
}

static void zero_size_tensors_may_lie_anywhere_in_the_data(void **state) {
    (void)state;
    static const char both[] =
        "{\"z\":{\"dtype\":\"F16\",\"shape\":[0],\"data_offsets\":[%s]}," T("U8", "4", "0,4") "}";
    static const char *const places[] = {"0,0", "2,2", "4,4"};
    char header[200];
    for (size_t i = 0; i < 3; i++) {
        snprintf(header, sizeof header, both, places[i]);
        expect(header, 4, PITH_OK, "");
    }
    snprintf(header, sizeof header, both, "5,5");
    expect(header, 4, PITH_E_TRUNCATED, "ends at 5");
}

static void what_is_not_a_file_of_weights_is_one_clear_line(void **state) {
    (void)state;
    pith_diag diag;
    assert_int_equal(try_path(temp_path("absent"), &diag), PITH_E_IO);
    assert_non_null(strstr(diag.message, "No such file"));
    assert_int_equal(try_path(temp_folder(), &diag), PITH_E_IO);
    assert_non_null(strstr(diag.message, "folder"));
    assert_int_equal(try_path("/dev/null", &diag), PITH_E_IO);
    assert_non_null(strstr(diag.message, "regular"));
    assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
    assert_int_equal(try_path(temp_path("fifo"), &diag), PITH_E_IO); /* and does not wait for a writer */
    assert_non_null(strstr(diag.message, "regular"));
    temp_write(FILE_NAME, "", 0);
    assert_int_equal(try_path(temp_path(FILE_NAME), &diag), PITH_E_TRUNCATED);
    assert_non_null(strstr(diag.message, "empty"));
    temp_write(FILE_NAME, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    assert_int_equal(try_path(temp_path(FILE_NAME), &diag), PITH_E_FORMAT);
    assert_non_null(strstr(diag.message, "not a safetensors file"));
}

static void a_file_above_the_limit_is_not_mapped(void **state) {
    (void)state;
    pith_env small = env;
    small.max_model_bytes = 60;
    static const char header[] = "{" T("F32", "2", "0,8") "}";
    pith_diag diag;
    assert_int_equal(try_raw(strlen(header), header, strlen(header), 8, &diag), PITH_OK);
    tensor_table *table = NULL;
    diag = (pith_diag){0};
    assert_int_equal(safetensors_open(&table, &small, temp_path(FILE_NAME), &diag), PITH_E_LIMIT);
    assert_non_null(strstr(diag.message, "the limit of a weights file is 60"));
}

static void a_header_longer_than_the_file_or_the_limit_is_refused(void **state) {
    (void)state;
    static const struct {
        uint64_t length;
        pith_status status;
    } lengths[] = {
        {0, PITH_E_FORMAT},         {1, PITH_E_FORMAT},
        {3, PITH_E_TRUNCATED},      {100000000, PITH_E_TRUNCATED},
        {100000001, PITH_E_LIMIT},  {UINT64_C(1) << 63, PITH_E_LIMIT},
        {UINT64_MAX, PITH_E_LIMIT}, {UINT64_MAX - 7, PITH_E_LIMIT},
    };
    pith_diag diag;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        if (try_raw(lengths[i].length, "{}", 2, 0, &diag) != lengths[i].status)
            fail_msg("length %llu: %s", (unsigned long long)lengths[i].length, diag.message);
}

static void tensors_out_of_the_file_are_refused(void **state) {
    (void)state;
    expect("{" T("F32", "2", "0,8") "}", 7, PITH_E_TRUNCATED, "tensor t: ends at 8, the data at 7");
    expect("{" T("F32", "2", "8,16") "}", 8, PITH_E_TRUNCATED, "ends at 16");
    expect("{" T("U8", "4611686018427387904", "4611686018427387904,9223372036854775807") "}", 8, PITH_E_FORMAT,
           "tensor t");
    expect("{" T("U8", "8", "9223372036854775799,9223372036854775807") "}", 8, PITH_E_TRUNCATED, "tensor t");
}

static void offsets_must_be_a_rising_pair_of_whole_numbers(void **state) {
    (void)state;
    expect("{" T("U8", "8", "8,0") "}", 8, PITH_E_FORMAT, "begins at 8, after its end at 0");
    expect("{" T("U8", "8", "0") "}", 8, PITH_E_FORMAT, "not a pair");
    expect("{" T("U8", "8", "0,8,8") "}", 8, PITH_E_FORMAT, "not a pair");
    expect("{" T("U8", "8", "-8,0") "}", 8, PITH_E_FORMAT, "data_offsets");
    expect("{" T("U8", "8", "0,8.0") "}", 8, PITH_E_FORMAT, "data_offsets");
    expect("{" T("U8", "8", "0,8e0") "}", 8, PITH_E_FORMAT, "data_offsets");
    expect("{" T("U8", "8", "0,\"8\"") "}", 8, PITH_E_FORMAT, "data_offsets");
    expect("{" T("U8", "8", "0,18446744073709551624") "}", 8, PITH_E_FORMAT, "header");
}

#define TWO(second) "{" T("U8", "8", "0,8") ",\"u\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[" second "]}}"

static void every_byte_belongs_to_one_tensor(void **state) {
    (void)state;
    expect(TWO("8,16"), 16, PITH_OK, "");
    expect(TWO("0,8"), 16, PITH_E_FORMAT, "tensor u: begins at 0, inside t, which ends at 8");
    expect(TWO("7,15"), 15, PITH_E_FORMAT, "tensor u: begins at 7, inside t, which ends at 8");
    expect(TWO("9,17"), 17, PITH_E_FORMAT, "a hole of 1 bytes before tensor u at 9");
    expect(TWO("8,16"), 17, PITH_E_FORMAT, "1 bytes after the end of the last tensor");
    expect("{" T("U8", "8", "1,9") "}", 9, PITH_E_FORMAT, "a hole of 1 bytes");
    expect("{}", 1, PITH_E_FORMAT, "1 bytes after");
}

static void shapes_that_overflow_or_do_not_fit_are_refused(void **state) {
    (void)state;
    expect("{" T("F32", "1000000000", "0,8") "}", 8, PITH_E_FORMAT, "has 8 bytes, its type and shape need 4000000000");
    expect("{" T("U8", "4294967296,4294967296", "0,0") "}", 0, PITH_E_FORMAT, "overflows");
    expect("{" T("F64", "4611686018427387904", "0,0") "}", 0, PITH_E_FORMAT, "overflows");
    expect("{" T("U8", "4294967296,4294967296,0", "0,0") "}", 0, PITH_E_FORMAT, "overflows");
    expect("{" T("U8", "9223372036854775808", "0,0") "}", 0, PITH_E_FORMAT, "header");
    expect("{" T("U8", "-1,-8", "0,8") "}", 8, PITH_E_FORMAT, "shape");
    expect("{" T("U8", "8.0", "0,8") "}", 8, PITH_E_FORMAT, "shape");
    expect("{" T("U8", "true", "0,8") "}", 8, PITH_E_FORMAT, "shape");
    expect("{" T("U8", "1,1,1,1,1,1,1,8", "0,8") "}", 8, PITH_OK, "");
    expect("{" T("U8", "1,1,1,1,1,1,1,1,8", "0,8") "}", 8, PITH_E_LIMIT, "rank 9");
}

static void a_size_that_is_not_type_times_shape_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *dtype;
        size_t n_bytes;
    } types[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2},    {"I8", 1},      {"U8", 1},     {"BOOL", 1},
                 {"I16", 2}, {"U16", 2}, {"I32", 4},     {"U32", 4},     {"I64", 8},    {"U64", 8},
                 {"F64", 8}, {"C64", 8}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1}};
    char header[200];
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (size_t n = 3 * types[i].n_bytes - 1; n <= 3 * types[i].n_bytes + 1; n++) {
            snprintf(header, sizeof header, "{" T("%s", "3", "0,%zu") "}", types[i].dtype, n);
            if (n == 3 * types[i].n_bytes)
                expect(header, n, PITH_OK, "");
            else
                expect(header, n, PITH_E_FORMAT, "its type and shape need");
        }
    expect("{" T("F4", "8", "0,4") "}", 4, PITH_E_UNSUPPORTED, "dtype F4 is not known");
    expect("{" T("f32", "1", "0,4") "}", 4, PITH_E_UNSUPPORTED, "dtype f32");
}

static void fields_must_be_there_and_of_their_kind(void **state) {
    (void)state;
    expect("{\"t\":1}", 0, PITH_E_FORMAT, "tensor t");
    expect("{\"t\":{}}", 0, PITH_E_FORMAT, "tensor t");
    expect("{\"t\":[]}", 0, PITH_E_FORMAT, "tensor t");
    expect("{\"t\":{\"dtype\":8,\"shape\":[0],\"data_offsets\":[0,0]}}", 0, PITH_E_FORMAT, "dtype");
    expect("{\"t\":{\"dtype\":\"U8\",\"shape\":0,\"data_offsets\":[0,0]}}", 0, PITH_E_FORMAT, "shape");
    expect("{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":{}}}", 0, PITH_E_FORMAT, "data_offsets");
    expect("{\"t\":{\"dtype\":\"U8\",\"shapes\":[0],\"data_offsets\":[0,0]}}", 0, PITH_E_FORMAT, "shape");
    expect("{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"x\":1}}", 0, PITH_E_FORMAT, "tensor t");
    expect("{\"\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, PITH_E_FORMAT, "empty name");
}

static void metadata_must_be_strings(void **state) {
    (void)state;
    expect("{\"__metadata__\":{\"a\":\"b\"}}", 0, PITH_OK, "");
    expect("{\"__metadata__\":[]}", 0, PITH_E_FORMAT, "__metadata__");
    expect("{\"__metadata__\":{\"key\":1}}", 0, PITH_E_FORMAT, "key is not a string");
    expect("{\"__metadata__\":{\"key\":{\"a\":\"b\"}}}", 0, PITH_E_FORMAT, "key is not a string");
    expect("{\"__metadata__\":{\"key\":null}}", 0, PITH_E_FORMAT, "key is not a string");
}

static void duplicate_keys_are_refused(void **state) {
    (void)state;
    expect("{" T("U8", "8", "0,8") "," T("U8", "8", "8,16") "}", 16, PITH_E_FORMAT, "duplicate");
    expect("{\"t\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, PITH_E_FORMAT,
           "duplicate");
    expect("{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", 0, PITH_E_FORMAT, "duplicate");
    expect("{\"__metadata__\":{},\"__metadata__\":{}}", 0, PITH_E_FORMAT, "duplicate");
    expect("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
           "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
           0, PITH_E_FORMAT, "duplicate");
}

static void text_that_is_not_json_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"{",
                                        "{]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{} x",
                                        "{}{}",
                                        "{\"a\":tru}",
                                        "{\"a\":\"",
                                        "{\"\\",
                                        "{\"a\\u0000\":1}",
                                        "{\"\xff\":1}",
                                        "{\"\xc0\x80\":1}",
                                        "{\"\xed\xa0\x80\":1}",
                                        "{\"\\ud800\":1}",
                                        "{\"a\":1e999}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) expect(texts[i], 0, PITH_E_FORMAT, "header");
    pith_diag diag;
    assert_int_equal(try_raw(3, "{}\0", 3, 0, &diag), PITH_E_FORMAT);
    assert_int_equal(try_raw(4, "{\"\0\":", 4, 0, &diag), PITH_E_FORMAT);
}

/* A header of `count` times `piece` between two ends. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after) {
    size_t n = strlen(piece), start = strlen(before);
    char *text = malloc(start + n * count + strlen(after) + 1);
    memcpy(text, before, start);
    for (size_t i = 0; i < count; i++) memcpy(text + start + i * n, piece, n);
    memcpy(text + start + n * count, after, strlen(after) + 1);
    return text;
}

static void a_bomb_of_depth_or_of_values_is_refused_before_it_is_parsed(void **state) {
    (void)state;
    char *text = repeat("{\"a\":", "[", 1000000, "");
    expect(text, 0, PITH_E_FORMAT, "nested deeper");
    free(text);
    text = repeat("", "{\"a\":", 100000, "");
    expect(text, 0, PITH_E_FORMAT, "nested deeper");
    free(text);
    text = repeat("{\"a\":[", "0,", 2000000, "0]}");
    expect(text, 0, PITH_E_LIMIT, "commas");
    free(text);
    text = repeat("{\"__metadata__\":{\"a\":\"", ",[{\\\"", 1000000, "\"}}"); /* in a string they are harmless */
    counter.cap_bytes = 16 << 20;
    expect(text, 0, PITH_OK, "");
    counter.cap_bytes = 1 << 20;
    free(text);
}

/* A header with `count` entries, each printed by `format` from its number. */
static char *many(const char *before, const char *format, size_t count, const char *after) {
    char *text = malloc(strlen(before) + count * 80 + strlen(after) + 1), *end = text;
    end += sprintf(end, "%s", before);
    for (size_t i = 0; i < count; i++) {
        if (i) *end++ = ',';
        end += sprintf(end, format, count - i); /* against the order of the table */
    }
    strcpy(end, after);
    return text;
}

static void the_numbers_of_tensors_and_metadata_are_limited(void **state) {
    (void)state;
    static const char tensor_format[] = "\"%zu\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    counter.cap_bytes = 64 << 20;
    for (size_t extra = 0; extra < 2; extra++) {
        char *text = many("{", tensor_format, 65536 + extra, "}");
        expect(text, 0, extra ? PITH_E_LIMIT : PITH_OK, extra ? "65537 tensors, the limit is 65536" : "");
        free(text);
        text = many("{\"__metadata__\":{", "\"%zu\":\"\"", 65536 + extra, "}}");
        expect(text, 0, extra ? PITH_E_LIMIT : PITH_OK, extra ? "65537 metadata entries" : "");
        free(text);
    }
    counter.cap_bytes = 1 << 20;
}

static void long_names_are_refused_and_cut_in_the_message(void **state) {
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        char *name = repeat("", "n", 512 + extra, "");
        char *text = repeat("{\"", name, 1, "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        expect(text, 0, extra ? PITH_E_LIMIT : PITH_OK, extra ? "a name of 513 bytes, the limit is 512" : "");
        free(text);
        text = repeat("{\"__metadata__\":{\"", name, 1, "\":\"\"}}");
        expect(text, 0, extra ? PITH_E_LIMIT : PITH_OK, extra ? "a key of 513 bytes, the limit is 512" : "");
        free(text);
        free(name);
    }
}

static void control_characters_in_names_do_not_reach_the_message(void **state) {
    (void)state;
    expect("{\"a\\n\\u001b[2J\":1}", 0, PITH_E_FORMAT, "tensor a??[2J");
}

/* A small good file to spoil. */
static uint8_t *good_file(size_t *n_bytes) {
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                                 "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]}} ";
    size_t header_bytes = sizeof header - 1;
    *n_bytes = 8 + header_bytes + 32;
    uint8_t *bytes = calloc(*n_bytes, 1);
    bytes[0] = (uint8_t)header_bytes;
    memcpy(bytes + 8, header, header_bytes);
    return bytes;
}

static void every_truncation_is_an_error(void **state) {
    (void)state;
    pith_diag diag;
    size_t n_bytes;
    uint8_t *bytes = good_file(&n_bytes);
    temp_write(FILE_NAME, bytes, n_bytes);
    assert_int_equal(try_path(temp_path(FILE_NAME), &diag), PITH_OK);
    for (size_t n = 0; n < n_bytes; n++) {
        temp_write(FILE_NAME, bytes, n);
        if (try_path(temp_path(FILE_NAME), &diag) != PITH_E_TRUNCATED) fail_msg("%zu bytes: %s", n, diag.message);
    }
    free(bytes);
}

static void no_changed_byte_crashes(void **state) {
    (void)state;
    static const uint8_t values[] = {0x00, 0x20, '"', ',', '-', '0', '9', '[', '\\', '}', 0x7f, 0x80, 0xff};
    pith_diag diag;
    size_t n_bytes;
    uint8_t *bytes = good_file(&n_bytes);
    for (size_t i = 0; i < n_bytes - 32; i++)
        for (size_t v = 0; v < sizeof values; v++) {
            uint8_t kept = bytes[i];
            bytes[i] = values[v];
            temp_write(FILE_NAME, bytes, n_bytes);
            (void)!try_path(temp_path(FILE_NAME), &diag);
            bytes[i] = kept;
        }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file_opens),
        cmocka_unit_test(zero_size_tensors_may_lie_anywhere_in_the_data),
        cmocka_unit_test(what_is_not_a_file_of_weights_is_one_clear_line),
        cmocka_unit_test(a_file_above_the_limit_is_not_mapped),
        cmocka_unit_test(a_header_longer_than_the_file_or_the_limit_is_refused),
        cmocka_unit_test(tensors_out_of_the_file_are_refused),
        cmocka_unit_test(offsets_must_be_a_rising_pair_of_whole_numbers),
        cmocka_unit_test(every_byte_belongs_to_one_tensor),
        cmocka_unit_test(shapes_that_overflow_or_do_not_fit_are_refused),
        cmocka_unit_test(a_size_that_is_not_type_times_shape_is_refused),
        cmocka_unit_test(fields_must_be_there_and_of_their_kind),
        cmocka_unit_test(metadata_must_be_strings),
        cmocka_unit_test(duplicate_keys_are_refused),
        cmocka_unit_test(text_that_is_not_json_is_refused),
        cmocka_unit_test(a_bomb_of_depth_or_of_values_is_refused_before_it_is_parsed),
        cmocka_unit_test(the_numbers_of_tensors_and_metadata_are_limited),
        cmocka_unit_test(long_names_are_refused_and_cut_in_the_message),
        cmocka_unit_test(control_characters_in_names_do_not_reach_the_message),
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(no_changed_byte_crashes),
    };
    return cmocka_run_group_tests_name("safetensors_bad", tests, setup, NULL);
}
