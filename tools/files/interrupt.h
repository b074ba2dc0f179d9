/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files and folders that are removed when a signal ends the process. */
#ifndef PITH_TOOLS_FILES_INTERRUPT_H
#define PITH_TOOLS_FILES_INTERRUPT_H

#include <stdbool.h>

#define INTERRUPT_MAX_NAMES 64

/* From now on SIGINT, SIGTERM and SIGHUP (unless the caller ignores them) end the process with status 128 + the
 * signal's number. SIGBUS, which comes when a mapped weights file was truncated, ends it with status 3 and a message.
 * Calling this again does no harm. */
void interrupt_catch(void);

/* From now on a first SIGTERM only makes interrupt_is_wanted true: what has begun is finished. A second one ends the
 * process. */
void interrupt_finish_first(void);
bool interrupt_is_wanted(void);

/* A signal also removes the file of that name, which need not exist yet, until it is forgotten. Returns a slot, or -1
 * with errno: too many names, or one that is too long. Any thread may call. */
int interrupt_remember(const char *path);
/* The same for a folder of our own and the files in it. */
int interrupt_remember_folder(const char *path);
/* A slot of -1 is ignored. */
void interrupt_forget(int slot);

#endif
