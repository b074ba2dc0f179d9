/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How coders and networks learn that their work is to end: they ask every few milliseconds. */
#ifndef PITH_BASE_WATCH_H
#define PITH_BASE_WATCH_H

#include <stdbool.h>

typedef struct watch {
    bool (*stop)(void *user); /* true: end with PITH_E_ABORTED. NULL: nobody wants it to */
    void *user;
} watch;

static inline bool watch_stops(watch w) { return w.stop && w.stop(w.user); }

#endif
