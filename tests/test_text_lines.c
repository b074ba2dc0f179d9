/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Lines of text: where they are, whether they were kept, and the blur of those that were not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fidelity/text_lines.h"
#include "random_bits.h"
#include "search/blur_text.h"

#define WIDTH 200u
#define HEIGHT 128u
#define LINE_1 20u /* rows where the lines begin: in block rows 1 and 4 */
#define LINE_2 67u

typedef struct page {
    uint8_t grey[WIDTH * HEIGHT];
    pith_image image;
} page;

/* Stems and bars of two pixels, "HE" over and over, from x0 to x1; `shift`: pixels of it that are skipped. */
static void draw_line(page *p, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t shift) {
    static const char *const rows[10] = {"##...##..#######", "##...##..#######", "##...##..##.....", "##...##..##.....",
                                         "#######..######.", "#######..######.", "##...##..##.....", "##...##..##.....",
                                         "##...##..#######", "##...##..#######"};
    for (uint32_t y = 0; y < 10; y++)
        for (uint32_t x = x0; x < x1; x++)
            if (rows[y][(x - x0 + shift) % 16] == '#') p->grey[(y0 + y) * WIDTH + x] = 30;
}

static void blank(page *p) {
    memset(p->grey, 220, sizeof p->grey);
    p->image = (pith_image){{WIDTH, HEIGHT, 1, 8}, p->grey, WIDTH};
}

static page two_lines(uint32_t shift_of_second) {
    page p;
    blank(&p);
    draw_line(&p, 8, 180, LINE_1, 0);
    draw_line(&p, 8, 180, LINE_2, shift_of_second);
    return p;
}

static void lines_are_found_and_little_text_is_none(void **unused) {
    (void)unused;
    page p = two_lines(0);
    p.image.pixels = p.grey;
    fid_lines lines;
    assert_int_equal(fid_lines_find(&lines, NULL, &p.image), PITH_OK);
    assert_int_equal(lines.across, 13);
    assert_int_equal(lines.down, 8);
    for (uint32_t y = 0; y < lines.down; y++)
        for (uint32_t x = 1; x < 11; x++) assert_int_equal(lines.is_text[y * lines.across + x], y == 1 || y == 4);
    fid_lines_forget(&lines, &(fid_rect){0, LINE_1, WIDTH, 1});
    assert_int_equal(lines.is_text[lines.across + 3], 0);
    assert_int_equal(lines.is_text[4 * lines.across + 3], 1);
    fid_lines_free(&lines, NULL);

    blank(&p);
    draw_line(&p, 16, 64, LINE_1, 0); /* three blocks */
    assert_int_equal(fid_lines_find(&lines, NULL, &p.image), PITH_OK);
    assert_int_equal(lines.n_text, 0);
    fid_lines_free(&lines, NULL);
}

static void other_letters_are_lost_and_noise_is_not(void **unused) {
    (void)unused;
    page original = two_lines(0), decoded = two_lines(7);
    original.image.pixels = original.grey;
    decoded.image.pixels = decoded.grey;
    uint32_t seed = 5;
    for (size_t i = 0; i < sizeof decoded.grey; i++)
        decoded.grey[i] = (uint8_t)(decoded.grey[i] + random_below(&seed, 30));
    fid_lines lines;
    uint8_t lost[13 * 8];
    assert_int_equal(fid_lines_find(&lines, NULL, &original.image), PITH_OK);
    assert_int_equal((int)(100 * fid_lines_lost(&lines)), 0); /* before anything was measured */
    fid_lines_measure(&lines, &original.image, &decoded.image);
    assert_true(fid_lines_lost(&lines) > 0.45 && fid_lines_lost(&lines) < 0.55);
    const uint32_t n_text = lines.n_text, n_lost = fid_lines_take_lost(&lines, 0, lost);
    assert_int_equal(lines.n_text, n_text - n_lost);
    for (uint32_t x = 1; x < 11; x++) {
        assert_int_equal(lost[lines.across + x], 0);
        assert_int_equal(lost[4 * lines.across + x], 1);
    }
    fid_lines_measure(&lines, &original.image, &decoded.image);
    assert_true(fid_lines_lost(&lines) == 0);
    assert_int_equal(fid_lines_take_lost(&lines, 0, lost), 0);
    fid_lines_free(&lines, NULL);
}

/* Levels between the darkest and the brightest sample of rows. */
static int contrast(const page *p, uint32_t y0, uint32_t y1) {
    int low = 255, high = 0;
    for (size_t i = (size_t)y0 * WIDTH; i < (size_t)y1 * WIDTH; i++) {
        low = p->grey[i] < low ? p->grey[i] : low;
        high = p->grey[i] > high ? p->grey[i] : high;
    }
    return high - low;
}

static void marked_blocks_are_blurred_and_no_others(void **unused) {
    (void)unused;
    page p = two_lines(0), before = p;
    p.image.pixels = p.grey;
    uint8_t marked[13 * 8] = {0};
    memset(marked + (size_t)4 * 13, 1, 13); /* the second line, at both edges of the picture too */
    blur_blocks(&p.image, marked, 13, 8);
    assert_true(contrast(&before, LINE_2, LINE_2 + 10) > 150);
    uint8_t *row = p.grey + (size_t)(LINE_2 + 5) * WIDTH;
    for (uint32_t x = 40; x < 140; x++) assert_true(abs(row[x] - row[x + 1]) < 12); /* a grey line */
    assert_true(row[90] < 210);
    assert_memory_equal(p.grey, before.grey, (size_t)WIDTH * (64 - 7));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_found_and_little_text_is_none),
        cmocka_unit_test(other_letters_are_lost_and_noise_is_not),
        cmocka_unit_test(marked_blocks_are_blurred_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
