/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "capped_alloc.h"

#include <stdlib.h>

static void *take(void *user, size_t n_bytes) {
    capped_alloc *c = user;
    c->n_requests++;
    if (n_bytes > c->largest_bytes) c->largest_bytes = n_bytes;
    if (c->n_requests == c->fail_at || (c->cap_bytes && n_bytes > c->cap_bytes)) return NULL;
    void *block = malloc(n_bytes);
    if (block) c->n_live++;
    return block;
}

static void give(void *user, void *block) {
    if (block) ((capped_alloc *)user)->n_live--;
    free(block);
}

pith_alloc capped_alloc_make(capped_alloc *counter) { return (pith_alloc){take, give, counter}; }
