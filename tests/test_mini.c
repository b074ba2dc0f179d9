/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The built-in model's networks against PyTorch (tests/reference/mini_tap.py),
 * on every backend, and what the configuration reader refuses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/mini.h"
#include "model/texture_noise.h"
#include "weights/safetensors.h"

/* Relative rms: a float run is within a few 1e-7 of the float64 one. */
#define BOUND 3e-6

static tensor_table *open_data(const char *name) {
    const char *root = getenv("PITH_SOURCE_DIR");
    char path[4096];
    tensor_table *table = NULL;
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    snprintf(path, sizeof path, "%s/tests/data/%s", root ? root : ".", name);
    if (safetensors_open(&table, &env, path, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    return table;
}

static float *tap_values(const tensor_table *tap, const char *name, uint64_t shape[4]) {
    const tensor *t = tensor_table_find(tap, name);
    if (!t) fail_msg("the fixture lacks %s", name);
    float *values = calloc(t->n_elements, sizeof *values);
    assert_non_null(values);
    tensor_read_f32(t, 0, t->n_elements, values);
    if (shape && t->rank == 4) memcpy(shape, t->shape, 4 * sizeof *shape);
    return values;
}

static double relative_rms(const float *got, const float *expected, size_t count) {
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - expected[i]) * ((double)got[i] - expected[i]);
        power += (double)expected[i] * expected[i];
    }
    return sqrt(error / power);
}

static const nn_caller *caller; /* of the plans that follow; NULL: they have no call */

static void run_plan(nn_plan *plan, const tensor_table *weights, const char *backend_name, const nn_given *in,
                     size_t n_in, nn_binding out) {
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    if (nn_plan_check(plan, weights, &why) != PITH_OK) fail_msg("check: %s", why.message);
    if (nn_backend_new(&backend, &env, backend_name, &why) != PITH_OK) fail_msg("backend: %s", why.message);
    if (nn_bind(&net, plan, weights, backend, &why) != PITH_OK) fail_msg("bind: %s", why.message);
    if (caller) nn_net_call(net, caller);
    if (nn_run(net, in, n_in, &out, 1, &why) != PITH_OK) fail_msg("run: %s", why.message);
    nn_net_free(&net);
    nn_backend_free(&backend);
}

typedef struct tap_case {
    tensor_table *weights, *tap;
    mini_config config;
    pith_env env;
} tap_case;

static void open_case(tap_case *t) {
    pith_diag why = {0};
    *t = (tap_case){.weights = open_data("mini_tiny.safetensors"), .tap = open_data("mini_tap.safetensors")};
    pith_env_defaults(&t->env, sizeof t->env);
    if (mini_config_read(&t->config, t->weights, &why) != PITH_OK) fail_msg("config: %s", why.message);
}

static void close_case(tap_case *t) {
    tensor_table_free(&t->weights);
    tensor_table_free(&t->tap);
}

typedef pith_status plan_fn(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                            pith_diag *diag);

/* A network with inputs and what PyTorch made of them. */
typedef struct comparison {
    const tap_case *t;
    plan_fn *make_plan;
    uint64_t h, w; /* positions */
    const nn_given *in;
    size_t n_in;
    const char *output;
    const float *expected;
    size_t count; /* values of the output */
} comparison;

static double error_on(const char *backend, const comparison *c) {
    nn_plan *plan = NULL;
    assert_int_equal(c->make_plan(&plan, &c->t->config, &c->t->env, (uint32_t)c->h, (uint32_t)c->w, NULL), PITH_OK);
    float *got = calloc(c->count, sizeof *got);
    run_plan(plan, c->t->weights, backend, c->in, c->n_in, (nn_binding){c->output, got});
    const double error = relative_rms(got, c->expected, c->count);
    print_message("%s on %s: relative rms %.2e\n", c->output, backend, error);
    free(got);
    nn_plan_free(&plan);
    return error;
}

static void matches_on_every_backend(const comparison *c) {
    for (const char *const *backend = nn_backend_list(); *backend; backend++)
        assert_true(error_on(*backend, c) < BOUND);
}

static void encoder_matches_pytorch_on_every_backend(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    uint64_t shape[4];
    float *expected = tap_values(t.tap, "encoder.latent", shape);
    float *image = tap_values(t.tap, "encoder.image", NULL);
    const nn_given in = {"image", image};
    matches_on_every_backend(&(comparison){&t, mini_encoder_plan, shape[2], shape[3], &in, 1, "latent", expected,
                                           shape[1] * shape[2] * shape[3]});
    free(expected);
    free(image);
    close_case(&t);
}

static void decoder_matches_pytorch_on_every_backend(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    uint64_t shape[4];
    float *latent = tap_values(t.tap, "decoder.latent", shape);
    float *expected = tap_values(t.tap, "decoder.image", NULL);
    float *log2_step = tap_values(t.tap, "decoder.log2_step", NULL);
    const size_t positions = shape[2] * shape[3];
    float *steps = calloc(positions, sizeof *steps);
    const nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    const comparison decoder = {&t, mini_decoder_plan, shape[2], shape[3], in, 2, "image", expected, positions * 192};
    for (size_t i = 0; i < positions; i++) steps[i] = log2_step[0];
    matches_on_every_backend(&decoder);
    /* The bound tells a network that was told another step. */
    for (size_t i = 0; i < positions; i++) steps[i] = log2_step[0] + 0.015625f;
    for (const char *const *backend = nn_backend_list(); *backend; backend++)
        assert_true(error_on(*backend, &decoder) > BOUND);
    free(latent);
    free(expected);
    free(log2_step);
    free(steps);
    close_case(&t);
}

static void the_texture_matches_pytorch_on_every_backend(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    assert_true(t.config.has_texture);
    uint64_t shape[4];
    float *features = tap_values(t.tap, "texture.features", shape);
    float *noise = tap_values(t.tap, "texture.noise", NULL);
    float *expected = tap_values(t.tap, "texture.image", NULL);
    const nn_given in[] = {{"features", features}, {"noise", noise}};
    matches_on_every_backend(&(comparison){&t, mini_texture_plan, shape[2], shape[3], in, 2, "texture", expected,
                                           shape[2] * shape[3] * 192});
    free(features);
    free(noise);
    free(expected);
    close_case(&t);
}

/* Planes are normal enough and know nothing of one another, and any part of them is what it is in the whole. */
static void noise_is_normal_and_belongs_to_its_place(void **state) {
    enum { PLANES = 3, SIDE = 96, PART = 17, Y = 40, X = 70 };
    static float whole[PLANES][SIDE][SIDE], part[PLANES][PART][PART];
    double sum = 0, squares = 0, beside = 0, between = 0, beyond_2 = 0;
    const double count = PLANES * SIDE * (SIDE - 1.0);
    (void)state;
    texture_noise(&whole[0][0][0], PLANES, 0, 0, SIDE, SIDE);
    texture_noise(&part[0][0][0], PLANES, Y, X, PART, PART);
    for (uint32_t c = 0; c < PLANES; c++)
        for (uint32_t y = 0; y < PART; y++) assert_memory_equal(part[c][y], &whole[c][Y + y][X], sizeof part[c][y]);
    for (uint32_t c = 0; c < PLANES; c++)
        for (uint32_t y = 0; y < SIDE; y++)
            for (uint32_t x = 0; x + 1 < SIDE; x++) {
                const double v = whole[c][y][x];
                sum += v;
                squares += v * v;
                beside += v * whole[c][y][x + 1];
                between += v * whole[(c + 1) % PLANES][y][x];
                beyond_2 += fabs(v) > 2;
            }
    assert_true(fabs(sum / count) < 0.03);
    assert_true(fabs(squares / count - 1) < 0.04);
    assert_true(fabs(beside / count) < 0.03);
    assert_true(fabs(between / count) < 0.03);
    assert_true(beyond_2 / count > 0.035 && beyond_2 / count < 0.055); /* 0.0455 of a normal variable */
}

typedef struct call_state {
    const float *given; /* what the image is multiplied by */
    size_t count;
} call_state;

/* The gradient of a sum of products is what was multiplied by. */
static pith_status sum_of_products(void *user, const float *in, float *out, pith_diag *diag) {
    const call_state *c = user;
    (void)in, (void)diag;
    memcpy(out, c->given, c->count * sizeof *out);
    return PITH_OK;
}

static void the_gradient_matches_pytorch_on_every_backend(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    uint64_t shape[4];
    float *latent = tap_values(t.tap, "decoder.latent", shape), *image = tap_values(t.tap, "encoder.image", NULL);
    float *expected = tap_values(t.tap, "gradient.latent", NULL);
    float *log2_step = tap_values(t.tap, "decoder.log2_step", NULL);
    const size_t positions = shape[2] * shape[3];
    float *steps = calloc(positions, sizeof *steps);
    for (size_t i = 0; i < positions; i++) steps[i] = log2_step[0];
    call_state products = {image, positions * 192};
    const nn_caller call = {sum_of_products, &products};
    const nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    caller = &call;
    matches_on_every_backend(
        &(comparison){&t, mini_gradient_plan, shape[2], shape[3], in, 2, "gradient", expected, positions * shape[1]});
    caller = NULL;
    free(latent);
    free(image);
    free(expected);
    free(log2_step);
    free(steps);
    close_case(&t);
}

static void the_decoders_parts_are_the_whole(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    const uint32_t h = 5, w = 7;
    const size_t n_latent = t.config.n_latent * h * w, n_features = t.config.width_w * h * w, n_image = 192 * h * w;
    float *latent = calloc(n_latent, sizeof *latent), *steps = calloc(h * w, sizeof *steps);
    float *features = calloc(n_features, sizeof *features);
    float *whole = calloc(n_image, sizeof *whole), *image = calloc(n_image, sizeof *image);
    for (size_t i = 0; i < n_latent; i++) latent[i] = (float)(i * 7 % 11) * 0.3f - 1.5f;
    nn_plan *plan = NULL;
    nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    nn_binding handed = {"features", features};
    nn_given last[] = {{"features", features}, in[0]};
    assert_int_equal(mini_decoder_plan(&plan, &t.config, &t.env, h, w, NULL), PITH_OK);
    run_plan(plan, t.weights, "ref", in, 2, (nn_binding){"image", whole});
    nn_plan_free(&plan);
    for (uint32_t part = 0; part < MINI_DECODER_PARTS; part++) {
        assert_int_equal(mini_decoder_part_plan(&plan, &t.config, part, &t.env, h, w, NULL), PITH_OK);
        if (part == 0) run_plan(plan, t.weights, "ref", in, 2, handed);
        if (part == 1) run_plan(plan, t.weights, "ref", last, 1, handed);
        if (part == 2) run_plan(plan, t.weights, "ref", last, 2, (nn_binding){"image", image});
        nn_plan_free(&plan);
    }
    assert_memory_equal(image, whole, n_image * sizeof *image);
    free(latent);
    free(steps);
    free(features);
    free(whole);
    free(image);
    close_case(&t);
}

/* Changes of one input value must not be felt beyond the reach, and be felt
 * somewhere near: the reach is neither too small nor a wild guess. */
static void reach_holds_the_networks_whole_influence(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    const uint32_t reach = mini_decoder_reach(&t.config), w = 4 * reach + 1, at = w / 2;
    const size_t n = t.config.n_latent;
    float *latent = calloc(n * w, sizeof *latent), *steps = calloc(w, sizeof *steps);
    float *one = calloc(w * 192, sizeof *one), *two = calloc(w * 192, sizeof *two);
    nn_plan *plan = NULL;
    for (size_t i = 0; i < n * w; i++) latent[i] = (float)(i * 7 % 11) * 0.3f - 1.5f;
    assert_int_equal(mini_decoder_plan(&plan, &t.config, &t.env, 1, w, NULL), PITH_OK);
    nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    run_plan(plan, t.weights, "ref", in, 2, (nn_binding){"image", one});
    for (size_t c = 0; c < n; c++) latent[c * w + at] += 50;
    run_plan(plan, t.weights, "ref", in, 2, (nn_binding){"image", two});
    uint32_t farthest = 0;
    for (size_t i = 0; i < (size_t)w * 192; i++) {
        if (memcmp(&one[i], &two[i], sizeof one[i]) == 0) continue;
        uint32_t x = (uint32_t)(i % (w * 8) / 8), far = x > at ? x - at : at - x;
        if (far > farthest) farthest = far;
    }
    print_message("decoder's reach %u, influence seen as far as %u\n", reach, farthest);
    assert_true(farthest <= reach);
    assert_true(farthest + 2 >= reach);
    nn_plan_free(&plan);
    free(latent);
    free(steps);
    free(one);
    free(two);
    close_case(&t);
}

static void refuse(const char *key, const char *value, const char *in_message) {
    pith_env env;
    pith_diag why = {0};
    mini_config config;
    tensor_table *real = open_data("mini_tiny.safetensors"), *table = NULL;
    static const char *const keys[] = {"format",        "format_version", "name",          "latent_channels",
                                       "width_h",       "width_w",        "n_enc_high",    "n_enc_low",
                                       "n_dec_low",     "n_dec_high",     "downscale",     "log2_step_min",
                                       "log2_step_max", "log2_step_q0",   "log2_step_q100"};
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = strcmp(keys[i], key) == 0 ? value : tensor_table_meta(real, keys[i]);
        if (text) assert_int_equal(tensor_table_set_meta(table, keys[i], text), PITH_OK);
    }
    if (in_message) {
        assert_int_equal(mini_config_read(&config, table, &why), PITH_E_FORMAT);
        if (!strstr(why.message, in_message)) fail_msg("\"%s\" does not say \"%s\"", why.message, in_message);
    } else {
        assert_int_equal(mini_config_read(&config, table, &why), PITH_OK);
    }
    tensor_table_free(&table);
    tensor_table_free(&real);
}

static void refuses_metadata_that_cannot_be_true(void **state) {
    (void)state;
    refuse("none", "", NULL);
    refuse("name", NULL, "name");
    refuse("name", "", "name");
    refuse("name", "../etc", "name");
    refuse("name", "-x", "name");
    refuse("name", "a-name-of-more-than-thirty-one-letters", "name");
    refuse("format_version", "2", "format_version");
    refuse("latent_channels", "0", "latent_channels");
    refuse("latent_channels", "33", "latent_channels");
    refuse("latent_channels", "-1", "latent_channels");
    refuse("latent_channels", "4x", "latent_channels");
    refuse("width_h", "99999999999999999999", "width_h");
    refuse("downscale", "16", "downscale");
    refuse("n_dec_low", "1000", "n_dec_low");
    refuse("log2_step_min", "nan", "log2_step_min");
    refuse("log2_step_min", "1e3", "log2_step_min");
    refuse("log2_step_max", "16", "log2_step_max");
    refuse("log2_step_min", "9", "upside down");
    refuse("log2_step_q0", "-9", "upside down");
}

static void reports_the_tensor_that_is_missing(void **state) {
    (void)state;
    tap_case t;
    open_case(&t);
    pith_diag why = {0};
    nn_plan *plan = NULL;
    t.config.n_enc_low++;
    assert_int_equal(mini_encoder_plan(&plan, &t.config, &t.env, 1, 1, NULL), PITH_OK);
    assert_int_equal(nn_plan_check(plan, t.weights, &why), PITH_E_MODEL_SHAPE);
    assert_non_null(strstr(why.message, "enc.net."));
    nn_plan_free(&plan);
    close_case(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoder_matches_pytorch_on_every_backend),
        cmocka_unit_test(decoder_matches_pytorch_on_every_backend),
        cmocka_unit_test(the_texture_matches_pytorch_on_every_backend),
        cmocka_unit_test(noise_is_normal_and_belongs_to_its_place),
        cmocka_unit_test(the_gradient_matches_pytorch_on_every_backend),
        cmocka_unit_test(the_decoders_parts_are_the_whole),
        cmocka_unit_test(reach_holds_the_networks_whole_influence),
        cmocka_unit_test(refuses_metadata_that_cannot_be_true),
        cmocka_unit_test(reports_the_tensor_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
