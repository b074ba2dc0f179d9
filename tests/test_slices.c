/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices on several threads, priors, and files of a given size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "codec/lat_prior.h"
#include "codec/latent_coder.h"
#include "random_bits.h"

/* Four slices: the grid is of 1024 pixels. */
static pith_bytes four_slices(api_case *c, int threads, uint64_t max_bytes) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.threads = threads;
    api_open(c, NULL, &env);
    pith_image p = api_waves(1048, 1040, 3, 8);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.max_bytes = max_bytes;
    pith_bytes file = api_encode(c, &p, &o);
    free(p.pixels);
    return file;
}

static void bytes_and_pixels_do_not_depend_on_threads(void **unused) {
    (void)unused;
    api_case one, many;
    pith_bytes a = four_slices(&one, 1, 0), b = four_slices(&many, 3, 0);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);
    pith_image p = api_decode(&one, a, NULL, 8), q = api_decode(&many, a, NULL, 8);
    assert_memory_equal(p.pixels, q.pixels, p.stride_bytes * p.format.height);
    free(p.pixels);
    free(q.pixels);
    pith_bytes_free(&one.env, &a);
    pith_bytes_free(&many.env, &b);
    api_close(&one);
    api_close(&many);
}

static void the_search_does_not_depend_on_threads(void **unused) {
    (void)unused;
    api_case one, many;
    pith_bytes a = four_slices(&one, 1, 3000), b = four_slices(&many, 3, 3000);
    assert_true(a.n_bytes <= 3000 && a.n_bytes >= 2940);
    assert_int_equal(a.n_bytes, b.n_bytes);
    assert_memory_equal(a.data, b.data, a.n_bytes);
    pith_bytes_free(&one.env, &a);
    pith_bytes_free(&many.env, &b);
    api_close(&one);
    api_close(&many);
}

/* ---- priors ---------------------------------------------------------------------- */

static void the_built_in_model_has_its_prior(void **unused) {
    (void)unused;
    char path[4096];
    api_case c;
    pith_info info = {.struct_size = sizeof info};
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/models/mini-5.safetensors", root ? root : ".");
    api_open(&c, path, NULL);
    pith_image p = api_waves(64, 40, 3, 8);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    pith_bytes file = api_encode(&c, &p, &o);
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
    if (info.prior_id != 1) print_message("the built-in model was replaced: run make prior\n");
    assert_int_equal(info.prior_id, 1);
    pith_image back = api_decode(&c, file, NULL, 8);
    assert_int_equal(back.format.width, 64);
    free(back.pixels);
    free(p.pixels);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
}

static void another_model_gets_the_generic_prior(void **unused) {
    (void)unused;
    static const uint8_t other[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_int_equal(lat_prior_for(other), 0);
    assert_int_equal(lat_prior_for(lat_priors[1]->latent_id), 1);
}

static void a_prior_is_for_its_number_of_channels(void **unused) {
    (void)unused;
    lat_coder *coder;
    assert_int_equal(lat_coder_new(&coder, NULL, lat_priors[1]->n_channels - 1), PITH_OK);
    assert_int_equal(lat_coder_use_prior(coder, 1), PITH_E_FORMAT);
    assert_int_equal(lat_coder_use_prior(coder, LAT_N_PRIORS), PITH_E_UNSUPPORTED);
    assert_int_equal(lat_coder_use_prior(coder, 0), PITH_OK);
    lat_coder_free(&coder);
}

static void symbols_come_back_with_every_prior(void **unused) {
    (void)unused;
    enum { N = 24, H = 21, W = 19 };
    static int16_t symbols[N * H * W], decoded[N * H * W];
    uint32_t state = 1;
    for (size_t i = 0; i < N * H * W; i++) {
        next_random(&state);
        bool empty = i / (H * W) % 5 == 3; /* a source that is not coded */
        symbols[i] = (int16_t)(empty ? 0 : (int)(state >> 28) / 5 - 1 + (int)(i % W) / 4);
    }
    lat_block in = {symbols, N, H, W, W, H * W}, out = {decoded, N, H, W, W, H * W};
    for (uint8_t id = 0; id < LAT_N_PRIORS; id++) {
        lat_coder *coder;
        byte_writer w;
        bw_init(&w, NULL);
        assert_int_equal(lat_coder_new(&coder, NULL, N), PITH_OK);
        assert_int_equal(lat_coder_use_prior(coder, id), PITH_OK);
        assert_int_equal(lat_encode(coder, &in, &w), PITH_OK);
        assert_int_equal(lat_decode(coder, w.data, w.n_bytes, &out, NULL), PITH_OK);
        assert_memory_equal(symbols, decoded, sizeof symbols);
        bw_free(&w);
        lat_coder_free(&coder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_pixels_do_not_depend_on_threads),
        cmocka_unit_test(the_search_does_not_depend_on_threads),
        cmocka_unit_test(the_built_in_model_has_its_prior),
        cmocka_unit_test(another_model_gets_the_generic_prior),
        cmocka_unit_test(a_prior_is_for_its_number_of_channels),
        cmocka_unit_test(symbols_come_back_with_every_prior),
    };
    cmocka_set_test_filter(getenv("PITH_TEST_FILTER")); /* scripts/check-threads: "*thread*" */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
