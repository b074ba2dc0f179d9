/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights of 8 bits in files: how near they come, what stays as it was, and
 * files in which integers and scales do not go together. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "random_sd.h"
#include "temp_file.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define FILE_NAME "int8.safetensors"
#define SEED 11
#define ROWS 24u
#define WIDTH 360u /* 40 x 3 x 3 */

static pith_env env;
static capped_alloc counter;

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    counter = (capped_alloc){.cap_bytes = 4 << 20};
    env.alloc = capped_alloc_make(&counter);
    return 0;
}

/* ---- making --------------------------------------------------------------------------- */

static tensor_table *marked(void) {
    tensor_table *table = NULL;
    assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
    assert_int_equal(tensor_table_set_meta(table, QUANTISED_KEY, QUANTISED_VERSION), PITH_OK);
    return table;
}

static tensor of_floats(const char *name, const float *values, uint32_t rank, const uint64_t *shape) {
    tensor t = {.name = name, .type = TENSOR_F32, .rank = rank, .n_elements = 1, .data = (const uint8_t *)values};
    for (uint32_t i = 0; i < rank; i++) t.n_elements *= t.shape[i] = shape[i];
    t.n_bytes = t.n_elements * sizeof *values;
    return t;
}

static void add(tensor_table *table, tensor t) { assert_int_equal(tensor_table_add(table, &t), PITH_OK); }

static const uint64_t conv_shape[] = {ROWS, WIDTH / 9, 3, 3}, matrix_shape[] = {ROWS, WIDTH};

/* Rows of very different size; one of zeros, one of values below every scale, one with a lone
 * value, one near the largest of binary16. */
static void fill(float values[ROWS * WIDTH]) {
    random_sd_values(values, (size_t)ROWS * WIDTH, SEED, "values", 0, 1);
    for (size_t row = 0; row < ROWS; row++)
        for (size_t i = 0; i < WIDTH; i++) {
            float *v = &values[row * WIDTH + i];
            if (row == 1)
                *v = 0;
            else if (row == 2)
                *v *= 1e-30f;
            else if (row == 3)
                *v = i == WIDTH - 1 ? -3 : 0;
            else if (row == 4)
                *v *= 10000;
            else
                *v = ldexpf(*v, (int)row - 12);
        }
}

static void write_as(safetensors_precision precision, const char *name, const tensor_table *table) {
    pith_diag why = {0};
    if (safetensors_write_as(precision, temp_path(name), table, &env, NULL, NULL, &why) != PITH_OK)
        fail_msg("%s", why.message);
}

static tensor_table *open_table(const char *name) {
    tensor_table *table = NULL;
    pith_diag why = {0};
    if (safetensors_open(&table, &env, temp_path(name), &why) != PITH_OK) fail_msg("%s", why.message);
    return table;
}

/* An int8 file of one convolution, opened. */
static tensor_table *convolution(const float values[ROWS * WIDTH]) {
    tensor_table *table = marked();
    add(table, of_floats("net.conv.weight", values, 4, conv_shape));
    write_as(SAFETENSORS_INT8, FILE_NAME, table);
    tensor_table_free(&table);
    return open_table(FILE_NAME);
}

static float scale_of(const tensor *t, size_t row) {
    float scale;
    memcpy(&scale, t->scales + 4 * row, sizeof scale); /* the tests run on little-endian machines */
    return scale;
}

/* ---- values ----------------------------------------------------------------------------- */

static void a_value_is_within_half_a_scale(void **state) {
    (void)state;
    static float values[ROWS * WIDTH], back[ROWS * WIDTH];
    fill(values);
    tensor_table *table = convolution(values);
    assert_int_equal(tensor_table_count(table), 1);
    const tensor *t = tensor_table_find(table, "net.conv.weight");
    assert_true(t && t->type == TENSOR_I8 && tensor_has_values(t));
    assert_int_equal(t->n_bytes, ROWS * WIDTH);
    tensor_read_f32(t, 0, t->n_elements, back);
    for (size_t row = 0; row < ROWS; row++) {
        const double scale = (double)scale_of(t, row);
        int largest = 0;
        for (size_t i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
            const int q = (int8_t)t->data[i];
            if (abs(q) > largest) largest = abs(q);
            assert_true(back[i] == (float)q * scale_of(t, row));
            if (!(fabs((double)values[i] - q * scale) <= 0.5 * scale))
                fail_msg("row %zu: %g became %d times %g", row, (double)values[i], q, scale);
        }
        /* No scale is larger than it must be. */
        assert_int_equal(largest, row == 1 || row == 2 ? 0 : 127);
    }
    tensor_table_free(&table);
}

/* Every precision of the source: what is read is what is quantised. */
static void half_precision_is_quantised_from_its_own_values(void **state) {
    (void)state;
    static float values[ROWS * WIDTH], rounded[ROWS * WIDTH];
    static uint16_t halves[ROWS * WIDTH];
    fill(values);
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++) rounded[i] = f16_to_f32(halves[i] = f32_to_f16(values[i]));
    tensor_table *table = marked(), *wide = convolution(rounded);
    tensor t = of_floats("net.conv.weight", NULL, 4, conv_shape);
    t.type = TENSOR_F16;
    t.data = (const uint8_t *)halves;
    t.n_bytes = t.n_elements * 2;
    add(table, t);
    write_as(SAFETENSORS_INT8, "half.safetensors", table);
    tensor_table *half = open_table("half.safetensors");
    const tensor *a = tensor_table_at(wide, 0), *b = tensor_table_at(half, 0);
    assert_memory_equal(a->data, b->data, a->n_bytes);
    assert_memory_equal(a->scales, b->scales, ROWS * sizeof(float));
    tensor_table_free(&table);
    tensor_table_free(&wide);
    tensor_table_free(&half);
}

static void a_part_reads_like_the_whole(void **state) {
    (void)state;
    static float values[ROWS * WIDTH], whole[ROWS * WIDTH], part[ROWS * WIDTH];
    static uint16_t halves[ROWS * WIDTH];
    static const struct {
        size_t first, n;
    } parts[] = {{0, 1}, {WIDTH - 1, 2}, {5 * WIDTH + 7, 3 * WIDTH}, {ROWS * WIDTH - 1, 1}, {9, 0}, {1, 2 * WIDTH - 1}};
    fill(values);
    tensor_table *table = convolution(values);
    const tensor *t = tensor_table_at(table, 0);
    tensor_read_f32(t, 0, t->n_elements, whole);
    tensor_read_f16(t, 0, t->n_elements, halves);
    for (size_t i = 0; i < t->n_elements; i++) assert_int_equal(halves[i], f32_to_f16(whole[i]));
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        tensor_read_f32(t, parts[p].first, parts[p].n, part);
        assert_memory_equal(part, whole + parts[p].first, parts[p].n * sizeof *part);
    }
    tensor_table_free(&table);
}

/* The fingerprint is that of a file of the dequantised values. */
static void the_fingerprint_is_that_of_the_values(void **state) {
    (void)state;
    static float values[ROWS * WIDTH], back[ROWS * WIDTH];
    uint8_t id[8], expected[8];
    fill(values);
    tensor_table *table = convolution(values), *plain = NULL;
    tensor_read_f32(tensor_table_at(table, 0), 0, ROWS * WIDTH, back);
    assert_int_equal(tensor_table_new(&plain, &env), PITH_OK);
    add(plain, of_floats("net.conv.weight", back, 4, conv_shape));
    assert_int_equal(tensor_table_fingerprint(table, "", id, NULL), PITH_OK);
    assert_int_equal(tensor_table_fingerprint(plain, "", expected, NULL), PITH_OK);
    assert_memory_equal(id, expected, sizeof id);
    tensor_table_free(&table);
    tensor_table_free(&plain);
}

/* ---- which, and files ---------------------------------------------------------------------- */

static void small_vectors_and_embeddings_stay_binary16(void **state) {
    (void)state;
    static float values[ROWS * WIDTH];
    static const struct {
        const char *name;
        uint32_t rank;
        uint64_t shape[4];
        tensor_type type;
    } cases[] = {
        {"a.weight", 2, {ROWS, WIDTH}, TENSOR_I8},           {"b.weight", 4, {ROWS, WIDTH / 9, 3, 3}, TENSOR_I8},
        {"c.weight", 1, {ROWS * WIDTH}, TENSOR_F16},         {"c.bias", 2, {ROWS, WIDTH}, TENSOR_F16},
        {"d.weight", 2, {WIDTH * ROWS / 8, 8}, TENSOR_F16}, /* the scales would be half as large as the values */
        {"e.weight", 4, {8, 3, 3, 3}, TENSOR_F16},           {"f.token_embedding.weight", 2, {ROWS, WIDTH}, TENSOR_F16},
        {"text.empty_prompt", 2, {ROWS, WIDTH}, TENSOR_F16},
    };
    fill(values);
    tensor_table *table = marked();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        add(table, of_floats(cases[i].name, values, cases[i].rank, cases[i].shape));
    write_as(SAFETENSORS_INT8, FILE_NAME, table);
    tensor_table *read = open_table(FILE_NAME);
    assert_int_equal(tensor_table_count(read), sizeof cases / sizeof *cases);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tensor *t = tensor_table_find(read, cases[i].name);
        if (t->type != cases[i].type) fail_msg("%s has type %d", t->name, (int)t->type);
        assert_true((t->scales != NULL) == (t->type == TENSOR_I8));
    }
    tensor_table_free(&read);
    tensor_table_free(&table);
}

static void same_files(const char *a, const char *b) {
    static char bytes[2][1 << 20];
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(temp_path(i ? b : a), "rb");
        assert_non_null(file);
        n[i] = fread(bytes[i], 1, sizeof bytes[i], file);
        fclose(file);
    }
    assert_true(n[0] == n[1] && n[0] > 0 && n[0] < sizeof bytes[0]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
}

static void what_is_int8_already_is_copied(void **state) {
    (void)state;
    static float values[ROWS * WIDTH];
    fill(values);
    tensor_table *table = convolution(values);
    write_as(SAFETENSORS_INT8, "again.safetensors", table);
    same_files(FILE_NAME, "again.safetensors");
    write_as(SAFETENSORS_AS_THEY_ARE, "copy.safetensors", table);
    same_files(FILE_NAME, "copy.safetensors");
    pith_diag why = {0};
    assert_int_equal(safetensors_write_as(SAFETENSORS_F16, temp_path("no"), table, &env, NULL, NULL, &why),
                     PITH_E_UNSUPPORTED);
    tensor_table_free(&table);
}

static void refuses_to_write(tensor_table *table, pith_status status, const char *words) {
    pith_diag why = {0};
    size_t n_files = temp_count();
    assert_int_equal(safetensors_write_as(SAFETENSORS_INT8, temp_path("no"), table, &env, NULL, NULL, &why), status);
    if (!strstr(why.message, words)) fail_msg("\"%s\" does not say \"%s\"", why.message, words);
    assert_int_equal(temp_count(), n_files);
    tensor_table_free(&table);
}

static void what_cannot_be_quantised_is_not_written(void **state) {
    (void)state;
    static float values[ROWS * WIDTH];
    static const float bad[] = {NAN, INFINITY, -INFINITY, 65520, -1e9f};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fill(values);
        values[WIDTH + 3] = bad[i];
        tensor_table *table = marked();
        add(table, of_floats("w.weight", values, 2, matrix_shape));
        refuses_to_write(table, PITH_E_FORMAT, "tensor w.weight: value 363 is not finite in binary16");
    }
    fill(values);
    tensor_table *table = marked();
    add(table, of_floats("w.weight", values, 2, matrix_shape));
    add(table, of_floats("w.weight.scale", values, 1, matrix_shape));
    refuses_to_write(table, PITH_E_ARG, "no name for its scales");
    assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
    add(table, of_floats("w.weight", values, 2, matrix_shape));
    refuses_to_write(table, PITH_E_ARG, "no mark of int8");
}

/* ---- files that lie ---------------------------------------------------------------------------- */

#define MARK "\"__metadata__\":{\"pith_int8\":\"1\"}"
#define T(name, dtype, shape, offsets)                                                                                 \
    ",\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"
#define W T("w", "I8", "2,4", "0,8")

/* Eight integers, then two scales, of these bits. */
static size_t make_file(uint8_t bytes[1024], const char *header, size_t data_bytes, uint32_t second_scale) {
    const uint32_t first_scale = 0x3f000000;
    const size_t n = strlen(header);
    assert_true(8 + n + data_bytes <= 1024 && data_bytes <= 24);
    memset(bytes, 0, 1024);
    bytes[0] = (uint8_t)n;
    bytes[1] = (uint8_t)(n >> 8);
    memcpy(bytes + 8, header, n);
    uint8_t data[24] = {1, 2, 3, 0xff, 0x81, 0x80, 0, 127};
    memcpy(data + 8, &first_scale, 4);
    memcpy(data + 12, &second_scale, 4);
    memcpy(bytes + 8 + n, data, data_bytes);
    return 8 + n + data_bytes;
}

/* Opens; every value can be read, a refusal is one line. */
static pith_status try_file(const uint8_t *bytes, size_t n_bytes, pith_diag *why) {
    tensor_table *table = NULL;
    *why = (pith_diag){0};
    temp_write(FILE_NAME, bytes, n_bytes);
    pith_status status = safetensors_open(&table, &env, temp_path(FILE_NAME), why);
    for (size_t i = 0; status == PITH_OK && i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        float f;
        for (uint64_t k = 0; k < t->n_elements; k++) tensor_read_f32(t, k, 1, &f);
    }
    if (status != PITH_OK) assert_true(why->message[0] && !strchr(why->message, '\n') && !table);
    tensor_table_free(&table);
    assert_int_equal(counter.n_live, 0);
    return status;
}

static void expect(const char *header, size_t data_bytes, uint32_t scale, pith_status status, const char *words) {
    uint8_t bytes[1024];
    pith_diag why;
    const size_t n = make_file(bytes, header, data_bytes, scale);
    if (try_file(bytes, n, &why) != status) fail_msg("%s: %.300s", why.message, header);
    if (!strstr(why.message, words)) fail_msg("\"%s\" does not say \"%s\"", why.message, words);
}

static void integers_and_scales_must_go_together(void **state) {
    (void)state;
    static const char scales_of_nothing[] = "scales of no int8 tensor";
    expect("{" MARK W T("w.scale", "F32", "2", "8,16") "}", 16, 0x3f000000, PITH_OK, "");
    expect("{" MARK T("w", "F16", "2,2", "0,8") "}", 8, 0, PITH_OK, "");
    expect("{" MARK W "}", 8, 0, PITH_E_FORMAT, "tensor w: int8 without scales (w.scale)");
    expect("{" MARK W T("w.scales", "F32", "2", "8,16") "}", 16, 0, PITH_E_FORMAT, "int8 without scales (w.scale)");
    expect("{" MARK W T("w.scale", "F32", "1", "8,12") "}", 12, 0, PITH_E_FORMAT, "tensor w.scale: must be F32 [2]");
    expect("{" MARK W T("w.scale", "F32", "4", "8,24") "}", 24, 0, PITH_E_FORMAT, "tensor w.scale: must be F32 [2]");
    expect("{" MARK W T("w.scale", "F32", "2,1", "8,16") "}", 16, 0, PITH_E_FORMAT, "must be F32 [2]");
    expect("{" MARK W T("w.scale", "F32", "", "8,12") "}", 12, 0, PITH_E_FORMAT, "must be F32 [2]");
    expect("{" MARK W T("w.scale", "F16", "2", "8,12") "}", 12, 0, PITH_E_FORMAT, "must be F32 [2]");
    expect("{" MARK W T("w.scale", "I32", "2", "8,16") "}", 16, 0, PITH_E_FORMAT, "must be F32 [2]");
    expect("{" MARK W T("w.scale", "I8", "2,1", "8,10") "}", 10, 0, PITH_E_FORMAT, "must be F32 [2]");
    expect("{" MARK T("w", "I8", "8", "0,8") T("w.scale", "F32", "1", "8,12") "}", 12, 0, PITH_E_FORMAT,
           "tensor w: int8 of 1 dimensions");
    expect("{" MARK T("v.scale", "F32", "2", "0,8") "}", 8, 0, PITH_E_FORMAT, scales_of_nothing);
    expect("{" MARK T("w", "F32", "2,1", "0,8") T("w.scale", "F32", "2", "8,16") "}", 16, 0, PITH_E_FORMAT,
           scales_of_nothing);
    expect("{" MARK T("w", "U8", "2,4", "0,8") T("w.scale", "F32", "2", "8,16") "}", 16, 0, PITH_E_FORMAT,
           scales_of_nothing);
}

static void scales_must_be_finite_and_above_0(void **state) {
    (void)state;
    static const uint32_t bad[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, /* infinite, no numbers */
                                   0,          0x80000000, 0x00000001, 0x007fffff, /* zero, subnormal */
                                   0xbf000000};
    static const char header[] = "{" MARK W T("w.scale", "F32", "2", "8,16") "}";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(header, 16, bad[i], PITH_E_FORMAT, "tensor w.scale: scale 1 is not finite and above 0");
    expect(header, 16, 0x7bffffff, PITH_OK, "");
    expect(header, 16, 0x7c000000, PITH_E_FORMAT, "tensor w.scale: scale 1 makes values that are not finite");
    expect(header, 16, 0x00800000, PITH_OK, "");
}

static void another_version_is_refused(void **state) {
    (void)state;
    static const char *const versions[] = {"2", "", "01", "1 ", "a\\nb"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        char header[400];
        snprintf(header, sizeof header, "{\"__metadata__\":{\"pith_int8\":\"%s\"}%s}", versions[i], W);
        expect(header, 8, 0, PITH_E_VERSION, "this library reads version 1");
    }
}

/* In a file without the mark they are plain integers, which no network takes. */
static void without_the_mark_there_are_no_values(void **state) {
    (void)state;
    uint8_t bytes[1024];
    float f = 1;
    uint8_t id[8];
    tensor_table *table = NULL;
    pith_diag why = {0};
    size_t n = make_file(bytes, "{\"__metadata__\":{}" W T("w.scale", "F32", "2", "8,16") "}", 16, 0x3f000000);
    temp_write(FILE_NAME, bytes, n);
    assert_int_equal(safetensors_open(&table, &env, temp_path(FILE_NAME), NULL), PITH_OK);
    assert_int_equal(tensor_table_count(table), 2);
    const tensor *t = tensor_table_find(table, "w");
    assert_true(t->type == TENSOR_I8 && !t->scales && !tensor_has_values(t));
    tensor_read_f32(t, 0, 1, &f);
    assert_true(f == 0);
    assert_int_equal(tensor_table_fingerprint(table, "", id, &why), PITH_E_UNSUPPORTED);
    tensor_table_free(&table);
}

static void no_truncation_and_no_changed_byte_crashes(void **state) {
    (void)state;
    static const char header[] = "{" MARK W T("w.scale", "F32", "2", "8,16") "}";
    static const uint8_t changes[] = {0x00, 0x20, '"', ',', '-', '0', '9', '[', 'x', '}', 0x7f, 0x80, 0xff};
    uint8_t bytes[1024];
    pith_diag why;
    const size_t n = make_file(bytes, header, 16, 0x3f000000);
    for (size_t i = 0; i < n; i++)
        if (try_file(bytes, i, &why) != PITH_E_TRUNCATED) fail_msg("%zu bytes: %s", i, why.message);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof changes; k++) {
            const uint8_t kept = bytes[i];
            bytes[i] = changes[k];
            (void)!try_file(bytes, n, &why);
            bytes[i] = kept;
        }
}

/* Pairing takes time in proportion to the tensors there are. */
static void as_many_scales_as_there_may_be_tensors(void **state) {
    (void)state;
    counter.cap_bytes = 64 << 20;
    const size_t n_pairs = 32768;
    char *header = malloc(n_pairs * 160 + 100), *end = header + 8;
    end += sprintf(end, "{" MARK);
    for (size_t i = 0; i < n_pairs; i++) {
        end += sprintf(end, ",\"%zu\":{\"dtype\":\"I8\",\"shape\":[0,1],\"data_offsets\":[0,0]}", i);
        end += sprintf(end, ",\"%zu.scale\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", i);
    }
    end += sprintf(end, "}");
    const uint64_t n = (uint64_t)(end - header) - 8;
    memcpy(header, &n, sizeof n);
    pith_diag why;
    if (try_file((const uint8_t *)header, (size_t)n + 8, &why) != PITH_OK) fail_msg("%s", why.message);
    free(header);
    counter.cap_bytes = 4 << 20;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_within_half_a_scale),
        cmocka_unit_test(half_precision_is_quantised_from_its_own_values),
        cmocka_unit_test(a_part_reads_like_the_whole),
        cmocka_unit_test(the_fingerprint_is_that_of_the_values),
        cmocka_unit_test(small_vectors_and_embeddings_stay_binary16),
        cmocka_unit_test(what_is_int8_already_is_copied),
        cmocka_unit_test(what_cannot_be_quantised_is_not_written),
        cmocka_unit_test(integers_and_scales_must_go_together),
        cmocka_unit_test(scales_must_be_finite_and_above_0),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(without_the_mark_there_are_no_values),
        cmocka_unit_test(no_truncation_and_no_changed_byte_crashes),
        cmocka_unit_test(as_many_scales_as_there_may_be_tensors),
    };
    return cmocka_run_group_tests_name("quantised", tests, setup, NULL);
}
