/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Recipe 1: tiles with the statistics, keys and values of the whole picture make
 * nearly what the networks make when they see it whole, without a halo they do
 * not; and what it costs that those come from a reduced copy. Random weights of
 * reduced width, of which a statistic is one channel's: at full width it is that of many. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/kind_sd1.h"
#include "api/tiles.h"
#include "model/text.h"
#include "sd_case.h"
#include "temp_file.h"
#include "weights/safetensors.h"

#define SEED 3
#define WIDTH 32 /* of both networks */
#define H 64u
#define W 96u /* latent positions: 768 x 512 pixels, three windows */
#define N_LATENT 4u
#define N_PIXELS ((size_t)3 * 64 * H * W)
#define LEAST_PSNR 45.0
#define WINDOW 64u

/* Statistics of the whole picture, so that all that differs is the tiles; without a halo, too. */
static const sd1_tiling exact = {.window = WINDOW, .halo = 16, .reduced = W, .block = W};
static const sd1_tiling no_halo = {.window = WINDOW, .halo = 0, .reduced = W, .block = W};
/* As recipe 1 does it, for a picture four times as large as the copy. */
static const sd1_tiling reduced = {.window = WINDOW, .halo = 16, .reduced = 48, .block = 16};

typedef struct fixture {
    pith_env env;
    pith_model *model;
    model_session *session;
    float *picture, *latent; /* latent: of the whole picture */
} fixture;

static fixture f;

/* Shapes of many sizes whose contrast and brightness change over the picture, in [0, 1]. */
static void draw(float *planes) {
    uint32_t seed = 77;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 8 * H; y++)
            for (uint32_t x = 0; x < 8 * W; x++) {
                seed = seed * 1664525u + 1013904223u;
                const double u = x / (8.0 * W), v = y / (8.0 * H), noise = (double)(seed >> 8) / (1 << 24) - 0.5;
                const double shape = sin(40 * u * u + 3 * c) * cos(25 * v) + 0.5 * sin(300 * u * v) +
                                     ((x / 96 + y / 64) % 3 == 0 ? 0.6 : 0) + 0.2 * noise;
                const double value = 0.5 + 0.35 * (u - v) + 0.25 * (0.3 + u) * shape;
                planes[((size_t)c * 8 * H + y) * 8 * W + x] = (float)fmin(fmax(value, 0), 1);
            }
}

static void load(void *user, pixel_rect r, float *planes) {
    const float *picture = user;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < r.height; y++)
            memcpy(planes + ((size_t)c * r.height + y) * r.width, picture + ((size_t)c * 8 * H + r.y + y) * 8 * W + r.x,
                   r.width * sizeof *planes);
}

static pith_status progress(void *user, double done) {
    double *last = user;
    assert_true(done >= *last && done <= 1);
    *last = done;
    return PITH_OK;
}

typedef struct result {
    double last; /* first: progress takes it */
    uint32_t next;
    float *planes;
} result;

static pith_status take_rows(void *user, uint32_t first, uint32_t n_rows, const float *planes, uint32_t plane_height,
                             uint32_t plane_width) {
    result *r = user;
    assert_int_equal(first, r->next);
    assert_int_equal(plane_width, 8 * W);
    assert_true(n_rows <= plane_height);
    r->next += n_rows;
    for (uint32_t c = 0; c < 3; c++)
        memcpy(r->planes + ((size_t)c * 8 * H + first) * 8 * W, planes + (size_t)c * plane_height * plane_width,
               (size_t)n_rows * plane_width * sizeof *planes);
    return PITH_OK;
}

static int setup(void **state) {
    (void)state;
    const vae_config vae = sd_case_vae(WIDTH);
    const unet_config unet = sd_case_unet(WIDTH);
    const uint64_t prompt[] = {unet.n_context, unet.c_context};
    pith_diag why = {0};
    random_sd r;
    pith_env_defaults(&f.env, sizeof f.env);
    if (strcmp(nn_backend_list()[0], "ref") == 0) return 0;
    if (!random_sd_new(&r, SEED, TENSOR_F16)) return 1;
    sd_case_add_vae(&r, &vae);
    sd_case_add_unet(&r, &unet);
    if (!random_sd_add(&r, TEXT_EMPTY_PROMPT_KEY, 2, prompt)) return 1;
    if (tensor_table_set_meta(r.table, "format", MODEL_SD1_FORMAT) != PITH_OK ||
        tensor_table_set_meta(r.table, "format_version", MODEL_SD1_VERSION) != PITH_OK)
        return 1;
    const char *path = temp_path("tiled.safetensors");
    if (safetensors_write(path, r.table, &f.env, &why) != PITH_OK) return 1;
    random_sd_free(&r);
    const pith_status status = pith_model_open(&f.model, &f.env, path, &why);
    remove(path);
    if (status != PITH_OK || model_session_new(&f.session, f.model, &why) != PITH_OK) {
        fprintf(stderr, "%s\n", why.message);
        return 1;
    }
    f.picture = malloc(N_PIXELS * sizeof(float));
    f.latent = malloc((size_t)N_LATENT * H * W * sizeof(float));
    draw(f.picture);
    return model_encode(f.session, H, W, f.picture, f.latent, &why) == PITH_OK ? 0 : 1;
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
    if (f.session) return;
    print_message("SKIPPED: the reference engine alone, which takes an hour for this\n");
    skip();
}

/* Of 8-bit pictures, and of floats when `peak` is the range of b. */
static double psnr(const float *a, const float *b, size_t n, double peak) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return 10 * log10(peak * peak * (double)n / sum);
}

static double range_of(const float *a, size_t n) {
    float least = a[0], most = a[0];
    for (size_t i = 0; i < n; i++) {
        least = fminf(least, a[i]);
        most = fmaxf(most, a[i]);
    }
    return (double)(most - least);
}

static double encoded(const sd1_tiling *tiling) {
    static float latent[N_LATENT * H * W];
    pith_diag why = {0};
    double last = 0;
    const model_tiled_source source = {load, progress, f.picture, &last};
    if (sd1_encode_tiled(f.session, tiling, &source, H, W, latent, &why) != PITH_OK) fail_msg("%s", why.message);
    return psnr(latent, f.latent, (size_t)N_LATENT * H * W, range_of(f.latent, (size_t)N_LATENT * H * W));
}

static double decoded(const sd1_tiling *tiling, const model_decode_how *how, const float *whole) {
    pith_diag why = {0};
    result r = {.planes = malloc(N_PIXELS * sizeof(float))};
    const model_tiled_sink sink = {take_rows, progress, &r};
    if (sd1_decode_tiled(f.session, tiling, H, W, f.latent, how, &sink, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_int_equal(r.next, 8 * H);
    const double db = psnr(r.planes, whole, N_PIXELS, 1);
    free(r.planes);
    return db;
}

static void tiles_encode_what_the_whole_picture_does(void **state) {
    (void)state;
    need_speed();
    const double db = encoded(&exact), without = encoded(&no_halo);
    print_message("latent: %.1f dB, without a halo %.1f dB\n", db, without);
    assert_true(db >= LEAST_PSNR);
    assert_true(without < LEAST_PSNR);
}

static void tiles_decode_to_what_the_whole_latent_does(void **state) {
    (void)state;
    need_speed();
    pith_diag why = {0};
    const model_decode_how how = {.step = 0.25f};
    float *whole = malloc(N_PIXELS * sizeof *whole);
    if (model_decode(f.session, H, W, f.latent, &how, whole, &why) != PITH_OK) fail_msg("%s", why.message);
    const double db = decoded(&exact, &how, whole), without = decoded(&no_halo, &how, whole);
    print_message("picture: %.1f dB, without a halo %.1f dB\n", db, without);
    assert_true(db >= LEAST_PSNR);
    assert_true(without < LEAST_PSNR);
    free(whole);
}

static void tiles_denoise_as_the_whole_latent_does(void **state) {
    (void)state;
    need_speed();
    pith_diag why = {0};
    const model_decode_how how = {.step = 0.25f, .n_steps = 1};
    float *whole = malloc(N_PIXELS * sizeof *whole);
    if (model_decode(f.session, H, W, f.latent, &how, whole, &why) != PITH_OK) fail_msg("%s", why.message);
    const double db = decoded(&exact, &how, whole);
    print_message("picture, a step of denoising: %.1f dB\n", db);
    assert_true(db >= LEAST_PSNR);
    free(whole);
}

/* No bound on what random weights make of a sample's statistics: it is said, and must be a picture. */
static void a_reduced_copy_stands_for_the_whole(void **state) {
    (void)state;
    need_speed();
    pith_diag why = {0};
    const model_decode_how how = {.step = 0.25f};
    float *whole = malloc(N_PIXELS * sizeof *whole);
    if (model_decode(f.session, H, W, f.latent, &how, whole, &why) != PITH_OK) fail_msg("%s", why.message);
    const double latent = encoded(&reduced), picture = decoded(&reduced, &how, whole);
    print_message("statistics of a reduced copy: latent %.1f dB, picture %.1f dB\n", latent, picture);
    assert_true(latent > 20 && picture > 10);
    free(whole);
}

/* What all windows count together is 1 everywhere. */
static void windows_are_blended_to_one(void **state) {
    (void)state;
    static const uint32_t lengths[] = {1, 7, 48, 49, 64, 97, 128, 129, 130, 191, 1000, 1921, 12345};
    for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++)
        for (uint32_t halo = 0; halo <= 16; halo += 16) {
            const tile_axis a = tile_grid_blended(lengths[k], 1, WINDOW, halo).x;
            float *weights = malloc(a.count * a.window * 2 * sizeof *weights);
            double *sums = calloc((size_t)lengths[k] * 2, sizeof *sums);
            tile_axis_weights(&a, 2, weights);
            for (uint32_t i = 0; i < a.count; i++) {
                const uint32_t start = tile_axis_span(&a, i).window_start;
                assert_true(start + a.window <= lengths[k]);
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
        cmocka_unit_test(tiles_encode_what_the_whole_picture_does),
        cmocka_unit_test(tiles_decode_to_what_the_whole_latent_does),
        cmocka_unit_test(tiles_denoise_as_the_whole_latent_does),
        cmocka_unit_test(a_reduced_copy_stands_for_the_whole),
    };
    return cmocka_run_group_tests_name("sd_networks_tiled", tests, setup, teardown);
}
