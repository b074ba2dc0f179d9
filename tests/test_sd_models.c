/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stable Diffusion's networks by themselves: what they need of a checkpoint,
 * what is read off its shapes, what is refused, and that the backends agree.
 * That they compute the right thing is for test_sd_networks.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/blocks.h"
#include "nn/nn_internal.h"
#include "sd_case.h"

/* Two backends, relative rms: each is within 3e-6 of exact arithmetic. */
#define BOUND 1e-5

#define SEED 7
#define WIDTH 32

/* ---- what a checkpoint must have --------------------------------------------------- */

typedef struct need {
    uint64_t n_tensors, n_parameters;
} need;

static void add_need(need *n, nn_plan *plan) {
    for (int32_t i = 0; i < plan->n_weights; i++) {
        uint64_t count = 1;
        for (uint32_t k = 0; k < plan->weights[i].rank; k++) count *= plan->weights[i].shape[k];
        n->n_parameters += count;
    }
    n->n_tensors += (uint64_t)plan->n_weights;
    nn_plan_free(&plan);
}

/* The counts are those of the public checkpoints. */
static void full_width_needs_every_tensor_of_a_checkpoint(void **state) {
    (void)state;
    const vae_config vae = sd_case_vae(128);
    const unet_config unet = sd_case_unet(320);
    const text_config text = sd_case_text();
    const taesd_config taesd = sd_case_taesd();
    nn_plan *plan = NULL;
    need n = {0};
    assert_int_equal(vae_encoder_plan(&plan, &vae, NULL, 64, 64, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(vae_decoder_plan(&plan, &vae, NULL, 64, 64, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(n.n_tensors, 248);
    assert_int_equal(n.n_parameters, 83653863);
    n = (need){0};
    assert_int_equal(unet_plan(&plan, &unet, NULL, 64, 64, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(n.n_tensors, 686);
    assert_int_equal(n.n_parameters, 859520964);
    n = (need){0};
    assert_int_equal(text_plan(&plan, &text, NULL, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(n.n_tensors + 2, 196); /* the embeddings are no weights of the plan */
    assert_int_equal(n.n_parameters + (49408 + 77) * 768, 123060480);
    n = (need){0};
    assert_int_equal(taesd_encoder_plan(&plan, &taesd, NULL, 64, 64, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(taesd_decoder_plan(&plan, &taesd, NULL, 64, 64, NULL), PITH_OK);
    add_need(&n, plan);
    assert_int_equal(n.n_tensors, 67 + 67);
}

/* ---- configurations -------------------------------------------------------------------- */

static void assert_same_unet(const unet_config *a, const unet_config *b) {
    assert_int_equal(a->n_levels, b->n_levels);
    assert_int_equal(a->n_blocks, b->n_blocks);
    assert_int_equal(a->c_base, b->c_base);
    assert_int_equal(a->c_time, b->c_time);
    assert_memory_equal(a->c, b->c, sizeof a->c);
    assert_memory_equal(a->has_attention, b->has_attention, sizeof a->has_attention);
    assert_int_equal(a->has_middle, b->has_middle);
    assert_int_equal(a->n_latent, b->n_latent);
    assert_int_equal(a->c_context, b->c_context);
    assert_int_equal(a->n_context, b->n_context);
    assert_int_equal(a->n_heads, b->n_heads);
    assert_int_equal(a->n_groups, b->n_groups);
    assert_true(a->res_epsilon == b->res_epsilon && a->attention_epsilon == b->attention_epsilon);
    assert_true(a->layer_epsilon == b->layer_epsilon);
}

static void check_unet_config(const unet_config *made) {
    unet_config read;
    pith_diag why = {0};
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_unet(&r, made);
    assert_true(unet_recognise(r.table) && !vae_recognise(r.table) && !text_recognise(r.table));
    if (unet_config_read(&read, r.table, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_same_unet(&read, made);
    random_sd_free(&r);
}

static void unet_config_is_read_off_shapes(void **state) {
    (void)state;
    const unet_config usual = sd_case_unet(WIDTH);
    check_unet_config(&usual);
    unet_config reduced = usual; /* as the distilled ones: fewer blocks, no middle, fewer levels */
    reduced.n_blocks = 1;
    reduced.has_middle = false;
    check_unet_config(&reduced);
    reduced.n_levels = 3;
    reduced.c[3] = 0;
    check_unet_config(&reduced);
    unet_config odd = usual;
    odd.c[0] = odd.c[1] = 64;
    odd.has_attention[0] = false;
    odd.has_attention[3] = true;
    odd.n_latent = 16;
    odd.c_context = 96;
    check_unet_config(&odd);
}

static void check_vae_config(const vae_config *made) {
    vae_config read;
    pith_diag why = {0};
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_vae(&r, made);
    if (vae_config_read(&read, r.table, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_true(vae_recognise(r.table) && !unet_recognise(r.table) && !taesd_recognise(r.table));
    assert_int_equal(read.n_levels, made->n_levels);
    assert_int_equal(read.n_blocks, made->n_blocks);
    assert_int_equal(read.c_base, made->c_base);
    assert_memory_equal(read.c, made->c, sizeof read.c);
    assert_int_equal(read.n_latent, made->n_latent);
    assert_int_equal(read.n_moments, made->n_moments);
    assert_int_equal(read.n_groups, made->n_groups);
    assert_true(read.norm_epsilon == made->norm_epsilon && read.latent_scale == made->latent_scale);
    random_sd_free(&r);
}

static void vae_config_is_read_off_shapes(void **state) {
    (void)state;
    const vae_config usual = sd_case_vae(WIDTH);
    check_vae_config(&usual);
    assert_int_equal(vae_downscale(&usual), 8);
    vae_config other = usual;
    other.n_levels = 3;
    other.c[3] = 0;
    other.n_blocks = 1;
    other.n_latent = 3;
    other.n_moments = 16;
    check_vae_config(&other);
    assert_int_equal(vae_downscale(&other), 4);
}

static void taesd_config_is_read_off_either_half(void **state) {
    (void)state;
    const taesd_config made = {.c = 8, .n_latent = 5};
    taesd_config read = {0};
    for (int half = 0; half < 2; half++) {
        nn_plan *plan = NULL;
        random_sd r;
        assert_true(random_sd_new(&r, SEED, TENSOR_F32));
        assert_int_equal((half ? taesd_decoder_plan : taesd_encoder_plan)(&plan, &made, NULL, 1, 1, NULL), PITH_OK);
        assert_true(random_sd_add_plan(&r, plan));
        assert_true(taesd_recognise(r.table));
        assert_int_equal(taesd_config_read(&read, r.table, NULL), PITH_OK);
        assert_true(read.c == made.c && read.n_latent == made.n_latent);
        nn_plan_free(&plan);
        random_sd_free(&r);
    }
}

/* ---- what is refused ---------------------------------------------------------------------- */

/* A copy of the table with one tensor left out, or of another shape. */
static tensor_table *spoilt(const tensor_table *table, const char *name, uint32_t rank, const uint64_t *shape) {
    static const uint8_t zeros[1 << 20];
    tensor_table *copy = NULL;
    assert_int_equal(tensor_table_new(&copy, NULL), PITH_OK);
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        tensor t = *tensor_table_at(table, i);
        if (strcmp(t.name, name) == 0) {
            if (rank == 0) continue;
            t.rank = rank;
            t.n_elements = 1;
            for (uint32_t k = 0; k < rank; k++) t.n_elements *= t.shape[k] = shape[k];
            t.type = TENSOR_F16;
            t.n_bytes = t.n_elements * 2;
            t.data = zeros;
            assert_true(t.n_bytes <= sizeof zeros);
        }
        assert_int_equal(tensor_table_add(copy, &t), PITH_OK);
    }
    return copy;
}

typedef pith_status read_fn(const tensor_table *table, pith_diag *why);

static pith_status read_vae(const tensor_table *table, pith_diag *why) {
    vae_config c;
    return vae_config_read(&c, table, why);
}

static pith_status read_unet(const tensor_table *table, pith_diag *why) {
    unet_config c;
    return unet_config_read(&c, table, why);
}

static void refuses(read_fn *read, const tensor_table *table, const char *name, uint32_t rank, const uint64_t *shape,
                    pith_status status, const char *says) {
    pith_diag why = {0};
    tensor_table *bad = spoilt(table, name, rank, shape);
    assert_int_equal(read(bad, &why), status);
    if (!strstr(why.message, says)) fail_msg("\"%s\" does not say \"%s\"", why.message, says);
    if (strchr(why.message, '\n')) fail_msg("\"%s\" is not one line", why.message);
    tensor_table_free(&bad);
}

#define SHAPE(...)                                                                                                     \
    (sizeof(const uint64_t[]){__VA_ARGS__} / sizeof(uint64_t)), (const uint64_t[]) { __VA_ARGS__ }
#define MISSING 0, NULL

static void refuses_an_autoencoder_of_impossible_shapes(void **state) {
    (void)state;
    const vae_config config = sd_case_vae(WIDTH);
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_vae(&r, &config);
    const tensor_table *t = r.table;
    refuses(read_vae, t, "none", MISSING, PITH_OK, "");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", MISSING, PITH_E_MODEL_SHAPE, "no tensor vae.encoder.conv_in");
    refuses(read_vae, t, "vae.encoder.down.0.block.0.conv1.weight", MISSING, PITH_E_MODEL_SHAPE, "no tensor vae.enc");
    refuses(read_vae, t, "vae.quant_conv.weight", MISSING, PITH_E_MODEL_SHAPE, "no tensor vae.quant_conv.weight");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", SHAPE(32, 3), PITH_E_MODEL_SHAPE, "2 dimensions, must have 4");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", SHAPE(33, 3, 3, 3), PITH_E_MODEL_SHAPE, "multiple of 32");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", SHAPE(32, 4, 3, 3), PITH_E_MODEL_SHAPE, "4 input channels");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", SHAPE(0, 3, 3, 3), PITH_E_MODEL_SHAPE, "must be 1 to");
    refuses(read_vae, t, "vae.encoder.conv_in.weight", SHAPE(16416, 3, 3, 1), PITH_E_MODEL_SHAPE, "must be 1 to");
    refuses(read_vae, t, "vae.encoder.conv_out.weight", SHAPE(7, 128, 3, 3), PITH_E_MODEL_SHAPE, "must be even");
    random_sd_free(&r);
}

static void refuses_a_unet_of_another_family(void **state) {
    (void)state;
    const unet_config config = sd_case_unet(WIDTH);
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_unet(&r, &config);
    const tensor_table *t = r.table;
    refuses(read_unet, t, "none", MISSING, PITH_OK, "");
    refuses(read_unet, t, "unet.input_blocks.0.0.weight", SHAPE(32, 9, 3, 3), PITH_E_UNSUPPORTED, "inpainting");
    refuses(read_unet, t, "unet.input_blocks.0.0.weight", SHAPE(32, 8, 3, 3), PITH_E_UNSUPPORTED, "another task");
    refuses(read_unet, t, "unet.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", SHAPE(32, 1024),
            PITH_E_UNSUPPORTED, "Stable Diffusion 2.x");
    refuses(read_unet, t, "unet.time_embed.0.weight", MISSING, PITH_E_MODEL_SHAPE, "no tensor unet.time_embed.0");
    refuses(read_unet, t, "unet.input_blocks.1.0.in_layers.2.weight", MISSING, PITH_E_MODEL_SHAPE, "no tensor unet.in");
    refuses(read_unet, t, "unet.input_blocks.4.0.in_layers.2.weight", MISSING, PITH_E_MODEL_SHAPE, "input_blocks.4.0");
    random_sd_free(&r);
}

/* What the configuration does not look at, the plan does. */
static void reports_the_tensor_that_is_missing_or_misshapen(void **state) {
    (void)state;
    static const char name[] = "unet.output_blocks.11.1.transformer_blocks.0.ff.net.0.proj.weight";
    const unet_config config = sd_case_unet(WIDTH);
    nn_plan *plan = NULL;
    pith_diag why = {0};
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_unet(&r, &config);
    assert_int_equal(unet_plan(&plan, &config, NULL, 8, 8, NULL), PITH_OK);
    assert_int_equal(nn_plan_check(plan, r.table, NULL), PITH_OK);
    tensor_table *bad = spoilt(r.table, name, MISSING);
    assert_int_equal(nn_plan_check(plan, bad, &why), PITH_E_MODEL_SHAPE);
    assert_string_equal(why.message, "model has no tensor "
                                     "unet.output_blocks.11.1.transformer_blocks.0.ff.net.0.proj.weight [256, 32]");
    tensor_table_free(&bad);
    bad = spoilt(r.table, name, SHAPE(128, 32));
    why = (pith_diag){0};
    assert_int_equal(nn_plan_check(plan, bad, &why), PITH_E_MODEL_SHAPE);
    assert_non_null(strstr(why.message, "is [128, 32], must be [256, 32]"));
    tensor_table_free(&bad);
    nn_plan_free(&plan);
    random_sd_free(&r);
}

static void refuses_a_latent_that_the_unet_cannot_halve(void **state) {
    (void)state;
    const unet_config config = sd_case_unet(WIDTH);
    pith_diag why = {0};
    nn_plan *plan = NULL;
    assert_int_equal(unet_granularity(&config), 8);
    assert_int_equal(unet_plan(&plan, &config, NULL, 8, 12, &why), PITH_E_ARG);
    assert_null(plan);
    assert_non_null(strstr(why.message, "12x8"));
}

/* ---- blocks ------------------------------------------------------------------------------------ */

static void geglu_gates_the_first_half_with_the_second(void **state) {
    (void)state;
    enum { IN = 2, HIDDEN = 8 };
    float x[IN] = {0.75f, -1.25f}, w1[2 * HIDDEN][IN], b1[2 * HIDDEN], w2[IN][HIDDEN], b2[IN], got[IN];
    random_sd_values(w1[0], sizeof w1 / sizeof(float), SEED, "w1", 0, 1);
    random_sd_values(b1, sizeof b1 / sizeof(float), SEED, "b1", 0, 1);
    random_sd_values(w2[0], sizeof w2 / sizeof(float), SEED, "w2", 0, 1);
    random_sd_values(b2, sizeof b2 / sizeof(float), SEED, "b2", 0, 1);
    const tensor tensors[] = {
        {.name = "w1.weight", .rank = 2, .shape = {2 * HIDDEN, IN}, .n_elements = 2 * HIDDEN * IN, .data = (void *)w1},
        {.name = "w1.bias", .rank = 1, .shape = {2 * HIDDEN}, .n_elements = 2 * HIDDEN, .data = (void *)b1},
        {.name = "w2.weight", .rank = 2, .shape = {IN, HIDDEN}, .n_elements = IN * HIDDEN, .data = (void *)w2},
        {.name = "w2.bias", .rank = 1, .shape = {IN}, .n_elements = IN, .data = (void *)b2}};
    tensor_table *table = NULL;
    assert_int_equal(tensor_table_new(&table, NULL), PITH_OK);
    for (size_t i = 0; i < 4; i++) {
        tensor t = tensors[i];
        t.type = TENSOR_F32;
        t.n_bytes = t.n_elements * sizeof(float);
        assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    }
    nn_plan *plan = nn_plan_new(NULL);
    nn_output(plan, "y", block_geglu(plan, nn_input(plan, "x", (nn_shape){1, 1, 1, IN}), "w1", "w2"));
    assert_int_equal(nn_plan_finish(plan, NULL), PITH_OK);
    sd_net net = sd_net_open(plan, table, "ref");
    sd_net_run(&net, &(nn_given){"x", x}, 1, &(nn_binding){"y", got}, 1);
    for (int o = 0; o < IN; o++) {
        double sum = (double)b2[o];
        for (int i = 0; i < HIDDEN; i++) {
            const int g = HIDDEN + i;
            const double a = (double)w1[i][0] * (double)x[0] + (double)w1[i][1] * (double)x[1] + (double)b1[i];
            const double b = (double)w1[g][0] * (double)x[0] + (double)w1[g][1] * (double)x[1] + (double)b1[g];
            sum += (double)w2[o][i] * a * 0.5 * b * (1 + erf(b / sqrt(2)));
        }
        assert_true(fabs((double)got[o] - sum) < 1e-5);
    }
    sd_net_close(&net);
    tensor_table_free(&table);
}

/* ---- backends ------------------------------------------------------------------------------------ */

static void assert_near(const float *got, const float *expected, size_t count, const char *backend) {
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - (double)expected[i]) * ((double)got[i] - (double)expected[i]);
        power += (double)expected[i] * (double)expected[i];
    }
    print_message("%s: relative rms %.2e from the reference\n", backend, sqrt(error / power));
    assert_true(power > 0 && sqrt(error / power) <= BOUND);
}

/* Runs a plan with random inputs, the same every time; `out` takes its only output. */
static void run_on(const char *backend, nn_plan *plan, const tensor_table *weights, float *out) {
    const size_t max_count = 1 << 17;
    nn_given inputs[3];
    float *values[3];
    size_t n_inputs = 0;
    for (; n_inputs < (size_t)plan->n_inputs; n_inputs++) {
        const nn_named *in = &plan->inputs[n_inputs];
        const size_t count = nn_shape_count(plan->ops[in->value].shape);
        assert_true(count <= max_count);
        values[n_inputs] = malloc(count * sizeof(float));
        inputs[n_inputs] = (nn_given){in->name, values[n_inputs]};
        random_sd_values(values[n_inputs], count, SEED, in->name, 0, 1);
    }
    assert_int_equal(plan->n_outputs, 1);
    const nn_binding only = {plan->outputs[0].name, out};
    sd_net net = sd_net_open(plan, weights, backend);
    sd_net_run(&net, inputs, n_inputs, &only, 1);
    for (size_t i = 0; i < n_inputs; i++) free(values[i]);
    sd_net_close(&net);
}

/* Every backend against the reference. */
static void backends_agree(nn_plan *(*make)(void), const tensor_table *weights, size_t out_count) {
    float *reference = calloc(out_count, sizeof *reference), *got = calloc(out_count, sizeof *got);
    run_on("ref", make(), weights, reference);
    for (const char *const *backend = nn_backend_list(); strcmp(*backend, "ref") != 0; backend++) {
        run_on(*backend, make(), weights, got);
        assert_near(got, reference, out_count, *backend);
    }
    free(reference);
    free(got);
}

static nn_plan *tiny_unet(void) {
    const unet_config config = sd_case_unet(WIDTH);
    nn_plan *plan = NULL;
    assert_int_equal(unet_plan(&plan, &config, NULL, 8, 16, NULL), PITH_OK);
    return plan;
}

static nn_plan *tiny_decoder(void) {
    const vae_config config = sd_case_vae(WIDTH);
    nn_plan *plan = NULL;
    assert_int_equal(vae_decoder_plan(&plan, &config, NULL, 3, 5, NULL), PITH_OK);
    return plan;
}

static nn_plan *tiny_taesd(void) {
    const taesd_config config = sd_case_taesd();
    nn_plan *plan = NULL;
    assert_int_equal(taesd_encoder_plan(&plan, &config, NULL, 3, 5, NULL), PITH_OK);
    return plan;
}

static void backends_agree_on_the_unet(void **state) {
    (void)state;
    const unet_config config = sd_case_unet(WIDTH);
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_unet(&r, &config);
    backends_agree(tiny_unet, r.table, 4 * 8 * 16);
    random_sd_free(&r);
}

static void backends_agree_on_the_autoencoder(void **state) {
    (void)state;
    const vae_config config = sd_case_vae(WIDTH);
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F32));
    sd_case_add_vae(&r, &config);
    backends_agree(tiny_decoder, r.table, 3 * 24 * 40);
    random_sd_free(&r);
}

static void backends_agree_on_taesd(void **state) {
    (void)state;
    const taesd_config config = sd_case_taesd();
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F32));
    sd_case_add_taesd(&r, &config);
    backends_agree(tiny_taesd, r.table, 4 * 3 * 5);
    random_sd_free(&r);
}

/* ---- the empty prompt ------------------------------------------------------------------------------ */

static text_config tiny_text(void) {
    return (text_config){
        .n_layers = 2, .c = 64, .c_mlp = 96, .n_tokens = 10, .n_positions = 4, .n_heads = 1, .layer_epsilon = 1e-5f};
}

static void empty_prompt_is_the_start_token_then_end_tokens(void **state) {
    (void)state;
    const text_config made = tiny_text();
    text_config config;
    float got[4 * 64], token[64], position[4 * 64];
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F32));
    sd_case_add_text(&r, &made);
    assert_int_equal(text_config_read(&config, r.table, NULL), PITH_OK);
    assert_memory_equal(&config, &made, sizeof made);
    assert_int_equal(text_empty_embeddings(got, &config, r.table, NULL), PITH_OK);
    const tensor *tokens = tensor_table_find(r.table, "text.embeddings.token_embedding.weight");
    const tensor *positions = tensor_table_find(r.table, "text.embeddings.position_embedding.weight");
    tensor_read_f32(positions, 0, 4 * 64, position);
    for (uint32_t i = 0; i < 4; i++) {
        tensor_read_f32(tokens, (i == 0 ? 8 : 9) * 64, 64, token);
        for (uint32_t k = 0; k < 64; k++) assert_true(got[i * 64 + k] == token[k] + position[i * 64 + k]);
    }
    random_sd_free(&r);
}

static void a_constant_stands_for_the_text_encoder(void **state) {
    (void)state;
    const uint64_t shape[] = {4, 64};
    float got[4 * 64], expected[4 * 64];
    pith_diag why = {0};
    nn_backend *backend = NULL;
    random_sd r;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(nn_backend_new(&backend, &env, "ref", NULL), PITH_OK);
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    assert_int_equal(text_empty_context(got, 4, 64, r.table, backend, &env, &why), PITH_E_MODEL_SHAPE);
    assert_non_null(strstr(why.message, "neither a text encoder nor"));
    assert_true(random_sd_add(&r, TEXT_EMPTY_PROMPT_KEY, 2, shape));
    assert_int_equal(text_empty_context(got, 4, 64, r.table, backend, &env, NULL), PITH_OK);
    tensor_read_f32(tensor_table_find(r.table, TEXT_EMPTY_PROMPT_KEY), 0, 4 * 64, expected);
    assert_memory_equal(got, expected, sizeof got);
    assert_int_equal(text_empty_context(got, 2, 64, r.table, backend, &env, NULL), PITH_E_MODEL_SHAPE);
    nn_backend_free(&backend);
    random_sd_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_width_needs_every_tensor_of_a_checkpoint),
        cmocka_unit_test(unet_config_is_read_off_shapes),
        cmocka_unit_test(vae_config_is_read_off_shapes),
        cmocka_unit_test(taesd_config_is_read_off_either_half),
        cmocka_unit_test(refuses_an_autoencoder_of_impossible_shapes),
        cmocka_unit_test(refuses_a_unet_of_another_family),
        cmocka_unit_test(reports_the_tensor_that_is_missing_or_misshapen),
        cmocka_unit_test(refuses_a_latent_that_the_unet_cannot_halve),
        cmocka_unit_test(geglu_gates_the_first_half_with_the_second),
        cmocka_unit_test(backends_agree_on_the_unet),
        cmocka_unit_test(backends_agree_on_the_autoencoder),
        cmocka_unit_test(backends_agree_on_taesd),
        cmocka_unit_test(empty_prompt_is_the_start_token_then_end_tokens),
        cmocka_unit_test(a_constant_stands_for_the_text_encoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
