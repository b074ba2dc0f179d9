/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writing picture files: which format, what it can hold, rows in order. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "imageio/image_colour.h"

image_type image_type_from_name(const char *path) {
    static const struct {
        const char *ending;
        image_type type;
    } endings[] = {{".png", IMAGE_PNG}, {".jpg", IMAGE_JPEG}, {".jpeg", IMAGE_JPEG}, {".webp", IMAGE_WEBP},
                   {".ppm", IMAGE_PPM}, {".pgm", IMAGE_PPM},  {".pnm", IMAGE_PPM},   {".pam", IMAGE_PAM}};
    if (strcmp(path, "-") == 0) return IMAGE_PNG;
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t n = strlen(endings[i].ending);
        if (length >= n && strcasecmp(path + length - n, endings[i].ending) == 0) return endings[i].type;
    }
    return IMAGE_UNKNOWN;
}

static const image_writer_type *type_of(image_type type) {
    switch (type) {
    case IMAGE_PNG:
        return &image_writer_png;
    case IMAGE_JPEG:
        return &image_writer_jpeg;
    case IMAGE_WEBP:
        return &image_writer_webp;
    case IMAGE_PPM:
        return &image_writer_ppm;
    case IMAGE_PAM:
        return &image_writer_pam;
    case IMAGE_UNKNOWN:
        break;
    }
    return NULL;
}

/* Per pixel, besides its samples; cwebp of libwebp 1.2.4 took 5.4 and 28. */
#define WEBP_LOSSY_BYTES 6
#define WEBP_LOSSLESS_BYTES 30

uint64_t image_writer_memory(const image_write_options *options, const pith_image_format *format) {
    if (options->type != IMAGE_WEBP) return 0;
    const uint64_t besides = options->quality == 100 ? WEBP_LOSSLESS_BYTES : WEBP_LOSSY_BYTES;
    return (uint64_t)format->width * format->height * (besides + (format->n_channels % 2 == 0 ? 4 : 3));
}

pith_status image_writer_failed(image_writer *writer) {
    return tool_fail_errno(&writer->diag, PITH_E_IO, "cannot write");
}

pith_status image_writer_new(image_writer **out, FILE *file, const image_write_options *options, pith_diag *why) {
    *out = NULL;
    const image_writer_type *type = type_of(options->type);
    if (!type) return tool_fail(why, PITH_E_ARG, "no such picture format");
    image_writer *w = calloc(1, sizeof *w);
    if (!w) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    w->type = type;
    w->file = file;
    w->options = *options;
    if (w->options.quality < 1 || w->options.quality > 100) w->options.quality = 95;
    *out = w;
    return PITH_OK;
}

/* ---- metadata ---------------------------------------------------------------- */

const char *image_writer_left_out(const image_writer *writer) { return writer->left_out; }

/* The profile goes into the file or, where the format has no place for one, is applied. */
static pith_status start_colour(image_writer *w) {
    const image_span *icc = &w->options.metadata.icc;
    if (icc->n_bytes == 0) return PITH_OK;
    bool fits = image_profile_fits(icc->data, icc->n_bytes, w->format.n_channels);
    if (w->type->has_metadata && !w->options.to_srgb && fits) {
        w->metadata.icc = *icc;
        return PITH_OK;
    }
    pith_diag why = {0};
    pith_status status = image_transform_new(&w->transform, icc->data, icc->n_bytes, &w->format, &why);
    if (status == PITH_E_FORMAT) {
        w->left_out = "the colour profile, which cannot be used; samples are taken as sRGB";
        return PITH_OK;
    }
    if (status != PITH_OK) return tool_fail(&w->diag, status, "%s", why.message);
    if (!w->transform) return PITH_OK;
    w->converted = malloc((size_t)w->format.width * w->format.n_channels * (w->format.bit_depth / 8u));
    return w->converted ? PITH_OK : tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
}

static pith_status start_metadata(image_writer *w) {
    const image_metadata *m = &w->options.metadata;
    if (w->type->has_metadata) {
        if (m->exif.n_bytes <= w->type->max_exif_bytes)
            w->metadata.exif = m->exif;
        else
            w->left_out = "Exif, which is too long for the format";
        if (m->xmp.n_bytes <= w->type->max_xmp_bytes)
            w->metadata.xmp = m->xmp;
        else
            w->left_out = "XMP, which is too long for the format";
    }
    return start_colour(w);
}

/* ---- as a sink -------------------------------------------------------------- */

static pith_status start(void *user, const pith_image_format *format) {
    image_writer *w = user;
    const image_writer_type *type = w->type;
    if (w->diag.status != PITH_OK) return w->diag.status;
    if (w->format.width) return tool_fail(&w->diag, PITH_E_ARG, "the picture was started twice");
    if (format->width == 0 || format->height == 0 || format->n_channels < 1 || format->n_channels > 4)
        return tool_fail(&w->diag, PITH_E_ARG, "not a picture that could be written");
    if (format->width > type->max_dimension || format->height > type->max_dimension)
        return tool_fail(&w->diag, PITH_E_LIMIT,
                         "%s holds at most %" PRIu32 " pixels a side; the picture has %" PRIu32 "x%" PRIu32, type->name,
                         type->max_dimension, format->width, format->height);
    if (format->bit_depth != 8 && (format->bit_depth != 16 || type->max_depth < 16))
        return tool_fail(&w->diag, PITH_E_UNSUPPORTED, "%s does not hold %u-bit samples", type->name,
                         format->bit_depth);
    w->format = *format;
    if (format->n_channels % 2 == 0 && !type->has_alpha) {
        w->format.n_channels--;
        w->blended = calloc(format->width, (size_t)w->format.n_channels * (format->bit_depth / 8u));
        if (!w->blended) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    }
    pith_status status = start_metadata(w);
    return status == PITH_OK ? type->start(w) : status;
}

static pith_status write_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    image_writer *w = user;
    if (w->diag.status != PITH_OK) return w->diag.status;
    if (w->format.width == 0 || y != w->next_row || n_rows > w->format.height - y)
        return tool_fail(&w->diag, PITH_E_ARG, "rows %" PRIu32 "+%" PRIu32 " came at row %" PRIu32, y, n_rows,
                         w->next_row);
    for (uint32_t i = 0; i < n_rows; i++) {
        const void *row = (const uint8_t *)rows + (size_t)i * stride_bytes;
        if (w->blended) {
            const pith_image_format *f = &w->format;
            if (image_blend_on_white(w->blended, row, f->width, f->n_channels, f->bit_depth)) w->lost_alpha = true;
            row = w->blended;
        }
        if (w->transform) {
            image_transform_apply(w->transform, w->converted, row, w->format.width);
            row = w->converted;
        }
        pith_status status = w->type->write_row(w, row);
        if (status != PITH_OK) return status;
        w->next_row++;
    }
    return PITH_OK;
}

void image_writer_sink(image_writer *writer, pith_sink *sink) {
    *sink = (pith_sink){
        .struct_size = sizeof *sink, .bit_depth = 8, .start = start, .write_rows = write_rows, .user = writer};
}

pith_status image_writer_finish(image_writer *w) {
    if (w->diag.status != PITH_OK) return w->diag.status;
    if (w->format.width == 0 || w->next_row != w->format.height)
        return tool_fail(&w->diag, PITH_E_ARG, "the picture is not whole: %" PRIu32 " of %" PRIu32 " rows", w->next_row,
                         w->format.height);
    pith_status status = w->type->finish(w);
    if (status == PITH_OK && fflush(w->file) != 0) status = image_writer_failed(w);
    return status;
}

bool image_writer_lost_alpha(const image_writer *writer) { return writer->lost_alpha; }

const pith_diag *image_writer_diag(const image_writer *writer) { return &writer->diag; }

void image_writer_free(image_writer **writer) {
    image_writer *w = *writer;
    *writer = NULL;
    if (!w) return;
    w->type->close(w);
    free(w->blended);
    image_transform_free(&w->transform);
    free(w->converted);
    free(w);
}
