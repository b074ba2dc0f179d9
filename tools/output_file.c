/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool_fail.h"

#define EXIT_INTERRUPTED 130

struct output_file {
    FILE *stream;
    char *target;    /* NULL: written straight to its place (stdout, a device) */
    char *temporary; /* in the target's folder; NULL once renamed or removed */
    int slot;        /* of pending; -1: none */
};

/* ---- clean-up when a signal ends the process ------------------------------------ */

/* Writable globals, since a signal handler has nothing else. A slot's name is
 * written while it is not in use, by the thread that took it. */
#define MAX_PENDING 64
static struct {
    atomic_bool taken, in_use;
    char name[PATH_MAX];
} pending[MAX_PENDING];

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
#define N_CAUGHT (sizeof caught / sizeof caught[0])

static void on_signal(int number) {
    (void)number;
    for (size_t i = 0; i < MAX_PENDING; i++)
        if (pending[i].in_use) unlink(pending[i].name);
    _exit(EXIT_INTERRUPTED);
}

static void catch_signals(void) {
    for (size_t i = 0; i < N_CAUGHT; i++) {
        struct sigaction action, before;
        if (sigaction(caught[i], NULL, &before) != 0 || before.sa_handler == SIG_IGN) continue; /* nohup */
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        sigfillset(&action.sa_mask);
        sigaction(caught[i], &action, NULL);
    }
}

/* The index of a free slot, or -1. */
static int take_slot(void) {
    for (int i = 0; i < MAX_PENDING; i++)
        if (!atomic_exchange(&pending[i].taken, true)) return i;
    return -1;
}

static void free_slot(int slot) {
    if (slot < 0) return;
    pending[slot].in_use = false;
    pending[slot].taken = false;
}

/* Creates the file of that name. A signal removes it from before it is there:
 * removing what is not there does no harm. */
static int create_pending(int slot, const char *name) {
    pending[slot].in_use = false;
    memcpy(pending[slot].name, name, strlen(name) + 1);
    pending[slot].in_use = true;
    int handle = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (handle < 0) pending[slot].in_use = false;
    return handle;
}

/* ---- the file ---------------------------------------------------------------------- */

/* A name in the same folder that nobody has; short, so that it fits wherever
 * the target's does. */
static int create_beside(output_file *f) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    const char *slash = strrchr(f->target, '/');
    size_t n_folder = slash ? (size_t)(slash - f->target) + 1 : 0;
    if (n_folder + sizeof ".pith-12345678" > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    f->slot = take_slot();
    if (f->slot < 0) {
        errno = EMFILE;
        return -1;
    }
    f->temporary = malloc(n_folder + sizeof ".pith-12345678");
    if (!f->temporary) return -1;
    memcpy(f->temporary, f->target, n_folder);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_nsec * 2654435761u ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 32;
    seed += (uint64_t)f->slot * 0x9e3779b97f4a7c15u; /* two threads at one time */
    for (int attempt = 0; attempt < 100; attempt++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        char *name = f->temporary + n_folder;
        memcpy(name, ".pith-", 6);
        for (unsigned i = 0; i < 8; i++) name[6 + i] = letters[seed >> (24 + 5 * i) & 31];
        name[14] = '\0';
        int handle = create_pending(f->slot, f->temporary);
        if (handle >= 0) return handle;
        if (errno != EEXIST) break;
    }
    free(f->temporary);
    f->temporary = NULL;
    return -1;
}

/* A link keeps pointing where it does: what it points to is replaced. */
static char *resolve(const char *path) {
    struct stat facts;
    if (lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode)) {
        char *real = realpath(path, NULL);
        if (real) return real;
    }
    return strdup(path);
}

static pith_status open_target(output_file *f, const char *path, pith_diag *why) {
    struct stat facts;
    bool exists = stat(path, &facts) == 0;
    if (path[0] == '\0') return tool_fail(why, PITH_E_IO, "cannot write: the name is empty");
    if (exists && S_ISDIR(facts.st_mode)) return tool_fail(why, PITH_E_IO, "cannot write: is a folder");
    if (exists && access(path, W_OK) != 0) return tool_fail_errno(why, PITH_E_IO, "cannot write");
    int handle;
    if (exists && !S_ISREG(facts.st_mode)) { /* a device or a pipe is not replaced */
        handle = open(path, O_WRONLY | O_CLOEXEC);
    } else {
        f->target = resolve(path);
        if (!f->target) return tool_fail(why, PITH_E_NOMEM, "out of memory");
        catch_signals();
        handle = create_beside(f);
    }
    if (handle < 0) return tool_fail_errno(why, PITH_E_IO, "cannot write");
    f->stream = fdopen(handle, "wb");
    if (f->stream) return PITH_OK;
    close(handle);
    return tool_fail(why, PITH_E_NOMEM, "out of memory");
}

pith_status output_open(output_file **out, const char *path, pith_diag *why) {
    *out = NULL;
    output_file *f = calloc(1, sizeof *f);
    if (!f) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    f->slot = -1;
    pith_status status = PITH_OK;
    if (strcmp(path, "-") == 0)
        f->stream = stdout;
    else
        status = open_target(f, path, why);
    if (status != PITH_OK) output_close(&f);
    *out = f;
    return status;
}

FILE *output_stream(output_file *file) { return file->stream; }

pith_status output_commit(output_file *f, pith_diag *why) {
    bool good = fflush(f->stream) == 0 && !ferror(f->stream);
    if (f->target) good = good && fsync(fileno(f->stream)) == 0; /* errors that a disk tells late */
    if (f->stream != stdout) {
        good = fclose(f->stream) == 0 && good;
        f->stream = NULL;
    }
    if (!good) return tool_fail_errno(why, PITH_E_IO, "cannot write");
    if (!f->target) return PITH_OK;
    if (rename(f->temporary, f->target) != 0) return tool_fail_errno(why, PITH_E_IO, "cannot write");
    free_slot(f->slot);
    f->slot = -1;
    free(f->temporary);
    f->temporary = NULL;
    return PITH_OK;
}

void output_close(output_file **file) {
    output_file *f = *file;
    *file = NULL;
    if (!f) return;
    if (f->stream && f->stream != stdout) fclose(f->stream);
    if (f->temporary) unlink(f->temporary);
    free_slot(f->slot);
    free(f->temporary);
    free(f->target);
    free(f);
}
