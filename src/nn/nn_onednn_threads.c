/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Our kernels run on the same team of threads as oneDNN's, libgomp's, through
 * the entry point that gcc's own OpenMP uses: with `#pragma omp`, clang would
 * bring a second runtime (libomp) whose threads fight with the first. */
#include "base/mem.h"
#include "nn/nn_onednn.h"

/* libgomp's, declared here because clang alone has no omp.h. */
int omp_get_max_threads(void);
int omp_get_num_procs(void);
int omp_get_num_threads(void);
int omp_get_thread_num(void);
void omp_set_num_threads(int threads);
void GOMP_parallel(void (*member)(void *), void *data, unsigned n_threads, unsigned flags);

int nn_dnn_set_threads(int threads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs());
    return before;
}

typedef struct team {
    int64_t n_items;
    nn_dnn_part *part;
    const void *call;
} team;

static void member(void *data) {
    const team *t = data;
    const int64_t index = omp_get_thread_num(), count = omp_get_num_threads();
    const int64_t first = t->n_items * index / count, end = t->n_items * (index + 1) / count;
    if (first < end) t->part(t->call, first, end);
}

void nn_dnn_parallel(int64_t n_items, nn_dnn_part *part, const void *call) {
    team t = {n_items, part, call};
    const int64_t threads = omp_get_max_threads();
    if (threads < 2 || n_items < 2)
        part(call, 0, n_items);
    else
        GOMP_parallel(member, &t, (unsigned)(threads < n_items ? threads : n_items), 0);
}

/* ---- waiting --------------------------------------------------------------------------- */

/* A thread of libgomp that waits for the others spins for milliseconds at every layer, and where another program
 * has their cores a run takes many times what one thread would. Only OMP_WAIT_POLICY, read when libgomp is loaded,
 * says so from outside. But libgomp itself hardly spins once it has more threads than there are cores: so a team
 * beside the working one is kept, asleep. */
struct nn_dnn_bystanders {
    pith_alloc alloc;
    pthread_t thread; /* has the team */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned n_threads;
    bool are_there, may_leave;
};

static void stand_by(void *unused) { (void)unused; }

static void *bystanders_main(void *user) {
    nn_dnn_bystanders *b = user;
    GOMP_parallel(stand_by, NULL, b->n_threads, 0);
    pthread_mutex_lock(&b->lock);
    b->are_there = true;
    pthread_cond_signal(&b->changed);
    while (!b->may_leave) pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

nn_dnn_bystanders *nn_dnn_bystanders_new(const pith_alloc *alloc, int threads) {
    const int cores = omp_get_num_procs(), working = threads > 0 ? threads : cores;
    if (working < 2 || working > cores) return NULL;
    nn_dnn_bystanders *b = mem_alloc(alloc, 1, sizeof *b);
    if (!b) return NULL;
    b->alloc = *alloc;
    b->n_threads = (unsigned)(cores - working) + 2; /* its first is none of libgomp's own */
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    if (pthread_create(&b->thread, NULL, bystanders_main, b) != 0) {
        pthread_cond_destroy(&b->changed);
        pthread_mutex_destroy(&b->lock);
        mem_free(alloc, b);
        return NULL;
    }
    pthread_mutex_lock(&b->lock);
    while (!b->are_there) pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
    return b;
}

void nn_dnn_bystanders_free(nn_dnn_bystanders **bystanders) {
    nn_dnn_bystanders *b = *bystanders;
    *bystanders = NULL;
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    b->may_leave = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    const pith_alloc alloc = b->alloc;
    mem_free(&alloc, b);
}
