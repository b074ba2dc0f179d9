/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Many files in one run, several at a time: one that fails does not stop the
 * others. */
#ifndef PITH_TOOLS_FILES_BATCH_H
#define PITH_TOOLS_FILES_BATCH_H

#include "files/operands.h"

typedef struct batch_options {
    operand_options names;
    int jobs;              /* files at a time; 0: as many as there are cores */
    bool resume;           /* what is finished is left as it is */
    bool json;             /* a line of JSON for each file, on standard output */
    const char *errors_to; /* a file for the names of what failed; NULL: none */
} batch_options;

/* What is known of a file that was coded. */
typedef struct batch_result {
    uint32_t width, height; /* of the picture; 0: unknown */
} batch_result;

#define BATCH_MAX_JOBS 64

/* For a subcommand's table. */
#define BATCH_OPTIONS                                                                                                  \
    {'o', "output", "OUT", "the file to write, or the folder for many files, which is created if need be"},            \
        {'r', "recursive", NULL, "take all files in a folder and below it; -o keeps the tree"},                        \
        {CLI_KEEP_EXTENSION, "keep-extension", NULL, "name outputs photo.jpg.pith, not photo.pith"},                   \
        {CLI_FORCE, "force", NULL, "replace whatever is there, and write to a terminal"},                              \
        {CLI_JOBS, "jobs", "N", "work on N files at a time (default: one per core)"},                                  \
        {CLI_RESUME, "resume", NULL, "skip files whose output is finished and newer than the input"},                  \
        {CLI_FILES_FROM, "files-from", "FILE", "take the INs from FILE, a line each: IN, or IN, a tab and OUT"},       \
        {'0', "null", NULL, "names in FILE end with a zero byte"},                                                     \
        {CLI_KEEP_TREE, "keep-tree", "ROOT", "with -o: keep the folders of the INs below ROOT"},                       \
        {CLI_SLICE, "slice", "I/N", "only the I-th of N parts (from 0); auto, auto/N: as the job array says"},         \
        {CLI_ERRORS_TO, "errors-to", "FILE", "write what failed into FILE, for --files-from"}, {                       \
        CLI_JSON, "json", NULL, "print a line of JSON for each file"                                                   \
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
    cli_exit (*run)(void *user, const operand *item, batch_result *result);
    /* Whether OUT, which is known to be newer than IN, is whole. NULL: it is. */
    bool (*is_whole)(void *user, const char *out);
    void *user;
} batch;

/* Runs all items. After a SIGTERM it begins no other and returns CLI_TERMINATED. For many files it makes the folders
 * for the outputs, says how many were done, failed and left out, and unless `setup` has a number of threads, shares the
 * cores among the files that are coded at the same time. Returns the highest status. */
cli_exit batch_run(const batch *b, cli_setup *setup);

#endif
