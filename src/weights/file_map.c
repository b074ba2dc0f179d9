/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Maps a weights file. If another process truncates the file while it is mapped, access raises SIGBUS. The library
 * does not guard against this, since it installs no signal handlers; the command does. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise; the POSIX call does not drop pages in glibc */
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weights/tensor_table_private.h"

static pith_status check_kind(const struct stat *st, uint64_t max_bytes, pith_diag *diag) {
    if (S_ISDIR(st->st_mode)) return diag_set(diag, PITH_E_IO, "is a folder, not a weights file");
    if (!S_ISREG(st->st_mode)) return diag_set(diag, PITH_E_IO, "is not a regular file");
    if (st->st_size <= 0) return diag_set(diag, PITH_E_TRUNCATED, "is empty");
    uint64_t n_bytes = (uint64_t)st->st_size;
    if (n_bytes > max_bytes)
        return diag_set(diag, PITH_E_LIMIT, "has %" PRIu64 " bytes, the limit of a weights file is %" PRIu64, n_bytes,
                        max_bytes);
    if (n_bytes > SIZE_MAX) return diag_set(diag, PITH_E_LIMIT, "has %" PRIu64 " bytes, too many to map", n_bytes);
    return PITH_OK;
}

pith_status file_map_open(file_map *map, const char *path, uint64_t max_bytes, pith_diag *diag) {
    *map = (file_map){0};
    pith_status status = PITH_OK;
    struct stat st;
    /* O_NONBLOCK: opening a FIFO must not wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) != 0) {
        status = diag_set(diag, PITH_E_IO, "cannot be opened: %s", strerror(errno));
        goto cleanup;
    }
    PITH_TRY(check_kind(&st, max_bytes, diag));
    size_t n_bytes = (size_t)st.st_size;
    void *data = mmap(NULL, n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        status = diag_set(diag, PITH_E_IO, "cannot be mapped: %s", strerror(errno));
        goto cleanup;
    }
    *map = (file_map){.data = data, .n_bytes = n_bytes, .device = (uint64_t)st.st_dev, .inode = (uint64_t)st.st_ino};

cleanup:
    if (fd >= 0) close(fd);
    return status;
}

void file_map_close(file_map *map) {
    if (map->data && !map->is_borrowed) munmap((void *)(uintptr_t)map->data, map->n_bytes);
    *map = (file_map){0};
}

void file_map_drop_pages(const file_map *map) {
    /* Only a hint; if it is ignored, the pages stay in memory. */
    if (map->data && !map->is_borrowed) (void)madvise((void *)(uintptr_t)map->data, map->n_bytes, MADV_DONTNEED);
}
