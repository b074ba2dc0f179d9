/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Heap memory. Every allocation of the library goes through these functions, which
 * check the product of count and size and use the caller's pith_alloc. */
#ifndef PITH_BASE_MEM_H
#define PITH_BASE_MEM_H

#include <stdbool.h>

#include <pith/pith.h>

/* a * b and a + b. False on overflow; the result is then unchanged. */
bool size_mul(size_t *result, size_t a, size_t b);
bool size_add(size_t *result, size_t a, size_t b);

/* count * size bytes, zeroed; NULL if the product overflows or the
 * allocator fails. A product of 0 gives a block of 1 byte. If `alloc` is
 * NULL or unset, the C library's functions are used. */
void *mem_alloc(const pith_alloc *alloc, size_t count, size_t size) PITH_MUST_CHECK;

/* The same, 64-byte aligned and NOT zeroed, for arenas of the networks. Freed
 * by mem_free_aligned only. */
void *mem_alloc_aligned(const pith_alloc *alloc, size_t count, size_t size) PITH_MUST_CHECK;

/* Frees a block, which may be NULL. */
void mem_free(const pith_alloc *alloc, void *block);
void mem_free_aligned(const pith_alloc *alloc, void *block);

/* Grows a block to `new_count` elements, keeping the first `count`. The new ones
 * are zeroed. Returns NULL on failure; the old block then stays valid. */
void *mem_grow(const pith_alloc *alloc, void *block, size_t count, size_t new_count, size_t size) PITH_MUST_CHECK;

#endif
