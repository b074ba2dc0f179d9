/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/alpha.h"

#include <string.h>

#include "container/ctr_write.h"

#define SIDE CTR_ALPHA_SLICE_SIDE
_Static_assert(CTR_ALPHA_SLICE_SIDE == ALPHA_MAX_SLICE, "the container's slices are the coder's");

/* Levels of soft alpha. The finest is exact for 8 bits; the others have errors of at
 * most 2 or 4 of 255. */
#define LEVELS_FINEST 256u
#define LEVELS_USUAL 64u
#define LEVELS_COARSE 32u
#define QUALITY_FINEST 90.0f
#define QUALITY_USUAL 30.0f

/* Coarser ways, for files of a given size. Their errors are at most 8, 16, 32 and 64 of 255. */
static const uint32_t coarser_levels[ALPHA_MAX_WAYS - 1] = {17, 9, 5, 3};
#define SHARE_OF_FILE 3u /* alpha takes at most a third, if possible */

/* ---- rows -> chunks ------------------------------------------------------------------ */

pith_status alpha_writer_init(alpha_writer *w, const pith_alloc *alloc, const pith_image_format *format, float quality,
                              uint64_t max_bytes, pith_diag *diag) {
    *w = (alpha_writer){.alloc = alloc, .max_bytes = max_bytes, .n_ways = max_bytes ? ALPHA_MAX_WAYS : 1};
    w->n_levels[0] = LEVELS_COARSE;
    if (quality >= QUALITY_USUAL) w->n_levels[0] = LEVELS_USUAL;
    if (quality >= QUALITY_FINEST) w->n_levels[0] = LEVELS_FINEST;
    memcpy(w->n_levels + 1, coarser_levels, sizeof coarser_levels);
    bw_init(&w->slice, alloc);
    bw_init(&w->chunks, alloc);
    for (uint32_t i = 0; i < w->n_ways; i++) bw_init(&w->ways[i], alloc);
    if (format->n_channels % 2 != 0) return PITH_OK;
    uint32_t n_rows = format->height < SIDE ? format->height : SIDE;
    w->rows = mem_alloc(alloc, n_rows, format->width * sizeof *w->rows);
    if (w->n_ways > 1) w->rounded = mem_alloc(alloc, SIDE, SIDE * sizeof *w->rounded);
    if (w->rows && (w->rounded || w->n_ways == 1) && alpha_coder_new(&w->coder, alloc) == PITH_OK) return PITH_OK;
    return diag_set(diag, PITH_E_NOMEM, "out of memory for the alpha channel");
}

void alpha_writer_free(alpha_writer *w) {
    alpha_coder_free(&w->coder);
    mem_free(w->alloc, w->rows);
    mem_free(w->alloc, w->rounded);
    bw_free(&w->slice);
    bw_free(&w->chunks);
    for (uint32_t i = 0; i < w->n_ways; i++) bw_free(&w->ways[i]);
    *w = (alpha_writer){0};
}

/* Rounds to the nearest of `n_levels` evenly spaced opacities, few enough to be listed. */
static alpha_block round_levels(const alpha_writer *w, const alpha_block *b, uint32_t n_levels) {
    const uint32_t top = n_levels - 1;
    for (uint32_t y = 0; y < b->height; y++)
        for (uint32_t x = 0; x < b->width; x++) {
            uint32_t level = (2 * b->samples[y * b->row_stride + x] * top + ALPHA_OPAQUE) / (2 * ALPHA_OPAQUE);
            w->rounded[(size_t)y * b->width + x] = (uint16_t)(level * ALPHA_OPAQUE / top);
        }
    return (alpha_block){w->rounded, b->height, b->width, b->width};
}

static pith_status write_slice(alpha_writer *w, const alpha_block *block, uint32_t way) {
    const bool is_listed = w->n_levels[way] <= ALPHA_MAX_LISTED;
    alpha_block slice = is_listed ? round_levels(w, block, w->n_levels[way]) : *block;
    w->slice.n_bytes = 0;
    pith_status status = alpha_encode(w->coder, &slice, is_listed ? LEVELS_COARSE : w->n_levels[way], &w->slice);
    if (status == PITH_OK) ctr_write_chunk(&w->ways[way], CTR_CHUNK_ALPHA, w->slice.data, w->slice.n_bytes);
    return status == PITH_OK ? w->ways[way].status : status;
}

/* Turns the `n_rows` gathered rows into chunks. */
static pith_status write_slices(alpha_writer *w, uint32_t n_rows, uint32_t width, pith_diag *diag) {
    pith_status status = PITH_OK;
    for (uint32_t x = 0; x < width && status == PITH_OK; x += SIDE) {
        alpha_block block = {w->rows + x, n_rows, width - x < SIDE ? width - x : SIDE, width};
        for (uint32_t i = 0; i < w->n_ways && status == PITH_OK; i++) status = write_slice(w, &block, i);
    }
    return status == PITH_OK ? PITH_OK : diag_set(diag, status, "out of memory for the alpha channel");
}

/* Chooses the finest way that leaves enough for the colours, or else the smallest. */
static void choose_way(alpha_writer *w) {
    uint32_t best = 0;
    for (uint32_t i = 0; i < w->n_ways && w->ways[best].n_bytes > w->max_bytes / SHARE_OF_FILE; i++)
        if (w->ways[i].n_bytes < w->ways[best].n_bytes) best = i;
    w->chosen = best;
    byte_writer chosen = w->ways[best];
    w->ways[best] = w->chunks;
    w->chunks = chosen;
}

pith_status alpha_writer_take(alpha_writer *w, const row_band *band, pith_diag *diag) {
    const pith_image_format *f = &band->format;
    if (!w->coder) return PITH_OK;
    for (uint32_t y = w->n_taken; y < band->first + band->n_rows; y++) {
        uint16_t *row = w->rows + (size_t)(y % SIDE) * f->width;
        for (uint32_t x = 0; x < f->width; x++) {
            row[x] = pixels_get_alpha(band, y, x);
            w->seen_through = w->seen_through || row[x] != ALPHA_OPAQUE;
        }
        w->n_taken = y + 1;
        if (w->n_taken % SIDE != 0 && w->n_taken != f->height) continue;
        pith_status status = write_slices(w, y % SIDE + 1, f->width, diag);
        if (status != PITH_OK) return status;
        if (w->n_taken == f->height) choose_way(w);
    }
    return PITH_OK;
}

uint32_t alpha_writer_levels(const alpha_writer *w) { return w->n_levels[w->chosen]; }

/* ---- chunks -> rows -------------------------------------------------------------------- */

pith_status alpha_reader_init(alpha_reader *r, const pith_alloc *alloc, const ctr_file *file, uint32_t left,
                              uint32_t n_columns, pith_diag *diag) {
    *r = (alpha_reader){.alloc = alloc, .file = file, .left = left, .n_columns = n_columns, .slice_row = UINT32_MAX};
    if (!file->head.alpha) return PITH_OK;
    r->rows = mem_alloc(alloc, SIDE, n_columns * sizeof *r->rows);
    r->slice = mem_alloc(alloc, SIDE, SIDE * sizeof *r->slice);
    if (r->rows && r->slice && alpha_coder_new(&r->coder, alloc) == PITH_OK) return PITH_OK;
    return diag_set(diag, PITH_E_NOMEM, "out of memory for the alpha channel");
}

void alpha_reader_free(alpha_reader *r) {
    alpha_coder_free(&r->coder);
    mem_free(r->alloc, r->rows);
    mem_free(r->alloc, r->slice);
    *r = (alpha_reader){0};
}

/* Keeps the part of a decoded slice that lies in the requested columns. */
static void keep_columns(alpha_reader *r, ctr_rect slice) {
    uint32_t from = slice.x > r->left ? slice.x : r->left, end = r->left + r->n_columns;
    uint32_t to = slice.x + slice.width < end ? slice.x + slice.width : end;
    for (uint32_t y = 0; y < slice.height; y++)
        memcpy(r->rows + (size_t)y * r->n_columns + (from - r->left),
               r->slice + (size_t)y * slice.width + (from - slice.x), (to - from) * sizeof *r->rows);
}

static pith_status read_slice_row(alpha_reader *r, uint32_t slice_row, pith_diag *diag) {
    const ctr_head *head = &r->file->head;
    uint32_t columns = (uint32_t)(((uint64_t)head->width + SIDE - 1) / SIDE);
    uint32_t last = (r->left + r->n_columns - 1) / SIDE;
    for (uint32_t i = r->left / SIDE; i <= last; i++) {
        uint32_t index = slice_row * columns + i;
        const ctr_chunk *chunk = ctr_alpha_chunk(r->file, index);
        ctr_rect rect = ctr_alpha_rect(head, index);
        alpha_block block = {r->slice, rect.height, rect.width, rect.width};
        pith_status status = alpha_decode(r->coder, chunk->payload, chunk->payload_bytes, &block, diag);
        if (status != PITH_OK) return status;
        keep_columns(r, rect);
    }
    r->slice_row = slice_row;
    return PITH_OK;
}

pith_status alpha_reader_row(alpha_reader *r, uint32_t y, const uint16_t **row, pith_diag *diag) {
    *row = r->rows + (size_t)(y % SIDE) * r->n_columns;
    return y / SIDE == r->slice_row ? PITH_OK : read_slice_row(r, y / SIDE, diag);
}

pith_status alpha_reader_fill(alpha_reader *r, row_band *band, pith_diag *diag) {
    if (!r->coder) return PITH_OK;
    for (uint32_t y = band->first; y < band->first + band->n_rows; y++) {
        const uint16_t *row;
        pith_status status = alpha_reader_row(r, y, &row, diag);
        if (status != PITH_OK) return status;
        for (uint32_t x = 0; x < r->n_columns; x++) pixels_set_alpha(band, y, r->left + x, row[x]);
    }
    return PITH_OK;
}
