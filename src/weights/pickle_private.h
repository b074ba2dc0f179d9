/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Shared by the interpreter of opcodes and the one of globals. */
#ifndef PITH_WEIGHTS_PICKLE_PRIVATE_H
#define PITH_WEIGHTS_PICKLE_PRIVATE_H

#include "base/stream.h"
#include "weights/pickle_read.h"

/* A full training checkpoint of Stable Diffusion 1.x has 0.3 MB, 70 000 values and 2300 tensors. Python nests at most
 * 1000 levels. */
#define MAX_PICKLE_BYTES (64u << 20)
#define MAX_VALUES (1u << 20)
#define MAX_CELLS (1u << 21)
#define MAX_TENSORS (1u << 17)
#define MAX_STACK (1u << 18)
#define MAX_MARKS (1u << 13)
#define MAX_MEMO_GAP (1u << 12)
#define MAX_GLOBAL_BYTES 256u

/* The items of a container form a linked list. */
typedef struct pickle_cell {
    uint32_t value, next;
} pickle_cell;

#define PICKLE_ARRAY(type)                                                                                             \
    struct {                                                                                                           \
        type *at;                                                                                                      \
        size_t n, capacity;                                                                                            \
    }

struct pickle {
    pith_alloc alloc;
    stream s; /* its sticky status is the reader's status */
    PICKLE_ARRAY(pickle_value) values;
    PICKLE_ARRAY(pickle_cell) cells;
    PICKLE_ARRAY(pickle_storage) storages;
    PICKLE_ARRAY(pickle_tensor) tensors;
    PICKLE_ARRAY(uint32_t) stack; /* values */
    PICKLE_ARRAY(uint32_t) marks; /* stack positions */
    PICKLE_ARRAY(uint32_t) memo;  /* values */
    uint32_t root;
};

/* Each returns the new value's index, or UINT32_MAX after a fault. */
uint32_t pickle_new_value(pickle *p, pickle_value v);
uint32_t pickle_new_opaque(pickle *p, uint32_t global);
uint32_t pickle_new_storage(pickle *p, const pickle_storage *storage);
uint32_t pickle_new_tensor(pickle *p, const pickle_tensor *t);
void pickle_append(pickle *p, uint32_t container, uint32_t item);

/* False, with the fault recorded, if no checkpoint needs this global. */
bool pickle_check_global(pickle *p, uint32_t global);

/* The result of calling a global, or of constructing an object of a class. */
uint32_t pickle_reduce(pickle *p, uint32_t callee, uint32_t arguments);

/* PyTorch's persistent ids; each names a storage. */
uint32_t pickle_persistent(pickle *p, uint32_t id);

#endif
