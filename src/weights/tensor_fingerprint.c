/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Two weights files are the same model if names, shapes and values rounded to binary16 agree. See doc/format.md,
 * "Fingerprints". */
#include <string.h>

#include <nettle/sha2.h>

#include "weights/tensor_table.h"
#include "weights/tensor_table_private.h"

/* Elements rounded at a time, and bytes hashed before mapped pages are released. */
#define BLOCK_ELEMENTS 8192u
#define DROP_EVERY_BYTES (64u << 20)

typedef struct hasher {
    struct sha256_ctx sha;
    const tensor_table *table;
    uint64_t undropped_bytes; /* read since the mapped pages were last released */
} hasher;

static void hash_little_endian(hasher *h, uint64_t value, size_t n_bytes) {
    uint8_t bytes[8];
    for (size_t i = 0; i < n_bytes; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    sha256_update(&h->sha, n_bytes, bytes);
}

/* Hashing a checkpoint of gigabytes must not make it resident. */
static void count_touched(hasher *h, uint64_t n_bytes) {
    h->undropped_bytes += n_bytes;
    if (h->undropped_bytes < DROP_EVERY_BYTES) return;
    tensor_table_drop_pages(h->table);
    h->undropped_bytes = 0;
}

static void hash_rounded(hasher *h, const tensor *t, uint64_t at, size_t n) {
    uint16_t halves[BLOCK_ELEMENTS];
    uint8_t bytes[2 * BLOCK_ELEMENTS];
    tensor_read_f16(t, at, n, halves);
    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = (uint8_t)halves[i];
        bytes[2 * i + 1] = (uint8_t)(halves[i] >> 8);
    }
    sha256_update(&h->sha, 2 * n, bytes);
}

/* Non-finite values have no fingerprint, since no picture can be made with them. */
static pith_status hash_values(hasher *h, const tensor *t, pith_diag *diag) {
    for (uint64_t at = 0; at < t->n_elements;) {
        uint64_t left = t->n_elements - at;
        size_t n = left < BLOCK_ELEMENTS ? (size_t)left : BLOCK_ELEMENTS;
        if (!tensor_is_finite(t, at, n)) return tensor_check_finite(t, diag);
        if (t->type == TENSOR_F16 && !t->is_strided) /* already in the hashed form */
            sha256_update(&h->sha, 2 * n, t->data + 2 * at);
        else
            hash_rounded(h, t, at, n);
        count_touched(h, n * tensor_type_bytes(t->type));
        at += n;
    }
    return PITH_OK;
}

static pith_status hash_tensor(hasher *h, const tensor *t, pith_diag *diag) {
    if (!tensor_has_values(t))
        return diag_set(diag, PITH_E_UNSUPPORTED,
                        "tensor %.100s: no fingerprint of values that are not F32, F16, BF16 or F8", t->name);
    size_t name_bytes = strlen(t->name);
    hash_little_endian(h, name_bytes, 4);
    sha256_update(&h->sha, name_bytes, (const uint8_t *)t->name);
    hash_little_endian(h, t->rank, 4);
    for (uint32_t i = 0; i < t->rank; i++) hash_little_endian(h, t->shape[i], 8);
    return hash_values(h, t, diag);
}

static bool has_prefix(const char *name, const char *const *prefixes) {
    for (; *prefixes; prefixes++)
        if (strncmp(name, *prefixes, strlen(*prefixes)) == 0) return true;
    return false;
}

pith_status tensor_table_fingerprint_any(const tensor_table *table, const char *const *prefixes,
                                         uint8_t id[PITH_FINGERPRINT_BYTES], pith_diag *diag) {
    if (!table || !prefixes || !prefixes[0] || !id)
        return diag_set(diag, PITH_E_ARG, "fingerprint: an argument is NULL");
    hasher h = {.table = table};
    sha256_init(&h.sha);
    size_t n_hashed = 0;
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        if (!has_prefix(t->name, prefixes)) continue;
        pith_status status = hash_tensor(&h, t, diag);
        if (status != PITH_OK) return status;
        n_hashed++;
    }
    if (n_hashed == 0) /* the digest of no data would be the same for every such file */
        return diag_set(diag, PITH_E_MODEL_SHAPE, "no tensor's name starts with \"%.100s\"", prefixes[0]);
    sha256_digest(&h.sha, PITH_FINGERPRINT_BYTES, id);
    return PITH_OK;
}

pith_status tensor_table_fingerprint(const tensor_table *table, const char *prefix, uint8_t id[PITH_FINGERPRINT_BYTES],
                                     pith_diag *diag) {
    const char *const prefixes[] = {prefix, NULL};
    return tensor_table_fingerprint_any(table, prefixes, id, diag);
}
