/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PyTorch checkpoints that are right, made by hand: containers, protocols,
 * types, views, and what training leaves beside the weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "ckpt_file.h"
#include "weights/ckpt.h"
#include "weights/pickle_read.h"

static pith_env env;
static const float VALUES[6] = {1, -2, 3.5f, 0.25f, -5, 6};
static const uint16_t HALVES[4] = {0x3c00, 0xc000, 0x4300, 0x3400}; /* the first four, as binary16 */
static const pk_tensor MATRIX = {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    return 0;
}

/* The checkpoint with that pickle and storage 0 of VALUES. */
static void put_ckpt(byte_writer *out, const byte_writer *pickle_bytes, zip_style style) {
    zip_spec members[] = {{.name = "archive/data.pkl", .data = pickle_bytes->data, .n_bytes = pickle_bytes->n_bytes},
                          {.name = "archive/data/0", .data = VALUES, .n_bytes = sizeof VALUES},
                          {.name = "archive/data/1", .data = HALVES, .n_bytes = sizeof HALVES},
                          {.name = "archive/version", .data = "3\n", .n_bytes = 2}};
    zip_put(out, members, 4, style);
}

/* Opens it; the bytes must outlive the table. */
static tensor_table *read_ckpt(const byte_writer *file) {
    pith_diag diag = {0};
    tensor_table *table = NULL;
    if (ckpt_read(&table, &env, file->data, file->n_bytes, &diag) != PITH_OK) fail_msg("%s", diag.message);
    return table;
}

static tensor_table *read_pickle(byte_writer *file, const byte_writer *pickle_bytes) {
    bw_init(file, NULL);
    put_ckpt(file, pickle_bytes, ZIP_TORCH);
    return read_ckpt(file);
}

static void assert_matrix(const tensor_table *table, const char *name, const byte_writer *file) {
    const tensor *t = tensor_table_find(table, name);
    assert_non_null(t);
    assert_int_equal(t->type, TENSOR_F32);
    assert_int_equal(t->rank, 2);
    assert_int_equal(t->shape[0], 2);
    assert_int_equal(t->shape[1], 3);
    assert_int_equal(t->n_bytes, sizeof VALUES);
    assert_memory_equal(t->data, VALUES, sizeof VALUES);
    assert_true(t->data >= file->data && t->data < file->data + file->n_bytes); /* in place */
    assert_null(t->fault);
}

/* {"w": MATRIX}, optionally under "state_dict". */
static void put_simple(byte_writer *w, bool nested) {
    bw_init(w, NULL);
    pk_start(w, 2);
    pk_op(w, '}');
    if (nested) {
        pk_text(w, "epoch");
        pk_int(w, 6);
        pk_op(w, 's');
        pk_text(w, "state_dict");
        pk_ordered_dict(w);
    }
    pk_text(w, "w");
    pk_put_tensor(w, &MATRIX);
    pk_op(w, 's');
    if (nested) pk_op(w, 's');
    pk_op(w, '.');
}

/* ---- containers --------------------------------------------------------------------- */

static void every_style_of_zip_gives_the_same_tensors(void **state) {
    (void)state;
    byte_writer pickle_bytes, file;
    put_simple(&pickle_bytes, true);
    for (zip_style style = ZIP_PLAIN; style <= ZIP_64; style++) {
        bw_init(&file, NULL);
        put_ckpt(&file, &pickle_bytes, style);
        tensor_table *table = read_ckpt(&file);
        assert_int_equal(tensor_table_count(table), 1);
        assert_matrix(table, "w", &file);
        tensor_table_free(&table);
        bw_free(&file);
    }
    bw_free(&pickle_bytes);
}

static void a_state_dict_is_found_nested_or_not(void **state) {
    (void)state;
    for (int nested = 0; nested < 2; nested++) {
        byte_writer pickle_bytes, file;
        put_simple(&pickle_bytes, nested);
        tensor_table *table = read_pickle(&file, &pickle_bytes);
        assert_matrix(table, "w", &file);
        tensor_table_free(&table);
        bw_free(&file);
        bw_free(&pickle_bytes);
    }
}

/* ---- pickles --------------------------------------------------------------------------- */

static void put_short_text(byte_writer *w, const char *text) {
    bw_u8(w, 0x8c);
    bw_u8(w, (uint8_t)strlen(text));
    bw_bytes(w, text, strlen(text));
}

/* What protocols 4 and 5 have that 2 has not: frames, memoizing, short texts,
 * globals from the stack. */
static void later_protocols_are_read(void **state) {
    (void)state;
    for (unsigned protocol = 3; protocol <= 5; protocol++) {
        byte_writer p, file;
        bw_init(&p, NULL);
        pk_start(&p, protocol);
        bw_u8(&p, 0x95);
        bw_u64le(&p, 20);
        pk_op(&p, '}');
        bw_u8(&p, 0x94);
        put_short_text(&p, "w");
        bw_u8(&p, 0x94);
        put_short_text(&p, "torch._utils");
        bw_u8(&p, 0x94);
        put_short_text(&p, "_rebuild_tensor_v2");
        bw_u8(&p, 0x94);
        bw_u8(&p, 0x93);
        bw_u8(&p, 0x94);
        pk_tensor_arguments(&p, &MATRIX);
        bw_u8(&p, 0x94);
        pk_ops(&p, "Rs");
        put_short_text(&p, "again");
        pk_ops(&p, "h\x04h\x05Rs."); /* the function and its arguments, remembered */
        tensor_table *table = read_pickle(&file, &p);
        assert_matrix(table, "w", &file);
        assert_matrix(table, "again", &file);
        tensor_table_free(&table);
        bw_free(&file);
        bw_free(&p);
    }
}

static void parameters_and_wrapped_tensors_are_tensors(void **state) {
    (void)state;
    byte_writer p, file;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    pk_text(&p, "parameter");
    pk_global(&p, "torch._utils", "_rebuild_parameter");
    pk_op(&p, '(');
    pk_put_tensor(&p, &MATRIX);
    bw_u8(&p, 0x88);
    pk_ordered_dict(&p);
    pk_ops(&p, "tRs");
    pk_text(&p, "typed");
    pk_global(&p, "torch._tensor", "_rebuild_from_type_v2");
    pk_op(&p, '(');
    pk_global(&p, "torch._utils", "_rebuild_tensor_v2");
    pk_global(&p, "torch.nn.parameter", "Parameter");
    pk_tensor_arguments(&p, &MATRIX);
    pk_ops(&p, "}tRs.");
    tensor_table *table = read_pickle(&file, &p);
    assert_matrix(table, "parameter", &file);
    assert_matrix(table, "typed", &file);
    tensor_table_free(&table);
    bw_free(&file);
    bw_free(&p);
}

static void a_dict_made_from_pairs_is_a_dict(void **state) {
    (void)state;
    byte_writer p, file;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_global(&p, "collections", "OrderedDict");
    pk_ops(&p, "(]](");
    pk_text(&p, "w");
    pk_put_tensor(&p, &MATRIX);
    pk_ops(&p, "eatR.");
    tensor_table *table = read_pickle(&file, &p);
    assert_matrix(table, "w", &file);
    tensor_table_free(&table);
    bw_free(&file);
    bw_free(&p);
}

/* Callbacks, numpy scalars, optimizer states with numbers for names, hidden
 * attributes, averages: none of it disturbs. */
static void put_training_state(byte_writer *p) {
    pk_text(p, "callbacks");
    pk_op(p, '}');
    pk_global(p, "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint");
    pk_op(p, '}');
    pk_text(p, "best_model_score");
    pk_put_tensor(p, &MATRIX);
    pk_ops(p, "sss");
    pk_text(p, "loss"); /* numpy.float64(0.1) */
    pk_global(p, "numpy.core.multiarray", "scalar");
    pk_global(p, "numpy", "dtype");
    pk_op(p, '(');
    pk_text(p, "f8");
    pk_ops(p, "K\1K\1tR(K\3");
    pk_text(p, "<");
    pk_ops(p, "NNNJ\377\377\377\377J\377\377\377\377K");
    bw_u8(p, 0);
    pk_ops(p, "tb");
    pk_global(p, "_codecs", "encode");
    pk_text(p, "abcdefgh");
    pk_text(p, "latin1");
    bw_u8(p, 0x86);
    pk_op(p, 'R');
    bw_u8(p, 0x86);
    pk_ops(p, "Rs");
    pk_text(p, "optimizer_states");
    pk_ops(p, "]}");
    pk_text(p, "state");
    pk_ops(p, "}K\7"); /* {7: tensor} */
    pk_put_tensor(p, &MATRIX);
    pk_ops(p, "ssas");
    pk_text(p, "seed"); /* an integer of 12 bytes */
    bw_u8(p, 0x8a);
    bw_u8(p, 12);
    bw_bytes(p, "abcdefghijkl", 12);
    pk_op(p, 's');
    pk_text(p, "hyper_parameters"); /* an object with items and attributes */
    pk_global(p, "pytorch_lightning.utilities.parsing", "AttributeDict");
    bw_u8(p, ')');
    bw_u8(p, 0x81);
    pk_text(p, "lr");
    pk_op(p, 'G');
    bw_bytes(p, "?\xb9\x99\x99\x99\x99\x99\x9a", 8);
    pk_ops(p, "s}bs");
}

static void the_training_state_beside_the_weights_is_left_out(void **state) {
    (void)state;
    byte_writer p, file;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    put_training_state(&p);
    pk_text(&p, "state_dict");
    pk_ordered_dict(&p);
    pk_text(&p, "w");
    pk_put_tensor(&p, &MATRIX);
    pk_op(&p, 's');
    pk_text(&p, "steps"); /* a number among the tensors */
    pk_ops(&p, "K\5s}");
    pk_text(&p, "_metadata");
    pk_ordered_dict(&p);
    pk_ops(&p, "sbs.");
    tensor_table *table = read_pickle(&file, &p);
    assert_int_equal(tensor_table_count(table), 1);
    assert_matrix(table, "w", &file);
    tensor_table_free(&table);
    bw_free(&file);
    bw_free(&p);
}

/* ---- tensors ------------------------------------------------------------------------------ */

static const tensor *only_tensor(tensor_table **table, byte_writer *file, const pk_tensor *t) {
    byte_writer p;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    pk_text(&p, "t");
    pk_put_tensor(&p, t);
    pk_ops(&p, "s.");
    *table = read_pickle(file, &p);
    bw_free(&p);
    return tensor_table_at(*table, 0);
}

static void types_are_those_of_the_storages(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t n;
        tensor_type type;
    } cases[] = {{"FloatStorage", 2, TENSOR_F32},     {"HalfStorage", 4, TENSOR_F16},
                 {"BFloat16Storage", 4, TENSOR_BF16}, {"CharStorage", 8, TENSOR_I8},
                 {"LongStorage", 1, TENSOR_OTHER},    {"BoolStorage", 8, TENSOR_OTHER},
                 {"DoubleStorage", 1, TENSOR_OTHER},  {"IntStorage", 2, TENSOR_OTHER}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        byte_writer file;
        tensor_table *table;
        pk_tensor t = {cases[i].name, "1", cases[i].n, 0, 1, {cases[i].n}, {1}};
        const tensor *found = only_tensor(&table, &file, &t);
        assert_int_equal(found->type, cases[i].type);
        assert_int_equal(found->n_elements, cases[i].n);
        assert_int_equal(found->n_bytes, 8);
        assert_null(found->fault);
        tensor_table_free(&table);
        bw_free(&file);
    }
}

static void a_part_of_a_storage_is_found_where_it_lies(void **state) {
    (void)state;
    byte_writer file;
    tensor_table *table;
    pk_tensor t = {"FloatStorage", "0", 6, 2, 2, {1, 3}, {77, 1}}; /* the stride of one row says nothing */
    const tensor *found = only_tensor(&table, &file, &t);
    assert_int_equal(found->n_bytes, 12);
    assert_memory_equal(found->data, VALUES + 2, 12);
    assert_null(found->fault);
    tensor_table_free(&table);
    bw_free(&file);
}

static void scalars_and_empty_tensors_are_tensors(void **state) {
    (void)state;
    byte_writer file;
    tensor_table *table;
    pk_tensor t = {"FloatStorage", "0", 6, 5, 0, {0}, {0}};
    assert_int_equal(only_tensor(&table, &file, &t)->n_elements, 1);
    tensor_table_free(&table);
    bw_free(&file);
    t = (pk_tensor){"FloatStorage", "0", 6, 6, 2, {0, 3}, {3, 1}};
    assert_int_equal(only_tensor(&table, &file, &t)->n_bytes, 0);
    tensor_table_free(&table);
    bw_free(&file);
}

static void expanded_views_and_unknown_types_are_marked(void **state) {
    (void)state;
    static const pk_tensor cases[] = {{"FloatStorage", "0", 6, 0, 2, {4, 6}, {0, 1}},
                                      {"FloatStorage", "0", 6, 0, 2, {2, 5}, {1, 1}}, /* overlapping rows */
                                      {"Float8Storage", "0", 24, 0, 1, {24}, {1}}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        byte_writer file;
        tensor_table *table;
        const tensor *found = only_tensor(&table, &file, &cases[i]);
        assert_non_null(found->fault);
        assert_int_equal(found->type, TENSOR_OTHER);
        assert_int_equal(found->n_bytes, 0);
        tensor_table_free(&table);
        bw_free(&file);
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

static void out_of_memory_is_an_error_wherever_it_strikes(void **state) {
    (void)state;
    byte_writer p, file;
    put_simple(&p, true);
    bw_init(&file, NULL);
    put_ckpt(&file, &p, ZIP_TORCH);
    pith_status status = PITH_E_NOMEM;
    for (size_t at = 1; status != PITH_OK; at++) {
        capped_alloc counter = {.fail_at = at};
        pith_env own = env;
        own.alloc = capped_alloc_make(&counter);
        tensor_table *table = NULL;
        pith_diag diag = {0};
        status = ckpt_read(&table, &own, file.data, file.n_bytes, &diag);
        assert_true(status == PITH_OK || (status == PITH_E_NOMEM && diag.message[0]));
        tensor_table_free(&table);
        assert_int_equal(counter.n_live, 0);
        assert_true(at < 200);
    }
    bw_free(&file);
    bw_free(&p);
}

/* A dict of many tensors takes memory in proportion to the pickle. */
static void memory_grows_with_the_pickle_and_no_faster(void **state) {
    (void)state;
    byte_writer p;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    for (int i = 0; i < 2000; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%d", i);
        pk_text(&p, name);
        pk_put_tensor(&p, &MATRIX);
        pk_op(&p, 's');
    }
    pk_op(&p, '.');
    capped_alloc counter = {0};
    pith_alloc alloc = capped_alloc_make(&counter);
    pickle *read = NULL;
    pith_diag diag = {0};
    assert_int_equal(pickle_read(&read, &alloc, p.data, p.n_bytes, &diag), PITH_OK);
    assert_int_equal(pickle_root(read)->count, 4000);
    assert_true(counter.largest_bytes < 8 * p.n_bytes);
    pickle_free(&read);
    assert_int_equal(counter.n_live, 0);
    bw_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_style_of_zip_gives_the_same_tensors),
        cmocka_unit_test(a_state_dict_is_found_nested_or_not),
        cmocka_unit_test(later_protocols_are_read),
        cmocka_unit_test(parameters_and_wrapped_tensors_are_tensors),
        cmocka_unit_test(a_dict_made_from_pairs_is_a_dict),
        cmocka_unit_test(the_training_state_beside_the_weights_is_left_out),
        cmocka_unit_test(types_are_those_of_the_storages),
        cmocka_unit_test(a_part_of_a_storage_is_found_where_it_lies),
        cmocka_unit_test(scalars_and_empty_tensors_are_tensors),
        cmocka_unit_test(expanded_views_and_unknown_types_are_marked),
        cmocka_unit_test(out_of_memory_is_an_error_wherever_it_strikes),
        cmocka_unit_test(memory_grows_with_the_pickle_and_no_faster),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
