/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Checks a finished file that promises a bound, by decoding it as a reader will. */
#ifndef PITH_API_PROMISE_H
#define PITH_API_PROMISE_H

#include "base/job.h"
#include "base/stream.h"
#include "picture/kept_source.h"

typedef struct promise {
    const pith_env *env;
    job *job;
    pith_model *model;
    const kept_source *original;
    uint64_t memory; /* bytes that decoding may use; UINT64_MAX: no limit */
    float bound;
} promise;

/* PITH_E_INTERNAL if a tile's error is above the bound. */
pith_status promise_check(const promise *p, const byte_writer *file, pith_diag *diag) PITH_MUST_CHECK;

#endif
