/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The builder: what it infers, what it refuses and how it says so; the check
 * against weights; memory planning; what nn_run refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn_cases.h"
#include "random_bits.h"

static nn_plan *new_plan(void) {
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    return p;
}

static void assert_shape(const nn_plan *p, nn_val x, int64_t n, int64_t c, int64_t h, int64_t w) {
    const nn_shape s = nn_shape_of(p, x);
    assert_int_equal(s.n, n);
    assert_int_equal(s.c, c);
    assert_int_equal(s.h, h);
    assert_int_equal(s.w, w);
}

static void infers_shapes(void **state) {
    (void)state;
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){2, 12, 7, 10});
    assert_shape(p, nn_conv(p, x, "a", NN_CONV1, 5), 2, 5, 7, 10);
    assert_shape(p, nn_conv(p, x, "b", NN_CONV3, 5), 2, 5, 7, 10);
    assert_shape(p, nn_conv(p, x, "c", NN_CONV3_STRIDE2, 5), 2, 5, 4, 5);
    assert_shape(p, nn_conv(p, x, "d", NN_CONV3_STRIDE2_PAD_RB, 5), 2, 5, 3, 5);
    assert_shape(p, nn_pixel_shuffle(p, x, 2), 2, 3, 14, 20);
    assert_shape(p, nn_pixel_unshuffle(p, nn_upsample2(p, x), 2), 2, 48, 7, 10);
    nn_val s = nn_to_sequence(p, x);
    assert_shape(p, s, 2, 1, 70, 12);
    assert_shape(p, nn_linear(p, s, "e", 9, true), 2, 1, 70, 9);
    assert_shape(p, nn_to_picture(p, s, 7, 10), 2, 12, 7, 10);
    assert_shape(p, nn_slice_features(p, s, 3, 9), 2, 1, 70, 9);
    assert_shape(p, nn_slice_channels(p, x, 11, 1), 2, 1, 7, 10);
    assert_shape(p, nn_concat(p, x, x), 2, 24, 7, 10);
    assert_shape(p, nn_conv_adjoint(p, x, "f", NN_CONV3, 5), 2, 5, 7, 10);
    assert_shape(p, nn_relu_adjoint(p, x, x), 2, 12, 7, 10);
    assert_shape(p, nn_call(p, x), 2, 12, 7, 10);
    nn_output(p, "out", x);
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    nn_plan_free(&p);
    assert_null(p);
}

/* ---- faults ------------------------------------------------------------------------ */

typedef nn_val fault(nn_plan *p, nn_val x); /* x is [1, 12, 6, 6] */

static nn_val bad_channels(nn_plan *p, nn_val x) { return nn_conv(p, x, "conv", NN_CONV3, 0); }
static nn_val many_channels(nn_plan *p, nn_val x) { return nn_conv(p, x, "conv", NN_CONV3, INT64_MAX / 2); }
static nn_val negative_channels(nn_plan *p, nn_val x) { return nn_conv(p, x, "conv", NN_CONV1, -3); }
static nn_val huge_weight(nn_plan *p, nn_val x) {
    return nn_linear(p, nn_linear(p, x, "a", 1 << 20, false), "b", 1 << 20, false);
}
static nn_val no_room_for_kernel(nn_plan *p, nn_val x) {
    (void)x;
    return nn_conv(p, nn_input(p, "dot", (nn_shape){1, 2, 1, 9}), "conv", NN_CONV3_STRIDE2_PAD_RB, 4);
}
static nn_val bad_groups(nn_plan *p, nn_val x) { return nn_group_norm(p, x, "norm", 5, 1e-5f); }
static nn_val no_groups(nn_plan *p, nn_val x) { return nn_group_norm(p, x, "norm", 0, 1e-5f); }
static nn_val bad_epsilon(nn_plan *p, nn_val x) { return nn_layer_norm(p, x, "norm", -1); }
static nn_val bad_sum(nn_plan *p, nn_val x) { return nn_add(p, x, nn_slice_channels(p, x, 0, 11)); }
static nn_val bad_spread(nn_plan *p, nn_val x) { return nn_mul(p, nn_input(p, "v", (nn_shape){1, 12, 1, 1}), x); }
static nn_val bad_concat(nn_plan *p, nn_val x) { return nn_concat(p, x, nn_upsample2(p, x)); }
static nn_val slice_past_end(nn_plan *p, nn_val x) { return nn_slice_channels(p, x, 10, 3); }
static nn_val slice_overflow(nn_plan *p, nn_val x) { return nn_slice_features(p, x, INT64_MAX, 2); }
static nn_val slice_of_nothing(nn_plan *p, nn_val x) { return nn_slice_features(p, x, 2, 0); }
static nn_val bad_unshuffle(nn_plan *p, nn_val x) { return nn_pixel_unshuffle(p, x, 4); }
static nn_val bad_shuffle(nn_plan *p, nn_val x) { return nn_pixel_shuffle(p, x, 5); }
static nn_val huge_shuffle(nn_plan *p, nn_val x) { return nn_pixel_shuffle(p, x, INT64_MAX); }
static nn_val zero_shuffle(nn_plan *p, nn_val x) { return nn_pixel_shuffle(p, x, 0); }
static nn_val bad_picture(nn_plan *p, nn_val x) { return nn_to_picture(p, nn_to_sequence(p, x), 5, 7); }
static nn_val bad_heads(nn_plan *p, nn_val x) {
    nn_val s = nn_to_sequence(p, x);
    return nn_attention(p, s, s, s, 5, false);
}
static nn_val bad_causal(nn_plan *p, nn_val x) {
    nn_val s = nn_to_sequence(p, x), t = nn_to_sequence(p, nn_upsample2(p, x));
    return nn_attention(p, s, t, t, 1, true);
}
static nn_val adjoint_of_stride(nn_plan *p, nn_val x) { return nn_conv_adjoint(p, x, "conv", NN_CONV3_STRIDE2, 3); }
static nn_val adjoint_to_nothing(nn_plan *p, nn_val x) { return nn_conv_adjoint(p, x, "conv", NN_CONV1, 0); }
static nn_val bad_relu_adjoint(nn_plan *p, nn_val x) { return nn_relu_adjoint(p, x, nn_slice_channels(p, x, 0, 1)); }
static nn_val two_calls(nn_plan *p, nn_val x) { return nn_call(p, nn_call(p, x)); }
static nn_val zero_input(nn_plan *p, nn_val x) {
    (void)x;
    return nn_input(p, "empty", (nn_shape){1, 3, 0, 5});
}
static nn_val huge_input(nn_plan *p, nn_val x) {
    (void)x;
    return nn_input(p, "huge", (nn_shape){1 << 20, 1 << 20, 1 << 20, 1 << 20});
}
static nn_val same_input(nn_plan *p, nn_val x) {
    (void)x;
    return nn_input(p, "x", (nn_shape){1, 1, 1, 1});
}
static nn_val foreign_value(nn_plan *p, nn_val x) {
    (void)x;
    return nn_act(p, (nn_val){1000}, NN_RELU);
}
static nn_val endless_scopes(nn_plan *p, nn_val x) {
    for (int i = 0; i < 40; i++) nn_enter(p, "%d", i);
    return x;
}
static nn_val endless_key(nn_plan *p, nn_val x) {
    char key[1000];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    return nn_conv(p, x, key, NN_CONV1, 3);
}

static void refuses_what_does_not_fit(void **state) {
    (void)state;
    static const struct {
        fault *describe;
        const char *said; /* part of the message */
    } all[] = {
        {bad_channels, "conv3 down.3.conv: [1, 0, 6, 6]"},
        {many_channels, "no usable shape"},
        {negative_channels, "conv1 down.3.conv"},
        {huge_weight, "b"},
        {no_room_for_kernel, "[1, 4, 0, 4]"},
        {bad_groups, "down.3.norm: 5 groups of 12 channels"},
        {no_groups, "0 groups"},
        {bad_epsilon, "epsilon"},
        {bad_sum, "add in scope \"down.3.\": [1, 12, 6, 6] and [1, 11, 6, 6]"},
        {bad_spread, "mul"},
        {bad_concat, "concat"},
        {slice_past_end, "slice_channels in scope \"down.3.\": 3 from 10 of 12"},
        {slice_overflow, "slice_features"},
        {slice_of_nothing, "slice_features"},
        {bad_unshuffle, "[1, 12, 6, 6] by 4"},
        {bad_shuffle, "by 5"},
        {huge_shuffle, "pixel_shuffle"},
        {zero_shuffle, "by 0"},
        {bad_picture, "to_picture"},
        {bad_heads, "5 heads of 12 features"},
        {bad_causal, "attention"},
        {adjoint_of_stride, "conv_adjoint down.3.conv: only of conv1 and conv3"},
        {adjoint_to_nothing, "conv1_adjoint down.3.conv: [1, 0, 6, 6]"},
        {bad_relu_adjoint, "relu_adjoint in scope \"down.3.\": [1, 12, 6, 6] and [1, 1, 6, 6]"},
        {two_calls, "call in scope \"down.3.\": the plan has one already"},
        {zero_input, "[1, 3, 0, 5]"},
        {huge_input, "input"},
        {same_input, "input x"},
        {foreign_value, "no such value"},
        {endless_scopes, "too deep"},
        {endless_key, "too long"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pith_diag why = {0};
        nn_plan *p = new_plan();
        nn_val x = nn_input(p, "x", (nn_shape){1, 12, 6, 6});
        nn_enter(p, "down.%d", 3);
        nn_val y = all[i].describe(p, x);
        /* Whatever comes after the first fault must be harmless, and leave its message. */
        y = nn_concat(p, nn_conv(p, nn_pixel_shuffle(p, y, 99), "later", NN_CONV1, -1), y);
        y = nn_attention(p, y, y, y, 0, false);
        nn_leave(p);
        nn_output(p, "out", y);
        const pith_status status = nn_plan_finish(p, &why);
        if (status != PITH_E_ARG || !strstr(why.message, all[i].said))
            fail_msg("fault %zu: %s: %s, expected %s", i, pith_status_name(status), why.message, all[i].said);
        nn_plan_free(&p);
    }
}

static void needs_an_output_and_only_one_of_a_name(void **state) {
    (void)state;
    pith_diag why = {0};
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 1, 2, 2});
    assert_int_equal(nn_plan_finish(p, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "no output"));
    nn_plan_free(&p);
    p = new_plan();
    x = nn_input(p, "x", (nn_shape){1, 1, 2, 2});
    nn_output(p, "out", x);
    nn_output(p, "out", x);
    assert_int_equal(nn_plan_finish(p, NULL), PITH_E_ARG);
    nn_plan_free(&p);
}

static void scopes_must_balance(void **state) {
    (void)state;
    pith_diag why = {0};
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 1, 2, 2});
    nn_enter(p, "deeper");
    nn_output(p, "out", x);
    assert_int_equal(nn_plan_finish(p, &why), PITH_E_ARG);
    assert_string_equal(why.message, "network: scope \"deeper.\" was not left");
    nn_plan_free(&p);
    p = new_plan();
    nn_leave(p);
    nn_output(p, "out", nn_input(p, "x", (nn_shape){1, 1, 2, 2}));
    why = (pith_diag){0};
    assert_int_equal(nn_plan_finish(p, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "nn_leave"));
    nn_plan_free(&p);
}

/* ---- the check against weights ------------------------------------------------------------ */

static nn_plan *two_layers(void) {
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 3, 4, 5});
    nn_enter(p, "net");
    x = nn_conv(p, x, "conv", NN_CONV3, 6);
    (void)nn_conv(p, x, "unused", NN_CONV1, 6);
    nn_output(p, "out", nn_linear(p, x, "lin", 7, false));
    nn_leave(p);
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    return p;
}

static tensor_table *table_of(const tensor *tensors, size_t n) {
    tensor_table *table = NULL;
    assert_int_equal(tensor_table_new(&table, NULL), PITH_OK);
    for (size_t i = 0; i < n; i++) assert_int_equal(tensor_table_add(table, &tensors[i]), PITH_OK);
    return table;
}

static void check_names_what_is_wrong(void **state) {
    (void)state;
    static const float zeros[6 * 27];
    const uint8_t *data = (const uint8_t *)zeros;
    const tensor good[] = {{"net.conv.weight", TENSOR_F32, 4, {6, 3, 3, 3}, 162, data, 648, NULL, NULL, false, {0}},
                           {"net.conv.bias", TENSOR_F16, 1, {6}, 6, data, 12, NULL, NULL, false, {0}},
                           {"net.lin.weight", TENSOR_BF16, 4, {7, 5, 1, 1}, 35, data, 70, NULL, NULL, false, {0}}};
    static const struct {
        size_t index; /* of the tensor that is changed */
        tensor_type type;
        uint32_t rank;
        uint64_t shape[4];
        const char *said;
    } bad[] = {
        {0, TENSOR_F32, 4, {6, 27, 1, 1}, "tensor net.conv.weight is [6, 27, 1, 1], must be [6, 3, 3, 3]"},
        {0, TENSOR_F32, 2, {6, 27, 0, 0}, "tensor net.conv.weight is [6, 27], must be [6, 3, 3, 3]"},
        {1, TENSOR_F16, 2, {6, 1, 0, 0}, "tensor net.conv.bias is [6, 1], must be [6]"},
        {2, TENSOR_BF16, 2, {5, 7, 0, 0}, "tensor net.lin.weight is [5, 7], must be [7, 5]"},
        {1, TENSOR_I8, 1, {6, 0, 0, 0}, "tensor net.conv.bias [6] is not F32, F16, BF16 or F8"},
    };
    nn_plan *p = two_layers();
    pith_diag why = {0};
    tensor_table *table = table_of(good, 3);
    if (nn_plan_check(p, table, &why) != PITH_OK) fail_msg("%s", why.message);
    tensor_table_free(&table);
    table = table_of(good, 2);
    assert_int_equal(nn_plan_check(p, table, &why), PITH_E_MODEL_SHAPE);
    assert_string_equal(why.message, "model has no tensor net.lin.weight [7, 5]");
    tensor_table_free(&table);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tensor changed[3] = {good[0], good[1], good[2]};
        tensor *t = &changed[bad[i].index];
        t->type = bad[i].type;
        t->rank = bad[i].rank;
        memcpy(t->shape, bad[i].shape, sizeof bad[i].shape);
        if (t->type == TENSOR_I8) t->n_bytes = t->n_elements;
        table = table_of(changed, 3);
        why = (pith_diag){0};
        const bool has_values = bad[i].type != TENSOR_I8;
        assert_int_equal(nn_plan_check(p, table, &why), has_values ? PITH_E_MODEL_SHAPE : PITH_E_UNSUPPORTED);
        assert_string_equal(why.message, bad[i].said);
        tensor_table_free(&table);
    }
    tensor damaged[3] = {good[0], good[1], good[2]};
    damaged[2].fault = "stored in pieces";
    table = table_of(damaged, 3);
    why = (pith_diag){0};
    assert_int_equal(nn_plan_check(p, table, &why), PITH_E_UNSUPPORTED);
    assert_string_equal(why.message, "tensor net.lin.weight: stored in pieces");
    tensor_table_free(&table);
    nn_plan_free(&p);
}

static void collect(void *user, const char *text) {
    char *all = user;
    const size_t length = strlen(all);
    snprintf(all + length, 1000 - length, "%s\n", text);
}

static void dump_has_a_line_an_op(void **state) {
    (void)state;
    char all[1000] = "";
    nn_plan *p = two_layers();
    nn_plan_dump(p, collect, all);
    assert_string_equal(all, "[1, 3, 4, 5]           input x\n"
                             "[1, 6, 4, 5]           conv3 net.conv\n"
                             "[1, 6, 4, 5]           conv1 net.unused (unused)\n"
                             "[1, 6, 4, 7]           linear net.lin\n");
    nn_plan_free(&p);
}

static void flops_count_multiply_adds_twice(void **state) {
    (void)state;
    nn_plan *p = two_layers();
    assert_int_equal(nn_plan_flops(p), 2 * (6 * 20 * 27 + 24 * 7 * 5));
    nn_plan_free(&p);
    p = new_plan();
    nn_val q = nn_input(p, "q", (nn_shape){2, 1, 10, 8}), k = nn_input(p, "k", (nn_shape){2, 1, 30, 8});
    nn_output(p, "out", nn_attention(p, q, k, k, 2, false));
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    assert_int_equal(nn_plan_flops(p), 2 * 2 * (2 * 10 * 30 * 8));
    nn_plan_free(&p);
}

static nn_plan *there_and_back(void) {
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 3, 4, 5});
    nn_val y = nn_act(p, nn_conv_no_bias(p, x, "k", NN_CONV3, 6), NN_RELU);
    nn_output(p, "out", nn_conv_adjoint(p, nn_relu_adjoint(p, nn_call(p, y), y), "k", NN_CONV3, 3));
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    return p;
}

static void the_way_back_is_dumped_and_counted(void **state) {
    (void)state;
    char all[1000] = "";
    nn_plan *p = there_and_back();
    nn_plan_dump(p, collect, all);
    assert_string_equal(all, "[1, 3, 4, 5]           input x\n"
                             "[1, 6, 4, 5]           conv3 k\n"
                             "[1, 6, 4, 5]           relu\n"
                             "[1, 6, 4, 5]           call\n"
                             "[1, 6, 4, 5]           relu_adjoint\n"
                             "[1, 3, 4, 5]           conv3_adjoint k\n");
    assert_int_equal(nn_plan_flops(p), 2 * (2 * 6 * 20 * 27));
    nn_plan_free(&p);
}

/* ---- memory planning -------------------------------------------------------------------------- */

static void spans_in_use_together_never_overlap(void **state) {
    (void)state;
    enum { N = 300 };
    uint32_t seed = 12345;
    for (int round = 0; round < 20; round++) {
        nn_span spans[N];
        size_t total = 0, sum = 0;
        for (int i = 0; i < N; i++) {
            next_random(&seed);
            spans[i] = (nn_span){.n_bytes = seed >> 16, .first = (int32_t)(seed % 97)};
            spans[i].last = spans[i].first + (int32_t)(seed >> 28);
            sum += spans[i].n_bytes + NN_SPAN_ALIGN;
        }
        assert_int_equal(nn_place_spans(spans, N, &total, NULL), PITH_OK);
        assert_true(total < sum / 2); /* memory is used again */
        for (int i = 0; i < N; i++) {
            assert_int_equal(spans[i].offset % NN_SPAN_ALIGN, 0);
            assert_true(spans[i].offset + spans[i].n_bytes <= total);
            for (int j = 0; j < i; j++)
                if (spans[i].first <= spans[j].last && spans[j].first <= spans[i].last)
                    assert_true(spans[i].offset + spans[i].n_bytes <= spans[j].offset ||
                                spans[j].offset + spans[j].n_bytes <= spans[i].offset);
        }
    }
}

static void refuses_spans_past_all_memory(void **state) {
    (void)state;
    size_t total = 0;
    nn_span huge[2] = {{.n_bytes = SIZE_MAX / 2 + 1, .first = 0, .last = 1},
                       {.n_bytes = SIZE_MAX / 2 + 1, .first = 1, .last = 1}};
    assert_int_equal(nn_place_spans(huge, 2, &total, NULL), PITH_E_NOMEM);
    nn_span one = {.n_bytes = SIZE_MAX - 3};
    assert_int_equal(nn_place_spans(&one, 1, &total, NULL), PITH_E_NOMEM);
}

/* ---- running -------------------------------------------------------------------------------------- */

static void run_refuses_wrong_names(void **state) {
    (void)state;
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *backend = NULL;
        nn_net *net = NULL;
        nn_plan *p = new_plan();
        nn_case_weights weights;
        float in[4] = {1, 2, 3, 4}, out[4] = {0};
        nn_val x = nn_input(p, "x", (nn_shape){1, 1, 2, 2}), y = nn_input(p, "y", (nn_shape){1, 1, 2, 2});
        nn_output(p, "out", nn_add(p, x, y));
        assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
        assert_true(nn_case_make_weights(&weights, p, false));
        assert_int_equal(nn_backend_new(&backend, NULL, *name, NULL), PITH_OK);
        assert_string_equal(nn_backend_name(backend), *name);
        assert_int_equal(nn_bind(&net, p, weights.table, backend, NULL), PITH_OK);
        const nn_given good[2] = {{"y", in}, {"x", in}}, twice[2] = {{"x", in}, {"x", in}};
        const nn_given none[2] = {{"x", in}, {"y", NULL}};
        const nn_binding result = {"out", out}, wrong = {"in", out};
        assert_int_equal(nn_run(net, good, 2, &result, 1, NULL), PITH_OK);
        assert_true(out[3] == 8);
        assert_int_equal(nn_run(net, good, 1, &result, 1, NULL), PITH_E_ARG);
        assert_int_equal(nn_run(net, good, 2, &result, 0, NULL), PITH_E_ARG);
        assert_int_equal(nn_run(net, twice, 2, &result, 1, NULL), PITH_E_ARG);
        assert_int_equal(nn_run(net, none, 2, &result, 1, NULL), PITH_E_ARG);
        assert_int_equal(nn_run(net, good, 2, &wrong, 1, NULL), PITH_E_ARG);
        nn_net_free(&net);
        nn_plan_free(&p);
        nn_backend_free(&backend);
        nn_case_free_weights(&weights);
    }
}

static void unknown_backend_is_unsupported(void **state) {
    (void)state;
    nn_backend *backend = NULL;
    pith_diag why = {0};
    assert_int_equal(nn_backend_new(&backend, NULL, "cuda", &why), PITH_E_UNSUPPORTED);
    assert_null(backend);
    assert_non_null(strstr(why.message, "cuda"));
    assert_int_equal(nn_backend_new(&backend, NULL, NULL, NULL), PITH_OK);
    assert_string_equal(nn_backend_name(backend), nn_backend_list()[0]);
    nn_backend_free(&backend);
    assert_null(backend);
    nn_backend_free(&backend);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(infers_shapes),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(needs_an_output_and_only_one_of_a_name),
        cmocka_unit_test(scopes_must_balance),
        cmocka_unit_test(check_names_what_is_wrong),
        cmocka_unit_test(dump_has_a_line_an_op),
        cmocka_unit_test(flops_count_multiply_adds_twice),
        cmocka_unit_test(the_way_back_is_dumped_and_counted),
        cmocka_unit_test(spans_in_use_together_never_overlap),
        cmocka_unit_test(refuses_spans_past_all_memory),
        cmocka_unit_test(run_refuses_wrong_names),
        cmocka_unit_test(unknown_backend_is_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
