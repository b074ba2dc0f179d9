/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api/motion_source.h"

#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "motion/byte_coder.h"

#define METHOD_BYTES 0u /* motion/byte_coder.h: better for short texts, and slow */
#define METHOD_ZLIB 1u
#define SHORT_BYTES ((size_t)64 << 10)

static pith_status deflate_source(byte_writer *out, const pith_bytes *source, const pith_alloc *alloc,
                                  pith_diag *diag) {
    uLong bound = compressBound((uLong)source->n_bytes);
    uint8_t *packed = source->n_bytes < UINT32_MAX ? mem_alloc(alloc, bound, 1) : NULL;
    if (!packed) return diag_set(diag, PITH_E_NOMEM, "out of memory for %zu bytes of the source", source->n_bytes);
    uLongf n = bound;
    int code = compress2(packed, &n, source->data, (uLong)source->n_bytes, 9);
    if (code == Z_OK) {
        bw_u8(out, METHOD_ZLIB);
        bw_leb128(out, source->n_bytes);
        bw_bytes(out, packed, n);
    }
    mem_free(alloc, packed);
    if (code != Z_OK) return diag_set(diag, PITH_E_NOMEM, "the source cannot be deflated");
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "out of memory for the source");
}

pith_status source_pack(byte_writer *out, const pith_bytes *source, const pith_alloc *alloc, pith_diag *diag) {
    if (source->n_bytes == 0) return PITH_OK;
    if (source->n_bytes > SHORT_BYTES) return deflate_source(out, source, alloc, diag);
    bw_u8(out, METHOD_BYTES);
    return bc_encode(out, source->data, source->n_bytes, alloc, diag);
}

static pith_status inflate_source(pith_bytes *source, stream *s, uint64_t max_bytes, const pith_alloc *alloc,
                                  pith_diag *diag) {
    uint64_t n = st_leb128(s, UINT32_MAX, "count");
    if (s->status != PITH_OK) return s->status;
    /* Deflate makes at most 1032 bytes of one. */
    if (n > max_bytes || n / 1032 > st_left(s))
        return diag_set(diag, PITH_E_LIMIT, "SOURCE: %llu bytes, more than allowed", (unsigned long long)n);
    uint8_t *data = mem_alloc(alloc, (size_t)n, 1);
    if (!data) return diag_set(diag, PITH_E_NOMEM, "out of memory for the source");
    size_t left = st_left(s);
    uLongf got = (uLongf)n;
    if (uncompress(data, &got, st_bytes(s, left, "source"), (uLong)left) != Z_OK || got != n) {
        mem_free(alloc, data);
        return diag_set(diag, PITH_E_FORMAT, "SOURCE: its bytes are not what zlib writes");
    }
    *source = (pith_bytes){data, (size_t)n};
    return PITH_OK;
}

pith_status source_unpack(pith_bytes *source, const pith_bytes *payload, uint64_t max_bytes, const pith_alloc *alloc,
                          pith_diag *diag) {
    *source = (pith_bytes){0};
    if (!payload->data) return PITH_OK;
    stream s;
    st_init(&s, payload->data, payload->n_bytes, "SOURCE", 0, diag);
    uint8_t method = st_u8(&s, "method");
    if (s.status != PITH_OK) return s.status;
    if (method == METHOD_ZLIB) return inflate_source(source, &s, max_bytes, alloc, diag);
    if (method != METHOD_BYTES) return diag_set(diag, PITH_E_UNSUPPORTED, "SOURCE: method %u is not known", method);
    size_t left = st_left(&s), limit = max_bytes < SHORT_BYTES ? (size_t)max_bytes : SHORT_BYTES;
    return bc_decode(&source->data, &source->n_bytes, limit, st_bytes(&s, left, "source"), left, alloc, diag);
}
