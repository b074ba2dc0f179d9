/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Threads that share the items of a piece of work, and sleep between two pieces: they take nothing from other
 * programs while there is nothing to do. */
#ifndef PITH_BASE_TEAM_H
#define PITH_BASE_TEAM_H

#include "base/mem.h"

typedef struct team team;

/* One item, by one of the team's workers, 0 .. team_size - 1. */
typedef void team_work(void *user, int64_t item, int worker);

/* `threads` workers, the calling thread included; 0: one for each core. The others are started when first needed.
 * NULL when out of memory. */
team *team_new(const pith_alloc *alloc, int threads);
void team_free(team **t);
int team_size(const team *t);

/* Does items 0 .. n_items - 1 in any order and returns when all are done. A call while another thread's is going on
 * does all its items itself, as worker 0. */
void team_run(team *t, int64_t n_items, team_work *work, void *user);

#endif
