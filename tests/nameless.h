/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* File systems without files that have no name, as this process sees them. */
#ifndef PITH_TESTS_NAMELESS_H
#define PITH_TESTS_NAMELESS_H

#include <stdbool.h>

/* Whether the folder's file system has them. */
bool has_nameless_files(const char *folder);
/* From now on and for good the process gets EOPNOTSUPP where it asks for one: for a child. False: that is not
 * allowed here. */
bool forbid_nameless_files(const char *folder);

#endif
