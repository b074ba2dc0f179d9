/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a signal that ends the process removes first. */
#ifndef PITH_TOOLS_FILES_INTERRUPT_H
#define PITH_TOOLS_FILES_INTERRUPT_H

#define INTERRUPT_MAX_NAMES 64

/* From now on SIGINT, SIGTERM and SIGHUP (unless the caller ignores them) end
 * the process with the status 128 + the signal's number, and SIGBUS, which a
 * weights file gives that became shorter while it was mapped, with 3 and a
 * line. Again does no harm. */
void interrupt_catch(void);

/* The file of that name, which need not be there yet, is removed too, until it is
 * forgotten. Returns a slot, or -1 with errno: too many, or too long a name. Any
 * thread may call. */
int interrupt_remember(const char *path);
/* The same of a folder of our own and the files in it. */
int interrupt_remember_folder(const char *path);
/* -1 is nothing. */
void interrupt_forget(int slot);

#endif
