/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One call into the library: its progress, its time limit, and the caller's wish to stop. */
#ifndef PITH_BASE_JOB_H
#define PITH_BASE_JOB_H

#include <stdbool.h>

#include "base/status.h"
#include "base/watch.h"

/* A piece of work as a part of the whole call: progress before and after it, and when `part` (0..1) of it is done. */
typedef struct span {
    double from, to;
} span;
static inline double span_at(span s, double part) { return s.from + (s.to - s.from) * part; }

typedef struct job {
    pith_progress callers;
    double limit, end;     /* seconds that the call may take, and the time when they are over */
    const char *stage;     /* of the last report; borrowed, a constant */
    double done, reported; /* progress, which never goes back; when it was last reported */
    bool is_watched, is_late;
} job;

/* Starts the clock. */
void job_start(job *j, const pith_env *env);

/* Reports progress, 0..1 of the whole call. PITH_E_ABORTED if the caller wants to stop or the time is over. A job that
 * is zero or NULL reports to nobody. */
pith_status job_report(job *j, const char *stage, double done, pith_diag *diag) PITH_MUST_CHECK;

/* Repeats the last report if it is some time ago: often enough to stop soon, seldom enough to cost nothing. */
pith_status job_look(job *j, pith_diag *diag) PITH_MUST_CHECK;

/* The same for coders and networks. Only for the thread that made the call. */
watch job_watch(job *j);

/* The status and message of a call that ends with `status`: PITH_E_LIMIT if its time was over. */
pith_status job_end(const job *j, pith_status status, pith_diag *diag);

/* Seconds of a monotonic clock. */
double job_seconds(void);

#endif
