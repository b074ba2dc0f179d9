/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How the tools report what went wrong: in the same pith_diag that the library fills. */
#ifndef PITH_TOOLS_MESSAGES_TOOL_FAIL_H
#define PITH_TOOLS_MESSAGES_TOOL_FAIL_H

#include <pith/pith.h>

/* Records a fault unless `why` (may be NULL) has one already; returns `status`,
 * so that a failing function can end with `return tool_fail(...)`. The message,
 * which may quote a file, is made harmless. */
pith_status tool_fail(pith_diag *why, pith_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: "WHAT_FAILED: what errno says". */
pith_status tool_fail_errno(pith_diag *why, pith_status status, const char *what_failed);

#endif
