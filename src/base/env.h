/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the API's objects share of the caller's environment. */
#ifndef PITH_BASE_ENV_H
#define PITH_BASE_ENV_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/status.h"

/* A full copy of what the caller gave (NULL: the defaults), checked. */
pith_status env_copy(pith_env *out, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Progress, 0..1 of the whole call; PITH_E_ABORTED when the caller says stop. */
pith_status env_report(const pith_env *env, const char *stage, double done, pith_diag *diag) PITH_MUST_CHECK;

/* What is done of a call before and after a piece of its work; and when `part` (0..1) of the piece is. */
typedef struct env_span {
    double from, to;
} env_span;
static inline double env_span_at(env_span s, double part) { return s.from + (s.to - s.from) * part; }

/* What a call that was stopped gives: PITH_E_ABORTED, or PITH_E_LIMIT when its time was over. */
pith_status env_stopped(const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Stands between the library and the caller's progress: keeps to a limit of time, and what is done never gets less.
 * `env` is an object's own copy; the clock lives as long as it, and begins with each start. */
typedef struct env_clock {
    pith_progress callers;
    double end;  /* of env_seconds */
    double done; /* the most that was reported */
    bool is_late;
} env_clock;
void env_clock_start(env_clock *clock, pith_env *env);

/* Within a piece of work: asks the caller again with the words of the last report,
 * often enough to be stopped soon, seldom enough to cost nothing. */
typedef struct env_watch {
    const pith_env *env; /* borrowed; NULL: nobody is asked */
    const char *stage;
    double done, seconds; /* of the last report, and when it was */
} env_watch;
pith_status env_watch_report(env_watch *watch, const pith_env *env, const char *stage, double done, pith_diag *diag)
    PITH_MUST_CHECK;
pith_status env_look(env_watch *watch, pith_diag *diag) PITH_MUST_CHECK;

/* Width and height against the limits. */
pith_status env_check_picture(const pith_env *env, const pith_image_format *format, pith_diag *diag) PITH_MUST_CHECK;

/* Seconds of a monotonic clock. */
double env_seconds(void);

#endif
