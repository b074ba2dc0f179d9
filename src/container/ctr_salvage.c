/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Salvages in two passes over the same chunks: the first counts slices and gaps, so that the second knows how many
 * lost slices each gap stands for. */
#include "container/ctr_salvage.h"

#include <inttypes.h>

#include "base/mem.h"
#include "container/ctr_write.h"

/* After a chunk whose length is destroyed, every byte is tried as the start of the next intact chunk. This limits the
 * bytes whose CRC is computed for that. */
#define SEARCH_BYTES(n_bytes) (16u * (uint64_t)(n_bytes) + (1u << 20))

typedef enum piece_kind {
    PIECE_CHUNK,     /* an intact chunk */
    PIECE_GAP,       /* bytes that are not a chunk: any number of slices may be lost */
    PIECE_ONE_SLICE, /* a damaged chunk whose type is that of a slice */
    PIECE_COLOURS    /* a damaged chunk whose type is TINT or CHRM */
} piece_kind;

typedef struct piece {
    piece_kind kind;
    ctr_chunk chunk; /* of a gap: only offset and n_bytes */
} piece;

typedef struct walk {
    const uint8_t *data;
    size_t n_bytes, at;
    uint64_t search_left; /* bytes still allowed for CRC checks */
    uint8_t slice_type;
} walk;

/* Types that a damaged file is searched for: the known ranges of this version. */
static bool is_searched(uint8_t type) {
    return (type >= CTR_CHUNK_LATENT && type < 0x10) || (type >= 0x85 && type < 0x90);
}

/* Reads an intact chunk at `at`. The bytes checked are taken from search_left. */
static bool whole_at(walk *w, size_t at, ctr_chunk *chunk) {
    if (!ctr_chunk_at(chunk, w->data, w->n_bytes, at) || chunk->n_bytes > w->search_left) return false;
    w->search_left -= chunk->n_bytes;
    return ctr_chunk_is_whole(chunk, w->data);
}

/* True if the length of a damaged chunk is credible: at its end the file ends or an intact chunk begins. */
static bool ends_well(walk *w, const ctr_chunk *chunk) {
    ctr_chunk next;
    size_t end = chunk->offset + chunk->n_bytes;
    return end == w->n_bytes || whole_at(w, end, &next);
}

static bool is_of_colours(uint8_t type) { return type == CTR_CHUNK_TINT || type == CTR_CHUNK_CHROMA; }

static bool next_piece(walk *w, piece *p) {
    if (w->at >= w->n_bytes) return false;
    const size_t start = w->at;
    ctr_chunk c;
    *p = (piece){.kind = PIECE_CHUNK};
    bool whole = whole_at(w, start, &p->chunk) && p->chunk.type != CTR_CHUNK_HEAD;
    if (!whole && ctr_chunk_at(&c, w->data, w->n_bytes, start) && (c.type == w->slice_type || is_of_colours(c.type)) &&
        ends_well(w, &c))
        *p = (piece){c.type == w->slice_type ? PIECE_ONE_SLICE : PIECE_COLOURS, c};
    if (whole || p->kind != PIECE_CHUNK) {
        w->at += p->chunk.n_bytes;
        return true;
    }
    while (++w->at < w->n_bytes)
        if (is_searched(w->data[w->at]) && whole_at(w, w->at, &c)) break;
    *p = (piece){PIECE_GAP, {.offset = start, .n_bytes = w->at - start}};
    return true;
}

/* Result of the first pass. */
typedef struct census {
    uint32_t n_whole, n_single, n_gaps; /* intact slices, slices damaged in place, other gaps */
    uint32_t n_colours;                 /* TINT and CHRM chunks damaged in place */
    bool colours_are_gaps;              /* their types are damaged too: they were slices */
    uint32_t gap_slices;                /* slices lost in each gap */
} census;

static pith_status count_pieces(census *c, walk w, uint32_t n_slices, uint32_t max_chunks, pith_diag *diag) {
    piece p;
    *c = (census){0};
    for (uint32_t n = 1; next_piece(&w, &p); n++) {
        if (n >= max_chunks)
            return diag_set(diag, PITH_E_LIMIT, "more than %" PRIu32 " chunks, the limit (byte %zu)", max_chunks, w.at);
        c->n_whole += p.kind == PIECE_CHUNK && p.chunk.type == w.slice_type;
        c->n_single += p.kind == PIECE_ONE_SLICE;
        c->n_gaps += p.kind == PIECE_GAP;
        c->n_colours += p.kind == PIECE_COLOURS;
    }
    if (c->n_whole == n_slices) c->n_single = 0; /* their types are damaged too: they were not slices */
    if (c->n_whole > n_slices || c->n_single > n_slices - c->n_whole)
        return diag_set(diag, PITH_E_FORMAT, "more slices than the %" PRIu32 " of the picture", n_slices);
    uint32_t lost = n_slices - c->n_whole - c->n_single;
    if (n_slices > 0 && c->n_whole == 0)
        return diag_set(diag, PITH_E_CHECKSUM, "no slice is whole: nothing can be saved");
    if (lost == 0) return PITH_OK; /* the gaps were other chunks, which may be missing */
    if (c->n_gaps == 0) {
        c->colours_are_gaps = true;
        c->n_gaps = c->n_colours;
    }
    if (c->n_gaps == 0)
        return diag_set(diag, PITH_E_TRUNCATED, "has %" PRIu32 " of %" PRIu32 " slices and no trace of the others",
                        n_slices - lost, n_slices);
    if (c->n_gaps > 1 && c->n_gaps != lost)
        return diag_set(diag, PITH_E_CHECKSUM,
                        "%" PRIu32 " slices are lost in %" PRIu32 " places: it cannot be told which", lost, c->n_gaps);
    c->gap_slices = lost / c->n_gaps;
    return PITH_OK;
}

static void lose(ctr_salvaged *out, uint8_t type, uint32_t *slice, uint32_t count) {
    for (; count > 0; count--) {
        (type == CTR_CHUNK_EXACT ? ctr_write_exact : ctr_write_slice)(&out->file, 0, NULL, 0);
        out->lost[(*slice)++] = true;
        out->n_lost++;
    }
}

/* The residual, and the promise that needs it, depend on the whole picture; both are left out. */
static bool is_of_residual(uint8_t type) { return type == CTR_CHUNK_RESIDUAL || type == CTR_CHUNK_BOUND; }

static void write_pieces(ctr_salvaged *out, const census *c, walk w) {
    piece p;
    uint32_t slice = 0;
    while (next_piece(&w, &p)) {
        bool is_slice = p.kind == PIECE_CHUNK && p.chunk.type == w.slice_type;
        if (p.kind == PIECE_CHUNK && !is_of_residual(p.chunk.type))
            bw_bytes(&out->file, w.data + p.chunk.offset, p.chunk.n_bytes);
        slice += is_slice;
        const bool is_gap = p.kind == PIECE_GAP || (p.kind == PIECE_COLOURS && c->colours_are_gaps);
        const uint32_t n = is_gap ? c->gap_slices : p.kind == PIECE_ONE_SLICE && c->n_single > 0;
        lose(out, w.slice_type, &slice, n);
        if (p.kind == PIECE_COLOURS && !is_gap)
            out->colours_lost = true;
        else if (p.kind != PIECE_CHUNK && n == 0)
            out->n_other_bytes += p.chunk.n_bytes;
    }
}

pith_status ctr_salvage(ctr_salvaged *out, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag) {
    ctr_head head;
    census c;
    size_t end = 0;
    *out = (ctr_salvaged){0};
    bw_init(&out->file, &env->alloc);
    if (n_bytes > env->max_file_bytes)
        return diag_set(diag, PITH_E_LIMIT, "a file of %zu bytes, the limit is %" PRIu64, n_bytes, env->max_file_bytes);
    pith_status status = ctr_read_start(&head, &end, data, n_bytes, env, diag);
    if (status != PITH_OK) return status;
    walk w = {data, n_bytes, end, SEARCH_BYTES(n_bytes), ctr_slice_type(&head)};
    out->n_slices = ctr_slice_count(&head);
    status = count_pieces(&c, w, out->n_slices, env->max_chunks, diag);
    if (status != PITH_OK) return status;
    out->lost = mem_alloc(&env->alloc, out->n_slices, sizeof *out->lost);
    if (!out->lost) return diag_set(diag, PITH_E_NOMEM, "out of memory for %" PRIu32 " slices", out->n_slices);
    out->residual_lost = head.residual;
    head.residual = false;
    status = ctr_write_head(&out->file, &head, diag);
    if (status != PITH_OK) return status;
    write_pieces(out, &c, w);
    return out->file.status == PITH_OK ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for the file");
}

void ctr_salvaged_free(ctr_salvaged *salvaged, const pith_env *env) {
    bw_free(&salvaged->file);
    mem_free(&env->alloc, salvaged->lost);
    *salvaged = (ctr_salvaged){0};
}
