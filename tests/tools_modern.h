/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* AVIF, JPEG XL and animated WebP files of test_tools_formats.c, and Exif in
 * all of them, made with the formats' own libraries. */
#ifndef PITH_TESTS_TOOLS_MODERN_H
#define PITH_TESTS_TOOLS_MODERN_H

#include "tools_pictures.h"

#include <webp/mux.h>
#ifdef PITH_WITH_AVIF
#include <avif/avif.h>
#endif
#ifdef PITH_WITH_JXL
#include <jxl/encode.h>
#endif

/* Exif with three tags, the second of them the orientation; returns its length. */
static inline size_t make_exif(uint8_t exif[64], unsigned orientation, bool little) {
    static const uint8_t entries[3][4] = {{0x01, 0x00, 0, 4}, {0x01, 0x12, 0, 3}, {0x01, 0x1a, 0, 3}};
    size_t n = 0;
    memcpy(exif, little ? "II*\0\x08\0\0\0\x03\0" : "MM\0*\0\0\0\x08\0\x03", 10);
    n = 10;
    for (unsigned i = 0; i < 3; i++, n += 12) {
        uint8_t *e = exif + n;
        unsigned value = i == 1 ? orientation : 7;
        memset(e, 0, 12);
        e[little ? 1 : 0] = entries[i][0];
        e[little ? 0 : 1] = entries[i][1];
        e[little ? 2 : 3] = entries[i][3];
        e[little ? 4 : 7] = 1;
        e[little || entries[i][3] == 3 ? (little ? 8 : 9) : 11] = (uint8_t)value;
    }
    memset(exif + n, 0, 4);
    return n + 4;
}

/* ---- WebP ---------------------------------------------------------------------------- */

/* Lossless, with Exif where n_exif > 0. */
static inline void save_webp(const char *path, const pith_image *p, const uint8_t *exif, size_t n_exif) {
    uint8_t *bytes;
    int width = (int)p->format.width, height = (int)p->format.height;
    size_t n = p->format.n_channels == 4
                   ? WebPEncodeLosslessRGBA(p->pixels, width, height, (int)p->stride_bytes, &bytes)
                   : WebPEncodeLosslessRGB(p->pixels, width, height, (int)p->stride_bytes, &bytes);
    assert_true(n > 0);
    WebPMux *mux = WebPMuxNew();
    WebPData image = {bytes, n}, metadata = {exif, n_exif}, whole;
    assert_int_equal(WebPMuxSetImage(mux, &image, 1), WEBP_MUX_OK);
    if (n_exif) assert_int_equal(WebPMuxSetChunk(mux, "EXIF", &metadata, 1), WEBP_MUX_OK);
    assert_int_equal(WebPMuxAssemble(mux, &whole), WEBP_MUX_OK);
    save_bytes(path, whole.bytes, whole.size);
    WebPDataClear(&whole);
    WebPMuxDelete(mux);
    WebPFree(bytes);
}

/* Two frames, the second of them black. */
static inline void save_animated_webp(const char *path, const pith_image *first) {
    int width = (int)first->format.width, height = (int)first->format.height;
    WebPAnimEncoder *encoder = WebPAnimEncoderNew(width, height, NULL);
    WebPConfig config;
    WebPPicture picture;
    assert_non_null(encoder);
    assert_true(WebPConfigInit(&config) && WebPConfigLosslessPreset(&config, 3));
    for (int frame = 0; frame < 2; frame++) {
        uint8_t *black = calloc((size_t)height, (size_t)width * 3);
        assert_true(WebPPictureInit(&picture));
        picture.width = width;
        picture.height = height;
        picture.use_argb = 1;
        assert_true(WebPPictureImportRGB(&picture, frame ? black : first->pixels, width * 3));
        assert_true(WebPAnimEncoderAdd(encoder, &picture, frame * 100, &config));
        WebPPictureFree(&picture);
        free(black);
    }
    WebPData whole;
    assert_true(WebPAnimEncoderAdd(encoder, NULL, 200, NULL));
    assert_true(WebPAnimEncoderAssemble(encoder, &whole));
    save_bytes(path, whole.bytes, whole.size);
    WebPDataClear(&whole);
    WebPAnimEncoderDelete(encoder);
}

/* ---- AVIF ---------------------------------------------------------------------------- */

#ifdef PITH_WITH_AVIF
#define ALPHA_PLANE 3      /* after libavif's Y, U and V */
#if AVIF_VERSION_MAJOR < 1 /* 1.0 renamed it */
#define MIRROR_AXIS mode
#else
#define MIRROR_AXIS axis
#endif

typedef struct avif_wish {
    unsigned depth;    /* of the file: 8, 10, 12 */
    int angle, mirror; /* -1: none */
    unsigned n_frames; /* the second is black */
    bool is_p3;
    bool has_crop; /* two columns left, four rows above */
    const uint8_t *exif;
    size_t n_exif;
} avif_wish;

static inline avifImage *make_avif_frame(const pith_image *p, const avif_wish *wish, bool black) {
    unsigned n_channels = p->format.n_channels;
    avifImage *image = avifImageCreate(p->format.width, p->format.height, wish->depth,
                                       n_channels <= 2 ? AVIF_PIXEL_FORMAT_YUV400 : AVIF_PIXEL_FORMAT_YUV444);
    assert_non_null(image);
    image->matrixCoefficients = n_channels <= 2 ? AVIF_MATRIX_COEFFICIENTS_BT601 : AVIF_MATRIX_COEFFICIENTS_IDENTITY;
    image->colorPrimaries = wish->is_p3 ? AVIF_COLOR_PRIMARIES_SMPTE432 : AVIF_COLOR_PRIMARIES_BT709;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
    image->yuvRange = AVIF_RANGE_FULL;
    assert_int_equal(avifImageAllocatePlanes(image, n_channels % 2 == 0 ? AVIF_PLANES_ALL : AVIF_PLANES_YUV),
                     AVIF_RESULT_OK);
    static const int plane_of[2][4] = {{AVIF_CHAN_Y, ALPHA_PLANE, 0, 0},
                                       {AVIF_CHAN_V, AVIF_CHAN_Y, AVIF_CHAN_U, ALPHA_PLANE}}; /* R G B as V Y U */
    for (uint32_t y = 0; y < p->format.height; y++)
        for (uint32_t x = 0; x < p->format.width; x++)
            for (unsigned c = 0; c < n_channels; c++) {
                int plane = plane_of[n_channels > 2][c];
                uint8_t *row = (plane == ALPHA_PLANE ? image->alphaPlane : image->yuvPlanes[plane]) +
                               y * (plane == ALPHA_PLANE ? image->alphaRowBytes : image->yuvRowBytes[plane]);
                size_t i = ((size_t)y * p->format.width + x) * n_channels + c;
                unsigned v = black                      ? 0
                             : p->format.bit_depth == 8 ? ((const uint8_t *)p->pixels)[i]
                                                        : ((const uint16_t *)p->pixels)[i];
                if (wish->depth == 8)
                    row[x] = (uint8_t)v;
                else
                    ((uint16_t *)(void *)row)[x] = (uint16_t)(v >> (16 - wish->depth));
            }
    return image;
}

static inline void save_avif(const char *path, const pith_image *p, const avif_wish *wish) {
    avifEncoder *encoder = avifEncoderCreate();
    avifRWData whole = AVIF_DATA_EMPTY;
    assert_non_null(encoder);
    encoder->minQuantizer = encoder->maxQuantizer = 0;
    encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = 0;
    encoder->speed = 9;
    for (unsigned i = 0; i < wish->n_frames; i++) {
        avifImage *image = make_avif_frame(p, wish, i > 0);
        if (wish->n_exif) avifImageSetMetadataExif(image, wish->exif, wish->n_exif);
        image->transformFlags = AVIF_TRANSFORM_NONE;
        if (wish->angle >= 0) {
            image->transformFlags |= AVIF_TRANSFORM_IROT;
            image->irot.angle = (uint8_t)wish->angle;
        }
        if (wish->mirror >= 0) {
            image->transformFlags |= AVIF_TRANSFORM_IMIR;
            image->imir.MIRROR_AXIS = (uint8_t)wish->mirror;
        }
        if (wish->has_crop) {
            avifCropRect rect = {2, 4, p->format.width - 2, p->format.height - 4};
            avifDiagnostics why;
            image->transformFlags |= AVIF_TRANSFORM_CLAP;
            assert_true(avifCleanApertureBoxConvertCropRect(&image->clap, &rect, p->format.width, p->format.height,
                                                            image->yuvFormat, &why));
        }
        assert_int_equal(
            avifEncoderAddImage(encoder, image, 1,
                                wish->n_frames > 1 ? AVIF_ADD_IMAGE_FLAG_NONE : AVIF_ADD_IMAGE_FLAG_SINGLE),
            AVIF_RESULT_OK);
        avifImageDestroy(image);
    }
    assert_int_equal(avifEncoderFinish(encoder, &whole), AVIF_RESULT_OK);
    save_bytes(path, whole.data, whole.size);
    avifRWDataFree(&whole);
    avifEncoderDestroy(encoder);
}
#endif

/* ---- JPEG XL --------------------------------------------------------------------------- */

#ifdef PITH_WITH_JXL
typedef struct jxl_wish {
    unsigned orientation;
    bool is_animated, is_p3;
    const uint8_t *exif; /* in a box with its offset of 4 zero bytes */
    size_t n_exif;
} jxl_wish;

static inline void add_jxl_frame(JxlEncoder *encoder, const pith_image *p, const jxl_wish *wish, bool black) {
    JxlPixelFormat format = {p->format.n_channels, p->format.bit_depth == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
                             JXL_NATIVE_ENDIAN, 0};
    JxlEncoderFrameSettings *settings = JxlEncoderFrameSettingsCreate(encoder, NULL);
    assert_int_equal(JxlEncoderSetFrameLossless(settings, JXL_TRUE), JXL_ENC_SUCCESS);
    assert_int_equal(JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_EFFORT, 1), JXL_ENC_SUCCESS);
    if (wish->is_animated) {
        JxlFrameHeader header;
        JxlEncoderInitFrameHeader(&header);
        header.duration = 10;
        assert_int_equal(JxlEncoderSetFrameHeader(settings, &header), JXL_ENC_SUCCESS);
    }
    size_t n = p->stride_bytes * p->format.height;
    void *pixels = calloc(1, n);
    if (!black) memcpy(pixels, p->pixels, n);
    assert_int_equal(JxlEncoderAddImageFrame(settings, &format, pixels, n), JXL_ENC_SUCCESS);
    free(pixels);
}

static inline void save_jxl(const char *path, const pith_image *p, const jxl_wish *wish) {
    JxlEncoder *encoder = JxlEncoderCreate(NULL);
    JxlBasicInfo info;
    JxlColorEncoding colour;
    unsigned n_channels = p->format.n_channels;
    assert_non_null(encoder);
    JxlEncoderInitBasicInfo(&info);
    info.xsize = p->format.width;
    info.ysize = p->format.height;
    info.bits_per_sample = p->format.bit_depth;
    info.num_color_channels = n_channels <= 2 ? 1 : 3;
    if (n_channels % 2 == 0) {
        info.num_extra_channels = 1;
        info.alpha_bits = p->format.bit_depth;
    }
    info.uses_original_profile = JXL_TRUE;
    info.orientation = (JxlOrientation)wish->orientation;
    info.have_animation = wish->is_animated;
    info.animation.tps_numerator = 10;
    info.animation.tps_denominator = 1;
    JxlColorEncodingSetToSRGB(&colour, n_channels <= 2);
    if (wish->is_p3) colour.primaries = JXL_PRIMARIES_P3;
    if (wish->n_exif) assert_int_equal(JxlEncoderUseBoxes(encoder), JXL_ENC_SUCCESS);
    assert_int_equal(JxlEncoderSetCodestreamLevel(encoder, 10), JXL_ENC_SUCCESS); /* 16 bits */
    assert_int_equal(JxlEncoderSetBasicInfo(encoder, &info), JXL_ENC_SUCCESS);
    assert_int_equal(JxlEncoderSetColorEncoding(encoder, &colour), JXL_ENC_SUCCESS);
    if (wish->n_exif) {
        uint8_t box[4 + 64] = {0};
        memcpy(box + 4, wish->exif, wish->n_exif);
        assert_int_equal(JxlEncoderAddBox(encoder, "Exif", box, 4 + wish->n_exif, JXL_FALSE), JXL_ENC_SUCCESS);
        JxlEncoderCloseBoxes(encoder);
    }
    add_jxl_frame(encoder, p, wish, false);
    if (wish->is_animated) add_jxl_frame(encoder, p, wish, true);
    JxlEncoderCloseInput(encoder);
    size_t n_buffer = (size_t)4 << 20;
    uint8_t *buffer = malloc(n_buffer), *next = buffer;
    size_t n_left = n_buffer;
    assert_non_null(buffer);
    assert_int_equal(JxlEncoderProcessOutput(encoder, &next, &n_left), JXL_ENC_SUCCESS);
    save_bytes(path, buffer, n_buffer - n_left);
    free(buffer);
    JxlEncoderDestroy(encoder);
}
#endif

#endif
