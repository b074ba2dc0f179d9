/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/model_places.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "models/model_cache.h"

#define MAX_FOUND 256  /* weights */
#define MAX_NAMES 1024 /* entries looked at in a folder */
#define PATH_BYTES 4096

typedef struct walk {
    model_list *list;
    file_key keys[MAX_FOUND]; /* of what is in the list */
    size_t n_keys;
    bool out_of_memory;
} walk;

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* False when it does not fit. */
static bool join(char path[PATH_BYTES], const char *folder, const char *name) {
    int n = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return n > 0 && n < PATH_BYTES;
}

static bool is_weights_name(const char *name) {
    return cli_ends_with(name, ".safetensors") || cli_ends_with(name, ".ckpt");
}

/* Adds the key to those known; false when it was known or there are too many. */
static bool is_new(walk *w, const char *path) {
    file_key key;
    if (w->n_keys == MAX_FOUND || !file_key_of(&key, path)) return false;
    for (size_t i = 0; i < w->n_keys; i++)
        if (file_key_same(&w->keys[i], &key)) return false;
    w->keys[w->n_keys++] = key;
    return true;
}

static void add_weights(walk *w, const char *path) {
    if (is_new(w, path) && !model_list_add(w->list, path)) w->out_of_memory = true;
}

/* ---- folders ---------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Calls `each` for the entries that are not hidden, in order. */
static void for_each(walk *w, const char *folder, void (*each)(walk *, const char *folder, const char *name)) {
    char *names[MAX_NAMES];
    size_t n = 0;
    DIR *dir = opendir(folder);
    if (!dir) return;
    const struct dirent *entry;
    while (n < MAX_NAMES && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        names[n] = strdup(entry->d_name);
        if (names[n])
            n++;
        else
            w->out_of_memory = true;
    }
    closedir(dir);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        each(w, folder, names[i]);
        free(names[i]);
    }
}

static void each_file(walk *w, const char *folder, const char *name) {
    char path[PATH_BYTES];
    if (is_weights_name(name) && join(path, folder, name)) add_weights(w, path);
}

static bool is_diffusers(const char *folder) {
    char vae[PATH_BYTES];
    return join(vae, folder, "vae") && is_folder(vae);
}

/* A file, a diffusers folder, or a folder of files; nothing deeper. */
static void each_file_or_folder(walk *w, const char *folder, const char *name) {
    char path[PATH_BYTES];
    if (!join(path, folder, name)) return;
    if (!is_folder(path))
        each_file(w, folder, name);
    else if (is_diffusers(path))
        add_weights(w, path);
    else
        for_each(w, path, each_file);
}

/* models--OWNER--NAME/snapshots/REVISION */
static void each_repository(walk *w, const char *hub, const char *name) {
    char path[PATH_BYTES], snapshots[PATH_BYTES];
    if (strncmp(name, "models--", 8) != 0 || !join(path, hub, name) || !join(snapshots, path, "snapshots")) return;
    for_each(w, snapshots, each_file_or_folder);
}

static void add_below(walk *w, const char *base, const char *below,
                      void (*each)(walk *, const char *folder, const char *name)) {
    char path[PATH_BYTES];
    if (base && *base == '/' && join(path, base, below)) for_each(w, path, each);
}

static void add_folders_of(walk *w, const char *colon_separated) {
    char *copy = strdup(colon_separated), *rest = copy;
    if (!copy) w->out_of_memory = true;
    for (char *folder; copy && (folder = strsep(&rest, PITH_FOLDER_SEPARATOR)) != NULL;)
        if (*folder) for_each(w, folder, each_file_or_folder);
    free(copy);
}

bool model_places_add(model_list *list) {
    static const char *const of_home[] = {
        "ComfyUI/models/checkpoints",
        "ComfyUI/models/vae",
        "stable-diffusion-webui/models/Stable-diffusion",
        "stable-diffusion-webui/models/VAE",
    };
    const char *home = getenv("HOME"), *hugging_face = getenv("HF_HOME"), *models = getenv("PITH_MODELS");
    walk *w = calloc(1, sizeof *w);
    if (!w) return false;
    w->list = list;
    for (size_t i = 0; i < list->n_paths; i++) (void)is_new(w, list->paths[i]);
    if (models) add_folders_of(w, models);
    if (hugging_face && *hugging_face)
        add_below(w, hugging_face, "hub", each_repository);
    else
        add_below(w, home, ".cache/huggingface/hub", each_repository);
    for (size_t i = 0; i < sizeof of_home / sizeof *of_home; i++) add_below(w, home, of_home[i], each_file_or_folder);
    bool good = !w->out_of_memory;
    free(w);
    return good;
}
