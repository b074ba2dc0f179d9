/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fidelity/detect_text.h"
#include "fidelity/weight_map.h"
#include "random_bits.h"

#define WIDTH 100u
#define HEIGHT 70u

static uint32_t random_state = 1;

/* "HE" over and over: stems two pixels wide, 10 pixels high, on a quiet ground. */
static void draw_text(uint8_t *grey, uint32_t x0, uint32_t y0, uint32_t x1) {
    static const char *const rows[10] = {"##...##..#######", "##...##..#######", "##...##..##.....", "##...##..##.....",
                                         "#######..######.", "#######..######.", "##...##..##.....", "##...##..##.....",
                                         "##...##..#######", "##...##..#######"};
    for (uint32_t y = 0; y < 10; y++)
        for (uint32_t x = x0; x < x1; x++)
            if (rows[y][(x - x0) % 16] == '#') grey[(y0 + y) * WIDTH + x] = 30;
}

static fid_weights weights_of(const uint8_t *grey, const fid_rect *protect, size_t n_protect) {
    fid_weights w;
    fid_rows rows = {grey, WIDTH, 0, HEIGHT};
    assert_int_equal(fid_weights_new(&w, NULL, WIDTH, HEIGHT), PITH_OK);
    for (uint32_t by = 0; by < w.down; by++) fid_weights_add_text(&w, &rows, WIDTH, HEIGHT, 1, by);
    fid_weights_finish(&w, protect, n_protect);
    return w;
}

static void text_weighs_more_than_ground_texture_and_edges(void **unused) {
    (void)unused;
    uint8_t grey[WIDTH * HEIGHT];
    for (size_t i = 0; i < sizeof grey; i++) grey[i] = (uint8_t)(200 + random_below(&random_state, 9));
    draw_text(grey, 2, 19, 60);
    for (uint32_t y = 32; y < HEIGHT; y++) /* rough to the left, an edge to the right */
        for (uint32_t x = 0; x < WIDTH; x++)
            grey[y * WIDTH + x] = (uint8_t)(x < 48 ? random_below(&random_state, 256) : x + y < 110 ? 40 : 190);
    fid_weights w = weights_of(grey, NULL, 0);
    assert_int_equal(w.across, 7);
    assert_int_equal(w.down, 5);
    for (uint32_t x = 0; x < 3; x++) assert_true(fid_weight_at(&w, x * FID_BLOCK, 20) == FID_WEIGHT_TEXT);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            if (y < 16 || y >= 32) assert_true(fid_weight_at(&w, x, y) == 1);
    fid_weights_free(&w, NULL);
}

static void one_block_alone_is_not_text(void **unused) {
    (void)unused;
    uint8_t grey[WIDTH * HEIGHT];
    memset(grey, 200, sizeof grey);
    draw_text(grey, 32, 19, 48);
    assert_true(fid_text_likeness(grey + 16 * WIDTH + 32, WIDTH, 16, 16, 1) == 1);
    fid_weights w = weights_of(grey, NULL, 0);
    for (size_t i = 0; i < (size_t)w.across * w.down; i++) assert_true(w.values[i] == 1);
    fid_weights_free(&w, NULL);
}

static void rectangles_are_cut_at_the_picture(void **unused) {
    (void)unused;
    uint8_t grey[WIDTH * HEIGHT];
    memset(grey, 90, sizeof grey);
    const fid_rect protect[] = {
        {20, 20, 1, 1}, {90, 60, UINT32_MAX, UINT32_MAX}, {UINT32_MAX, 0, 5, 5}, {0, UINT32_MAX, 5, 50}, {40, 0, 0, 9}};
    fid_weights w = weights_of(grey, protect, sizeof protect / sizeof protect[0]);
    size_t n = 0;
    for (size_t i = 0; i < (size_t)w.across * w.down; i++) n += w.values[i] == FID_WEIGHT_PROTECT;
    assert_int_equal(n, 1 + 2 * 2);
    assert_true(fid_weight_at(&w, 20, 20) == FID_WEIGHT_PROTECT);
    assert_true(fid_weight_at(&w, 99, 69) == FID_WEIGHT_PROTECT);
    fid_weights_free(&w, NULL);
}

static void blocks_of_any_size_and_colour_are_judged(void **unused) {
    (void)unused;
    uint8_t noise[16 * 16 * 3];
    for (int trial = 0; trial < 200; trial++) {
        for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)random_below(&random_state, 256);
        for (uint32_t n = 1; n <= 16; n++) {
            float likeness = fid_text_likeness(noise, 48, n, 17 - n, 3);
            assert_true(likeness >= 0 && likeness <= 1);
        }
    }
    memset(noise, 7, sizeof noise);
    assert_true(fid_text_likeness(noise, 48, 16, 16, 3) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_weighs_more_than_ground_texture_and_edges),
        cmocka_unit_test(one_block_alone_is_not_text),
        cmocka_unit_test(rectangles_are_cut_at_the_picture),
        cmocka_unit_test(blocks_of_any_size_and_colour_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
