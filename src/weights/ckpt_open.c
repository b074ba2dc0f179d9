/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Builds a table from the zip's members and the pickle's tensors. Reads only the pickle and the members' headers, no
 * weights, unless members are deflated. */
#include "weights/ckpt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "weights/pickle_read.h"
#include "weights/tensor_table_private.h"
#include "weights/zip_read.h"

#define MAX_NESTING 3

/* Weights compress to about three quarters; but some files are small or full of zeros. */
#define MOST_UNPACKED_RATIO 32u
#define MIN_UNPACKABLE (64u << 20)

typedef struct storage_type {
    const char *name;
    tensor_type type;
    uint32_t n_bytes; /* per element */
} storage_type;

static const storage_type STORAGES[] = {
    {"FloatStorage", TENSOR_F32, 4},          {"HalfStorage", TENSOR_F16, 2},
    {"BFloat16Storage", TENSOR_BF16, 2},      {"CharStorage", TENSOR_I8, 1},
    {"DoubleStorage", TENSOR_OTHER, 8},       {"LongStorage", TENSOR_OTHER, 8},
    {"IntStorage", TENSOR_OTHER, 4},          {"ShortStorage", TENSOR_OTHER, 2},
    {"ByteStorage", TENSOR_OTHER, 1},         {"BoolStorage", TENSOR_OTHER, 1},
    {"ComplexFloatStorage", TENSOR_OTHER, 8}, {"ComplexDoubleStorage", TENSOR_OTHER, 16},
    {"QInt8Storage", TENSOR_OTHER, 1},        {"QUInt8Storage", TENSOR_OTHER, 1},
    {"QInt32Storage", TENSOR_OTHER, 4},       {"UntypedStorage", TENSOR_OTHER, 1},
};

/* For untyped storages, whose elements are bytes. */
static const storage_type UNTYPED[] = {
    {"float8_e4m3fn", TENSOR_F8_E4M3, 1},
    {"float8_e5m2", TENSOR_F8_E5M2, 1},
};

typedef struct ckpt {
    const zip_file *zip;
    const pickle *pickle;
    const char *root; /* common prefix of all member names, e.g. "archive/" */
    size_t root_bytes;
    tensor_table *table;
    uint8_t **unpacked;    /* for each member, its inflated bytes; NULL if not needed. Handed to the table at the end */
    uint64_t n_unpackable; /* bytes that may still be inflated */
    pith_diag *diag;
} ckpt;

/* ---- members ------------------------------------------------------------------------------ */

static const zip_member *find_member(const ckpt *c, const char *folder, const char *name, size_t name_bytes) {
    char path[ZIP_MAX_NAME_BYTES + 1];
    int n = snprintf(path, sizeof path, "%.*s%s%.*s", (int)c->root_bytes, c->root, folder, (int)name_bytes, name);
    if (n <= 0 || (size_t)n >= sizeof path) return NULL;
    return zip_find(c->zip, path, (size_t)n);
}

static bool has_member(const ckpt *c, const char *name) { return find_member(c, "", name, strlen(name)) != NULL; }

/* Finds the member NAME/data.pkl; NAME/ is the root of all others. */
static const zip_member *find_pickle(ckpt *c) {
    static const char last[] = "data.pkl";
    for (size_t i = 0; i < zip_count(c->zip); i++) {
        const zip_member *m = zip_at(c->zip, i);
        const char *slash = memchr(m->name, '/', m->name_bytes);
        size_t n = slash ? (size_t)(slash - m->name) + 1 : 0;
        if (n == 0 || m->name_bytes - n != strlen(last) || memcmp(slash + 1, last, strlen(last)) != 0) continue;
        c->root = m->name;
        c->root_bytes = n;
        return m;
    }
    return NULL;
}

/* Gives the member's bytes, in the file or inflated. */
static pith_status take_data(ckpt *c, const zip_member *m, const uint8_t **data) {
    uint8_t **unpacked = &c->unpacked[m - zip_at(c->zip, 0)];
    *data = m->data;
    if (!m->is_deflated) return PITH_OK;
    if (!*unpacked) {
        pith_status status = zip_unpack(unpacked, c->zip, m, c->n_unpackable, c->diag);
        if (status != PITH_OK) return status;
        c->n_unpackable -= m->n_bytes;
    }
    *data = *unpacked;
    return PITH_OK;
}

static pith_status check_archive(ckpt *c) {
    const zip_member *order = find_member(c, "", "byteorder", strlen("byteorder"));
    const uint8_t *name = NULL;
    if (has_member(c, "constants.pkl"))
        return diag_set(c->diag, PITH_E_UNSUPPORTED, "is a TorchScript program, not a checkpoint");
    if (!order) return PITH_OK;
    pith_status status = order->n_bytes == 6 ? take_data(c, order, &name) : PITH_OK;
    if (status != PITH_OK || (name && memcmp(name, "little", 6) == 0)) return status;
    return diag_set(c->diag, PITH_E_UNSUPPORTED, "its numbers are big-endian");
}

/* ---- one tensor ------------------------------------------------------------------------------ */

static const storage_type *find_name(const storage_type *types, size_t n, const char *name, size_t name_bytes) {
    for (size_t i = 0; i < n; i++)
        if (name_bytes == strlen(types[i].name) && !memcmp(name, types[i].name, name_bytes)) return &types[i];
    return NULL;
}

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const storage_type *find_type(const pickle_tensor *t) {
    if (t->dtype) return find_name(UNTYPED, COUNT_OF(UNTYPED), t->dtype, t->dtype_bytes);
    return find_name(STORAGES, COUNT_OF(STORAGES), t->storage.type, t->storage.type_bytes);
}

/* Checks that the storage has the size given by its type and count. */
static pith_status check_storage(const ckpt *c, const char *name, const pickle_storage *s, const storage_type *type,
                                 const zip_member *m) {
    if (s->n_elements <= m->n_bytes / type->n_bytes && s->n_elements * type->n_bytes == m->n_bytes) return PITH_OK;
    return diag_set(c->diag, PITH_E_FORMAT,
                    "tensor %.80s: its storage should hold %" PRIu64 " elements of %u bytes, but has %" PRIu64 " bytes",
                    name, s->n_elements, type->n_bytes, m->n_bytes);
}

/* True if elements are contiguous, the last dimension fastest. Strides of dimensions of size 1 are ignored. */
static bool is_contiguous(const pickle_tensor *t) {
    uint64_t expected = 1;
    for (uint32_t i = t->rank; i-- > 0;) {
        if (t->shape[i] != 1 && t->strides[i] != expected) return false;
        expected *= t->shape[i];
    }
    return true;
}

static pith_status count_elements(const ckpt *c, const char *name, const pickle_tensor *t, uint64_t *count) {
    uint64_t n = 1;
    bool overflow = false;
    for (uint32_t i = 0; i < t->rank; i++) overflow = __builtin_mul_overflow(n, t->shape[i], &n) || overflow;
    *count = n;
    if (!overflow) return PITH_OK;
    return diag_set(c->diag, PITH_E_FORMAT, "tensor %.100s: the product of its shape overflows", name);
}

/* Number of storage elements from the tensor's first to its last, inclusive; UINT64_MAX if it overflows. */
static uint64_t extent_of(const pickle_tensor *t) {
    uint64_t last = 0, step;
    for (uint32_t i = 0; i < t->rank; i++) {
        if (t->shape[i] == 0) return 0;
        if (__builtin_mul_overflow(t->shape[i] - 1, t->strides[i], &step)) return UINT64_MAX;
        if (__builtin_add_overflow(last, step, &last)) return UINT64_MAX;
    }
    return last == UINT64_MAX ? last : last + 1;
}

static pith_status read_tensor(ckpt *c, tensor *out, const pickle_tensor *t) {
    pith_status status = PITH_OK;
    const storage_type *type = find_type(t);
    PITH_TRY(count_elements(c, out->name, t, &out->n_elements));
    out->rank = t->rank;
    for (uint32_t i = 0; i < t->rank; i++) out->shape[i] = t->shape[i];
    out->type = TENSOR_OTHER;
    if (!type) {
        out->fault = "its values are of a type that Pith does not know";
        goto cleanup;
    }
    const zip_member *m = find_member(c, "data/", t->storage.key, t->storage.key_bytes);
    if (!m) {
        status = diag_set(c->diag, PITH_E_TRUNCATED, "tensor %.100s: its storage %.*s is not in the file", out->name,
                          (int)(t->storage.key_bytes < 40 ? t->storage.key_bytes : 40), t->storage.key);
        goto cleanup;
    }
    PITH_TRY(check_storage(c, out->name, &t->storage, type, m));
    const uint64_t needed = extent_of(t);
    if (t->offset > t->storage.n_elements || needed > t->storage.n_elements - t->offset) {
        status = diag_set(c->diag, PITH_E_FORMAT,
                          "tensor %.80s: %" PRIu64 " elements from %" PRIu64 " on, its storage has %" PRIu64, out->name,
                          needed, t->offset, t->storage.n_elements);
        goto cleanup;
    }
    if (out->n_elements > needed) { /* a small storage that claims to be a huge tensor */
        out->fault = "its values are repeated (an expanded view)";
        goto cleanup;
    }
    const uint8_t *data = NULL;
    PITH_TRY(take_data(c, m, &data));
    out->type = type->type;
    out->data = data + t->offset * type->n_bytes;
    out->n_bytes = out->n_elements * type->n_bytes;
    out->is_strided = out->n_elements > 0 && !is_contiguous(t);
    for (uint32_t i = 0; i < t->rank && out->is_strided; i++) out->strides[i] = t->strides[i];

cleanup:
    return status;
}

static pith_status add_entry(ckpt *c, const pickle_value *key, const pickle_value *value) {
    char name[TENSOR_MAX_NAME_BYTES + 1];
    const pickle_tensor *t = pickle_get_tensor(c->pickle, value);
    if (!t && value->kind != PICKLE_OPAQUE) return PITH_OK; /* a number or a text among the tensors */
    if (key->kind != PICKLE_TEXT) return PITH_OK;           /* numbered entries of an optimizer */
    if (key->count == 0 || memchr(key->u.text, 0, key->count))
        return diag_set(c->diag, PITH_E_FORMAT, "a tensor's name is empty or has a zero byte");
    if (key->count > TENSOR_MAX_NAME_BYTES)
        return diag_set(c->diag, PITH_E_LIMIT, "tensor %.60s...: a name of %u bytes, the limit is %u", key->u.text,
                        key->count, TENSOR_MAX_NAME_BYTES);
    memcpy(name, key->u.text, key->count);
    name[key->count] = '\0';
    if (tensor_table_find(c->table, name)) return diag_set(c->diag, PITH_E_FORMAT, "tensor %.100s occurs twice", name);
    tensor out = {.name = name, .type = TENSOR_OTHER, .n_elements = 1};
    if (!t) out.fault = "is no plain tensor";
    pith_status status = t ? read_tensor(c, &out, t) : PITH_OK;
    if (status == PITH_OK) status = tensor_table_add(c->table, &out);
    return status == PITH_E_LIMIT ? diag_set(c->diag, status, "more than %u tensors", TENSOR_MAX_COUNT) : status;
}

/* ---- overlaps -------------------------------------------------------------------------------- */

typedef struct span {
    const char *name;
    const uint8_t *begin, *end;
} span;

static int by_place(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* Two names for the same values are common (tied weights), but values must not begin inside another tensor. Strided
 * slices may interleave, so they are not checked. */
static pith_status check_overlaps(const ckpt *c, const pith_alloc *alloc) {
    pith_status status = PITH_OK;
    size_t n = 0, n_all = tensor_table_count(c->table);
    span *spans = mem_alloc(alloc, n_all, sizeof *spans);
    if (!spans) return PITH_E_NOMEM;
    for (size_t i = 0; i < n_all; i++) {
        const tensor *t = tensor_table_at(c->table, i);
        if (t->n_bytes > 0 && !t->is_strided) spans[n++] = (span){t->name, t->data, t->data + t->n_bytes};
    }
    qsort(spans, n, sizeof *spans, by_place);
    for (size_t i = 1; i < n && status == PITH_OK; i++) {
        const span *before = &spans[i - 1], *s = &spans[i];
        bool same = s->begin == before->begin && s->end == before->end;
        if (!same && s->begin < before->end)
            status = diag_set(c->diag, PITH_E_FORMAT, "tensor %.100s overlaps %.100s", s->name, before->name);
    }
    mem_free(alloc, spans);
    return status;
}

/* ---- the state dict ------------------------------------------------------------------------------ */

static bool holds_tensors(const pickle *p, const pickle_value *dict) {
    const pickle_value *k, *v;
    uint32_t cursor = 0;
    while (pickle_next_pair(p, dict, &cursor, &k, &v))
        if (v->kind == PICKLE_TENSOR) return true;
    return false;
}

/* Finds the dict of tensors: the root, or one inside it with a common name. */
static const pickle_value *find_state_dict(const pickle *p) {
    static const char *const NAMES[] = {"state_dict", "model", "params", "module"};
    const pickle_value *at = pickle_root(p);
    for (int depth = 0; depth < MAX_NESTING && at->kind == PICKLE_DICT; depth++) {
        const pickle_value *inner = NULL;
        for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0] && !inner; i++) {
            inner = pickle_get(p, at, NAMES[i]);
            if (inner && inner->kind != PICKLE_DICT) inner = NULL;
        }
        if (!inner) return holds_tensors(p, at) ? at : NULL;
        at = inner;
    }
    return NULL;
}

static pith_status add_state_dict(ckpt *c) {
    pith_status status = PITH_OK;
    const pickle_value *dict = find_state_dict(c->pickle), *k, *v;
    uint32_t cursor = 0;
    if (!dict) {
        bool whole = pickle_root(c->pickle)->kind == PICKLE_OPAQUE;
        return diag_set(c->diag, PITH_E_UNSUPPORTED,
                        whole ? "holds a Python object, not its weights: save its state_dict()"
                              : "holds no state dict");
    }
    while (pickle_next_pair(c->pickle, dict, &cursor, &k, &v)) PITH_TRY(add_entry(c, k, v));

cleanup:
    return status;
}

static uint64_t most_unpacked(const pith_env *env, size_t n_bytes) {
    const uint64_t by_ratio = MOST_UNPACKED_RATIO * (uint64_t)n_bytes;
    const uint64_t most = by_ratio > MIN_UNPACKABLE ? by_ratio : MIN_UNPACKABLE;
    return most < env->max_model_bytes ? most : env->max_model_bytes;
}

static pith_status hand_over_unpacked(ckpt *c) {
    for (size_t i = 0; i < zip_count(c->zip); i++) {
        if (!c->unpacked[i]) continue;
        pith_status status = tensor_table_take_block(c->table, c->unpacked[i]);
        if (status != PITH_OK) return status;
        c->unpacked[i] = NULL;
    }
    return PITH_OK;
}

static pith_status read_pickle(ckpt *c, pickle **p, const zip_member *m, const pith_alloc *alloc) {
    pith_status status = PITH_OK;
    const uint8_t *data = NULL;
    PITH_TRY(take_data(c, m, &data));
    PITH_TRY(pickle_read(p, alloc, data, (size_t)m->n_bytes, c->diag));
    c->pickle = *p;
cleanup:
    return status;
}

pith_status ckpt_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    pith_status status = PITH_OK;
    zip_file *zip = NULL;
    pickle *p = NULL;
    ckpt c = {.diag = diag};
    *out = NULL;
    PITH_TRY(zip_open(&zip, &env->alloc, data, n_bytes, diag));
    c.zip = zip;
    c.n_unpackable = most_unpacked(env, n_bytes);
    c.unpacked = mem_alloc(&env->alloc, zip_count(zip), sizeof *c.unpacked);
    if (!c.unpacked) PITH_TRY(PITH_E_NOMEM);
    const zip_member *m = find_pickle(&c);
    if (!m) {
        status = diag_set(diag, PITH_E_UNSUPPORTED, "is a zip file, but no PyTorch checkpoint: it has no data.pkl");
        goto cleanup;
    }
    PITH_TRY(check_archive(&c));
    PITH_TRY(read_pickle(&c, &p, m, &env->alloc));
    PITH_TRY(tensor_table_new(&c.table, env));
    PITH_TRY(add_state_dict(&c));
    PITH_TRY(check_overlaps(&c, &env->alloc));
    PITH_TRY(hand_over_unpacked(&c));
    *out = c.table;
    c.table = NULL;

cleanup:
    if (status == PITH_E_NOMEM) diag_set(diag, status, "out of memory");
    tensor_table_free(&c.table);
    for (size_t i = 0; c.unpacked && i < zip_count(zip); i++) mem_free_aligned(&env->alloc, c.unpacked[i]);
    mem_free(&env->alloc, c.unpacked);
    pickle_free(&p);
    zip_close(&zip);
    return status;
}
