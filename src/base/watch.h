/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How coders and networks learn that they must stop: they ask every few milliseconds. */
#ifndef PITH_BASE_WATCH_H
#define PITH_BASE_WATCH_H

#include <stdbool.h>

typedef struct watch {
    bool (*stop)(void *user); /* true: end with PITH_E_ABORTED. NULL: never stop */
    void *user;
} watch;

static inline bool watch_stops(watch w) { return w.stop && w.stop(w.user); }

#endif
