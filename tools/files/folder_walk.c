/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "files/folder_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct walk {
    folder_walk_fn *found;
    void *user;
    size_t n_root; /* length of the folder that it began in, with its slash */
    bool has_except, ended;
    struct stat except;
    cli_exit code;
} walk;

static void say_failed(walk *w, const char *path) {
    cli_exit code = cli_fail(CLI_INPUT, path, "cannot be read: %s", strerror(errno));
    if (w->code == CLI_DONE) w->code = code;
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void walk_folder(walk *w, const char *folder);

static void walk_entry(walk *w, const char *path) {
    struct stat facts;
    if (lstat(path, &facts) != 0) {
        say_failed(w, path);
        return;
    }
    if (S_ISDIR(facts.st_mode)) {
        const bool excepted = w->has_except && facts.st_dev == w->except.st_dev && facts.st_ino == w->except.st_ino;
        if (!excepted) walk_folder(w, path);
        return;
    }
    if (S_ISLNK(facts.st_mode) && stat(path, &facts) != 0) return; /* a dangling link */
    if (S_ISREG(facts.st_mode) && !w->found(w->user, path, path + w->n_root)) w->ended = true;
}

static char *join(const char *folder, const char *name) {
    const size_t n_folder = strlen(folder), n_bytes = n_folder + strlen(name) + 2;
    const bool has_slash = n_folder > 0 && folder[n_folder - 1] == '/';
    char *path = malloc(n_bytes);
    if (path) snprintf(path, n_bytes, "%s%s%s", folder, has_slash ? "" : "/", name);
    return path;
}

static void walk_folder(walk *w, const char *folder) {
    struct dirent **entries;
    const int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0) {
        say_failed(w, folder);
        return;
    }
    for (int i = 0; i < n; i++) {
        char *path = w->ended ? NULL : join(folder, entries[i]->d_name);
        if (path)
            walk_entry(w, path);
        else if (!w->ended)
            say_failed(w, folder);
        free(path);
        free(entries[i]);
    }
    free(entries);
}

cli_exit folder_walk(const char *folder, const char *except, folder_walk_fn *found, void *user) {
    const size_t n = strlen(folder);
    walk w = {.found = found, .user = user, .n_root = n + (n > 0 && folder[n - 1] != '/'), .code = CLI_DONE};
    w.has_except = except && stat(except, &w.except) == 0;
    walk_folder(&w, folder);
    return w.code;
}
