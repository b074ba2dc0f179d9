/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads safetensors. jansson parses the header; its memory (like qsort's) is outside our allocator, but a scan
 * beforehand limits it. Every field of every tensor is checked before the table is returned. */
#include "weights/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/stream.h"
#include "weights/quantised.h"
#include "weights/tensor_table_private.h"

#define LENGTH_BYTES 8u
#define MAX_HEADER_BYTES 100000000u
/* Enough for the largest valid header: 11 commas per tensor, one per metadata entry. */
#define MAX_COMMAS (1u << 20)
#define MAX_DEPTH 3u /* header, tensor, shape */

typedef struct dtype {
    const char *name;
    tensor_type type;
    uint32_t n_bytes;
} dtype;

static const dtype DTYPES[] = {
    {"F32", TENSOR_F32, 4},         {"F16", TENSOR_F16, 2},       {"BF16", TENSOR_BF16, 2},
    {"I8", TENSOR_I8, 1},           {"BOOL", TENSOR_OTHER, 1},    {"U8", TENSOR_OTHER, 1},
    {"I16", TENSOR_OTHER, 2},       {"U16", TENSOR_OTHER, 2},     {"I32", TENSOR_OTHER, 4},
    {"U32", TENSOR_OTHER, 4},       {"I64", TENSOR_OTHER, 8},     {"U64", TENSOR_OTHER, 8},
    {"F64", TENSOR_OTHER, 8},       {"C64", TENSOR_OTHER, 8},     {"F8_E4M3", TENSOR_F8_E4M3, 1},
    {"F8_E5M2", TENSOR_F8_E5M2, 1}, {"F8_E8M0", TENSOR_OTHER, 1},
};

/* A tensor as described in the header. */
typedef struct entry {
    const char *name; /* owned by the JSON object */
    json_t *fields;
    tensor parsed;
    uint64_t begin, end; /* of its bytes, relative to the start of the data */
} entry;

typedef struct header {
    const char *text; /* not terminated */
    size_t text_bytes;
    const uint8_t *data; /* follows the header */
    uint64_t data_bytes;
    json_t *json;
    entry *entries;
    size_t n_entries;
} header;

/* ---- the header as text ------------------------------------------------------ */

static pith_status find_header(header *h, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    stream s;
    st_init(&s, data, n_bytes, "safetensors", 0, diag);
    uint64_t n = st_u64le(&s, "header length");
    if (s.status != PITH_OK) return s.status;
    if (st_left(&s) > 0 && data[LENGTH_BYTES] != '{')
        return diag_set(diag, PITH_E_FORMAT, "is not a safetensors file: no JSON header at byte 8");
    if (n < 2) return diag_set(diag, PITH_E_FORMAT, "safetensors header of %" PRIu64 " bytes is too short", n);
    if (n > MAX_HEADER_BYTES)
        return diag_set(diag, PITH_E_LIMIT, "safetensors header of %" PRIu64 " bytes, the limit is %u", n,
                        MAX_HEADER_BYTES);
    if (n > st_left(&s))
        return diag_set(diag, PITH_E_TRUNCATED,
                        "safetensors header of %" PRIu64 " bytes, the file has %zu after byte 8", n, st_left(&s));
    h->text = (const char *)st_bytes(&s, (size_t)n, "header");
    h->text_bytes = (size_t)n;
    h->data = data + s.position;
    h->data_bytes = st_left(&s);
    return PITH_OK;
}

/* Limits what the JSON parser will build. */
static pith_status scan_header(const header *h, pith_diag *diag) {
    bool in_string = false;
    uint32_t n_commas = 0, depth = 0;
    for (size_t i = 0; i < h->text_bytes; i++) {
        char c = h->text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == ',' && ++n_commas > MAX_COMMAS) {
            return diag_set(diag, PITH_E_LIMIT, "safetensors header: more than %u commas", MAX_COMMAS);
        } else if ((c == '{' || c == '[') && ++depth > MAX_DEPTH) {
            return diag_set(diag, PITH_E_FORMAT, "safetensors header: nested deeper than %u levels (byte %zu)",
                            MAX_DEPTH, LENGTH_BYTES + i);
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return PITH_OK;
}

static pith_status parse_header(header *h, pith_diag *diag) {
    json_error_t error;
    h->json = json_loadb(h->text, h->text_bytes, JSON_REJECT_DUPLICATES, &error);
    if (h->json) return PITH_OK;
    if (json_error_code(&error) == json_error_out_of_memory) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    return diag_set(diag, PITH_E_FORMAT, "safetensors header: %s (byte %u)", error.text,
                    LENGTH_BYTES + (unsigned)error.position);
}

/* ---- one tensor ---------------------------------------------------------------- */

static pith_status read_dtype(entry *e, uint32_t *element_bytes, pith_diag *diag) {
    const char *name = json_string_value(json_object_get(e->fields, "dtype"));
    if (!name) return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: dtype is missing or not a string", e->name);
    for (size_t i = 0; i < sizeof DTYPES / sizeof DTYPES[0]; i++) {
        if (strcmp(name, DTYPES[i].name) != 0) continue;
        e->parsed.type = DTYPES[i].type;
        *element_bytes = DTYPES[i].n_bytes;
        return PITH_OK;
    }
    return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: dtype %.40s is not known", e->name, name);
}

/* Reads a non-negative integer. */
static pith_status read_count(uint64_t *count, const entry *e, const char *field, const json_t *value,
                              pith_diag *diag) {
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: %s has a value that is not an integer >= 0", e->name,
                        field);
    *count = (uint64_t)json_integer_value(value);
    return PITH_OK;
}

static pith_status read_shape(entry *e, uint32_t element_bytes, pith_diag *diag) {
    const json_t *shape = json_object_get(e->fields, "shape");
    if (!json_is_array(shape))
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: shape is missing or not an array", e->name);
    size_t rank = json_array_size(shape);
    if (rank > TENSOR_MAX_RANK)
        return diag_set(diag, PITH_E_LIMIT, "tensor %.100s: rank %zu, the limit is %d", e->name, rank, TENSOR_MAX_RANK);
    e->parsed.rank = (uint32_t)rank;
    uint64_t n = 1, n_bytes;
    bool overflow = false;
    for (size_t i = 0; i < rank; i++) {
        pith_status status = read_count(&e->parsed.shape[i], e, "shape", json_array_get(shape, i), diag);
        if (status != PITH_OK) return status;
        overflow = overflow || __builtin_mul_overflow(n, e->parsed.shape[i], &n);
    }
    if (overflow || __builtin_mul_overflow(n, (uint64_t)element_bytes, &n_bytes))
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: the product of its shape overflows", e->name);
    e->parsed.n_elements = n;
    e->parsed.n_bytes = n_bytes;
    return PITH_OK;
}

static pith_status read_offsets(entry *e, const header *h, pith_diag *diag) {
    const json_t *offsets = json_object_get(e->fields, "data_offsets");
    if (!json_is_array(offsets) || json_array_size(offsets) != 2)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: data_offsets is missing or not a pair", e->name);
    pith_status status = PITH_OK;
    PITH_TRY(read_count(&e->begin, e, "data_offsets", json_array_get(offsets, 0), diag));
    PITH_TRY(read_count(&e->end, e, "data_offsets", json_array_get(offsets, 1), diag));
    if (e->begin > e->end)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: begins at %" PRIu64 ", after its end at %" PRIu64, e->name,
                        e->begin, e->end);
    if (e->end - e->begin != e->parsed.n_bytes)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: has %" PRIu64 " bytes, its type and shape need %" PRIu64,
                        e->name, e->end - e->begin, e->parsed.n_bytes);
    if (e->end > h->data_bytes)
        return diag_set(diag, PITH_E_TRUNCATED, "tensor %.100s: ends at %" PRIu64 ", the data at %" PRIu64, e->name,
                        e->end, h->data_bytes);
    e->parsed.data = h->data + e->begin;

cleanup:
    return status;
}

static pith_status read_tensor(entry *e, const header *h, pith_diag *diag) {
    size_t name_bytes = strlen(e->name);
    if (name_bytes == 0) return diag_set(diag, PITH_E_FORMAT, "a tensor has an empty name");
    if (name_bytes > TENSOR_MAX_NAME_BYTES)
        return diag_set(diag, PITH_E_LIMIT, "tensor %.60s...: a name of %zu bytes, the limit is %u", e->name,
                        name_bytes, TENSOR_MAX_NAME_BYTES);
    if (!json_is_object(e->fields) || json_object_size(e->fields) != 3)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: is not an object of dtype, shape and data_offsets",
                        e->name);
    e->parsed.name = e->name;
    uint32_t element_bytes = 0;
    pith_status status = PITH_OK;
    PITH_TRY(read_dtype(e, &element_bytes, diag));
    PITH_TRY(read_shape(e, element_bytes, diag));
    PITH_TRY(read_offsets(e, h, diag));

cleanup:
    return status;
}

/* ---- all tensors -------------------------------------------------------------------- */

static int by_place(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static int by_name(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Lists key and value of every entry of an object, sorted by key. */
static pith_status list_entries(entry **out, size_t *count, json_t *object, size_t limit, const char *what,
                                const pith_alloc *alloc, pith_diag *diag) {
    size_t n = json_object_size(object), i = 0;
    if (n > limit) return diag_set(diag, PITH_E_LIMIT, "safetensors header: %zu %s, the limit is %zu", n, what, limit);
    *out = mem_alloc(alloc, n, sizeof **out);
    if (!*out) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    *count = n;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        (*out)[i].name = key;
        (*out)[i].fields = value;
        i++;
    }
    qsort(*out, n, sizeof **out, by_name);
    return PITH_OK;
}

static pith_status read_metadata(tensor_table *table, json_t *json, const pith_alloc *alloc, pith_diag *diag) {
    json_t *meta = json_object_get(json, "__metadata__");
    if (!meta) return PITH_OK;
    if (!json_is_object(meta)) return diag_set(diag, PITH_E_FORMAT, "__metadata__: is not an object");
    entry *entries = NULL;
    size_t n = 0;
    pith_status status = PITH_OK;
    PITH_TRY(list_entries(&entries, &n, meta, TENSOR_MAX_META, "metadata entries", alloc, diag));
    for (size_t i = 0; i < n; i++) {
        const char *key = entries[i].name, *value = json_string_value(entries[i].fields);
        if (strlen(key) > TENSOR_MAX_NAME_BYTES)
            status = diag_set(diag, PITH_E_LIMIT, "__metadata__: %.60s...: a key of %zu bytes, the limit is %u", key,
                              strlen(key), TENSOR_MAX_NAME_BYTES);
        else if (!value)
            status = diag_set(diag, PITH_E_FORMAT, "__metadata__: %.100s is not a string", key);
        else
            status = tensor_table_set_meta(table, key, value);
        if (status != PITH_OK) break;
    }

cleanup:
    mem_free(alloc, entries);
    return status;
}

/* Checks that every byte of the data belongs to exactly one tensor. Sorts the entries. */
static pith_status check_coverage(const header *h, pith_diag *diag) {
    uint64_t covered = 0;
    const char *before = "the header";
    if (h->n_entries > 1) qsort(h->entries, h->n_entries, sizeof h->entries[0], by_place);
    for (size_t i = 0; i < h->n_entries; i++) {
        const entry *e = &h->entries[i];
        if (e->begin == e->end) continue;
        if (e->begin < covered)
            return diag_set(diag, PITH_E_FORMAT,
                            "tensor %.80s: begins at %" PRIu64 ", inside %.80s, which ends at %" PRIu64, e->name,
                            e->begin, before, covered);
        if (e->begin > covered)
            return diag_set(diag, PITH_E_FORMAT, "a hole of %" PRIu64 " bytes before tensor %.100s at %" PRIu64,
                            e->begin - covered, e->name, e->begin);
        covered = e->end;
        before = e->name;
    }
    if (covered != h->data_bytes)
        return diag_set(diag, PITH_E_FORMAT, "%" PRIu64 " bytes after the end of the last tensor",
                        h->data_bytes - covered);
    return PITH_OK;
}

static pith_status read_tensors(tensor_table *table, header *h, const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    (void)json_object_del(h->json, "__metadata__");
    PITH_TRY(list_entries(&h->entries, &h->n_entries, h->json, TENSOR_MAX_COUNT, "tensors", alloc, diag));
    for (size_t i = 0; i < h->n_entries; i++) PITH_TRY(read_tensor(&h->entries[i], h, diag));
    PITH_TRY(check_coverage(h, diag));
    if (h->n_entries > 1) qsort(h->entries, h->n_entries, sizeof h->entries[0], by_name);
    for (size_t i = 0; i < h->n_entries; i++) PITH_TRY(tensor_table_add(table, &h->entries[i].parsed));

cleanup:
    return status;
}

pith_status safetensors_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes,
                             pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *table = NULL;
    header h = {0};
    *out = NULL;
    PITH_TRY(find_header(&h, data, n_bytes, diag));
    PITH_TRY(scan_header(&h, diag));
    PITH_TRY(parse_header(&h, diag));
    PITH_TRY(tensor_table_new(&table, env));
    PITH_TRY(read_metadata(table, h.json, &env->alloc, diag));
    PITH_TRY(read_tensors(table, &h, &env->alloc, diag));
    PITH_TRY(quantised_resolve(&table, env, diag));
    *out = table;
    table = NULL;

cleanup:
    if (status == PITH_E_NOMEM) diag_set(diag, status, "out of memory");
    mem_free(&env->alloc, h.entries);
    json_decref(h.json);
    tensor_table_free(&table);
    return status;
}

pith_status safetensors_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) {
    if (!out || !env || !path) return diag_set(diag, PITH_E_ARG, "safetensors: an argument is NULL");
    *out = NULL;
    pith_status status = PITH_OK;
    tensor_table *table = NULL;
    file_map map = {0};
    PITH_TRY(file_map_open(&map, path, env->max_model_bytes, diag));
    PITH_TRY(safetensors_read(&table, env, map.data, map.n_bytes, diag));
    PITH_TRY(tensor_table_take_map(table, &map));
    *out = table;
    table = NULL;

cleanup:
    tensor_table_free(&table);
    file_map_close(&map);
    return status;
}
