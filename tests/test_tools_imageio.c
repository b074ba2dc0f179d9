/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files: what is written is read back, every kind of PNG, JPEG, WebP
 * and PPM, and what a damaged, short or lying file does (an error, always; run
 * under the sanitizers this is where a crash would show). The odd kinds are
 * made with the formats' libraries in tools_pictures.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "imageio/imageio.h"
#include "random_bits.h"
#include "temp_file.h"
#include "tools_pictures.h"

static char path[256]; /* of the one file that the cases make anew */

static int name_file(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s", temp_path("picture"));
    return 0;
}

/* ---- helpers ------------------------------------------------------------------------ */

static void write_picture(const pith_image *p, image_type type, int quality) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    image_writer *writer;
    image_write_options options = {.type = type, .quality = quality};
    pith_diag why = {0};
    pith_sink sink;
    assert_int_equal(image_writer_new(&writer, file, &options, &why), PITH_OK);
    image_writer_sink(writer, &sink);
    assert_int_equal(sink.start(sink.user, &p->format), PITH_OK);
    for (uint32_t y = 0; y < p->format.height; y += 3) {
        uint32_t n = p->format.height - y < 3 ? p->format.height - y : 3;
        const uint8_t *rows = (const uint8_t *)p->pixels + y * p->stride_bytes;
        assert_int_equal(sink.write_rows(sink.user, y, n, rows, p->stride_bytes), PITH_OK);
    }
    assert_int_equal(image_writer_finish(writer), PITH_OK);
    assert_string_equal(image_writer_diag(writer)->message, "");
    image_writer_free(&writer);
    assert_null(writer);
    assert_int_equal(fclose(file), 0);
}

static pith_image load(image_facts *facts) {
    pith_image p;
    pith_diag why = {0};
    if (image_load(&p, facts, path, NULL, &why) != PITH_OK) fail_msg("%s", why.message);
    return p;
}

/* The largest difference of two pictures of one format. */
static int distance(const pith_image *a, const pith_image *b) {
    assert_int_equal(a->format.width, b->format.width);
    assert_int_equal(a->format.height, b->format.height);
    assert_int_equal(a->format.n_channels, b->format.n_channels);
    assert_int_equal(a->format.bit_depth, b->format.bit_depth);
    int largest = 0;
    for (size_t y = 0; y < a->format.height; y++)
        for (size_t i = 0; i < (size_t)a->format.width * a->format.n_channels; i++) {
            const uint8_t *ra = (uint8_t *)a->pixels + y * a->stride_bytes,
                          *rb = (uint8_t *)b->pixels + y * b->stride_bytes;
            int d = a->format.bit_depth == 8
                        ? abs(ra[i] - rb[i])
                        : abs(((const uint16_t *)(const void *)ra)[i] - ((const uint16_t *)(const void *)rb)[i]);
            if (d > largest) largest = d;
        }
    return largest;
}

static pith_status try_load(const void *bytes, size_t n_bytes, const pith_env *env, pith_diag *why) {
    pith_image p;
    save_bytes(path, bytes, n_bytes);
    memset(why, 0, sizeof *why);
    pith_status status = image_load(&p, NULL, path, env, why);
    assert_int_equal(why->status, status);
    assert_true((status == PITH_OK) == (why->message[0] == '\0'));
    if (status == PITH_OK) free(p.pixels);
    return status;
}

/* ---- what is written is read back --------------------------------------------------- */

static const uint32_t sizes[][2] = {{1, 1}, {1, 50}, {50, 1}, {7, 13}, {64, 64}, {511, 33}};
#define N_SIZES (sizeof sizes / sizeof sizes[0])

static void assert_round_trip(image_type type, int quality, uint8_t n_channels, uint8_t depth, int bound) {
    for (size_t i = 0; i < N_SIZES; i++) {
        pith_image p = make_picture(sizes[i][0], sizes[i][1], n_channels, depth);
        write_picture(&p, type, quality);
        pith_image q = load(NULL);
        int d = distance(&p, &q);
        if (d > bound) fail_msg("type %d, %ux%u, differs by %d", type, sizes[i][0], sizes[i][1], d);
        free(p.pixels);
        free(q.pixels);
    }
}

static void png_and_ppm_are_exact(void **state) {
    (void)state;
    for (uint8_t n_channels = 1; n_channels <= 3; n_channels += 2)
        for (uint8_t depth = 8; depth <= 16; depth += 8) {
            assert_round_trip(IMAGE_PNG, 0, n_channels, depth, 0);
            assert_round_trip(IMAGE_PPM, 0, n_channels, depth, 0);
            assert_round_trip(IMAGE_PAM, 0, n_channels, depth, 0);
        }
}

static void webp_is_exact_at_quality_100(void **state) {
    (void)state;
    assert_round_trip(IMAGE_WEBP, 100, 3, 8, 0);
}

static void jpeg_is_near(void **state) {
    (void)state;
    assert_round_trip(IMAGE_JPEG, 100, 3, 8, 8);
    assert_round_trip(IMAGE_JPEG, 100, 1, 8, 8);
}

static void grey_becomes_rgb_in_webp(void **state) {
    (void)state;
    pith_image p = make_picture(20, 10, 1, 8);
    write_picture(&p, IMAGE_WEBP, 100);
    pith_image q = load(NULL);
    assert_int_equal(q.format.n_channels, 3);
    for (size_t i = 0; i < 200; i++)
        for (size_t c = 0; c < 3; c++) assert_int_equal(((uint8_t *)q.pixels)[3 * i + c], ((uint8_t *)p.pixels)[i]);
    free(p.pixels);
    free(q.pixels);
}

/* ---- kinds of PNG ------------------------------------------------------------------- */

static void reads_every_kind_of_png(void **state) {
    (void)state;
    for (size_t k = 0; k < n_png_kinds; k++)
        for (int interlaced = 0; interlaced <= 1; interlaced++) {
            const png_kind *kind = &png_kinds[k];
            pith_image expected = save_odd_png(path, kind, 29, 17, interlaced);
            image_facts facts;
            pith_image p = load(&facts);
            int d = distance(&p, &expected);
            if (d) fail_msg("%s, interlaced %d: differs by %d", kind->name, interlaced, d);
            if (facts.had_alpha != kind->has_alpha) fail_msg("%s: had_alpha %d", kind->name, facts.had_alpha);
            assert_string_equal(facts.file_type, "PNG");
            assert_true(facts.n_file_bytes > 50);
            free(p.pixels);
            free(expected.pixels);
        }
}

static void opaque_alpha_is_not_worth_a_word(void **state) {
    (void)state;
    pith_image p = make_picture(9, 5, 4, 8);
    for (size_t i = 0; i < 45; i++) ((uint8_t *)p.pixels)[4 * i + 3] = 255;
    write_picture(&p, IMAGE_PNG, 0);
    image_facts facts;
    pith_image q = load(&facts);
    assert_false(facts.had_alpha);
    for (size_t i = 0; i < 45; i++) assert_memory_equal((uint8_t *)q.pixels + 3 * i, (uint8_t *)p.pixels + 4 * i, 3);
    free(p.pixels);
    free(q.pixels);
}

static void webp_alpha_is_put_on_white(void **state) {
    (void)state;
    image_facts facts;
    save_clear_webp(path, 12, 8);
    pith_image p = load(&facts);
    assert_true(facts.had_alpha);
    for (size_t i = 0; i < 12 * 8 * 3; i++) assert_int_equal(((uint8_t *)p.pixels)[i], 255);
    free(p.pixels);
}

/* ---- kinds of JPEG ------------------------------------------------------------------- */

static void reads_progressive_jpeg(void **state) {
    (void)state;
    size_t n;
    for (int n_channels = 1; n_channels <= 3; n_channels += 2) {
        void *bytes = make_jpeg(61, 47, n_channels, true, &n);
        save_bytes(path, bytes, n);
        pith_image p = load(NULL), q = make_picture(61, 47, (uint8_t)n_channels, 8);
        assert_true(distance(&p, &q) < 30);
        free(p.pixels);
        free(q.pixels);
        free(bytes);
    }
}

/* The same without the last two bytes, and with something else in their place,
 * which may look like the beginning of another picture. */
static void a_jpeg_needs_no_end_marker(void **state) {
    (void)state;
    static const char *const trailers[] = {"", "SEFT\xff\x00 trailer", "\xff\xd8\xff\xe0\x00\x10JFIF",
                                           "\xff\xdb\x00\x02"};
    size_t n;
    for (int progressive = 0; progressive <= 1; progressive++) {
        uint8_t *bytes = make_jpeg(61, 47, 3, progressive, &n);
        save_bytes(path, bytes, n);
        image_facts facts;
        pith_image whole = load(&facts);
        assert_int_equal(facts.n_warnings, 0);
        for (size_t i = 0; i < sizeof trailers / sizeof *trailers; i++) {
            size_t n_trailer = i == 1 ? 14 : i == 2 ? 10 : i == 3 ? 4 : 0;
            uint8_t *cut = malloc(n + n_trailer);
            memcpy(cut, bytes, n - 2);
            memcpy(cut + n - 2, trailers[i], n_trailer);
            save_bytes(path, cut, n - 2 + n_trailer);
            pith_image p = load(&facts);
            assert_int_equal(distance(&p, &whole), 0);
            assert_int_equal(facts.n_warnings, 1);
            assert_string_equal(facts.warnings[0], "has no end marker; all of its pixels are there");
            free(p.pixels);
            free(cut);
        }
        free(whole.pixels);
        free(bytes);
    }
}

/* Between two scans: every bit that is there is good, and some are missing. */
static void a_progressive_jpeg_without_its_last_scan_is_an_error(void **state) {
    (void)state;
    size_t n, last_scan = 0;
    pith_diag why;
    uint8_t *bytes = make_jpeg(61, 47, 3, true, &n);
    for (size_t i = 0; i + 1 < n; i++)
        if (bytes[i] == 0xff && (bytes[i + 1] == 0xda || bytes[i + 1] == 0xc4)) last_scan = i;
    assert_int_equal(try_load(bytes, last_scan, NULL, &why), PITH_E_TRUNCATED);
    free(bytes);
}

/* ---- PPM -------------------------------------------------------------------------------- */

static void assert_ppm(const char *text, size_t n_bytes, uint8_t n_channels, uint8_t depth, const uint16_t *expected) {
    save_bytes(path, text, n_bytes);
    pith_image p = load(NULL);
    assert_int_equal(p.format.n_channels, n_channels);
    assert_int_equal(p.format.bit_depth, depth);
    for (size_t i = 0; i < (size_t)p.format.width * p.format.height * n_channels; i++)
        assert_int_equal(depth == 8 ? ((uint8_t *)p.pixels)[i] : ((uint16_t *)p.pixels)[i], expected[i]);
    free(p.pixels);
}
#define ASSERT_PPM(text, channels, depth, ...)                                                                         \
    assert_ppm(text, sizeof text - 1, channels, depth, (const uint16_t[]){__VA_ARGS__})

static void reads_every_kind_of_ppm(void **state) {
    (void)state;
    ASSERT_PPM("P2\n# a comment\n2 1 # another\n255\n0 255\n", 1, 8, 0, 255);
    ASSERT_PPM("P2 3 1 1 0 1 1", 1, 8, 0, 255, 255);
    ASSERT_PPM("P3\n1 1\n100\n0 50 100", 3, 8, 0, 128, 255);
    ASSERT_PPM("P3 1 1 1023 0 1 1023\n", 3, 16, 0, 64, 65535);
    ASSERT_PPM("P5 2 1 255\n\x0a\xff", 1, 8, 10, 255);
    ASSERT_PPM("P5\t1 1\r\n65535\n\x01\x02", 1, 16, 0x102);
    ASSERT_PPM("P5 1 1 256\n\x01\x00", 1, 16, 65535);
    ASSERT_PPM("P6 1 1 31\n\x00\x1f\x10", 3, 8, 0, 255, 132);
    ASSERT_PPM("P1\n# one is black\n3 2\n010 1#x\n01\n", 1, 8, 255, 0, 255, 0, 255, 0);
    ASSERT_PPM("P4 9 2\n\x80\x80\x00\x7f", 1, 8, 0, 255, 255, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 255, 255,
               255, 255, 255);
    ASSERT_PPM("P7\n# of netpbm\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE\nENDHDR\n\x00\x01", 1, 8,
               0, 255);
    ASSERT_PPM("P7\nHEIGHT 1\n\nWIDTH 1 \r\nDEPTH 3\nMAXVAL 65535\nTUPLTYPE RGB\nENDHDR\n\x01\x02\x03\x04\x05\x06", 3,
               16, 0x102, 0x304, 0x506);
    ASSERT_PPM("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\x0a\x14\x1e\xff", 3, 8, 10, 20,
               30);
    ASSERT_PPM("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nENDHDR\n\x0a\x00", 1, 8, 255); /* on white */
}

static void refuses_bad_ppm(void **state) {
    (void)state;
    static const struct {
        const char *text;
        pith_status status;
    } cases[] = {
        {"P1 1 1", PITH_E_TRUNCATED},
        {"P1 2 1 1 # 0", PITH_E_TRUNCATED},
        {"P1 1 1 2", PITH_E_FORMAT},
        {"P4 9 1 \x80", PITH_E_TRUNCATED},
        {"P4 0 1 \x80", PITH_E_FORMAT},
        {"P7\nWIDTH 1", PITH_E_TRUNCATED},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n", PITH_E_TRUNCATED},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nENDHDR\n\x01", PITH_E_FORMAT},
        {"P7\nWIDTH 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\x01", PITH_E_FORMAT},
        {"P7\nWIDTH x\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\x01", PITH_E_FORMAT},
        {"P7\nWIDTH 99999999999999999999\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\n\x01", PITH_E_FORMAT},
        {"P7\nHEIGHT 1\nPIXELS 1\n", PITH_E_FORMAT},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n12345", PITH_E_UNSUPPORTED},
        {"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE CMYK\nENDHDR\n1234", PITH_E_UNSUPPORTED},
        {"P2", PITH_E_TRUNCATED},
        {"P2 1", PITH_E_TRUNCATED},
        {"P2 1 1 255", PITH_E_TRUNCATED},
        {"P2 0 1 255 1", PITH_E_FORMAT},
        {"P2 1 1 0 1", PITH_E_FORMAT},
        {"P2 1 1 65536 1", PITH_E_FORMAT},
        {"P2 1 1 255 256", PITH_E_FORMAT},
        {"P2 -1 1 255 1", PITH_E_FORMAT},
        {"P2 99999999999 1 255 1", PITH_E_FORMAT},
        {"P2 1x1 255 1", PITH_E_FORMAT},
        {"P5 1 1 9\n\x0a", PITH_E_FORMAT},
        {"P6 2 2 255\nabcde", PITH_E_TRUNCATED},
        {"P2 65536 1 255 0", PITH_E_LIMIT},
        {"P5 60000 60000 255\n", PITH_E_LIMIT},
        {"P2 1 1 255 # 7", PITH_E_TRUNCATED},
    };
    pith_diag why;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pith_status status = try_load(cases[i].text, strlen(cases[i].text), NULL, &why);
        if (status != cases[i].status) fail_msg("\"%s\": %s %s", cases[i].text, pith_status_name(status), why.message);
    }
}

/* ---- damaged files ------------------------------------------------------------------- */

typedef struct sample_file {
    const char *name;
    void *bytes;
    size_t n_bytes;
} sample_file;

#define N_SAMPLE_FILES 8

static void make_sample_files(sample_file files[N_SAMPLE_FILES]) {
    static const image_type types[] = {IMAGE_PNG, IMAGE_WEBP, IMAGE_WEBP, IMAGE_PPM};
    static const int qualities[] = {0, 100, 60, 0};
    size_t n = 0;
    for (size_t i = 0; i < 4; i++, n++) {
        pith_image p = make_picture(40, 30, 3, 8);
        write_picture(&p, types[i], qualities[i]);
        files[n] = (sample_file){"written", read_bytes(path, &files[n].n_bytes), files[n].n_bytes};
        free(p.pixels);
    }
    for (int interlaced = 0; interlaced <= 1; interlaced++, n++) {
        free(save_odd_png(path, &png_kinds[interlaced ? n_png_kinds - 1 : 0], 40, 30, interlaced).pixels);
        files[n] = (sample_file){"odd PNG", read_bytes(path, &files[n].n_bytes), files[n].n_bytes};
    }
    for (int progressive = 0; progressive <= 1; progressive++, n++)
        files[n] = (sample_file){"JPEG", make_jpeg(40, 30, 3, progressive, &files[n].n_bytes), files[n].n_bytes};
}

static void free_sample_files(sample_file files[N_SAMPLE_FILES]) {
    for (size_t i = 0; i < N_SAMPLE_FILES; i++) free(files[i].bytes);
}

static void every_shorter_file_is_an_error(void **state) {
    (void)state;
    sample_file files[N_SAMPLE_FILES];
    pith_diag why;
    make_sample_files(files);
    for (size_t i = 0; i < N_SAMPLE_FILES; i++) {
        assert_int_equal(try_load(files[i].bytes, files[i].n_bytes, NULL, &why), PITH_OK);
        size_t step = files[i].n_bytes / 400 + 1;
        for (size_t n = 0; n<files[i].n_bytes; n += n + 40> files[i].n_bytes || n < 40 ? 1 : step) {
            pith_status status = try_load(files[i].bytes, n, NULL, &why);
            bool is_jpeg = strcmp(files[i].name, "JPEG") == 0; /* without its end marker it is whole */
            if (is_jpeg && n + 2 >= files[i].n_bytes && status == PITH_OK) continue;
            if (status != PITH_E_TRUNCATED && status != PITH_E_FORMAT)
                fail_msg("%s %zu: %zu of %zu bytes: %s", files[i].name, i, n, files[i].n_bytes,
                         pith_status_name(status));
        }
    }
    free_sample_files(files);
}

static void no_damaged_file_does_harm(void **state) {
    (void)state;
    sample_file files[N_SAMPLE_FILES];
    pith_env env = {.max_pixels = 100000, .max_dimension = 5000, .max_file_bytes = 1000000};
    pith_diag why;
    uint32_t seed = 12345;
    make_sample_files(files);
    for (size_t i = 0; i < N_SAMPLE_FILES; i++)
        for (int round = 0; round < 400; round++) {
            uint8_t *bytes = malloc(files[i].n_bytes);
            assert_non_null(bytes);
            memcpy(bytes, files[i].bytes, files[i].n_bytes);
            for (int k = 0; k <= round % 3; k++) {
                next_random(&seed);
                size_t range = round % 2 ? files[i].n_bytes : files[i].n_bytes < 64 ? files[i].n_bytes : 64;
                bytes[(seed >> 8) % range] ^= (uint8_t)(1u << (seed & 7));
            }
            (void)try_load(bytes, files[i].n_bytes, &env, &why);
            free(bytes);
        }
    free_sample_files(files);
}

static void damaged_jpeg_data_are_an_error(void **state) {
    (void)state;
    size_t n;
    pith_diag why;
    uint8_t *bytes = make_jpeg(200, 200, 3, false, &n);
    bytes[n / 2] = 0xff; /* an end marker in the middle of the pixels */
    bytes[n / 2 + 1] = 0xd9;
    assert_true(try_load(bytes, n, NULL, &why) != PITH_OK);
    free(bytes);
}

static void limits_hold_before_pixels_are_allocated(void **state) {
    (void)state;
    sample_file files[N_SAMPLE_FILES];
    pith_diag why;
    make_sample_files(files);
    for (size_t i = 0; i < N_SAMPLE_FILES; i++) {
        pith_env env = {.max_pixels = 1199, .max_dimension = 40, .max_file_bytes = 1000000};
        assert_int_equal(try_load(files[i].bytes, files[i].n_bytes, &env, &why), PITH_E_LIMIT);
        env.max_pixels = 1200;
        assert_int_equal(try_load(files[i].bytes, files[i].n_bytes, &env, &why), PITH_OK);
        env.max_dimension = 39;
        assert_int_equal(try_load(files[i].bytes, files[i].n_bytes, &env, &why), PITH_E_LIMIT);
    }
    free_sample_files(files);
}

static void what_is_no_picture_is_refused(void **state) {
    (void)state;
    pith_diag why;
    assert_int_equal(try_load("", 0, NULL, &why), PITH_E_FORMAT);
    assert_string_equal(why.message, "is empty");
    assert_int_equal(try_load("hello, world\n", 13, NULL, &why), PITH_E_FORMAT);
    image_reader *reader;
    memset(&why, 0, sizeof why);
    assert_int_equal(image_open(&reader, temp_folder(), NULL, &why), PITH_E_IO);
    assert_null(reader);
    memset(&why, 0, sizeof why);
    assert_int_equal(image_open(&reader, "/nonexistent/x.png", NULL, &why), PITH_E_IO);
    assert_string_equal(why.message, "cannot open: No such file or directory");
}

/* ---- misuse, and what a format cannot hold ----------------------------------------------- */

static void rows_come_in_order(void **state) {
    (void)state;
    pith_image p = make_picture(8, 8, 3, 8);
    write_picture(&p, IMAGE_PNG, 0);
    image_reader *reader;
    pith_source source;
    pith_diag why = {0};
    assert_int_equal(image_open(&reader, path, NULL, &why), PITH_OK);
    image_reader_source(reader, &source);
    assert_int_equal(source.read_rows(source.user, 0, 2, p.pixels, p.stride_bytes), PITH_OK);
    assert_int_equal(source.read_rows(source.user, 3, 1, p.pixels, p.stride_bytes), PITH_E_ARG);
    assert_int_equal(source.read_rows(source.user, 2, 1, p.pixels, p.stride_bytes), PITH_E_ARG); /* sticks */
    image_close(&reader);
    assert_null(reader);
    image_close(&reader);
    free(p.pixels);
}

static pith_status start_status(image_type type, const pith_image_format *format) {
    image_writer *writer;
    image_write_options options = {.type = type, .quality = 95};
    pith_diag why = {0};
    pith_sink sink;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(image_writer_new(&writer, file, &options, &why), PITH_OK);
    image_writer_sink(writer, &sink);
    pith_status status = sink.start(sink.user, format);
    assert_int_equal(image_writer_diag(writer)->status, status);
    assert_true(image_writer_finish(writer) != PITH_OK); /* no rows came */
    image_writer_free(&writer);
    fclose(file);
    return status;
}

static void refuses_what_a_format_cannot_hold(void **state) {
    (void)state;
    assert_int_equal(start_status(IMAGE_WEBP, &(pith_image_format){16384, 1, 3, 8}), PITH_E_LIMIT);
    assert_int_equal(start_status(IMAGE_JPEG, &(pith_image_format){1, 65501, 3, 8}), PITH_E_LIMIT);
    assert_int_equal(start_status(IMAGE_JPEG, &(pith_image_format){1, 1, 3, 16}), PITH_E_UNSUPPORTED);
    assert_int_equal(start_status(IMAGE_WEBP, &(pith_image_format){1, 1, 3, 16}), PITH_E_UNSUPPORTED);
    assert_int_equal(start_status(IMAGE_PPM, &(pith_image_format){1, 1, 4, 8}), PITH_OK); /* on white */
    assert_int_equal(start_status(IMAGE_PNG, &(pith_image_format){0, 1, 3, 8}), PITH_E_ARG);
    assert_int_equal(start_status(IMAGE_PNG, &(pith_image_format){1, 1, 3, 8}), PITH_OK);
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    static const image_type types[] = {IMAGE_PNG, IMAGE_JPEG, IMAGE_WEBP, IMAGE_PPM};
    if (access("/dev/full", W_OK) != 0) skip();
    for (size_t i = 0; i < 4; i++) {
        pith_image p = make_picture(100, 1, 3, 8);
        image_writer *writer;
        image_write_options options = {.type = types[i], .quality = 95};
        pith_diag why = {0};
        pith_sink sink;
        FILE *file = fopen("/dev/full", "wb");
        assert_non_null(file);
        assert_int_equal(image_writer_new(&writer, file, &options, &why), PITH_OK);
        image_writer_sink(writer, &sink);
        p.format.height = 300;
        pith_status status = sink.start(sink.user, &p.format);
        for (uint32_t y = 0; y < 300 && status == PITH_OK; y++)
            status = sink.write_rows(sink.user, y, 1, p.pixels, p.stride_bytes);
        if (status == PITH_OK) status = image_writer_finish(writer);
        assert_int_equal(status, PITH_E_IO);
        assert_string_equal(image_writer_diag(writer)->message, "cannot write: No space left on device");
        image_writer_free(&writer);
        fclose(file);
        free(p.pixels);
    }
}

static void types_follow_from_names(void **state) {
    (void)state;
    assert_int_equal(image_type_from_name("a.PNG"), IMAGE_PNG);
    assert_int_equal(image_type_from_name("-"), IMAGE_PNG);
    assert_int_equal(image_type_from_name("b.jpeg"), IMAGE_JPEG);
    assert_int_equal(image_type_from_name("x.y/c.Jpg"), IMAGE_JPEG);
    assert_int_equal(image_type_from_name("d.webp"), IMAGE_WEBP);
    assert_int_equal(image_type_from_name("e.pgm"), IMAGE_PPM);
    assert_int_equal(image_type_from_name("e.pam"), IMAGE_PAM);
    assert_int_equal(image_type_from_name("f.gif"), IMAGE_UNKNOWN);
    assert_int_equal(image_type_from_name("png"), IMAGE_UNKNOWN);
    assert_int_equal(image_type_from_name(""), IMAGE_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_and_ppm_are_exact),
        cmocka_unit_test(webp_is_exact_at_quality_100),
        cmocka_unit_test(jpeg_is_near),
        cmocka_unit_test(grey_becomes_rgb_in_webp),
        cmocka_unit_test(reads_every_kind_of_png),
        cmocka_unit_test(opaque_alpha_is_not_worth_a_word),
        cmocka_unit_test(webp_alpha_is_put_on_white),
        cmocka_unit_test(reads_progressive_jpeg),
        cmocka_unit_test(a_jpeg_needs_no_end_marker),
        cmocka_unit_test(a_progressive_jpeg_without_its_last_scan_is_an_error),
        cmocka_unit_test(reads_every_kind_of_ppm),
        cmocka_unit_test(refuses_bad_ppm),
        cmocka_unit_test(every_shorter_file_is_an_error),
        cmocka_unit_test(no_damaged_file_does_harm),
        cmocka_unit_test(damaged_jpeg_data_are_an_error),
        cmocka_unit_test(limits_hold_before_pixels_are_allocated),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(rows_come_in_order),
        cmocka_unit_test(refuses_what_a_format_cannot_hold),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(types_follow_from_names),
    };
    return cmocka_run_group_tests(tests, name_file, NULL);
}
