/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Many files in one run, several at a time: one that fails does not stop the
 * others. */
#ifndef PITH_TOOLS_FILES_BATCH_H
#define PITH_TOOLS_FILES_BATCH_H

#include "files/operands.h"

typedef struct batch_options {
    operand_options names;
    int jobs;    /* files at a time; 0: as many as there are cores */
    bool resume; /* what is finished is left as it is */
} batch_options;

#define BATCH_MAX_JOBS 64

/* For a subcommand's table. */
#define BATCH_OPTIONS                                                                                                  \
    {'o', "output", "OUT", "the file to write, or the folder for many files, which is made if need be"},               \
        {'r', "recursive", NULL, "of a folder, all files in it and below; -o keeps its tree"},                         \
        {CLI_KEEP_EXTENSION, "keep-extension", NULL, "name outputs photo.jpg.pith, not photo.pith"},                   \
        {CLI_FORCE, "force", NULL, "replace whatever is there, and write to a terminal"},                              \
        {CLI_JOBS, "jobs", "N", "of many files so many at a time (default: one per core)"}, {                          \
        CLI_RESUME, "resume", NULL, "of many files, leave out what is finished and newer than its IN"                  \
    }

/* True when the option was one of them; `*code` is set when its value was wrong. */
bool batch_take_option(batch_options *options, const cli_command *command, int option, const char *argument,
                       cli_exit *code);
typedef struct batch {
    const cli_command *command;
    batch_options options;
    const operand_list *list;
    const operand_rules *rules;
    /* One file, from any thread; has said what went wrong. */
    cli_exit (*run)(void *user, const operand *item);
    /* OUT is whole; it is known to be newer than IN. NULL: it is. */
    bool (*is_whole)(void *user, const char *out);
    void *user;
} batch;

/* Runs all. Of many says how many were done, failed and left out, makes the folders for the outputs, and gives each
 * of the files at a time its share of the cores, where `setup` has no number of threads. Returns the highest status. */
cli_exit batch_run(const batch *b, cli_setup *setup);

#endif
