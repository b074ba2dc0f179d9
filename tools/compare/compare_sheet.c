/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/compare_sheet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "files/output_file.h"
#include "imageio/imageio.h"
#include "messages/tool_fail.h"

#define GAP_PIXELS 8u

/* Row y of a picture as 8-bit RGB. */
static void put_row(uint8_t *to, const pith_image *image, uint32_t y) {
    const uint8_t *row = (const uint8_t *)image->pixels + (size_t)y * image->stride_bytes;
    size_t n_channels = image->format.n_channels;
    for (size_t x = 0; x < image->format.width; x++)
        for (size_t c = 0; c < 3; c++) {
            size_t i = x * n_channels + (n_channels == 1 ? 0 : c);
            uint32_t sample = row[image->format.bit_depth == 8 ? i : 0];
            if (image->format.bit_depth == 16)
                sample = (((const uint16_t *)(const void *)row)[i] * 255u + 32767u) / 65535u;
            to[3 * x + c] = (uint8_t)sample;
        }
}

typedef struct sheet {
    const pith_image *images; /* of one size */
    size_t n_images;
} sheet;

static pith_status put_sheet(const pith_sink *sink, const void *user) {
    const sheet *s = user;
    const uint32_t width = s->images[0].format.width, height = s->images[0].format.height;
    const uint64_t sheet_width = (uint64_t)s->n_images * width + (s->n_images - 1) * GAP_PIXELS;
    if (sheet_width > INT32_MAX) return PITH_E_LIMIT;
    pith_image_format format = {(uint32_t)sheet_width, height, 3, 8};
    pith_status status = sink->start(sink->user, &format);
    uint8_t *row = malloc((size_t)sheet_width * 3);
    if (!row) status = PITH_E_NOMEM;
    if (row) memset(row, 255, (size_t)sheet_width * 3);
    for (uint32_t y = 0; y < height && status == PITH_OK; y++) {
        for (size_t i = 0; i < s->n_images; i++) put_row(row + i * (width + GAP_PIXELS) * 3, &s->images[i], y);
        status = sink->write_rows(sink->user, y, 1, row, (size_t)sheet_width * 3);
    }
    free(row);
    return status;
}

static pith_status write_rows(output_file *out, image_type type, compare_rows *rows, const void *user, pith_diag *why) {
    image_writer *writer = NULL;
    image_write_options options = {.type = type};
    pith_sink sink;
    pith_status status = image_writer_new(&writer, output_stream(out), &options, why);
    if (status != PITH_OK) return status;
    image_writer_sink(writer, &sink);
    status = rows(&sink, user);
    if (status == PITH_OK) status = image_writer_finish(writer);
    const pith_diag *fault = image_writer_diag(writer);
    if (status != PITH_OK) tool_fail(why, status, "%s", fault->status ? fault->message : "the picture is too large");
    image_writer_free(&writer);
    return status == PITH_OK ? output_commit(out, why) : status;
}

pith_status compare_write(const char *path, image_type type, bool force, compare_rows *rows, const void *user,
                          pith_diag *why) {
    output_file *out = NULL;
    const output_rules rules = {.kind = file_kind_of_image(type), .force = force};
    pith_status status = output_open(&out, path, &rules, why);
    if (status == PITH_OK) status = write_rows(out, type, rows, user, why);
    output_close(&out);
    return status;
}

cli_exit compare_sheet_write(const char *path, const pith_image *images, size_t n_images, bool force) {
    pith_diag why = {0};
    const image_type named = image_type_from_name(path), type = named == IMAGE_UNKNOWN ? IMAGE_PNG : named;
    const sheet s = {images, n_images};
    pith_status status = compare_write(path, type, force, put_sheet, &s, &why);
    return status == PITH_OK ? CLI_DONE : cli_fail(cli_exit_of(status, CLI_OUTPUT), path, "%s", why.message);
}
