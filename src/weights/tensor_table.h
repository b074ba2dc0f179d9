/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A table of named tensors from any file format, to which networks bind. Immutable once opened; may be read from many
 * threads. */
#ifndef PITH_WEIGHTS_TENSOR_TABLE_H
#define PITH_WEIGHTS_TENSOR_TABLE_H

#include <stdbool.h>

#include "base/status.h"

#define TENSOR_MAX_RANK 8

typedef enum tensor_type {
    TENSOR_F32 = 1,
    TENSOR_F16 = 2,
    TENSOR_BF16 = 3,
    TENSOR_I8 = 4,
    TENSOR_F8_E4M3 = 5, /* 8 bits, without infinities */
    TENSOR_F8_E5M2 = 6, /* its bits are the upper half of binary16 */
    TENSOR_OTHER = 7    /* a valid type that networks do not use (I64, F64, BOOL, ...) */
} tensor_type;

typedef struct tensor {
    const char *name; /* owned by the table */
    tensor_type type;
    uint32_t rank;
    uint64_t shape[TENSOR_MAX_RANK]; /* row-major; shape[0] is the outermost */
    uint64_t n_elements;
    const uint8_t *data; /* little-endian, NOT necessarily aligned; mapped or borrowed */
    uint64_t n_bytes;
    const char *fault;     /* why the values cannot be used (static text), or NULL */
    const uint8_t *scales; /* TENSOR_I8: binary32 [shape[0]], like data; NULL: plain integers (weights/quantised.h) */
    bool is_strided;       /* elements are `strides` apart instead of contiguous; tensor_read_* handles it */
    uint64_t strides[TENSOR_MAX_RANK]; /* in elements */
} tensor;

typedef struct tensor_table tensor_table;

/* Makes an empty table to be filled by hand (tests, writers). Tensor data are borrowed. */
pith_status tensor_table_new(tensor_table **out, const pith_env *env) PITH_MUST_CHECK;
pith_status tensor_table_add(tensor_table *table, const tensor *t) PITH_MUST_CHECK; /* copies the name */
pith_status tensor_table_set_meta(tensor_table *table, const char *key, const char *value) PITH_MUST_CHECK;
pith_status tensor_table_copy_meta(tensor_table *to, const tensor_table *from) PITH_MUST_CHECK; /* added to its own */
void tensor_table_free(tensor_table **table);

/* Takes over every mapping and block of `from`; they are closed when the table is freed. PITH_E_LIMIT if there are
 * too many. */
pith_status tensor_table_take_maps(tensor_table *table, tensor_table *from) PITH_MUST_CHECK;

size_t tensor_table_count(const tensor_table *table);
const tensor *tensor_table_at(const tensor_table *table, size_t index);       /* sorted by name (byte order) */
const tensor *tensor_table_find(const tensor_table *table, const char *name); /* NULL if absent */
const char *tensor_table_meta(const tensor_table *table, const char *key);    /* NULL if absent */
/* Metadata by index, sorted by key; NULL past the end. */
const char *tensor_table_meta_at(const tensor_table *table, size_t index, const char **value);
bool tensor_table_has_part(const tensor_table *table, const char *prefix); /* true if some name starts with it */
uint64_t tensor_table_file_bytes(const tensor_table *table);
/* True if `path` leads to one of the opened files, under any name. */
bool tensor_table_has_file(const tensor_table *table, const char *path);

/* Tells the system that the mapped pages are not needed now (they are reloaded on access). Called once weights are
 * reordered. */
void tensor_table_drop_pages(const tensor_table *table);

/* True if networks can use the values: F32, F16, BF16, F8, or I8 with scales. */
bool tensor_has_values(const tensor *t);

/* Elements [first, first + count), converted to float or rounded to nearest-even binary16 bit patterns. All 0 if
 * tensor_has_values is false. */
void tensor_read_f32(const tensor *t, uint64_t first, uint64_t count, float *out);
void tensor_read_f16(const tensor *t, uint64_t first, uint64_t count, uint16_t *out);
/* True if no value is infinite or NaN: of elements [first, first + count) as stored in the file; of floats. */
bool tensor_is_finite(const tensor *t, uint64_t first, uint64_t count);
bool floats_are_finite(const float *values, size_t count);
/* PITH_E_MODEL_VALUES if a value is not finite, with the tensor and the first such value in the message. */
pith_status tensor_check_finite(const tensor *t, pith_diag *diag) PITH_MUST_CHECK;
/* In place, the bytes of floats of this machine as a tensor's data have them: little endian. */
void floats_as_in_file(float *values, size_t count);
float f16_to_f32(uint16_t half);
uint16_t f32_to_f16(float value);

/* The first 8 bytes of a SHA-256 over every tensor whose name starts with `prefix`, sorted by name: name length (u32
 * le), name, rank (u32 le), shape (u64 le each), values as binary16 (le). See doc/format.md, "Fingerprints". */
pith_status tensor_table_fingerprint(const tensor_table *table, const char *prefix, uint8_t id[PITH_FINGERPRINT_BYTES],
                                     pith_diag *diag) PITH_MUST_CHECK;

/* The same over tensors whose names start with any of the prefixes (a NULL-terminated list). */
pith_status tensor_table_fingerprint_any(const tensor_table *table, const char *const *prefixes,
                                         uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

#endif
