/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The portable engine equals the reference engine, to the bit: with the kernels of every instruction set that this
 * machine has, with any number of threads, alone and in one net with others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/mini.h"
#include "nn_cases.h"

static const struct {
    const char *name;
    int threads;
} engines[] = {{"exact-base", 1}, {"exact-v2", 1}, {"exact-v3", 1}, {"exact-v4", 1}, {"exact", 2}, {"exact", 7}};

static nn_backend *open_backend(const char *name, int threads) {
    nn_backend *backend = NULL;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.threads = threads;
    const pith_status status = nn_backend_new(&backend, &env, name, NULL);
    if (status == PITH_E_UNSUPPORTED) return NULL;
    assert_int_equal(status, PITH_OK);
    return backend;
}

/* Runs the plan twice, with inputs that depend on their names only. */
static void run(const char *name, const nn_plan *plan, const nn_case_weights *weights, nn_backend *backend,
                nn_case_data *data) {
    nn_net *net = NULL;
    pith_diag why = {0};
    assert_true(nn_case_make_data(data, plan));
    if (nn_bind(&net, plan, weights->table, backend, &why) != PITH_OK) fail_msg("%s: %s", name, why.message);
    for (int i = 0; i < 2; i++)
        if (nn_run(net, data->inputs, data->n_inputs, data->outputs, data->n_outputs, &why) != PITH_OK)
            fail_msg("%s: %s", name, why.message);
    nn_net_free(&net);
}

static void expect_same(const char *name, const char *engine, int threads, const nn_plan *plan,
                        const nn_case_data *right, const nn_case_data *got) {
    for (size_t i = 0; i < right->n_outputs; i++) {
        nn_shape s;
        (void)nn_plan_output(plan, i, &s);
        const size_t count = nn_shape_count(s);
        const float *a = right->outputs[i].data, *b = got->outputs[i].data;
        for (size_t k = 0; k < count; k++)
            if (memcmp(&a[k], &b[k], sizeof *a) != 0)
                fail_msg("%s on %s, %d threads: output %zu, value %zu of %zu: %a, must be %a", name, engine, threads, i,
                         k, count, (double)b[k], (double)a[k]);
    }
}

static void check_plan(const char *name, nn_plan *plan) {
    nn_case_weights weights;
    nn_case_data right, got;
    assert_non_null(plan);
    assert_true(nn_case_make_weights(&weights, plan, false));
    nn_backend *ref = open_backend("ref", 1);
    run(name, plan, &weights, ref, &right);
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        nn_backend *tested = open_backend(engines[e].name, engines[e].threads);
        if (!tested) continue;
        run(name, plan, &weights, tested, &got);
        expect_same(name, engines[e].name, engines[e].threads, plan, &right, &got);
        nn_case_free_data(&got);
        nn_backend_free(&tested);
    }
    nn_case_free_data(&right);
    nn_backend_free(&ref);
    nn_case_free_weights(&weights);
    nn_plan_free(&plan);
}

static void every_op_gives_the_same_bits(void **state) {
    (void)state;
    for (size_t i = 0; i < n_nn_cases; i++) check_plan(nn_cases[i].name, nn_case_plan(&nn_cases[i], NULL, false));
}

/* ---- convolutions ------------------------------------------------------------------------ */

static nn_plan *finish(nn_plan *p) {
    pith_diag why = {0};
    if (nn_plan_finish(p, &why) != PITH_OK) fail_msg("%s", why.message);
    return p;
}

static nn_plan *new_plan(void) {
    nn_plan *p = nn_plan_new(NULL);
    assert_non_null(p);
    return p;
}

static void every_convolution_gives_the_same_bits(void **state) {
    static const int64_t channels[] = {7, 8, 15, 16, 24, 25, 33, 64};
    static const nn_conv_kind kinds[] = {NN_CONV1, NN_CONV3, NN_CONV3_STRIDE2, NN_CONV3_STRIDE2_PAD_RB};
    enum { N_CHANNELS = sizeof channels / sizeof *channels };
    (void)state;
    for (size_t i = 0; i < N_CHANNELS; i++)
        for (size_t o = 0; o < N_CHANNELS; o++) {
            const nn_shape shape = {1 + (int64_t)i % 2, channels[i], 2 + (int64_t)(3 * i + o) % 8, 5 + (int64_t)o * 13};
            nn_plan *p = new_plan();
            nn_val x = nn_input(p, "x", shape);
            for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
                char name[32];
                snprintf(name, sizeof name, "conv %zu", k);
                nn_output(p, name, nn_conv(p, x, name, kinds[k], channels[o]));
                if (k > 1) continue;
                char back[48];
                snprintf(back, sizeof back, "%s back", name);
                nn_val y = nn_conv_no_bias(p, x, back, kinds[k], channels[o]);
                nn_output(p, back, nn_conv_adjoint(p, y, back, kinds[k], channels[i]));
            }
            check_plan("convolutions", finish(p));
        }
}

/* ---- what is made together ------------------------------------------------------------------ */

/* The same values read by several ops, and outputs in the middle, so that not all can be made together. */
static void fused_ops_give_the_same_bits(void **state) {
    (void)state;
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 24, 9, 14});
    nn_val positive = nn_act(p, x, NN_RELU);
    nn_val a = nn_conv(p, positive, "a", NN_CONV3, 24);
    nn_val b = nn_conv(p, nn_act(p, a, NN_RELU), "b", NN_CONV3, 24);
    nn_val c = nn_act(p, nn_add(p, b, x), NN_RELU);
    nn_val d = nn_add(p, nn_conv(p, c, "c", NN_CONV1, 24), nn_conv(p, c, "d", NN_CONV3, 24));
    nn_val e = nn_add(p, d, d);
    nn_val f = nn_add(p, nn_conv(p, e, "f", NN_CONV3, 24), e);
    nn_val g = nn_act(p, nn_conv(p, nn_act(p, f, NN_RELU), "g", NN_CONV3, 16), NN_RELU);
    nn_output(p, "a", a);
    nn_output(p, "e", e);
    nn_output(p, "f", f);
    nn_output(p, "g", g);
    nn_output(p, "back", nn_relu_adjoint(p, f, nn_act(p, f, NN_RELU)));
    check_plan("fused", finish(p));
}

static void moves_give_the_same_bits(void **state) {
    (void)state;
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){2, 3, 12, 20}), y = nn_input(p, "y", (nn_shape){2, 5, 3, 5});
    nn_val deep = nn_pixel_unshuffle(p, x, 4), wide = nn_concat(p, deep, y);
    nn_output(p, "plain", nn_pixel_shuffle(p, deep, 4));
    nn_output(p, "half", nn_pixel_shuffle(p, nn_scale(p, deep, 3, -0.5f), 2));
    nn_output(p, "quarter", nn_pixel_unshuffle(p, nn_pixel_shuffle(p, deep, 2), 2));
    nn_output(p, "tail", nn_slice_channels(p, wide, 46, 7));
    nn_output(p, "middle", nn_slice_channels(p, wide, 5, 30));
    nn_output(p, "twice", nn_upsample2(p, wide));
    nn_output(p, "front", nn_concat(p, y, y));
    check_plan("moves", finish(p));
}

/* ---- Stable Diffusion's ops -------------------------------------------------------------------- */

static void rows_give_the_same_bits(void **state) {
    static const nn_shape shapes[] = {{1, 1, 1, 16}, {2, 1, 49, 33}, {1, 1, 100, 160}};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        nn_plan *p = new_plan();
        nn_val x = nn_input(p, "x", shapes[i]), y = nn_layer_norm(p, x, "n", 1e-5f);
        nn_val a = nn_linear(p, y, "a", 144, true), b = nn_linear(p, y, "b", 144, false);
        nn_val c = nn_act(p, nn_add(p, a, b), NN_RELU);
        nn_output(p, "both", c);
        nn_output(p, "more", nn_add(p, nn_linear(p, c, "c", 48, true), nn_slice_features(p, c, 7, 48)));
        nn_output(p, "odd", nn_act(p, nn_linear(p, c, "d", 41, true), NN_GELU));
        check_plan("rows", finish(p));
    }
}

/* Features that are no whole panels, and keys that are more than one sum's. */
static void attention_gives_the_same_bits(void **state) {
    static const struct {
        int64_t n, queries, keys, n_heads, d;
    } cases[] = {{1, 50, 50, 3, 5}, {2, 3, 1, 2, 16}, {1, 97, 513, 2, 24}, {1, 1, 1100, 1, 40}, {2, 530, 530, 1, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t features = cases[i].n_heads * cases[i].d;
        nn_plan *p = new_plan();
        nn_val q = nn_scale(p, nn_input(p, "q", (nn_shape){cases[i].n, 1, cases[i].queries, features}), 5, 0);
        nn_val k = nn_input(p, "k", (nn_shape){cases[i].n, 1, cases[i].keys, features});
        nn_val v = nn_input(p, "v", (nn_shape){cases[i].n, 1, cases[i].keys, features});
        nn_output(p, "all", nn_attention(p, q, k, v, cases[i].n_heads, false));
        if (cases[i].queries == cases[i].keys)
            nn_output(p, "earlier", nn_attention(p, q, k, v, cases[i].n_heads, true));
        check_plan("attention", finish(p));
    }
}

static void norms_and_activations_give_the_same_bits(void **state) {
    (void)state;
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){2, 24, 7, 500}), y = nn_input(p, "y", (nn_shape){2, 24, 1, 1});
    nn_val a = nn_group_norm(p, x, "a", 4, 1e-5f), b = nn_group_norm(p, x, "b", 3, 1e-5f);
    nn_val c = nn_add(p, nn_act(p, a, NN_SILU), y); /* the norm made with the activation */
    nn_val d = nn_mul(p, nn_act(p, b, NN_TANH), y); /* and not: it is read twice */
    nn_output(p, "c", c);
    nn_output(p, "d", d);
    nn_output(p, "b", nn_act(p, nn_scale(p, b, 3, 0), NN_QUICK_GELU));
    nn_output(p, "few", nn_group_norm(p, nn_slice_channels(p, c, 0, 6), "f", 2, 1e-5f));
    nn_val e = nn_conv(p, d, "e", NN_CONV3, 3); /* few channels, to which others are added */
    nn_output(p, "e", nn_act(p, nn_add(p, e, nn_slice_channels(p, c, 3, 3)), NN_RELU));
    nn_output(p, "back", nn_add(p, nn_conv(p, e, "g", NN_CONV3, 24), x));
    nn_output(p, "s", nn_to_picture(p, nn_linear(p, nn_to_sequence(p, c), "s", 32, true), 7, 500));
    check_plan("norms", finish(p));
}

/* What a run of a window tells of its norms, and makes of what it is told. */
static void shared_norms_give_the_same_bits(void **state) {
    enum { N_GROUPS = 8 };
    static const char *const names[] = {"ref", "exact-base", "exact"};
    nn_moments own[3][N_GROUPS] = {{{0}}};
    nn_sums gathered[3][N_GROUPS] = {{{0}}};
    nn_correction corrections[N_GROUPS];
    nn_case_weights weights;
    nn_case_data data[3];
    (void)state;
    nn_plan *p = new_plan();
    nn_val x = nn_input(p, "x", (nn_shape){1, 48, 24, 40});
    nn_output(p, "out", nn_conv(p, nn_act(p, nn_group_norm(p, x, "a", N_GROUPS, 1e-5f), NN_SILU), "c", NN_CONV1, 16));
    assert_int_equal(nn_plan_n_groups(finish(p)), N_GROUPS);
    assert_true(nn_case_make_weights(&weights, p, false));
    for (size_t i = 0; i < N_GROUPS; i++) corrections[i] = (nn_correction){0.25 * (double)i, 1.5};
    for (size_t e = 0; e < 3; e++) {
        const nn_shared_norms shared = {
            .corrections = corrections,
            .own = own[e],
            .gathered = gathered[e],
            .part = {.row = 2, .n_rows = 5, .column = 1, .n_columns = 7, .height = 12, .width = 20}};
        nn_net *net = NULL;
        nn_backend *backend = open_backend(names[e], 2);
        assert_true(nn_case_make_data(&data[e], p));
        assert_int_equal(nn_bind(&net, p, weights.table, backend, NULL), PITH_OK);
        nn_net_share_norms(net, &shared);
        assert_int_equal(nn_run(net, data[e].inputs, 1, data[e].outputs, 1, NULL), PITH_OK);
        assert_true(gathered[e][0].count == 6 * 10 * 14 && own[e][0].variance > 0);
        assert_memory_equal(own[e], own[0], sizeof own[0]);
        assert_memory_equal(gathered[e], gathered[0], sizeof gathered[0]);
        expect_same("shared norms", names[e], 2, p, &data[0], &data[e]);
        nn_net_free(&net);
        nn_backend_free(&backend);
    }
    for (size_t e = 0; e < 3; e++) nn_case_free_data(&data[e]);
    nn_case_free_weights(&weights);
    nn_plan_free(&p);
}

/* ---- the built-in models' networks -------------------------------------------------------------- */

static void networks_give_the_same_bits(void **state) {
    static const mini_config config = {.name = "test",
                                       .n_latent = 24,
                                       .width_h = 32,
                                       .width_w = 48,
                                       .n_enc_high = 1,
                                       .n_enc_low = 1,
                                       .n_dec_low = 2,
                                       .n_dec_high = 2,
                                       .has_texture = true};
    nn_plan *plan = NULL;
    (void)state;
    assert_int_equal(mini_encoder_plan(&plan, &config, NULL, 5, 9, NULL), PITH_OK);
    check_plan("encoder", plan);
    assert_int_equal(mini_decoder_plan(&plan, &config, NULL, 7, 4, NULL), PITH_OK);
    check_plan("decoder", plan);
    assert_int_equal(mini_texture_plan(&plan, &config, NULL, 3, 5, NULL), PITH_OK);
    check_plan("texture", plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_op_gives_the_same_bits),
                                       cmocka_unit_test(every_convolution_gives_the_same_bits),
                                       cmocka_unit_test(fused_ops_give_the_same_bits),
                                       cmocka_unit_test(moves_give_the_same_bits),
                                       cmocka_unit_test(rows_give_the_same_bits),
                                       cmocka_unit_test(attention_gives_the_same_bits),
                                       cmocka_unit_test(norms_and_activations_give_the_same_bits),
                                       cmocka_unit_test(shared_norms_give_the_same_bits),
                                       cmocka_unit_test(networks_give_the_same_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
