/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Recipe 1 against the whole picture, at full depth and reduced width, on random weights:
 *
 *     bench_windows PICTURE.ppm [WIDTH]
 *
 * PICTURE is a binary PPM of 8 bits whose sides are multiples of 64, of more than a megapixel; WIDTH, of the
 * autoencoder, a multiple of 32 (default 32; 128 is the real one, which takes 3 GB a megapixel for the whole
 * picture). Prints for encoder and decoder how near their results in windows are to those of the whole
 * picture, in dB of the range of the latter, and the seconds of both. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "networks/kind_sd1.h"
#include "sd_case.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

#define SEED 1
#define SIDE 8u

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(bool is_right, const char *what, const pith_diag *why) {
    if (is_right) return;
    fprintf(stderr, "bench_windows: %s: %s\n", what, why && why->message[0] ? why->message : "failed");
    exit(1);
}

static float *floats(size_t n) {
    float *block = malloc(n * sizeof *block);
    need(block != NULL, "out of memory", NULL);
    return block;
}

/* Three planes in [-1, 1]. */
static float *read_picture(const char *path, uint32_t *h, uint32_t *w) {
    FILE *file = fopen(path, "rb");
    need(file && fscanf(file, "P6 %u %u 255", w, h) == 2 && fgetc(file) != EOF, path, NULL);
    need(*w % 64 == 0 && *h % 64 == 0 && *w > 0 && *h > 0 && *w < 65536 && *h < 65536, "sides", NULL);
    float *planes = floats((size_t)3 * *h * *w);
    for (size_t i = 0; i < (size_t)*h * *w; i++)
        for (size_t c = 0; c < 3; c++) planes[c * *h * *w + i] = (float)fgetc(file) / 127.5f - 1;
    fclose(file);
    return planes;
}

static void open_model(pith_model **model, model_session **session, uint32_t width) {
    const vae_config vae = sd_case_vae(width);
    char path[] = "/tmp/bench_windows_XXXXXX";
    pith_diag why = {0};
    pith_env env;
    random_sd r;
    pith_env_defaults(&env, sizeof env);
    need(random_sd_new(&r, SEED, TENSOR_F16), "weights", NULL);
    sd_case_add_vae(&r, &vae);
    const int fd = mkstemp(path);
    need(fd >= 0, path, NULL);
    close(fd);
    need(tensor_table_set_meta(r.table, "format", MODEL_SD1_FORMAT) == PITH_OK, "weights", NULL);
    need(tensor_table_set_meta(r.table, "format_version", FORMAT_VERSION_PLAIN) == PITH_OK, "weights", NULL);
    need(safetensors_write(path, r.table, &env, &why) == PITH_OK, path, &why);
    random_sd_free(&r);
    need(pith_model_open(model, &env, path, &why) == PITH_OK, path, &why);
    unlink(path);
    need(model_session_new(session, *model, &why) == PITH_OK, "session", &why);
}

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

/* Both ways; returns the whole picture's result. */
static float *compare(model_session *s, const char *name, sd1_plan_fn *make, const sd1_io *io, float *in, uint32_t h,
                      uint32_t w) {
    const size_t n = (size_t)io->n_out * io->out_scale * io->out_scale * h * w;
    float *whole = floats(io->has_logvar ? 2 * n : n), *out = floats(n);
    pith_diag why = {0};
    nn_plan *plan = NULL;
    nn_net *net = NULL;
    sd1_tiles *tiles = NULL;
    const double start = seconds();
    need(make(&plan, s->model, h, w, NULL, &why) == PITH_OK, name, &why);
    need(nn_bind(&net, plan, s->model->weights, s->model->backend, &why) == PITH_OK, name, &why);
    const nn_given i = {io->in, in};
    nn_binding o[] = {{io->out, whole}, {"logvar", whole + n}};
    if (!io->has_logvar) o[1].data = whole;
    need(nn_run(net, &i, 1, o, io->has_logvar ? 2 : 1, &why) == PITH_OK, name, &why);
    nn_net_free(&net);
    nn_plan_free(&plan);
    const double middle = seconds();
    need(sd1_tiles_new(&tiles, s, make, &sd1_recipe_1, io, h, w, &why) == PITH_OK, name, &why);
    need(sd1_tiles_run(tiles, in, out, 0, 1, &why) == PITH_OK, name, &why);
    sd1_tiles_free(&tiles);
    printf("%-8s %6.2f dB   whole %7.1f s   windows %7.1f s\n", name, psnr(out, whole, n), middle - start,
           seconds() - middle);
    fflush(stdout);
    free(out);
    return whole;
}

int main(int argc, char **argv) {
    uint32_t h = 0, w = 0;
    pith_model *model = NULL;
    model_session *s = NULL;
    need(argc == 2 || argc == 3, "PICTURE.ppm [WIDTH] is needed", NULL);
    float *picture = read_picture(argv[1], &h, &w);
    h /= SIDE;
    w /= SIDE;
    open_model(&model, &s, argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 32);
    const sd1_io encoder = {"image", "mean", 3, 4, SIDE, 1, NULL, 0, true, 1, 0, 1, 0};
    const sd1_io decoder = {"latent", "image", 4, 3, 1, SIDE, NULL, 0, false, 1, 0, 1, 0};
    float *latent = compare(s, "encoder", sd1_encoder_plan, &encoder, picture, h, w);
    for (size_t k = 0; k < (size_t)4 * h * w; k++) latent[k] *= model->config.sd1.vae.latent_scale;
    float *decoded = compare(s, "decoder", sd1_decoder_plan, &decoder, latent, h, w);
    free(decoded);
    free(latent);
    free(picture);
    model_session_free(&s);
    pith_model_free(&model);
    return 0;
}
