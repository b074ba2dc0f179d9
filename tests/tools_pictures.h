/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures and picture files of test_tools_imageio.c, made with the formats'
 * own libraries where the tools cannot write them. Static functions: the other
 * tests do not link those libraries. */
#ifndef PITH_TESTS_TOOLS_PICTURES_H
#define PITH_TESTS_TOOLS_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h> /* after stdio.h */
#include <png.h>
#include <webp/encode.h>

#include <pith/pith.h>

static uint32_t picture_sample(uint32_t x, uint32_t y, uint32_t c) {
    return (x * 1201 + y * 733 + c * 12345 + (x * y) % 7 * 300) % 65536;
}

static pith_image make_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth) {
    size_t stride = (size_t)width * n_channels * (bit_depth / 8u);
    pith_image p = {{width, height, n_channels, bit_depth}, calloc(height, stride), stride};
    assert_non_null(p.pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                size_t i = ((size_t)y * width + x) * n_channels + c;
                uint32_t v = picture_sample(x, y, c);
                if (bit_depth == 16)
                    ((uint16_t *)p.pixels)[i] = (uint16_t)v;
                else
                    ((uint8_t *)p.pixels)[i] = (uint8_t)(v >> 8);
            }
    return p;
}

static void save_bytes(const char *path, const void *bytes, size_t n_bytes) {
    remove(path); /* a file cut and written anew is flushed to the disk at once by some file systems */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
}

static inline void *read_bytes(const char *path, size_t *n_bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    void *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *n_bytes = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

/* ---- PNG ---------------------------------------------------------------------------------- */

typedef struct png_kind {
    const char *name;
    int colour_type, depth;
    bool has_clear; /* a tRNS chunk */
    bool has_alpha; /* what the reader should say */
} png_kind;

static const png_kind png_kinds[] = {
    {"grey 1", PNG_COLOR_TYPE_GRAY, 1, false, false},
    {"grey 2", PNG_COLOR_TYPE_GRAY, 2, false, false},
    {"grey 4", PNG_COLOR_TYPE_GRAY, 4, false, false},
    {"grey 4, clear", PNG_COLOR_TYPE_GRAY, 4, true, true},
    {"grey 8", PNG_COLOR_TYPE_GRAY, 8, false, false},
    {"grey 16", PNG_COLOR_TYPE_GRAY, 16, false, false},
    {"grey 16, clear", PNG_COLOR_TYPE_GRAY, 16, true, true},
    {"palette 1", PNG_COLOR_TYPE_PALETTE, 1, false, false},
    {"palette 4", PNG_COLOR_TYPE_PALETTE, 4, false, false},
    {"palette 8", PNG_COLOR_TYPE_PALETTE, 8, false, false},
    {"palette 8, clear", PNG_COLOR_TYPE_PALETTE, 8, true, true},
    {"grey and alpha 8", PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, true},
    {"grey and alpha 16", PNG_COLOR_TYPE_GRAY_ALPHA, 16, false, true},
    {"RGB 8", PNG_COLOR_TYPE_RGB, 8, false, false},
    {"RGB 8, clear", PNG_COLOR_TYPE_RGB, 8, true, true},
    {"RGB 16", PNG_COLOR_TYPE_RGB, 16, false, false},
    {"RGBA 16", PNG_COLOR_TYPE_RGB_ALPHA, 16, false, true},
    {"RGBA 8", PNG_COLOR_TYPE_RGB_ALPHA, 8, false, true},
};
static const size_t n_png_kinds __attribute__((unused)) = sizeof png_kinds / sizeof png_kinds[0];

/* The value stored in the file for channel c of a pixel: of `depth` bits. */
static uint32_t stored(const png_kind *kind, uint32_t x, uint32_t y, uint32_t c) {
    return picture_sample(x, y, c) >> (16 - kind->depth);
}

static uint8_t palette_sample(uint32_t index, uint32_t c) { return (uint8_t)(index * 37 + c * 91); }
static uint8_t palette_alpha(uint32_t index) { return (uint8_t)(255 - index % 5 * 50); }

/* Exact: what blending on white should give. */
static uint32_t on_white(uint64_t sample, uint64_t alpha, uint64_t top) {
    return (uint32_t)((2 * (sample * alpha + top * (top - alpha)) + top) / (2 * top));
}

/* The pixel that a reader should give, and its alpha, at the depth it gives. */
static uint32_t expected_sample(const png_kind *kind, uint32_t x, uint32_t y, uint32_t c, uint32_t n_colour) {
    uint32_t top = kind->depth == 16 ? 65535 : 255;
    if (kind->colour_type == PNG_COLOR_TYPE_PALETTE) {
        uint32_t index = stored(kind, x, y, 0);
        return on_white(palette_sample(index, c), kind->has_clear ? palette_alpha(index) : 255, 255);
    }
    uint32_t scale = top / ((1u << kind->depth) - 1);
    uint32_t alpha = top;
    if (kind->colour_type & PNG_COLOR_MASK_ALPHA) alpha = stored(kind, x, y, n_colour);
    if (kind->has_clear) {
        bool is_clear = true;
        for (uint32_t i = 0; i < n_colour; i++) is_clear = is_clear && stored(kind, x, y, i) == stored(kind, 3, 2, i);
        if (is_clear) alpha = 0;
    }
    return on_white(stored(kind, x, y, c) * scale, alpha, top);
}

static void set_palette(png_structp png, png_infop info, const png_kind *kind) {
    png_color colours[256];
    png_byte alphas[256];
    int n = 1 << kind->depth;
    for (int i = 0; i < n; i++) {
        colours[i] =
            (png_color){palette_sample((uint32_t)i, 0), palette_sample((uint32_t)i, 1), palette_sample((uint32_t)i, 2)};
        alphas[i] = palette_alpha((uint32_t)i);
    }
    png_set_PLTE(png, info, colours, n);
    if (kind->has_clear) png_set_tRNS(png, info, alphas, n, NULL);
}

/* The pixel at 3,2 and all like it are clear. */
static void set_clear(png_structp png, png_infop info, const png_kind *kind) {
    png_color_16 clear = {0};
    clear.gray = clear.red = (png_uint_16)stored(kind, 3, 2, 0);
    clear.green = (png_uint_16)stored(kind, 3, 2, 1);
    clear.blue = (png_uint_16)stored(kind, 3, 2, 2);
    png_set_tRNS(png, info, NULL, 0, &clear);
}

static void put_bits(uint8_t *row, size_t index, uint32_t value, int depth) {
    if (depth == 16) {
        row[2 * index] = (uint8_t)(value >> 8);
        row[2 * index + 1] = (uint8_t)value;
        return;
    }
    size_t bit = index * (size_t)depth;
    row[bit / 8] = (uint8_t)(row[bit / 8] | value << (8 - (size_t)depth - bit % 8));
}

/* Writes such a PNG; returns the picture that a reader should give. */
static inline pith_image save_odd_png(const char *path, const png_kind *kind, uint32_t width, uint32_t height,
                                      int interlaced) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, kind->depth, kind->colour_type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (kind->colour_type == PNG_COLOR_TYPE_PALETTE)
        set_palette(png, info, kind);
    else if (kind->has_clear)
        set_clear(png, info, kind);
    png_write_info(png, info);
    uint32_t n_stored = png_get_channels(png, info);
    uint8_t *frame = calloc(height, (size_t)width * 8);
    png_bytep *rows = calloc(height, sizeof *rows);
    assert_true(frame && rows);
    for (uint32_t y = 0; y < height; y++) {
        rows[y] = frame + (size_t)y * width * 8;
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_stored; c++)
                put_bits(rows[y], (size_t)x * n_stored + c, stored(kind, x, y, c), kind->depth);
    }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(frame);
    free(rows);
    assert_int_equal(fclose(file), 0);

    uint8_t n_colour = kind->colour_type & PNG_COLOR_MASK_COLOR ? 3 : 1;
    pith_image p = make_picture(width, height, n_colour, kind->depth == 16 ? 16 : 8);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_colour; c++) {
                size_t i = ((size_t)y * width + x) * n_colour + c;
                uint32_t v = expected_sample(kind, x, y, c, n_colour);
                if (kind->depth == 16)
                    ((uint16_t *)p.pixels)[i] = (uint16_t)v;
                else
                    ((uint8_t *)p.pixels)[i] = (uint8_t)v;
            }
    return p;
}

/* ---- JPEG, WebP ------------------------------------------------------------------------------ */

/* With 4 channels: CMYK. */
static inline void *make_jpeg_like(uint32_t width, uint32_t height, int n_channels, bool progressive,
                                   bool without_adobe, size_t *n_bytes) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    pith_image p = make_picture(width, height, (uint8_t)n_channels, 8);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = n_channels;
    jpeg.in_color_space = n_channels == 4 ? JCS_CMYK : n_channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 98, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
    jpeg.write_Adobe_marker = jpeg.write_Adobe_marker && !without_adobe;
    if (progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (uint32_t y = 0; y < height; y++) {
        JSAMPROW row = (uint8_t *)p.pixels + y * p.stride_bytes;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(p.pixels);
    *n_bytes = n;
    return bytes;
}

static inline void *make_jpeg(uint32_t width, uint32_t height, int n_channels, bool progressive, size_t *n_bytes) {
    return make_jpeg_like(width, height, n_channels, progressive, false, n_bytes);
}

/* Black, and wholly transparent. */
static inline void save_clear_webp(const char *path, int width, int height) {
    uint8_t *rgba = calloc((size_t)height, (size_t)width * 4), *bytes;
    size_t n = WebPEncodeLosslessRGBA(rgba, width, height, width * 4, &bytes);
    assert_true(n > 0);
    save_bytes(path, bytes, n);
    WebPFree(bytes);
    free(rgba);
}

#endif
