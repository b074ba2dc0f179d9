/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/latents_read.h"

#include <string.h>

#include "stages/slice_pool.h"

typedef struct slices_job {
    const latents_reading *r;
    const latent_planes *latents;
    int16_t *symbols;
    uint32_t *wanted; /* indices of the slices that the planes hold */
    uint32_t n_wanted;
} slices_job;

/* The checksum covers all channels. */
static pith_status read_slice(const latents_reading *r, lat_coder *coder, uint32_t index, const lat_block *block,
                              pith_diag *diag) {
    ctr_slice slice;
    if (r->missing && r->missing[index]) return PITH_E_CHECKSUM;
    pith_status status = ctr_read_slice(r->file, index, &slice, diag);
    if (status != PITH_OK) return status;
    if (r->n_channels < block->n_channels)
        return lat_decode_first(coder, slice.coded, slice.coded_bytes, block, r->n_channels, diag);
    status = lat_decode(coder, slice.coded, slice.coded_bytes, block, diag);
    if (status != PITH_OK) return status;
    if (lat_checksum(block) != slice.checksum)
        return diag_set(diag, PITH_E_CHECKSUM, "latent slice %u: the symbols do not match their checksum", index);
    return PITH_OK;
}

static pith_status lose_slice(bool *lost, const lat_block *block, pith_diag *diag) {
    diag_clear(diag);
    *lost = true;
    for (uint32_t c = 0; c < block->n_channels; c++)
        for (uint32_t y = 0; y < block->height; y++)
            memset(block->symbols + c * block->plane_stride + y * block->row_stride, 0,
                   block->width * sizeof *block->symbols);
    return PITH_OK;
}

/* Runs on any thread. Changes only this slice's symbols and its entry in `lost`. */
static pith_status decode_slice(void *user, void *coder, uint32_t i, pith_diag *diag) {
    const slices_job *job = user;
    const latents_reading *r = job->r;
    const uint32_t index = job->wanted[i];
    lat_block block = latents_slice(job->latents, job->symbols, ctr_slice_rect(&r->file->head, index));
    pith_status status = read_slice(r, coder, index, &block, diag);
    return status != PITH_OK && status != PITH_E_ABORTED && r->lost ? lose_slice(&r->lost[index], &block, diag)
                                                                    : status;
}

pith_status latents_read(const latents_reading *r, latent_planes *latents, pith_diag *diag) {
    pith_status status = PITH_OK;
    const ctr_head *head = &r->file->head;
    const pith_alloc *alloc = &r->env->alloc;
    slice_pool *pool = NULL;
    slices_job job = {.r = r, .latents = latents};
    job.symbols = mem_alloc(alloc, latents_count(latents), sizeof *job.symbols);
    job.wanted = mem_alloc(alloc, r->file->n_slices, sizeof *job.wanted);
    if (!job.symbols || !job.wanted) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the latents");
        goto cleanup;
    }
    for (uint32_t i = 0; i < r->file->n_slices; i++)
        if (latents_hold(latents, ctr_slice_rect(head, i))) job.wanted[job.n_wanted++] = i;
    PITH_TRY(slice_pool_new(&pool, r->env, r->memory, head->n_latent, head->prior_id, job.n_wanted, r->job, diag));
    PITH_TRY(slice_pool_run(pool, job.n_wanted, decode_slice, &job, "reading", r->span, diag));
    lat_dequantise(job.symbols, latents_count(latents), lat_step(head->step_index), latents->values);
cleanup:
    slice_pool_free(&pool);
    mem_free(alloc, job.symbols);
    mem_free(alloc, job.wanted);
    return status;
}
