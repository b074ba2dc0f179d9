/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Method palette: colours, dither, and the PALT chunk with what can be wrong in it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "codec/palette.h"
#include "random_bits.h"
#include "stages/palette_method.h"

#define SIDE 48u
#define CHANNELS 4u
#define N_POSITIONS ((size_t)SIDE * SIDE)
/* Of make_planes: what every machine must make. */
#define PIXELS_CRC 0xa1d8e405u
#define PALETTE_CRC 0x481c62ffu
#define N_PLAIN ((size_t)PAL_MAX_COLOURS * CHANNELS + N_POSITIONS)

/* Smooth planes with some noise, of deviation about 1; integers only, so the same everywhere. */
static void make_planes(float *planes) {
    uint32_t seed = 12345;
    for (uint32_t c = 0; c < CHANNELS; c++)
        for (uint32_t y = 0; y < SIDE; y++)
            for (uint32_t x = 0; x < SIDE; x++) {
                next_random(&seed);
                const int32_t v = (int32_t)((x * (c + 1) + y * (5 - c)) % 96) * 40 + (int32_t)(seed >> 23);
                planes[(c * SIDE + y) * SIDE + x] = (float)(v - 2000) / 1024.0f;
            }
}

static void bytes_are_those_of_the_published_method(void **state) {
    (void)state;
    const float raw[] = {0.0f, 0.18215f, -0.18215f, 1000, -1000, NAN, 23.13305f, -23.224f};
    const uint8_t expected[] = {128, 129, 127, 255, 0, 128, 255, 0}; /* round(z / 0.18215 + 127.5) */
    uint8_t got[8];
    pal_bytes(raw, 1, 8, 0.18215f, got);
    assert_memory_equal(got, expected, 8);
    pal_colours colours = {.n_colours = 2, .n_channels = 1};
    colours.values[1][0] = 255;
    const uint8_t indices[] = {0, 1};
    float values[2];
    pal_values(&colours, indices, 2, 0.5f, values);
    assert_true(values[0] == -63.75f && values[1] == 63.75f);
}

static void few_colours_are_kept_exactly(void **state) {
    (void)state;
    uint8_t pixels[200 * 3], indices[200];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i / 3 * 89 % 256);
    pal_colours colours;
    assert_int_equal(pal_fit(&colours, pixels, 3, 200, NULL), PITH_OK);
    assert_int_equal(colours.n_colours, 200);
    assert_int_equal(pal_dither(&colours, pixels, 10, 20, indices, NULL), PITH_OK);
    for (size_t i = 0; i < 200; i++) assert_memory_equal(colours.values[indices[i]], pixels + 3 * i, 3);
}

/* Error diffusion keeps the mean of a surface whose value no colour has; taking
 * the nearest colour would be 5 off. */
static void the_dither_keeps_the_mean(void **state) {
    (void)state;
    uint8_t pixels[64 * 64], indices[64 * 64];
    pal_colours colours = {.n_colours = 2, .n_channels = 1};
    colours.values[0][0] = 100;
    colours.values[1][0] = 120;
    memset(pixels, 105, sizeof pixels);
    assert_int_equal(pal_dither(&colours, pixels, 64, 64, indices, NULL), PITH_OK);
    double sum = 0;
    for (size_t i = 0; i < sizeof pixels; i++) sum += colours.values[indices[i]][0];
    assert_true(fabs(sum / sizeof pixels - 105) < 0.25);
}

/* Squared error of the nearest of the colours, in bytes. */
static double error_of(const pal_colours *colours, const uint8_t *pixels) {
    double sum = 0;
    for (size_t i = 0; i < N_POSITIONS; i++) {
        double least = INFINITY;
        for (uint32_t k = 0; k < colours->n_colours; k++) {
            double d = 0;
            for (uint32_t c = 0; c < CHANNELS; c++) {
                const double one = (double)pixels[i * CHANNELS + c] - colours->values[k][c];
                d += one * one;
            }
            if (d < least) least = d;
        }
        sum += least;
    }
    return sum / (double)N_POSITIONS;
}

/* 256 pixels taken at regular distances are the palette of someone who does not fit. */
static void fitted_colours_are_far_better_than_sampled_ones(void **state) {
    (void)state;
    static float planes[CHANNELS * N_POSITIONS];
    static uint8_t pixels[CHANNELS * N_POSITIONS];
    pal_colours fitted, sampled = {.n_colours = 256, .n_channels = CHANNELS};
    make_planes(planes);
    pal_bytes(planes, CHANNELS, N_POSITIONS, 1.0f / 32, pixels);
    for (size_t k = 0; k < 256; k++) memcpy(sampled.values[k], pixels + k * 9 * CHANNELS, CHANNELS);
    assert_int_equal(pal_fit(&fitted, pixels, CHANNELS, N_POSITIONS, NULL), PITH_OK);
    const double ours = error_of(&fitted, pixels), theirs = error_of(&sampled, pixels);
    print_message("mean squared error %.2f fitted, %.2f sampled\n", ours, theirs);
    assert_true(ours < 0.7 * theirs);
}

/* Integers only: every machine and compiler makes the same colours and indices. */
static void colours_and_indices_are_the_same_everywhere(void **state) {
    (void)state;
    static float planes[CHANNELS * N_POSITIONS];
    static uint8_t pixels[CHANNELS * N_POSITIONS], indices[N_POSITIONS];
    pal_colours colours;
    make_planes(planes);
    pal_bytes(planes, CHANNELS, N_POSITIONS, 1.0f / 32, pixels);
    assert_int_equal(pal_fit(&colours, pixels, CHANNELS, N_POSITIONS, NULL), PITH_OK);
    assert_int_equal(pal_dither(&colours, pixels, SIDE, SIDE, indices, NULL), PITH_OK);
    assert_int_equal(crc32_update(0, pixels, sizeof pixels), PIXELS_CRC);
    assert_int_equal(crc32_update(crc32_update(0, colours.values, sizeof colours.values), indices, sizeof indices),
                     PALETTE_CRC);
}

/* ---- the chunk ---------------------------------------------------------------------------- */

static const ctr_head head_of_a_palette = {.width = SIDE * 8,
                                           .height = SIDE * 8,
                                           .method = PITH_METHOD_PALETTE,
                                           .n_latent = CHANNELS,
                                           .log2_downscale = 3,
                                           .model_name = "tiny-2"};

/* A file of HEAD and chunks of those types, all with one payload. */
static byte_writer file_with(const uint8_t *types, size_t n_types, const uint8_t *payload, size_t n_bytes) {
    byte_writer file;
    bw_init(&file, NULL);
    assert_int_equal(ctr_write_head(&file, &head_of_a_palette, NULL), PITH_OK);
    for (size_t i = 0; i < n_types; i++) ctr_write_chunk(&file, types[i], payload, n_bytes);
    assert_int_equal(file.status, PITH_OK);
    return file;
}

/* Reads the file and its palette; the status, and the message in `why`. */
static pith_status read_all(const byte_writer *w, float *values, pith_diag *why) {
    pith_env env;
    ctr_file file;
    latent_planes l;
    pith_env_defaults(&env, sizeof env);
    *why = (pith_diag){0};
    pith_status status = ctr_read(&file, w->data, w->n_bytes, &env, why);
    if (status != PITH_OK) return status;
    assert_int_equal(latents_init(&l, NULL, &file.head, NULL), PITH_OK);
    status = palette_read(&file, &l, 1.0f / 32, NULL, why);
    if (values) memcpy(values, l.values, latents_count(&l) * sizeof *values);
    latents_free(&l, NULL);
    ctr_file_free(&file, &env);
    return status;
}

static void a_latent_comes_back_from_its_file(void **state) {
    (void)state;
    static float planes[CHANNELS * N_POSITIONS], back[CHANNELS * N_POSITIONS];
    const latent_planes l = {.values = planes, .n_channels = CHANNELS, .height = SIDE, .width = SIDE};
    ctr_head head = head_of_a_palette;
    pith_diag why;
    byte_writer file, chunk;
    make_planes(planes);
    bw_init(&file, NULL);
    bw_init(&chunk, NULL);
    assert_int_equal(palette_write(&chunk, &head, &l, 1.0f / 32, NULL, NULL), PITH_OK);
    assert_int_equal(ctr_write_head(&file, &head, NULL), PITH_OK);
    bw_bytes(&file, chunk.data, chunk.n_bytes);
    bw_free(&chunk);
    assert_int_equal(read_all(&file, back, &why), PITH_OK);
    double sum = 0;
    for (size_t i = 0; i < CHANNELS * N_POSITIONS; i++) sum += pow((double)(planes[i] - back[i]), 2);
    const double step = (double)lat_step(head.step_index), noise = sum / (CHANNELS * N_POSITIONS);
    print_message("noise %.5f, that of the step %.5f\n", noise, step * step / 12);
    assert_true(noise < 0.05);                               /* the latent's own variance is about 1 */
    assert_true(fabs(step * step / 12 / noise - 1) < 0.012); /* half a step index is 1.1 % of variance */
    bw_free(&file);
}

typedef struct spoiled {
    const char *what;
    size_t n_plain; /* bytes that the stream inflates to */
    long cut, more; /* bytes taken from and put after the stream */
    pith_status status;
    const char *message;
} spoiled;

static void a_stream_of_the_wrong_size_is_refused(void **state) {
    static const spoiled cases[] = {
        {"right", N_PLAIN, 0, 0, PITH_OK, ""},
        {"a byte too few", N_PLAIN - 1, 0, 0, PITH_E_FORMAT, "inflates to"},
        {"a byte too many", N_PLAIN + 1, 0, 0, PITH_E_FORMAT, "inflates to more than"},
        {"a bomb", (size_t)64 << 20, 0, 0, PITH_E_FORMAT, "inflates to more than"},
        {"cut short", N_PLAIN, 5, 0, PITH_E_TRUNCATED, "ends after"},
        {"only a start", N_PLAIN, 30, 0, PITH_E_TRUNCATED, "ends after"},
        {"bytes behind", N_PLAIN, 0, 7, PITH_E_FORMAT, "7 bytes after the end"},
        {"nothing", 0, 0, 0, PITH_E_FORMAT, "inflates to 0 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const spoiled *s = &cases[i];
        const uint8_t type = CTR_CHUNK_PALETTE;
        uint8_t *plain = calloc(s->n_plain + 1, 1);
        for (size_t k = 0; k < s->n_plain && k < N_PLAIN; k++) plain[k] = (uint8_t)(k * k >> 5);
        uLongf n = compressBound(s->n_plain);
        uint8_t *packed = calloc(n + 16, 1);
        pith_diag why;
        assert_int_equal(compress2(packed, &n, plain, s->n_plain, 9), Z_OK);
        byte_writer file = file_with(&type, 1, packed, (size_t)((long)n - s->cut + s->more));
        const pith_status status = read_all(&file, NULL, &why);
        if (status != s->status || !strstr(why.message, s->message))
            fail_msg("%s: %s, \"%s\"", s->what, pith_status_name(status), why.message);
        bw_free(&file);
        free(packed);
        free(plain);
    }
}

static void what_is_no_zlib_stream_is_refused(void **state) {
    (void)state;
    const uint8_t type = CTR_CHUNK_PALETTE;
    pith_diag why;
    for (int first = 0; first < 256; first += 5) {
        uint8_t payload[64];
        for (size_t i = 0; i < sizeof payload; i++) payload[i] = (uint8_t)(first + (int)i * 73);
        for (size_t n = 0; n <= sizeof payload; n += 16) {
            byte_writer file = file_with(&type, 1, payload, n);
            assert_int_not_equal(read_all(&file, NULL, &why), PITH_OK);
            assert_true(why.message[0] != '\0');
            bw_free(&file);
        }
    }
}

static void chunks_that_do_not_belong_are_refused(void **state) {
    static const struct {
        uint8_t types[2];
        size_t n;
        const char *message;
    } cases[] = {
        {{0}, 0, "without a palette"},
        {{CTR_CHUNK_PALETTE, CTR_CHUNK_PALETTE}, 2, "a second palette"},
        {{CTR_CHUNK_LATENT}, 1, "one latent slice more"},
        {{CTR_CHUNK_PALETTE, CTR_CHUNK_LATENT}, 2, "one latent slice more"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pith_diag why;
        byte_writer file = file_with(cases[i].types, cases[i].n, (const uint8_t *)"12345678", 8);
        assert_int_not_equal(read_all(&file, NULL, &why), PITH_OK);
        if (!strstr(why.message, cases[i].message)) fail_msg("%zu: %s", i, why.message);
        bw_free(&file);
    }
}

static void a_palette_in_a_latent_file_is_refused(void **state) {
    (void)state;
    ctr_head head = head_of_a_palette;
    pith_diag why;
    byte_writer file;
    head.method = PITH_METHOD_LATENT;
    bw_init(&file, NULL);
    assert_int_equal(ctr_write_head(&file, &head, NULL), PITH_OK);
    ctr_write_chunk(&file, CTR_CHUNK_PALETTE, "12345678", 8);
    assert_int_equal(read_all(&file, NULL, &why), PITH_E_FORMAT);
    assert_non_null(strstr(why.message, "of another method"));
    bw_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_the_published_method),
        cmocka_unit_test(few_colours_are_kept_exactly),
        cmocka_unit_test(the_dither_keeps_the_mean),
        cmocka_unit_test(fitted_colours_are_far_better_than_sampled_ones),
        cmocka_unit_test(colours_and_indices_are_the_same_everywhere),
        cmocka_unit_test(a_latent_comes_back_from_its_file),
        cmocka_unit_test(a_stream_of_the_wrong_size_is_refused),
        cmocka_unit_test(what_is_no_zlib_stream_is_refused),
        cmocka_unit_test(chunks_that_do_not_belong_are_refused),
        cmocka_unit_test(a_palette_in_a_latent_file_is_refused),
    };
    return cmocka_run_group_tests_name("palette", tests, NULL, NULL);
}
