/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads a pickle as data. Python's unpickler calls what the file names; this
 * one calls nothing, whatever the file says. It knows plain values and
 * PyTorch's tensors. Classes of packages that training code leaves in its
 * checkpoints become opaque values, which can be looked at by nobody; any
 * other global (os.system, builtins.eval) makes it refuse the file, and so do
 * opcodes that torch.save does not write. */
#ifndef PITH_WEIGHTS_PICKLE_READ_H
#define PITH_WEIGHTS_PICKLE_READ_H

#include <stdbool.h>

#include "base/status.h"

#define PICKLE_MAX_RANK 8u

typedef enum pickle_kind {
    PICKLE_OPAQUE = 0, /* something this reader does not build */
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_BYTES,
    PICKLE_LIST, /* set and frozenset too */
    PICKLE_TUPLE,
    PICKLE_DICT,
    PICKLE_GLOBAL, /* a class or function, by name */
    PICKLE_STORAGE,
    PICKLE_TENSOR
} pickle_kind;

/* `count` bytes of text, or items of a container (a dict's key and value are
 * two). The rest is the reader's. */
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
        uint32_t index; /* of the storage or tensor; of the global that an opaque value came from */
    } u;
} pickle_value;

/* A run of elements in a file of its own beside the pickle. */
typedef struct pickle_storage {
    const char *type, *key; /* "FloatStorage", "17"; not terminated */
    size_t type_bytes, key_bytes;
    uint64_t n_elements;
} pickle_storage;

typedef struct pickle_tensor {
    pickle_storage storage;
    const char *dtype; /* "float8_e4m3fn", of elements in an untyped storage; NULL: the storage's type */
    size_t dtype_bytes;
    uint64_t offset; /* in elements */
    uint32_t rank;
    uint64_t shape[PICKLE_MAX_RANK], strides[PICKLE_MAX_RANK]; /* in elements */
} pickle_tensor;

typedef struct pickle pickle;

/* `data` must outlive the result. Limits: see pickle_read.c; a pickle of n
 * bytes takes memory in proportion to n, at most about 100 MB. */
pith_status pickle_read(pickle **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;
void pickle_free(pickle **p);

const pickle_value *pickle_root(const pickle *p);

/* The items of a container one by one: start with *cursor 0; NULL at the end. */
const pickle_value *pickle_next(const pickle *p, const pickle_value *container, uint32_t *cursor);

/* The same by key and value; false at the end. */
bool pickle_next_pair(const pickle *p, const pickle_value *dict, uint32_t *cursor, const pickle_value **key,
                      const pickle_value **value);

/* The value of a key of text; NULL when it is not a dict or has none. */
const pickle_value *pickle_get(const pickle *p, const pickle_value *dict, const char *key);

bool pickle_text_is(const pickle_value *v, const char *text);

/* The tensor that the value is; NULL for any other kind. */
const pickle_tensor *pickle_get_tensor(const pickle *p, const pickle_value *v);

#endif
