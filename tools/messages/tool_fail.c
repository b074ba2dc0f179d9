/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "messages/tool_fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "messages/harmless.h"

pith_status tool_fail(pith_diag *why, pith_status status, const char *format, ...) {
    if (!why || why->status != PITH_OK) return status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->message, sizeof why->message, format, arguments);
    va_end(arguments);
    why->status = status;
    make_harmless(why->message);
    return status;
}

pith_status tool_fail_errno(pith_diag *why, pith_status status, const char *what_failed) {
    return tool_fail(why, status, "%s: %s", what_failed, strerror(errno));
}
