/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Status handling inside the library. The first fault wins; its message tells the
 * place and the values. Depends on the public header only. */
#ifndef PITH_BASE_STATUS_H
#define PITH_BASE_STATUS_H

#include <pith/pith.h>

/* A function that uses PITH_TRY needs a `pith_status` named `status` and a label
 * `cleanup`; one cleanup per function. */
#define PITH_TRY(expr)                                                                                                 \
    do {                                                                                                               \
        status = (expr);                                                                                               \
        if (status != PITH_OK) goto cleanup;                                                                           \
    } while (0)

/* Records a fault unless one is already recorded. Returns `status`, so that a
 * failing function can end with `return diag_set(...)`. `diag` may be
 * NULL. Control characters in the formatted text, which may come from a file,
 * become '?', so that a message is always one printable line. */
pith_status diag_set(pith_diag *diag, pith_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Clears the recorded fault. */
void diag_clear(pith_diag *diag);

#endif
