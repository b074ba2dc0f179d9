/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One call of the caller's: its progress, its limit of time, and his wish to stop. */
#ifndef PITH_BASE_JOB_H
#define PITH_BASE_JOB_H

#include <stdbool.h>

#include "base/status.h"
#include "base/watch.h"

/* What is done of a call before and after a piece of its work, and when `part` (0..1) of the piece is. */
typedef struct span {
    double from, to;
} span;
static inline double span_at(span s, double part) { return s.from + (s.to - s.from) * part; }

typedef struct job {
    pith_progress callers;
    double limit, end;     /* seconds that the call may take, and when they are over */
    const char *stage;     /* of the last report; borrowed, a constant */
    double done, reported; /* what is done, which never gets less; when it was reported */
    bool is_watched, is_late;
} job;

/* The clock begins. `env` is the object's own copy. */
void job_start(job *j, const pith_env *env);

/* Progress, 0..1 of the whole call. PITH_E_ABORTED when the caller wants to stop or his time is over. A zeroed job, or
 * NULL, is nobody's. */
pith_status job_report(job *j, const char *stage, double done, pith_diag *diag) PITH_MUST_CHECK;

/* The last report again when it is long enough ago: often enough to be stopped soon, seldom enough to cost nothing. */
pith_status job_look(job *j, pith_diag *diag) PITH_MUST_CHECK;

/* The same for coders and networks, in the thread of the call alone. */
watch job_watch(job *j);

/* What the call gives that ends with `status`, and its message: PITH_E_LIMIT where its time was over. */
pith_status job_end(const job *j, pith_status status, pith_diag *diag);

/* Seconds of a monotonic clock. */
double job_seconds(void);

#endif
