/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* For weights/file_map.c and base/mem.c: a file mapped read-only. */
#ifndef PITH_WINDOWS_SYS_MMAN_H
#define PITH_WINDOWS_SYS_MMAN_H
#include <stddef.h>
#include <sys/types.h>

#define PROT_READ 1
#define MAP_PRIVATE 2
#define MAP_FAILED ((void *)-1)
#define MADV_DONTNEED 4
void *mmap(void *address, size_t n_bytes, int protection, int flags, int handle, off_t at);
int munmap(void *address, size_t n_bytes);
int madvise(void *address, size_t n_bytes, int advice); /* not taken */
#endif
