/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api/residual_rows.h"

#include <string.h>

pith_status residual_rows_init(residual_rows *r, const pith_env *env, const ctr_file *file, const pith_sink *sink,
                               const pith_image_format *format, pith_diag *diag) {
    pith_image_format shallow = *format;
    shallow.bit_depth = 8;
    *r = (residual_rows){.env = env, .file = file, .sink = sink, .bit_depth = format->bit_depth};
    uint32_t capacity = format->height < CTR_RESIDUAL_SIDE ? format->height : CTR_RESIDUAL_SIDE;
    pith_status status = band_init(&r->band, &env->alloc, &shallow, capacity, diag);
    if (status != PITH_OK) return status;
    if (res_coder_new(&r->coder, &env->alloc, false) != PITH_OK)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the residual");
    if (format->bit_depth != 16) return PITH_OK;
    r->deep = mem_alloc(&env->alloc, r->band.stride_bytes, sizeof *r->deep);
    return r->deep ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for a row of pixels");
}

void residual_rows_free(residual_rows *r) {
    if (!r->env) return;
    band_free(&r->band, &r->env->alloc);
    res_coder_free(&r->coder);
    mem_free(&r->env->alloc, r->deep);
    *r = (residual_rows){0};
}

static pith_status mend(residual_rows *r, pith_diag *diag) {
    const ctr_head *head = &r->file->head;
    for (uint32_t i = 0; i < r->file->n_residual; i++) {
        ctr_rect rect = ctr_residual_rect(head, i);
        if (rect.y != r->band.first) continue;
        const uint8_t *coded;
        size_t coded_bytes;
        res_view view = {.samples = r->band.rows + (size_t)rect.x * r->band.format.n_channels,
                         .stride_bytes = r->band.stride_bytes,
                         .width = rect.width,
                         .height = rect.height,
                         .n_channels = r->band.format.n_channels};
        pith_status status = ctr_read_residual(r->file, i, &coded, &coded_bytes, diag);
        if (status == PITH_OK) status = res_decode(r->coder, coded, coded_bytes, &view, diag);
        if (status != PITH_OK) return status;
    }
    return PITH_OK;
}

static pith_status hand_on(const residual_rows *r, pith_diag *diag) {
    const row_band *b = &r->band;
    pith_status status = PITH_OK;
    if (!r->deep) {
        status = r->sink->write_rows(r->sink->user, b->first, b->n_rows, b->rows, b->stride_bytes);
    } else {
        for (uint32_t y = 0; y < b->n_rows && status == PITH_OK; y++) {
            for (size_t i = 0; i < b->stride_bytes; i++)
                r->deep[i] = (uint16_t)(b->rows[y * b->stride_bytes + i] * 257u);
            status = r->sink->write_rows(r->sink->user, b->first + y, 1, r->deep, 2 * b->stride_bytes);
        }
    }
    return status == PITH_OK ? status : diag_set(diag, status, "writing pixels failed at row %u", b->first);
}

pith_status residual_rows_put(residual_rows *r, const uint8_t *rows, size_t stride_bytes, uint32_t n_rows,
                              pith_diag *diag) {
    row_band *b = &r->band;
    for (uint32_t y = 0; y < n_rows; y++) {
        memcpy(b->rows + b->n_rows * b->stride_bytes, rows + y * stride_bytes, b->stride_bytes);
        b->n_rows++;
        if (b->n_rows < b->capacity && b->first + b->n_rows < b->format.height) continue;
        pith_status status = mend(r, diag);
        if (status == PITH_OK) status = hand_on(r, diag);
        if (status != PITH_OK) return status;
        b->first += b->n_rows;
        b->n_rows = 0;
    }
    return PITH_OK;
}
