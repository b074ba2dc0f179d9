/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads a pickle as data. Python's unpickler calls what the file names; this one never calls anything. It supports
 * plain values and PyTorch's tensors. Classes of packages that training code leaves in checkpoints become opaque
 * values without contents. Any other global (os.system, builtins.eval) makes it refuse the file, and so do opcodes
 * that torch.save does not write. */
#ifndef PITH_WEIGHTS_PICKLE_READ_H
#define PITH_WEIGHTS_PICKLE_READ_H

#include <stdbool.h>

#include "base/status.h"

#define PICKLE_MAX_RANK 8u

typedef enum pickle_kind {
    PICKLE_OPAQUE = 0, /* a value that this reader does not build */
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_LIST, /* also set and frozenset */
    PICKLE_TUPLE,
    PICKLE_DICT,
    PICKLE_GLOBAL, /* a class or function, by name */
    PICKLE_STORAGE,
    PICKLE_TENSOR
} pickle_kind;

/* `count`: bytes of text, or items of a container (a dict's key and value are two). The other fields are private to
 * the reader. */
typedef struct pickle_value {
    pickle_kind kind;
    uint32_t count;
    union {
        int64_t integer;
        double real;
        const char *text; /* not terminated */
        struct {
            uint32_t first, last;
        } items;
        struct {
            uint32_t module, name;
        } global;
        uint32_t index; /* of the storage or tensor; for an opaque value, of its global */
    } u;
} pickle_value;

/* A sequence of elements in its own member of the zip file. */
typedef struct pickle_storage {
    const char *type, *key; /* "FloatStorage", "17"; not terminated */
    size_t type_bytes, key_bytes;
    uint64_t n_elements;
} pickle_storage;

typedef struct pickle_tensor {
    pickle_storage storage;
    const char *dtype; /* "float8_e4m3fn": element type in an untyped storage; NULL: the storage's type */
    size_t dtype_bytes;
    uint64_t offset; /* in elements */
    uint32_t rank;
    uint64_t shape[PICKLE_MAX_RANK], strides[PICKLE_MAX_RANK]; /* in elements */
} pickle_tensor;

typedef struct pickle pickle;

/* `data` must outlive the result. pickle_private.h has the limits. A pickle of n bytes takes memory proportional to
 * n, at most about 100 MB. */
pith_status pickle_read(pickle **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;
void pickle_free(pickle **p);

const pickle_value *pickle_root(const pickle *p);

/* Iterates over a container's items: start with *cursor 0; NULL at the end. */
const pickle_value *pickle_next(const pickle *p, const pickle_value *container, uint32_t *cursor);

/* Iterates over keys and values; false at the end. */
bool pickle_next_pair(const pickle *p, const pickle_value *dict, uint32_t *cursor, const pickle_value **key,
                      const pickle_value **value);

/* The value for a text key; NULL if `dict` is not a dict or has no such key. */
const pickle_value *pickle_get(const pickle *p, const pickle_value *dict, const char *key);

bool pickle_text_is(const pickle_value *v, const char *text);

/* The tensor if the value is one, otherwise NULL. */
const pickle_tensor *pickle_get_tensor(const pickle *p, const pickle_value *v);

#endif
