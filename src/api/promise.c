/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api/promise.h"

#include <string.h>

#include "fidelity/tile_error.h"

/* Collects the colours of the decoded rows, without alpha. */
typedef struct colours {
    pith_image image;
    uint8_t n_channels; /* of the decoded rows */
} colours;

static pith_status start(void *user, const pith_image_format *format) {
    colours *c = user;
    const pith_image_format *own = &c->image.format;
    c->n_channels = format->n_channels;
    const bool fits = format->width == own->width && format->height == own->height &&
                      (format->n_channels - 1) / 2 == (own->n_channels - 1) / 2;
    return fits ? PITH_OK : PITH_E_INTERNAL;
}

static pith_status take_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    const colours *c = user;
    const pith_image *image = &c->image;
    for (uint32_t i = 0; i < n_rows; i++) {
        const uint8_t *from = (const uint8_t *)rows + i * stride_bytes;
        uint8_t *to = (uint8_t *)image->pixels + (y + i) * image->stride_bytes;
        for (uint32_t x = 0; x < image->format.width; x++, from += c->n_channels, to += image->format.n_channels)
            memcpy(to, from, image->format.n_channels);
    }
    return PITH_OK;
}

static pith_status measure(const promise *p, const pith_image *decoded, float *worst, pith_diag *diag) {
    pith_status status = PITH_OK;
    const pith_image *original = &p->original->image;
    const pith_image_format *f = &original->format;
    const uint32_t across = fid_tiles_across(f->width);
    const fid_rows a = {original->pixels, original->stride_bytes, 0, f->height};
    const fid_rows b = {decoded->pixels, decoded->stride_bytes, 0, f->height};
    fid_meter *meter = NULL;
    fid_tile *tiles = mem_alloc(&p->file.env->alloc, across, sizeof *tiles);
    if (!tiles || fid_meter_new(&meter, &p->file.env->alloc, f->width, f->height, f->n_channels) != PITH_OK)
        status = PITH_E_NOMEM;
    if (status != PITH_OK) diag_set(diag, status, "out of memory to measure tiles");
    *worst = 0;
    for (uint32_t ty = 0; status == PITH_OK && ty < fid_tiles_across(f->height); ty++) {
        fid_measure_tiles(meter, &a, &b, ty, 0, across, tiles);
        for (uint32_t tx = 0; tx < across; tx++) *worst = tiles[tx].error > *worst ? tiles[tx].error : *worst;
        status = job_look(p->file.job, diag);
    }
    fid_meter_free(&meter);
    mem_free(&p->file.env->alloc, tiles);
    return status;
}

pith_status promise_check(const promise *p, pith_hash *hash, pith_diag *diag) {
    pith_status status = PITH_OK;
    colours decoded = {.image = p->original->image};
    const pith_sink sink = {
        .struct_size = sizeof sink, .start = start, .write_rows = take_rows, .user = &decoded, .bit_depth = 8};
    float worst = 0;
    decoded.image.pixels = mem_alloc(&p->file.env->alloc, decoded.image.format.height, decoded.image.stride_bytes);
    if (!decoded.image.pixels) return diag_set(diag, PITH_E_NOMEM, "out of memory to check the promise");
    PITH_TRY(finished_file_decode(&p->file, &sink, hash, diag));
    kept_source_copy_hidden(p->original, decoded.image.pixels);
    PITH_TRY(measure(p, &decoded.image, &worst, diag));
    if (worst > p->bound)
        status = diag_set(diag, PITH_E_INTERNAL, "a tile of the finished file has an error of %.3f, above the bound",
                          (double)worst);
cleanup:
    mem_free(&p->file.env->alloc, decoded.image.pixels);
    return status;
}
