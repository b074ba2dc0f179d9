/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The oneDNN backend against the reference, op by op, and what it does around
 * them: fusing, sharing of weights, threads. Skipped where it is not built in. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "nn_cases.h"

static nn_backend *open_backend(const char *name, int threads) {
    nn_backend *backend = NULL;
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.threads = threads;
    if (nn_backend_new(&backend, &env, name, &why) != PITH_OK) fail_msg("%s: %s", name, why.message);
    return backend;
}

static void run_on(nn_backend *backend, const nn_plan *plan, const tensor_table *weights, nn_case_data *data) {
    nn_net *net = NULL;
    pith_diag why = {0};
    if (nn_bind(&net, plan, weights, backend, &why) != PITH_OK) fail_msg("bind: %s", why.message);
    if (nn_run(net, data->inputs, data->n_inputs, data->outputs, data->n_outputs, &why) != PITH_OK)
        fail_msg("run: %s", why.message);
    nn_net_free(&net);
}

static size_t output_count(const nn_plan *p, int32_t index) {
    return nn_shape_count(p->ops[p->outputs[index].value].shape);
}

/* What the reference gives for each case: computed once, since it is slow. */
static nn_case_data *expected;

static int run_the_reference(void **state) {
    (void)state;
    nn_backend *ref = open_backend("ref", 1);
    expected = calloc(n_nn_cases, sizeof *expected);
    for (size_t i = 0; expected && i < n_nn_cases; i++) {
        nn_plan *plan = nn_case_plan(&nn_cases[i], NULL, false);
        nn_case_weights weights;
        if (!plan || !nn_case_make_weights(&weights, plan, false) || !nn_case_make_data(&expected[i], plan)) return -1;
        run_on(ref, plan, weights.table, &expected[i]);
        nn_plan_free(&plan);
        nn_case_free_weights(&weights);
    }
    nn_backend_free(&ref);
    return expected ? 0 : -1;
}

static int free_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < n_nn_cases; i++) nn_case_free_data(&expected[i]);
    free(expected);
    return 0;
}

static double case_error(const nn_case *c, bool broken, int threads) {
    /* A backend each: the cache of weights goes by address, and these tables come and go. */
    nn_backend *tested = open_backend("onednn", threads);
    nn_plan *plan = nn_case_plan(c, NULL, broken);
    nn_case_weights weights;
    nn_case_data got;
    assert_non_null(plan);
    assert_true(nn_case_make_weights(&weights, plan, broken && c->break_bias));
    assert_true(nn_case_make_data(&got, plan));
    run_on(tested, plan, weights.table, &got);
    const double error =
        nn_case_error(got.outputs[0].data, expected[c - nn_cases].outputs[0].data, output_count(plan, 0));
    if (getenv("PITH_TEST_VERBOSE")) printf("%-32s %s %.2e\n", c->name, broken ? "broken" : "      ", error);
    nn_plan_free(&plan);
    nn_case_free_weights(&weights);
    nn_case_free_data(&got);
    nn_backend_free(&tested);
    return error;
}

static void every_case_is_within_bounds(int threads) {
    for (size_t i = 0; i < n_nn_cases; i++) {
        const double error = case_error(&nn_cases[i], false, threads), bound = nn_cases[i].bound;
        if (error > bound) fail_msg("%s: error %.3e, bound %.3e", nn_cases[i].name, error, bound);
    }
}

static void every_op_matches_the_reference(void **state) {
    (void)state;
    every_case_is_within_bounds(0);
}

static void every_op_matches_with_three_threads(void **state) {
    (void)state;
    every_case_is_within_bounds(3);
}

static void every_mutation_is_caught(void **state) {
    (void)state;
    for (size_t i = 0; i < n_nn_cases; i++) {
        const double error = case_error(&nn_cases[i], true, 0);
        if (error <= 10 * nn_cases[i].bound) fail_msg("%s: the mutation's error is only %.3e", nn_cases[i].name, error);
    }
}

/* ---- fusing and memory ----------------------------------------------------------------- */

typedef void describe(nn_plan *p);

/* Runs a plan on both backends; the greatest error of its outputs. */
static double compare(nn_backend *ref, nn_backend *tested, const nn_plan *plan, const tensor_table *weights) {
    nn_case_data right, got;
    double worst = 0;
    assert_true(nn_case_make_data(&right, plan) && nn_case_make_data(&got, plan));
    run_on(ref, plan, weights, &right);
    run_on(tested, plan, weights, &got);
    for (int32_t i = 0; i < plan->n_outputs; i++) {
        const double error = nn_case_error(got.outputs[i].data, right.outputs[i].data, output_count(plan, i));
        if (error > worst) worst = error;
    }
    nn_case_free_data(&right);
    nn_case_free_data(&got);
    return worst;
}

static void plan_matches(describe *fn, double bound) {
    nn_backend *ref = open_backend("ref", 1), *tested = open_backend("onednn", 0);
    pith_diag why = {0};
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    fn(p);
    if (nn_plan_finish(p, &why) != PITH_OK) fail_msg("%s", why.message);
    nn_case_weights weights;
    assert_true(nn_case_make_weights(&weights, p, false));
    const double error = compare(ref, tested, p, weights.table);
    if (error > bound) fail_msg("error %.3e, bound %.3e", error, bound);
    nn_plan_free(&p);
    nn_backend_free(&ref);
    nn_backend_free(&tested);
    nn_case_free_weights(&weights);
}

static const nn_shape small = {1, 32, 9, 11};

/* The residual is wanted again after the sum, so the sum may not be made over it. */
static void describe_residual_used_later(nn_plan *p) {
    nn_val x = nn_act(p, nn_input(p, "x", small), NN_TANH);
    nn_val sum = nn_add(p, x, nn_conv(p, x, "a", NN_CONV3, 32));
    nn_val again = nn_add(p, nn_conv(p, sum, "b", NN_CONV3, 32), x);
    nn_output(p, "sum", sum);
    nn_output(p, "again", again);
    nn_output(p, "x", x);
}

/* Both operands of the sum are convolutions, the later described first. */
static void describe_sum_of_convs(nn_plan *p) {
    nn_val x = nn_input(p, "x", small);
    nn_val a = nn_conv(p, x, "a", NN_CONV3, 48), c = nn_conv(p, x, "b", NN_CONV1, 48);
    nn_output(p, "out", nn_act(p, nn_add(p, a, c), NN_SILU));
}

/* The convolution's own input is what is added, and dies there. */
static void describe_sum_with_own_input(nn_plan *p) {
    nn_val x = nn_conv(p, nn_input(p, "x", small), "in", NN_CONV1, 32);
    nn_output(p, "out", nn_add(p, nn_conv(p, x, "a", NN_CONV3, 32), x));
}

/* What is added is read between the convolution and the sum. */
static void describe_residual_read_between(nn_plan *p) {
    nn_val x = nn_input(p, "x", small), r = nn_act(p, nn_conv(p, x, "r", NN_CONV1, 24), NN_RELU);
    nn_val a = nn_conv(p, x, "a", NN_CONV3, 24);
    nn_val between = nn_conv(p, r, "between", NN_CONV3, 24);
    nn_val sum = nn_add(p, a, r);
    nn_output(p, "out", nn_mul(p, sum, between));
}

static void describe_inputs_as_outputs(nn_plan *p) {
    nn_val x = nn_input(p, "x", small), y = nn_input(p, "unused", (nn_shape){1, 1, 2, 3});
    nn_output(p, "x again", x);
    nn_output(p, "y", y);
    nn_output(p, "twice", nn_add(p, x, x));
    nn_output(p, "relu", nn_act(p, x, NN_RELU));
    nn_output(p, "relu again", nn_act(p, x, NN_RELU));
}

/* Skip connections of a U-Net: the first value is the last to be read. */
static void describe_skips(nn_plan *p) {
    nn_val x = nn_conv(p, nn_input(p, "x", (nn_shape){1, 4, 16, 16}), "in", NN_CONV3, 32), skips[4];
    for (int i = 0; i < 4; i++) {
        nn_enter(p, "down.%d", i);
        skips[i] = x;
        x = nn_conv(p, nn_act(p, nn_group_norm(p, x, "norm", 4, 1e-5f), NN_SILU), "conv", NN_CONV3, 32);
        x = nn_conv(p, x, "half", NN_CONV3_STRIDE2, 32);
        nn_leave(p);
    }
    for (int i = 3; i >= 0; i--) {
        nn_enter(p, "up.%d", i);
        x = nn_conv(p, nn_concat(p, nn_upsample2(p, x), skips[i]), "conv", NN_CONV3, 32);
        nn_leave(p);
    }
    nn_output(p, "out", x);
}

/* A scale that lifts zeros must not lift the zeros that fill a block of channels. */
static void describe_lifted_padding(nn_plan *p) {
    nn_val x = nn_conv(p, nn_input(p, "x", small), "a", NN_CONV3, 25);
    nn_val y = nn_conv(p, nn_scale(p, x, 1, 3), "b", NN_CONV3, 25);
    y = nn_conv(p, nn_scale(p, nn_act(p, y, NN_RELU), 1, 2), "c", NN_CONV1, 25);
    nn_output(p, "out", nn_conv(p, nn_add(p, y, x), "d", NN_CONV3, 7));
}

static void describe_transformer(nn_plan *p) {
    nn_val x = nn_input(p, "x", (nn_shape){2, 64, 6, 5}), context = nn_input(p, "context", (nn_shape){2, 1, 7, 24});
    nn_val s = nn_to_sequence(p, nn_conv(p, nn_group_norm(p, x, "norm", 32, 1e-6f), "in", NN_CONV1, 64));
    for (int i = 0; i < 2; i++) {
        nn_enter(p, "attn%d", i);
        nn_val n = nn_layer_norm(p, s, "norm", 1e-5f), from = i ? context : n;
        nn_val a = nn_attention(p, nn_linear(p, n, "q", 64, false), nn_linear(p, from, "k", 64, false),
                                nn_linear(p, from, "v", 64, false), 4, false);
        s = nn_add(p, nn_linear(p, a, "out", 64, true), s);
        nn_leave(p);
    }
    nn_output(p, "out", nn_add(p, nn_conv(p, nn_to_picture(p, s, 6, 5), "out", NN_CONV1, 64), x));
}

/* Gradients that are read again, so that the relu's way back may not be taken over them; blocks that are not full. */
static void describe_way_back(nn_plan *p) {
    nn_val x = nn_input(p, "x", small), y = nn_act(p, nn_conv(p, x, "a", NN_CONV3, 25), NN_RELU);
    nn_val g = nn_conv_adjoint(p, nn_conv(p, y, "b", NN_CONV1, 24), "b", NN_CONV1, 25);
    nn_val back = nn_conv_adjoint(p, nn_relu_adjoint(p, g, y), "a", NN_CONV3, 32);
    nn_output(p, "sum", nn_relu_adjoint(p, nn_add(p, g, y), y));
    nn_output(p, "of plain", nn_relu_adjoint(p, back, x));
    nn_output(p, "of itself", nn_relu_adjoint(p, y, y));
    nn_output(p, "back", back);
    nn_output(p, "g", g);
}

static void fused_groups_and_reused_memory_match(void **state) {
    (void)state;
    describe *const all[] = {describe_residual_used_later,   describe_sum_of_convs,      describe_sum_with_own_input,
                             describe_residual_read_between, describe_inputs_as_outputs, describe_skips,
                             describe_lifted_padding,        describe_transformer,       describe_way_back};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) plan_matches(all[i], 3e-6);
}

static void reuses_memory(void **state) {
    (void)state;
    nn_backend *tested = open_backend("onednn", 0);
    nn_plan *p = nn_plan_new(NULL);
    pith_diag why = {0};
    nn_val x = nn_input(p, "x", (nn_shape){1, 64, 32, 32});
    for (int i = 0; i < 20; i++) {
        nn_enter(p, "%d", i);
        x = nn_add(p, x, nn_conv(p, nn_act(p, x, NN_RELU), "a", NN_CONV3, 64));
        nn_leave(p);
    }
    nn_output(p, "out", x);
    assert_int_equal(nn_plan_finish(p, &why), PITH_OK);
    nn_case_weights weights;
    nn_net *net = NULL;
    assert_true(nn_case_make_weights(&weights, p, false));
    assert_int_equal(nn_bind(&net, p, weights.table, tested, &why), PITH_OK);
    /* The residual, the activation, and a little scratch; not twenty of them. */
    assert_true(nn_net_arena_bytes(net) <= 4 * 64 * 32 * 32 * sizeof(float));
    nn_net_free(&net);
    nn_plan_free(&p);
    nn_backend_free(&tested);
    nn_case_free_weights(&weights);
}

/* ---- sharing ------------------------------------------------------------------------------ */

typedef struct worker {
    nn_net *net;
    nn_case_data data;
    pith_status status;
} worker;

static void *work(void *user) {
    worker *w = user;
    for (int i = 0; i < 20 && w->status == PITH_OK; i++)
        w->status = nn_run(w->net, w->data.inputs, w->data.n_inputs, w->data.outputs, w->data.n_outputs, NULL);
    return NULL;
}

static nn_plan *two_blocks(int64_t h, int64_t w) {
    nn_plan *p = nn_plan_new(NULL);
    pith_diag why = {0};
    assert_non_null(p);
    nn_val x = nn_conv(p, nn_input(p, "x", (nn_shape){1, 24, h, w}), "in", NN_CONV3, 64);
    x = nn_add(p, x, nn_conv(p, nn_act(p, nn_group_norm(p, x, "n", 8, 1e-5f), NN_SILU), "a", NN_CONV3, 64));
    nn_val s = nn_to_sequence(p, x);
    x = nn_add(p, x, nn_to_picture(p, nn_attention(p, s, s, nn_linear(p, s, "v", 64, true), 2, false), h, w));
    nn_output(p, "out", nn_pixel_shuffle(p, x, 2));
    if (nn_plan_finish(p, &why) != PITH_OK) fail_msg("%s", why.message);
    return p;
}

/* Two nets of different sizes share one backend and its weights. */
static void two_threads_give_the_same_bits_as_one(void **state) {
    (void)state;
    nn_backend *tested = open_backend("onednn", 2);
    nn_plan *plans[2] = {two_blocks(33, 21), two_blocks(16, 40)};
    nn_case_weights weights;
    pith_diag why = {0};
    worker alone[2] = {0}, together[2] = {0};
    pthread_t threads[2];
    assert_true(nn_case_make_weights(&weights, plans[0], false));
    for (int i = 0; i < 2; i++) {
        assert_true(nn_case_make_data(&alone[i].data, plans[i]) && nn_case_make_data(&together[i].data, plans[i]));
        if (nn_bind(&alone[i].net, plans[i], weights.table, tested, &why) != PITH_OK) fail_msg("%s", why.message);
        if (nn_bind(&together[i].net, plans[i], weights.table, tested, &why) != PITH_OK) fail_msg("%s", why.message);
        work(&alone[i]);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, work, &together[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(alone[i].status, PITH_OK);
        assert_int_equal(together[i].status, PITH_OK);
        assert_memory_equal(alone[i].data.outputs[0].data, together[i].data.outputs[0].data,
                            output_count(plans[i], 0) * sizeof(float));
        nn_case_free_data(&alone[i].data);
        nn_case_free_data(&together[i].data);
        nn_net_free(&alone[i].net);
        nn_net_free(&together[i].net);
        nn_plan_free(&plans[i]);
    }
    nn_backend_free(&tested);
    nn_case_free_weights(&weights);
}

/* The arena moves when the second, larger net is bound. */
static void nets_in_one_arena_give_the_same_bits(void **state) {
    (void)state;
    for (const char *const *name = nn_backend_list(); *name; name++) {
        nn_backend *tested = open_backend(*name, 2);
        nn_arena *arena = nn_arena_new(NULL);
        nn_plan *plans[2] = {two_blocks(5, 7), two_blocks(16, 11)};
        nn_case_weights weights;
        worker alone[2] = {0}, shared[2] = {0};
        assert_non_null(arena);
        assert_true(nn_case_make_weights(&weights, plans[0], false));
        for (int i = 0; i < 2; i++) {
            assert_true(nn_case_make_data(&alone[i].data, plans[i]) && nn_case_make_data(&shared[i].data, plans[i]));
            assert_int_equal(nn_bind(&alone[i].net, plans[i], weights.table, tested, NULL), PITH_OK);
            assert_int_equal(nn_bind_in(&shared[i].net, plans[i], weights.table, tested, arena, NULL), PITH_OK);
            work(&alone[i]);
        }
        for (int i = 3; i >= 0; i--) work(&shared[i % 2]);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(shared[i].status, PITH_OK);
            assert_memory_equal(alone[i].data.outputs[0].data, shared[i].data.outputs[0].data,
                                output_count(plans[i], 0) * sizeof(float));
            nn_case_free_data(&alone[i].data);
            nn_case_free_data(&shared[i].data);
            nn_net_free(&alone[i].net);
            nn_net_free(&shared[i].net);
            nn_plan_free(&plans[i]);
        }
        nn_arena_free(&arena);
        nn_backend_free(&tested);
        nn_case_free_weights(&weights);
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

#define N_WAITS 20
#define WAIT_SECONDS 0.02
/* libgomp left alone spins for 3 ms on a machine of the time it was written, for more on others. */
#define LONGEST_SPIN_SECONDS 1e-3

static pith_status wait_a_little(void *user, const float *in, float *out, pith_diag *diag) {
    (void)user, (void)in, (void)out, (void)diag;
    const struct timespec wait = {.tv_nsec = (long)(WAIT_SECONDS * 1e9)};
    return nanosleep(&wait, NULL) == 0 ? PITH_OK : PITH_E_INTERNAL;
}

static double process_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* While the first thread sleeps in a call, the second has nothing to do; where it spins, it takes a core from others.
 */
static void threads_that_wait_leave_their_core_to_others(void **state) {
    (void)state;
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) skip();
    nn_backend *tested = open_backend("onednn", 2);
    nn_plan *p = nn_plan_new(NULL);
    nn_case_weights weights;
    nn_case_data data;
    nn_net *net = NULL;
    pith_diag why = {0};
    const nn_caller caller = {wait_a_little, NULL};
    assert_non_null(p);
    nn_output(p, "out", nn_call(p, nn_conv(p, nn_input(p, "x", small), "a", NN_CONV3, 32)));
    assert_int_equal(nn_plan_finish(p, &why), PITH_OK);
    assert_true(nn_case_make_weights(&weights, p, false) && nn_case_make_data(&data, p));
    assert_int_equal(nn_bind(&net, p, weights.table, tested, &why), PITH_OK);
    nn_net_call(net, &caller);
    const double start = process_seconds();
    for (int i = 0; i < N_WAITS; i++)
        assert_int_equal(nn_run(net, data.inputs, data.n_inputs, data.outputs, data.n_outputs, &why), PITH_OK);
    const double each = (process_seconds() - start) / N_WAITS;
    if (each > LONGEST_SPIN_SECONDS) fail_msg("%.1f ms of work in each wait of 20 ms", 1e3 * each);
    nn_net_free(&net);
    nn_plan_free(&p);
    nn_backend_free(&tested);
    nn_case_free_data(&data);
    nn_case_free_weights(&weights);
}

/* ---- failing memory -------------------------------------------------------------------------- */

typedef struct failing {
    int countdown; /* allocations until one fails; negative: never */
    int in_use;
} failing;

static void *failing_alloc(void *user, size_t n_bytes) {
    failing *f = user;
    if (f->countdown == 0) return NULL;
    f->countdown--;
    void *block = malloc(n_bytes);
    if (block) f->in_use++;
    return block;
}

static void failing_free(void *user, void *block) {
    failing *f = user;
    if (block) f->in_use--;
    free(block);
}

static pith_status try_all(const pith_env *env, const nn_plan *plan, const tensor_table *weights) {
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    pith_diag why = {0};
    pith_status status = nn_backend_new(&backend, env, "onednn", &why);
    if (status == PITH_OK) status = nn_bind(&net, plan, weights, backend, &why);
    assert_true((status == PITH_OK) == (why.message[0] == '\0'));
    nn_net_free(&net);
    nn_backend_free(&backend);
    return status;
}

static void failing_allocations_are_reported(nn_plan *plan) {
    nn_case_weights weights;
    pith_env env;
    assert_true(nn_case_make_weights(&weights, plan, false));
    pith_env_defaults(&env, sizeof env);
    pith_status status = PITH_E_NOMEM;
    int n = 0;
    for (; status != PITH_OK && n < 1000; n++) {
        failing f = {.countdown = n};
        env.alloc = (pith_alloc){failing_alloc, failing_free, &f};
        status = try_all(&env, plan, weights.table);
        assert_true(status == PITH_OK || status == PITH_E_NOMEM);
        assert_int_equal(f.in_use, 0);
    }
    assert_true(n > 10);
    assert_int_equal(status, PITH_OK);
    nn_plan_free(&plan);
    nn_case_free_weights(&weights);
}

static void every_failing_allocation_is_reported(void **state) {
    (void)state;
    failing_allocations_are_reported(two_blocks(5, 7));
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    nn_val y = nn_act(p, nn_conv(p, nn_input(p, "x", small), "a", NN_CONV3, 25), NN_RELU);
    nn_output(p, "out", nn_conv_adjoint(p, nn_relu_adjoint(p, nn_call(p, y), y), "a", NN_CONV3, 32));
    assert_int_equal(nn_plan_finish(p, NULL), PITH_OK);
    failing_allocations_are_reported(p);
}

int main(void) {
    if (strcmp(nn_backend_list()[0], "onednn") != 0) return 77;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_matches_the_reference),
        cmocka_unit_test(every_op_matches_with_three_threads),
        cmocka_unit_test(every_mutation_is_caught),
        cmocka_unit_test(fused_groups_and_reused_memory_match),
        cmocka_unit_test(reuses_memory),
        cmocka_unit_test(nets_in_one_arena_give_the_same_bits),
        cmocka_unit_test(two_threads_give_the_same_bits_as_one),
        cmocka_unit_test(threads_that_wait_leave_their_core_to_others),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, run_the_reference, free_the_reference);
}
