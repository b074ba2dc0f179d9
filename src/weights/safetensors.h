/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* safetensors files (https://github.com/huggingface/safetensors, "Format"): an 8-byte little-endian header length, a
 * JSON header, and the data. Files are memory-mapped and fully validated before any tensor is returned: begin <= end
 * <= file, size = type x shape, no overlap, no duplicate keys. */
#ifndef PITH_WEIGHTS_SAFETENSORS_H
#define PITH_WEIGHTS_SAFETENSORS_H

#include "weights/tensor_table.h"

/* Opens and maps `path`. Limits: header <= 100 MB, <= 65536 tensors,
 * rank <= 8, key <= 512 bytes, file <= env->max_model_bytes. */
pith_status safetensors_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag)
    PITH_MUST_CHECK;

/* Like safetensors_open, from a file's bytes, which must outlive the table. */
pith_status safetensors_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes,
                             pith_diag *diag) PITH_MUST_CHECK;

/* Writes tensors (data in memory or mapped) and string metadata to a file, which appears under its name only when
 * complete. Tensors are in the table's order, each followed by its scales. The header is padded with spaces to a
 * multiple of 8 bytes. */
pith_status safetensors_write(const char *path, const tensor_table *table, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;

/* Storage type of the values. */
typedef enum safetensors_precision {
    SAFETENSORS_AS_THEY_ARE = 0,
    SAFETENSORS_F16 = 1, /* every tensor; PITH_E_UNSUPPORTED unless F32, F16, BF16 or F8 */
    /* Tensors for which it pays as I8 with scales, others as binary16 (quantised.h). Tensors that already have scales
     * are copied. The metadata must contain the mark. */
    SAFETENSORS_INT8 = 2
} safetensors_precision;

/* Like safetensors_write, with the given precision, block by block. PITH_E_FORMAT if a value is not finite in
 * binary16. `written` (may be NULL) is called after each tensor with the number of its bytes read and the part of the
 * whole that is done; any result other than PITH_OK ends the call. */
typedef pith_status safetensors_written_fn(void *user, uint64_t n_bytes, double done, pith_diag *diag);
pith_status safetensors_write_as(safetensors_precision precision, const char *path, const tensor_table *table,
                                 const pith_env *env, safetensors_written_fn *written, void *user, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
