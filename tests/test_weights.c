/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tensor tables: lookup, files written and read, fingerprints. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "float_bits.h"
#include "random_bits.h"
#include "temp_file.h"
#include "weights/safetensors.h"

/* ---- tables ------------------------------------------------------------------------- */

static pith_env env;
static const uint8_t some_bytes[64] = {1, 2, 3, 4, 5, 6, 7, 8};

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    return 0;
}

static tensor_table *new_table(void) {
    tensor_table *table = NULL;
    assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
    return table;
}

static tensor vector(const char *name, tensor_type type, const void *data, uint64_t n, size_t element_bytes) {
    return (tensor){name, type, 1, {n}, n, data, n * element_bytes, NULL, NULL, false, {0}};
}

static void add_vector(tensor_table *table, const char *name) {
    tensor t = vector(name, TENSOR_F32, some_bytes, 2, 4);
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
}

static void tensors_come_sorted_and_are_found_by_name(void **state) {
    (void)state;
    tensor_table *table = new_table();
    static const char *const names[] = {"b", "a.b", "", "c", "a", "a.a", "\xc3\xa9", "B"};
    static const char *const sorted[] = {"B", "a", "a.a", "a.b", "b", "c", "\xc3\xa9"};
    for (size_t i = 0; i < 8; i++)
        if (names[i][0]) add_vector(table, names[i]);
    assert_int_equal(tensor_table_count(table), 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(tensor_table_at(table, i)->name, sorted[i]);
        assert_ptr_equal(tensor_table_find(table, sorted[i]), tensor_table_at(table, i));
    }
    assert_null(tensor_table_at(table, 7));
    assert_null(tensor_table_find(table, "a."));
    assert_null(tensor_table_find(table, "zz"));
    assert_null(tensor_table_find(table, ""));
    assert_int_equal(tensor_table_file_bytes(table), 0);
    tensor_table_drop_pages(table); /* nothing is mapped: nothing happens */
    tensor_table_free(&table);
    assert_null(table);
    tensor_table_free(&table);
}

static void a_table_refuses_what_contradicts_itself(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add_vector(table, "twice");
    tensor good = vector("t", TENSOR_F32, some_bytes, 2, 4), t = good;
    char name[600];
    memset(name, 'n', sizeof name);
    name[513] = '\0';
    t.name = name;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    name[512] = '\0';
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    t = good, t.name = "twice";
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.name = "";
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.rank = TENSOR_MAX_RANK + 1;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.n_elements = 3;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.n_bytes = 4;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.data = NULL;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.type = (tensor_type)0;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    t = good, t.rank = 2, t.shape[0] = t.shape[1] = UINT64_C(1) << 33;
    assert_int_equal(tensor_table_add(table, &t), PITH_E_ARG);
    assert_int_equal(tensor_table_count(table), 2);
    tensor_table_free(&table);
}

static void metadata_are_kept_by_key(void **state) {
    (void)state;
    tensor_table *table = new_table();
    assert_null(tensor_table_meta(table, "k"));
    assert_int_equal(tensor_table_set_meta(table, "k", "1"), PITH_OK);
    assert_int_equal(tensor_table_set_meta(table, "a", "2"), PITH_OK);
    assert_int_equal(tensor_table_set_meta(table, "k", "3"), PITH_OK);
    assert_string_equal(tensor_table_meta(table, "k"), "3");
    assert_string_equal(tensor_table_meta(table, "a"), "2");
    assert_null(tensor_table_meta(table, "b"));
    tensor_table_free(&table);
}

/* ---- files -------------------------------------------------------------------------- */

static tensor_table *open_table(const char *name) {
    tensor_table *table = NULL;
    pith_diag diag = {0};
    if (safetensors_open(&table, &env, temp_path(name), &diag) != PITH_OK) fail_msg("%s", diag.message);
    return table;
}

static void write_table(const char *name, const tensor_table *table) {
    pith_diag diag = {0};
    if (safetensors_write(temp_path(name), table, &env, &diag) != PITH_OK) fail_msg("%s", diag.message);
}

static tensor_table *sample_table(void) {
    tensor_table *table = new_table();
    tensor t = {"conv.weight", TENSOR_F16, 4, {2, 1, 3, 2}, 12, some_bytes, 24, NULL, NULL, false, {0}};
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    t = (tensor){"a \"quoted\"\n\xc3\xa9", TENSOR_F32, 1, {3}, 3, some_bytes + 1, 12, NULL, NULL, false, {0}};
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    t = (tensor){"scalar", TENSOR_BF16, 0, {0}, 1, some_bytes + 2, 2, NULL, NULL, false, {0}};
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    t = (tensor){"none", TENSOR_I8, 2, {0, 5}, 0, NULL, 0, NULL, NULL, false, {0}};
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    t = (tensor){"bytes", TENSOR_I8, 1, {7}, 7, some_bytes + 3, 7, NULL, NULL, false, {0}};
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    assert_int_equal(tensor_table_set_meta(table, "pith.name", "mini-1"), PITH_OK);
    assert_int_equal(tensor_table_set_meta(table, "empty", ""), PITH_OK);
    return table;
}

static void assert_same_tables(const tensor_table *a, const tensor_table *b) {
    assert_int_equal(tensor_table_count(a), tensor_table_count(b));
    for (size_t i = 0; i < tensor_table_count(a); i++) {
        const tensor *x = tensor_table_at(a, i), *y = tensor_table_at(b, i);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->rank, y->rank);
        for (uint32_t d = 0; d < x->rank; d++) assert_int_equal(x->shape[d], y->shape[d]);
        assert_int_equal(x->n_elements, y->n_elements);
        assert_int_equal(x->n_bytes, y->n_bytes);
        if (x->n_bytes) assert_memory_equal(x->data, y->data, x->n_bytes);
    }
}

static void a_written_file_reads_back_the_same(void **state) {
    (void)state;
    tensor_table *table = sample_table();
    write_table("sample.safetensors", table);
    size_t n_files = temp_count();
    write_table("sample.safetensors", table); /* over an old one */
    assert_int_equal(temp_count(), n_files);
    tensor_table *read = open_table("sample.safetensors");
    assert_same_tables(table, read);
    assert_string_equal(tensor_table_meta(read, "pith.name"), "mini-1");
    assert_string_equal(tensor_table_meta(read, "empty"), "");
    assert_null(tensor_table_meta(read, "__metadata__"));
    struct stat st;
    assert_int_equal(stat(temp_path("sample.safetensors"), &st), 0);
    assert_int_equal(tensor_table_file_bytes(read), st.st_size);
    tensor_table_drop_pages(read);
    assert_same_tables(table, read);
    tensor_table_free(&read);
    tensor_table_free(&table);
}

static void the_data_of_a_written_file_begin_at_a_multiple_of_eight(void **state) {
    (void)state;
    for (size_t n = 1; n < 10; n++) {
        char name[16] = "nnnnnnnnnnnnnnn";
        name[n] = '\0';
        tensor_table *table = new_table();
        add_vector(table, name);
        write_table("padded.safetensors", table);
        tensor_table *read = open_table("padded.safetensors");
        assert_int_equal(tensor_table_file_bytes(read) % 8, 0);
        tensor_table_free(&read);
        tensor_table_free(&table);
    }
}

static void an_empty_table_can_be_written(void **state) {
    (void)state;
    tensor_table *table = new_table();
    write_table("empty.safetensors", table);
    tensor_table *read = open_table("empty.safetensors");
    assert_int_equal(tensor_table_count(read), 0);
    tensor_table_free(&read);
    tensor_table_free(&table);
}

static void a_file_is_read_while_it_is_replaced(void **state) {
    (void)state;
    tensor_table *table = sample_table();
    write_table("self.safetensors", table);
    tensor_table *read = open_table("self.safetensors");
    write_table("self.safetensors", read); /* from its own mapping */
    assert_same_tables(table, read);
    tensor_table_free(&read);
    read = open_table("self.safetensors");
    assert_same_tables(table, read);
    tensor_table_free(&read);
    tensor_table_free(&table);
}

static void a_failed_write_leaves_nothing_behind(void **state) {
    (void)state;
    tensor_table *table = sample_table();
    size_t n_files = temp_count();
    pith_diag diag = {0};
    assert_int_equal(safetensors_write(temp_path("no/such/folder"), table, &env, &diag), PITH_E_IO);
    assert_non_null(strstr(diag.message, "cannot be written"));
    diag = (pith_diag){0};
    assert_int_equal(safetensors_write(temp_folder(), table, &env, &diag), PITH_E_IO); /* a folder stands there */
    tensor t = vector("ints", TENSOR_OTHER, some_bytes, 2, 8);
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    diag = (pith_diag){0};
    assert_int_equal(safetensors_write(temp_path("other"), table, &env, &diag), PITH_E_UNSUPPORTED);
    assert_non_null(strstr(diag.message, "ints"));
    assert_int_equal(temp_count(), n_files);
    tensor_table_free(&table);

    table = new_table();
    add_vector(table, "__metadata__");
    assert_int_equal(safetensors_write(temp_path("reserved"), table, &env, NULL), PITH_E_ARG);
    tensor_table_free(&table);
    table = new_table();
    add_vector(table, "\xff\xfe");
    assert_int_equal(safetensors_write(temp_path("utf8"), table, &env, NULL), PITH_E_ARG);
    tensor_table_free(&table);
    assert_int_equal(temp_count(), n_files);
}

static void out_of_memory_is_an_error_wherever_it_strikes(void **state) {
    (void)state;
    tensor_table *table = sample_table();
    write_table("memory.safetensors", table);
    tensor_table_free(&table);
    capped_alloc counter = {0};
    pith_env failing = env;
    failing.alloc = capped_alloc_make(&counter);
    assert_int_equal(safetensors_open(&table, &failing, temp_path("memory.safetensors"), NULL), PITH_OK);
    tensor_table_free(&table);
    size_t n_requests = counter.n_requests;
    assert_int_equal(counter.n_live, 0);
    assert_true(n_requests > 8);
    for (size_t i = 1; i <= n_requests; i++) {
        counter = (capped_alloc){.fail_at = i};
        pith_diag diag = {0};
        assert_int_equal(safetensors_open(&table, &failing, temp_path("memory.safetensors"), &diag), PITH_E_NOMEM);
        assert_null(table);
        assert_int_equal(diag.status, PITH_E_NOMEM);
        assert_int_equal(counter.n_live, 0);
    }
}

/* ---- fingerprints ---------------------------------------------------------------------- */

/* tests/reference/fingerprint.py makes the same values and prints the answers. */
static const uint8_t ENCODER_ANSWER[8] = {0xb6, 0xf0, 0x36, 0x90, 0xe4, 0x9a, 0x95, 0xb2};
static const uint8_t WHOLE_ANSWER[8] = {0xee, 0x89, 0x6c, 0x66, 0xd5, 0x31, 0x4b, 0x09};

#define N_VALUES 300
#define N_TENSORS 5

typedef struct part {
    const char *name;
    uint32_t rank;
    uint64_t shape[3];
    size_t first, count;
} part;

static const part PARTS[N_TENSORS] = {
    {"encoder.b", 3, {3, 4, 5}, 0, 60},  {"encoder.a", 1, {200}, 60, 200},   {"encoder.a.scale", 0, {0}, 260, 1},
    {"encoder.none", 2, {0, 7}, 261, 0}, {"decoder.w", 2, {2, 19}, 262, 38},
};

static void make_values(float values[N_VALUES]) {
    uint32_t seed = 1;
    for (size_t i = 0; i < N_VALUES; i++) {
        next_random(&seed);
        values[i] = float_of((seed & 0x807fffff) | (100u + (seed >> 24) % 48u) << 23);
    }
}

/* The tensors as one type; `data` are N_VALUES of its elements. */
static tensor_table *make_parts(const void *data, tensor_type type, size_t element_bytes, bool reversed) {
    tensor_table *table = new_table();
    for (size_t i = 0; i < N_TENSORS; i++) {
        const part *p = &PARTS[reversed ? N_TENSORS - 1 - i : i];
        tensor t = {.name = p->name,
                    .type = type,
                    .rank = p->rank,
                    .n_elements = p->count,
                    .data = (const uint8_t *)data + p->first * element_bytes,
                    .n_bytes = p->count * element_bytes};
        memcpy(t.shape, p->shape, sizeof p->shape);
        assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    }
    return table;
}

static void assert_fingerprint(const tensor_table *table, const char *prefix, const uint8_t expected[8]) {
    uint8_t id[8];
    pith_diag diag = {0};
    if (tensor_table_fingerprint(table, prefix, id, &diag) != PITH_OK) fail_msg("%s", diag.message);
    assert_memory_equal(id, expected, 8);
}

static void fingerprints_are_those_of_the_reference_script(void **state) {
    (void)state;
    float values[N_VALUES];
    make_values(values);
    tensor_table *table = make_parts(values, TENSOR_F32, 4, false);
    assert_fingerprint(table, "encoder.", ENCODER_ANSWER);
    assert_fingerprint(table, "", WHOLE_ANSWER);
    tensor_table_free(&table);
}

static void full_precision_and_its_half_precision_copy_share_a_fingerprint(void **state) {
    (void)state;
    float values[N_VALUES];
    uint16_t halves[N_VALUES];
    uint8_t id[8];
    make_values(values);
    for (size_t i = 0; i < N_VALUES; i++) {
        if (!(fabsf(values[i]) < 65520)) values[i] = 1; /* infinite in the copy */
        halves[i] = f32_to_f16(values[i]);
    }
    tensor_table *wide = make_parts(values, TENSOR_F32, 4, false);
    tensor_table *table = make_parts(halves, TENSOR_F16, 2, false);
    assert_int_equal(tensor_table_fingerprint(wide, "", id, NULL), PITH_OK);
    assert_fingerprint(table, "", id);
    write_table("halves.safetensors", table);
    tensor_table *read = open_table("halves.safetensors");
    assert_fingerprint(read, "", id);
    tensor_table_free(&wide);
    tensor_table_free(&read);
    tensor_table_free(&table);
}

static void bfloat16_and_its_widened_copy_share_a_fingerprint(void **state) {
    (void)state;
    float values[N_VALUES];
    uint16_t tops[N_VALUES];
    uint8_t id[8];
    make_values(values);
    for (size_t i = 0; i < N_VALUES; i++) {
        tops[i] = (uint16_t)(bits_of(values[i]) >> 16);
        values[i] = float_of((uint32_t)tops[i] << 16);
    }
    tensor_table *wide = make_parts(values, TENSOR_F32, 4, false), *narrow = make_parts(tops, TENSOR_BF16, 2, false);
    assert_int_equal(tensor_table_fingerprint(wide, "", id, NULL), PITH_OK);
    assert_fingerprint(narrow, "", id);
    tensor_table_free(&wide);
    tensor_table_free(&narrow);
}

static void fingerprints_do_not_depend_on_order_or_on_tensors_outside_the_prefix(void **state) {
    (void)state;
    float values[N_VALUES];
    make_values(values);
    tensor_table *table = make_parts(values, TENSOR_F32, 4, true);
    assert_fingerprint(table, "", WHOLE_ANSWER);
    add_vector(table, "encoder");  /* sorts just before the prefix */
    add_vector(table, "encoder/"); /* and just after */
    add_vector(table, "zz");
    assert_int_equal(tensor_table_set_meta(table, "name", "another"), PITH_OK);
    assert_fingerprint(table, "encoder.", ENCODER_ANSWER);
    tensor_table_free(&table);
}

static void a_fingerprint_over_several_prefixes_is_in_the_order_of_names(void **state) {
    (void)state;
    static const char *const both[] = {"encoder.", "decoder.", "encoder.a", NULL}, *const none[] = {NULL};
    float values[N_VALUES];
    uint8_t id[8];
    make_values(values);
    tensor_table *table = make_parts(values, TENSOR_F32, 4, false);
    add_vector(table, "f");
    assert_int_equal(tensor_table_fingerprint_any(table, both, id, NULL), PITH_OK);
    assert_memory_equal(id, WHOLE_ANSWER, 8);
    assert_int_equal(tensor_table_fingerprint_any(table, none, id, NULL), PITH_E_ARG);
    tensor_table_free(&table);
}

static void a_changed_name_shape_or_value_changes_the_fingerprint(void **state) {
    (void)state;
    tensor variants[] = {
        {"w", TENSOR_F32, 1, {4}, 4, some_bytes, 16, NULL, NULL, false, {0}},
        {"v", TENSOR_F32, 1, {4}, 4, some_bytes, 16, NULL, NULL, false, {0}},
        {"w", TENSOR_F32, 2, {2, 2}, 4, some_bytes, 16, NULL, NULL, false, {0}},
        {"w", TENSOR_F32, 2, {1, 4}, 4, some_bytes, 16, NULL, NULL, false, {0}},
        {"w",
         TENSOR_F32,
         1,
         {4},
         4,
         (const uint8_t *)"\0\0\200\077\0\0\0\0\0\0\0\0\0\0\0\0",
         16,
         NULL,
         NULL,
         false,
         {0}},
    };
    enum { N = sizeof variants / sizeof variants[0] };
    uint8_t ids[N][8];
    for (size_t i = 0; i < N; i++) {
        tensor_table *table = new_table();
        assert_int_equal(tensor_table_add(table, &variants[i]), PITH_OK);
        assert_int_equal(tensor_table_fingerprint(table, "", ids[i], NULL), PITH_OK);
        tensor_table_free(&table);
        for (size_t j = 0; j < i; j++) assert_memory_not_equal(ids[i], ids[j], 8);
    }
}

static void values_that_are_not_finite_have_no_fingerprint(void **state) {
    (void)state;
    float values[N_VALUES];
    uint8_t id[8];
    pith_diag diag = {0};
    make_values(values);
    values[150] = float_of(0x7fc00000);
    tensor_table *table = make_parts(values, TENSOR_F32, 4, false);
    assert_int_equal(tensor_table_fingerprint(table, "encoder.", id, &diag), PITH_E_MODEL_VALUES);
    assert_string_equal(diag.message, "tensor encoder.a: value 90 is not finite (NaN)");
    assert_int_equal(tensor_table_fingerprint(table, "decoder.", id, NULL), PITH_OK);
    tensor_table_free(&table);
}

static void what_has_no_fingerprint_is_refused(void **state) {
    (void)state;
    uint8_t id[8];
    pith_diag diag = {0};
    tensor_table *table = sample_table();
    assert_int_equal(tensor_table_fingerprint(table, "bytes", id, &diag), PITH_E_UNSUPPORTED);
    assert_non_null(strstr(diag.message, "bytes"));
    diag = (pith_diag){0};
    assert_int_equal(tensor_table_fingerprint(table, "encoder.", id, &diag), PITH_E_MODEL_SHAPE);
    assert_non_null(strstr(diag.message, "encoder."));
    tensor_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_come_sorted_and_are_found_by_name),
        cmocka_unit_test(a_table_refuses_what_contradicts_itself),
        cmocka_unit_test(metadata_are_kept_by_key),
        cmocka_unit_test(a_written_file_reads_back_the_same),
        cmocka_unit_test(the_data_of_a_written_file_begin_at_a_multiple_of_eight),
        cmocka_unit_test(an_empty_table_can_be_written),
        cmocka_unit_test(a_file_is_read_while_it_is_replaced),
        cmocka_unit_test(a_failed_write_leaves_nothing_behind),
        cmocka_unit_test(out_of_memory_is_an_error_wherever_it_strikes),
        cmocka_unit_test(fingerprints_are_those_of_the_reference_script),
        cmocka_unit_test(full_precision_and_its_half_precision_copy_share_a_fingerprint),
        cmocka_unit_test(bfloat16_and_its_widened_copy_share_a_fingerprint),
        cmocka_unit_test(fingerprints_do_not_depend_on_order_or_on_tensors_outside_the_prefix),
        cmocka_unit_test(a_fingerprint_over_several_prefixes_is_in_the_order_of_names),
        cmocka_unit_test(a_changed_name_shape_or_value_changes_the_fingerprint),
        cmocka_unit_test(values_that_are_not_finite_have_no_fingerprint),
        cmocka_unit_test(what_has_no_fingerprint_is_refused),
    };
    return cmocka_run_group_tests_name("weights", tests, setup, NULL);
}
