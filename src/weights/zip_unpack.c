/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Inflates deflated members of a zip with zlib, whose memory (about 50 kB) is outside our allocator. */
#include <inttypes.h>
#include <limits.h>

#include <zlib.h>

#include "base/mem.h"
#include "base/stream.h"
#include "weights/zip_read.h"

#define NO_HEADER (-MAX_WBITS)  /* zip members have neither a zlib nor a gzip header */
#define MOST_AT_ONCE (1u << 30) /* zlib counts in unsigned int */

static int name_length(const zip_member *m) { return (int)(m->name_bytes < 100 ? m->name_bytes : 100); }

/* True if all packed bytes of the member give exactly n_bytes. */
static bool inflate_all(z_stream *z, uint8_t *out, const zip_member *m) {
    uint64_t n_in = m->packed_bytes, n_out = m->n_bytes;
    int said = Z_OK;
    uint8_t none; /* room for an excess byte, which is an error */
    z->next_in = (Bytef *)(uintptr_t)m->data;
    z->next_out = n_out ? out : &none;
    while (said == Z_OK) {
        z->avail_in = n_in < MOST_AT_ONCE ? (uInt)n_in : MOST_AT_ONCE;
        z->avail_out = n_out < MOST_AT_ONCE ? (uInt)n_out : MOST_AT_ONCE;
        const uInt had_in = z->avail_in, had_out = z->avail_out;
        said = inflate(z, Z_NO_FLUSH);
        n_in -= had_in - z->avail_in;
        n_out -= had_out - z->avail_out;
    }
    return said == Z_STREAM_END && n_in == 0 && n_out == 0;
}

pith_status zip_unpack(uint8_t **out, const zip_file *zip, const zip_member *m, uint64_t most_bytes, pith_diag *diag) {
    pith_status status = PITH_OK;
    z_stream z = {0};
    const pith_alloc *alloc = zip_alloc(zip);
    *out = NULL;
    if (m->n_bytes > most_bytes)
        return diag_set(diag, PITH_E_LIMIT, "zip: %.*s would become %" PRIu64 " bytes, the limit is %" PRIu64,
                        name_length(m), m->name, m->n_bytes, most_bytes);
    if (inflateInit2(&z, NO_HEADER) != Z_OK) return PITH_E_NOMEM;
    uint8_t *data = mem_alloc_aligned(alloc, (size_t)m->n_bytes, 1);
    if (!data)
        status = PITH_E_NOMEM;
    else if (!inflate_all(&z, data, m))
        status = diag_set(diag, PITH_E_FORMAT, "zip: %.*s is damaged: it does not unpack to %" PRIu64 " bytes",
                          name_length(m), m->name, m->n_bytes);
    else if (crc32_update(0, data, (size_t)m->n_bytes) != m->crc)
        status =
            diag_set(diag, PITH_E_CHECKSUM, "zip: %.*s is damaged: its checksum is another", name_length(m), m->name);
    (void)inflateEnd(&z);
    if (status == PITH_OK)
        *out = data;
    else
        mem_free_aligned(alloc, data);
    return status;
}
