/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* All files in a folder and in the folders below it. */
#ifndef PITH_TOOLS_FILES_FOLDER_WALK_H
#define PITH_TOOLS_FILES_FOLDER_WALK_H

#include "cli/cli.h"

/* `below` is the part of `path` after the folder that the walk began in. Returns false to end the walk. */
typedef bool folder_walk_fn(void *user, const char *path, const char *below);

/* Regular files and links to them, in alphabetical order within each folder; hidden files and folders are skipped.
 * Links to folders are not followed, and the folder `except` (NULL: none) is not entered. A folder that cannot be read
 * is reported, and the walk goes on; returns the status of the first such fault. */
cli_exit folder_walk(const char *folder, const char *except, folder_walk_fn *found, void *user);

#endif
