/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that appears under its name when it is whole. Until then it has no name,
 * or, where a file system has no such files, one beside its place. */
#ifndef PITH_WEIGHTS_WHOLE_FILE_H
#define PITH_WEIGHTS_WHOLE_FILE_H

#include <pith/pith.h>

typedef struct whole_file {
    int fd;          /* -1: none */
    char *temporary; /* NULL: the file has no name; freed with mem_free */
} whole_file;

#define WHOLE_FILE_NONE                                                                                                \
    { -1, NULL }

/* To be written to through fd. PITH_E_IO names the fault. */
pith_status whole_file_open(whole_file *file, const char *path, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Syncs it to the disk and gives it its name; the mode and, where that is allowed, the owner of a
 * file that it replaces stay. */
pith_status whole_file_commit(whole_file *file, const char *path, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Without a commit before it: nothing is left. */
void whole_file_close(whole_file *file, const pith_alloc *alloc);

#endif
