/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE */
#endif

#include "files/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files/interrupt.h"
#include "messages/tool_fail.h"

#define MAX_LINKS 40 /* as many as Linux follows */

struct output_file {
    output_rules rules;
    FILE *stream;
    char *target;    /* NULL: written straight to its place (stdout, a device) */
    char *temporary; /* in the target's folder; NULL: the file has no name */
    int slot;        /* of the temporary name; -1: none */
};

/* ---- what may be replaced ------------------------------------------------------------- */

static pith_status check_regular(const char *path, const struct stat *facts, const output_rules *rules,
                                 pith_diag *why) {
    const file_kind named = file_kind_of_name(path), found = file_kind_of_content(path);
    const char *what = file_kind_text(rules->kind);
    if (rules->only_new) return tool_fail(why, PITH_E_IO, "is there already; name an OUT, or --force replaces it");
    if (found != rules->kind && found != FILE_EMPTY)
        return tool_fail(why, PITH_E_IO, "is %s, and %s would replace it; --force does", file_kind_text(found), what);
    if (named != rules->kind && named != FILE_UNKNOWN && !rules->any_name)
        return tool_fail(why, PITH_E_IO, "is called like %s, and %s would replace it; --force does",
                         file_kind_text(named), what);
    /* A mode without any w is deliberate, also when root, whom access() lets write, runs this. */
    if ((facts->st_mode & 0222) == 0) return tool_fail(why, PITH_E_IO, "is read-only; --force replaces it");
    return access(path, W_OK) == 0 ? PITH_OK : tool_fail_errno(why, PITH_E_IO, "cannot write");
}

static pith_status check_terminal(int handle, const output_rules *rules, pith_diag *why) {
    if (rules->force || rules->kind == FILE_HTML || !isatty(handle)) return PITH_OK;
    return tool_fail(why, PITH_E_ARG, "is a terminal, where %s is of no use; name an OUT, or --force",
                     file_kind_text(rules->kind));
}

pith_status output_check(const char *path, const output_rules *rules, pith_diag *why) {
    struct stat facts;
    if (path[0] == '\0') return tool_fail(why, PITH_E_IO, "cannot write: the name is empty");
    if (strcmp(path, "-") == 0) return check_terminal(STDOUT_FILENO, rules, why);
    if (stat(path, &facts) == 0) {
        if (S_ISDIR(facts.st_mode)) return tool_fail(why, PITH_E_IO, "cannot write: is a folder");
        if (S_ISBLK(facts.st_mode) && !rules->force)
            return tool_fail(why, PITH_E_IO, "is a disk; --force writes over it");
        return S_ISREG(facts.st_mode) && !rules->force ? check_regular(path, &facts, rules, why) : PITH_OK;
    }
    const file_kind named = file_kind_of_name(path);
    if (named == rules->kind || named == FILE_UNKNOWN || rules->any_name || rules->force) return PITH_OK;
    return tool_fail(why, PITH_E_ARG, "is a name for %s, and %s is written; --force does it", file_kind_text(named),
                     file_kind_text(rules->kind));
}

/* ---- files without a name, and with one for the time being ---------------------------------- */

/* The folder of a path, with its slash; "" for the one we are in. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static int link_nameless(int handle, const char *name) {
    char own[48];
    snprintf(own, sizeof own, "/proc/self/fd/%d", handle);
    return linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* Returns -1 where there are no such files, or where one could not be given a name later. */
static int open_nameless(const char *target, mode_t mode) {
#ifdef O_TMPFILE
    char folder[PATH_MAX], own[48];
    const size_t n = folder_length(target);
    struct stat facts;
    if (n >= sizeof folder) return -1;
    memcpy(folder, n ? target : ".", n ? n : 1);
    folder[n ? n : 1] = '\0';
    const int handle = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (handle < 0) return -1;
    snprintf(own, sizeof own, "/proc/self/fd/%d", handle);
    if (stat(own, &facts) == 0) return handle;
    close(handle);
#else
    (void)target;
    (void)mode;
#endif
    return -1;
}

/* Gives the file an unused name in the target's folder; short, so that it fits wherever the target's does. `nameless` <
 * 0: creates it. Returns a handle or 0, or -1 with errno. */
static int name_beside(output_file *f, int nameless, mode_t mode) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    const size_t n_folder = folder_length(f->target);
    char name[PATH_MAX];
    if (n_folder + sizeof ".pith-12345678" > sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, f->target, n_folder);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_nsec * 2654435761u ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 32;
    seed += (uint64_t)(uintptr_t)f * 0x9e3779b97f4a7c15u; /* two threads at one time */
    for (int attempt = 0; attempt < 100; attempt++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        memcpy(name + n_folder, ".pith-", 6);
        for (unsigned i = 0; i < 8; i++) name[n_folder + 6 + i] = letters[seed >> (24 + 5 * i) & 31];
        name[n_folder + 14] = '\0';
        /* Remembered before it exists: a signal that removes what is not there does no harm. */
        f->slot = interrupt_remember(name);
        if (f->slot < 0) return -1;
        const int made =
            nameless < 0 ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) : link_nameless(nameless, name);
        if (made >= 0) {
            f->temporary = strdup(name);
            if (f->temporary) return made;
            unlink(name);
            if (nameless < 0) close(made);
            errno = ENOMEM;
        }
        interrupt_forget(f->slot);
        f->slot = -1;
        if (errno != EEXIST) break;
    }
    return -1;
}

/* ---- opening ----------------------------------------------------------------------------- */

char *output_follow_links(const char *path) {
    char *at = strdup(path), to[PATH_MAX];
    struct stat facts;
    for (int n_links = 0; at && lstat(at, &facts) == 0 && S_ISLNK(facts.st_mode); n_links++) {
        const ssize_t n = n_links < MAX_LINKS ? readlink(at, to, sizeof to) : -1;
        const size_t n_folder = n > 0 && to[0] != '/' ? folder_length(at) : 0;
        char *next = n > 0 && (size_t)n < sizeof to ? malloc(n_folder + (size_t)n + 1) : NULL;
        if (next) {
            memcpy(next, at, n_folder);
            memcpy(next + n_folder, to, (size_t)n);
            next[n_folder + (size_t)n] = '\0';
        } else if (n_links == MAX_LINKS) {
            errno = ELOOP;
        }
        free(at);
        at = next;
    }
    return at;
}

/* The handle that /dev/stdout and the like stand for; -1: the path is another. If it were opened again, a file behind
 * it would be written from the beginning. */
static int handle_called(const char *path) {
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0) return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0) return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const size_t n = strlen(folders[i]);
        if (strncmp(path, folders[i], n) != 0) continue;
        const size_t n_digits = strspn(path + n, "0123456789");
        if (n_digits > 0 && n_digits < 6 && path[n + n_digits] == '\0') return (int)strtol(path + n, NULL, 10);
    }
    return -1;
}

bool output_is_handle(const char *path) { return handle_called(path) >= 0; }

/* A device or a pipe is not replaced. */
static int open_in_place(const char *path, const output_rules *rules, pith_diag *why) {
    const int called = handle_called(path);
    const int handle = called >= 0 ? fcntl(called, F_DUPFD_CLOEXEC, 3) : open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (handle < 0) {
        tool_fail_errno(why, PITH_E_IO, "cannot write");
    } else if (check_terminal(handle, rules, why) != PITH_OK) {
        close(handle);
        return -1;
    }
    return handle;
}

static int open_whole(output_file *f, const char *path, pith_diag *why) {
    struct stat facts;
    f->target = output_follow_links(path);
    if (f->target && output_check(f->target, &f->rules, why) != PITH_OK) return -1;
    /* Only we may read it until it has the mode of the file it replaces. */
    const mode_t mode = f->target && stat(f->target, &facts) == 0 ? 0600 : 0666;
    int handle = f->target ? open_nameless(f->target, mode) : -1;
    if (f->target && handle < 0) handle = name_beside(f, -1, mode);
    if (handle < 0) tool_fail_errno(why, PITH_E_IO, "cannot write");
    return handle;
}

static pith_status open_target(output_file *f, const char *path, pith_diag *why) {
    struct stat facts;
    const bool in_place = handle_called(path) >= 0 || (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode));
    const int handle = in_place ? open_in_place(path, &f->rules, why) : open_whole(f, path, why);
    if (handle < 0) return why && why->status != PITH_OK ? why->status : PITH_E_IO;
    f->stream = fdopen(handle, "wb");
    if (f->stream) return PITH_OK;
    close(handle);
    return tool_fail(why, PITH_E_NOMEM, "out of memory");
}

pith_status output_open(output_file **out, const char *path, const output_rules *rules, pith_diag *why) {
    *out = NULL;
    interrupt_catch();
    output_file *f = calloc(1, sizeof *f);
    if (!f) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    f->slot = -1;
    f->rules = *rules;
    pith_status status = handle_called(path) >= 0 ? PITH_OK : output_check(path, rules, why);
    if (status == PITH_OK && strcmp(path, "-") == 0)
        f->stream = stdout;
    else if (status == PITH_OK)
        status = open_target(f, path, why);
    if (status != PITH_OK) output_close(&f);
    *out = f;
    return status;
}

FILE *output_stream(output_file *file) { return file->stream; }

/* ---- ending -------------------------------------------------------------------------------- */

/* The new file gets the mode and owner of the one it replaces. */
static bool take_over_facts(int handle, const char *target) {
    struct stat old, own;
    if (stat(target, &old) != 0) return true;
    mode_t mode = old.st_mode & 0777;
    if (fstat(handle, &own) != 0) return false;
    if ((own.st_uid != old.st_uid || own.st_gid != old.st_gid) && fchown(handle, old.st_uid, old.st_gid) != 0 &&
        fchown(handle, (uid_t)-1, old.st_gid) != 0 && own.st_gid != old.st_gid)
        mode &= ~(mode_t)070; /* the rights of one group are not for another */
    return fchmod(handle, mode) == 0;
}

/* True when the file is where it should be. */
static bool give_name(output_file *f) {
    const int handle = fileno(f->stream);
    if (!f->temporary) {
        if (link_nameless(handle, f->target) == 0) return true;
        if (errno != EEXIST || (f->rules.only_new && !f->rules.force) || name_beside(f, handle, 0) < 0) return false;
    }
    return rename(f->temporary, f->target) == 0;
}

static void forget_temporary(output_file *f) {
    interrupt_forget(f->slot);
    f->slot = -1;
    free(f->temporary);
    f->temporary = NULL;
}

pith_status output_commit(output_file *f, pith_diag *why) {
    bool good = fflush(f->stream) == 0 && !ferror(f->stream);
    if (f->target) good = good && fsync(fileno(f->stream)) == 0; /* errors that a disk reports late */
    if (good && f->target) {
        /* Something may have been put there in the meantime. */
        if (output_check(f->target, &f->rules, why) != PITH_OK) return why ? why->status : PITH_E_IO;
        good = take_over_facts(fileno(f->stream), f->target) && give_name(f);
        if (good) forget_temporary(f);
    }
    if (!good) tool_fail_errno(why, PITH_E_IO, "cannot write");
    if (f->stream != stdout) {
        const bool closed = fclose(f->stream) == 0;
        if (good && !closed && !f->target) tool_fail_errno(why, PITH_E_IO, "cannot write");
        good = good && (closed || f->target);
        f->stream = NULL;
    }
    return good ? PITH_OK : PITH_E_IO;
}

void output_close(output_file **file) {
    output_file *f = *file;
    *file = NULL;
    if (!f) return;
    if (f->stream && f->stream != stdout) fclose(f->stream);
    if (f->temporary) unlink(f->temporary);
    forget_temporary(f);
    free(f->target);
    free(f);
}
