/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* AVIF by libavif, to read only: whole file and whole frame in memory. libavif reports the container's transforms
 * (clap, irot, imir) and leaves them to us; if there are any, Exif's orientation does not count. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_format.h"

static bool recognise(const uint8_t *head, size_t n_head) {
    static const char *const brands[] = {"avif", "avis"};
    return image_has_brand(head, n_head, brands, sizeof brands / sizeof *brands);
}

#ifndef PITH_WITH_AVIF

static pith_status open_reader(image_reader *r) {
    return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is an AVIF picture; this pith was built without libavif");
}

const image_reader_type image_reader_avif = {"AVIF", recognise, open_reader, NULL, NULL, NULL};

#else

#include <avif/avif.h>

#include "messages/standard_error.h"

#if AVIF_VERSION_MAJOR < 1 /* 1.0 renamed it */
#define MIRROR_AXIS mode
#else
#define MIRROR_AXIS axis
#endif

typedef struct avif_in {
    image_blob file;
    avifDecoder *decoder;
    avifCropRect crop; /* the visible part of the frame */
    uint8_t *pixels;   /* the whole frame, as RGB or RGBA even when it is grey */
    unsigned n_samples;
    size_t stride_bytes;
} avif_in;

static pith_status decoder_fault(image_reader *r, avifResult result) {
    const avif_in *in = r->state;
    switch (result) {
    case AVIF_RESULT_OUT_OF_MEMORY:
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture");
    case AVIF_RESULT_TRUNCATED_DATA:
        return image_reader_ended(r);
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_REFORMAT_FAILED:
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "AVIF of a kind that is not supported: %s",
                         avifResultToString(result));
    default:
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged AVIF: %s%s%s", avifResultToString(result),
                         in->decoder->diag.error[0] ? ": " : "", in->decoder->diag.error);
    }
}

/* Exif's orientation for `angle` quarter turns counter-clockwise, then a mirroring: -1 none, 0 top and bottom are
 * swapped, 1 left and right. */
static uint8_t orientation_of(unsigned angle, int mirror) {
    static const uint8_t table[3][4] = {{1, 8, 3, 6}, {4, 5, 2, 7}, {2, 7, 4, 5}};
    return table[mirror + 1][angle & 3];
}

static pith_status read_colour(image_reader *r, const avifImage *image) {
    bool names_transfer = image->transferCharacteristics != AVIF_TRANSFER_CHARACTERISTICS_UNSPECIFIED;
    r->colour.has_cicp = image->icc.size == 0 && names_transfer;
    r->colour.cicp_primaries = (uint8_t)image->colorPrimaries;
    r->colour.cicp_transfer = (uint8_t)image->transferCharacteristics;
    pith_status status = PITH_OK;
    if (image->icc.size) status = image_reader_set_icc(r, image->icc.data, image->icc.size);
    if (status == PITH_OK && image->exif.size)
        status = image_reader_set_exif(r, image->exif.data, image->exif.size, false);
    if (status == PITH_OK && image->xmp.size) status = image_reader_set_xmp(r, image->xmp.data, image->xmp.size);
    return status;
}

/* The visible part of the frame, and how it is turned. */
static pith_status read_geometry(image_reader *r, avif_in *in) {
    const avifImage *image = in->decoder->image;
    avifDiagnostics why;
    in->crop = (avifCropRect){0, 0, image->width, image->height};
    if (image->transformFlags & AVIF_TRANSFORM_CLAP &&
        !avifCropRectConvertCleanApertureBox(&in->crop, &image->clap, image->width, image->height, image->yuvFormat,
                                             &why))
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged AVIF: its clean aperture makes no sense");
    unsigned angle = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle : 0;
    int mirror = image->transformFlags & AVIF_TRANSFORM_IMIR ? image->imir.MIRROR_AXIS != 0 : -1;
    r->facts.orientation = orientation_of(angle, mirror);
    return image_reader_set_size(r, in->crop.width, in->crop.height);
}

static pith_status read_header(image_reader *r, avif_in *in) {
    const avifImage *image = in->decoder->image;
    pith_status status = image_reader_set_size(r, image->width, image->height); /* the frame's */
    if (status != PITH_OK) return status;
    if (in->decoder->imageCount > 1) image_reader_warn(r, "is animated; its first frame was taken");
    unsigned n_alpha = in->decoder->alphaPresent != 0;
    r->raw.bit_depth = image->depth > 8 ? 16 : 8;
    r->raw.n_channels = (uint8_t)((image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400 ? 1 : 3) + n_alpha);
    in->n_samples = 3 + n_alpha;
    uint64_t n_bytes = (uint64_t)image->width * image->height * (r->raw.bit_depth / 8u);
    n_bytes *= r->raw.n_channels + in->n_samples; /* the codec's planes, and pixels */
    status = image_reader_claim(r, n_bytes, "an AVIF");
    if (status == PITH_OK) status = read_colour(r, image);
    if (status == PITH_OK) status = read_geometry(r, in);
    return status;
}

static pith_status open_reader(image_reader *r) {
    avif_in *in = r->state = calloc(1, sizeof *in);
    if (!in || !(in->decoder = avifDecoderCreate())) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = image_reader_read_all(r, &in->file, r->env.max_file_bytes);
    if (status != PITH_OK) return status;
    in->decoder->strictFlags = AVIF_STRICT_DISABLED; /* files in the wild */
    avifResult result = avifDecoderSetIOMemory(in->decoder, in->file.data, in->file.n_bytes);
    standard_error_hush();
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(in->decoder);
    standard_error_hush_end();
    return result == AVIF_RESULT_OK ? read_header(r, in) : decoder_fault(r, result);
}

/* For frames larger than the container says. */
static void limit_codec(const image_reader *r, avif_in *in) {
    uint64_t n_pixels = r->env.max_pixels;
    if (n_pixels < AVIF_DEFAULT_IMAGE_SIZE_LIMIT) in->decoder->imageSizeLimit = (uint32_t)n_pixels;
}

static pith_status decode(image_reader *r, avif_in *in) {
    limit_codec(r, in);
    standard_error_hush();
    avifResult result = avifDecoderNextImage(in->decoder);
    standard_error_hush_end();
    if (result != AVIF_RESULT_OK) return decoder_fault(r, result);
    const avifImage *image = in->decoder->image;
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    if ((uint64_t)in->crop.x + in->crop.width > rgb.width || (uint64_t)in->crop.y + in->crop.height > rgb.height)
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged AVIF: the frame is smaller than the picture");
    rgb.format = in->n_samples == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.depth = r->raw.bit_depth;
    in->stride_bytes = (size_t)rgb.width * in->n_samples * (r->raw.bit_depth / 8u);
    if (in->stride_bytes > UINT32_MAX || !(in->pixels = calloc(rgb.height, in->stride_bytes)))
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    rgb.pixels = in->pixels;
    rgb.rowBytes = (uint32_t)in->stride_bytes;
    result = avifImageYUVToRGB(image, &rgb);
    if (result != AVIF_RESULT_OK) return decoder_fault(r, result);
    avifDecoderDestroy(in->decoder);
    in->decoder = NULL;
    image_blob_free(&in->file);
    return PITH_OK;
}

static pith_status read_row(image_reader *r, void *row) {
    avif_in *in = r->state;
    if (r->next_row == 0) {
        pith_status status = decode(r, in);
        if (status != PITH_OK) return status;
    }
    size_t n_sample = r->raw.bit_depth / 8u, n_pixel = in->n_samples * n_sample;
    const uint8_t *from = in->pixels + (in->crop.y + (size_t)r->next_row) * in->stride_bytes + in->crop.x * n_pixel;
    if (in->n_samples == r->raw.n_channels) {
        memcpy(row, from, r->raw.width * n_pixel);
        return PITH_OK;
    }
    uint8_t *to = row; /* grey: one of three equal samples, and alpha */
    for (uint32_t x = 0; x < r->raw.width; x++, from += n_pixel) {
        memcpy(to, from, n_sample);
        to += n_sample;
        if (r->raw.n_channels == 1) continue;
        memcpy(to, from + 3 * n_sample, n_sample);
        to += n_sample;
    }
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    avif_in *in = r->state;
    if (!in) return;
    if (in->decoder) avifDecoderDestroy(in->decoder);
    image_blob_free(&in->file);
    free(in->pixels);
    free(in);
}

const image_reader_type image_reader_avif = {"AVIF", recognise, open_reader, read_row, NULL, close_reader};

#endif
