/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Layers with 8-bit weights on the oneDNN backend against the reference, which
 * runs them with floats. Inputs that are integers up to 127 lose nothing when
 * they are made 8-bit, so all else must be right to the last bits of a float.
 * Skipped where oneDNN is not built in, or the processor has no VNNI. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn_cases.h"

#define WIDE 1280                     /* channels from which layers run in 8 bits */
#define EXACT 2e-6                    /* the reference sums in float */
#define ROUNDED 1e-2                  /* 127 levels of a uniform input: 1/127/sqrt(12) of its range, 0.4 % of its rms */
#define ROUNDED_TWICE (ROUNDED / 254) /* and again: of pictures */
#define MAX_WEIGHTS 16

typedef void describe(nn_plan *p);

typedef struct int8_table {
    tensor_table *table;
    void *blocks[2 * MAX_WEIGHTS];
    size_t n_blocks;
} int8_table;

static void *block(int8_table *to, size_t count, size_t size) {
    void *data = calloc(count, size);
    assert_non_null(data);
    assert_true(to->n_blocks < 2 * MAX_WEIGHTS);
    return to->blocks[to->n_blocks++] = data;
}

static float *filled(int8_table *to, size_t count, const char *name, float from, float width) {
    float *data = block(to, count, sizeof *data);
    nn_case_fill(data, count, name, width);
    for (size_t i = 0; i < count; i++) data[i] += from;
    return data;
}

/* Vectors are floats; all else integers with scales. */
static void add_weight(int8_table *to, const nn_weight *w) {
    tensor t = {.name = w->name, .type = TENSOR_F32, .rank = w->rank, .n_elements = 1};
    for (uint32_t i = 0; i < w->rank; i++) t.n_elements *= t.shape[i] = w->shape[i];
    float *values = filled(to, t.n_elements, w->name, 0, w->rank == 1 ? 2 : 127);
    t.data = (const uint8_t *)values;
    t.n_bytes = t.n_elements * sizeof *values;
    if (w->rank > 1) {
        int8_t *integers = (int8_t *)values; /* each is written where values have been read */
        for (size_t i = 0; i < t.n_elements; i++) integers[i] = (int8_t)lrintf(values[i]);
        t.type = TENSOR_I8;
        t.n_bytes = t.n_elements;
        t.scales = (const uint8_t *)filled(to, w->shape[0], "scales", 2e-4f, 1e-4f);
    }
    assert_int_equal(tensor_table_add(to->table, &t), PITH_OK);
}

static void make_weights(int8_table *to, const nn_plan *plan) {
    *to = (int8_table){0};
    assert_int_equal(tensor_table_new(&to->table, NULL), PITH_OK);
    for (int32_t i = 0; i < plan->n_weights; i++) add_weight(to, &plan->weights[i]);
}

static void free_weights(int8_table *t) {
    for (size_t i = 0; i < t->n_blocks; i++) free(t->blocks[i]);
    tensor_table_free(&t->table);
}

static nn_plan *make_plan(describe *fn) {
    pith_diag why = {0};
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    fn(p);
    if (nn_plan_finish(p, &why) != PITH_OK) fail_msg("%s", why.message);
    return p;
}

static nn_backend *open_backend(const char *name) {
    nn_backend *backend = NULL;
    pith_diag why = {0};
    if (nn_backend_new(&backend, NULL, name, &why) != PITH_OK) fail_msg("%s", why.message);
    return backend;
}

static void run_on(const char *name, const nn_plan *plan, const tensor_table *weights, nn_case_data *data) {
    nn_backend *backend = open_backend(name);
    nn_net *net = NULL;
    pith_diag why = {0};
    if (nn_bind(&net, plan, weights, backend, &why) != PITH_OK) fail_msg("%s", why.message);
    if (nn_run(net, data->inputs, data->n_inputs, data->outputs, data->n_outputs, &why) != PITH_OK)
        fail_msg("%s", why.message);
    nn_net_free(&net);
    nn_backend_free(&backend);
}

typedef void change(float *x, nn_shape s);

/* The error of output 0 with an input that `prepare` has changed. */
static double error_of(describe *fn, change *prepare) {
    nn_plan *plan = make_plan(fn);
    const nn_shape in = plan->ops[plan->inputs[0].value].shape, out = plan->ops[plan->outputs[0].value].shape;
    int8_table weights;
    nn_case_data right, got;
    make_weights(&weights, plan);
    assert_true(nn_case_make_data(&right, plan) && nn_case_make_data(&got, plan));
    if (prepare) prepare(right.values[0].data, in);
    if (prepare) prepare(got.values[0].data, in);
    run_on("ref", plan, weights.table, &right);
    run_on("onednn", plan, weights.table, &got);
    const double error = nn_case_error(got.outputs[0].data, right.outputs[0].data, nn_shape_count(out));
    if (getenv("PITH_TEST_VERBOSE")) printf("error %.2e\n", error);
    nn_case_free_data(&right);
    nn_case_free_data(&got);
    free_weights(&weights);
    nn_plan_free(&plan);
    return error;
}

/* ---- inputs ------------------------------------------------------------------------- */

/* Integers; of every row, and so of every picture, the largest is 127. */
static void make_integers(float *x, nn_shape s) {
    const size_t count = nn_shape_count(s);
    for (size_t i = 0; i < count; i++) x[i] = i % (size_t)s.w == 0 ? -127 : rintf(74 * x[i]);
}

/* Rows of a thousandth and of a thousand times the others, and one of nothing. */
static void make_uneven_rows(float *x, nn_shape s) {
    make_integers(x, s);
    for (int64_t i = 0; i < s.w; i++) {
        x[i] = 0;
        x[s.w + i] *= 0x1p-10f;
        x[2 * s.w + i] *= 0x1p10f;
    }
}

/* ---- layers --------------------------------------------------------------------------- */

static const nn_shape picture = {1, 24, 9, 7}, wide_picture = {1, WIDE, 5, 6}, two_pictures = {2, 20, 4, 6};

static void conv3(nn_plan *p) { nn_output(p, "out", nn_conv(p, nn_input(p, "x", picture), "a", NN_CONV3, WIDE)); }

static void conv3_wide(nn_plan *p) {
    nn_output(p, "out", nn_conv_no_bias(p, nn_input(p, "x", wide_picture), "a", NN_CONV3, 40));
}

/* What oneDNN 2.6.3's own choice gets wrong on processors with VNNI. */
static void conv3_wider(nn_plan *p) {
    nn_output(p, "out", nn_conv(p, nn_input(p, "x", (nn_shape){1, 1920, 4, 32}), "a", NN_CONV3, 64));
}

static void conv3_stride2(nn_plan *p) {
    nn_output(p, "out", nn_conv(p, nn_input(p, "x", picture), "a", NN_CONV3_STRIDE2, WIDE));
}

static void conv1_two(nn_plan *p) {
    nn_output(p, "out", nn_conv(p, nn_input(p, "x", two_pictures), "a", NN_CONV1, WIDE));
}

static void linear(nn_plan *p) {
    nn_output(p, "out", nn_linear(p, nn_input(p, "x", (nn_shape){1, 1, 11, 36}), "a", WIDE, true));
}

static void linear_wide(nn_plan *p) {
    nn_output(p, "out", nn_linear(p, nn_input(p, "x", (nn_shape){2, 1, 5, WIDE}), "a", 33, false));
}

static void linear_one_row(nn_plan *p) {
    nn_output(p, "out", nn_linear(p, nn_input(p, "x", (nn_shape){1, 1, 1, 320}), "a", WIDE, true));
}

/* Between layers of floats, with all that others fuse: norm, sum and activation. */
static void block_of_layers(nn_plan *p) {
    nn_val x = nn_conv(p, nn_input(p, "x", (nn_shape){1, 4, 6, 6}), "in", NN_CONV3, WIDE);
    nn_val y = nn_act(p, nn_group_norm(p, x, "norm", 32, 1e-5f), NN_SILU);
    y = nn_add(p, x, nn_conv(p, y, "a", NN_CONV3, WIDE));
    nn_output(p, "out", nn_act(p, nn_conv(p, y, "out", NN_CONV1, 16), NN_RELU));
}

static void narrow(nn_plan *p) {
    nn_val x = nn_conv(p, nn_input(p, "x", picture), "a", NN_CONV3, WIDE - 8);
    nn_output(p, "out", nn_conv(p, x, "b", NN_CONV1, 8));
}

static void integers_are_exact(void **state) {
    static const struct {
        const char *name;
        describe *fn;
        double rounded;
    } all[] = {{"conv3", conv3, ROUNDED_TWICE},
               {"conv3, many in", conv3_wide, ROUNDED_TWICE},
               {"conv3, more in", conv3_wider, ROUNDED_TWICE},
               {"stride 2", conv3_stride2, ROUNDED_TWICE},
               {"conv1, two", conv1_two, ROUNDED_TWICE},
               {"linear", linear, ROUNDED},
               {"linear, many in", linear_wide, ROUNDED},
               {"linear, a row", linear_one_row, ROUNDED}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const double error = error_of(all[i].fn, make_integers), rounded = error_of(all[i].fn, NULL);
        if (error > EXACT) fail_msg("%s: error %.3e of integers", all[i].name, error);
        if (rounded > all[i].rounded) fail_msg("%s: error %.3e", all[i].name, rounded);
        if (rounded < all[i].rounded / 50) fail_msg("%s: error %.3e is not of 8 bits", all[i].name, rounded);
    }
}

static void rows_have_ranges_of_their_own(void **state) {
    (void)state;
    const double error = error_of(linear, make_uneven_rows);
    if (error > EXACT) fail_msg("error %.3e", error);
}

static void layers_fit_between_others(void **state) {
    (void)state;
    const double error = error_of(block_of_layers, NULL);
    if (error > ROUNDED_TWICE) fail_msg("error %.3e", error);
}

static void few_channels_stay_floats(void **state) {
    (void)state;
    const double error = error_of(narrow, NULL);
    if (error > EXACT) fail_msg("error %.3e", error);
}

/* ---- memory --------------------------------------------------------------------------- */

static uint64_t memory_of(const nn_plan *plan, const tensor_table *weights, const char *name) {
    nn_backend *backend = open_backend(name);
    uint64_t n = 0;
    assert_int_equal(nn_plan_memory(plan, weights, backend, &n), PITH_OK);
    nn_backend_free(&backend);
    return n;
}

static void an_8_bit_weight_takes_a_byte(void **state) {
    (void)state;
    nn_plan *plan = make_plan(conv3_wide);
    int8_table weights;
    make_weights(&weights, plan);
    assert_int_equal(memory_of(plan, weights.table, "ref") - memory_of(plan, weights.table, "onednn"),
                     3 * 9 * 40 * WIDE);
    free_weights(&weights);
    nn_plan_free(&plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_exact), cmocka_unit_test(rows_have_ranges_of_their_own),
        cmocka_unit_test(layers_fit_between_others), cmocka_unit_test(few_channels_stay_floats),
        cmocka_unit_test(an_8_bit_weight_takes_a_byte)};
    nn_backend *best = open_backend(NULL);
    const bool keeps_int8 = best->keeps_int8;
    nn_backend_free(&best);
    if (!keeps_int8) {
        fputs("SKIPPED: built without oneDNN, or no VNNI here: 8-bit weights run as floats\n", stderr);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
