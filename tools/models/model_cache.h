/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Fingerprints of large weights, kept in $XDG_CACHE_HOME/pith/fingerprints
 * (~/.cache/pith/fingerprints): hashing gigabytes takes time. An entry is valid as long as the file's device, inode,
 * size and modification time stay the same. It only says which file to try: decoding hashes the encoder anyway. */
#ifndef PITH_TOOLS_MODELS_MODEL_CACHE_H
#define PITH_TOOLS_MODELS_MODEL_CACHE_H

#include <stdbool.h>

#include <pith/pith.h>

typedef struct file_key {
    uint64_t device, inode, n_bytes, mtime_ns;
} file_key;

/* Of a file, or of a diffusers folder: the sum over its weights. */
bool file_key_of(file_key *key, const char *path);
bool file_key_same(const file_key *a, const file_key *b);

typedef struct model_ids {
    bool has_latent, has_decoder;
    uint8_t latent[PITH_FINGERPRINT_BYTES], decoder[PITH_FINGERPRINT_BYTES];
} model_ids;

typedef struct model_cache_entry {
    file_key key;
    model_ids ids;
} model_cache_entry;

typedef struct model_cache {
    model_cache_entry *entries; /* the newest last */
    size_t n_entries;
    bool changed;
} model_cache;

/* Empty when there is no cache or it is damaged. */
void model_cache_load(model_cache *cache);
/* Writes it if something was added (without caring for faults), and frees it. */
void model_cache_close(model_cache *cache);

/* What is known about the path, without opening it. */
model_ids model_cache_find(const model_cache *cache, const char *path);

/* The model's fingerprints: known, or else computed and remembered; the
 * decoder's when asked for, or known. */
pith_status model_cache_get(model_ids *ids, model_cache *cache, const char *path, pith_model *model, bool with_decoder)
    PITH_MUST_CHECK;

#endif
