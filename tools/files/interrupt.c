/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct dirent64 */
#endif

#include "files/interrupt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_MODEL 3 /* model missing or wrong */

/* Writable globals, since a signal handler has nothing else. A slot's name is written by the thread that took it,
 * before the slot is in use. */
static struct {
    atomic_bool taken, in_use;
    bool is_folder;
    char name[PATH_MAX];
} remembered[INTERRUPT_MAX_NAMES];

/* opendir() is not safe in a signal handler; the system call beneath it is. */
static void remove_folder(const char *path) {
    _Alignas(struct dirent64) char entries[8192];
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (long n; folder >= 0 && (n = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;)
        for (long at = 0; at < n;) {
            const struct dirent64 *entry = (const void *)(entries + at);
            unlinkat(folder, entry->d_name, 0); /* "." and ".." stay */
            at += entry->d_reclen;
        }
    rmdir(path);
}

static void remove_remembered(void) {
    for (size_t i = 0; i < INTERRUPT_MAX_NAMES; i++)
        if (remembered[i].in_use && remembered[i].is_folder)
            remove_folder(remembered[i].name);
        else if (remembered[i].in_use)
            unlink(remembered[i].name);
}

static atomic_bool finishes_first, is_wanted;

static void on_signal(int number) {
    if (number == SIGTERM && finishes_first && !atomic_exchange(&is_wanted, true)) return;
    remove_remembered();
    _exit(128 + number);
}

static void on_bus_error(int number) {
    static const char said[] = "pith: a weights file became shorter while it was read\n";
    (void)number;
    remove_remembered();
    ssize_t ignored = write(STDERR_FILENO, said, sizeof said - 1);
    (void)ignored;
    _exit(EXIT_MODEL);
}

static void catch_one(int number, void (*handler)(int)) {
    struct sigaction action, before;
    if (sigaction(number, NULL, &before) != 0 || before.sa_handler == SIG_IGN) return; /* nohup */
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void interrupt_catch(void) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) catch_one(ending[i], on_signal);
    catch_one(SIGBUS, on_bus_error);
}

void interrupt_finish_first(void) {
    finishes_first = true;
    interrupt_catch();
}
bool interrupt_is_wanted(void) { return is_wanted; }

static int remember(const char *path, bool is_folder) {
    const size_t n = strlen(path) + 1;
    if (n > PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (int i = 0; i < INTERRUPT_MAX_NAMES; i++) {
        if (atomic_exchange(&remembered[i].taken, true)) continue;
        memcpy(remembered[i].name, path, n);
        remembered[i].is_folder = is_folder;
        remembered[i].in_use = true;
        return i;
    }
    errno = EMFILE;
    return -1;
}

int interrupt_remember(const char *path) { return remember(path, false); }
int interrupt_remember_folder(const char *path) { return remember(path, true); }

void interrupt_forget(int slot) {
    if (slot < 0) return;
    remembered[slot].in_use = false;
    remembered[slot].taken = false;
}
