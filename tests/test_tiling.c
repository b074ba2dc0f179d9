/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tiles of the built-in kind leave nothing to see: whole and tiled are within a level of each other on
 * every sample. The same comparison must fail for tiles without their halo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "networks/model.h"
#include "random_bits.h"
#include "stages/flat_window.h"

#define WIDTH 1024 /* with the most memory one tile (memory_plan.c) */
#define HEIGHT 1000

/* Texture everywhere, so that a seam anywhere shows. */
static pith_image rough(void) {
    pith_image p = api_waves(WIDTH, HEIGHT, 3, 8);
    uint32_t seed = 5;
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (uint32_t c = 0; c < 3; c++) {
                next_random(&seed);
                int v = (int)api_sample(&p, y, x, c) + (int)(seed >> 27) - 16;
                api_set_sample(&p, y, x, c, (unsigned)(v < 0 ? 0 : v > 255 ? 255 : v));
            }
    return p;
}

/* What the model says of its networks' reach; a mutation for the tests below. */
static void set_reach(const api_case *c, uint32_t encoder, uint32_t decoder) {
    model_traits *t = (model_traits *)(uintptr_t)model_traits_of(c->model);
    t->encoder_reach = encoder;
    t->decoder_reach = decoder;
}

/* So little memory that there are many tiles; 0 for one. */
#define LITTLE 16000000u
#define LITTLE_WITH_TEXTURE 22000000u

static pith_bytes encode_in(api_case *c, const pith_image *p, uint64_t memory) {
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0; /* a residual would mend what the seams do */
    o.quality = 80;
    o.max_memory_bytes = memory;
    return api_encode(c, p, &o);
}

static pith_image decode_in(api_case *c, pith_bytes file, uint64_t memory, float realism) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.max_memory_bytes = memory;
    o.realism = realism;
    return api_decode(c, file, &o, 8);
}

static int difference(const pith_image *a, const pith_image *b) {
    int most = 0;
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (uint32_t k = 0; k < 3; k++) {
                int d = abs((int)api_sample(a, y, x, k) - (int)api_sample(b, y, x, k));
                if (d > most) most = d;
            }
    return most;
}

static void check_tiles(api_case *c, pith_bytes file, float realism) {
    const uint64_t little = realism > 0 ? LITTLE_WITH_TEXTURE : LITTLE;
    pith_image whole = decode_in(c, file, 0, realism), tiled = decode_in(c, file, little, realism);
    assert_int_equal(difference(&whole, &tiled), 0);
    free(tiled.pixels);

    set_reach(c, model_traits_of(c->model)->encoder_reach, 0);
    pith_image cut = decode_in(c, file, little, realism);
    int most = difference(&whole, &cut);
    if (most == 0) fail_msg("without a halo samples differ by %d: nothing would be noticed", most);
    free(whole.pixels);
    free(cut.pixels);
}

static void decode_whole_and_tiled(float realism) {
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = rough();
    pith_bytes file = encode_in(&c, &p, 0);
    check_tiles(&c, file, realism);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

static void a_picture_decoded_in_tiles_is_the_whole_one(void **state) {
    (void)state;
    decode_whole_and_tiled(0);
}

/* A texture of a tile is that of its place. */
static void a_picture_with_texture_decoded_in_tiles_is_the_whole_one(void **state) {
    (void)state;
    decode_whole_and_tiled(1);
}

/* The same file; without a halo symbols differ along every seam. */
static void a_picture_encoded_in_tiles_is_the_whole_one(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = rough();
    pith_bytes whole = encode_in(&c, &p, 0), tiled = encode_in(&c, &p, LITTLE);
    pith_image a = decode_in(&c, whole, 0, 0);
    assert_int_equal(whole.n_bytes, tiled.n_bytes);
    assert_memory_equal(whole.data, tiled.data, whole.n_bytes);

    set_reach(&c, 0, model_traits_of(c.model)->decoder_reach);
    pith_bytes cut = encode_in(&c, &p, LITTLE);
    pith_image d = decode_in(&c, cut, 0, 0);
    int most = difference(&a, &d);
    if (most == 0) fail_msg("without a halo samples differ by %d: nothing would be noticed", most);
    pith_bytes_free(&c.env, &whole);
    pith_bytes_free(&c.env, &tiled);
    pith_bytes_free(&c.env, &cut);
    free(p.pixels);
    free(a.pixels);
    free(d.pixels);
    api_close(&c);
}

static void a_flat_window_is_known_again_where_it_lies_alike(void **state) {
    (void)state;
    const model_window inner = {6, 7, 2, 2, 2, 3}, edge = {6, 7, 2, 0, 2, 3};
    float planes[2 * 42];
    flat_window last = {.is_flat = false};
    for (size_t i = 0; i < 84; i++) planes[i] = i < 42 ? 0.25f : 0.75f;
    assert_false(flat_window_take(&last, &inner, planes, 2, 42)); /* the first */
    assert_true(flat_window_take(&last, &inner, planes, 2, 42));
    assert_false(flat_window_take(&last, &edge, planes, 2, 42)); /* elsewhere in the picture */
    assert_true(flat_window_take(&last, &edge, planes, 2, 42));
    planes[83] = 0.5f; /* no longer flat */
    assert_false(flat_window_take(&last, &edge, planes, 2, 42));
    assert_false(flat_window_take(&last, &edge, planes, 2, 42));
    planes[83] = 0.75f;
    assert_false(flat_window_take(&last, &edge, planes, 2, 42)); /* the buffer has another's answer */
    assert_true(flat_window_take(&last, &edge, planes, 2, 42));
    for (size_t i = 42; i < 84; i++) planes[i] = 0.5f; /* another colour */
    assert_false(flat_window_take(&last, &edge, planes, 2, 42));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_decoded_in_tiles_is_the_whole_one),
        cmocka_unit_test(a_picture_with_texture_decoded_in_tiles_is_the_whole_one),
        cmocka_unit_test(a_picture_encoded_in_tiles_is_the_whole_one),
        cmocka_unit_test(a_flat_window_is_known_again_where_it_lies_alike),
    };
    return cmocka_run_group_tests_name("tiling", tests, NULL, NULL);
}
