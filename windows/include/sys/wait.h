/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* See spawn.h. */
#ifndef PITH_WINDOWS_SYS_WAIT_H
#define PITH_WINDOWS_SYS_WAIT_H
#include <sys/types.h>
#define WIFEXITED(status) ((void)(status), 0)
#define WEXITSTATUS(status) ((void)(status), 1)
pid_t waitpid(pid_t child, int *status, int options); /* fails */
#endif
