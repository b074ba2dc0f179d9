/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Heap use: every allocation of the library goes through these, with the
 * product of count and size checked, and through the caller's pith_alloc. */
#ifndef PITH_BASE_MEM_H
#define PITH_BASE_MEM_H

#include <stdbool.h>

#include <pith/pith.h>

/* a * b and a + b, false on overflow (the result is then untouched). */
bool size_mul(size_t *result, size_t a, size_t b);
bool size_add(size_t *result, size_t a, size_t b);

/* count * size bytes, zeroed; NULL when the product overflows or the
 * allocator fails. A product of 0 gives a block of 1 byte. `alloc` may be
 * NULL or unset: then the C library's. */
void *mem_alloc(const pith_alloc *alloc, size_t count, size_t size) PITH_MUST_CHECK;

/* The same, 64-byte aligned and NOT zeroed, for arenas of the networks. Freed
 * by mem_free_aligned only. */
void *mem_alloc_aligned(const pith_alloc *alloc, size_t count, size_t size) PITH_MUST_CHECK;

/* Free a block (NULL is fine). */
void mem_free(const pith_alloc *alloc, void *block);
void mem_free_aligned(const pith_alloc *alloc, void *block);

/* Grows a block to `new_count` elements keeping the first `count`; the new
 * ones are zeroed. On failure NULL, and the old block stays valid. */
void *mem_grow(const pith_alloc *alloc, void *block, size_t count, size_t new_count, size_t size) PITH_MUST_CHECK;

#endif
