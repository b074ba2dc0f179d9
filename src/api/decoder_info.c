/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What an opened file says about itself. No model is needed. */
#include <string.h>

#include "api/decoder_state.h"
#include "base/sized.h"
#include "codec/quantise.h"
#include "stages/exact_file.h"

pith_status decoder_require_open(pith_decoder *d) {
    diag_clear(&d->diag);
    return d->is_open ? PITH_OK : diag_set(&d->diag, PITH_E_ARG, "no file is open");
}

static uint64_t residual_bytes(const ctr_file *file) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < file->n_residual; i++) n += file->chunks[file->first_residual + i].n_bytes;
    return n;
}

pith_status pith_decoder_info(pith_decoder *d, pith_info *info) {
    if (!d || !info) return PITH_E_ARG;
    pith_status status = decoder_require_open(d);
    if (status != PITH_OK) return status;
    const ctr_head *head = &d->file.head;
    pith_info all = {
        .format = ctr_picture_format(head, 8),
        .n_file_bytes = d->n_file_bytes,
        .version_major = d->file.version_major,
        .version_minor = d->file.version_minor,
        .method = (pith_method)head->method,
        .n_latent = head->n_latent,
        .latent_width = ctr_latent_width(head),
        .latent_height = ctr_latent_height(head),
        .downscale = 1u << head->log2_downscale,
        .step_index = head->step_index,
        .step = (double)lat_step(head->step_index),
        .prior_id = head->prior_id,
        .n_slices = d->file.n_slices,
        .n_chunks = d->file.n_chunks,
        .source_bit_depth = head->deep ? 16 : 8,
        .recipe = head->recipe,
        .n_residual_bytes = residual_bytes(&d->file),
    };
    if (head->method == PITH_METHOD_EXACT) { /* it has no latent */
        all.latent_width = all.latent_height = 0;
        all.downscale = 1u << EXACT_PREVIEW_SHIFT;
        all.step = 0;
        all.lossless = !head->reduced;
    }
    if (d->file.n_residual > 0) {
        ctr_recipe recipe;
        status = ctr_read_recipe(&d->file, &recipe, &d->diag);
        if (status != PITH_OK) return status;
        memcpy(all.residual_decoder_id, recipe.decoder_id, sizeof all.residual_decoder_id);
    }
    if (d->file.bound) {
        ctr_bound bound;
        status = ctr_read_bound(&d->file, &bound, &d->diag);
        if (status != PITH_OK) return status;
        all.faithful = (pith_level)bound.level;
        all.bound = bound.bound / 65536.0;
        all.worst_tile = bound.worst / 65536.0;
    }
    if (d->file.hash) memcpy(all.picture_hash, ctr_hash(&d->file), sizeof all.picture_hash);
    memcpy(all.model_name, head->model_name, sizeof all.model_name);
    memcpy(all.latent_id, head->latent_id, sizeof all.latent_id);
    return sized_give(info, &all, sizeof all, "pith_info", &d->diag);
}

pith_status pith_decoder_chunk(pith_decoder *d, uint32_t index, pith_chunk_info *chunk) {
    if (!d || !chunk) return PITH_E_ARG;
    pith_status status = decoder_require_open(d);
    if (status != PITH_OK) return status;
    if (index >= d->file.n_chunks) return diag_set(&d->diag, PITH_E_ARG, "chunk %u of %u", index, d->file.n_chunks);
    const ctr_chunk *c = &d->file.chunks[index];
    pith_chunk_info all = {.type = c->type, .offset = c->offset, .n_bytes = c->n_bytes};
    ctr_chunk_name(c->type, all.name);
    return sized_give(chunk, &all, sizeof all, "pith_chunk_info", &d->diag);
}

pith_status pith_decoder_metadata(pith_decoder *d, pith_metadata kind, const uint8_t **data, size_t *n_bytes) {
    if (!d || !data || !n_bytes) return PITH_E_ARG;
    *data = NULL;
    *n_bytes = 0;
    pith_status status = decoder_require_open(d);
    if (status != PITH_OK) return status;
    if ((unsigned)kind >= PITH_N_METADATA) return diag_set(&d->diag, PITH_E_ARG, "metadata of kind %d", (int)kind);
    uint32_t index = d->file.metadata[kind];
    if (index == 0) return PITH_OK;
    *data = d->file.chunks[index].payload;
    *n_bytes = d->file.chunks[index].payload_bytes;
    return PITH_OK;
}
