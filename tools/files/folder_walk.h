/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* All files in a folder and the folders in it. */
#ifndef PITH_TOOLS_FILES_FOLDER_WALK_H
#define PITH_TOOLS_FILES_FOLDER_WALK_H

#include "cli/cli.h"

/* `path` is the file's, `below` its part behind the folder that the walk began in.
 * Returns false to end it. */
typedef bool folder_walk_fn(void *user, const char *path, const char *below);

/* Regular files and links to them, by the alphabet in each folder; none whose name, or a folder's
 * on the way, begins with a point. Links to folders are not followed, and the folder `except` (NULL:
 * none) is not entered. A folder that cannot be read is told, and the walk goes on; returns the status
 * of the first. */
cli_exit folder_walk(const char *folder, const char *except, folder_walk_fn *found, void *user);

#endif
