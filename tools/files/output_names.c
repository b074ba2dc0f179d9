/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "files/output_names.h"

#include <ctype.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "imageio/file_kind.h"

/* An output that is taken. */
typedef struct taken {
    char *key; /* which folder, and the name in lower case */
    char *in, *out;
    struct taken *next;
} taken;

struct output_names {
    const char *folder, *ending;
    bool keep_extension;
    void *tree; /* of taken, by key */
    taken *all;
    char *last_folder; /* the last one that was asked for, with a slash: lists have many names of one folder */
    bool last_exists;
    struct stat last_facts;
};

output_names *output_names_new(const char *folder, const char *ending, bool keep_extension) {
    output_names *names = calloc(1, sizeof *names);
    if (names) *names = (output_names){.folder = folder, .ending = ending, .keep_extension = keep_extension};
    return names;
}

static void free_taken(taken *t) {
    if (!t) return;
    free(t->key);
    free(t->in);
    free(t->out);
    free(t);
}

static int by_key(const void *a, const void *b) {
    const taken *x = a, *y = b;
    return strcmp(x->key, y->key);
}

void output_names_free(output_names **names) {
    output_names *n = *names;
    *names = NULL;
    if (!n) return;
    for (taken *t = n->all, *next; t; t = next) {
        next = t->next;
        tdelete(t, &n->tree, by_key);
        free_taken(t);
    }
    free(n->last_folder);
    free(n);
}

/* ---- parts of a name ------------------------------------------------------------------------ */

static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Where the ending of a file's name begins: at its end when it has none. */
static size_t stem_length(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - name) : strlen(name);
}

/* Two folders that exist are the same when the system says so; others when they are spelled alike. */
static char *make_key(output_names *names, const char *out) {
    const size_t n_folder = folder_length(out), n = strlen(out);
    char *key = malloc(n + 64);
    char *folder = strndup(n_folder ? out : "./", n_folder ? n_folder : 2);
    if (folder && names->last_folder && strcmp(folder, names->last_folder) == 0) {
        free(folder);
    } else {
        free(names->last_folder);
        names->last_folder = folder;
        names->last_exists = folder && stat(folder, &names->last_facts) == 0;
    }
    const struct stat *facts = &names->last_facts;
    if (key && names->last_exists)
        snprintf(key, n + 64, "%ju:%ju/%s", (uintmax_t)facts->st_dev, (uintmax_t)facts->st_ino, out + n_folder);
    else if (key)
        memcpy(key, out, n + 1);
    for (char *c = key; c && *c; c++) *c = (char)tolower((unsigned char)*c);
    return key;
}

/* Which of the names that `in` can have. */
typedef struct candidate {
    const char *in, *under, *below;
    bool keep_extension;
    unsigned number; /* photo-2.pith; 0: none */
} candidate;

/* NULL: out of memory. */
static char *spell(const output_names *n, const candidate *c) {
    const char *place = n->folder ? c->below : c->in;
    const size_t n_place = folder_length(place);
    const char *name = place + n_place;
    size_t n_stem = c->keep_extension ? strlen(name) : stem_length(name);
    /* photo.png.pith becomes photo.png again, not photo.png.png. */
    const size_t n_ending = strlen(n->ending);
    if (!c->keep_extension && n_stem > n_ending && strncasecmp(name + n_stem - n_ending, n->ending, n_ending) == 0)
        n_stem -= n_ending;
    char digits[16] = "";
    if (c->number) snprintf(digits, sizeof digits, "-%u", c->number);
    const char *folder = n->folder ? n->folder : "";
    const size_t n_folder = strlen(folder);
    const char *slash = n_folder > 0 && folder[n_folder - 1] != '/' ? "/" : "";
    const char *under_slash = n->folder && *c->under ? "/" : "";
    const size_t n_bytes = n_folder + strlen(c->under) + strlen(place) + sizeof digits + n_ending + 3;
    char *out = malloc(n_bytes);
    if (out)
        snprintf(out, n_bytes, "%s%s%s%s%.*s%.*s%s%s", folder, slash, n->folder ? c->under : "", under_slash,
                 (int)n_place, place, (int)n_stem, name, digits, n->ending);
    return out;
}

/* ---- choosing --------------------------------------------------------------------------------- */

/* The input that has the output, whose name is taken over; NULL: none had it, and now `in` has. *failed: out of memory.
 */
static const taken *claim(output_names *n, const char *in, char *name, char **out, bool *failed) {
    taken *t = calloc(1, sizeof *t);
    if (t) *t = (taken){.in = strdup(in), .out = name};
    if (!t) free(name);
    if (t && t->out) t->key = make_key(n, t->out);
    char *copy = t && t->out ? strdup(t->out) : NULL;
    taken **found = t && t->in && t->key && copy ? tsearch(t, &n->tree, by_key) : NULL;
    *failed = !found;
    if (found && *found == t) {
        t->next = n->all;
        n->all = t;
        *out = copy;
        return NULL;
    }
    free(copy);
    free_taken(t);
    return found ? *found : NULL;
}

bool output_names_claim(char **out, const char **owner, output_names *n, const char *in, const char *given,
                        const char *below) {
    const candidate c = {in, "", below, n->keep_extension, 0};
    bool failed = false;
    *out = NULL;
    const taken *has = claim(n, in, given ? strdup(given) : spell(n, &c), out, &failed);
    *owner = has ? has->in : NULL;
    return !failed;
}

static const char *name_of(const char *path) { return path + folder_length(path); }

bool output_names_choose(char **out, output_names *n, const char *in, const char *under, const char *below) {
    const taken *first = NULL;
    *out = NULL;
    for (unsigned attempt = n->keep_extension ? 1 : 0; !*out; attempt++) {
        const candidate c = {in, under, below, n->keep_extension || attempt == 1, attempt < 2 ? 0 : attempt};
        bool failed = false;
        const taken *owner = claim(n, in, spell(n, &c), out, &failed);
        if (failed) return false;
        if (owner && strcmp(name_of(in), name_of(owner->in)) == 0 && cli_same_file(in, owner->in)) {
            cli_say(in, "is %s again: left out", owner->in);
            return true;
        }
        if (!first) first = owner;
    }
    if (first) cli_say(in, "becomes %s, since %s becomes %s", *out, first->in, first->out);
    return true;
}
