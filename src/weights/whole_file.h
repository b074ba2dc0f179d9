/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that appears under its name only when it is complete. Until then it has no name or, if the file system does
 * not support that, a temporary name next to its place. */
#ifndef PITH_WEIGHTS_WHOLE_FILE_H
#define PITH_WEIGHTS_WHOLE_FILE_H

#include <pith/pith.h>

typedef struct whole_file {
    int fd;          /* -1: none */
    char *temporary; /* NULL: the file has no temporary name; freed with mem_free */
} whole_file;

#define WHOLE_FILE_NONE                                                                                                \
    { -1, NULL }

/* Opens a file to be written through fd. The message of PITH_E_IO names the fault. */
pith_status whole_file_open(whole_file *file, const char *path, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Syncs the file to disk and gives it its name. If it replaces a file, it keeps that file's mode and, if permitted,
 * its owner. */
pith_status whole_file_commit(whole_file *file, const char *path, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Without a commit before it, nothing is left on disk. */
void whole_file_close(whole_file *file, const pith_alloc *alloc);

#endif
