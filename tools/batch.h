/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Many files in one run, several at a time: one that fails does not stop the
 * others. */
#ifndef PITH_TOOLS_BATCH_H
#define PITH_TOOLS_BATCH_H

#include "cli.h"

typedef struct batch_options {
    const char *folder; /* -o: where the outputs go; NULL: no batch */
    int jobs;           /* files at a time; 0: as many as there are cores */
    bool resume;        /* what is finished is left as it is */
} batch_options;

#define BATCH_MAX_JOBS 64

/* For a subcommand's table. */
#define BATCH_OPTIONS                                                                                                  \
    {'o', "output", "DIR", "many files: encode or decode each IN into DIR, which is made if need be"},                 \
        {CLI_JOBS, "jobs", "N", "with -o: so many files at a time (default: one per core)"}, {                         \
        CLI_RESUME, "resume", NULL, "with -o: leave out what is finished and newer than its IN"                        \
    }

/* True when the option was one of them; `*code` is set when its value was wrong. */
bool batch_take_option(batch_options *options, const cli_command *command, int option, const char *argument,
                       cli_exit *code);
/* After the options: checks them against the number of operands. */
cli_exit batch_check(const batch_options *options, const cli_command *command, int n_operands);

typedef struct batch {
    const cli_command *command;
    batch_options options;
    char **inputs;
    size_t n_inputs;
    const char *ending; /* of an output: ".pith" */
    /* One file, from any thread; has said what went wrong. */
    cli_exit (*run)(void *user, const char *in, const char *out);
    /* OUT is whole; it is known to be newer than IN. NULL: it is. */
    bool (*is_whole)(void *user, const char *out);
    void *user;
} batch;

/* Where no number of threads was given, the files at a time share the cores. */
void batch_share_threads(const batch *b, cli_setup *setup);
/* Runs all and says how many were done, failed and left out; returns the highest
 * status. Two inputs that would become one output are refused before anything
 * is done. */
cli_exit batch_run(const batch *b);

#endif
