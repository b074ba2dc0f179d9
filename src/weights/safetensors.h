/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* safetensors files (https://github.com/huggingface/safetensors, "Format"):
 * an 8-byte little-endian header length, a JSON header, the data. Files are
 * memory-mapped and fully validated before the first tensor is handed out:
 * begin <= end <= file, size = type x shape, no overlap, no duplicate keys. */
#ifndef PITH_WEIGHTS_SAFETENSORS_H
#define PITH_WEIGHTS_SAFETENSORS_H

#include "weights/tensor_table.h"

/* Opens and maps `path`. Limits: header <= 100 MB, <= 65536 tensors,
 * rank <= 8, key <= 512 bytes, file <= env->max_model_bytes. */
pith_status safetensors_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag)
    PITH_MUST_CHECK;

/* The same from a file's bytes, which must outlive the table. */
pith_status safetensors_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes,
                             pith_diag *diag) PITH_MUST_CHECK;

/* Writes tensors (data in memory or mapped) and string metadata as one file:
 * it appears under its name when it is whole. Tensors are written in the
 * table's order, scales behind theirs, the header padded with spaces to a
 * multiple of 8. */
pith_status safetensors_write(const char *path, const tensor_table *table, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;

/* How values are stored. */
typedef enum safetensors_precision {
    SAFETENSORS_AS_THEY_ARE = 0,
    SAFETENSORS_F16 = 1, /* every tensor; PITH_E_UNSUPPORTED but for F32, F16 and BF16 */
    /* The tensors that are worth it as I8 with scales, the others as binary16 (quantised.h). Those
     * that have scales already are copied. The metadata must have the mark. */
    SAFETENSORS_INT8 = 2
} safetensors_precision;

/* The same in that precision, block by block; a value that is not finite in binary16 is
 * PITH_E_FORMAT. `written` (may be NULL) is told, of each tensor once it is written, the bytes read
 * and the part of all that is done; what it returns other than PITH_OK ends the call. */
typedef pith_status safetensors_written_fn(void *user, uint64_t n_bytes, double done, pith_diag *diag);
pith_status safetensors_write_as(safetensors_precision precision, const char *path, const tensor_table *table,
                                 const pith_env *env, safetensors_written_fn *written, void *user, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
