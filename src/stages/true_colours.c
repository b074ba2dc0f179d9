/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/true_colours.h"

#include "base/status.h"

true_colours true_colours_of_tint(const ctr_tint *tint) {
    return (true_colours){.has_line = true, .line = colour_line_between(tint->ends[0], tint->ends[1])};
}

pith_status true_colours_init(true_colours *t, const pith_alloc *alloc, const ctr_file *file, pith_diag *diag) {
    ctr_tint tint;
    *t = ctr_read_tint(file, &tint) ? true_colours_of_tint(&tint) : (true_colours){0};
    t->has_grid = file->chroma != 0;
    if (!t->has_grid) return PITH_OK;
    const ctr_chunk *chunk = &file->chunks[file->chroma];
    pith_status status = chroma_grid_init(&t->grid, alloc, file->head.width, file->head.height);
    if (status != PITH_OK) return diag_set(diag, status, "out of memory for the picture's colours");
    status = chroma_grid_decode(&t->grid, chunk->payload, chunk->payload_bytes);
    return status == PITH_OK
               ? status
               : diag_set(diag, status, "CHRM chunk: not what an encoder writes (byte %zu)", (size_t)chunk->offset);
}

void true_colours_free(true_colours *t, const pith_alloc *alloc) { chroma_grid_free(&t->grid, alloc); }

void true_colours_apply(const true_colours *t, const row_band *band, uint32_t top, uint32_t left, uint32_t spacing) {
    if (!t->has_grid) return;
    for (uint32_t y = 0; y < band->n_rows; y++) {
        const chroma_row row = {.y = top + y,
                                .x = left,
                                .n = band->n_columns,
                                .spacing = spacing,
                                .n_channels = band->format.n_channels,
                                .bit_depth = band->format.bit_depth,
                                .samples = band->rows + y * band->stride_bytes};
        chroma_grid_apply(&t->grid, &row);
    }
}
