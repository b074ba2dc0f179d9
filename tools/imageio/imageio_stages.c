/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* From the rows of a file to those of the source: colours become sRGB, alpha is
 * composited on white or passed on, and the picture is turned the right way up.
 * A mirrored picture still streams; any other turn needs all of it in memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/image_colour.h"

/* EXIF's orientations: 5 to 8 swap width and height. */
#define SWAPS(orientation) ((orientation) >= 5)

static size_t pixel_bytes(const pith_image_format *f) { return (size_t)f->n_channels * (f->bit_depth / 8u); }

/* ---- alpha, CMYK ---------------------------------------------------------------- */

static bool blend_8(uint8_t *rows, const uint8_t *pixels, size_t n_pixels, unsigned n_colour) {
    bool seen = false;
    for (size_t i = 0; i < n_pixels; i++, pixels += n_colour + 1, rows += n_colour) {
        unsigned alpha = pixels[n_colour];
        seen |= alpha != 255;
        for (unsigned c = 0; c < n_colour; c++)
            rows[c] = (uint8_t)((pixels[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    return seen;
}

static bool blend_16(uint16_t *rows, const uint16_t *pixels, size_t n_pixels, unsigned n_colour) {
    bool seen = false;
    for (size_t i = 0; i < n_pixels; i++, pixels += n_colour + 1, rows += n_colour) {
        uint32_t alpha = pixels[n_colour];
        seen |= alpha != 65535;
        for (unsigned c = 0; c < n_colour; c++) /* at most 65535 * 65535 + 32767 < 2^32 */
            rows[c] = (uint16_t)((pixels[c] * alpha + 65535 * (65535 - alpha) + 32767) / 65535);
    }
    return seen;
}

bool image_blend_on_white(void *rows, const void *pixels, size_t n_pixels, unsigned n_colour, unsigned bit_depth) {
    return bit_depth == 16 ? blend_16(rows, pixels, n_pixels, n_colour) : blend_8(rows, pixels, n_pixels, n_colour);
}

/* Without a profile: what the inks leave of white paper. */
static void cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t n_pixels) {
    for (size_t i = 0; i < n_pixels; i++, cmyk += 4, rgb += 3)
        for (unsigned c = 0; c < 3; c++) rgb[c] = (uint8_t)(((255 - cmyk[c]) * (255 - cmyk[3]) + 127) / 255);
}

/* ---- a row ----------------------------------------------------------------------- */

/* The next row, in the file's direction but with the source's samples. */
static pith_status next_row(image_reader *r, void *row) {
    void *raw_row = r->stages.raw_row ? r->stages.raw_row : row;
    pith_status status = r->type->read_row(r, raw_row);
    if (status != PITH_OK) return status;
    r->next_row++;
    size_t n_pixels = r->raw.width;
    if (r->stages.transform)
        image_transform_apply(r->stages.transform, r->is_cmyk ? row : raw_row, raw_row, n_pixels);
    else if (r->is_cmyk)
        cmyk_to_rgb(row, raw_row, n_pixels);
    if (!r->is_cmyk && r->raw.n_channels != r->format.n_channels)
        r->facts.had_alpha |= image_blend_on_white(row, raw_row, n_pixels, r->format.n_channels, r->raw.bit_depth);
    return r->next_row == r->raw.height && r->type->finish ? r->type->finish(r) : PITH_OK;
}

static void mirror(uint8_t *row, size_t n_pixels, size_t n_bytes) {
    uint8_t pixel[8];
    for (uint8_t *a = row, *b = row + (n_pixels - 1) * n_bytes; a < b; a += n_bytes, b -= n_bytes) {
        memcpy(pixel, a, n_bytes);
        memcpy(a, b, n_bytes);
        memcpy(b, pixel, n_bytes);
    }
}

/* The column and row of the frame that pixel (x, y) of the file goes to. */
static void turn_row(const image_reader *r, const uint8_t *row, uint32_t y) {
    const image_stages *s = &r->stages;
    unsigned orientation = r->facts.orientation;
    size_t n = pixel_bytes(&r->format), last_y = r->raw.height - 1, last_x = r->raw.width - 1;
    bool y_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    bool x_back = orientation == 3 || orientation == 7 || orientation == 8;
    size_t of_y = y_back ? last_y - y : y;
    for (size_t x = 0; x <= last_x; x++) {
        size_t of_x = x_back ? last_x - x : x;
        uint8_t *to = SWAPS(orientation) ? s->frame + of_x * s->frame_stride + of_y * n
                                         : s->frame + of_y * s->frame_stride + of_x * n;
        memcpy(to, row + x * n, n);
    }
}

static pith_status fill_frame(image_reader *r) {
    uint8_t *row = malloc(r->stages.row_bytes);
    if (!row) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = PITH_OK;
    while (status == PITH_OK && r->next_row < r->raw.height) {
        uint32_t y = r->next_row;
        status = next_row(r, row);
        if (status == PITH_OK) turn_row(r, row, y);
    }
    free(row);
    return status;
}

pith_status image_stages_read_row(image_reader *r, void *row) {
    const image_stages *s = &r->stages;
    if (!s->frame) {
        pith_status status = next_row(r, row);
        if (status == PITH_OK && r->facts.orientation == 2) mirror(row, r->format.width, pixel_bytes(&r->format));
        return status;
    }
    pith_status status = r->next_row < r->raw.height ? fill_frame(r) : PITH_OK;
    if (status == PITH_OK) memcpy(row, s->frame + (size_t)r->next_upright * s->frame_stride, s->frame_stride);
    return status;
}

/* ---- setting up ------------------------------------------------------------------- */

pith_status image_stages_start(image_reader *r) {
    image_stages *s = &r->stages;
    bool has_alpha = r->raw.n_channels % 2 == 0 && !r->is_cmyk;
    r->format = r->raw;
    if (r->is_cmyk || (has_alpha && !r->keep_alpha)) r->format.n_channels--;
    s->row_bytes = r->format.width * pixel_bytes(&r->format);
    if (r->format.n_channels != r->raw.n_channels) {
        s->raw_row = malloc(r->raw.width * pixel_bytes(&r->raw));
        if (!s->raw_row) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    }
    pith_status status = image_colour_start(&s->transform, r);
    if (status != PITH_OK || r->facts.orientation <= 2) return status;
    if (SWAPS(r->facts.orientation)) {
        r->format.width = r->raw.height;
        r->format.height = r->raw.width;
    }
    s->frame_stride = r->format.width * pixel_bytes(&r->format);
    status = image_reader_claim(r, (uint64_t)s->frame_stride * r->format.height, "a picture to be turned");
    if (status != PITH_OK) return status;
    s->frame = calloc(r->format.height, s->frame_stride);
    return s->frame ? PITH_OK : tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
}

void image_stages_free(image_reader *r) {
    image_transform_free(&r->stages.transform);
    free(r->stages.raw_row);
    free(r->stages.frame);
    r->stages = (image_stages){0};
}
