/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files of the newer formats, animations, CMYK, and every orientation
 * of every format that has one: read to the exact pixels, or near where the
 * format is lossy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imageio/exif.h"
#include "imageio/imageio.h"
#include "random_bits.h"
#include "temp_file.h"
#include "tools_modern.h"

static char path[256]; /* of the one file that the cases make anew */

static int name_file(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s", temp_path("picture"));
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------- */

static uint32_t sample(const pith_image *p, uint32_t x, uint32_t y, unsigned c) {
    const uint8_t *row = (const uint8_t *)p->pixels + y * p->stride_bytes;
    size_t i = (size_t)x * p->format.n_channels + c;
    return p->format.bit_depth == 8 ? row[i] : ((const uint16_t *)(const void *)row)[i];
}

static void set_sample(pith_image *p, uint32_t x, uint32_t y, unsigned c, uint32_t value) {
    uint8_t *row = (uint8_t *)p->pixels + y * p->stride_bytes;
    size_t i = (size_t)x * p->format.n_channels + c;
    if (p->format.bit_depth == 8)
        row[i] = (uint8_t)value;
    else
        ((uint16_t *)(void *)row)[i] = (uint16_t)value;
}

static pith_image load_with(const image_open_options *options, image_facts *facts) {
    image_reader *reader;
    pith_source source;
    pith_diag why = {0};
    if (image_open(&reader, path, options, &why) != PITH_OK) fail_msg("%s", why.message);
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

/* Alpha is kept, so that nothing of it is lost on white. */
static pith_image load(image_facts *facts) { return load_with(&(image_open_options){.keep_alpha = true}, facts); }

static void assert_near(const pith_image *found, const pith_image *expected, int bound, const char *what) {
    assert_int_equal(found->format.width, expected->format.width);
    assert_int_equal(found->format.height, expected->format.height);
    assert_int_equal(found->format.n_channels, expected->format.n_channels);
    assert_int_equal(found->format.bit_depth, expected->format.bit_depth);
    for (uint32_t y = 0; y < found->format.height; y++)
        for (uint32_t x = 0; x < found->format.width; x++)
            for (unsigned c = 0; c < found->format.n_channels; c++) {
                int a = (int)sample(found, x, y, c), b = (int)sample(expected, x, y, c);
                if (abs(a - b) > bound) fail_msg("%s: %u,%u,%u is %d, not %d", what, x, y, c, a, b);
            }
}

/* What is read of `path` is `expected`; then nothing but that was said. */
static void assert_reads(const pith_image *expected, int bound, const char *what, const char *warning) {
    image_facts facts;
    pith_image found = load(&facts);
    assert_near(&found, expected, bound, what);
    assert_int_equal(facts.n_warnings, warning ? 1 : 0);
    if (warning) assert_non_null(strstr(facts.warnings[0], warning));
    free(found.pixels);
}

/* ---- orientation -------------------------------------------------------------------------- */

/* Smooth, so that a JPEG stays near, and without any symmetry. */
static pith_image smooth_picture(uint32_t width, uint32_t height, uint8_t n_channels) {
    pith_image p = make_picture(width, height, n_channels, 8);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (unsigned c = 0; c < n_channels; c++) set_sample(&p, x, y, c, 30 + 3 * x + 2 * y + 10 * c);
    return p;
}

/* Exif 2.32, 4.6.4: what the 0th row and the 0th column of the file are in the
 * upright picture. */
typedef enum side { TOP, BOTTOM, LEFT, RIGHT } side;
static const side sides[9][2] = {{TOP, LEFT}, {TOP, LEFT},  {TOP, RIGHT},    {BOTTOM, RIGHT}, {BOTTOM, LEFT},
                                 {LEFT, TOP}, {RIGHT, TOP}, {RIGHT, BOTTOM}, {LEFT, BOTTOM}};

/* Where position `i` from side `s` is in the upright picture. */
static void place(side s, uint32_t i, const pith_image *upright, uint32_t *x, uint32_t *y) {
    if (s == TOP) *y = i;
    if (s == BOTTOM) *y = upright->format.height - 1 - i;
    if (s == LEFT) *x = i;
    if (s == RIGHT) *x = upright->format.width - 1 - i;
}

/* The picture as a camera with that orientation stores it. */
static pith_image stored_picture(const pith_image *upright, unsigned orientation) {
    const side *of = sides[orientation];
    bool swaps = of[0] == LEFT || of[0] == RIGHT;
    uint32_t width = swaps ? upright->format.height : upright->format.width;
    uint32_t height = swaps ? upright->format.width : upright->format.height;
    pith_image p = make_picture(width, height, upright->format.n_channels, upright->format.bit_depth);
    for (uint32_t row = 0; row < height; row++)
        for (uint32_t column = 0; column < width; column++) {
            uint32_t x = 0, y = 0;
            place(of[0], row, upright, &x, &y);
            place(of[1], column, upright, &x, &y);
            for (unsigned c = 0; c < p.format.n_channels; c++) set_sample(&p, column, row, c, sample(upright, x, y, c));
        }
    return p;
}

static void save_jpeg_with_exif(const pith_image *p, const uint8_t *exif, size_t n_exif) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    uint8_t segment[6 + 64] = "Exif\0";
    memcpy(segment + 6, exif, n_exif);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = p->format.width;
    jpeg.image_height = p->format.height;
    jpeg.input_components = p->format.n_channels;
    jpeg.in_color_space = p->format.n_channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 98, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&jpeg, TRUE);
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, segment, (unsigned)(6 + n_exif));
    for (uint32_t y = 0; y < p->format.height; y++) {
        JSAMPROW row = (uint8_t *)p->pixels + y * p->stride_bytes;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    save_bytes(path, bytes, n);
    free(bytes);
}

static void save_png_with_exif(const pith_image *p, uint8_t *exif, size_t n_exif) {
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, p->format.width, p->format.height, p->format.bit_depth, types[p->format.n_channels],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_eXIf_1(png, info, (png_uint_32)n_exif, exif);
    png_write_info(png, info);
    if (*(const uint8_t *)&(uint16_t){1} == 1) png_set_swap(png); /* PNG is big endian */
    for (uint32_t y = 0; y < p->format.height; y++) png_write_row(png, (uint8_t *)p->pixels + y * p->stride_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

static void every_orientation_of_jpeg_png_and_webp(void **state) {
    (void)state;
    char what[64];
    for (unsigned orientation = 0; orientation <= 9; orientation++)
        for (int little = 0; little <= 1; little++) {
            uint8_t exif[64];
            unsigned effective = orientation >= 1 && orientation <= 8 ? orientation : 1;
            size_t n_exif = make_exif(exif, orientation, little);
            pith_image upright = smooth_picture(37, 21, 3), stored = stored_picture(&upright, effective);
            snprintf(what, sizeof what, "orientation %u, %s", orientation, little ? "II" : "MM");
            save_jpeg_with_exif(&stored, exif, n_exif);
            assert_reads(&upright, 4, what, NULL);
            save_png_with_exif(&stored, exif, n_exif);
            assert_reads(&upright, 0, what, NULL);
            save_webp(path, &stored, exif, n_exif);
            assert_reads(&upright, 0, what, NULL);
            free(upright.pixels);
            free(stored.pixels);
        }
}

static void turns_every_kind_of_pixel(void **state) {
    (void)state;
    uint8_t exif[64];
    for (uint8_t n_channels = 1; n_channels <= 4; n_channels++)
        for (uint8_t depth = 8; depth <= 16; depth += 8)
            for (unsigned orientation = 1; orientation <= 8; orientation++) {
                pith_image upright = make_picture(11, 5, n_channels, depth);
                pith_image stored = stored_picture(&upright, orientation);
                save_png_with_exif(&stored, exif, make_exif(exif, orientation, true));
                assert_reads(&upright, 0, "PNG", NULL);
                free(upright.pixels);
                free(stored.pixels);
            }
}

static void exif_is_parsed_no_further_than_needed(void **state) {
    (void)state;
    uint8_t exif[64], copy[64];
    for (int little = 0; little <= 1; little++) {
        size_t n = make_exif(exif, 6, little);
        assert_int_equal(exif_orientation(exif, n), 6);
        for (size_t cut = 0; cut < n; cut++) { /* whole entries count, whatever is missing after them */
            uint8_t *exact = malloc(cut + 1);
            memcpy(exact, exif, cut);
            assert_int_equal(exif_orientation(exact, cut), cut >= 10 + 24 ? 6 : 1);
            free(exact);
        }
        for (uint32_t seed = 1, round = 0; round < 20000; round++) { /* any bytes: no harm under the sanitizers */
            memcpy(copy, exif, n);
            next_random(&seed);
            copy[(seed >> 8) % n] = (uint8_t)(seed >> 20);
            copy[4 + (seed >> 16) % 6] ^= (uint8_t)(seed >> 24);
            (void)exif_orientation(copy, n);
        }
    }
}

/* As phones and scanners write it: any integer type, a count above one. */
static void orientation_is_an_integer_of_any_type(void **state) {
    (void)state;
    static const unsigned types[] = {1, 3, 4, 6, 8, 9};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (unsigned little = 0; little <= 1; little++)
            for (unsigned count = 1; count <= 3; count++) {
                static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4};
                uint8_t exif[64] = {0};
                unsigned n = sizes[types[i]], at = n * count <= 4 ? 18 : 26;
                memcpy(exif, little ? "II*\0\x08\0\0\0\x01\0" : "MM\0*\0\0\0\x08\0\x01", 10);
                exif[little ? 10 : 11] = 0x12;
                exif[little ? 11 : 10] = 0x01;
                exif[little ? 12 : 13] = (uint8_t)types[i];
                exif[little ? 14 : 17] = (uint8_t)count;
                if (at > 18) exif[little ? 18 : 21] = (uint8_t)at;
                exif[little ? at : at + n - 1] = 8;
                assert_int_equal(exif_orientation(exif, sizeof exif), 8);
            }
}

static void turning_keeps_to_the_memory_budget(void **state) {
    (void)state;
    uint8_t exif[64];
    image_reader *reader;
    pith_image stored = make_picture(100, 100, 3, 8);
    save_png_with_exif(&stored, exif, make_exif(exif, 6, true));
    for (uint64_t budget = 29999; budget <= 30000; budget++) {
        pith_diag why = {0};
        image_open_options options = {.max_memory_bytes = budget};
        pith_status status = image_open(&reader, path, &options, &why);
        assert_int_equal(status, budget < 30000 ? PITH_E_LIMIT : PITH_OK);
        if (status != PITH_OK)
            assert_non_null(strstr(why.message, "a picture to be turned needs to be whole in memory"));
        image_close(&reader);
    }
    free(stored.pixels);
}

/* ---- animations, CMYK ------------------------------------------------------------------- */

static void an_animated_webp_gives_its_first_frame(void **state) {
    (void)state;
    pith_image p = make_picture(33, 20, 3, 8), expected = make_picture(33, 20, 4, 8);
    for (size_t i = 0; i < 33 * 20; i++) {
        memcpy((uint8_t *)expected.pixels + 4 * i, (uint8_t *)p.pixels + 3 * i, 3);
        ((uint8_t *)expected.pixels)[4 * i + 3] = 255;
    }
    save_animated_webp(path, &p);
    assert_reads(&expected, 0, "animated WebP", "first frame");
    free(p.pixels);
    free(expected.pixels);
}

static void cmyk_jpeg_becomes_rgb(void **state) {
    (void)state;
    size_t n;
    for (int kind = 0; kind <= 2; kind++) { /* the last without Adobe's marker */
        uint8_t *bytes = make_jpeg_like(40, 30, 4, kind == 1, kind == 2, &n);
        pith_image inks = make_picture(40, 30, 4, 8), expected = make_picture(40, 30, 3, 8);
        for (uint32_t y = 0; y < 30; y++)
            for (uint32_t x = 0; x < 40; x++)
                for (unsigned c = 0; c < 3; c++) /* 255 is no ink */
                    set_sample(&expected, x, y, c, sample(&inks, x, y, c) * sample(&inks, x, y, 3) / 255);
        save_bytes(path, bytes, n);
        assert_reads(&expected, 24, "CMYK", "CMYK without a profile");
        free(bytes);
        free(inks.pixels);
        free(expected.pixels);
    }
}

static void a_frame_beyond_the_budget_is_told(void **state) {
    (void)state;
    size_t n;
    image_reader *reader;
    pith_diag why = {0};
    image_open_options options = {.max_memory_bytes = 40000};
    uint8_t *bytes = make_jpeg(160, 120, 3, true, &n);
    save_bytes(path, bytes, n);
    assert_int_equal(image_open(&reader, path, &options, &why), PITH_E_LIMIT);
    assert_string_equal(why.message,
                        "a progressive JPEG needs to be whole in memory: 0.1 MB, of which 0.0 MB are allowed");
    free(bytes);
    free(save_odd_png(path, &png_kinds[n_png_kinds - 1], 120, 110, 1).pixels);
    memset(&why, 0, sizeof why);
    assert_int_equal(image_open(&reader, path, &options, &why), PITH_E_LIMIT);
    assert_non_null(strstr(why.message, "an interlaced PNG needs to be whole in memory"));
}

/* ---- AVIF ----------------------------------------------------------------------------------- */

static void avif_is_read_exactly(void **state) {
#ifdef PITH_WITH_AVIF
    (void)state;
    for (uint8_t n_channels = 1; n_channels <= 4; n_channels++)
        for (unsigned depth = 8; depth <= 12; depth += 2) {
            char what[64];
            pith_image p = make_picture(45, 31, n_channels, depth == 8 ? 8 : 16);
            for (size_t i = 0; i < 45 * 31 * (size_t)n_channels && depth > 8; i++) {
                uint16_t *samples = p.pixels; /* the file keeps the upper bits; full range is scaled back */
                uint32_t top = (1u << depth) - 1, v = (uint32_t)samples[i] >> (16 - depth);
                samples[i] = (uint16_t)((v * 65535u + top / 2) / top);
            }
            snprintf(what, sizeof what, "AVIF of %u channels, %u bits", n_channels, depth);
            save_avif(path, &p, &(avif_wish){depth, -1, -1, 1, false, false, NULL, 0});
            assert_reads(&p, depth == 8 ? 0 : 1, what, NULL);
            free(p.pixels);
        }
#else
    (void)state;
    skip();
#endif
}

#ifdef PITH_WITH_AVIF
/* ISO/IEC 23008-12: first the turn against the clock, then the mirroring. */
static pith_image turned(const pith_image *p, int angle, int mirror) {
    pith_image q = stored_picture(p, 1);
    for (int i = 0; i < angle; i++) {
        pith_image next = make_picture(q.format.height, q.format.width, q.format.n_channels, q.format.bit_depth);
        for (uint32_t y = 0; y < next.format.height; y++)
            for (uint32_t x = 0; x < next.format.width; x++)
                for (unsigned c = 0; c < q.format.n_channels; c++)
                    set_sample(&next, x, y, c, sample(&q, q.format.width - 1 - y, x, c));
        free(q.pixels);
        q = next;
    }
    if (mirror < 0) return q;
    pith_image next = make_picture(q.format.width, q.format.height, q.format.n_channels, q.format.bit_depth);
    for (uint32_t y = 0; y < q.format.height; y++)
        for (uint32_t x = 0; x < q.format.width; x++)
            for (unsigned c = 0; c < q.format.n_channels; c++)
                set_sample(
                    &next, x, y, c,
                    sample(&q, mirror == 1 ? q.format.width - 1 - x : x, mirror == 0 ? q.format.height - 1 - y : y, c));
    free(q.pixels);
    return next;
}
#endif

static void avif_is_turned_by_its_container_and_not_twice(void **state) {
#ifdef PITH_WITH_AVIF
    (void)state;
    uint8_t exif[64];
    size_t n_exif = make_exif(exif, 6, true);
    for (int angle = -1; angle <= 3; angle++)
        for (int mirror = -1; mirror <= 1; mirror++) {
            char what[64];
            pith_image p = make_picture(30, 18, 3, 8), expected = turned(&p, angle, mirror);
            snprintf(what, sizeof what, "angle %d, mirror %d", angle, mirror);
            save_avif(path, &p, &(avif_wish){8, angle, mirror, 1, false, false, exif, n_exif});
            assert_reads(&expected, 0, what, NULL);
            free(p.pixels);
            free(expected.pixels);
        }
#else
    (void)state;
    skip();
#endif
}

/* Behind a long list of others. */
static void avif_is_told_by_a_late_brand(void **state) {
#ifdef PITH_WITH_AVIF
    (void)state;
    size_t n;
    pith_image p = make_picture(30, 18, 3, 8);
    save_avif(path, &p, &(avif_wish){8, -1, -1, 1, false, false, NULL, 0});
    uint8_t *bytes = read_bytes(path, &n);
    size_t n_box = (size_t)bytes[2] << 8 | bytes[3];
    const size_t n_brands = 40;
    uint8_t *longer = calloc(1, n);
    /* Offsets in the file stay what they are, so the brands go into a list of the same length. */
    memcpy(longer, bytes, n);
    memcpy(longer + 8, "mif1", 4);
    memcpy(longer + 16, "mif1miafavif", 12 < n_box - 16 ? 12 : n_box - 16);
    save_bytes(path, longer, n);
    assert_reads(&p, 0, "AVIF of a late brand", NULL);
    uint8_t head[16 + 4 * 41];
    for (size_t i = 0; i < sizeof head; i += 4) memcpy(head + i, "miaf", 4);
    memcpy(head,
           "\0\0\0\xb4"
           "ftypmif1\0\0\0\0",
           16);
    memcpy(head + 16 + 4 * n_brands, "avif", 4);
    save_bytes(path, head, sizeof head);
    pith_diag why = {0};
    image_reader *reader;
    assert_int_not_equal(image_open(&reader, path, NULL, &why), PITH_OK);
    assert_null(strstr(why.message, "HEIC"));
    free(longer);
    free(bytes);
    free(p.pixels);
#else
    (void)state;
    skip();
#endif
}

static void an_animated_or_cropped_avif_is_read(void **state) {
#ifdef PITH_WITH_AVIF
    (void)state;
    pith_image p = make_picture(30, 18, 3, 8), part = make_picture(28, 14, 3, 8);
    save_avif(path, &p, &(avif_wish){8, -1, -1, 2, false, false, NULL, 0});
    assert_reads(&p, 0, "animated AVIF", "first frame");
    for (uint32_t y = 0; y < 14; y++)
        for (uint32_t x = 0; x < 28; x++)
            for (unsigned c = 0; c < 3; c++) set_sample(&part, x, y, c, sample(&p, x + 2, y + 4, c));
    save_avif(path, &p, &(avif_wish){8, -1, -1, 1, false, true, NULL, 0});
    assert_reads(&part, 0, "cropped AVIF", NULL);
    free(p.pixels);
    free(part.pixels);
#else
    (void)state;
    skip();
#endif
}

/* ---- JPEG XL ------------------------------------------------------------------------------------ */

static void jxl_is_read_exactly(void **state) {
#ifdef PITH_WITH_JXL
    (void)state;
    for (uint8_t n_channels = 1; n_channels <= 4; n_channels++)
        for (uint8_t depth = 8; depth <= 16; depth += 8) {
            pith_image p = make_picture(45, 31, n_channels, depth);
            save_jxl(path, &p, &(jxl_wish){.orientation = 1});
            assert_reads(&p, 0, "JPEG XL", NULL);
            free(p.pixels);
        }
#else
    (void)state;
    skip();
#endif
}

static void jxl_is_turned_and_not_twice(void **state) {
#ifdef PITH_WITH_JXL
    (void)state;
    uint8_t exif[64];
    size_t n_exif = make_exif(exif, 6, true);
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        pith_image upright = make_picture(30, 18, 3, 8), stored = stored_picture(&upright, orientation);
        save_jxl(path, &stored, &(jxl_wish){.orientation = orientation, .exif = exif, .n_exif = n_exif});
        assert_reads(&upright, 0, "JPEG XL", NULL);
        free(upright.pixels);
        free(stored.pixels);
    }
#else
    (void)state;
    skip();
#endif
}

static void an_animated_jxl_gives_its_first_frame(void **state) {
#ifdef PITH_WITH_JXL
    (void)state;
    pith_image p = make_picture(30, 18, 3, 8);
    save_jxl(path, &p, &(jxl_wish){.orientation = 1, .is_animated = true});
    assert_reads(&p, 0, "animated JPEG XL", "first frame");
    free(p.pixels);
#else
    (void)state;
    skip();
#endif
}

/* ---- damage ---------------------------------------------------------------------------------------- */

static pith_status try_load(const void *bytes, size_t n_bytes, const pith_env *env) {
    pith_image p;
    pith_diag why = {0};
    save_bytes(path, bytes, n_bytes);
    pith_status status = image_load(&p, NULL, path, env, &why);
    assert_int_equal(why.status, status);
    if (status == PITH_OK) free(p.pixels);
    return status;
}

static void damage(const char *what) {
    size_t n;
    uint32_t seed = 4711;
    uint8_t *bytes = read_bytes(path, &n), *copy = malloc(n);
    pith_env env = {.max_pixels = 100000, .max_dimension = 5000, .max_file_bytes = 1000000};
    assert_int_equal(try_load(bytes, n, &env), PITH_OK);
    for (size_t cut = 0; cut < n; cut += n - cut < 40 || cut < 40 ? 1 : n / 50 + 1) {
        pith_status status = try_load(bytes, cut, &env);
        if (status != PITH_E_TRUNCATED && status != PITH_E_FORMAT)
            fail_msg("%s: %zu of %zu bytes: %s", what, cut, n, pith_status_name(status));
    }
    for (unsigned round = 0; round < 200; round++) {
        memcpy(copy, bytes, n);
        for (unsigned k = 0; k <= round % 3; k++) {
            next_random(&seed);
            copy[(seed >> 8) % (round % 2 ? n : n < 400 ? n : 400)] ^= (uint8_t)(1u << (seed & 7));
        }
        (void)try_load(copy, n, &env);
    }
    env.max_pixels = 30 * 18 - 1;
    assert_int_equal(try_load(bytes, n, &env), PITH_E_LIMIT);
    free(bytes);
    free(copy);
}

static void no_damaged_file_does_harm(void **state) {
    (void)state;
    pith_image p = make_picture(30, 18, 3, 8);
    uint8_t exif[64];
    size_t n_exif = make_exif(exif, 6, true);
    save_animated_webp(path, &p);
    damage("animated WebP");
#ifdef PITH_WITH_AVIF
    save_avif(path, &p, &(avif_wish){8, 1, -1, 1, false, false, exif, n_exif});
    damage("AVIF");
#endif
#ifdef PITH_WITH_JXL
    save_jxl(path, &p, &(jxl_wish){.orientation = 6, .exif = exif, .n_exif = n_exif});
    damage("JPEG XL");
#endif
    (void)n_exif;
    free(p.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_orientation_of_jpeg_png_and_webp),
        cmocka_unit_test(turns_every_kind_of_pixel),
        cmocka_unit_test(exif_is_parsed_no_further_than_needed),
        cmocka_unit_test(orientation_is_an_integer_of_any_type),
        cmocka_unit_test(turning_keeps_to_the_memory_budget),
        cmocka_unit_test(an_animated_webp_gives_its_first_frame),
        cmocka_unit_test(cmyk_jpeg_becomes_rgb),
        cmocka_unit_test(a_frame_beyond_the_budget_is_told),
        cmocka_unit_test(avif_is_read_exactly),
        cmocka_unit_test(avif_is_turned_by_its_container_and_not_twice),
        cmocka_unit_test(avif_is_told_by_a_late_brand),
        cmocka_unit_test(an_animated_or_cropped_avif_is_read),
        cmocka_unit_test(jxl_is_read_exactly),
        cmocka_unit_test(jxl_is_turned_and_not_twice),
        cmocka_unit_test(an_animated_jxl_gives_its_first_frame),
        cmocka_unit_test(no_damaged_file_does_harm),
    };
    return cmocka_run_group_tests(tests, name_file, NULL);
}
