/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/coded_picture.h"

void coded_init(coded_picture *c, const pith_alloc *alloc) {
    *c = (coded_picture){0};
    bw_init(&c->latents, alloc);
    bw_init(&c->chroma, alloc);
    bw_init(&c->residual, alloc);
    bw_init(&c->exact, alloc);
}

void coded_free(coded_picture *c) {
    bw_free(&c->latents);
    bw_free(&c->chroma);
    bw_free(&c->residual);
    bw_free(&c->exact);
}

void coded_swap(coded_picture *a, coded_picture *b) {
    coded_picture t = *a;
    *a = *b;
    *b = t;
}

uint64_t coded_latents_bytes(const coded_picture *c) {
    return ctr_head_bytes(&c->head) + c->latents.n_bytes + (c->tint ? ctr_chunk_bytes(CTR_TINT_BYTES) : 0);
}

uint64_t coded_bytes(const coded_picture *c) {
    if (c->exact.n_bytes > 0) return c->exact.n_bytes;
    return coded_latents_bytes(c) + c->chroma.n_bytes + c->residual.n_bytes;
}

static void append(byte_writer *file, const byte_writer *chunks) {
    if (chunks->status != PITH_OK && file->status == PITH_OK) file->status = chunks->status;
    bw_bytes(file, chunks->data, chunks->n_bytes);
}

static pith_status write_latents(const coded_picture *c, bool has_alpha, byte_writer *file, pith_diag *diag) {
    ctr_head head = c->head;
    head.alpha = has_alpha;
    head.residual = c->residual.n_bytes > 0;
    pith_status status = ctr_write_head(file, &head, diag);
    append(file, &c->latents);
    if (c->tint) ctr_write_tint(file, c->tint);
    append(file, &c->chroma);
    append(file, &c->residual);
    return status;
}

pith_status coded_write(const coded_picture *c, const byte_writer *alpha, const byte_writer *after, byte_writer *file,
                        pith_diag *diag) {
    const bool is_exact = c->exact.n_bytes > 0, has_alpha = alpha && alpha->n_bytes > 0 && !is_exact;
    pith_status status = PITH_OK;
    if (is_exact)
        append(file, &c->exact);
    else
        status = write_latents(c, has_alpha, file, diag);
    if (status != PITH_OK) return status;
    if (c->bound.level) ctr_write_bound(file, &c->bound);
    if (has_alpha) append(file, alpha);
    append(file, after);
    return file->status == PITH_OK ? PITH_OK : diag_set(diag, file->status, "out of memory for the file");
}
