/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that appears under its name only when it is complete, and replaces nothing but an older file of its kind.
 * Until then it has no name (O_TMPFILE) or, on file systems without such files, a name in the same folder that begins
 * with ".pith-"; it is removed on failure and on signals. "-" is standard output; devices and pipes are written to as
 * they are. */
#ifndef PITH_TOOLS_FILES_OUTPUT_FILE_H
#define PITH_TOOLS_FILES_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include <pith/pith.h>

#include "imageio/file_kind.h"

typedef struct output_file output_file;

/* What may be written over. */
typedef struct output_rules {
    file_kind kind; /* of what is written */
    bool force;     /* anything may, even read-only files; and binary data may go to a terminal */
    bool any_name;  /* the name need not end like the kind */
    bool only_new;  /* nothing may, since the user did not type the name */
} output_rules;

/* Whether output_open would open it, judging by its name and by what is there. PITH_E_ARG: a wrong name, or a terminal;
 * PITH_E_IO: what is there must not be replaced. */
pith_status output_check(const char *path, const output_rules *rules, pith_diag *why) PITH_MUST_CHECK;

pith_status output_open(output_file **out, const char *path, const output_rules *rules, pith_diag *why) PITH_MUST_CHECK;
FILE *output_stream(output_file *file);
/* Flushes the file, waits for the disk's errors, and gives it its name. A link keeps its target; the mode and, where
 * that is allowed, the owner of a replaced file stay. On failure nothing is left. */
pith_status output_commit(output_file *file, pith_diag *why) PITH_MUST_CHECK;
/* Without a commit before it, nothing is written. */
void output_close(output_file **file);

/* Whether it is /dev/stdout or the like, which is open already. */
bool output_is_handle(const char *path);

/* Where the links that begin at `path` end, whether or not that exists; freed with free(). NULL with errno. */
char *output_follow_links(const char *path);

#endif
