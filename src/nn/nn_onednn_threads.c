/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Our kernels run on the same team of threads as oneDNN's, libgomp's, through
 * the entry point that gcc's own OpenMP uses: with `#pragma omp`, clang would
 * bring a second runtime (libomp) whose threads fight with the first. */
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
