/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Status plumbing inside the library: the first fault wins and carries place
 * and values. Depends on the public header only. */
#ifndef PITH_BASE_STATUS_H
#define PITH_BASE_STATUS_H

#include <pith/pith.h>

/* Inside PITH_TRY's function a `pith_status` named `status` and a label
 * `cleanup` must be in scope; one cleanup per function. */
#define PITH_TRY(expr)                                                                                                 \
    do {                                                                                                               \
        status = (expr);                                                                                               \
        if (status != PITH_OK) goto cleanup;                                                                           \
    } while (0)

/* Records a fault unless one is recorded already, and returns `status`, so
 * that a failing function can end with `return diag_set(...)`. `diag` may be
 * NULL. Control characters in the formatted text (they may come from a file)
 * are replaced by '?', so that a message is always one printable line. */
pith_status diag_set(pith_diag *diag, pith_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Forgets what was recorded. */
void diag_clear(pith_diag *diag);

#endif
