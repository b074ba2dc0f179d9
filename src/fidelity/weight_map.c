/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text is recognised by its strokes: two shades, the rarer one in short runs, the other flat, and similar blocks to
 * the left or right. */
#include "fidelity/weight_map.h"

#include <string.h>

#include "fidelity/detect_text.h"

pith_status fid_weights_new(fid_weights *w, const pith_alloc *alloc, uint32_t width, uint32_t height) {
    *w = (fid_weights){.across = width / FID_BLOCK + (width % FID_BLOCK != 0),
                       .down = height / FID_BLOCK + (height % FID_BLOCK != 0)};
    size_t count;
    if (size_mul(&count, w->across, w->down)) w->values = mem_alloc(alloc, count, sizeof *w->values);
    if (!w->values) return PITH_E_NOMEM;
    for (size_t i = 0; i < count; i++) w->values[i] = 1;
    return PITH_OK;
}

void fid_weights_free(fid_weights *w, const pith_alloc *alloc) {
    mem_free(alloc, w->values);
    *w = (fid_weights){0};
}

void fid_weights_add_text(fid_weights *w, const fid_rows *rows, uint32_t width, uint32_t height, uint32_t n_channels,
                          uint32_t by) {
    uint32_t n_rows = height - by * FID_BLOCK < FID_BLOCK ? height - by * FID_BLOCK : FID_BLOCK;
    const uint8_t *top = rows->pixels + (size_t)(by * FID_BLOCK - rows->first) * rows->stride_bytes;
    for (uint32_t bx = 0; bx < w->across; bx++) {
        uint32_t n_columns = width - bx * FID_BLOCK < FID_BLOCK ? width - bx * FID_BLOCK : FID_BLOCK;
        const uint8_t *corner = top + (size_t)bx * FID_BLOCK * n_channels;
        float likeness = fid_text_likeness(corner, rows->stride_bytes, n_columns, n_rows, n_channels);
        w->values[(size_t)by * w->across + bx] = 1 + (FID_WEIGHT_TEXT - 1) * likeness;
    }
}

/* Isolated blocks are not text and are reset. Blocks next to text get half its extra weight, since the end of a
 * letter may reach into a block that shows too little of it. */
static void join_row(float *row, uint32_t n) {
    float left = 1;
    for (uint32_t x = 0; x < n; x++) {
        float here = row[x], right = x + 1 < n ? row[x + 1] : 1;
        if (left <= 1 && right <= 1) row[x] = 1;
        left = here;
    }
    left = 1;
    for (uint32_t x = 0; x < n; x++) {
        float here = row[x], right = x + 1 < n ? row[x + 1] : 1;
        float beside = 1 + 0.5f * ((left > right ? left : right) - 1);
        if (row[x] < beside) row[x] = beside;
        left = here;
    }
}

static uint32_t end_of(uint32_t start, uint32_t length, uint32_t limit) {
    uint64_t end = ((uint64_t)start + length + FID_BLOCK - 1) / FID_BLOCK;
    return end < limit ? (uint32_t)end : limit;
}

void fid_weights_finish(fid_weights *w, const fid_rect *protect, size_t n_protect) {
    for (uint32_t y = 0; y < w->down; y++) join_row(w->values + (size_t)y * w->across, w->across);
    for (size_t i = 0; i < n_protect; i++) {
        const fid_rect *r = &protect[i];
        if (r->width == 0 || r->height == 0) continue;
        for (uint32_t y = r->y / FID_BLOCK; y < end_of(r->y, r->height, w->down); y++)
            for (uint32_t x = r->x / FID_BLOCK; x < end_of(r->x, r->width, w->across); x++)
                w->values[(size_t)y * w->across + x] = FID_WEIGHT_PROTECT;
    }
}
