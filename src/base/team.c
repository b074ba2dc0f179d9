/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define MOST_WORKERS 64

typedef struct member {
    team *team;
    int worker;
} member;

struct team {
    pith_alloc alloc;
    int size;
    pthread_mutex_t used; /* by the thread whose work it is */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t called, left;
    bool is_open, may_leave; /* is_open: there is work that a member may join */
    bool cannot_start;
    uint64_t n_calls;
    int n_started, n_inside;
    team_work *work;
    void *user;
    int64_t n_items;
    atomic_int_fast64_t next;
    member members[MOST_WORKERS];
    pthread_t threads[MOST_WORKERS];
};

team *team_new(const pith_alloc *alloc, int threads) {
    const long cores = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    team *t = mem_alloc(alloc, 1, sizeof *t);
    if (!t) return NULL;
    if (alloc) t->alloc = *alloc;
    t->size = cores < 1 ? 1 : cores > MOST_WORKERS ? MOST_WORKERS : (int)cores;
    pthread_mutex_init(&t->used, NULL);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->called, NULL);
    pthread_cond_init(&t->left, NULL);
    return t;
}

int team_size(const team *t) { return t->size; }

static void take_items(team *t, int worker) {
    for (;;) {
        const int64_t item = atomic_fetch_add(&t->next, 1);
        if (item >= t->n_items) return;
        t->work(t->user, item, worker);
    }
}

/* Who wakes late finds the work closed, and nobody waits for him. */
static void *member_main(void *user) {
    const member *m = user;
    team *t = m->team;
    uint64_t seen = 0;
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->may_leave && (!t->is_open || t->n_calls == seen)) pthread_cond_wait(&t->called, &t->lock);
        if (t->may_leave) break;
        seen = t->n_calls;
        t->n_inside++;
        pthread_mutex_unlock(&t->lock);
        take_items(t, m->worker);
        pthread_mutex_lock(&t->lock);
        if (--t->n_inside == 0) pthread_cond_signal(&t->left);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* Under the lock. What cannot be started is done without. */
static void start_members(team *t, int n_wanted) {
    while (t->n_started < n_wanted && !t->cannot_start) {
        const int i = t->n_started;
        t->members[i] = (member){t, i + 1};
        t->cannot_start = pthread_create(&t->threads[i], NULL, member_main, &t->members[i]) != 0;
        if (!t->cannot_start) t->n_started++;
    }
}

void team_run(team *t, int64_t n_items, team_work *work, void *user) {
    if (t->size < 2 || n_items < 2 || pthread_mutex_trylock(&t->used) != 0) {
        for (int64_t i = 0; i < n_items; i++) work(user, i, 0);
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->work = work;
    t->user = user;
    t->n_items = n_items;
    atomic_store(&t->next, 0);
    t->n_calls++;
    t->is_open = true;
    start_members(t, t->size - 1);
    pthread_cond_broadcast(&t->called);
    pthread_mutex_unlock(&t->lock);
    take_items(t, 0);
    pthread_mutex_lock(&t->lock);
    t->is_open = false;
    while (t->n_inside > 0) pthread_cond_wait(&t->left, &t->lock);
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_unlock(&t->used);
}

void team_free(team **team_) {
    if (!team_ || !*team_) return;
    team *t = *team_;
    *team_ = NULL;
    pthread_mutex_lock(&t->lock);
    t->may_leave = true;
    pthread_cond_broadcast(&t->called);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < t->n_started; i++) pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->left);
    pthread_cond_destroy(&t->called);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->used);
    const pith_alloc alloc = t->alloc;
    mem_free(&alloc, t);
}
