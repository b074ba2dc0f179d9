/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Conversion between samples and floats; edges are repeated outward. */
#include "picture/pixels.h"

#include <string.h>

static size_t sample_bytes(const pith_image_format *f) { return f->bit_depth == 16 ? 2 : 1; }

pith_status band_init(row_band *band, const pith_alloc *alloc, const pith_image_format *format, uint32_t capacity,
                      pith_diag *diag) {
    return band_init_columns(band, alloc, format, 0, format->width, capacity, diag);
}

pith_status band_init_columns(row_band *band, const pith_alloc *alloc, const pith_image_format *format, uint32_t left,
                              uint32_t n_columns, uint32_t capacity, pith_diag *diag) {
    size_t stride = (size_t)n_columns * format->n_channels * sample_bytes(format);
    *band = (row_band){
        .format = *format, .stride_bytes = stride, .left = left, .n_columns = n_columns, .capacity = capacity};
    band->rows = mem_alloc(alloc, capacity, stride);
    return band->rows ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for %u rows of pixels", capacity);
}

void band_free(row_band *band, const pith_alloc *alloc) {
    mem_free(alloc, band->rows);
    *band = (row_band){0};
}

pith_status band_read(row_band *band, const pith_source *source, uint32_t first, uint32_t last, pith_diag *diag) {
    uint32_t end = band->first + band->n_rows;
    uint32_t kept = first < end ? end - first : 0;
    if (kept > 0 && first > band->first)
        memmove(band->rows, band->rows + (size_t)(first - band->first) * band->stride_bytes,
                (size_t)kept * band->stride_bytes);
    /* Each row is requested once, so no row between two bands may be skipped. */
    uint32_t next = first + kept;
    pith_status status = PITH_OK;
    if (next < last) {
        uint8_t *to = band->rows + (size_t)kept * band->stride_bytes;
        status = source->read_rows(source->user, next, last - next, to, band->stride_bytes);
        if (status != PITH_OK) return diag_set(diag, status, "reading pixels failed at row %u", next);
    }
    band->first = first;
    band->n_rows = last - first;
    return status;
}

static float sample_at(const row_band *band, const uint8_t *row, size_t index) {
    if (band->format.bit_depth == 16) {
        uint16_t v;
        memcpy(&v, row + 2 * index, sizeof v);
        return (float)v * (1.0f / 65535.0f);
    }
    return (float)row[index] * (1.0f / 255.0f);
}

/* Loads the rect of one channel; the picture's edge is repeated. */
static void load_channel(const row_band *band, pixel_rect rect, size_t channel, float *plane) {
    const pith_image_format *f = &band->format;
    for (uint32_t y = 0; y < rect.height; y++) {
        uint32_t py = rect.y + y < f->height ? rect.y + y : f->height - 1;
        const uint8_t *row = band->rows + (size_t)(py - band->first) * band->stride_bytes;
        float *to = plane + (size_t)y * rect.width;
        for (uint32_t x = 0; x < rect.width; x++) {
            uint32_t px = rect.x + x < f->width ? rect.x + x : f->width - 1;
            to[x] = sample_at(band, row, (size_t)(px - band->left) * f->n_channels + channel);
        }
    }
}

void pixels_load(const row_band *band, pixel_rect rect, float *planes) {
    size_t plane = (size_t)rect.width * rect.height;
    bool colour = band->format.n_channels >= 3;
    for (size_t c = 0; c < 3; c++) load_channel(band, rect, colour ? c : 0, planes + c * plane);
}

void pixels_load_alpha(const row_band *band, pixel_rect rect, float *plane) {
    load_channel(band, rect, band->format.n_channels - 1u, plane);
}

static uint8_t *alpha_at(const row_band *band, uint32_t y, uint32_t x) {
    const pith_image_format *f = &band->format;
    size_t index = (size_t)(x - band->left) * f->n_channels + f->n_channels - 1u;
    return band->rows + (size_t)(y - band->first) * band->stride_bytes + index * sample_bytes(f);
}

uint16_t pixels_get_alpha(const row_band *band, uint32_t y, uint32_t x) {
    const uint8_t *at = alpha_at(band, y, x);
    uint16_t opacity = (uint16_t)(*at * 257);
    if (band->format.bit_depth == 16) memcpy(&opacity, at, sizeof opacity);
    return opacity;
}

void pixels_set_alpha(row_band *band, uint32_t y, uint32_t x, uint16_t opacity) {
    uint8_t *at = alpha_at(band, y, x);
    if (band->format.bit_depth == 16)
        memcpy(at, &opacity, sizeof opacity);
    else
        *at = (uint8_t)((opacity + 128u) / 257u);
}

static void store_sample(const row_band *band, uint8_t *row, size_t index, float value) {
    float v = value > 0 ? (value < 1 ? value : 1) : 0; /* NaN becomes 0 */
    if (band->format.bit_depth == 16) {
        uint16_t sample = (uint16_t)(v * 65535.0f + 0.5f);
        memcpy(row + 2 * index, &sample, sizeof sample);
    } else {
        row[index] = (uint8_t)(v * 255.0f + 0.5f);
    }
}

colour_line colour_line_between(const uint8_t dark[3], const uint8_t light[3]) {
    colour_line line = {.inverse_square = 0};
    float square = 0;
    for (int c = 0; c < 3; c++) {
        line.dark[c] = dark[c] / 255.0f;
        line.way[c] = (light[c] - dark[c]) / 255.0f;
        square += line.way[c] * line.way[c];
    }
    if (square > 0) line.inverse_square = 1 / square;
    return line;
}

/* Stores the nearest colour on the band's line. */
static void store_on_line(const row_band *band, uint8_t *row, size_t index, const float *from, size_t plane) {
    const colour_line *l = band->line;
    float t = 0;
    for (size_t c = 0; c < 3; c++) t += (from[c * plane] - l->dark[c]) * l->way[c];
    t *= l->inverse_square;
    t = t > 0 ? (t < 1 ? t : 1) : 0;
    for (size_t c = 0; c < 3; c++) store_sample(band, row, index + c, l->dark[c] + t * l->way[c]);
}

void pixels_store(row_band *band, pixel_rect rect, const float *planes, uint32_t plane_height, uint32_t plane_width,
                  uint32_t x0, uint32_t y0) {
    size_t plane = (size_t)plane_height * plane_width;
    size_t n = band->format.n_channels;
    for (uint32_t y = 0; y < rect.height; y++) {
        uint8_t *row = band->rows + (size_t)(rect.y + y - band->first) * band->stride_bytes;
        for (uint32_t x = 0; x < rect.width; x++) {
            const float *from = planes + (size_t)(y0 + y) * plane_width + x0 + x;
            size_t index = (rect.x + x - band->left) * n;
            if (n < 3)
                store_sample(band, row, index, (from[0] + from[plane] + from[2 * plane]) * (1.0f / 3.0f));
            else if (band->line)
                store_on_line(band, row, index, from, plane);
            else
                for (size_t c = 0; c < 3; c++) store_sample(band, row, index + c, from[c * plane]);
        }
    }
}
