/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stands in for libFuzzer where there is none: gives every file of the named
 * folders to the fuzz target, whole, and cut short at a few places. With no
 * folder it takes standard input, once: what AFL++ starts, and with its own
 * compiler it goes on from input to input in one process. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/* In a block of the exact size, so that a sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t n_bytes) {
    uint8_t *exact = malloc(n_bytes ? n_bytes : 1);
    if (!exact) abort();
    if (n_bytes) memcpy(exact, data, n_bytes);
    LLVMFuzzerTestOneInput(exact, n_bytes);
    free(exact);
}

static uint8_t *read_stream(FILE *file, size_t *n_bytes) {
    uint8_t *data = NULL;
    size_t capacity = 0, used = 0, got = 1;
    for (; got > 0; used += got) {
        if (used == capacity) {
            capacity = capacity ? capacity * 2 : 4096;
            uint8_t *larger = realloc(data, capacity);
            if (!larger) abort();
            data = larger;
        }
        got = fread(data + used, 1, capacity - used, file);
    }
    *n_bytes = used;
    return data;
}

static void run_standard_input(void) {
#ifdef __AFL_HAVE_MANUAL_CONTROL
    while (__AFL_LOOP(1000))
#endif
    {
        size_t n_bytes;
        clearerr(stdin);
        uint8_t *data = read_stream(stdin, &n_bytes);
        run(data, n_bytes);
        free(data);
    }
}

static int replay_file(const char *path) {
    size_t n_bytes;
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    uint8_t *data = read_stream(file, &n_bytes);
    fclose(file);
    run(data, n_bytes);
    for (size_t eighth = 0; eighth < 8; eighth++) run(data, n_bytes * eighth / 8);
    if (n_bytes > 0) run(data, n_bytes - 1);
    free(data);
    return 0;
}

int main(int argc, char **argv) {
    int n_files = 0, status = 0;
    if (argc < 2) {
        run_standard_input();
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            if (errno == ENOENT) continue;
            status |= replay_file(argv[i]);
            n_files++;
            continue;
        }
        for (struct dirent *entry; (entry = readdir(folder));) {
            char path[4096];
            if (entry->d_name[0] == '.') continue;
            if (snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name) >= (int)sizeof path) continue;
            status |= replay_file(path);
            n_files++;
        }
        closedir(folder);
    }
    printf("%d files replayed\n", n_files);
    if (n_files == 0) {
        printf("SKIPPED: no files in the folders named\n");
        return 77;
    }
    return status;
}
