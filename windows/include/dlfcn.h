/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* For networks/model_default.c: which file a symbol is in. */
#ifndef PITH_WINDOWS_DLFCN_H
#define PITH_WINDOWS_DLFCN_H
typedef struct Dl_info {
    const char *dli_fname;
} Dl_info;
int dladdr(const void *address, Dl_info *info); /* 0: not known */
#endif
