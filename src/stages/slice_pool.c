/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Threads live for one batch of slices: starting one costs a thousandth of coding
 * a slice. Progress is reported between batches. The caller may stop the work at
 * every row of symbols. */
#include "stages/slice_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/env.h"
#include "base/job.h"

#define MAX_THREADS 64u
#define BATCH_PER_THREAD 2u
#define MEMORY_PART 16u

struct slice_pool {
    const pith_env *env; /* borrowed */
    pith_alloc shared;   /* the environment's allocator under `lock` */
    pthread_mutex_t lock;
    uint32_t n_coders;
    void *coders[MAX_THREADS];
    void (*free_coder)(void **coder);
    /* the current batch */
    slice_work *work;
    void *user;
    uint32_t next, end, n_helping;
    uint32_t fault_index;
    pith_diag fault;
    job *job; /* borrowed; the calling thread's */
    atomic_bool stopped;
    pthread_cond_t helper_left;
};

static void *shared_alloc(void *user, size_t n_bytes) {
    slice_pool *p = user;
    pthread_mutex_lock(&p->lock);
    void *block = p->env->alloc.alloc(p->env->alloc.user, n_bytes);
    pthread_mutex_unlock(&p->lock);
    return block;
}

static void shared_free(void *user, void *block) {
    slice_pool *p = user;
    pthread_mutex_lock(&p->lock);
    p->env->alloc.free(p->env->alloc.user, block);
    pthread_mutex_unlock(&p->lock);
}

/* Only the calling thread asks the caller whether to stop; the other threads follow. */
static bool ask_caller(void *user) {
    slice_pool *p = user;
    pith_diag ignored = {0};
    if (!atomic_load(&p->stopped) && job_look(p->job, &ignored) != PITH_OK) atomic_store(&p->stopped, true);
    return atomic_load(&p->stopped);
}

static bool ask_pool(void *user) {
    slice_pool *p = user;
    return atomic_load(&p->stopped);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint32_t slice_pool_threads(const pith_env *env, uint32_t n_slices) {
    const long n_cores = env->threads > 0 ? env->threads : sysconf(_SC_NPROCESSORS_ONLN);
    const uint64_t n = least(least(n_cores < 1 ? 1 : (uint64_t)n_cores, MAX_THREADS), n_slices);
    return n > 0 ? (uint32_t)n : 1;
}

uint32_t slice_pool_most_coders(uint64_t memory, uint32_t n_latent, uint32_t n_slices) {
    const uint64_t n = least(least(MAX_THREADS, n_slices), memory / MEMORY_PART / lat_coder_bytes(n_latent));
    return n > 0 ? (uint32_t)n : 1;
}

pith_status slice_pool_new_with(slice_pool **out, const pith_env *env, const slice_coders *coders, job *job,
                                pith_diag *diag) {
    pith_status status = PITH_OK;
    slice_pool *p = mem_alloc(&env->alloc, 1, sizeof *p);
    *out = NULL;
    if (!p) return diag_set(diag, PITH_E_NOMEM, "out of memory for the coder");
    p->env = env;
    p->job = job;
    p->free_coder = coders->free;
    if (env->alloc.alloc) p->shared = (pith_alloc){shared_alloc, shared_free, p};
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&p->helper_left, &clock);
    pthread_condattr_destroy(&clock);
    for (uint32_t i = 0; i < coders->count; i++) {
        const watch watch = {i == 0 ? ask_caller : ask_pool, p};
        PITH_TRY(coders->make(coders->user, &p->coders[i], &p->shared, watch, diag));
        p->n_coders++;
    }
    *out = p;
    p = NULL;
cleanup:
    slice_pool_free(&p);
    return status;
}

/* ---- coders of latents -------------------------------------------------------------- */

typedef struct latent_coders {
    uint32_t n_latent;
    uint8_t prior_id;
} latent_coders;

static void free_latent_coder(void **coder) {
    lat_coder *c = *coder;
    lat_coder_free(&c);
    *coder = NULL;
}

static pith_status make_latent_coder(void *user, void **out, const pith_alloc *alloc, watch watch, pith_diag *diag) {
    const latent_coders *kind = user;
    lat_coder *coder = NULL;
    if (lat_coder_new(&coder, alloc, kind->n_latent) != PITH_OK)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the latent coder");
    *out = coder;
    lat_coder_watch(coder, watch);
    const pith_status status = lat_coder_use_prior(coder, kind->prior_id);
    if (status == PITH_OK) return PITH_OK;
    free_latent_coder(out);
    return diag_set(diag, status, "prior_id %u does not fit a latent of %u channels", kind->prior_id, kind->n_latent);
}

pith_status slice_pool_new(slice_pool **out, const pith_env *env, uint64_t memory, uint32_t n_latent, uint8_t prior_id,
                           uint32_t n_slices, job *job, pith_diag *diag) {
    latent_coders kind = {n_latent, prior_id};
    const uint64_t n = least(slice_pool_threads(env, n_slices), slice_pool_most_coders(memory, n_latent, n_slices));
    const slice_coders coders = {make_latent_coder, free_latent_coder, &kind, (uint32_t)n};
    return slice_pool_new_with(out, env, &coders, job, diag);
}

/* ---- work ------------------------------------------------------------------------------ */

void slice_pool_free(slice_pool **pool) {
    if (!pool || !*pool) return;
    slice_pool *p = *pool;
    *pool = NULL;
    for (uint32_t i = 0; i < p->n_coders; i++) p->free_coder(&p->coders[i]);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->helper_left);
    const pith_env *env = p->env;
    mem_free(&env->alloc, p);
}

const pith_alloc *slice_pool_alloc(const slice_pool *pool) { return &pool->shared; }

/* One thread's work: takes the next free slice until none is left. Slices are
 * handed out in order, so all slices before a failed one get done. */
static void take_slices(slice_pool *p, void *coder) {
    for (;;) {
        pthread_mutex_lock(&p->lock);
        uint32_t index = p->next;
        bool done = index >= p->end || p->fault.status != PITH_OK;
        if (!done) p->next++;
        pthread_mutex_unlock(&p->lock);
        if (done) return;
        pith_diag own = {0};
        pith_status status = p->work(p->user, coder, index, &own);
        if (status == PITH_OK) continue;
        if (own.status == PITH_OK) diag_set(&own, status, "slice %u failed", index);
        pthread_mutex_lock(&p->lock);
        if (p->fault.status == PITH_OK || index < p->fault_index) p->fault = own, p->fault_index = index;
        pthread_mutex_unlock(&p->lock);
    }
}

typedef struct helper {
    pthread_t thread;
    slice_pool *pool;
    void *coder;
} helper;

static void *helper_main(void *user) {
    helper *h = user;
    take_slices(h->pool, h->coder);
    pthread_mutex_lock(&h->pool->lock);
    h->pool->n_helping--;
    pthread_cond_signal(&h->pool->helper_left);
    pthread_mutex_unlock(&h->pool->lock);
    return NULL;
}

#define WAIT_NANOSECONDS 20000000

/* Waits for the helpers, and meanwhile keeps asking the caller whether to stop. */
static void wait_for_helpers(slice_pool *p) {
    pthread_mutex_lock(&p->lock);
    while (p->n_helping > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += WAIT_NANOSECONDS;
        if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
        (void)pthread_cond_timedwait(&p->helper_left, &p->lock, &until);
        pthread_mutex_unlock(&p->lock);
        (void)ask_caller(p);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

/* The calling thread works too; without helpers it does everything. */
static void run_batch(slice_pool *p) {
    helper helpers[MAX_THREADS];
    uint32_t n = 0, wanted = p->end - p->next < p->n_coders ? p->end - p->next : p->n_coders;
    while (n + 1 < wanted) {
        helpers[n] = (helper){.pool = p, .coder = p->coders[n + 1]};
        pthread_mutex_lock(&p->lock);
        p->n_helping++;
        pthread_mutex_unlock(&p->lock);
        if (pthread_create(&helpers[n].thread, NULL, helper_main, &helpers[n]) != 0) {
            pthread_mutex_lock(&p->lock);
            p->n_helping--;
            pthread_mutex_unlock(&p->lock);
            break;
        }
        n++;
    }
    take_slices(p, p->coders[0]);
    wait_for_helpers(p);
    for (uint32_t i = 0; i < n; i++) pthread_join(helpers[i].thread, NULL);
}

pith_status slice_pool_run(slice_pool *p, uint32_t count, slice_work *work, void *user, const char *stage, span span,
                           pith_diag *diag) {
    p->work = work;
    p->user = user;
    p->next = 0;
    p->fault = (pith_diag){0};
    atomic_store(&p->stopped, false);
    while (p->next < count) {
        const double done = span_at(span, (double)p->next / count);
        pith_status status = job_report(p->job, stage, done, diag);
        if (status != PITH_OK) return status;
        uint32_t batch = p->n_coders * BATCH_PER_THREAD;
        p->end = count - p->next < batch ? count : p->next + batch;
        run_batch(p);
        if (atomic_load(&p->stopped)) return diag_set(diag, PITH_E_ABORTED, "stopped");
        if (p->fault.status != PITH_OK) return diag_set(diag, p->fault.status, "%s", p->fault.message);
    }
    return PITH_OK;
}
