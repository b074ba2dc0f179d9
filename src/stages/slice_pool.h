/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices do not depend on each other, so they are coded on several threads, each
 * with its own coder. The result does not depend on the number of threads. */
#ifndef PITH_STAGES_SLICE_POOL_H
#define PITH_STAGES_SLICE_POOL_H

#include <stdbool.h>

#include "base/env.h"
#include "base/job.h"
#include "base/mem.h"
#include "codec/latent_coder.h"

typedef struct slice_pool slice_pool;

/* The most coders that there will be, with any number of threads: not more than `n_slices`, nor than fit into a
 * sixteenth of `memory`, the bytes that the call may use. */
uint32_t slice_pool_most_coders(uint64_t memory, uint32_t n_latent, uint32_t n_slices);

/* The threads that the environment allows, but not more than there are slices. */
uint32_t slice_pool_threads(const pith_env *env, uint32_t n_slices);

/* Coders of any kind. */
typedef struct slice_coders {
    pith_status (*make)(void *user, void **coder, const pith_alloc *alloc, watch watch, pith_diag *diag);
    void (*free)(void **coder);
    void *user;     /* for `make` only */
    uint32_t count; /* at most slice_pool_threads */
} slice_coders;
pith_status slice_pool_new_with(slice_pool **out, const pith_env *env, const slice_coders *coders, job *job,
                                pith_diag *diag) PITH_MUST_CHECK;

/* Makes that many coders of latents. The caller's allocator is called by one thread at a time. */
pith_status slice_pool_new(slice_pool **out, const pith_env *env, uint64_t memory, uint32_t n_latent, uint8_t prior_id,
                           uint32_t n_slices, job *job, pith_diag *diag) PITH_MUST_CHECK;
void slice_pool_free(slice_pool **pool);

/* An allocator that the work may use from any thread; lives as long as the pool. */
const pith_alloc *slice_pool_alloc(const slice_pool *pool);

/* What is done with slice `index`; `diag` is the call's own. */
typedef pith_status slice_work(void *user, void *coder, uint32_t index, pith_diag *diag);

/* Does the work for 0 .. count-1 and reports progress within `span`. If several
 * slices fail, the error of the lowest index is returned. */
pith_status slice_pool_run(slice_pool *pool, uint32_t count, slice_work *work, void *user, const char *stage, span span,
                           pith_diag *diag) PITH_MUST_CHECK;

#endif
