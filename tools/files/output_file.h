/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that appears under its name only when it is whole, and takes the place
 * of nothing but an older file of its kind. Until it is whole it has no name
 * (O_TMPFILE) or, where a file system has no such files, one that begins with
 * ".pith-" in the same folder and is removed on failure and on signals. "-" is
 * standard output; devices and pipes are written to as they are. */
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
    bool force;     /* anything may, read-only files too; and binary data go to a terminal */
    bool any_name;  /* the name need not end like the kind */
    bool only_new;  /* nothing may: the user did not type the name */
} output_rules;

/* Whether output_open would open it, as far as its name and what is there tell.
 * PITH_E_ARG: the name or a terminal is wrong; PITH_E_IO: it must not be replaced. */
pith_status output_check(const char *path, const output_rules *rules, pith_diag *why) PITH_MUST_CHECK;

pith_status output_open(output_file **out, const char *path, const output_rules *rules, pith_diag *why) PITH_MUST_CHECK;
FILE *output_stream(output_file *file);
/* Flush, sync to the disk's error, give it its name; a link keeps pointing where it
 * does, and the mode and, where that is allowed, the owner of a replaced file stay.
 * On failure nothing is left. */
pith_status output_commit(output_file *file, pith_diag *why) PITH_MUST_CHECK;
/* Without a commit before it: nothing was written. */
void output_close(output_file **file);

/* /dev/stdout and the like: what is open already, whatever it is. */
bool output_is_handle(const char *path);

/* Where the links that begin at `path` end, there or not yet; freed with free(). NULL with errno. */
char *output_follow_links(const char *path);

#endif
