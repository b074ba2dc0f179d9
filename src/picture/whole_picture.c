/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "picture/whole_picture.h"

#include <string.h>

#define BAND_ROWS 64u

static uint8_t *row_of(const pith_image *image, uint32_t y) {
    return (uint8_t *)image->pixels + y * image->stride_bytes;
}

static pith_status allocate(pith_image *out, const pith_env *env, const pith_image_format *format, pith_diag *diag) {
    *out = (pith_image){.format = *format};
    out->stride_bytes = (size_t)format->width * format->n_channels * (format->bit_depth / 8);
    out->pixels = mem_alloc(&env->alloc, format->height, out->stride_bytes);
    return out->pixels ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for a picture");
}

pith_status whole_picture_read(pith_image *out, const pith_env *env, const pith_source *source, job *job,
                               pith_diag *diag) {
    pith_status status = allocate(out, env, &source->format, diag);
    for (uint32_t y = 0; status == PITH_OK && y < out->format.height; y += BAND_ROWS) {
        const uint32_t left = out->format.height - y, n_rows = left < BAND_ROWS ? left : BAND_ROWS;
        status = source->read_rows(source->user, y, n_rows, row_of(out, y), out->stride_bytes);
        if (status != PITH_OK) return diag_set(diag, status, "reading pixels failed at row %u", y);
        status = job_look(job, diag);
    }
    return status;
}

pith_status whole_picture_opaque(pith_image *out, const pith_env *env, const pith_image *image, pith_diag *diag) {
    pith_image_format format = image->format;
    format.n_channels = format.n_channels < 3 ? 1 : 3;
    return allocate(out, env, &format, diag);
}

static unsigned sample_at(const pith_image *image, const uint8_t *row, size_t index) {
    uint16_t sample;
    if (image->format.bit_depth == 8) return row[index];
    memcpy(&sample, row + 2 * index, sizeof sample);
    return sample;
}

static void put_sample(const pith_image *image, uint8_t *row, size_t index, unsigned value) {
    const uint16_t sample = (uint16_t)value;
    if (image->format.bit_depth == 8)
        row[index] = (uint8_t)value;
    else
        memcpy(row + 2 * index, &sample, sizeof sample);
}

void whole_picture_compose(const pith_image *to, const pith_image *image, bool on_white) {
    const unsigned n = image->format.n_channels, n_colours = to->format.n_channels;
    const unsigned max = image->format.bit_depth == 16 ? 65535 : 255, background = on_white ? max : 0;
    for (uint32_t y = 0; y < image->format.height; y++) {
        const uint8_t *row = row_of(image, y);
        for (size_t x = 0; x < image->format.width; x++) {
            const unsigned alpha = n % 2 == 0 ? sample_at(image, row, x * n + n_colours) : max;
            for (unsigned c = 0; c < n_colours; c++) {
                const unsigned colour = sample_at(image, row, x * n + c); /* the sum is at most 65535 * 65535 + 32767 */
                put_sample(to, row_of(to, y), x * n_colours + c,
                           (colour * alpha + background * (max - alpha) + max / 2) / max);
            }
        }
    }
}

pith_status whole_picture_bytes(pith_image *out, const pith_env *env, const pith_image *image, uint8_t n_channels,
                                pith_diag *diag) {
    const pith_image_format *f = &image->format, format = {f->width, f->height, n_channels, 8};
    *out = *image;
    if (f->bit_depth == 8 && f->n_channels == n_channels) return PITH_OK;
    pith_status status = allocate(out, env, &format, diag);
    for (uint32_t y = 0; status == PITH_OK && y < f->height; y++)
        for (size_t i = 0; i < (size_t)f->width * n_channels; i++) {
            const unsigned v = sample_at(image, row_of(image, y), f->n_channels == n_channels ? i : i / n_channels);
            row_of(out, y)[i] = (uint8_t)(f->bit_depth == 8 ? v : (v * 255u + 32767u) / 65535u);
        }
    return status;
}
