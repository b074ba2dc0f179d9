/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Colours that are mended: the grid's bytes, and what it adds to pixels (doc/format.md, section 24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/chroma_grid.h"
#include "random_bits.h"

static void fill(chroma_grid *g, uint32_t seed, unsigned spread) {
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < CHROMA_N_FACTORS; i++) g->factors[c][i] = (int8_t)(int)random_below(&seed, 256);
        for (size_t i = 0; i < (size_t)g->across * g->down; i++)
            g->values[c][i] = (int8_t)((int)(random_below(&seed, 2 * spread + 1)) - (int)spread);
    }
}

static void what_is_coded_comes_back(void **unused) {
    (void)unused;
    static const uint32_t sides[][2] = {{1, 1}, {33, 20}, {320, 256}, {700, 31}};
    for (size_t i = 0; i < 4; i++)
        for (unsigned spread = 0; spread <= CHROMA_TOP; spread += spread ? 11 : 5) {
            chroma_grid a, b;
            byte_writer out;
            bw_init(&out, NULL);
            assert_int_equal(chroma_grid_init(&a, NULL, sides[i][0], sides[i][1]), PITH_OK);
            assert_int_equal(chroma_grid_init(&b, NULL, sides[i][0], sides[i][1]), PITH_OK);
            fill(&a, 77 + spread, spread);
            a.step = (uint8_t)(1 + spread);
            chroma_grid_encode(&a, &out);
            assert_int_equal(out.status, PITH_OK);
            assert_int_equal(chroma_grid_decode(&b, out.data, out.n_bytes), PITH_OK);
            assert_memory_equal(a.factors, b.factors, sizeof a.factors);
            assert_int_equal(a.step, b.step);
            for (int c = 0; c < 2; c++) assert_memory_equal(a.values[c], b.values[c], (size_t)a.across * a.down);
            chroma_grid_free(&a, NULL);
            chroma_grid_free(&b, NULL);
            bw_free(&out);
        }
}

static void any_bytes_end_in_a_grid_or_a_fault(void **unused) {
    (void)unused;
    uint32_t seed = 5;
    uint8_t data[60];
    chroma_grid g;
    assert_int_equal(chroma_grid_init(&g, NULL, 200, 200), PITH_OK);
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)random_below(&seed, 256);
        data[8] %= 40;
        pith_status status = chroma_grid_decode(&g, data, random_below(&seed, sizeof data + 1));
        assert_true(status == PITH_OK || status == PITH_E_FORMAT);
        for (int c = 0; c < 2 && status == PITH_OK; c++)
            for (size_t i = 0; i < (size_t)g.across * g.down; i++)
                assert_true(abs(g.values[c][i]) <= CHROMA_TOP || g.step == 0);
    }
    data[8] = 0; /* no grid: nothing may follow */
    assert_int_equal(chroma_grid_decode(&g, data, 9), PITH_OK);
    assert_int_equal(chroma_grid_decode(&g, data, 10), PITH_E_FORMAT);
    data[8] = CHROMA_MAX_STEP + 1;
    assert_int_equal(chroma_grid_decode(&g, data, 20), PITH_E_FORMAT);
    chroma_grid_free(&g, NULL);
}

static void nothing_to_add_leaves_pixels_alone(void **unused) {
    (void)unused;
    uint32_t seed = 9;
    uint8_t row[40 * 4], before[sizeof row];
    chroma_grid g;
    assert_int_equal(chroma_grid_init(&g, NULL, 40, 3), PITH_OK);
    for (size_t i = 0; i < sizeof row; i++) before[i] = row[i] = (uint8_t)random_below(&seed, 256);
    chroma_grid_apply(&g, &(chroma_row){.n = 40, .spacing = 1, .n_channels = 4, .bit_depth = 8, .samples = row});
    assert_memory_equal(row, before, sizeof row);
    chroma_grid_free(&g, NULL);
}

/* Cr up by 10 levels: red by 14, green down by 7; halfway to a block that is 0, half of it. */
static void a_block_moves_its_colours_and_fades_to_the_next(void **unused) {
    (void)unused;
    uint8_t row[64 * 3];
    uint16_t deep[64 * 3];
    chroma_grid g;
    assert_int_equal(chroma_grid_init(&g, NULL, 64, 32), PITH_OK);
    g.step = 5;
    g.values[1][0] = 2;
    memset(row, 100, sizeof row);
    for (size_t i = 0; i < 64 * 3; i++) deep[i] = 100 * 257;
    chroma_grid_apply(&g, &(chroma_row){.n = 64, .spacing = 1, .n_channels = 3, .bit_depth = 8, .samples = row});
    chroma_grid_apply(&g, &(chroma_row){.n = 64, .spacing = 1, .n_channels = 3, .bit_depth = 16, .samples = deep});
    assert_int_equal(row[0], 114);
    assert_int_equal(row[1], 93);
    assert_int_equal(row[2], 100);
    assert_in_range(row[3 * 31], 106, 108);
    assert_int_equal(row[3 * 63], 100);
    for (size_t i = 0; i < 64 * 3; i++) assert_true(abs((int)deep[i] - 257 * row[i]) <= 129);
    chroma_grid_free(&g, NULL);
}

/* A factor of 64/128 makes colours half as strong again; grey stays grey. */
static void a_factor_strengthens_colours(void **unused) {
    (void)unused;
    uint8_t row[] = {150, 100, 100, 90, 90, 90};
    chroma_grid g;
    assert_int_equal(chroma_grid_init(&g, NULL, 2, 1), PITH_OK);
    g.factors[0][0] = g.factors[1][1] = 64;
    chroma_grid_apply(&g, &(chroma_row){.n = 2, .spacing = 1, .n_channels = 3, .bit_depth = 8, .samples = row});
    assert_in_range(row[0], 166, 169);
    assert_in_range(row[1], 91, 94);
    assert_int_equal(row[3], 90);
    assert_int_equal(row[4], 90);
    assert_int_equal(row[5], 90);
    chroma_grid_free(&g, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_coded_comes_back),
        cmocka_unit_test(any_bytes_end_in_a_grid_or_a_fault),
        cmocka_unit_test(nothing_to_add_leaves_pixels_alone),
        cmocka_unit_test(a_block_moves_its_colours_and_fades_to_the_next),
        cmocka_unit_test(a_factor_strengthens_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
