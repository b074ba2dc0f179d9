/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "picture/kept_source.h"

#include <string.h>

pith_status kept_source_init(kept_source *k, const pith_env *env, const pith_source *source, pith_diag *diag) {
    const pith_image_format *f = &source->format;
    *k = (kept_source){.source = source, .image.format = *f};
    pith_image_format *kept = &k->image.format;
    kept->n_channels = f->n_channels < 3 ? 1 : 3;
    kept->bit_depth = 8;
    k->image.stride_bytes = (size_t)f->width * kept->n_channels;
    k->image.pixels = mem_alloc(&env->alloc, f->height, k->image.stride_bytes);
    k->full = k->image;
    bool has_alpha = f->n_channels % 2 == 0;
    if (has_alpha) k->hidden = mem_alloc(&env->alloc, f->height, f->width);
    if (kept_source_full_bytes(f) > 0) {
        k->full.format = *f;
        k->full.stride_bytes = (size_t)f->width * f->n_channels * (f->bit_depth / 8);
        k->full.pixels = mem_alloc(&env->alloc, f->height, k->full.stride_bytes);
    }
    if (k->image.pixels && k->full.pixels && (k->hidden || !has_alpha)) return PITH_OK;
    return diag_set(diag, PITH_E_NOMEM, "out of memory for the picture");
}

uint64_t kept_source_full_bytes(const pith_image_format *f) {
    if (f->n_channels % 2 == 1 && f->bit_depth == 8) return 0;
    return (uint64_t)f->width * f->height * f->n_channels * (f->bit_depth / 8);
}

void kept_source_free(kept_source *k, const pith_env *env) {
    if (k->full.pixels != k->image.pixels) mem_free(&env->alloc, k->full.pixels);
    mem_free(&env->alloc, k->image.pixels);
    mem_free(&env->alloc, k->hidden);
    *k = (kept_source){0};
}

void kept_source_drop_opacity(kept_source *k, const pith_env *env) {
    if (k->full.pixels != k->image.pixels) mem_free(&env->alloc, k->full.pixels);
    mem_free(&env->alloc, k->hidden);
    k->hidden = NULL;
    k->full = k->image;
}

/* The sample at `index` of a row, in 8 bits. */
static uint8_t shallow(const uint8_t *row, size_t index, uint8_t bit_depth) {
    if (bit_depth == 8) return row[index];
    uint16_t v;
    memcpy(&v, row + 2 * index, sizeof v);
    return (uint8_t)((v * 255u + 32767u) / 65535u);
}

static void keep_row(const kept_source *k, uint32_t y, const uint8_t *row) {
    const pith_image_format *f = &k->source->format;
    const unsigned n = k->image.format.n_channels;
    uint8_t *to = (uint8_t *)k->image.pixels + y * k->image.stride_bytes;
    if (k->full.pixels != k->image.pixels)
        memcpy((uint8_t *)k->full.pixels + y * k->full.stride_bytes, row, k->full.stride_bytes);
    for (size_t x = 0; x < f->width; x++) {
        for (unsigned c = 0; c < n; c++) to[x * n + c] = shallow(row, x * f->n_channels + c, f->bit_depth);
        if (k->hidden) k->hidden[(size_t)y * f->width + x] = shallow(row, x * f->n_channels + n, f->bit_depth) == 0;
    }
}

static pith_status read_and_keep(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    const kept_source *k = user;
    pith_status status = k->source->read_rows(k->source->user, y, n_rows, rows, stride_bytes);
    for (uint32_t j = 0; status == PITH_OK && j < n_rows; j++)
        keep_row(k, y + j, (const uint8_t *)rows + j * stride_bytes);
    return status;
}

pith_source kept_source_as_source(kept_source *k) {
    return (pith_source){.format = k->source->format, .read_rows = read_and_keep, .user = k};
}

void kept_source_forgive(const kept_source *k, const uint8_t *decoded) {
    const pith_image_format *f = &k->image.format;
    if (!k->hidden) return;
    for (size_t i = 0; i < (size_t)f->width * f->height; i++)
        if (k->hidden[i])
            memcpy((uint8_t *)k->image.pixels + i * f->n_channels, decoded + i * f->n_channels, f->n_channels);
}
