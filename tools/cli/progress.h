/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A bar on standard error for work of more than a second; nothing when that is
 * not a terminal. */
#ifndef PITH_TOOLS_CLI_PROGRESS_H
#define PITH_TOOLS_CLI_PROGRESS_H

#include <stdbool.h>

#include <pith/pith.h>

typedef struct progress {
    double start_seconds, shown_seconds;
    bool shown;
} progress;

/* Hooks the bar into `env`; `p` must live as long as what is made with it. */
void progress_start(progress *p, pith_env *env);
/* Wipes the bar; to be called before any other line goes to standard error. */
void progress_end(progress *p);

#endif
