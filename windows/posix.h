/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pith is written to POSIX. On Windows this header comes before every source file (cmake/windows.cmake), and declares
 * what MinGW's headers lack or do otherwise, as far as Pith uses it. No other file knows of Windows.
 * Paths are UTF-8: the manifest of the command says so to the system (windows/command/pith.manifest). */
#ifndef PITH_WINDOWS_POSIX_H
#define PITH_WINDOWS_POSIX_H

#include <direct.h>
#include <dirent.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* ---- files: opened as bytes, and such that they may be renamed and removed while they are open ---- */

#define O_CLOEXEC _O_NOINHERIT
#define O_NONBLOCK 0
#define O_NOCTTY 0
#define O_DIRECTORY 0
int windows_open(const char *path, int flags, ...);
#define open windows_open

ssize_t windows_write(int handle, const void *data, size_t n_bytes);
#define write(handle, data, n_bytes) windows_write(handle, data, n_bytes)
#ifndef NAME_MAX
#define NAME_MAX 255
#endif

typedef unsigned windows_mode;
#define mode_t windows_mode
typedef int uid_t;
typedef int gid_t;

/* With what tells files apart, and times finer than seconds. */
struct windows_stat {
    uint64_t st_dev, st_ino;
    int64_t st_size;
    struct timespec st_mtim;
    mode_t st_mode;
    uid_t st_uid;
    gid_t st_gid;
};
int windows_stat(const char *path, struct windows_stat *facts);
int windows_fstat(int handle, struct windows_stat *facts);
#undef stat
#undef fstat
#define stat windows_stat
#define fstat windows_fstat
#define lstat windows_stat
#undef S_ISLNK
#define S_ISLNK(mode) 0

int windows_rename(const char *from, const char *to); /* replaces `to` */
#define rename windows_rename
#define mkdir(path, mode) _mkdir(path)
#define fsync _commit
#define fchmod(handle, mode) ((void)(handle), (void)(mode), 0)
#define fchown(handle, user, group) ((void)(handle), (void)(user), (void)(group), 0)
ssize_t readlink(const char *path, char *to, size_t n_bytes); /* of /proc/self/exe; there are no others */
char *realpath(const char *path, char *to);
char *mkdtemp(char *path);

#define AT_FDCWD (-100)
#define AT_SYMLINK_FOLLOW 0
int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags); /* fails */
int dirfd(DIR *folder);                                                                  /* fails */
int unlinkat(int folder, const char *name, int flags);                                   /* fails */
int scandir(const char *path, struct dirent ***out, int (*wanted)(const struct dirent *),
            int (*compare)(const struct dirent **, const struct dirent **));
int alphasort(const struct dirent **a, const struct dirent **b);

#define F_GETFD 1
#define F_DUPFD_CLOEXEC 2
int fcntl(int handle, int command, ...);

/* ---- signals: those that Windows has ------------------------------------------------------------ */

#define SIGHUP 100
#define SIGPIPE 101
#define SIGBUS 102
typedef unsigned windows_sigset;
#define sigset_t windows_sigset
struct sigaction {
    void (*sa_handler)(int);
    sigset_t sa_mask;
    int sa_flags;
};
int sigaction(int number, const struct sigaction *action, struct sigaction *before);
int sigfillset(sigset_t *set);
int sigemptyset(sigset_t *set);

/* ---- text, machine ------------------------------------------------------------------------------- */

char *strsep(char **rest, const char *separators);
char *strndup(const char *text, size_t n);
#define _SC_NPROCESSORS_ONLN 1
#define _SC_PHYS_PAGES 2
#define _SC_PAGESIZE 3
long sysconf(int name);

#endif
