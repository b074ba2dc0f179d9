/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* For compare/rival_codecs.c: other programs are not started on Windows, so that none of the rivals is found to work.
 */
#ifndef PITH_WINDOWS_SPAWN_H
#define PITH_WINDOWS_SPAWN_H
#include <sys/types.h>
typedef int posix_spawn_file_actions_t;
int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions); /* fails */
int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t *actions);
int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int handle, const char *path, int flags,
                                     unsigned mode);
int posix_spawnp(pid_t *child, const char *program, const posix_spawn_file_actions_t *actions, const void *attributes,
                 char *const words[], char *const environment[]);
#endif
