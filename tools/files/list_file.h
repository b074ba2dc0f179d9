/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files that name files: a line each, IN, or IN, a tab and OUT. */
#ifndef PITH_TOOLS_FILES_LIST_FILE_H
#define PITH_TOOLS_FILES_LIST_FILE_H

#include "cli/cli.h"

/* `out` is NULL where the line has none. Returns false to end the reading. */
typedef bool list_file_fn(void *user, const char *in, const char *out);

/* Reads all lines of a file ("-": standard input), which end with a newline (a carriage return before it is dropped),
 * or with `null_ended` with a zero byte, and then are an IN alone. Empty lines are skipped. Says what is wrong with the
 * file. */
cli_exit list_file_read(const char *path, bool null_ended, list_file_fn *line, void *user);

/* Part of a list, by the names in it alone: the same wherever a name stands in the list, and on every machine. Each
 * name is in exactly one of `count` parts. */
uint64_t list_file_part(const char *in, uint64_t count);

#endif
