/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_file.h"

#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "container/ctr_read.h"
#include "container/ctr_write.h"

pith_status mf_write(byte_writer *out, const motion_head *head, const coded_clip *clips, const byte_writer *source,
                     const pith_alloc *alloc, pith_diag *diag) {
    byte_writer payload;
    bw_init(&payload, alloc);
    pith_status status = mh_write(&payload, head, alloc, diag);
    bw_bytes(out, MF_MAGIC, MF_MAGIC_BYTES);
    bw_u8(out, (uint8_t)(MF_VERSION_MAJOR << 4 | MF_VERSION_MINOR));
    if (status == PITH_OK) ctr_write_chunk(out, MF_CHUNK_HEAD, payload.data, payload.n_bytes);
    bw_free(&payload);
    if (status != PITH_OK) return status;
    if (source->n_bytes) ctr_write_chunk(out, MF_CHUNK_SOURCE, source->data, source->n_bytes);
    for (uint32_t c = 0; c < head->n_clips; c++) {
        for (uint64_t g = 0; g < clips[c].n_groups; g++)
            ctr_write_chunk(out, MF_CHUNK_KEYS, clips[c].groups[g].data, clips[c].groups[g].n_bytes);
        for (uint64_t s = 0; s < clips[c].n_slices; s++)
            ctr_write_chunk(out, MF_CHUNK_SLICE, clips[c].slices[s].data, clips[c].slices[s].n_bytes);
    }
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "out of memory for the file");
}

/* ---- read
 * -------------------------------------------------------------------------------------------------------------- */

typedef struct walk {
    const uint8_t *data;
    size_t n_bytes, at;
    const pith_env *env;
    pith_diag *diag;
    uint32_t n_chunks;
} walk;

static pith_status check_start(const walk *w) {
    size_t n = w->n_bytes < MF_MAGIC_BYTES ? w->n_bytes : MF_MAGIC_BYTES;
    if (n && memcmp(w->data, MF_MAGIC, n) != 0) return diag_set(w->diag, PITH_E_FORMAT, "not a Pith motion file");
    if (w->n_bytes < MF_MAGIC_BYTES + 1)
        return diag_set(w->diag, PITH_E_TRUNCATED, "the file ends after %zu bytes", w->n_bytes);
    if (w->n_bytes > w->env->max_file_bytes)
        return diag_set(w->diag, PITH_E_LIMIT, "a file of %zu bytes, the limit is %llu", w->n_bytes,
                        (unsigned long long)w->env->max_file_bytes);
    uint8_t version = w->data[MF_MAGIC_BYTES];
    if (version == (MF_VERSION_MAJOR << 4 | MF_VERSION_MINOR)) return PITH_OK;
    return diag_set(w->diag, PITH_E_VERSION, "motion format %u.%u, this library reads %u.%u", version >> 4,
                    version & 15u, MF_VERSION_MAJOR, MF_VERSION_MINOR);
}

/* The next chunk, whole and undamaged; false at the end of the file. */
static pith_status next_chunk(walk *w, ctr_chunk *chunk, bool *found) {
    *found = w->at < w->n_bytes;
    if (!*found) return PITH_OK;
    if (!ctr_chunk_at(chunk, w->data, w->n_bytes, w->at))
        return diag_set(w->diag, PITH_E_TRUNCATED, "the chunk at byte %zu does not end in the file", w->at);
    if (!ctr_chunk_is_whole(chunk, w->data))
        return diag_set(w->diag, PITH_E_CHECKSUM, "the chunk at byte %zu is damaged", w->at);
    if (chunk->payload_bytes > w->env->max_chunk_bytes || ++w->n_chunks > w->env->max_chunks)
        return diag_set(w->diag, PITH_E_LIMIT, "chunk %lu of %zu bytes is over a limit", (unsigned long)w->n_chunks,
                        chunk->payload_bytes);
    w->at += chunk->n_bytes;
    return PITH_OK;
}

/* The next chunk that is known; it must be of this type. */
static pith_status expect(walk *w, motion_file *file, uint8_t type, pith_bytes *payload) {
    for (;;) {
        ctr_chunk chunk;
        bool found;
        pith_status status = next_chunk(w, &chunk, &found);
        if (status != PITH_OK) return status;
        if (!found) return diag_set(w->diag, PITH_E_TRUNCATED, "the file ends before all clips are complete");
        pith_bytes bytes = {(uint8_t *)(uintptr_t)chunk.payload, chunk.payload_bytes};
        if (chunk.type == MF_CHUNK_SOURCE && !file->source.data) {
            file->source = bytes;
        } else if (chunk.type == type) {
            *payload = bytes;
            return PITH_OK;
        } else if (chunk.type < CTR_CHUNK_SKIPPABLE) {
            return diag_set(w->diag, PITH_E_FORMAT, "the chunk at byte %zu has type %u, not %u", chunk.offset,
                            chunk.type, type);
        }
    }
}

/* Each chunk takes bytes of the file, so that there cannot be more of them than that. */
static pith_status count_chunks(const motion_file *file, const walk *w, uint64_t *n) {
    *n = 0;
    for (uint32_t c = 0; c < file->head.n_clips; c++) {
        *n += ms_n_groups(&file->head.clips[c]) + mc_n_slices(&file->head.clips[c]);
        if (*n > w->n_bytes) return diag_set(w->diag, PITH_E_TRUNCATED, "clips of more slices than the file has bytes");
    }
    return PITH_OK;
}

pith_status mf_read(motion_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag) {
    pith_status status = PITH_OK;
    walk w = {.data = data, .n_bytes = n_bytes, .at = MF_MAGIC_BYTES + 1, .env = env, .diag = diag};
    pith_bytes payload = {0};
    uint64_t n_chunks = 0, used = 0;
    *file = (motion_file){0};
    PITH_TRY(check_start(&w));
    PITH_TRY(expect(&w, file, MF_CHUNK_HEAD, &payload));
    PITH_TRY(mh_read(&file->head, payload.data, payload.n_bytes, &env->alloc, diag));
    PITH_TRY(count_chunks(file, &w, &n_chunks));
    file->parts = mem_alloc(&env->alloc, file->head.n_clips, sizeof *file->parts);
    file->chunks = mem_alloc(&env->alloc, (size_t)n_chunks, sizeof *file->chunks);
    if (!file->parts || !file->chunks) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the chunks of a file");
        goto cleanup;
    }
    for (uint32_t c = 0; c < file->head.n_clips; c++) {
        const mc_clip *clip = &file->head.clips[c];
        uint64_t n_groups = ms_n_groups(clip), n_slices = mc_n_slices(clip);
        file->parts[c] = (motion_parts){clip, file->head.joints, file->chunks + used, file->chunks + used + n_groups};
        for (uint64_t i = 0; i < n_groups + n_slices; i++)
            PITH_TRY(expect(&w, file, i < n_groups ? MF_CHUNK_KEYS : MF_CHUNK_SLICE, &file->chunks[used++]));
    }
    for (bool found = true; found;) {
        ctr_chunk chunk;
        PITH_TRY(next_chunk(&w, &chunk, &found));
        if (found && chunk.type < CTR_CHUNK_SKIPPABLE) {
            status = diag_set(diag, PITH_E_FORMAT, "a chunk of type %u after the last clip", chunk.type);
            goto cleanup;
        }
        if (found && chunk.type == MF_CHUNK_SOURCE && !file->source.data)
            file->source = (pith_bytes){(uint8_t *)(uintptr_t)chunk.payload, chunk.payload_bytes};
    }
cleanup:
    if (status != PITH_OK) mf_free(file, &env->alloc);
    return status;
}

void mf_free(motion_file *file, const pith_alloc *alloc) {
    mh_free(&file->head, alloc);
    mem_free(alloc, file->parts);
    mem_free(alloc, file->chunks);
    *file = (motion_file){0};
}
