/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The residual works on 8-bit samples. A 16-bit picture keeps its fine levels:
 * the change that the residual makes in 8 bits is added to them. */
#include "stages/residual_rows.h"

#include "base/watch.h"

#include <string.h>

#define SLICE_SAMPLES (3u * RES_SLICE_SIDE * RES_SLICE_SIDE)

pith_area residual_area(pixel_rect part, const ctr_head *head) {
    const uint32_t side = CTR_RESIDUAL_SIDE;
    uint32_t right = part.x + part.width, bottom = part.y + part.height;
    uint64_t end_x = ((uint64_t)right + side - 1) / side * side, end_y = ((uint64_t)bottom + side - 1) / side * side;
    pith_area a = {.x = part.x / side * side, .y = part.y / side * side};
    a.width = (uint32_t)(end_x < head->width ? end_x : head->width) - a.x;
    a.height = (uint32_t)(end_y < head->height ? end_y : head->height) - a.y;
    return a;
}

pith_status residual_rows_init(residual_rows *r, const pith_env *env, const ctr_file *file, const row_band *network,
                               pixel_rect wanted, const pith_sink *sink, watch watch, pith_diag *diag) {
    const pith_image_format *f = &network->format;
    *r = (residual_rows){.env = env, .file = file, .sink = sink, .wanted = wanted};
    uint32_t capacity = f->height < CTR_RESIDUAL_SIDE ? f->height : CTR_RESIDUAL_SIDE;
    pith_status status = band_init_columns(&r->band, &env->alloc, f, network->left, network->n_columns, capacity, diag);
    if (status != PITH_OK) return status;
    r->band.first = wanted.y / CTR_RESIDUAL_SIDE * CTR_RESIDUAL_SIDE;
    if (res_coder_new(&r->coder, &env->alloc, false) != PITH_OK)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the residual");
    res_coder_watch(r->coder, watch);
    if (f->bit_depth != 16) return PITH_OK;
    r->before = mem_alloc(&env->alloc, SLICE_SAMPLES, 1);
    r->after = mem_alloc(&env->alloc, SLICE_SAMPLES, 1);
    return r->before && r->after ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for a residual slice");
}

void residual_rows_free(residual_rows *r) {
    if (!r->env) return;
    band_free(&r->band, &r->env->alloc);
    res_coder_free(&r->coder);
    mem_free(&r->env->alloc, r->before);
    mem_free(&r->env->alloc, r->after);
    *r = (residual_rows){0};
}

/* ---- one slice ------------------------------------------------------------------------------ */

static uint8_t n_colours(const pith_image_format *f) { return f->n_channels < 3 ? 1 : 3; }

static uint8_t *first_sample(const residual_rows *r, ctr_rect rect) {
    const pith_image_format *f = &r->band.format;
    return r->band.rows + (size_t)(rect.x - r->band.left) * f->n_channels * (f->bit_depth == 16 ? 2 : 1);
}

static pith_status decode(residual_rows *r, uint32_t index, const res_view *view, pith_diag *diag) {
    const uint8_t *coded;
    size_t coded_bytes;
    pith_status status = ctr_read_residual(r->file, index, &coded, &coded_bytes, diag);
    return status == PITH_OK ? res_decode(r->coder, coded, coded_bytes, view, diag) : status;
}

/* The nearest 8-bit level. */
static uint8_t shallow(uint16_t v) { return (uint8_t)((v * 255u + 32767u) / 65535u); }

static uint16_t moved(uint16_t v, int by) {
    int moved = v + 257 * by;
    return (uint16_t)(moved < 0 ? 0 : moved > 65535 ? 65535 : moved);
}

/* Converts rows of 16-bit samples to r->before or, with `back`, adds the changes to the rows. */
static void convert_slice(const residual_rows *r, ctr_rect rect, bool back) {
    const pith_image_format *f = &r->band.format;
    const unsigned n = n_colours(f);
    uint8_t *row = first_sample(r, rect);
    size_t i = 0;
    for (uint32_t y = 0; y < rect.height; y++, row += r->band.stride_bytes)
        for (uint32_t x = 0; x < rect.width; x++)
            for (unsigned c = 0; c < n; c++, i++) {
                uint16_t v;
                uint8_t *at = row + 2 * ((size_t)x * f->n_channels + c);
                memcpy(&v, at, sizeof v);
                if (!back) r->before[i] = shallow(v);
                if (!back) continue;
                v = moved(v, r->after[i] - r->before[i]);
                memcpy(at, &v, sizeof v);
            }
}

static pith_status mend_slice(residual_rows *r, uint32_t index, ctr_rect rect, pith_diag *diag) {
    const pith_image_format *f = &r->band.format;
    const uint8_t n = n_colours(f);
    if (f->bit_depth != 16) {
        res_view view = {first_sample(r, rect), r->band.stride_bytes, rect.width, rect.height, n, f->n_channels};
        return decode(r, index, &view, diag);
    }
    convert_slice(r, rect, false);
    memcpy(r->after, r->before, (size_t)rect.width * rect.height * n);
    res_view view = {r->after, (size_t)rect.width * n, rect.width, rect.height, n, n};
    pith_status status = decode(r, index, &view, diag);
    if (status == PITH_OK) convert_slice(r, rect, true);
    return status;
}

/* ---- a row of slices -------------------------------------------------------------------------- */

static pith_status mend(residual_rows *r, pith_diag *diag) {
    const row_band *b = &r->band;
    pith_status status = PITH_OK;
    for (uint32_t i = 0; status == PITH_OK && i < r->file->n_residual; i++) {
        ctr_rect rect = ctr_residual_rect(&r->file->head, i);
        if (rect.y == b->first && rect.x >= b->left && rect.x - b->left < b->n_columns)
            status = mend_slice(r, i, rect, diag);
    }
    return status;
}

static pith_status hand_on(const residual_rows *r, pith_diag *diag) {
    const row_band *b = &r->band;
    const pixel_rect *w = &r->wanted;
    const ctr_rect left = {.x = w->x};
    uint32_t first = b->first > w->y ? b->first : w->y;
    uint32_t end = b->first + b->n_rows < w->y + w->height ? b->first + b->n_rows : w->y + w->height;
    if (first >= end) return PITH_OK;
    const uint8_t *rows = first_sample(r, left) + (size_t)(first - b->first) * b->stride_bytes;
    pith_status status = r->sink->write_rows(r->sink->user, first - w->y, end - first, rows, b->stride_bytes);
    return status == PITH_OK ? status : diag_set(diag, status, "writing pixels failed at row %u", first - w->y);
}

pith_status residual_rows_put(residual_rows *r, const row_band *network, pith_diag *diag) {
    row_band *b = &r->band;
    for (uint32_t y = 0; y < network->n_rows; y++) {
        memcpy(b->rows + b->n_rows * b->stride_bytes, network->rows + y * network->stride_bytes, b->stride_bytes);
        b->n_rows++;
        if (b->n_rows < b->capacity && b->first + b->n_rows < b->format.height) continue;
        pith_status status = r->leave_out ? PITH_OK : mend(r, diag);
        if (status == PITH_OK) status = hand_on(r, diag);
        if (status != PITH_OK) return status;
        b->first += b->n_rows;
        b->n_rows = 0;
    }
    return PITH_OK;
}
