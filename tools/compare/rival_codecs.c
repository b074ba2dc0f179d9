/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/rival_codecs.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 20

extern char **environ;

/* The same settings as in bench/codecs.sh. */
const rival_codec rival_codecs[N_RIVALS] = {
    {"avif", "AVIF", "avifenc", "image/avif", 63, false},
    {"jxl", "JPEG XL", "cjxl", NULL, 249, false},
    {"webp", "WebP", "cwebp", "image/webp", 100, false},
    {"jpeg", "JPEG", "cjpeg", "image/jpeg", 100, true},
};

bool rival_is_installed(const rival_codec *codec) {
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        char path[RIVAL_PATH_BYTES];
        int n = snprintf(path, sizeof path, "%.*s/%s", (int)length, folders, codec->tool);
        if (n > 0 && (size_t)n < sizeof path && access(path, X_OK) == 0) return true;
        folders += length + (folders[length] == ':');
    }
    return false;
}

/* Runs a program with its output thrown away; true when it ended well. */
static bool run_quietly(const char *tool, char *const *words) {
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    pid_t child;
    int status = 0;
    bool started = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) == 0 &&
                   posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) == 0 &&
                   posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) == 0 &&
                   posix_spawnp(&child, tool, &actions, NULL, words, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool encode(const rival_codec *codec, int setting, const char *in, const char *out) {
    char number[32];
    snprintf(number, sizeof number, "%d", setting);
    if (strcmp(codec->name, "avif") == 0) snprintf(number, sizeof number, "%d", codec->most - setting);
    if (strcmp(codec->name, "jxl") == 0) /* distances from 25, the worst there is, to 0.1 */
        snprintf(number, sizeof number, "%d.%d", (250 - setting) / 10, (250 - setting) % 10);
    const char *const avif[] = {"avifenc", "-s", "4", "-j", "all", "--min", number, "--max", number, in, out, NULL};
    const char *const jxl[] = {"cjxl", "--quiet", "-e", "7", "-d", number, in, out, NULL};
    const char *const webp[] = {"cwebp", "-quiet", "-m", "6", "-q", number, in, "-o", out, NULL};
    const char *const jpeg[] = {"cjpeg", "-quality", number, "-optimize", "-progressive", "-outfile", out, in, NULL};
    const char *const *const commands[N_RIVALS] = {avif, jxl, webp, jpeg};
    const char *const *command = commands[codec - rival_codecs];
    char *words[MAX_WORDS];
    size_t n = 0;
    for (; command[n]; n++) memcpy(&words[n], &command[n], sizeof words[n]); /* posix_spawn does not write them */
    words[n] = NULL;
    return run_quietly(codec->tool, words);
}

/* One end of the range left to search: a setting and the size of the file it gives. */
typedef struct search_end {
    int setting;
    uint64_t n_bytes; /* 0: not tried */
} search_end;

static bool path_at(char path[RIVAL_PATH_BYTES], const rival_codec *codec, const char *folder, int setting) {
    int n = snprintf(path, RIVAL_PATH_BYTES, "%s/%d.%s", folder, setting, codec->name);
    return n > 0 && n < RIVAL_PATH_BYTES;
}

/* The size of the file at a setting; 0 if it has not been made. */
static uint64_t size_made(const rival_codec *codec, const char *folder, int setting) {
    char path[RIVAL_PATH_BYTES];
    struct stat facts;
    if (!path_at(path, codec, folder, setting) || stat(path, &facts) != 0 || facts.st_size <= 0) return 0;
    return (uint64_t)facts.st_size;
}

/* The size of the file at a setting, which is made if need be; 0 if it cannot be. */
static uint64_t size_at(char path[RIVAL_PATH_BYTES], const rival_codec *codec, const char *folder, int setting) {
    char in[RIVAL_PATH_BYTES];
    int n = snprintf(in, sizeof in, "%s/original.%s", folder, codec->reads_ppm ? "ppm" : "png");
    if (n < 0 || n >= RIVAL_PATH_BYTES || !path_at(path, codec, folder, setting)) return 0;
    const uint64_t made = size_made(codec, folder, setting);
    if (made > 0 || !encode(codec, setting, in, path)) return made;
    return size_made(codec, folder, setting);
}

/* Roughly, among the files of one picture. */
#define LARGEST_OVER_SMALLEST 60.0

/* A setting strictly between the ends: where sizes, which grow by about the same factor with each setting, would reach
 * n_bytes; the middle with `halve`. */
static int next_setting(const search_end *low, const search_end *high, uint64_t n_bytes, bool halve) {
    const int span = high->setting - low->setting;
    const double low_bytes = (double)low->n_bytes;
    const double high_bytes = high->n_bytes > 0 ? (double)high->n_bytes : LARGEST_OVER_SMALLEST * low_bytes;
    if (halve || high_bytes <= low_bytes) return low->setting + span / 2;
    const double part = log((double)n_bytes / low_bytes) / log(high_bytes / low_bytes);
    const int guess = low->setting + (int)(part * span + 0.5);
    return guess <= low->setting ? low->setting + 1 : guess >= high->setting ? high->setting - 1 : guess;
}

rival_result rival_best_under(char path[RIVAL_PATH_BYTES], const rival_codec *codec, const char *folder,
                              uint64_t n_bytes) {
    search_end low = {0, size_at(path, codec, folder, 0)}, high = {codec->most + 1, 0}; /* low fits, high does not */
    if (low.n_bytes == 0) return RIVAL_FAILED;
    if (low.n_bytes > n_bytes) return RIVAL_CANNOT;
    for (int setting = 1; setting <= codec->most && setting < high.setting; setting++) { /* for other sizes */
        const uint64_t made = size_made(codec, folder, setting);
        if (made > 0) *(made <= n_bytes ? &low : &high) = (search_end){setting, made};
    }
    for (int n_poor = 0; high.setting - low.setting > 1;) {
        const int span = high.setting - low.setting;
        search_end tried = {next_setting(&low, &high, n_bytes, n_poor >= 2), 0};
        tried.n_bytes = size_at(path, codec, folder, tried.setting);
        if (tried.n_bytes == 0) return RIVAL_FAILED;
        *(tried.n_bytes <= n_bytes ? &low : &high) = tried;
        n_poor = 2 * (high.setting - low.setting) > span + 1 ? n_poor + 1 : 0; /* guesses near one end */
    }
    return size_at(path, codec, folder, low.setting) > 0 ? RIVAL_DONE : RIVAL_FAILED;
}
