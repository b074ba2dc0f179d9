/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "messages/standard_error.h"

#define FIRST_SECONDS 1.0 /* shorter work shows nothing */
#define EVERY_SECONDS 0.1
#define BAR_CELLS 30

static int report(void *user, const char *stage, double done) {
    progress *p = user;
    double now = cli_seconds();
    if (done >= 1 && !p->shown) return 0; /* too short for a bar */
    if (now - p->start_seconds < FIRST_SECONDS || now - p->shown_seconds < EVERY_SECONDS) return 0;
    char bar[BAR_CELLS + 1];
    for (int i = 0; i < BAR_CELLS; i++) bar[i] = i < done * BAR_CELLS ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    char line[BAR_CELLS + 64];
    snprintf(line, sizeof line, "\r[%s] %3.0f%% %-22.22s", bar, 100 * done, stage);
    standard_error_write(line);
    p->shown_seconds = now;
    p->shown = true;
    return 0;
}

void progress_start(progress *p, pith_env *env) {
    *p = (progress){.start_seconds = cli_seconds()};
    if (cli_is_quiet() || !isatty(STDERR_FILENO)) return;
    env->progress.report = report;
    env->progress.user = p;
}

void progress_end(progress *p) {
    char line[BAR_CELLS + 64];
    snprintf(line, sizeof line, "\r%*s\r", BAR_CELLS + 30, "");
    if (p->shown) standard_error_write(line);
    p->shown = false;
}
