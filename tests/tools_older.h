/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* TIFF, GIF, BMP and HEIC files of test_tools_older.c, made with the formats'
 * own libraries, BMP by hand. */
#ifndef PITH_TESTS_TOOLS_OLDER_H
#define PITH_TESTS_TOOLS_OLDER_H

#include "tools_pictures.h"

#ifdef PITH_WITH_GIF
#include <gif_lib.h>
#endif
#ifdef PITH_WITH_HEIF
#include <libheif/heif.h>
#endif
#ifdef PITH_WITH_TIFF
#include <tiffio.h>
#endif

/* The 16-bit value of a sample, whose upper bits a file keeps. */
static inline uint32_t kept_bits(uint32_t x, uint32_t y, uint32_t c, unsigned bits) {
    return picture_sample(x, y, c) >> (16 - bits);
}

/* ---- TIFF ---------------------------------------------------------------------------- */

#ifdef PITH_WITH_TIFF
typedef struct tiff_wish {
    const char *name;
    uint16_t photometric, bits, n_samples, compression, planes, extra; /* extra: 0 none, else its kind + 1 */
    bool is_tiled, big;
    uint16_t orientation;
    unsigned n_pages;
} tiff_wish;

static inline void put_tiff_bits(uint8_t *row, size_t index, uint32_t value, unsigned bits) {
    if (bits == 16) {
        const uint16_t v = (uint16_t)value;
        memcpy(row + 2 * index, &v, 2);
        return;
    }
    for (unsigned b = 0; b < bits; b++) {
        size_t at = index * bits + b;
        if (value >> (bits - 1 - b) & 1) row[at / 8] = (uint8_t)(row[at / 8] | 128 >> at % 8);
    }
}

/* Samples x0 to x0 + n of a row; of one plane, or of all beside each other. */
static inline void fill_tiff_row(uint8_t *row, const tiff_wish *w, uint32_t x0, uint32_t n, uint32_t y, int plane) {
    unsigned n_beside = plane < 0 ? w->n_samples : 1;
    for (uint32_t x = 0; x < n; x++)
        for (unsigned c = 0; c < n_beside; c++)
            put_tiff_bits(row, (size_t)x * n_beside + c, kept_bits(x0 + x, y, plane < 0 ? c : (uint32_t)plane, w->bits),
                          w->bits);
}

static inline void write_tiff_tiles(TIFF *tiff, const tiff_wish *w, uint32_t width, uint32_t height, int plane) {
    uint8_t *tile = malloc((size_t)TIFFTileSize(tiff));
    size_t stride = (size_t)TIFFTileRowSize(tiff);
    for (uint32_t y = 0; y < height; y += 16)
        for (uint32_t x = 0; x < width; x += 16) {
            memset(tile, 0, (size_t)TIFFTileSize(tiff));
            for (uint32_t i = 0; i < 16; i++) fill_tiff_row(tile + i * stride, w, x, 16, y + i, plane);
            assert_true(TIFFWriteTile(tiff, tile, x, y, 0, (uint16_t)(plane < 0 ? 0 : plane)) > 0);
        }
    free(tile);
}

static inline void write_tiff_rows(TIFF *tiff, const tiff_wish *w, uint32_t width, uint32_t height, int plane) {
    uint8_t *row = malloc((size_t)TIFFScanlineSize(tiff));
    for (uint32_t y = 0; y < height; y++) {
        memset(row, 0, (size_t)TIFFScanlineSize(tiff));
        fill_tiff_row(row, w, 0, width, y, plane);
        assert_int_equal(TIFFWriteScanline(tiff, row, y, (uint16_t)(plane < 0 ? 0 : plane)), 1);
    }
    free(row);
}

static inline uint16_t tiff_colour(unsigned index, unsigned c) { return (uint16_t)(palette_sample(index, c) * 256); }

static inline void save_tiff(const char *path, const tiff_wish *w, uint32_t width, uint32_t height) {
    TIFF *tiff = TIFFOpen(path, w->big ? "w8" : "w");
    uint16_t map[3][256];
    assert_non_null(tiff);
    for (unsigned page = 0; page < (w->n_pages ? w->n_pages : 1); page++) {
        TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
        TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, w->bits);
        TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, w->n_samples);
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, w->photometric);
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, w->compression ? w->compression : COMPRESSION_NONE);
        TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, w->planes ? w->planes : PLANARCONFIG_CONTIG);
        if (w->orientation) TIFFSetField(tiff, TIFFTAG_ORIENTATION, w->orientation);
        if (w->extra) {
            uint16_t kind = (uint16_t)(w->extra - 1);
            TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
        }
        for (unsigned i = 0; i < 256; i++)
            for (unsigned c = 0; c < 3; c++) map[c][i] = tiff_colour(i, c);
        if (w->photometric == PHOTOMETRIC_PALETTE) TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
        if (w->is_tiled) {
            TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
            TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
        } else {
            TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 7);
        }
        bool apart = w->planes == PLANARCONFIG_SEPARATE;
        for (int plane = apart ? 0 : -1; plane < (apart ? w->n_samples : 0); plane++)
            (w->is_tiled ? write_tiff_tiles : write_tiff_rows)(tiff, w, width, height, plane);
        assert_int_equal(TIFFWriteDirectory(tiff), 1);
    }
    TIFFClose(tiff);
}
#endif

/* ---- GIF ----------------------------------------------------------------------------- */

#ifdef PITH_WITH_GIF
typedef struct gif_wish {
    bool interlaced;
    int clear; /* -1: none */
    int left, top;
    unsigned n_frames;
} gif_wish;

static inline uint8_t gif_index(uint32_t x, uint32_t y) { return (uint8_t)(picture_sample(x, y, 0) >> 12); }

static inline void save_gif(const char *path, const gif_wish *w, int width, int height, int screen_width,
                            int screen_height) {
    static const int starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    int code = 0;
    GifColorType colours[16];
    GifFileType *gif = EGifOpenFileName(path, false, &code);
    assert_non_null(gif);
    EGifSetGifVersion(gif, true);
    for (unsigned i = 0; i < 16; i++)
        colours[i] = (GifColorType){palette_sample(i, 0), palette_sample(i, 1), palette_sample(i, 2)};
    ColorMapObject *map = GifMakeMapObject(16, colours);
    assert_int_equal(EGifPutScreenDesc(gif, screen_width, screen_height, 4, 0, map), GIF_OK);
    for (unsigned frame = 0; frame < w->n_frames; frame++) {
        if (w->clear >= 0 || w->n_frames > 1) {
            GraphicsControlBlock control = {DISPOSE_DO_NOT, false, 10, frame == 0 ? w->clear : 3};
            GifByteType bytes[4];
            EGifGCBToExtension(&control, bytes);
            assert_int_equal(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, bytes), GIF_OK);
        }
        assert_int_equal(EGifPutImageDesc(gif, w->left, w->top, width, height, w->interlaced, NULL), GIF_OK);
        uint8_t *row = malloc((size_t)width);
        for (int pass = 0; pass < (w->interlaced ? 4 : 1); pass++)
            for (int y = w->interlaced ? starts[pass] : 0; y < height; y += w->interlaced ? steps[pass] : 1) {
                for (int x = 0; x < width; x++) row[x] = frame ? 0 : gif_index((uint32_t)x, (uint32_t)y);
                assert_int_equal(EGifPutLine(gif, row, width), GIF_OK);
            }
        free(row);
    }
    GifFreeMapObject(map);
    assert_int_equal(EGifCloseFile(gif, &code), GIF_OK);
}
#endif

/* ---- BMP ----------------------------------------------------------------------------- */

typedef struct bmp_wish {
    const char *name;
    unsigned n_header, bits, compression;
    bool top_down;
    uint32_t masks[4]; /* red, green, blue, alpha; red 0: none are written */
} bmp_wish;

static inline void put_little(uint8_t *bytes, unsigned n, uint32_t value) {
    for (unsigned i = 0; i < n; i++) bytes[i] = (uint8_t)(value >> (8 * i));
}

static inline unsigned bits_of(uint32_t mask) { return (unsigned)__builtin_popcount(mask); }

/* The pixel's bits: an index, or samples under the masks. */
static inline uint32_t bmp_pixel(const bmp_wish *w, uint32_t x, uint32_t y) {
    static const uint32_t of_16[4] = {0x7c00, 0x3e0, 0x1f, 0}, of_24[4] = {0xff0000, 0xff00, 0xff, 0};
    const uint32_t *masks = w->masks[0] ? w->masks : w->bits == 16 ? of_16 : of_24;
    uint32_t pixel = 0;
    if (w->bits <= 8) return kept_bits(x, y, 0, w->bits);
    for (unsigned c = 0; c < 4; c++)
        if (masks[c]) pixel |= kept_bits(x, y, c, bits_of(masks[c])) << __builtin_ctz(masks[c]);
    return pixel;
}

static inline void save_bmp(const char *path, const bmp_wish *w, uint32_t width, uint32_t height) {
    size_t stride = ((size_t)width * w->bits + 31) / 32 * 4, n_entry = w->n_header == 12 ? 3 : 4;
    size_t n_palette = w->bits <= 8 ? ((size_t)1 << w->bits) * n_entry : 0;
    size_t n_masks = w->masks[0] && w->n_header == 40 ? (w->masks[3] ? 16 : 12) : 0;
    size_t pixels_at = 14 + w->n_header + n_masks + n_palette, n = pixels_at + stride * height;
    uint8_t *b = calloc(1, n), *h = b + 14, *palette = h + w->n_header + n_masks;
    assert_non_null(b);
    memcpy(b, "BM", 2);
    put_little(b + 2, 4, (uint32_t)n);
    put_little(b + 10, 4, (uint32_t)pixels_at);
    put_little(h, 4, w->n_header);
    if (w->n_header == 12) {
        put_little(h + 4, 2, width);
        put_little(h + 6, 2, height);
        put_little(h + 8, 2, 1);
        put_little(h + 10, 2, w->bits);
    } else {
        put_little(h + 4, 4, width);
        put_little(h + 8, 4, w->top_down ? ~height + 1 : height);
        put_little(h + 12, 2, 1);
        put_little(h + 14, 2, w->bits);
        put_little(h + 16, 4, w->compression);
        for (unsigned c = 0; c < 4 && w->masks[0] && (w->n_header > 40 || c < n_masks / 4); c++)
            put_little(h + 40 + 4 * c, 4, w->masks[c]);
    }
    for (uint32_t i = 0; i < n_palette / n_entry; i++)
        for (unsigned c = 0; c < 3; c++) palette[i * n_entry + c] = palette_sample(i, 2 - c);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = b + pixels_at + stride * (w->top_down ? y : height - 1 - y);
        for (uint32_t x = 0; x < width; x++) {
            uint32_t pixel = bmp_pixel(w, x, y);
            if (w->bits >= 8)
                put_little(row + x * (w->bits / 8), w->bits / 8, pixel);
            else
                put_bits(row, x, pixel, (int)w->bits);
        }
    }
    save_bytes(path, b, n);
    free(b);
}

/* ---- HEIC ---------------------------------------------------------------------------- */

#ifdef PITH_WITH_HEIF
/* Lossless; false where libheif has no encoder. */
static inline bool save_heic(const char *path, const pith_image *p, int bits, const uint8_t *exif, size_t n_exif) {
    struct heif_context *context = heif_context_alloc();
    struct heif_encoder *encoder = NULL;
    struct heif_image *image = NULL;
    struct heif_image_handle *handle = NULL;
    if (heif_context_get_encoder_for_format(context, heif_compression_HEVC, &encoder).code != heif_error_Ok) {
        heif_context_free(context);
        return false;
    }
    bool alpha = p->format.n_channels == 4;
    enum heif_chroma chroma = bits == 8
                                  ? (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB)
                                  : (alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE);
    int width = (int)p->format.width, height = (int)p->format.height, stride;
    heif_encoder_set_lossless(encoder, 1);
    heif_encoder_set_logging_level(encoder, 0);
    heif_encoder_set_parameter_string(encoder, "chroma", "444");
    assert_int_equal(heif_image_create(width, height, heif_colorspace_RGB, chroma, &image).code, heif_error_Ok);
    assert_int_equal(heif_image_add_plane(image, heif_channel_interleaved, width, height, bits).code, heif_error_Ok);
    uint8_t *plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    size_t n = (size_t)width * p->format.n_channels;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = (const uint8_t *)p->pixels + (size_t)y * p->stride_bytes;
        for (size_t i = 0; i < n; i++) {
            uint16_t v;
            if (bits == 8) {
                plane[(size_t)y * (size_t)stride + i] = row[i];
                continue;
            }
            memcpy(&v, row + 2 * i, 2);
            put_little(plane + (size_t)y * (size_t)stride + 2 * i, 2, (uint32_t)v >> (16 - bits));
        }
    }
    struct heif_color_profile_nclx *nclx = heif_nclx_color_profile_alloc();
    nclx->matrix_coefficients = heif_matrix_coefficients_RGB_GBR;
    nclx->transfer_characteristics = heif_transfer_characteristic_IEC_61966_2_1;
    nclx->color_primaries = heif_color_primaries_ITU_R_BT_709_5;
    nclx->full_range_flag = 1;
    assert_int_equal(heif_image_set_nclx_color_profile(image, nclx).code, heif_error_Ok);
    struct heif_encoding_options *options = heif_encoding_options_alloc();
    options->output_nclx_profile = nclx;
    options->save_alpha_channel = 1;
    assert_int_equal(heif_context_encode_image(context, image, encoder, options, &handle).code, heif_error_Ok);
    if (n_exif)
        assert_int_equal(heif_context_add_exif_metadata(context, handle, exif, (int)n_exif).code, heif_error_Ok);
    remove(path);
    assert_int_equal(heif_context_write_to_file(context, path).code, heif_error_Ok);
    heif_encoding_options_free(options);
    heif_nclx_color_profile_free(nclx);
    heif_image_handle_release(handle);
    heif_image_release(image);
    heif_encoder_release(encoder);
    heif_context_free(context);
    return true;
}
#endif

#endif
