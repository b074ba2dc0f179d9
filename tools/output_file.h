/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that appears under its name only when it is whole: written to a
 * temporary name in the same folder, flushed, then renamed; removed on any
 * failure, SIGINT and SIGTERM included. "-" is standard output. */
#ifndef PITH_TOOLS_OUTPUT_FILE_H
#define PITH_TOOLS_OUTPUT_FILE_H

#include <stdio.h>

#include <pith/pith.h>

typedef struct output_file output_file;

pith_status output_open(output_file **out, const char *path, pith_diag *why) PITH_MUST_CHECK;
FILE *output_stream(output_file *file);
/* Flush, sync to the disk's error, rename. On failure nothing is left. */
pith_status output_commit(output_file *file, pith_diag *why) PITH_MUST_CHECK;
/* Without a commit before it: removes the temporary file. */
void output_close(output_file **file);

#endif
