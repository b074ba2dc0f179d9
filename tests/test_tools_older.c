/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* TIFF, GIF, BMP and HEIC: every kind is read to the exact pixels; what a
 * damaged, short or lying file does (no harm, under the sanitizers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imageio/imageio.h"
#include "random_bits.h"
#include "temp_file.h"
#include "tools_older.h"

static char path[256]; /* of the one file that the cases make anew */

static int name_file(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s", temp_path("picture"));
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------- */

static pith_image load(image_facts *facts) {
    image_reader *reader;
    pith_source source;
    pith_diag why = {0};
    if (image_open(&reader, path, &(image_open_options){.keep_alpha = true}, &why) != PITH_OK)
        fail_msg("%s", why.message);
    image_reader_source(reader, &source);
    pith_image p =
        make_picture(source.format.width, source.format.height, source.format.n_channels, source.format.bit_depth);
    for (uint32_t y = 0; y < p.format.height; y++)
        if (source.read_rows(source.user, y, 1, (uint8_t *)p.pixels + y * p.stride_bytes, p.stride_bytes) != PITH_OK)
            fail_msg("row %u: %s", y, image_reader_diag(reader)->message);
    *facts = image_reader_facts(reader);
    image_close(&reader);
    return p;
}

static uint32_t sample(const pith_image *p, uint32_t x, uint32_t y, unsigned c) {
    const uint8_t *row = (const uint8_t *)p->pixels + y * p->stride_bytes;
    size_t i = (size_t)x * p->format.n_channels + c;
    return p->format.bit_depth == 8 ? row[i] : ((const uint16_t *)(const void *)row)[i];
}

static uint32_t scaled(uint32_t value, uint32_t from, uint32_t to) {
    assert_true(from > 0);
    if (from == 0) return 0; /* for the analyser, which does not know that the line before leaves */
    return (uint32_t)(((uint64_t)value * to + from / 2) / from);
}

static void assert_warning(const image_facts *facts, const char *text, const char *what) {
    if (facts->n_warnings != (text ? 1u : 0u)) fail_msg("%s: %u warnings", what, facts->n_warnings);
    if (text) assert_non_null(strstr(facts->warnings[0], text));
}

static pith_status try_load(const void *bytes, size_t n_bytes, const pith_env *env) {
    pith_image p;
    pith_diag why = {0};
    save_bytes(path, bytes, n_bytes);
    pith_status status = image_load(&p, NULL, path, env, &why);
    assert_int_equal(why.status, status);
    assert_true((status == PITH_OK) == (why.message[0] == '\0'));
    if (status == PITH_OK) free(p.pixels);
    return status;
}

/* Cut at `n_needed` or before it is an error; anything else does no harm. */
static void damage(const char *what, size_t n_needed, uint64_t n_pixels) {
    size_t n;
    uint32_t seed = 815;
    uint8_t *bytes = read_bytes(path, &n), *copy = malloc(n);
    pith_env env = {.max_pixels = 100000, .max_dimension = 5000, .max_file_bytes = 1000000};
    assert_int_equal(try_load(bytes, n, &env), PITH_OK);
    for (size_t cut = 0; cut < n_needed; cut += cut < 40 ? 1 : n / 60 + 1) {
        pith_status status = try_load(bytes, cut, &env);
        if (status != PITH_E_TRUNCATED && status != PITH_E_FORMAT)
            fail_msg("%s: %zu of %zu bytes: %s", what, cut, n, pith_status_name(status));
    }
    for (unsigned round = 0; round < 300; round++) {
        memcpy(copy, bytes, n);
        for (unsigned k = 0; k <= round % 3; k++) {
            next_random(&seed);
            copy[(seed >> 8) % (round % 2 ? n : n < 200 ? n : 200)] ^= (uint8_t)(1u << (seed & 7));
        }
        (void)try_load(copy, n, &env);
    }
    env.max_pixels = n_pixels - 1;
    assert_int_equal(try_load(bytes, n, &env), PITH_E_LIMIT);
    free(bytes);
    free(copy);
}

/* ---- TIFF --------------------------------------------------------------------------------- */

#ifdef PITH_WITH_TIFF
#define WHITE PHOTOMETRIC_MINISWHITE
#define BLACK PHOTOMETRIC_MINISBLACK
#define RGB PHOTOMETRIC_RGB
#define APART PLANARCONFIG_SEPARATE
static const tiff_wish tiffs[] = {
    {.name = "black 1", .photometric = BLACK, .bits = 1, .n_samples = 1},
    {.name = "white 1, G4", .photometric = WHITE, .bits = 1, .n_samples = 1, .compression = COMPRESSION_CCITTFAX4},
    {.name = "grey 4", .photometric = BLACK, .bits = 4, .n_samples = 1},
    {.name = "grey 8, LZW", .photometric = BLACK, .bits = 8, .n_samples = 1, .compression = COMPRESSION_LZW},
    {.name = "grey 12", .photometric = BLACK, .bits = 12, .n_samples = 1},
    {.name = "grey 16, white is 0", .photometric = WHITE, .bits = 16, .n_samples = 1},
    {.name = "grey 8, alpha", .photometric = BLACK, .bits = 8, .n_samples = 2, .extra = EXTRASAMPLE_UNASSALPHA + 1},
    {.name = "palette 4", .photometric = PHOTOMETRIC_PALETTE, .bits = 4, .n_samples = 1},
    {.name = "palette 8, tiles", .photometric = PHOTOMETRIC_PALETTE, .bits = 8, .n_samples = 1, .is_tiled = true},
    {.name = "RGB 8", .photometric = RGB, .bits = 8, .n_samples = 3},
    {.name = "RGB 8, Deflate, BigTIFF",
     .photometric = RGB,
     .bits = 8,
     .n_samples = 3,
     .compression = COMPRESSION_ADOBE_DEFLATE,
     .big = true},
    {.name = "RGB 16, PackBits", .photometric = RGB, .bits = 16, .n_samples = 3, .compression = COMPRESSION_PACKBITS},
    {.name = "RGB 8, tiles", .photometric = RGB, .bits = 8, .n_samples = 3, .is_tiled = true},
    {.name = "RGB 16, tiles",
     .photometric = RGB,
     .bits = 16,
     .n_samples = 3,
     .is_tiled = true,
     .compression = COMPRESSION_LZW},
    {.name = "RGB 8, planes", .photometric = RGB, .bits = 8, .n_samples = 3, .planes = APART},
    {.name = "RGB 16, planes of tiles",
     .photometric = RGB,
     .bits = 16,
     .n_samples = 3,
     .planes = APART,
     .is_tiled = true},
    {.name = "RGBA 8", .photometric = RGB, .bits = 8, .n_samples = 4, .extra = EXTRASAMPLE_UNASSALPHA + 1},
    {.name = "RGBA 16, planes",
     .photometric = RGB,
     .bits = 16,
     .n_samples = 4,
     .extra = EXTRASAMPLE_UNASSALPHA + 1,
     .planes = APART},
    {.name = "RGBA 16, multiplied",
     .photometric = RGB,
     .bits = 16,
     .n_samples = 4,
     .extra = EXTRASAMPLE_ASSOCALPHA + 1},
};

static uint32_t tiff_expected(const tiff_wish *w, uint32_t x, uint32_t y, unsigned c, uint32_t to) {
    uint32_t value = kept_bits(x, y, c, w->bits), top = (1u << w->bits) - 1;
    unsigned alpha_at = w->photometric == RGB ? 3 : 1;
    if (w->photometric == PHOTOMETRIC_PALETTE) return tiff_colour(kept_bits(x, y, 0, w->bits), c) >> 8;
    if (w->extra == EXTRASAMPLE_ASSOCALPHA + 1 && c < alpha_at) {
        uint32_t alpha = kept_bits(x, y, alpha_at, w->bits);
        uint64_t whole = alpha ? ((uint64_t)value * top + alpha / 2) / alpha : 0;
        value = whole < top ? (uint32_t)whole : top;
    }
    if (w->photometric == WHITE && c == 0) value = top - value;
    return scaled(value, top, to);
}
#endif

static void every_kind_of_tiff_is_read_exactly(void **state) {
    (void)state;
#ifdef PITH_WITH_TIFF
    for (size_t k = 0; k < sizeof tiffs / sizeof *tiffs; k++) {
        const tiff_wish *w = &tiffs[k];
        image_facts facts;
        save_tiff(path, w, 45, 37);
        pith_image p = load(&facts);
        assert_warning(&facts, NULL, w->name);
        unsigned n = w->photometric == PHOTOMETRIC_PALETTE ? 3 : w->n_samples;
        if (p.format.width != 45 || p.format.height != 37 || p.format.n_channels != n ||
            p.format.bit_depth != (w->bits > 8 ? 16 : 8))
            fail_msg("%s: %ux%u, %u channels of %u bits", w->name, p.format.width, p.format.height, p.format.n_channels,
                     p.format.bit_depth);
        for (uint32_t y = 0; y < 37; y++)
            for (uint32_t x = 0; x < 45; x++)
                for (unsigned c = 0; c < n; c++) {
                    uint32_t expected = tiff_expected(w, x, y, c, w->bits > 8 ? 65535 : 255);
                    if (sample(&p, x, y, c) != expected)
                        fail_msg("%s: %u,%u,%u is %u, not %u", w->name, x, y, c, sample(&p, x, y, c), expected);
                }
        free(p.pixels);
    }
#else
    skip();
#endif
}

static void tiff_is_turned_and_its_first_page_taken(void **state) {
    (void)state;
#ifdef PITH_WITH_TIFF
    image_facts facts;
    save_tiff(path, &(tiff_wish){.photometric = RGB, .bits = 8, .n_samples = 3, .orientation = 6, .n_pages = 2}, 20,
              10);
    pith_image p = load(&facts);
    assert_warning(&facts, "several pages", "two pages");
    assert_int_equal(facts.orientation, 6);
    assert_int_equal(p.format.width, 10);
    assert_int_equal(p.format.height, 20);
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 0; x < 10; x++) assert_int_equal(sample(&p, x, y, 1), kept_bits(y, 9 - x, 1, 8));
    free(p.pixels);
#else
    skip();
#endif
}

static void a_cmyk_tiff_has_inks(void **state) {
    (void)state;
#ifdef PITH_WITH_TIFF
    for (unsigned bits = 8; bits <= 16; bits += 8) {
        image_facts facts;
        save_tiff(path, &(tiff_wish){.photometric = PHOTOMETRIC_SEPARATED, .bits = (uint16_t)bits, .n_samples = 4}, 20,
                  10);
        pith_image p = load(&facts);
        assert_warning(&facts, "CMYK without a profile", "CMYK");
        for (uint32_t y = 0; y < 10; y++)
            for (uint32_t x = 0; x < 20; x++)
                for (unsigned c = 0; c < 3; c++) {
                    uint32_t top = (1u << bits) - 1, ink = scaled(kept_bits(x, y, c, bits), top, 255);
                    uint32_t black = scaled(kept_bits(x, y, 3, bits), top, 255);
                    assert_int_equal(sample(&p, x, y, c), ((255 - ink) * (255 - black) + 127) / 255);
                }
        free(p.pixels);
    }
#else
    skip();
#endif
}

static void a_tiff_we_do_not_read_is_refused(void **state) {
    (void)state;
#ifdef PITH_WITH_TIFF
    pith_diag why = {0};
    image_reader *reader;
    TIFF *tiff = TIFFOpen(path, "w");
    float row[8] = {0};
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 8);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 32);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, BLACK);
    assert_int_equal(TIFFWriteScanline(tiff, row, 0, 0), 1);
    TIFFClose(tiff);
    assert_int_equal(image_open(&reader, path, NULL, &why), PITH_E_UNSUPPORTED);
    assert_non_null(strstr(why.message, "floating-point samples"));
    /* A camera's raw photo: a small picture, and the photo in a directory below. */
    memset(&why, 0, sizeof why);
    tiff = TIFFOpen(path, "w");
    uint64_t below = 0;
    TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, 8);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, BLACK);
    TIFFSetField(tiff, TIFFTAG_SUBIFD, 1, &below);
    assert_int_equal(TIFFWriteScanline(tiff, row, 0, 0), 1);
    assert_int_equal(TIFFWriteDirectory(tiff), 1);
    TIFFClose(tiff);
    assert_int_equal(image_open(&reader, path, NULL, &why), PITH_E_UNSUPPORTED);
    assert_non_null(strstr(why.message, "raw photo"));
#else
    skip();
#endif
}

static void planes_and_tiles_keep_to_the_memory_budget(void **state) {
    (void)state;
#ifdef PITH_WITH_TIFF
    image_reader *reader;
    save_tiff(path, &(tiff_wish){.photometric = RGB, .bits = 8, .n_samples = 3, .planes = APART}, 200, 100);
    for (uint64_t budget = 59999; budget <= 60000; budget++) {
        pith_diag why = {0};
        pith_status status = image_open(&reader, path, &(image_open_options){.max_memory_bytes = budget}, &why);
        assert_int_equal(status, budget < 60000 ? PITH_E_LIMIT : PITH_OK);
        image_close(&reader);
    }
#else
    skip();
#endif
}

/* ---- GIF --------------------------------------------------------------------------------- */

static void gif_is_read_exactly(void **state) {
    (void)state;
#ifdef PITH_WITH_GIF
    static const struct {
        gif_wish wish;
        int screen_width, screen_height;
        uint32_t width, height; /* of what is read */
    } cases[] = {
        {{false, -1, 0, 0, 1}, 45, 37, 45, 37}, {{true, -1, 0, 0, 1}, 45, 37, 45, 37},
        {{false, 5, 0, 0, 1}, 45, 37, 45, 37},  {{true, -1, 3, 2, 1}, 50, 40, 50, 40},
        {{false, -1, 3, 2, 1}, 10, 5, 48, 39},  {{true, 7, 0, 0, 3}, 45, 37, 45, 37},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const gif_wish *w = &cases[k].wish;
        image_facts facts;
        save_gif(path, w, 45, 37, cases[k].screen_width, cases[k].screen_height);
        pith_image p = load(&facts);
        assert_warning(&facts, w->n_frames > 1 ? "is animated" : NULL, "GIF");
        assert_int_equal(p.format.width, cases[k].width);
        assert_int_equal(p.format.height, cases[k].height);
        assert_int_equal(p.format.n_channels, w->clear >= 0 || w->left ? 4 : 3);
        for (uint32_t y = 0; y < p.format.height; y++)
            for (uint32_t x = 0; x < p.format.width; x++) {
                uint32_t fx = x - (uint32_t)w->left, fy = y - (uint32_t)w->top;
                bool covered = fx < 45 && fy < 37, clear = !covered || gif_index(fx, fy) == w->clear;
                for (unsigned c = 0; c < 3; c++)
                    assert_int_equal(sample(&p, x, y, c), clear ? 0 : palette_sample(gif_index(fx, fy), c));
                if (p.format.n_channels == 4) assert_int_equal(sample(&p, x, y, 3), clear ? 0 : 255);
            }
        free(p.pixels);
    }
#else
    skip();
#endif
}

/* ---- BMP --------------------------------------------------------------------------------- */

static const bmp_wish bmps[] = {
    {"OS/2, 1 bit", 12, 1, 0, false, {0}},
    {"OS/2, 24", 12, 24, 0, false, {0}},
    {"1 bit", 40, 1, 0, false, {0}},
    {"4 bits", 40, 4, 0, true, {0}},
    {"8 bits", 40, 8, 0, false, {0}},
    {"5 bits each", 40, 16, 0, false, {0}},
    {"24 bits", 40, 24, 0, false, {0}},
    {"24 bits, top down", 40, 24, 0, true, {0}},
    {"565", 40, 16, 3, false, {0xf800, 0x7e0, 0x1f, 0}},
    {"32 bits of 10", 40, 32, 3, false, {0x3ff00000, 0xffc00, 0x3ff, 0}},
    {"4444", 56, 16, 3, false, {0xf00, 0xf0, 0xf, 0xf000}},
    {"8888", 124, 32, 3, false, {0xff0000, 0xff00, 0xff, 0xff000000}},
    {"8888 in OpenGL's order", 108, 32, 3, true, {0xff, 0xff00, 0xff0000, 0xff000000}},
    {"alpha's mask behind the header", 40, 32, 6, false, {0xff0000, 0xff00, 0xff, 0xff000000}},
    {"32 bits, none of them alpha's", 40, 32, 0, false, {0}},
};

static void every_kind_of_bmp_is_read_exactly(void **state) {
    (void)state;
    static const uint32_t of_16[4] = {0x7c00, 0x3e0, 0x1f, 0};
    for (size_t k = 0; k < sizeof bmps / sizeof *bmps; k++) {
        const bmp_wish *w = &bmps[k];
        image_facts facts;
        save_bmp(path, w, 45, 37);
        pith_image p = load(&facts);
        assert_warning(&facts, NULL, w->name);
        assert_int_equal(p.format.width, 45);
        assert_int_equal(p.format.n_channels, w->masks[3] ? 4 : 3);
        for (uint32_t y = 0; y < 37; y++)
            for (uint32_t x = 0; x < 45; x++)
                for (unsigned c = 0; c < p.format.n_channels; c++) {
                    unsigned bits = w->masks[0] ? bits_of(w->masks[c]) : w->bits == 16 ? bits_of(of_16[c]) : 8;
                    uint32_t expected = scaled(kept_bits(x, y, c, bits), (1u << bits) - 1, 255);
                    if (w->bits <= 8) expected = palette_sample(kept_bits(x, y, 0, w->bits), c);
                    if (sample(&p, x, y, c) != expected)
                        fail_msg("%s: %u,%u,%u is %u, not %u", w->name, x, y, c, sample(&p, x, y, c), expected);
                }
        free(p.pixels);
    }
}

/* Runs, literal pixels with their padding, ends of rows, a skip, the end. */
static void a_run_length_bmp_is_read_exactly(void **state) {
    (void)state;
    static const uint8_t of_8[] = {3, 7, 0, 3, 1, 2, 3, 0, 0, 0, 0, 2, 2, 1, 2, 9, 0, 1};
    static const uint8_t rows_of_8[3][6] = {{0, 0, 9, 9, 0, 0}, {0, 0, 0, 0, 0, 0}, {7, 7, 7, 1, 2, 3}};
    static const uint8_t of_4[] = {3, 0x12, 0, 3, 0x34, 0x50, 0, 0, 6, 0x66, 0, 0, 6, 0x78, 0, 1};
    static const uint8_t rows_of_4[3][6] = {{7, 8, 7, 8, 7, 8}, {6, 6, 6, 6, 6, 6}, {1, 2, 1, 3, 4, 5}};
    for (unsigned bits = 4; bits <= 8; bits += 4) {
        size_t n;
        image_facts facts;
        save_bmp(path, &(bmp_wish){"", 40, bits, bits == 8 ? 1 : 2, false, {0}}, 6, 3);
        uint8_t *bytes = read_bytes(path, &n);
        const uint8_t *packed = bits == 8 ? of_8 : of_4;
        size_t n_packed = bits == 8 ? sizeof of_8 : sizeof of_4, at = bytes[10] + 256u * bytes[11];
        memcpy(bytes + at, packed, n_packed);
        save_bytes(path, bytes, at + n_packed);
        pith_image p = load(&facts);
        for (uint32_t y = 0; y < 3; y++)
            for (uint32_t x = 0; x < 6; x++)
                assert_int_equal(sample(&p, x, y, 2), palette_sample(bits == 8 ? rows_of_8[y][x] : rows_of_4[y][x], 2));
        free(p.pixels);
        damage("packed BMP", at + 4, 18);
        free(bytes);
    }
}

/* ---- HEIC -------------------------------------------------------------------------------- */

static void heic_is_read(void **state) {
    (void)state;
#ifdef PITH_WITH_HEIF
    for (uint8_t n_channels = 3; n_channels <= 4; n_channels++)
        for (int bits = 8; bits <= 10; bits += 2) {
            image_facts facts;
            uint32_t top = bits == 8 ? 255 : 65535;
            pith_image p = make_picture(64, 48, n_channels, bits == 8 ? 8 : 16);
            if (!save_heic(path, &p, bits, NULL, 0)) {
                print_message("libheif has no encoder\n");
                skip();
            }
            pith_image q = load(&facts);
            assert_warning(&facts, NULL, "HEIC");
            assert_string_equal(facts.file_type, "HEIC");
            assert_int_equal(q.format.n_channels, n_channels);
            assert_int_equal(q.format.bit_depth, bits == 8 ? 8 : 16);
            for (uint32_t y = 0; y < 48; y++)
                for (uint32_t x = 0; x < 64; x++)
                    for (unsigned c = 0; c < n_channels; c++) {
                        uint32_t expected = scaled(kept_bits(x, y, c, (unsigned)bits), (1u << bits) - 1, top);
                        if (abs((int)sample(&q, x, y, c) - (int)expected) > 1)
                            fail_msg("%d bits: %u,%u,%u is %u, not %u", bits, x, y, c, sample(&q, x, y, c), expected);
                    }
            free(p.pixels);
            free(q.pixels);
        }
#else
    skip();
#endif
}

/* ---- damage ------------------------------------------------------------------------------- */

static void no_damaged_file_does_harm(void **state) {
    (void)state;
    size_t n;
    for (size_t k = 0; k < sizeof bmps / sizeof *bmps; k += 3) {
        save_bmp(path, &bmps[k], 30, 18);
        free(read_bytes(path, &n));
        damage(bmps[k].name, n, 30 * 18);
    }
#ifdef PITH_WITH_GIF
    save_gif(path, &(gif_wish){true, 3, 0, 0, 1}, 30, 18, 30, 18);
    free(read_bytes(path, &n));
    damage("GIF", n - 1, 30 * 18); /* the trailer alone is not missed */
#endif
#ifdef PITH_WITH_TIFF
    for (size_t k = 0; k < sizeof tiffs / sizeof *tiffs; k++) {
        save_tiff(path, &tiffs[k], 30, 18);
        damage(tiffs[k].name, 100, 30 * 18);
    }
#endif
#ifdef PITH_WITH_HEIF
    pith_image p = make_picture(64, 48, 3, 8);
    if (save_heic(path, &p, 8, NULL, 0)) {
        free(read_bytes(path, &n));
        damage("HEIC", n, 64 * 48);
    }
    free(p.pixels);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_tiff_is_read_exactly),
        cmocka_unit_test(tiff_is_turned_and_its_first_page_taken),
        cmocka_unit_test(a_cmyk_tiff_has_inks),
        cmocka_unit_test(a_tiff_we_do_not_read_is_refused),
        cmocka_unit_test(planes_and_tiles_keep_to_the_memory_budget),
        cmocka_unit_test(gif_is_read_exactly),
        cmocka_unit_test(every_kind_of_bmp_is_read_exactly),
        cmocka_unit_test(a_run_length_bmp_is_read_exactly),
        cmocka_unit_test(heic_is_read),
        cmocka_unit_test(no_damaged_file_does_harm),
    };
    return cmocka_run_group_tests(tests, name_file, NULL);
}
