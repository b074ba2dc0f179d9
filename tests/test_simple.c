/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One call each way, and the model that a file needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "capped_alloc.h"
#include "random_bits.h"

static int setup(void **state) {
    (void)state;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/models", getenv("PITH_SOURCE_DIR"));
    return setenv("PITH_MODELS", folder, 1);
}

static pith_bytes file_of(const pith_image *image) {
    pith_bytes file;
    pith_diag why;
    if (pith_encode_image(NULL, image, 50, &file, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_string_equal(why.message, "");
    return file;
}

static pith_image image_of(pith_bytes file, uint8_t n_channels) {
    pith_image image;
    pith_diag why;
    if (pith_decode_image(NULL, file.data, file.n_bytes, n_channels, &image, &why) != PITH_OK)
        fail_msg("%s", why.message);
    assert_int_equal(image.format.bit_depth, 8);
    assert_int_equal(image.stride_bytes, (size_t)image.format.width * image.format.n_channels);
    return image;
}

static const uint8_t *pixel(const pith_image *image, uint32_t y, uint32_t x) {
    return (const uint8_t *)image->pixels + y * image->stride_bytes + (size_t)x * image->format.n_channels;
}

static void pictures_come_back(void **state) {
    (void)state;
    for (uint8_t n = 1; n <= 4; n++) {
        pith_image p = api_picture(40, 24, n, 8);
        for (uint32_t y = 0; y < 24; y++)
            for (uint32_t x = 0; x < 40; x++)
                for (uint8_t i = 0; i < n; i++) {
                    const bool is_alpha = n % 2 == 0 && i == n - 1;
                    api_set_sample(&p, y, x, i, is_alpha ? (x < 20 ? 0u : 255u) : 30u + 40u * i + x);
                }
        pith_bytes file = file_of(&p);
        pith_image same = image_of(file, 0), rgb = image_of(file, 3), rgba = image_of(file, 4);
        assert_int_equal(same.format.n_channels, n);
        assert_int_equal(rgb.format.n_channels, 3);
        assert_int_equal(rgba.format.n_channels, 4);
        assert_int_equal(rgb.format.width, 40);
        assert_int_equal(rgb.format.height, 24);
        const bool has_alpha = n % 2 == 0, is_grey = n < 3;
        for (uint32_t x = 0; x < 40; x += 39)
            for (uint8_t c = 0; c < 3; c++) {
                const uint8_t v = pixel(&same, 5, x)[is_grey ? 0 : c];
                const bool is_clear = has_alpha && x == 0;
                assert_int_equal(pixel(&rgba, 5, x)[c], v);
                assert_int_equal(pixel(&rgba, 5, x)[3], is_clear ? 0 : 255);
                assert_int_equal(pixel(&rgb, 5, x)[c], is_clear ? 255 : v);
            }
        pith_image_free(NULL, &same);
        pith_image_free(NULL, &rgb);
        pith_image_free(NULL, &rgba);
        assert_null(rgb.pixels);
        pith_bytes_free(NULL, &file);
        free(p.pixels);
    }
}

static void wrong_calls_and_files_are_told(void **state) {
    (void)state;
    pith_image p = api_picture(16, 16, 3, 8), image;
    pith_bytes file = file_of(&p), none;
    pith_diag why;
    memset(&image, 1, sizeof image);
    assert_int_equal(pith_decode_image(NULL, file.data, file.n_bytes, 2, &image, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "n_channels is 2"));
    assert_null(image.pixels);
    assert_int_equal(pith_decode_image(NULL, NULL, 5, 3, &image, &why), PITH_E_ARG);
    assert_int_equal(pith_decode_image(NULL, file.data, file.n_bytes, 3, NULL, &why), PITH_E_ARG);
    assert_int_equal(pith_decode_image(NULL, file.data, 0, 3, &image, &why), PITH_E_TRUNCATED);
    for (size_t n = 1; n < file.n_bytes; n += 7) {
        assert_int_not_equal(pith_decode_image(NULL, file.data, n, 3, &image, NULL), PITH_OK);
        assert_null(image.pixels);
    }
    assert_int_equal(pith_encode_image(NULL, NULL, 50, &none, &why), PITH_E_ARG);
    assert_int_equal(pith_encode_image(NULL, &p, 50, NULL, &why), PITH_E_ARG);
    assert_int_equal(pith_encode_image(NULL, &p, 101, &none, &why), PITH_E_ARG);
    assert_null(none.data);
    p.format.n_channels = 5;
    assert_int_equal(pith_encode_image(NULL, &p, 50, &none, &why), PITH_E_ARG);
    pith_image_free(NULL, NULL);
    pith_bytes_free(NULL, &file);
    free(p.pixels);
}

static void memory_that_fails_is_told(void **state) {
    (void)state;
    pith_image p = api_picture(24, 16, 4, 8), image;
    pith_bytes file = file_of(&p);
    for (size_t at = 1;; at += 1 + at / 8) {
        capped_alloc counter = {.fail_at = at};
        pith_env env;
        assert_int_equal(pith_env_defaults(&env, sizeof env), PITH_OK);
        env.alloc = capped_alloc_make(&counter);
        const pith_status status = pith_decode_image(&env, file.data, file.n_bytes, 3, &image, NULL);
        if (status == PITH_OK) pith_image_free(&env, &image);
        assert_null(image.pixels);
        assert_int_equal(counter.n_live, 0);
        if (status == PITH_OK) break;
        assert_int_equal(status, PITH_E_NOMEM);
    }
    pith_bytes_free(NULL, &file);
    free(p.pixels);
}

/* ---- the model of a file -------------------------------------------------------------------- */

static pith_info info_of(pith_bytes file) {
    pith_decoder *decoder = NULL;
    pith_info info = {.struct_size = sizeof info};
    assert_int_equal(pith_decoder_new(&decoder, NULL, NULL), PITH_OK);
    assert_int_equal(pith_decoder_open(decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(decoder, &info), PITH_OK);
    pith_decoder_free(&decoder);
    return info;
}

static void the_model_of_a_file_is_found(void **state) {
    (void)state;
    pith_image p = api_picture(200, 160, 3, 8);
    uint32_t seed = 2;
    for (uint32_t y = 0; y < 160; y++)
        for (uint32_t x = 0; x < 200; x++)
            for (uint8_t i = 0; i < 3; i++) api_set_sample(&p, y, x, i, random_below(&seed, 256));
    pith_bytes file = file_of(&p);
    pith_info info = info_of(file);
    pith_model *model = NULL;
    pith_diag why;
    uint8_t id[PITH_FINGERPRINT_BYTES];
    if (pith_model_find(&model, NULL, &info, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_int_equal(pith_model_latent_id(model, id), PITH_OK);
    assert_memory_equal(id, info.latent_id, sizeof id);
    pith_model_free(&model);

    info.latent_id[0] ^= 1;
    memcpy(info.model_name, "mini-77", 8);
    assert_int_equal(pith_model_find(&model, NULL, &info, &why), PITH_E_MODEL_MISSING);
    assert_null(model);
    assert_non_null(strstr(why.message, "mini-77"));
    assert_non_null(strstr(why.message, "newer versions of Pith"));
    info.method = PITH_METHOD_EXACT;
    assert_int_equal(pith_model_find(&model, NULL, &info, &why), PITH_OK);
    assert_null(model);
    info.struct_size = 0;
    assert_int_equal(pith_model_find(&model, NULL, &info, &why), PITH_E_ARG);
    assert_int_equal(pith_model_find(NULL, NULL, &info, &why), PITH_E_ARG);
    assert_int_equal(pith_model_find(&model, NULL, NULL, &why), PITH_E_ARG);
    pith_bytes_free(NULL, &file);
    free(p.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(wrong_calls_and_files_are_told),
        cmocka_unit_test(memory_that_fails_is_told),
        cmocka_unit_test(the_model_of_a_file_is_found),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
