/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Whole pictures as sources and sinks of rows. */
#include <stdbool.h>
#include <string.h>

#include "base/sized.h"

static size_t row_bytes(const pith_image_format *f) {
    return (size_t)f->width * f->n_channels * (f->bit_depth == 16 ? 2 : 1);
}

static pith_status read_from_image(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    const pith_image *image = user;
    const uint8_t *from = (const uint8_t *)image->pixels + (size_t)y * image->stride_bytes;
    for (uint32_t i = 0; i < n_rows; i++)
        memcpy((uint8_t *)rows + i * stride_bytes, from + i * image->stride_bytes, row_bytes(&image->format));
    return PITH_OK;
}

pith_status pith_source_from_image(pith_source *source, size_t struct_size, const pith_image *image) {
    if (!image) return PITH_E_ARG;
    /* The callback only reads, but `user` cannot be const. */
    const pith_source own = {.format = image->format, .read_rows = read_from_image, .user = (void *)(uintptr_t)image};
    return sized_start(source, struct_size, &own, sizeof own);
}

static pith_status start_image(void *user, const pith_image_format *format) {
    const pith_image *image = user;
    const pith_image_format *own = &image->format;
    bool same = own->width == format->width && own->height == format->height && own->n_channels == format->n_channels &&
                own->bit_depth == format->bit_depth;
    return same && image->pixels && image->stride_bytes >= row_bytes(own) ? PITH_OK : PITH_E_ARG;
}

static pith_status write_to_image(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    const pith_image *image = user;
    uint8_t *to = (uint8_t *)image->pixels + (size_t)y * image->stride_bytes;
    for (uint32_t i = 0; i < n_rows; i++)
        memcpy(to + i * image->stride_bytes, (const uint8_t *)rows + i * stride_bytes, row_bytes(&image->format));
    return PITH_OK;
}

pith_status pith_sink_to_image(pith_sink *sink, size_t struct_size, pith_image *image) {
    if (!image) return PITH_E_ARG;
    const pith_sink own = {
        .bit_depth = image->format.bit_depth, .start = start_image, .write_rows = write_to_image, .user = image};
    return sized_start(sink, struct_size, &own, sizeof own);
}
