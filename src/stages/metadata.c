/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/metadata.h"

#include <inttypes.h>

#include "container/ctr_write.h"

pith_status metadata_write(byte_writer *out, const pith_encode_options *o, const pith_env *env, pith_diag *diag) {
    static const char *const names[PITH_N_METADATA] = {"ICC profile", "EXIF", "XMP"};
    const pith_span *const spans[PITH_N_METADATA] = {&o->icc, &o->exif, &o->xmp};
    for (unsigned kind = 0; kind < PITH_N_METADATA; kind++) {
        const pith_span *m = spans[kind];
        if (m->n_bytes == 0) continue;
        if (!m->data) return diag_set(diag, PITH_E_ARG, "metadata without bytes");
        if (m->n_bytes > env->max_metadata_bytes)
            return diag_set(diag, PITH_E_LIMIT, "%s of %zu bytes, the limit is %" PRIu64, names[kind], m->n_bytes,
                            env->max_metadata_bytes);
        ctr_write_chunk(out, (uint8_t)(CTR_CHUNK_METADATA + kind), m->data, m->n_bytes);
    }
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "out of memory for the metadata");
}
