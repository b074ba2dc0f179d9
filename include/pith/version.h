/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The library's version, and that of its ABI: the one place where they are written. */
#ifndef PITH_VERSION_H
#define PITH_VERSION_H

#define PITH_VERSION_MAJOR 1
#define PITH_VERSION_MINOR 0
#define PITH_VERSION_PATCH 0
#define PITH_VERSION_STRING "1.0.0"

/* The number in the SONAME: one more whenever a program that was built against an earlier library would not run with
 * this one (scripts/check-abi). */
#define PITH_ABI_VERSION 1

#endif
