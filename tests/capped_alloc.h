/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* An allocator for tests: counts, caps and fails on demand. One thread. */
#ifndef PITH_TESTS_CAPPED_ALLOC_H
#define PITH_TESTS_CAPPED_ALLOC_H

#include <pith/pith.h>

typedef struct capped_alloc {
    size_t cap_bytes; /* a single request above it fails; 0 = none does */
    size_t fail_at;   /* the how-manieth request fails, from 1; 0 = none does */
    size_t n_requests, n_live, largest_bytes;
} capped_alloc;

/* `counter` is borrowed by what uses the result. */
pith_alloc capped_alloc_make(capped_alloc *counter);

#endif
