/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The networks of Stable Diffusion against the original PyTorch modules, on
 * every backend: random weights of reduced width (the text encoder and TAESD:
 * whole), expected results from ../shared/sd, beside the source tree. Skipped
 * where that folder is not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef PITH_HAVE_PNG
#include <png.h>
#endif

#include "model/schedule.h"
#include "sd_case.h"
#include "weights/safetensors.h"

/* Relative rms over a tensor. The reference's own float32 run is 5e-6 from its
 * float64 run at most; the group norms' epsilons swapped are 1.7e-5 away. */
#define BOUND 1e-5
#define BOUND_DDIM 5e-5

#define SEED 1
#define VAE_WIDTH 32
#define UNET_WIDTH 64
#define STRIDE_SHOWN 16 /* of the decoder's output the sets have every 16th row and column */
#define N_STEPS 4

static random_sd model; /* autoencoder and U-Net, made by the first test */

/* ---- the sets ------------------------------------------------------------------------ */

static tensor_table *open_expected(const char *name) {
    const char *root = getenv("PITH_SOURCE_DIR");
    char path[4096];
    tensor_table *table = NULL;
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    snprintf(path, sizeof path, "%s/../shared/sd/expected/%s.safetensors", root ? root : ".", name);
    if (access(path, R_OK) != 0) {
        print_message("SKIPPED: there is no %s\n", path);
        skip();
    }
    if (safetensors_open(&table, &env, path, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    return table;
}

static float *values(const tensor_table *set, const char *name) {
    const tensor *t = tensor_table_find(set, name);
    if (!t) fail_msg("the set lacks %s", name);
    float *v = malloc(t->n_elements * sizeof *v);
    assert_non_null(v);
    tensor_read_f32(t, 0, t->n_elements, v);
    return v;
}

static double relative_rms(const float *got, const float *expected, size_t count) {
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - (double)expected[i]) * ((double)got[i] - (double)expected[i]);
        power += (double)expected[i] * (double)expected[i];
    }
    return isfinite(error) ? sqrt(error / power) : INFINITY;
}

/* Compares with the tensor of that name. */
static double error_of(const tensor_table *set, const char *name, const float *got, const char *backend) {
    const tensor *t = tensor_table_find(set, name);
    float *expected = values(set, name);
    const double error = relative_rms(got, expected, t->n_elements);
    free(expected);
    print_message("%-14s on %-6s relative rms %.2e\n", name, backend, error);
    return error;
}

typedef struct size {
    uint32_t h, w; /* of the latent */
} size;

static size latent_size(const tensor_table *set) {
    const tensor *t = tensor_table_find(set, "latent");
    assert_non_null(t);
    return (size){(uint32_t)t->shape[2], (uint32_t)t->shape[3]};
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* An argument of the functions below. */
typedef void on_backend(const tensor_table *set, const char *backend);

static void on_best_backend(const char *name, on_backend *check) {
    tensor_table *set = open_expected(name);
    check(set, nn_backend_list()[0]);
    tensor_table_free(&set);
}

/* Sanitized, the reference engine takes minutes: test_sd_models.c runs it small. */
static void on_every_backend(const char *name, on_backend *check) {
    tensor_table *set = open_expected(name);
    for (const char *const *backend = nn_backend_list(); *backend; backend++)
        if (backend == nn_backend_list() || !SANITIZED) check(set, *backend);
    tensor_table_free(&set);
}

/* For large pictures. */
static void on_fast_backend(const char *name, on_backend *check) {
    if (strcmp(nn_backend_list()[0], "onednn") != 0) {
        print_message("SKIPPED: takes long, and is run with oneDNN built in\n");
        skip();
    }
    on_best_backend(name, check);
}

static const tensor_table *weights(void) {
    const vae_config vae = sd_case_vae(VAE_WIDTH);
    const unet_config unet = sd_case_unet(UNET_WIDTH);
    if (model.table) return model.table;
    assert_true(random_sd_new(&model, SEED, TENSOR_F32));
    sd_case_add_vae(&model, &vae);
    sd_case_add_unet(&model, &unet);
    return model.table;
}

static int free_weights(void **state) {
    (void)state;
    random_sd_free(&model);
    return 0;
}

/* ---- pictures -------------------------------------------------------------------------- */

#ifdef PITH_HAVE_PNG
/* The set's input, [3, 8h, 8w], from 0..255 to low..high. */
static float *input_picture(const char *name, size s, float low, float high) {
    char path[4096];
    png_image png = {.version = PNG_IMAGE_VERSION};
    snprintf(path, sizeof path, "%s/../shared/sd/expected/%s.input.png", getenv("PITH_SOURCE_DIR"), name);
    if (!png_image_begin_read_from_file(&png, path)) fail_msg("%s: %s", path, png.message);
    png.format = PNG_FORMAT_RGB;
    assert_int_equal(png.width, s.w * 8);
    assert_int_equal(png.height, s.h * 8);
    const size_t area = (size_t)png.width * png.height;
    png_byte *bytes = malloc(3 * area);
    float *image = malloc(3 * area * sizeof *image);
    if (!png_image_finish_read(&png, NULL, bytes, 0, NULL)) fail_msg("%s: %s", path, png.message);
    for (size_t i = 0; i < 3 * area; i++) image[i % 3 * area + i / 3] = (float)bytes[i] / 255.0f * (high - low) + low;
    free(bytes);
    return image;
}
#else
static float *input_picture(const char *name, size s, float low, float high) {
    (void)name, (void)s, (void)low, (void)high;
    print_message("SKIPPED: built without libpng\n");
    skip();
    return NULL;
}
#endif

static const char *name_of_size(size s) { return s.h == 64 ? "small_512" : "small_192x128"; }

/* ---- autoencoder ----------------------------------------------------------------------- */

static double encoder_error(const tensor_table *set, const char *backend, const vae_config *config) {
    const size s = latent_size(set);
    const size_t half = (size_t)4 * s.h * s.w;
    float *image = input_picture(name_of_size(s), s, -1, 1), *moments = malloc(2 * half * sizeof *moments);
    nn_plan *plan = NULL;
    assert_int_equal(vae_encoder_plan(&plan, config, NULL, s.h, s.w, NULL), PITH_OK);
    sd_net net = sd_net_open(plan, weights(), backend);
    const nn_given in = {"image", image};
    const nn_binding out[] = {{"mean", moments}, {"logvar", moments + half}};
    sd_net_run(&net, &in, 1, out, 2);
    const double error = error_of(set, "moments", moments, backend);
    sd_net_close(&net);
    free(image);
    free(moments);
    return error;
}

static double decoder_error(const tensor_table *set, const char *backend, const vae_config *config) {
    const size s = latent_size(set);
    const size_t h = (size_t)s.h * 8, w = (size_t)s.w * 8;
    float *latent = values(set, "latent"), *image = malloc(3 * h * w * sizeof *image);
    float *shown = malloc(3 * h * w / (STRIDE_SHOWN * STRIDE_SHOWN) * sizeof *shown);
    nn_plan *plan = NULL;
    size_t n = 0;
    assert_int_equal(vae_decoder_plan(&plan, config, NULL, s.h, s.w, NULL), PITH_OK);
    sd_net net = sd_net_open(plan, weights(), backend);
    const nn_given in = {"latent", latent};
    const nn_binding out = {"image", image};
    sd_net_run(&net, &in, 1, &out, 1);
    for (size_t row = 0; row < 3 * h; row += STRIDE_SHOWN) /* planes are whole strides high */
        for (size_t x = 0; x < w; x += STRIDE_SHOWN) shown[n++] = image[row * w + x];
    const double error = error_of(set, "decoded_s16", shown, backend);
    sd_net_close(&net);
    free(latent);
    free(image);
    free(shown);
    return error;
}

static void check_encoder(const tensor_table *set, const char *backend) {
    const vae_config config = sd_case_vae(VAE_WIDTH);
    assert_true(encoder_error(set, backend, &config) <= BOUND);
}

static void check_decoder(const tensor_table *set, const char *backend) {
    const vae_config config = sd_case_vae(VAE_WIDTH);
    assert_true(decoder_error(set, backend, &config) <= BOUND);
}

/* The bound tells the U-Net's epsilon from the autoencoder's. */
static void check_autoencoder_with_wrong_epsilon(const tensor_table *set, const char *backend) {
    vae_config config = sd_case_vae(VAE_WIDTH);
    config.norm_epsilon = 1e-5f;
    assert_true(encoder_error(set, backend, &config) > BOUND);
    assert_true(decoder_error(set, backend, &config) > BOUND);
}

static void encoder_gives_the_moments(void **state) {
    (void)state;
    on_every_backend("small_192x128", check_encoder);
}

static void encoder_gives_the_moments_of_512x512(void **state) {
    (void)state;
    on_fast_backend("small_512", check_encoder);
}

static void decoder_gives_the_picture(void **state) {
    (void)state;
    on_every_backend("small_192x128", check_decoder);
}

static void decoder_gives_the_picture_of_512x512(void **state) {
    (void)state;
    on_fast_backend("small_512", check_decoder);
}

static void bound_tells_a_wrong_epsilon_in_the_autoencoder(void **state) {
    (void)state;
    on_best_backend("small_192x128", check_autoencoder_with_wrong_epsilon);
}

/* ---- U-Net ------------------------------------------------------------------------------- */

/* A U-Net, what it is told, and what it says. */
typedef struct denoiser {
    sd_net net;
    float *timestep, *context, *eps;
    size_t count;
} denoiser;

static denoiser open_denoiser(const unet_config *config, size s, const char *backend) {
    nn_plan *plan = NULL;
    const size_t n_context = (size_t)config->n_context * config->c_context;
    assert_int_equal(unet_plan(&plan, config, NULL, s.h, s.w, NULL), PITH_OK);
    denoiser d = {.net = sd_net_open(plan, weights(), backend),
                  .timestep = malloc(config->c_base * sizeof(float)),
                  .context = malloc(n_context * sizeof(float)),
                  .count = (size_t)config->n_latent * s.h * s.w};
    d.eps = malloc(d.count * sizeof(float));
    random_sd_values(d.context, n_context, SEED, "context", 0, 1);
    return d;
}

static void close_denoiser(denoiser *d) {
    sd_net_close(&d->net);
    free(d->timestep);
    free(d->context);
    free(d->eps);
}

static void find_eps(denoiser *d, float *x, uint32_t t) {
    schedule_timestep_embedding(d->timestep, UNET_WIDTH, (float)t);
    const nn_given in[] = {{"latent", x}, {"timestep", d->timestep}, {"context", d->context}};
    const nn_binding out = {"eps", d->eps};
    sd_net_run(&d->net, in, 3, &out, 1);
}

static double eps_error(denoiser *d, const tensor_table *set, uint32_t t, const char *context, const char *backend) {
    char name[32];
    snprintf(name, sizeof name, "xt_t%u", t);
    float *x = values(set, name);
    find_eps(d, x, t);
    snprintf(name, sizeof name, "eps_t%u_%s", t, context);
    free(x);
    return error_of(set, name, d->eps, backend);
}

static void check_timesteps(const tensor_table *set, const char *backend, const uint32_t *timesteps, size_t n) {
    const unet_config config = sd_case_unet(UNET_WIDTH);
    denoiser d = open_denoiser(&config, latent_size(set), backend);
    double worst = 0;
    for (size_t i = 0; i < n; i++) worst = fmax(worst, eps_error(&d, set, timesteps[i], "rand", backend));
    memset(d.context, 0, (size_t)config.n_context * config.c_context * sizeof *d.context);
    for (size_t i = 0; i < n; i++) worst = fmax(worst, eps_error(&d, set, timesteps[i], "zero", backend));
    close_denoiser(&d);
    assert_true(worst <= BOUND);
}

static void check_eps(const tensor_table *set, const char *backend) {
    static const uint32_t timesteps[] = {1, 100, 500, 999};
    check_timesteps(set, backend, timesteps, sizeof timesteps / sizeof *timesteps);
}

/* Of a large picture, where each takes its time. */
static void check_last_eps(const tensor_table *set, const char *backend) {
    static const uint32_t timestep = 999;
    check_timesteps(set, backend, &timestep, 1);
}

static void check_eps_with_wrong_epsilon(const tensor_table *set, const char *backend) {
    unet_config config = sd_case_unet(UNET_WIDTH);
    config.res_epsilon = 1e-6f;
    config.attention_epsilon = 1e-5f;
    denoiser d = open_denoiser(&config, latent_size(set), backend);
    const double error = eps_error(&d, set, 100, "rand", backend);
    close_denoiser(&d);
    assert_true(error > BOUND);
}

static void check_ddim(const tensor_table *set, const char *backend) {
    static const uint32_t expected_timesteps[N_STEPS] = {200, 150, 100, 50};
    const unet_config config = sd_case_unet(UNET_WIDTH);
    denoiser d = open_denoiser(&config, latent_size(set), backend);
    float *x = values(set, "ddim_x0");
    double worst = 0;
    uint32_t timesteps[N_STEPS];
    sd_schedule schedule;
    schedule_init(&schedule);
    assert_int_equal(schedule_steps(timesteps, expected_timesteps[0], N_STEPS), N_STEPS);
    assert_memory_equal(timesteps, expected_timesteps, sizeof timesteps);
    for (uint32_t i = 0; i < N_STEPS; i++) {
        char name[32];
        float a, b;
        find_eps(&d, x, timesteps[i]);
        snprintf(name, sizeof name, "ddim_eps%u", i);
        worst = fmax(worst, error_of(set, name, d.eps, backend));
        schedule_step_alphas(&schedule, timesteps, N_STEPS, i, &a, &b);
        schedule_ddim_step(x, d.eps, d.count, a, b);
        snprintf(name, sizeof name, "ddim_x%u", i + 1);
        worst = fmax(worst, error_of(set, name, x, backend));
    }
    free(x);
    close_denoiser(&d);
    assert_true(worst <= BOUND_DDIM);
}

static void unet_gives_the_noise_at_every_timestep(void **state) {
    (void)state;
    on_every_backend("small_192x128", check_eps);
}

static void unet_gives_the_noise_of_512x512(void **state) {
    (void)state;
    on_fast_backend("small_512", check_last_eps);
}

static void bound_tells_a_wrong_epsilon_in_the_unet(void **state) {
    (void)state;
    on_best_backend("small_192x128", check_eps_with_wrong_epsilon);
}

static void four_ddim_steps_give_the_latents(void **state) {
    (void)state;
    on_every_backend("small_192x128", check_ddim);
}

static void four_ddim_steps_give_the_latents_of_512x512(void **state) {
    (void)state;
    on_fast_backend("small_512", check_ddim);
}

/* ---- text encoder -------------------------------------------------------------------------- */

static random_sd text_model;

static void check_text(const tensor_table *set, const char *backend_name) {
    const text_config config = sd_case_text();
    pith_diag why = {0};
    nn_backend *backend = NULL;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    float *context = malloc((size_t)config.n_positions * config.c * sizeof *context);
    if (!text_model.table) {
        assert_true(random_sd_new(&text_model, SEED, TENSOR_F32));
        sd_case_add_text(&text_model, &config);
    }
    assert_int_equal(nn_backend_new(&backend, &env, backend_name, &why), PITH_OK);
    if (text_empty_context(context, config.n_positions, config.c, text_model.table, backend, &env, &why) != PITH_OK)
        fail_msg("%s", why.message);
    assert_true(error_of(set, "context", context, backend_name) <= BOUND);
    nn_backend_free(&backend);
    free(context);
}

static void text_encoder_gives_the_empty_prompts_context(void **state) {
    (void)state;
    on_every_backend("empty_prompt_context", check_text);
    random_sd_free(&text_model);
}

/* ---- TAESD ------------------------------------------------------------------------------------ */

static void check_taesd(const tensor_table *set, const char *backend) {
    const taesd_config config = sd_case_taesd();
    const size s = latent_size(set);
    const size_t area = (size_t)64 * s.h * s.w;
    float *picture = input_picture("small_192x128", s, -1, 1), *given = values(set, "latent");
    float *latent = malloc((size_t)config.n_latent * s.h * s.w * sizeof *latent);
    nn_plan *plan = NULL;
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F32));
    sd_case_add_taesd(&r, &config);
    assert_int_equal(taesd_encoder_plan(&plan, &config, NULL, s.h, s.w, NULL), PITH_OK);
    sd_net net = sd_net_open(plan, r.table, backend);
    sd_net_run(&net, &(nn_given){"image", picture}, 1, &(nn_binding){"latent", latent}, 1);
    sd_net_close(&net);
    assert_true(error_of(set, "latent", latent, backend) <= BOUND);

    assert_int_equal(taesd_decoder_plan(&plan, &config, NULL, s.h, s.w, NULL), PITH_OK);
    net = sd_net_open(plan, r.table, backend);
    sd_net_run(&net, &(nn_given){"latent", given}, 1, &(nn_binding){"image", picture}, 1);
    sd_net_close(&net);
    for (size_t i = 0; i < 3 * area; i++) picture[i] = picture[i] * 0.5f + 0.5f; /* the set's is for [0, 1] */
    assert_true(error_of(set, "image", picture, backend) <= BOUND);
    random_sd_free(&r);
    free(picture);
    free(given);
    free(latent);
}

static void taesd_gives_latent_and_picture(void **state) {
    (void)state;
    on_every_backend("taesd_192x128", check_taesd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoder_gives_the_moments),
        cmocka_unit_test(decoder_gives_the_picture),
        cmocka_unit_test(encoder_gives_the_moments_of_512x512),
        cmocka_unit_test(decoder_gives_the_picture_of_512x512),
        cmocka_unit_test(bound_tells_a_wrong_epsilon_in_the_autoencoder),
        cmocka_unit_test(unet_gives_the_noise_at_every_timestep),
        cmocka_unit_test(unet_gives_the_noise_of_512x512),
        cmocka_unit_test(bound_tells_a_wrong_epsilon_in_the_unet),
        cmocka_unit_test(four_ddim_steps_give_the_latents),
        cmocka_unit_test(four_ddim_steps_give_the_latents_of_512x512),
        cmocka_unit_test(text_encoder_gives_the_empty_prompts_context),
        cmocka_unit_test(taesd_gives_latent_and_picture),
    };
    return cmocka_run_group_tests(tests, NULL, free_weights);
}
