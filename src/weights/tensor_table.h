/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A table of named tensors, whatever file they came from: what the networks
 * bind to. Immutable once opened; may be read from many threads. */
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
    TENSOR_F8_E5M2 = 6, /* the upper half of binary16 */
    TENSOR_OTHER = 7    /* a valid type that the networks do not read (I64, F64, BOOL, ...) */
} tensor_type;

typedef struct tensor {
    const char *name; /* owned by the table */
    tensor_type type;
    uint32_t rank;
    uint64_t shape[TENSOR_MAX_RANK]; /* row-major; shape[0] is the slowest */
    uint64_t n_elements;
    const uint8_t *data; /* little endian, NOT necessarily aligned; mapped or borrowed */
    uint64_t n_bytes;
    const char *fault;     /* why the values cannot be used (static text), NULL when they can */
    const uint8_t *scales; /* TENSOR_I8: binary32 [shape[0]], like data; NULL: plain integers (weights/quantised.h) */
    bool is_strided;       /* elements lie `strides` apart, not one after the other: tensor_read_* find them */
    uint64_t strides[TENSOR_MAX_RANK]; /* in elements */
} tensor;

typedef struct tensor_table tensor_table;

/* An empty table to fill by hand (tests, writers). Tensor data are borrowed. */
pith_status tensor_table_new(tensor_table **out, const pith_env *env) PITH_MUST_CHECK;
pith_status tensor_table_add(tensor_table *table, const tensor *t) PITH_MUST_CHECK; /* the name is copied */
pith_status tensor_table_set_meta(tensor_table *table, const char *key, const char *value) PITH_MUST_CHECK;
pith_status tensor_table_copy_meta(tensor_table *to, const tensor_table *from) PITH_MUST_CHECK; /* beside what it has */
void tensor_table_free(tensor_table **table);

/* The table takes every mapping and block of `from` over, and closes them when it is freed; PITH_E_LIMIT when
 * they are too many. */
pith_status tensor_table_take_maps(tensor_table *table, tensor_table *from) PITH_MUST_CHECK;

size_t tensor_table_count(const tensor_table *table);
const tensor *tensor_table_at(const tensor_table *table, size_t index);       /* sorted by name (byte order) */
const tensor *tensor_table_find(const tensor_table *table, const char *name); /* NULL when absent */
const char *tensor_table_meta(const tensor_table *table, const char *key);    /* NULL when absent */
/* Metadata one by one, sorted by key; NULL past the end. */
const char *tensor_table_meta_at(const tensor_table *table, size_t index, const char **value);
bool tensor_table_has_part(const tensor_table *table, const char *prefix); /* some name starts with it */
uint64_t tensor_table_file_bytes(const tensor_table *table);
/* `path` leads to one of the files that were opened, however it is called. */
bool tensor_table_has_file(const tensor_table *table, const char *path);

/* Tells the system that the mapped pages are not needed for now (they come
 * back by themselves when touched): called once weights are reordered. */
void tensor_table_drop_pages(const tensor_table *table);

/* The values are numbers that networks can use: F32, F16, BF16, F8, or I8 with scales. */
bool tensor_has_values(const tensor *t);

/* Elements [first, first + count) widened to float, or rounded to nearest-even
 * binary16 bit patterns. Where tensor_has_values is false they are 0. */
void tensor_read_f32(const tensor *t, uint64_t first, uint64_t count, float *out);
void tensor_read_f16(const tensor *t, uint64_t first, uint64_t count, uint16_t *out);
/* Neither infinite nor NaN: elements [first, first + count) of a tensor, of what the file holds; floats. */
bool tensor_is_finite(const tensor *t, uint64_t first, uint64_t count);
bool floats_are_finite(const float *values, size_t count);
/* PITH_E_MODEL_VALUES, naming the tensor and its first value that is not finite. */
pith_status tensor_check_finite(const tensor *t, pith_diag *diag) PITH_MUST_CHECK;
/* In place, the bytes of floats of this machine as a tensor's data have them: little endian. */
void floats_as_in_file(float *values, size_t count);
float f16_to_f32(uint16_t half);
uint16_t f32_to_f16(float value);

/* First 8 bytes of SHA-256 over every tensor whose name starts with `prefix`,
 * sorted by name: name length (u32 le), name, rank (u32 le), shape (u64 le
 * each), values as binary16 (le). doc/format.md, "Fingerprints". */
pith_status tensor_table_fingerprint(const tensor_table *table, const char *prefix, uint8_t id[PITH_FINGERPRINT_BYTES],
                                     pith_diag *diag) PITH_MUST_CHECK;

/* The same over the tensors whose names start with any of the prefixes
 * (NULL-terminated). */
pith_status tensor_table_fingerprint_any(const tensor_table *table, const char *const *prefixes,
                                         uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) PITH_MUST_CHECK;

#endif
