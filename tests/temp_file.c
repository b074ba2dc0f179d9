/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "temp_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_PATHS 8
#define PATH_BYTES 4096

static char folder[PATH_BYTES];

static void stop(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* Calls `visit` for each name in the folder; returns their number. */
static size_t for_each(void (*visit)(const char *name)) {
    DIR *dir = opendir(temp_folder());
    if (!dir) stop(folder);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (visit) visit(e->d_name);
        n++;
    }
    closedir(dir);
    return n;
}

static void remove_one(const char *name) { (void)remove(temp_path(name)); }

static void remove_folder(void) {
    (void)for_each(remove_one);
    (void)rmdir(folder);
}

const char *temp_folder(void) {
    if (folder[0]) return folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/pith-test-XXXXXX", base && base[0] ? base : "/tmp");
    if (!mkdtemp(folder)) stop(folder);
    atexit(remove_folder);
    return folder;
}

const char *temp_path(const char *name) {
    static char paths[N_PATHS][PATH_BYTES + 512];
    static unsigned next;
    char *path = paths[next++ % N_PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", temp_folder(), name);
    return path;
}

void temp_write(const char *name, const void *data, size_t n_bytes) {
    const char *path = temp_path(name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, n_bytes, file) != n_bytes || fclose(file) != 0) stop(path);
}

size_t temp_count(void) { return for_each(NULL); }
