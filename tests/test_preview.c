/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Previews: a pixel a latent position, without a network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "temp_file.h"
#include "weights/safetensors.h"

static pith_decode_options preview_of(uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.preview = 1;
    o.region = (pith_area){x, y, width, height};
    return o;
}

static uint8_t *read_tiny(size_t *n_bytes) {
    char path[4096];
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", root ? root : ".");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *data = malloc(1 << 20);
    assert_non_null(data);
    *n_bytes = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

#define N_LATENT 4

/* The tiny model with a decoder that is its linear part alone; its last channel, which hardly changes the
 * mean of a block, does with `last_matters` change it. */
static const char *linear_model(bool last_matters) {
    size_t n_bytes;
    uint8_t *data = read_tiny(&n_bytes);
    tensor_table *table;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(safetensors_read(&table, &env, data, n_bytes, NULL), PITH_OK);
    static const char *const tail[] = {"dec.tail.0.weight", "dec.tail.0.bias"};
    for (size_t i = 0; i < 2; i++) {
        const tensor *t = tensor_table_find(table, tail[i]);
        memset(data + (t->data - data), 0, (size_t)t->n_bytes);
    }
    const tensor *t = tensor_table_find(table, "dec.lin.weight");
    assert_int_equal(t->n_bytes, 192 * N_LATENT * 2); /* binary16 */
    uint8_t *factors = data + (t->data - data);
    for (size_t i = N_LATENT - 1; last_matters && i < 192 * N_LATENT; i += N_LATENT) {
        factors[2 * i] = 0x1F; /* 0.02 */
        factors[2 * i + 1] = 0x25;
    }
    tensor_table_free(&table);
    temp_write("linear.safetensors", data, n_bytes);
    free(data);
    return temp_path("linear.safetensors");
}

/* The mean of a block of 8x8 samples of 16 bits; -1 when one may have been clamped. */
static double block_mean(const pith_image *p, uint32_t y0, uint32_t x0, uint32_t c) {
    double sum = 0;
    for (uint32_t y = y0; y < y0 + 8; y++)
        for (uint32_t x = x0; x < x0 + 8; x++) {
            unsigned v = api_sample(p, y, x, c);
            if (v == 0 || v == 65535) return -1;
            sum += v;
        }
    return sum / 64;
}

/* The farthest that a preview is from the means of the picture's blocks, in 1/65535. */
static double farthest_from_means(const char *model) {
    api_case c;
    api_open(&c, model, NULL);
    pith_image p = api_waves(256, 192, 3, 16);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_image whole = api_decode(&c, file, NULL, 16);
    pith_decode_options o = preview_of(0, 0, 0, 0);
    pith_image q = api_decode(&c, file, &o, 16);
    size_t n = 0;
    double farthest = 0;
    for (uint32_t y = 0; y < q.format.height; y++)
        for (uint32_t x = 0; x < q.format.width; x++)
            for (uint32_t k = 0; k < 3; k++) {
                double mean = block_mean(&whole, 8 * y, 8 * x, k);
                if (mean < 0) continue;
                n++;
                farthest = fmax(farthest, fabs((double)api_sample(&q, y, x, k) - mean));
            }
    assert_true(n > 3 * 32 * 24 / 2);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    free(whole.pixels);
    free(q.pixels);
    api_close(&c);
    return farthest;
}

static void a_linear_decoder_s_preview_is_the_mean_of_its_picture(void **state) {
    (void)state;
    assert_true(farthest_from_means(linear_model(true)) < 1.5);
}

static void channels_that_hardly_show_are_left_out(void **state) {
    (void)state;
    double farthest = farthest_from_means(linear_model(false));
    assert_true(farthest > 1.5 && farthest < 65535.0 / 255 / 4);
}

static void a_preview_is_an_eighth_rounded_up(void **state) {
    static const uint32_t sizes[][4] = {{1, 1, 1, 1},  {7, 13, 1, 2},     {8, 16, 1, 2},
                                        {9, 17, 2, 3}, {1, 5000, 1, 625}, {1100, 530, 138, 67}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint8_t channels = 1; channels <= 4; channels++) {
            const uint8_t depth = channels & 1 ? 8 : 16;
            pith_image p = api_waves(sizes[i][0], sizes[i][1], channels, depth);
            if (channels % 2 == 0) api_set_sample(&p, 0, 0, channels - 1u, 9);
            pith_bytes file = api_encode(&c, &p, NULL);
            pith_decode_options o = preview_of(0, 0, 0, 0);
            pith_image q = api_decode(&c, file, &o, depth);
            assert_int_equal(q.format.width, sizes[i][2]);
            assert_int_equal(q.format.height, sizes[i][3]);
            assert_int_equal(q.format.n_channels, channels);
            assert_int_equal(q.format.bit_depth, depth);
            pith_bytes_free(&c.env, &file);
            free(p.pixels);
            free(q.pixels);
        }
    api_close(&c);
}

/* Opacities are exact here, and so are their means; at the edges of picture and part too. */
static void opacity_is_the_mean_of_the_pixels(void **state) {
    static const uint32_t parts[][4] = {{0, 0, 1100, 530}, {5, 3, 1000, 517}, {510, 500, 5, 20}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(1100, 530, 4, 8);
    for (uint32_t y = 0; y < 530; y++)
        for (uint32_t x = 0; x < 1100; x++)
            api_set_sample(&p, y, x, 3, (x * x + y) % 7 < 3 ? 255 : (x ^ y) & 8 ? 80 : 0);
    pith_bytes file = api_encode(&c, &p, NULL);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const uint32_t *r = parts[i], right = r[0] + r[2], bottom = r[1] + r[3];
        pith_decode_options o = preview_of(r[0], r[1], r[2], r[3]);
        pith_image q = api_decode(&c, file, &o, 8);
        assert_int_equal(q.format.width, (right + 7) / 8 - r[0] / 8);
        assert_int_equal(q.format.height, (bottom + 7) / 8 - r[1] / 8);
        for (uint32_t y = 0; y < q.format.height; y++)
            for (uint32_t x = 0; x < q.format.width; x++) {
                unsigned sum = 0, n = 0;
                for (uint32_t py = (r[1] / 8 + y) * 8; py < (r[1] / 8 + y + 1) * 8; py++)
                    for (uint32_t px = (r[0] / 8 + x) * 8; px < (r[0] / 8 + x + 1) * 8; px++) {
                        if (py < r[1] || py >= bottom || px < r[0] || px >= right) continue;
                        sum += api_sample(&p, py, px, 3);
                        n++;
                    }
                int d = (int)api_sample(&q, y, x, 3) - (int)((sum + n / 2) / n);
                if (abs(d) > 1) fail_msg("part %zu at %u, %u: %d off", i, y, x, d);
            }
        free(q.pixels);
    }
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void a_part_s_preview_is_a_part_of_the_preview(void **state) {
    static const uint32_t parts[][4] = {{0, 0, 8, 8}, {1024, 8, 1, 1}, {1000, 16, 100, 500}, {1603, 521, 497, 9}};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(2100, 530, 1, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_decode_options o = preview_of(0, 0, 0, 0);
    pith_image whole = api_decode(&c, file, &o, 8);
    pith_timing timing = {.struct_size = sizeof timing};
    pith_decoder_timing(c.decoder, &timing);
    assert_true(timing.bind_seconds == 0); /* no network was made ready */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const uint32_t *r = parts[i];
        o = preview_of(r[0], r[1], r[2], r[3]);
        pith_image q = api_decode(&c, file, &o, 8);
        for (uint32_t y = 0; y < q.format.height; y++)
            for (uint32_t x = 0; x < q.format.width; x++)
                assert_int_equal(api_sample(&q, y, x, 0), api_sample(&whole, r[1] / 8 + y, r[0] / 8 + x, 0));
        free(q.pixels);
    }
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    free(whole.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_decoder_s_preview_is_the_mean_of_its_picture),
        cmocka_unit_test(channels_that_hardly_show_are_left_out),
        cmocka_unit_test(a_preview_is_an_eighth_rounded_up),
        cmocka_unit_test(opacity_is_the_mean_of_the_pixels),
        cmocka_unit_test(a_part_s_preview_is_a_part_of_the_preview),
    };
    return cmocka_run_group_tests_name("preview", tests, NULL, NULL);
}
