/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Every op against PyTorch in float64 (tests/reference/nn_fixtures.py), on
 * every backend that is built in; the reference with the tighter bound. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/nn_functions.h"
#include "nn_cases.h"
#include "weights/safetensors.h"

/* Largest difference allowed, relative to the largest value (each at least 1). */
#define BOUND 2e-6

typedef struct fixture {
    const char *name; /* of the case, hence of its weights' key */
    /* Appends the ops; x, y, z are inputs, of which those that exist have values. */
    nn_val (*build)(nn_plan *p, const struct fixture *f, const nn_val in[3]);
    int64_t a, b;
    float real;
} fixture;

static nn_val conv(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_conv(p, in[0], f->name, (nn_conv_kind)f->a, f->b);
}

static nn_val linear(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_linear(p, in[0], f->name, f->a, f->b != 0);
}

static nn_val group_norm(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_group_norm(p, in[0], f->name, f->a, f->real);
}

static nn_val layer_norm(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_layer_norm(p, in[0], f->name, f->real);
}

static nn_val act(nn_plan *p, const fixture *f, const nn_val in[3]) { return nn_act(p, in[0], (nn_activation)f->a); }

static nn_val scale(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_scale(p, in[0], f->real, (float)f->a);
}

static nn_val add(nn_plan *p, const fixture *f, const nn_val in[3]) {
    (void)f;
    return nn_add(p, in[0], in[1]);
}

static nn_val mul(nn_plan *p, const fixture *f, const nn_val in[3]) {
    (void)f;
    return nn_mul(p, in[0], in[1]);
}

static nn_val concat(nn_plan *p, const fixture *f, const nn_val in[3]) {
    (void)f;
    return nn_concat(p, in[0], in[1]);
}

static nn_val slice_channels(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_slice_channels(p, in[0], f->a, f->b);
}

static nn_val slice_features(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_slice_features(p, in[0], f->a, f->b);
}

static nn_val upsample2(nn_plan *p, const fixture *f, const nn_val in[3]) {
    (void)f;
    return nn_upsample2(p, in[0]);
}

static nn_val unshuffle(nn_plan *p, const fixture *f, const nn_val in[3]) { return nn_pixel_unshuffle(p, in[0], f->a); }

static nn_val shuffle(nn_plan *p, const fixture *f, const nn_val in[3]) { return nn_pixel_shuffle(p, in[0], f->a); }

static nn_val to_sequence(nn_plan *p, const fixture *f, const nn_val in[3]) {
    (void)f;
    return nn_to_sequence(p, in[0]);
}

static nn_val to_picture(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_to_picture(p, in[0], f->a, f->b);
}

static nn_val attention(nn_plan *p, const fixture *f, const nn_val in[3]) {
    return nn_attention(p, in[0], in[1], in[2], f->a, f->b != 0);
}

static const fixture fixtures[] = {
    {"conv1", conv, NN_CONV1, 6, 0},
    {"conv3", conv, NN_CONV3, 6, 0},
    {"conv3_wide", conv, NN_CONV3, 17, 0},
    {"conv3_one_pixel", conv, NN_CONV3, 6, 0},
    {"conv3_one_row", conv, NN_CONV3, 6, 0},
    {"conv3_f16", conv, NN_CONV3, 6, 0},
    {"conv3_bf16", conv, NN_CONV3, 6, 0},
    {"stride2_odd", conv, NN_CONV3_STRIDE2, 6, 0},
    {"stride2_even", conv, NN_CONV3_STRIDE2, 6, 0},
    {"stride2_one_pixel", conv, NN_CONV3_STRIDE2, 6, 0},
    {"pad_rb_odd", conv, NN_CONV3_STRIDE2_PAD_RB, 6, 0},
    {"pad_rb_even", conv, NN_CONV3_STRIDE2_PAD_RB, 6, 0},
    {"linear", linear, 9, true, 0},
    {"linear_no_bias", linear, 9, false, 0},
    {"linear_of_conv1", linear, 5, true, 0},
    {"group_norm", group_norm, 4, 0, 1e-5f},
    {"group_norm_all", group_norm, 1, 0, 1e-6f},
    {"group_norm_epsilon", group_norm, 4, 0, 1e-2f},
    {"group_norm_flat", group_norm, 4, 0, 1e-6f},
    {"layer_norm", layer_norm, 0, 0, 1e-5f},
    {"layer_norm_epsilon", layer_norm, 0, 0, 1e-2f},
    {"relu", act, NN_RELU, 0, 0},
    {"silu", act, NN_SILU, 0, 0},
    {"gelu", act, NN_GELU, 0, 0},
    {"quick_gelu", act, NN_QUICK_GELU, 0, 0},
    {"tanh", act, NN_TANH, 0, 0},
    {"scale", scale, -3, 0, 0.25f},
    {"add", add, 0, 0, 0},
    {"add_spread", add, 0, 0, 0},
    {"add_spread_all", add, 0, 0, 0},
    {"mul", mul, 0, 0, 0},
    {"mul_spread", mul, 0, 0, 0},
    {"concat", concat, 0, 0, 0},
    {"slice_channels", slice_channels, 2, 3, 0},
    {"slice_features", slice_features, 3, 4, 0},
    {"upsample2", upsample2, 0, 0, 0},
    {"unshuffle", unshuffle, 3, 0, 0},
    {"shuffle", shuffle, 3, 0, 0},
    {"to_sequence", to_sequence, 0, 0, 0},
    {"to_picture", to_picture, 3, 4, 0},
    {"attention", attention, 2, false, 0},
    {"attention_one_head", attention, 1, false, 0},
    {"attention_causal", attention, 3, true, 0},
    {"attention_sharp", attention, 2, false, 0},
};

#define N_FIXTURES (sizeof fixtures / sizeof fixtures[0])

static tensor_table *open_table(void) {
    const char *root = getenv("PITH_SOURCE_DIR");
    char path[4096];
    tensor_table *table = NULL;
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    snprintf(path, sizeof path, "%s/tests/data/nn_fixtures.safetensors", root ? root : ".");
    if (safetensors_open(&table, &env, path, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    return table;
}

static const tensor *find(const tensor_table *table, const char *name, const char *part) {
    char full[128];
    snprintf(full, sizeof full, "%s.%s", name, part);
    return tensor_table_find(table, full);
}

static float *values_of(const tensor *t) {
    float *values = calloc((size_t)t->n_elements, sizeof *values);
    assert_non_null(values);
    tensor_read_f32(t, 0, t->n_elements, values);
    return values;
}

static const char *const parts[3] = {"x", "y", "z"};

/* The plan, and its inputs' values. */
static nn_plan *make_plan(const fixture *f, const tensor_table *table, float *values[3], nn_given inputs[3],
                          size_t *n_inputs) {
    nn_plan *p = nn_plan_new(NULL);
    nn_val in[3] = {{-1}, {-1}, {-1}};
    pith_diag why = {0};
    assert_non_null(p);
    *n_inputs = 0;
    for (size_t i = 0; i < 3; i++) {
        const tensor *t = find(table, f->name, parts[i]);
        if (!t) continue;
        assert_int_equal(t->rank, 4);
        const nn_shape shape = {(int64_t)t->shape[0], (int64_t)t->shape[1], (int64_t)t->shape[2], (int64_t)t->shape[3]};
        in[i] = nn_input(p, parts[i], shape);
        values[*n_inputs] = values_of(t);
        inputs[*n_inputs] = (nn_given){parts[i], values[*n_inputs]};
        ++*n_inputs;
    }
    nn_output(p, "out", f->build(p, f, in));
    if (nn_plan_finish(p, &why) != PITH_OK) fail_msg("%s: %s", f->name, why.message);
    return p;
}

static double largest_difference(const float *got, const float *expected, size_t count) {
    double largest = 1, worst = 0;
    for (size_t i = 0; i < count; i++) {
        const double value = expected[i], difference = got[i] - value;
        if (value > largest || -value > largest) largest = value < 0 ? -value : value;
        if (!(difference <= worst && -difference <= worst)) worst = difference < 0 ? -difference : difference;
    }
    return worst / largest;
}

static void check_fixture(const fixture *f, const tensor_table *table, nn_backend *backend, double bound) {
    nn_given inputs[3];
    nn_binding output = {"out", NULL};
    float *given[3];
    size_t n_inputs;
    pith_diag why = {0};
    nn_net *net = NULL;
    nn_plan *plan = make_plan(f, table, given, inputs, &n_inputs);
    const tensor *expected = find(table, f->name, "out");
    assert_non_null(expected);
    const nn_shape shape = plan->ops[plan->outputs[0].value].shape;
    const int64_t dims[4] = {shape.n, shape.c, shape.h, shape.w};
    for (uint32_t i = 0; i < 4; i++)
        if ((int64_t)expected->shape[i] != dims[i])
            fail_msg("%s: dimension %u is %lld", f->name, i, (long long)dims[i]);
    float *values = values_of(expected);
    output.data = calloc((size_t)expected->n_elements, sizeof *output.data);
    assert_non_null(output.data);
    if (nn_bind(&net, plan, table, backend, &why) != PITH_OK) fail_msg("%s: %s", f->name, why.message);
    for (int run = 0; run < 2; run++) /* twice: a run must leave nothing behind */
        if (nn_run(net, inputs, n_inputs, &output, 1, &why) != PITH_OK) fail_msg("%s: %s", f->name, why.message);
    const double error = largest_difference(output.data, values, (size_t)expected->n_elements);
    if (getenv("PITH_TEST_VERBOSE")) printf("%-6s %-20s %.2e\n", nn_backend_name(backend), f->name, error);
    if (!(error <= bound)) fail_msg("%s on %s: error %.3e", f->name, nn_backend_name(backend), error);
    for (size_t i = 0; i < n_inputs; i++) free(given[i]);
    free(output.data);
    free(values);
    nn_net_free(&net);
    nn_plan_free(&plan);
}

static void every_op_matches_pytorch(void **state) {
    (void)state;
    tensor_table *table = open_table();
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *backend = NULL;
        pith_diag why = {0};
        if (nn_backend_new(&backend, NULL, *name, &why) != PITH_OK) fail_msg("%s: %s", *name, why.message);
        for (size_t i = 0; i < N_FIXTURES; i++) check_fixture(&fixtures[i], table, backend, BOUND);
        nn_backend_free(&backend);
    }
    tensor_table_free(&table);
}

/* Every case of the script is tested, so that none is forgotten here. */
static void every_fixture_is_used(void **state) {
    (void)state;
    tensor_table *table = open_table();
    size_t n_outputs = 0;
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const char *name = tensor_table_at(table, i)->name;
        const size_t length = strlen(name);
        n_outputs += length > 4 && strcmp(name + length - 4, ".out") == 0;
    }
    assert_int_equal(n_outputs, N_FIXTURES);
    tensor_table_free(&table);
}

/* ---- functions --------------------------------------------------------------------- */

static double gelu(double x) { return x / 2 * erfc(-x * sqrt(0.5)); }
static double silu(double x) { return x / (1 + exp(-x)); }
static double quick_gelu(double x) { return x / (1 + exp(-1.702 * x)); }

/* In units of the last place of a float as large as the result, or 1. */
static double error_of(float got, double right) {
    const double size = fabs(right) > 1 ? fabs(right) : 1;
    return fabs((double)got - right) / (size * 0x1p-23);
}

static void functions_are_near_those_of_libm(void **state) {
    static const struct {
        nn_activation kind;
        double (*right)(double);
        double bound;
    } all[] = {{NN_SILU, silu, 1.5}, {NN_GELU, gelu, 1.5}, {NN_QUICK_GELU, quick_gelu, 1.5}, {NN_TANH, tanh, 4}};
    (void)state;
    for (int32_t i = -400000; i <= 400000; i++) {
        const float x = (float)i * 2.5e-5f;
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            const double error = error_of(nn_activated(all[k].kind, x), all[k].right((double)x));
            if (!(error < all[k].bound)) fail_msg("activation %d of %a: %g", (int)all[k].kind, (double)x, error);
        }
        const double right = exp(8 * (double)x); /* -80 .. 80 */
        if (!(fabs((double)nn_exp(8 * x) - right) < 0x1p-23 * right)) fail_msg("exp of %a", (double)(8 * x));
    }
    assert_true(nn_exp(0) == 1 && nn_exp(-1e30f) < 1e-37f && isnan(nn_exp(NAN)));
    assert_true(nn_activated(NN_SILU, -1e30f) <= 0 && nn_activated(NN_GELU, -100) > -1e-30f);
    assert_true(nn_activated(NN_GELU, 100) == 100 && nn_activated(NN_SILU, 1e30f) == 1e30f);
}

/* A net whose sums are long: the reference against sums in double. */
static void long_sums_stay_exact(void **state) {
    (void)state;
    enum { CHANNELS = 2560, POSITIONS = 9 };
    const nn_case c = {.name = "long", .x = {1, CHANNELS, 3, 3}};
    nn_plan *p = nn_plan_new(NULL);
    nn_case_weights weights;
    nn_case_data data;
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    nn_output(p, "out", nn_conv(p, nn_input(p, "x", c.x), "k", NN_CONV3, 1));
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    assert_true(nn_case_make_weights(&weights, p, false) && nn_case_make_data(&data, p));
    assert_int_equal(nn_backend_new(&backend, NULL, "ref", NULL), PITH_OK);
    assert_int_equal(nn_bind(&net, p, weights.table, backend, NULL), PITH_OK);
    assert_int_equal(nn_run(net, data.inputs, 1, data.outputs, 1, NULL), PITH_OK);
    float *kernel = values_of(tensor_table_find(weights.table, "k.weight"));
    float *bias = values_of(tensor_table_find(weights.table, "k.bias"));
    double sum = bias[0]; /* of the middle position, which sees all nine */
    for (size_t i = 0; i < CHANNELS * POSITIONS; i++) sum += (double)kernel[i] * (double)data.inputs[0].data[i];
    const double error = data.outputs[0].data[4] - sum;
    assert_true(error < 5e-7 && error > -5e-7); /* the sum is about 1 */
    free(kernel);
    free(bias);
    nn_net_free(&net);
    nn_backend_free(&backend);
    nn_case_free_data(&data);
    nn_case_free_weights(&weights);
    nn_plan_free(&p);
}

/* ---- the way back ---------------------------------------------------------------- */

/* A plan bound to random weights, with random inputs. */
typedef struct bound {
    nn_plan *plan;
    nn_case_weights weights;
    nn_case_data data;
    nn_net *net;
} bound;

static bound bind(nn_plan *plan, nn_backend *backend) {
    bound b = {.plan = plan};
    pith_diag why = {0};
    if (nn_plan_finish(plan, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_true(nn_case_make_weights(&b.weights, plan, false) && nn_case_make_data(&b.data, plan));
    if (nn_bind(&b.net, plan, b.weights.table, backend, &why) != PITH_OK) fail_msg("%s", why.message);
    return b;
}

static pith_status run(bound *b, pith_diag *why) {
    return nn_run(b->net, b->data.inputs, b->data.n_inputs, b->data.outputs, b->data.n_outputs, why);
}

static void unbind(bound *b) {
    nn_net_free(&b->net);
    nn_case_free_data(&b->data);
    nn_case_free_weights(&b->weights);
    nn_plan_free(&b->plan);
}

static void on_every_backend(void (*check)(nn_backend *backend)) {
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *backend = NULL;
        pith_diag why = {0};
        if (nn_backend_new(&backend, NULL, *name, &why) != PITH_OK) fail_msg("%s: %s", *name, why.message);
        check(backend);
        nn_backend_free(&backend);
    }
}

static double product(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void check_adjoint(nn_backend *backend, nn_conv_kind kind, nn_shape x, int64_t c_out) {
    const nn_shape y = {x.n, c_out, x.h, x.w};
    const size_t n_x = nn_shape_count(x), n_y = nn_shape_count(y);
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    nn_output(p, "there", nn_conv_no_bias(p, nn_input(p, "x", x), "k", kind, c_out));
    nn_output(p, "back", nn_conv_adjoint(p, nn_input(p, "y", y), "k", kind, x.c));
    bound b = bind(p, backend);
    assert_int_equal(run(&b, NULL), PITH_OK);
    const float *in_x = b.data.inputs[0].data, *in_y = b.data.inputs[1].data, *there = b.data.outputs[0].data;
    const double difference = product(there, in_y, n_y) - product(in_x, b.data.outputs[1].data, n_x);
    const double relative = difference * difference / (product(there, there, n_y) * product(in_y, in_y, n_y));
    if (!(relative < 1e-14)) /* the square of 1e-7 of what the products could be */
        fail_msg("conv %d, %d to %d channels on %s: %g", (int)kind, (int)x.c, (int)c_out, nn_backend_name(backend),
                 relative);
    unbind(&b);
}

static void check_adjoints(nn_backend *backend) {
    const nn_conv_kind kinds[] = {NN_CONV1, NN_CONV3};
    for (size_t i = 0; i < 2; i++) {
        check_adjoint(backend, kinds[i], (nn_shape){2, 5, 9, 11}, 7);
        check_adjoint(backend, kinds[i], (nn_shape){1, 3, 13, 7}, 48);
        check_adjoint(backend, kinds[i], (nn_shape){1, 24, 1, 6}, 64);
        check_adjoint(backend, kinds[i], (nn_shape){1, 64, 8, 8}, 128);
    }
}

static void adjoints_of_convolutions_move_across_a_product(void **state) {
    (void)state;
    on_every_backend(check_adjoints);
}

static void check_relu_adjoint(nn_backend *backend) {
    static const float g[6] = {1, -2, 3, -4, INFINITY, 6}, y[6] = {0.5f, 2, 0, -0.0f, -1, 1e-30f};
    static const float expected[6] = {1, -2, 0, 0, 0, 6};
    const nn_shape shape = {1, 3, 1, 2};
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    nn_val in_g = nn_input(p, "g", shape), in_y = nn_input(p, "y", shape);
    nn_output(p, "out", nn_relu_adjoint(p, in_g, in_y));
    bound b = bind(p, backend);
    memcpy(b.data.values[0].data, g, sizeof g);
    memcpy(b.data.values[1].data, y, sizeof y);
    assert_int_equal(run(&b, NULL), PITH_OK);
    for (size_t i = 0; i < 6; i++) assert_true(b.data.outputs[0].data[i] == expected[i]);
    unbind(&b);
}

static void relu_adjoint_keeps_what_is_above_zero(void **state) {
    (void)state;
    on_every_backend(check_relu_adjoint);
}

/* ---- calls ------------------------------------------------------------------------- */

typedef struct called {
    size_t count; /* values of a call */
    int n_calls;
    pith_status answer;
} called;

/* Adds its index to each value, which shows in what order they come. */
static pith_status add_index(void *user, const float *in, float *out, pith_diag *diag) {
    called *c = user;
    c->n_calls++;
    for (size_t i = 0; i < c->count; i++) out[i] = in[i] + (float)i;
    return c->answer == PITH_OK ? PITH_OK : diag_set(diag, c->answer, "no more");
}

/* The gradient of sum((conv + index)^2 / 2), by way of a call between layouts that a backend likes. */
static nn_plan *plan_with_call(nn_shape x, int64_t c_out) {
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    nn_val y = nn_act(p, nn_conv(p, nn_input(p, "x", x), "k", NN_CONV3, c_out), NN_RELU), g = nn_call(p, y);
    nn_output(p, "y", y);
    nn_output(p, "g", g);
    nn_output(p, "out", nn_conv_adjoint(p, nn_relu_adjoint(p, g, y), "k", NN_CONV3, x.c));
    return p;
}

static void check_call(nn_backend *backend) {
    const nn_shape x = {1, 3, 13, 7};
    called c = {.count = 24 * 13 * 7};
    const nn_caller caller = {add_index, &c};
    pith_diag why = {0};
    bound b = bind(plan_with_call(x, 24), backend);
    assert_int_equal(run(&b, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "nn_net_call"));
    nn_net_call(b.net, &caller);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(run(&b, NULL), PITH_OK);
        assert_int_equal(c.n_calls, i);
        for (size_t k = 0; k < c.count; k++)
            assert_true(b.data.outputs[1].data[k] == b.data.outputs[0].data[k] + (float)k);
    }
    c.answer = PITH_E_ABORTED;
    why = (pith_diag){0};
    assert_int_equal(run(&b, &why), PITH_E_ABORTED);
    assert_string_equal(why.message, "no more");
    c.answer = PITH_OK;
    assert_int_equal(run(&b, NULL), PITH_OK);
    nn_net_call(b.net, NULL);
    assert_int_equal(run(&b, NULL), PITH_E_ARG);
    unbind(&b);
}

static void calls_see_plain_values_and_may_fail(void **state) {
    (void)state;
    on_every_backend(check_call);
}

/* A call that no output depends on needs no caller. */
static void check_dead_call(nn_backend *backend) {
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    nn_val x = nn_input(p, "x", (nn_shape){1, 1, 2, 2});
    (void)nn_call(p, x);
    nn_output(p, "out", x);
    bound b = bind(p, backend);
    assert_int_equal(run(&b, NULL), PITH_OK);
    unbind(&b);
}

static void dead_calls_are_not_made(void **state) {
    (void)state;
    on_every_backend(check_dead_call);
}

/* Through relu, call and back: the same gradient on all backends. */
static void gradients_through_a_call_agree(void **state) {
    (void)state;
    const nn_shape x = {2, 5, 9, 11};
    const size_t n_x = nn_shape_count(x);
    float *first = NULL;
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *backend = NULL;
        called c = {.count = 2 * 25 * 9 * 11};
        const nn_caller caller = {add_index, &c};
        assert_int_equal(nn_backend_new(&backend, NULL, *name, NULL), PITH_OK);
        bound b = bind(plan_with_call(x, 25), backend);
        nn_net_call(b.net, &caller);
        assert_int_equal(run(&b, NULL), PITH_OK);
        if (!first) {
            first = b.data.outputs[2].data;
            b.data.outputs[2].data = NULL;
        } else if (!(nn_case_error(first, b.data.outputs[2].data, n_x) < BOUND)) {
            fail_msg("error %.3e", nn_case_error(first, b.data.outputs[2].data, n_x));
        }
        unbind(&b);
        nn_backend_free(&backend);
    }
    free(first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_matches_pytorch),
        cmocka_unit_test(every_fixture_is_used),
        cmocka_unit_test(functions_are_near_those_of_libm),
        cmocka_unit_test(long_sums_stay_exact),
        cmocka_unit_test(adjoints_of_convolutions_move_across_a_product),
        cmocka_unit_test(relu_adjoint_keeps_what_is_above_zero),
        cmocka_unit_test(calls_see_plain_values_and_may_fail),
        cmocka_unit_test(dead_calls_are_not_made),
        cmocka_unit_test(gradients_through_a_call_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
