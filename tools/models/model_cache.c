/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "models/model_cache.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

#define MAX_ENTRIES 1024
#define MAX_FOLDER_FILES 64
#define MIN_BYTES (16u << 20)              /* what is smaller is hashed in no time */
#define FIRST_LINE "pith fingerprints 2\n" /* 1 had models with values that are not finite, too */
#define NO_ID "-"

/* ---- keys -------------------------------------------------------------------------------- */

static void add_file(file_key *key, const struct stat *st) {
    key->device = (uint64_t)st->st_dev;
    key->inode += (uint64_t)st->st_ino;
    key->n_bytes += (uint64_t)st->st_size;
    key->mtime_ns += (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
}

static bool add_folder(file_key *key, const char *folder, const char *part) {
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, part);
    DIR *dir = opendir(path);
    if (!dir) return false;
    const struct dirent *entry;
    for (int i = 0; i < MAX_FOLDER_FILES && (entry = readdir(dir)) != NULL; i++) {
        int n = snprintf(path, sizeof path, "%s/%s/%s", folder, part, entry->d_name);
        if (n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 && S_ISREG(st.st_mode)) add_file(key, &st);
    }
    closedir(dir);
    return true;
}

bool file_key_of(file_key *key, const char *path) {
    struct stat st;
    *key = (file_key){0};
    if (stat(path, &st) != 0) return false;
    if (S_ISREG(st.st_mode)) {
        add_file(key, &st);
        return true;
    }
    if (!S_ISDIR(st.st_mode) || !add_folder(key, path, "vae")) return false;
    (void)add_folder(key, path, "unet");
    (void)add_folder(key, path, "text_encoder");
    return true;
}

bool file_key_same(const file_key *a, const file_key *b) {
    return a->device == b->device && a->inode == b->inode && a->n_bytes == b->n_bytes && a->mtime_ns == b->mtime_ns;
}

/* ---- the file ------------------------------------------------------------------------------ */

static bool cache_folder(char *path, size_t n_bytes) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = -1;
    if (cache && *cache == '/')
        n = snprintf(path, n_bytes, "%s", cache);
    else if (home && *home == '/')
        n = snprintf(path, n_bytes, "%s/.cache", home);
    return n > 0 && (size_t)n < n_bytes;
}

static bool read_hex(uint8_t id[PITH_FINGERPRINT_BYTES], const char *text) {
    if (strlen(text) != 2 * PITH_FINGERPRINT_BYTES || strspn(text, "0123456789abcdef") != strlen(text)) return false;
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        id[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool read_line(model_cache_entry *e, const char *line) {
    uint64_t *const numbers[] = {&e->key.device, &e->key.inode, &e->key.n_bytes, &e->key.mtime_ns};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char *rest;
        *numbers[i] = strtoull(line, &rest, 10);
        if (rest == line || *rest != ' ') return false;
        line = rest + 1;
    }
    char latent[24], decoder[24], end;
    if (sscanf(line, "%20s %20s%c", latent, decoder, &end) != 3 || end != '\n') return false;
    e->ids.has_latent = read_hex(e->ids.latent, latent);
    e->ids.has_decoder = read_hex(e->ids.decoder, decoder);
    return e->ids.has_latent && (e->ids.has_decoder || strcmp(decoder, NO_ID) == 0);
}

static bool read_all(model_cache *cache, FILE *file) {
    char line[256];
    if (!fgets(line, sizeof line, file) || strcmp(line, FIRST_LINE) != 0) return false;
    while (fgets(line, sizeof line, file)) {
        if (cache->n_entries == MAX_ENTRIES || !read_line(&cache->entries[cache->n_entries], line)) return false;
        cache->n_entries++;
    }
    return !ferror(file);
}

void model_cache_load(model_cache *cache) {
    char base[4000], path[4096];
    *cache = (model_cache){.entries = calloc(MAX_ENTRIES, sizeof *cache->entries)};
    if (!cache->entries || !cache_folder(base, sizeof base)) return;
    snprintf(path, sizeof path, "%s/pith/fingerprints", base);
    FILE *file = fopen(path, "r");
    if (!file) return;
    if (!read_all(cache, file)) cache->n_entries = 0;
    fclose(file);
}

static void write_all(const model_cache *cache, FILE *file) {
    fputs(FIRST_LINE, file);
    for (size_t i = 0; i < cache->n_entries; i++) {
        const model_cache_entry *e = &cache->entries[i];
        char latent[CLI_HEX_BYTES], decoder[CLI_HEX_BYTES] = NO_ID;
        cli_hex(latent, e->ids.latent);
        if (e->ids.has_decoder) cli_hex(decoder, e->ids.decoder);
        fprintf(file, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n", e->key.device, e->key.inode,
                e->key.n_bytes, e->key.mtime_ns, latent, decoder);
    }
}

static void save(const model_cache *cache) {
    char base[3900], path[4000], temporary[4096];
    if (!cache_folder(base, sizeof base)) return;
    (void)mkdir(base, 0700); /* opening the file shows whether they exist now */
    snprintf(path, sizeof path, "%s/pith", base);
    (void)mkdir(path, 0700);
    snprintf(temporary, sizeof temporary, "%s/pith/.pith-XXXXXX", base);
    snprintf(path, sizeof path, "%s/pith/fingerprints", base);
    int fd = mkstemp(temporary);
    if (fd < 0) return;
    FILE *file = fdopen(fd, "w");
    if (file) write_all(cache, file);
    bool good = file && !ferror(file);
    if (file)
        good = fclose(file) == 0 && good;
    else
        close(fd);
    if (!good || rename(temporary, path) != 0) (void)unlink(temporary);
}

void model_cache_close(model_cache *cache) {
    if (cache->changed) save(cache);
    free(cache->entries);
    *cache = (model_cache){0};
}

/* ---- entries ---------------------------------------------------------------------------------- */

static model_cache_entry *find(const model_cache *cache, const file_key *key) {
    for (size_t i = cache->n_entries; i-- > 0;)
        if (file_key_same(&cache->entries[i].key, key)) return &cache->entries[i];
    return NULL;
}

static void remember(model_cache *cache, const file_key *key, const model_ids *ids) {
    model_cache_entry *e = find(cache, key);
    if (!cache->entries) return;
    if (!e && cache->n_entries == MAX_ENTRIES) /* drop the oldest */
        memmove(cache->entries, cache->entries + 1, --cache->n_entries * sizeof *cache->entries);
    if (!e) e = &cache->entries[cache->n_entries++];
    *e = (model_cache_entry){*key, *ids};
    cache->changed = true;
}

model_ids model_cache_find(const model_cache *cache, const char *path) {
    file_key key;
    const model_cache_entry *e = file_key_of(&key, path) ? find(cache, &key) : NULL;
    return e ? e->ids : (model_ids){0};
}

pith_status model_cache_get(model_ids *ids, model_cache *cache, const char *path, pith_model *model,
                            bool with_decoder) {
    pith_status status = PITH_OK;
    file_key key;
    bool has_key = file_key_of(&key, path);
    const model_cache_entry *e = has_key ? find(cache, &key) : NULL;
    *ids = e ? e->ids : (model_ids){0};
    bool is_small = has_key && key.n_bytes < MIN_BYTES, computed = false;
    if (!ids->has_latent) {
        status = pith_model_latent_id(model, ids->latent);
        if (status != PITH_OK) return status;
        ids->has_latent = computed = true;
    }
    if (!ids->has_decoder && (with_decoder || is_small)) {
        status = pith_model_decoder_id(model, ids->decoder);
        if (status != PITH_OK) return with_decoder ? status : PITH_OK;
        ids->has_decoder = computed = true;
    }
    if (computed && has_key && !is_small) remember(cache, &key, ids);
    return PITH_OK;
}
