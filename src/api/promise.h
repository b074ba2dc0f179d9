/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Checks a finished file that promises a bound, by decoding it as a reader will. */
#ifndef PITH_API_PROMISE_H
#define PITH_API_PROMISE_H

#include "api/finished_file.h"
#include "picture/kept_source.h"

typedef struct promise {
    finished_file file;
    const kept_source *original;
    float bound;
} promise;

/* PITH_E_INTERNAL if a tile's error is above the bound. `hash` is that of the picture in 8 bits; NULL: not wanted. */
pith_status promise_check(const promise *p, pith_hash *hash, pith_diag *diag) PITH_MUST_CHECK;

#endif
