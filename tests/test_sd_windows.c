/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Recipe 1: what Stable Diffusion's networks make of a picture in windows is
 * what they make of it when they see it whole, as near as 45 dB of the result's
 * range, and without a halo it is not. Random weights of reduced width. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "model/schedule.h"
#include "model/text.h"
#include "networks/kind_sd1.h"
#include "picture/tiles.h"
#include "random_bits.h"
#include "sd_case.h"
#include "temp_file.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define SEED 3
#define WIDTH 32 /* of both networks */
#define H 48u
#define W 96u /* latent positions: three windows */
#define N_LATENT 4u
#define N_LATENTS ((size_t)N_LATENT * H * W)
#define SIDE 2u
#define N_PIXELS ((size_t)3 * SIDE * SIDE * H * W)
#define LEAST_PSNR 45.0

/* Recipe 1 for a window of half the size. */
static sd1_tiling half_recipe(void) {
    sd1_tiling t = sd1_recipe_1;
    t.window /= 2;
    return t;
}

static sd1_tiling no_halo(void) {
    sd1_tiling t = half_recipe();
    t.halo = 0;
    return t;
}

/* ---- models ------------------------------------------------------------------------------- */

/* Two levels, so that a picture of more than 128x128 positions is small: a position is SIDE pixels. */
static vae_config shallow_vae(void) {
    vae_config c = sd_case_vae(WIDTH);
    c.n_levels = 2;
    c.n_blocks = 1;
    memset(c.c + 2, 0, sizeof c.c - 2 * sizeof *c.c);
    return c;
}

static unet_config shallow_unet(void) {
    unet_config c = sd_case_unet(WIDTH);
    c.n_levels = 2;
    c.n_blocks = 1;
    memset(c.c + 2, 0, sizeof c.c - 2 * sizeof *c.c);
    memset(c.has_attention, 0, sizeof c.has_attention);
    c.has_attention[1] = true;
    return c;
}

static void write_model(const char *path, const vae_config *vae, const unet_config *unet, const pith_env *env) {
    const uint64_t prompt[] = {unet->n_context, unet->c_context};
    pith_diag why = {0};
    random_sd r;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_vae(&r, vae);
    sd_case_add_unet(&r, unet);
    assert_true(random_sd_add(&r, TEXT_EMPTY_PROMPT_KEY, 2, prompt));
    assert_int_equal(tensor_table_set_meta(r.table, "format", MODEL_SD1_FORMAT), PITH_OK);
    assert_int_equal(tensor_table_set_meta(r.table, "format_version", FORMAT_VERSION_PLAIN), PITH_OK);
    if (safetensors_write(path, r.table, env, &why) != PITH_OK) fail_msg("%s", why.message);
    random_sd_free(&r);
}

typedef struct fixture {
    pith_env env;
    pith_model *model;
    model_session *session;
    float *picture, *latent; /* the picture in [-1, 1]; the latent of the whole of it */
} fixture;

static fixture f;

/* Shapes of many sizes whose contrast and brightness change over the picture. */
static void draw(float *planes) {
    uint32_t seed = 77;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < SIDE * H; y++)
            for (uint32_t x = 0; x < SIDE * W; x++) {
                next_random(&seed);
                const double u = x / ((double)SIDE * W), v = y / ((double)SIDE * H),
                             noise = (double)(seed >> 8) / (1 << 24) - 0.5;
                const double shape = sin(12 * u * u + 3 * c) * cos(9 * v) + 0.5 * sin(70 * u * v) +
                                     ((x / 24 + y / 16) % 3 == 0 ? 0.6 : 0) + 0.2 * noise;
                const double value = 0.5 + 0.35 * (u - v) + 0.25 * (0.3 + u) * shape;
                planes[((size_t)c * SIDE * H + y) * SIDE * W + x] = (float)(2 * fmin(fmax(value, 0), 1) - 1);
            }
}

/* A network over the whole of a picture. */
static void run_whole(sd1_plan_fn *make, const nn_given *in, size_t n_in, nn_binding *out, size_t n_out) {
    pith_diag why = {0};
    nn_plan *plan = NULL;
    nn_net *net = NULL;
    if (make(&plan, f.model, H, W, NULL, &why) != PITH_OK) fail_msg("%s", why.message);
    if (nn_bind(&net, plan, f.model->weights, f.model->backend, &why) != PITH_OK) fail_msg("%s", why.message);
    if (nn_run(net, in, n_in, out, n_out, &why) != PITH_OK) fail_msg("%s", why.message);
    nn_net_free(&net);
    nn_plan_free(&plan);
}

static bool is_slow(void) { return strcmp(nn_backend_list()[0], "onednn") != 0; }

static int setup(void **state) {
    (void)state;
    const vae_config vae = shallow_vae();
    const unet_config unet = shallow_unet();
    pith_diag why = {0};
    pith_env_defaults(&f.env, sizeof f.env);
    if (is_slow()) return 0;
    write_model(temp_path("windows.safetensors"), &vae, &unet, &f.env);
    if (pith_model_open(&f.model, &f.env, temp_path("windows.safetensors"), &why) != PITH_OK ||
        model_session_new(&f.session, f.model, &why) != PITH_OK) {
        fprintf(stderr, "%s\n", why.message);
        return 1;
    }
    f.picture = malloc(N_PIXELS * sizeof(float));
    f.latent = malloc(2 * N_LATENTS * sizeof(float));
    draw(f.picture);
    nn_given in = {"image", f.picture};
    nn_binding out[] = {{"mean", f.latent}, {"logvar", f.latent + N_LATENTS}};
    run_whole(sd1_encoder_plan, &in, 1, out, 2);
    for (size_t i = 0; i < N_LATENTS; i++) f.latent[i] *= vae.latent_scale;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    model_session_free(&f.session);
    pith_model_free(&f.model);
    free(f.picture);
    free(f.latent);
    return 0;
}

static void need_speed(void) {
    if (!is_slow()) return;
    print_message("SKIPPED: takes long, and is run with oneDNN built in\n");
    skip();
}

/* ---- whole networks ------------------------------------------------------------------------- */

/* Of a against b, whose range is the signal: random weights make no pictures in [0, 1]. */
static double psnr(const float *a, const float *b, size_t n) {
    double sum = 0;
    float least = b[0], most = b[0];
    for (size_t i = 0; i < n; i++) {
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        least = fminf(least, b[i]);
        most = fmaxf(most, b[i]);
    }
    return 20 * log10((double)(most - least)) - 10 * log10(sum / (double)n);
}

/* `again` is of a second run, as a denoiser's steps are; may be NULL. */
static double in_windows(sd1_plan_fn *make, sd1_tiling tiling, const sd1_io *io, const float *in, const float *whole,
                         double *again) {
    pith_diag why = {0};
    sd1_tiles *t = NULL;
    const size_t n = (size_t)io->n_out * io->out_scale * io->out_scale * H * W;
    float *out = malloc(n * sizeof *out);
    if (sd1_tiles_new(&t, f.session, make, &tiling, io, H, W, &why) != PITH_OK) fail_msg("%s", why.message);
    if (sd1_tiles_run(t, in, out, 0, 1, &why) != PITH_OK) fail_msg("%s", why.message);
    const double db = psnr(out, whole, n);
    if (again) {
        if (sd1_tiles_run(t, in, out, 0, 1, &why) != PITH_OK) fail_msg("%s", why.message);
        *again = psnr(out, whole, n);
    }
    sd1_tiles_free(&t);
    free(out);
    return db;
}

static void compare(const char *what, sd1_plan_fn *make, const sd1_io *io, const float *in, const float *whole,
                    double *again) {
    const double db = in_windows(make, half_recipe(), io, in, whole, again);
    const double without = in_windows(make, no_halo(), io, in, whole, NULL);
    print_message("%s: %.1f dB, without a halo %.1f dB\n", what, db, without);
    assert_true(db >= LEAST_PSNR);
    assert_true(without < LEAST_PSNR);
}

static void windows_encode_what_the_whole_picture_does(void **state) {
    (void)state;
    need_speed();
    const sd1_io io = {.in = "image",
                       .out = "mean",
                       .n_in = 3,
                       .n_out = N_LATENT,
                       .in_scale = SIDE,
                       .out_scale = 1,
                       .has_logvar = true,
                       .in_mul = 1,
                       .out_mul = f.model->config.sd1.vae.latent_scale};
    compare("latent", sd1_encoder_plan, &io, f.picture, f.latent, NULL);
}

static void windows_decode_to_what_the_whole_latent_does(void **state) {
    (void)state;
    need_speed();
    const sd1_io io = {.in = "latent",
                       .out = "image",
                       .n_in = N_LATENT,
                       .n_out = 3,
                       .in_scale = 1,
                       .out_scale = SIDE,
                       .in_mul = 1,
                       .out_mul = 1};
    float *whole = malloc(N_PIXELS * sizeof *whole);
    nn_given in = {"latent", f.latent};
    nn_binding out = {"image", whole};
    run_whole(sd1_decoder_plan, &in, 1, &out, 1);
    compare("picture", sd1_decoder_plan, &io, f.latent, whole, NULL);
    free(whole);
}

static void windows_denoise_as_the_whole_latent_does(void **state) {
    (void)state;
    need_speed();
    static float embedding[WIDTH], context[77 * 768];
    schedule_timestep_embedding(embedding, WIDTH, 20);
    random_sd_values(context, sizeof context / sizeof *context, SEED, "context", 0, 1);
    const nn_given more[] = {{"timestep", embedding}, {"context", context}};
    const sd1_io io = {.in = "latent",
                       .out = "eps",
                       .n_in = N_LATENT,
                       .n_out = N_LATENT,
                       .in_scale = 1,
                       .out_scale = 1,
                       .more = more,
                       .n_more = 2,
                       .in_mul = 1,
                       .out_mul = 1};
    float *whole = malloc(N_LATENTS * sizeof *whole);
    nn_given in[] = {{"latent", f.latent}, more[0], more[1]};
    nn_binding out = {"eps", whole};
    run_whole(sd1_denoiser_plan, in, 3, &out, 1);
    double again = 0;
    compare("noise", sd1_denoiser_plan, &io, f.latent, whole, &again);
    print_message("noise, a second step: %.1f dB\n", again);
    assert_true(again >= LEAST_PSNR);
    free(whole);
}

/* ---- files ------------------------------------------------------------------------------------- */

typedef struct watched {
    double last;
    int n, stop_at;
} watched;

static int count_reports(void *user, const char *stage, double done) {
    watched *w = user;
    assert_true(stage && done >= w->last && done <= 1);
    w->last = done;
    return ++w->n == w->stop_at;
}

static void large_pictures_are_recipe_1_and_small_ones_0(void **state) {
    (void)state;
    need_speed();
    api_case c;
    api_open(&c, temp_path("windows.safetensors"), NULL);
    const struct {
        uint32_t width, height;
        uint8_t recipe;
    } sizes[] = {{40, 40, 0}, {40, 1700, 1}};
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.steps = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        pith_image p = api_waves(sizes[i].width, sizes[i].height, 3, 8);
        pith_bytes file = api_encode(&c, &p, NULL);
        pith_info info = {.struct_size = sizeof info};
        pith_image q = api_decode(&c, file, &o, 8);
        assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
        assert_int_equal(info.recipe, sizes[i].recipe);
        assert_int_equal(q.format.width, p.format.width);
        free(p.pixels);
        free(q.pixels);
        pith_bytes_free(&c.env, &file);
    }
    api_close(&c);
}

/* A part of a large picture is that part of it, and long work reports and stops. */
static void parts_and_progress_of_a_large_picture(void **state) {
    (void)state;
    need_speed();
    api_case c;
    api_open(&c, temp_path("windows.safetensors"), NULL);
    pith_image p = api_waves(260, 262, 4, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.steps = 0;
    pith_image q = api_decode(&c, file, &o, 8);
    o.region = (pith_area){.x = 100, .y = 113, .width = 50, .height = 71};
    pith_image part = api_decode(&c, file, &o, 8);
    for (uint32_t y = 0; y < 71; y++)
        for (uint32_t x = 0; x < 50; x++)
            for (uint32_t k = 0; k < q.format.n_channels; k++)
                assert_int_equal(api_sample(&part, y, x, k), api_sample(&q, 113 + y, 100 + x, k));

    watched w = {0};
    pith_env env;
    pith_decoder *d = NULL;
    pith_sink sink;
    pith_env_defaults(&env, sizeof env);
    env.progress = (pith_progress){count_reports, &w};
    assert_int_equal(pith_decoder_new(&d, &env, NULL), PITH_OK);
    pith_sink_to_image(&sink, sizeof sink, &q);
    o.region = (pith_area){0};
    for (int run = 0; run < 2; run++) { /* the second is stopped early */
        assert_int_equal(pith_decoder_open(d, file.data, file.n_bytes), PITH_OK);
        assert_int_equal(pith_decode(d, c.model, &o, &sink), run == 0 ? PITH_OK : PITH_E_ABORTED);
        assert_true(run == 1 || (w.n > 2 * 4 && w.last == 1));
        w = (watched){.stop_at = 6};
    }
    pith_decoder_free(&d);
    free(p.pixels);
    free(q.pixels);
    free(part.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

/* What all windows count together is 1 everywhere. */
static void windows_are_blended_to_one(void **state) {
    (void)state;
    static const uint32_t lengths[] = {1, 7, 48, 49, 64, 97, 128, 129, 130, 191, 1000, 1921, 12345};
    const uint32_t window = 64;
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        for (uint32_t halo = 0; halo <= 16; halo += 16) {
            const tile_axis a = tile_grid_blended(lengths[k], 1, window, halo).x;
            float *weights = malloc((size_t)a.count * a.window * 2 * sizeof *weights);
            double *sums = calloc((size_t)lengths[k] * 2, sizeof *sums);
            tile_axis_weights(&a, 2, weights);
            for (uint32_t i = 0; i < a.count; i++) {
                const uint32_t start = tile_axis_span(&a, i).window_start;
                assert_true(start + a.window <= lengths[k] && a.window <= window);
                for (uint32_t x = 0; x < 2 * a.window; x++)
                    sums[2 * start + x] += (double)weights[(size_t)i * a.window * 2 + x];
            }
            for (size_t x = 0; x < (size_t)lengths[k] * 2; x++) assert_true(fabs(sums[x] - 1) < 1e-5);
            free(weights);
            free(sums);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_blended_to_one),
        cmocka_unit_test(windows_encode_what_the_whole_picture_does),
        cmocka_unit_test(windows_decode_to_what_the_whole_latent_does),
        cmocka_unit_test(windows_denoise_as_the_whole_latent_does),
        cmocka_unit_test(large_pictures_are_recipe_1_and_small_ones_0),
        cmocka_unit_test(parts_and_progress_of_a_large_picture),
    };
    return cmocka_run_group_tests_name("sd_windows", tests, setup, teardown);
}
