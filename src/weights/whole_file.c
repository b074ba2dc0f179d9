/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE */
#endif

#include "weights/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/status.h"

#define MAX_TRIES 100u
#define OWN_NAME_BYTES 48 /* for /proc/self/fd/N */

static pith_status failed(pith_diag *diag) {
    return diag_set(diag, PITH_E_IO, "cannot be written: %s", strerror(errno));
}

static void own_name(char name[OWN_NAME_BYTES], int fd) { snprintf(name, OWN_NAME_BYTES, "/proc/self/fd/%d", fd); }

/* -1 if the system has no nameless files, or cannot give them a name later. */
static int open_nameless(const char *path, const pith_alloc *alloc) {
    int fd = -1;
#ifdef O_TMPFILE
    char own[OWN_NAME_BYTES];
    struct stat facts;
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) + 1 : 0;
    char *folder = mem_alloc(alloc, n + 2, 1);
    if (!folder) return -1;
    memcpy(folder, n ? path : ".", n ? n : 1);
    folder[n ? n : 1] = '\0';
    fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    mem_free(alloc, folder);
    if (fd >= 0) own_name(own, fd);
    if (fd >= 0 && stat(own, &facts) != 0) {
        close(fd);
        fd = -1;
    }
#else
    (void)path;
    (void)alloc;
#endif
    return fd;
}

/* Creates a temporary name next to `path`, for a new file or for the open nameless one. */
static pith_status name_beside(whole_file *f, const char *path, const pith_alloc *alloc, pith_diag *diag) {
    const size_t n = strlen(path) + 40;
    char own[OWN_NAME_BYTES];
    char *name = mem_alloc(alloc, n, 1);
    if (!name) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    own_name(own, f->fd);
    for (unsigned i = 0; i < MAX_TRIES; i++) {
        snprintf(name, n, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        const int made = f->fd >= 0 ? linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW)
                                    : open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (made >= 0) {
            if (f->fd < 0) f->fd = made;
            f->temporary = name;
            return PITH_OK;
        }
        if (errno != EEXIST) break;
    }
    const pith_status status = failed(diag);
    mem_free(alloc, name);
    return status;
}

pith_status whole_file_open(whole_file *f, const char *path, const pith_alloc *alloc, pith_diag *diag) {
    *f = (whole_file){open_nameless(path, alloc), NULL};
    return f->fd >= 0 ? PITH_OK : name_beside(f, path, alloc, diag);
}

static bool take_over_facts(int fd, const char *path) {
    struct stat old, own;
    if (stat(path, &old) != 0) return true;
    mode_t mode = old.st_mode & 0777;
    if (fstat(fd, &own) != 0) return false;
    if ((own.st_uid != old.st_uid || own.st_gid != old.st_gid) && fchown(fd, old.st_uid, old.st_gid) != 0 &&
        fchown(fd, (uid_t)-1, old.st_gid) != 0 && own.st_gid != old.st_gid)
        mode &= ~(mode_t)070; /* rights of one group must not pass to another */
    return fchmod(fd, mode) == 0;
}

pith_status whole_file_commit(whole_file *f, const char *path, const pith_alloc *alloc, pith_diag *diag) {
    char own[OWN_NAME_BYTES];
    if (fsync(f->fd) != 0 || !take_over_facts(f->fd, path)) return failed(diag);
    own_name(own, f->fd);
    if (f->temporary || linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0) {
        if (!f->temporary && errno != EEXIST) return failed(diag);
        const pith_status status = f->temporary ? PITH_OK : name_beside(f, path, alloc, diag);
        if (status != PITH_OK) return status;
        if (rename(f->temporary, path) != 0) return failed(diag);
    }
    mem_free(alloc, f->temporary);
    f->temporary = NULL;
    return PITH_OK;
}

void whole_file_close(whole_file *f, const pith_alloc *alloc) {
    if (f->temporary) (void)unlink(f->temporary);
    mem_free(alloc, f->temporary);
    if (f->fd >= 0) close(f->fd);
    *f = (whole_file)WHOLE_FILE_NONE;
}
