/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Allocation with checked sizes. Blocks have no header, so the caller's
 * allocator gets exactly the requested size. Aligned blocks have the
 * address of the block they lie in just before them. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_ALIGNMENT 64u /* a cache line, and the widest vector register */
#define LARGE_PAGE (2u << 20)

bool size_mul(size_t *result, size_t a, size_t b) {
    if (a != 0 && b > SIZE_MAX / a) return false;
    *result = a * b;
    return true;
}

bool size_add(size_t *result, size_t a, size_t b) {
    if (b > SIZE_MAX - a) return false;
    *result = a + b;
    return true;
}

static void *take(const pith_alloc *alloc, size_t n_bytes) {
    return alloc && alloc->alloc ? alloc->alloc(alloc->user, n_bytes) : malloc(n_bytes);
}

void mem_free(const pith_alloc *alloc, void *block) {
    if (!block) return;
    if (alloc && alloc->free)
        alloc->free(alloc->user, block);
    else
        free(block);
}

void *mem_alloc(const pith_alloc *alloc, size_t count, size_t size) {
    size_t n_bytes;
    if (!size_mul(&n_bytes, count, size)) return NULL;
    if (n_bytes == 0) n_bytes = 1;
    if (!alloc || !alloc->alloc) return calloc(1, n_bytes); /* calloc need not clear fresh pages */
    void *block = take(alloc, n_bytes);
    if (block) memset(block, 0, n_bytes);
    return block;
}

/* Only a hint: with one page fault for 512 pages, gigabytes of weights load in half the time. */
static void ask_for_large_pages(unsigned char *block, size_t n_bytes) {
#ifdef MADV_HUGEPAGE
    unsigned char *first = block + (-(uintptr_t)block & (LARGE_PAGE - 1));
    const size_t n_whole = (n_bytes - (size_t)(first - block)) & ~(size_t)(LARGE_PAGE - 1);
    (void)madvise(first, n_whole, MADV_HUGEPAGE);
#else
    (void)block;
    (void)n_bytes;
#endif
}

void *mem_alloc_aligned(const pith_alloc *alloc, size_t count, size_t size) {
    size_t n_bytes;
    if (!size_mul(&n_bytes, count, size)) return NULL;
    if (!size_add(&n_bytes, n_bytes, ARENA_ALIGNMENT + sizeof(void *))) return NULL;
    unsigned char *block = take(alloc, n_bytes);
    if (!block) return NULL;
    uintptr_t first = (uintptr_t)block + sizeof(void *);
    unsigned char *aligned = block + sizeof(void *) + (-first & (ARENA_ALIGNMENT - 1));
    memcpy(aligned - sizeof(void *), &(void *){block}, sizeof(void *));
    if (n_bytes >= 2 * LARGE_PAGE) ask_for_large_pages(block, n_bytes);
    return aligned;
}

void mem_free_aligned(const pith_alloc *alloc, void *block) {
    if (!block) return;
    void *whole;
    memcpy(&whole, (unsigned char *)block - sizeof(void *), sizeof whole);
    mem_free(alloc, whole);
}

void *mem_grow(const pith_alloc *alloc, void *block, size_t count, size_t new_count, size_t size) {
    void *grown = mem_alloc(alloc, new_count, size);
    if (!grown) return NULL;
    if (count > new_count) count = new_count;
    if (block && count && size) memcpy(grown, block, count * size); /* not more than new_count * size */
    mem_free(alloc, block);
    return grown;
}
