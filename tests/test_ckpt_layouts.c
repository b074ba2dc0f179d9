/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Checkpoints as PyTorch reads them, though it would not write them so by
 * itself: tensors out of order, floats of 8 bits, packed anew, with something
 * behind the end; and those made to take all memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "ckpt_file.h"
#include "nn/nn.h"
#include "temp_file.h"
#include "weights/ckpt.h"
#include "weights/safetensors.h"

#define N_VALUES 120 /* of the storage */

static pith_env env;
static float floats[N_VALUES];
static uint16_t halves[N_VALUES];
static uint8_t bytes[N_VALUES];

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    for (int i = 0; i < N_VALUES; i++) {
        floats[i] = (float)(i - 40) / 8;
        halves[i] = f32_to_f16(floats[i]);
        bytes[i] = (uint8_t)i;
    }
    return 0;
}

/* A checkpoint of tensors t0, t1, ... in one storage; `dtype`: of an untyped one, or NULL. */
static void put_tensors(byte_writer *out, const pk_tensor *tensors, size_t n, const char *dtype,
                        const zip_spec *storage, bool deflate, zip_style style) {
    byte_writer p;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_op(&p, '}');
    for (size_t i = 0; i < n; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%zu", i);
        pk_text(&p, name);
        if (dtype)
            pk_put_tensor_v3(&p, &tensors[i], dtype);
        else
            pk_put_tensor(&p, &tensors[i]);
        pk_op(&p, 's');
    }
    pk_op(&p, '.');
    zip_spec members[] = {{.name = "archive/data.pkl", .data = p.data, .n_bytes = p.n_bytes, .deflate = deflate},
                          {.name = "archive/byteorder", .data = "little", .n_bytes = 6, .deflate = deflate},
                          *storage};
    bw_init(out, NULL);
    zip_put(out, members, 3, style);
    bw_free(&p);
}

static tensor_table *open_bytes(const byte_writer *file) {
    pith_diag diag = {0};
    tensor_table *table = NULL;
    if (ckpt_read(&table, &env, file->data, file->n_bytes, &diag) != PITH_OK) fail_msg("%s", diag.message);
    return table;
}

static void refuses(const byte_writer *file, pith_status status, const char *says) {
    pith_diag diag = {0};
    tensor_table *table = NULL;
    assert_int_equal(ckpt_read(&table, &env, file->data, file->n_bytes, &diag), status);
    assert_null(table);
    if (!strstr(diag.message, says)) fail_msg("\"%s\" does not say \"%s\"", diag.message, says);
}

/* ---- out of order ---------------------------------------------------------------------- */

/* By the definition. */
static float value_at(const pk_tensor *t, uint64_t index) {
    uint64_t at = (uint64_t)t->offset;
    for (int d = t->rank; d-- > 0;) {
        at += index % (uint64_t)t->shape[d] * (uint64_t)t->strides[d];
        index /= (uint64_t)t->shape[d];
    }
    return floats[at];
}

static void assert_values(const tensor *t, const pk_tensor *expected) {
    float all[N_VALUES], one;
    uint16_t as_halves[N_VALUES];
    assert_null(t->fault);
    assert_true(t->n_elements > 0 && t->n_elements <= N_VALUES);
    tensor_read_f32(t, 0, t->n_elements, all);
    tensor_read_f16(t, 0, t->n_elements, as_halves);
    for (uint64_t i = 0; i < t->n_elements; i++) {
        tensor_read_f32(t, i, 1, &one);
        assert_true(all[i] == value_at(expected, i) && one == all[i] && as_halves[i] == f32_to_f16(all[i]));
    }
}

static const pk_tensor VIEWS[] = {
    {"FloatStorage", "0", N_VALUES, 0, 2, {10, 12}, {1, 10}},           /* transposed */
    {"FloatStorage", "0", N_VALUES, 0, 4, {5, 4, 3, 2}, {24, 1, 8, 4}}, /* channels_last */
    {"FloatStorage", "0", N_VALUES, 3, 1, {20}, {5}},                   /* every fifth */
    {"FloatStorage", "0", N_VALUES, 7, 2, {10, 5}, {12, 1}},            /* columns of a matrix */
    {"FloatStorage", "0", N_VALUES, 119, 3, {1, 1, 1}, {4000, 9, 1}},   /* strides that say nothing */
    {"FloatStorage", "0", N_VALUES, 0, 4, {4, 30, 1, 1}, {1, 4, 4, 4}}, /* a 1x1 convolution in channels_last */
    {"FloatStorage", "0", N_VALUES, 0, 3, {2, 3, 20}, {1, 2, 6}},
};
#define N_VIEWS (sizeof VIEWS / sizeof *VIEWS)

static void values_are_found_wherever_strides_say(void **state) {
    (void)state;
    static const struct {
        const char *type;
        const void *data;
        size_t n_bytes;
    } types[] = {{"FloatStorage", floats, sizeof floats}, {"HalfStorage", halves, sizeof halves}};
    for (int type = 0; type < 2; type++) {
        pk_tensor views[N_VIEWS];
        memcpy(views, VIEWS, sizeof views);
        for (size_t i = 0; i < N_VIEWS; i++) views[i].type = types[type].type;
        byte_writer file;
        const zip_spec storage = {.name = "archive/data/0", .data = types[type].data, .n_bytes = types[type].n_bytes};
        put_tensors(&file, views, N_VIEWS, NULL, &storage, false, ZIP_TORCH);
        tensor_table *table = open_bytes(&file);
        for (size_t i = 0; i < N_VIEWS; i++) assert_values(tensor_table_at(table, i), &views[i]);
        tensor_table_free(&table);
        bw_free(&file);
    }
}

/* Copies in order: what any other reader of our file sees, and what a fingerprint is of. */
static void what_is_written_of_a_view_lies_in_order(void **state) {
    (void)state;
    byte_writer file;
    uint8_t id[8], id_in_order[8];
    const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats};
    put_tensors(&file, VIEWS, N_VIEWS, NULL, &storage, false, ZIP_TORCH);
    tensor_table *table = open_bytes(&file), *read = NULL;
    assert_int_equal(safetensors_write(temp_path("x.safetensors"), table, &env, NULL), PITH_OK);
    assert_int_equal(safetensors_open(&read, &env, temp_path("x.safetensors"), NULL), PITH_OK);
    for (size_t i = 0; i < N_VIEWS; i++) {
        const tensor *t = tensor_table_at(read, i);
        assert_false(t->is_strided);
        assert_values(t, &VIEWS[i]);
    }
    assert_int_equal(tensor_table_fingerprint(table, "", id, NULL), PITH_OK);
    assert_int_equal(tensor_table_fingerprint(read, "", id_in_order, NULL), PITH_OK);
    assert_memory_equal(id, id_in_order, sizeof id);
    tensor_table_free(&read);
    tensor_table_free(&table);
    bw_free(&file);
}

/* A matrix and its transpose begin at the same place and have the same shape, and are two. */
static void engines_tell_a_matrix_from_its_transpose(void **state) {
    (void)state;
    static const pk_tensor pair[] = {{"FloatStorage", "0", N_VALUES, 0, 2, {10, 10}, {10, 1}},
                                     {"FloatStorage", "0", N_VALUES, 0, 2, {10, 10}, {1, 10}}};
    byte_writer file;
    const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats};
    put_tensors(&file, pair, 2, NULL, &storage, false, ZIP_TORCH);
    tensor_table *table = open_bytes(&file), *named = NULL;
    assert_int_equal(tensor_table_new(&named, &env), PITH_OK);
    for (size_t i = 0; i < 2; i++) {
        tensor t = *tensor_table_at(table, i);
        t.name = i ? "b.weight" : "a.weight";
        assert_int_equal(tensor_table_add(named, &t), PITH_OK);
    }
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *backend = NULL;
        nn_net *net = NULL;
        float x[10] = {1, 0, -1, 2, 0, 0, 3, 0, 0, 1}, y[10], z[10];
        nn_plan *plan = nn_plan_new(NULL);
        nn_val in = nn_input(plan, "x", (nn_shape){1, 1, 1, 10});
        nn_output(plan, "y", nn_linear(plan, in, "a", 10, false));
        nn_output(plan, "z", nn_linear(plan, in, "b", 10, false));
        assert_int_equal(nn_plan_finish(plan, NULL), PITH_OK);
        assert_int_equal(nn_backend_new(&backend, &env, *name, NULL), PITH_OK);
        assert_int_equal(nn_bind(&net, plan, named, backend, NULL), PITH_OK);
        const nn_binding out[] = {{"y", y}, {"z", z}};
        assert_int_equal(nn_run(net, &(nn_given){"x", x}, 1, out, 2, NULL), PITH_OK);
        for (int o = 0; o < 10; o++) {
            double a = 0, b = 0;
            for (int i = 0; i < 10; i++) {
                a += (double)x[i] * (double)floats[10 * o + i];
                b += (double)x[i] * (double)floats[10 * i + o];
            }
            assert_true(fabs(a - (double)y[o]) < 1e-3 && fabs(b - (double)z[o]) < 1e-3);
        }
        nn_net_free(&net);
        nn_backend_free(&backend);
        nn_plan_free(&plan);
    }
    tensor_table_free(&named);
    tensor_table_free(&table);
    bw_free(&file);
}

static void views_past_their_storage_are_refused(void **state) {
    (void)state;
    static const pk_tensor bad[] = {
        {"FloatStorage", "0", N_VALUES, 1, 2, {10, 12}, {1, 10}},
        {"FloatStorage", "0", N_VALUES, 0, 2, {10, 12}, {1, 11}},
        {"FloatStorage", "0", N_VALUES, 0, 2, {2, 2}, {INT64_MAX, 1}},
        {"FloatStorage", "0", N_VALUES, 0, 3, {3, 3, 3}, {INT64_MAX / 2, INT64_MAX / 2, INT64_MAX / 2}},
        {"FloatStorage", "0", N_VALUES, INT64_MAX, 1, {1}, {1}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        byte_writer file;
        const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats};
        put_tensors(&file, &bad[i], 1, NULL, &storage, false, ZIP_TORCH);
        refuses(&file, PITH_E_FORMAT, "tensor t0: ");
        bw_free(&file);
    }
}

/* ---- 8 bits ------------------------------------------------------------------------------ */

/* The value of a finite number, by the definition. */
static double value_of(unsigned v, int mantissa_bits, int bias) {
    const int exponent = (int)((v & 127) >> mantissa_bits), mantissa = (int)(v & ((1u << mantissa_bits) - 1));
    const double scaled = exponent ? mantissa + (1 << mantissa_bits) : mantissa;
    return ldexp(v & 128 ? -scaled : scaled, (exponent ? exponent : 1) - bias - mantissa_bits);
}

static void every_float_of_8_bits_widens_exactly(void **state) {
    (void)state;
    uint8_t all[256];
    float values[256];
    uint16_t narrowed[256];
    for (int i = 0; i < 256; i++) all[i] = (uint8_t)i;
    tensor t = {
        .name = "t", .type = TENSOR_F8_E4M3, .rank = 1, .shape = {256}, .n_elements = 256, .data = all, .n_bytes = 256};
    assert_true(tensor_has_values(&t));
    tensor_read_f32(&t, 0, 256, values);
    tensor_read_f16(&t, 0, 256, narrowed);
    for (unsigned i = 0; i < 256; i++) {
        const bool is_number = (i & 127) != 127;
        assert_int_equal(tensor_is_finite(&t, i, 1), is_number);
        assert_true(is_number ? (double)values[i] == value_of(i, 3, 7) : isnan(values[i]));
        assert_true(!is_number || f16_to_f32(narrowed[i]) == values[i]);
    }
    t.type = TENSOR_F8_E5M2;
    tensor_read_f32(&t, 0, 256, values);
    for (unsigned i = 0; i < 256; i++) {
        const bool is_number = (i & 124) != 124;
        assert_int_equal(tensor_is_finite(&t, i, 1), is_number);
        assert_true(is_number ? (double)values[i] == value_of(i, 2, 15)
                    : (i & 3) ? isnan(values[i])
                              : isinf(values[i]) != 0);
    }
}

static void floats_of_8_bits_are_told_by_their_type(void **state) {
    (void)state;
    static const struct {
        const char *name;
        tensor_type type;
    } cases[] = {{"float8_e4m3fn", TENSOR_F8_E4M3}, {"float8_e5m2", TENSOR_F8_E5M2}, {"float8_e4m3fnuz", TENSOR_OTHER}};
    static const pk_tensor views[] = {{"UntypedStorage", "0", N_VALUES, 4, 2, {10, 11}, {11, 1}},
                                      {"UntypedStorage", "0", N_VALUES, 0, 2, {10, 12}, {1, 10}}};
    const zip_spec storage = {.name = "archive/data/0", .data = bytes, .n_bytes = sizeof bytes};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        byte_writer file;
        float value;
        put_tensors(&file, views, 2, cases[i].name, &storage, false, ZIP_TORCH);
        tensor_table *table = open_bytes(&file);
        for (size_t k = 0; k < 2; k++) {
            const tensor *t = tensor_table_at(table, k);
            assert_int_equal(t->type, cases[i].type);
            assert_int_equal(t->fault == NULL, cases[i].type != TENSOR_OTHER);
            if (t->fault) continue;
            tensor_read_f32(t, 1, 1, &value);
            assert_true((double)value == value_of(k ? 10 : 5, i ? 2 : 3, i ? 15 : 7));
        }
        tensor_table_free(&table);
        bw_free(&file);
    }
}

/* ---- packed anew ---------------------------------------------------------------------------- */

static void a_deflated_checkpoint_has_the_same_values(void **state) {
    (void)state;
    for (zip_style style = ZIP_PLAIN; style <= ZIP_64; style++) {
        byte_writer file;
        const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats, .deflate = true};
        put_tensors(&file, VIEWS, N_VIEWS, NULL, &storage, true, style);
        tensor_table *table = open_bytes(&file);
        for (size_t i = 0; i < N_VIEWS; i++) assert_values(tensor_table_at(table, i), &VIEWS[i]);
        tensor_table_free(&table);
        bw_free(&file);
    }
}

static void damage_to_what_is_deflated_is_found(void **state) {
    (void)state;
    byte_writer file;
    zip_spec storage = {
        .name = "archive/data/0", .data = floats, .n_bytes = sizeof floats, .deflate = true, .crc_xor = 1};
    put_tensors(&file, VIEWS, 1, NULL, &storage, true, ZIP_TORCH);
    refuses(&file, PITH_E_CHECKSUM, "archive/data/0 is damaged: its checksum is another");
    bw_free(&file);
    storage.crc_xor = 0;
    storage.directory_unpacked = sizeof floats - 1; /* more comes out than is said */
    put_tensors(&file, VIEWS, 1, NULL, &storage, false, ZIP_TORCH);
    refuses(&file, PITH_E_FORMAT, "its storage should hold 120 elements");
    bw_free(&file);
    const zip_spec stored_as_packed = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats, .method = 8};
    put_tensors(&file, VIEWS, 1, NULL, &stored_as_packed, false, ZIP_TORCH);
    refuses(&file, PITH_E_FORMAT, "archive/data/0 is damaged: it does not unpack to 480 bytes");
    bw_free(&file);
}

/* Each byte of the file in turn: never other values without a word. Times and attributes mean nothing. */
static void no_changed_byte_goes_through(void **state) {
    (void)state;
    byte_writer file;
    size_t n_harmless = 0;
    const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats, .deflate = true};
    put_tensors(&file, VIEWS, N_VIEWS, NULL, &storage, true, ZIP_TORCH);
    for (size_t at = 0; at < file.n_bytes; at++)
        for (int bit = 0; bit < 8; bit += 7) {
            tensor_table *table = NULL;
            file.data[at] ^= (uint8_t)(1 << bit);
            if (ckpt_read(&table, &env, file.data, file.n_bytes, NULL) == PITH_OK) {
                n_harmless++;
                for (size_t i = 0; i < N_VIEWS; i++) assert_values(tensor_table_at(table, i), &VIEWS[i]);
            }
            tensor_table_free(&table);
            file.data[at] ^= (uint8_t)(1 << bit);
        }
    assert_true(n_harmless < file.n_bytes); /* of two changes a byte */
    bw_free(&file);
}

/* A megabyte of zeros packs to a thousand bytes. However many of them there are, no more is unpacked than files of
 * that size have a use for, and nothing is allocated for what is not. */
static void a_bomb_does_not_go_off(void **state) {
    (void)state;
    enum { N_BYTES = 65 << 20 };
    uint8_t *zeros = calloc(N_BYTES, 1);
    assert_non_null(zeros);
    const pk_tensor all = {"CharStorage", "0", N_BYTES, 0, 1, {N_BYTES}, {1}};
    const zip_spec storage = {.name = "archive/data/0", .data = zeros, .n_bytes = N_BYTES, .deflate = true};
    byte_writer file;
    put_tensors(&file, &all, 1, NULL, &storage, true, ZIP_TORCH);
    assert_true(file.n_bytes < 1000000);
    capped_alloc counter = {0};
    env.alloc = capped_alloc_make(&counter);
    refuses(&file, PITH_E_LIMIT, "archive/data/0 would become 68157440 bytes, the limit is 67108");
    assert_true(counter.largest_bytes < 1 << 20);
    assert_int_equal(counter.n_live, 0);
    pith_env_defaults(&env, sizeof env);
    bw_free(&file);
    free(zeros);
}

/* ---- behind the end --------------------------------------------------------------------------- */

static void what_follows_the_zip_is_passed_over(void **state) {
    (void)state;
    const zip_spec storage = {.name = "archive/data/0", .data = floats, .n_bytes = sizeof floats};
    static const size_t lengths[] = {1, 22, 512, 65535};
    for (zip_style style = ZIP_PLAIN; style <= ZIP_64; style++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            byte_writer file;
            put_tensors(&file, VIEWS, N_VIEWS, NULL, &storage, false, style);
            for (size_t i = 0; i < lengths[k]; i++) bw_u8(&file, (uint8_t)(i * 7));
            tensor_table *table = open_bytes(&file);
            assert_values(tensor_table_at(table, 0), &VIEWS[0]);
            tensor_table_free(&table);
            bw_u8(&file, 0);
            if (lengths[k] == 65535) refuses(&file, PITH_E_TRUNCATED, "zip: no end record");
            bw_free(&file);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_wherever_strides_say),
        cmocka_unit_test(what_is_written_of_a_view_lies_in_order),
        cmocka_unit_test(engines_tell_a_matrix_from_its_transpose),
        cmocka_unit_test(views_past_their_storage_are_refused),
        cmocka_unit_test(every_float_of_8_bits_widens_exactly),
        cmocka_unit_test(floats_of_8_bits_are_told_by_their_type),
        cmocka_unit_test(a_deflated_checkpoint_has_the_same_values),
        cmocka_unit_test(damage_to_what_is_deflated_is_found),
        cmocka_unit_test(no_changed_byte_goes_through),
        cmocka_unit_test(a_bomb_does_not_go_off),
        cmocka_unit_test(what_follows_the_zip_is_passed_over),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
