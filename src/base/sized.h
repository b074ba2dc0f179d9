/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Passing the structs of pith.h that begin with their size between the caller and
 * the library. The caller may know fewer fields than the library, or more. */
#ifndef PITH_BASE_SIZED_H
#define PITH_BASE_SIZED_H

#include "base/status.h"

/* In: `own`, of `own_size` bytes, holds the defaults. They are overwritten with the fields that the caller's struct
 * has. */
pith_status sized_take(void *own, size_t own_size, const void *callers, const char *name, pith_diag *diag)
    PITH_MUST_CHECK;

/* Out: copies all fields that the caller's struct has room for. Its size stays as the caller set it. */
pith_status sized_give(void *callers, const void *own, size_t own_size, const char *name, pith_diag *diag)
    PITH_MUST_CHECK;

/* Out, for a struct whose size the caller has not set yet. */
pith_status sized_start(void *callers, size_t struct_size, const void *own, size_t own_size) PITH_MUST_CHECK;

#endif
