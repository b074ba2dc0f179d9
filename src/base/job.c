/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "base/job.h"

#include <math.h>
#include <time.h>

#define LOOK_SECONDS 0.02

double job_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void job_start(job *j, const pith_env *env) {
    const double limit = env->max_seconds > 0 ? env->max_seconds : INFINITY;
    *j = (job){.callers = env->progress, .limit = limit, .stage = ""};
    j->is_watched = env->progress.report || limit < INFINITY;
    if (j->is_watched) j->end = job_seconds() + limit;
}

pith_status job_report(job *j, const char *stage, double done, pith_diag *diag) {
    if (!j) return PITH_OK;
    j->stage = stage;
    if (done > j->done) j->done = done;
    if (!j->is_watched) return PITH_OK;
    const bool stops = j->callers.report && j->callers.report(j->callers.user, stage, j->done) != 0;
    j->reported = job_seconds();
    j->is_late = j->reported > j->end;
    return stops || j->is_late ? diag_set(diag, PITH_E_ABORTED, "stopped") : PITH_OK;
}

pith_status job_look(job *j, pith_diag *diag) {
    if (!j || !j->is_watched || job_seconds() - j->reported < LOOK_SECONDS) return PITH_OK;
    return job_report(j, j->stage, j->done, diag);
}

static bool job_stops(void *user) {
    pith_diag unused = {0};
    return job_look(user, &unused) != PITH_OK;
}

watch job_watch(job *j) { return j && j->is_watched ? (watch){job_stops, j} : (watch){0}; }

pith_status job_end(const job *j, pith_status status, pith_diag *diag) {
    if (status != PITH_E_ABORTED) return status;
    diag_clear(diag);
    if (!j->is_late) return diag_set(diag, PITH_E_ABORTED, "stopped");
    return diag_set(diag, PITH_E_LIMIT, "took longer than the limit of %g second%s", j->limit,
                    j->limit == 1 ? "" : "s");
}
