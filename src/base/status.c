/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Names of statuses, the version, and the recording of faults. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

const char *pith_status_name(pith_status status) {
    switch (status) {
    case PITH_OK:
        return "PITH_OK";
    case PITH_E_ARG:
        return "PITH_E_ARG";
    case PITH_E_NOMEM:
        return "PITH_E_NOMEM";
    case PITH_E_IO:
        return "PITH_E_IO";
    case PITH_E_TRUNCATED:
        return "PITH_E_TRUNCATED";
    case PITH_E_FORMAT:
        return "PITH_E_FORMAT";
    case PITH_E_VERSION:
        return "PITH_E_VERSION";
    case PITH_E_UNSUPPORTED:
        return "PITH_E_UNSUPPORTED";
    case PITH_E_LIMIT:
        return "PITH_E_LIMIT";
    case PITH_E_CHECKSUM:
        return "PITH_E_CHECKSUM";
    case PITH_E_MODEL_MISSING:
        return "PITH_E_MODEL_MISSING";
    case PITH_E_MODEL_SHAPE:
        return "PITH_E_MODEL_SHAPE";
    case PITH_E_MODEL_MISMATCH:
        return "PITH_E_MODEL_MISMATCH";
    case PITH_E_BACKEND:
        return "PITH_E_BACKEND";
    case PITH_E_ABORTED:
        return "PITH_E_ABORTED";
    case PITH_E_INTERNAL:
        return "PITH_E_INTERNAL";
    case PITH_E_MODEL_VALUES:
        return "PITH_E_MODEL_VALUES";
    }
    return "PITH_E_?"; /* a number from a newer library */
}

const char *pith_version_string(void) { return PITH_VERSION_STRING; }

/* C0 controls, DEL, and the C1 controls in UTF-8 (a terminal obeys those too).
 * Other UTF-8 is kept, as names of files and tensors may contain it. */
static void make_printable(char *text) {
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == 0x7f) *p = '?';
        if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) p[0] = p[1] = '?';
    }
}

pith_status diag_set(pith_diag *diag, pith_status status, const char *format, ...) {
    if (!diag || diag->status != PITH_OK) return status;
    diag->status = status;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(diag->message, sizeof diag->message, format, args);
    va_end(args);
    if (n < 0) diag->message[0] = '\0';
    make_printable(diag->message);
    return status;
}

void diag_clear(pith_diag *diag) {
    if (!diag) return;
    diag->status = PITH_OK;
    diag->message[0] = '\0';
}
