/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where models are installed, and which one is used if none is named. The rule is
 * the same for the command and for programs that link the library. */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "base/sized.h"
#include "networks/model_embedded.h"
#include "networks/model_kind.h"

#define ENDING ".safetensors"
#define FAMILY "mini"
#define OWN_FILE FAMILY ENDING /* a user's own choice */
#define BELOW_SHARE "/share/pith/models"
#define PATH_BYTES 4096u

/* From the folder of the installed library to that of the models. */
#ifndef PITH_LIBRARY_TO_MODELS
#define PITH_LIBRARY_TO_MODELS "../share/pith/models"
#endif

/* ---- folders ----------------------------------------------------------------------------- */

/* A list with PITH_FOLDER_SEPARATOR. It may be longer than the buffer, as with snprintf. */
typedef struct folder_list {
    char *text;
    size_t n_bytes, length;
} folder_list;

static void put(folder_list *l, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++, l->length++)
        if (l->length + 1 < l->n_bytes) l->text[l->length] = text[i];
}

static void add(folder_list *l, const char *folder, size_t n, const char *below) {
    if (l->length > 0) put(l, PITH_FOLDER_SEPARATOR, 1);
    put(l, folder, n);
    put(l, below, strlen(below));
}

static void add_listed(folder_list *l, const char *list) {
    for (const char *p = list; p && *p;) {
        const size_t n = strcspn(p, PITH_FOLDER_SEPARATOR);
        if (n > 0) add(l, p, n, "");
        p += n + (p[n] != '\0');
    }
}

/* PREFIX/bin/pith -> PREFIX/share/pith/models; returns the length of PREFIX. */
static size_t find_prefix(char program[PATH_BYTES]) {
    const ssize_t n = readlink("/proc/self/exe", program, PATH_BYTES - 1);
    program[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (!slash) return 0;
        *slash = '\0';
    }
    return strlen(program);
}

/* Finds the models installed with the library, from the library's folder, if it is a shared one. */
static bool find_of_library(char found[PATH_MAX]) {
    static const char here = 0;
    char path[PATH_BYTES];
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname || info.dli_fname[0] != '/') return false;
    const char *slash = strrchr(info.dli_fname, '/');
    const int n =
        snprintf(path, sizeof path, "%.*s/%s", (int)(slash - info.dli_fname), info.dli_fname, PITH_LIBRARY_TO_MODELS);
    return n > 0 && (size_t)n < sizeof path && realpath(path, found) != NULL;
}

size_t pith_model_folders(char *folders, size_t n_bytes) {
    folder_list l = {.text = folders, .n_bytes = folders ? n_bytes : 0};
    char program[PATH_BYTES], of_library[PATH_MAX];
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    add_listed(&l, getenv("PITH_MODELS"));
    const size_t n = find_prefix(program);
    if (n > 0) add(&l, program, n, BELOW_SHARE);
    if (find_of_library(of_library)) {
        const bool is_same = strncmp(of_library, program, n) == 0 && strcmp(of_library + n, BELOW_SHARE) == 0;
        if (n == 0 || !is_same) add(&l, of_library, strlen(of_library), "");
    }
    if (data && *data == '/')
        add(&l, data, strlen(data), "/pith/models");
    else if (home && *home)
        add(&l, home, strlen(home), "/.local/share/pith/models");
    if (l.n_bytes > 0) l.text[l.length < l.n_bytes ? l.length : l.n_bytes - 1] = '\0';
    return l.length;
}

/* ---- the model --------------------------------------------------------------------------- */

typedef struct search {
    const pith_env *env;
    const pith_info *info; /* of a file whose model is wanted; NULL: any built-in model */
    pith_model *found;
    pith_model *second; /* has the latent space, and another decoder than a residual was made for */
    pith_diag fault;    /* of the first file with a built-in model's name that could not be opened */
    char bad_path[PATH_BYTES];
} search;

#define OTHER_RANK 0L
#define OWN_RANK 1000000L

/* Of a file's name, the higher the earlier: OWN_FILE, mini-N.safetensors by N, then OTHER_RANK. */
static long rank_of(const char *name) {
    char *end;
    if (strcmp(name, OWN_FILE) == 0) return OWN_RANK;
    if (strncmp(name, FAMILY "-", strlen(FAMILY "-")) != 0) return OTHER_RANK;
    const long number = strtol(name + strlen(FAMILY "-"), &end, 10);
    return strcmp(end, ENDING) == 0 && number > 0 && number < OWN_RANK ? number : OTHER_RANK;
}

/* Whether a file is tried before another; those of one rank by name. */
static bool is_before(const char *a, const char *b) {
    const long rank_a = rank_of(a), rank_b = rank_of(b);
    return rank_a != rank_b ? rank_a > rank_b : strcmp(a, b) < 0;
}

static bool has_id(pith_model *m, pith_status (*get)(pith_model *m, uint8_t id[]), const uint8_t *wanted) {
    uint8_t id[PITH_FINGERPRINT_BYTES];
    return get(m, id) == PITH_OK && memcmp(id, wanted, sizeof id) == 0;
}

/* Keeps or frees a model. */
static void take_if_it_fits(search *s, pith_model *m) {
    if (!has_id(m, pith_model_latent_id, s->info->latent_id))
        pith_model_free(&m);
    else if (s->info->n_residual_bytes == 0 || has_id(m, pith_model_decoder_id, s->info->residual_decoder_id))
        s->found = m;
    else if (!s->second)
        s->second = m;
    else
        pith_model_free(&m);
}

static void try_file(search *s, const char *folder, size_t n, const char *name) {
    char path[PATH_BYTES];
    pith_diag why = {0};
    pith_model *m = NULL;
    const int length = snprintf(path, sizeof path, "%.*s/%s", (int)n, folder, name);
    if (length < 0 || (size_t)length >= sizeof path || access(path, F_OK) != 0) return;
    const pith_status status = pith_model_open(&m, s->env, path, &why);
    if (status == PITH_OK && s->info) {
        take_if_it_fits(s, m);
        return;
    }
    if (status == PITH_OK && m->kind == &model_kind_mini) {
        s->found = m;
        return;
    }
    pith_model_free(&m);
    if (status == PITH_OK || rank_of(name) == OTHER_RANK || s->fault.status != PITH_OK) return;
    s->fault = why;
    memcpy(s->bad_path, path, sizeof path);
}

static bool is_model_name(const char *name) {
    const size_t n = strlen(name), n_ending = strlen(ENDING);
    return n > n_ending && n <= NAME_MAX && strcmp(name + n - n_ending, ENDING) == 0;
}

/* The next model's name after `after`, or the first after ""; false at the end. */
static bool next_name(char next[NAME_MAX + 1], const char *path, const char *after) {
    const struct dirent *entry;
    DIR *dir = opendir(path);
    next[0] = '\0';
    while (dir && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (!is_model_name(name) || (after[0] && !is_before(after, name))) continue;
        if (!next[0] || is_before(name, next)) memcpy(next, name, strlen(name) + 1);
    }
    if (dir) closedir(dir);
    return next[0] != '\0';
}

/* Those with a built-in model's name, or the others. */
static void try_folder(search *s, const char *folder, size_t n, bool others) {
    char path[PATH_BYTES], name[NAME_MAX + 1] = "", next[NAME_MAX + 1];
    const int length = snprintf(path, sizeof path, "%.*s", (int)n, folder);
    if (length <= 0 || (size_t)length >= sizeof path) return;
    while (!s->found && next_name(next, path, name)) {
        memcpy(name, next, sizeof name);
        if ((rank_of(name) == OTHER_RANK) == others) try_file(s, folder, n, name);
    }
}

static void look_in_folders(search *s, const char *folders) {
    for (int pass = 0; pass < 2; pass++)
        for (const char *p = folders; *p && !s->found;) {
            const size_t n = strcspn(p, PITH_FOLDER_SEPARATOR);
            try_folder(s, p, n, pass == 1);
            p += n + (p[n] != '\0');
        }
}

static pith_status open_built_in(pith_model **out, const search *s, const char *folders, pith_diag *why) {
    size_t n_bytes;
    if (model_embedded(&n_bytes)) return pith_model_open(out, s->env, PITH_MODEL_BUILT_IN, why);
    if (s->fault.status != PITH_OK) return diag_set(why, s->fault.status, "%s: %s", s->bad_path, s->fault.message);
    return diag_set(
        why, PITH_E_MODEL_MISSING,
        "no built-in model, such as mini-5.safetensors, is in %.110s: put it there, or set PITH_MODELS to its folder",
        folders);
}

/* The list of the folders, allocated by `alloc`. */
static char *list_folders(const pith_alloc *alloc) {
    const size_t n_bytes = pith_model_folders(NULL, 0) + 1;
    char *folders = mem_alloc(alloc, n_bytes, 1);
    if (folders) (void)pith_model_folders(folders, n_bytes);
    return folders;
}

pith_status pith_model_open_default(pith_model **out, const pith_env *env, pith_diag *why) {
    search s = {.env = env};
    pith_env own;
    if (why) diag_clear(why);
    if (!out) return diag_set(why, PITH_E_ARG, "pith_model_open_default: an argument is NULL");
    *out = NULL;
    pith_status status = env_copy(&own, env, why);
    if (status != PITH_OK) return status;
    char *folders = list_folders(&own.alloc);
    if (!folders) return diag_set(why, PITH_E_NOMEM, "out of memory");
    look_in_folders(&s, folders);
    *out = s.found;
    if (!s.found) status = open_built_in(out, &s, folders, why);
    mem_free(&own.alloc, folders);
    return status;
}

static void try_embedded(search *s) {
    size_t n_bytes;
    pith_model *m = NULL;
    pith_diag why = {0};
    if (model_embedded(&n_bytes) && pith_model_open(&m, s->env, PITH_MODEL_BUILT_IN, &why) == PITH_OK)
        take_if_it_fits(s, m);
}

static pith_status say_missing(const pith_info *info, const char *folders, pith_diag *why) {
    char id[2 * PITH_FINGERPRINT_BYTES + 1];
    model_id_text(id, info->latent_id);
    const bool is_built_in = strncmp(info->model_name, FAMILY "-", strlen(FAMILY "-")) == 0;
    return diag_set(why, PITH_E_MODEL_MISSING, "needs model %.32s (latent space %s)%s, which is not in %.100s",
                    info->model_name, id, is_built_in ? ", part of newer versions of Pith" : "", folders);
}

pith_status pith_model_find(pith_model **out, const pith_env *env, const pith_info *info, pith_diag *why) {
    pith_info wanted = {0};
    search s = {.env = env, .info = &wanted};
    pith_env own;
    if (why) diag_clear(why);
    if (!out || !info) return diag_set(why, PITH_E_ARG, "pith_model_find: an argument is NULL");
    *out = NULL;
    pith_status status = sized_take(&wanted, sizeof wanted, info, "pith_info", why);
    if (status == PITH_OK) status = env_copy(&own, env, why);
    if (status != PITH_OK || wanted.method == PITH_METHOD_EXACT) return status;
    char *folders = list_folders(&own.alloc);
    if (!folders) return diag_set(why, PITH_E_NOMEM, "out of memory");
    try_embedded(&s);
    if (!s.found) look_in_folders(&s, folders);
    *out = s.found ? s.found : s.second;
    if (s.found) pith_model_free(&s.second);
    if (!*out) status = say_missing(&wanted, folders, why);
    mem_free(&own.alloc, folders);
    return status;
}
