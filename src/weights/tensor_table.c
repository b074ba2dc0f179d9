/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The table: tensors and metadata, both sorted by name and found by binary search. Independent of file formats. */
#include "weights/tensor_table.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "weights/tensor_table_private.h"

typedef struct meta_entry {
    char *key, *value;
} meta_entry;

struct tensor_table {
    pith_alloc alloc;
    tensor *tensors; /* sorted by name; the names are owned */
    size_t n_tensors, tensors_capacity;
    meta_entry *meta; /* sorted by key */
    size_t n_meta, meta_capacity;
    file_map maps[TENSOR_MAX_MAPS]; /* the files that hold the data; closed with the table */
    size_t n_maps;
    void **blocks; /* memory that holds data: the inflated parts of a file */
    size_t n_blocks, blocks_capacity;
};

pith_status tensor_table_new(tensor_table **out, const pith_env *env) {
    if (!out) return PITH_E_ARG;
    *out = NULL;
    pith_alloc alloc = {0};
    if (env) alloc = env->alloc;
    tensor_table *table = mem_alloc(&alloc, 1, sizeof *table);
    if (!table) return PITH_E_NOMEM;
    table->alloc = alloc;
    *out = table;
    return PITH_OK;
}

void tensor_table_free(tensor_table **table) {
    if (!table || !*table) return;
    tensor_table *t = *table;
    pith_alloc alloc = t->alloc;
    for (size_t i = 0; i < t->n_tensors; i++) mem_free(&alloc, (void *)(uintptr_t)t->tensors[i].name);
    mem_free(&alloc, t->tensors);
    for (size_t i = 0; i < t->n_meta; i++) {
        mem_free(&alloc, t->meta[i].key);
        mem_free(&alloc, t->meta[i].value);
    }
    mem_free(&alloc, t->meta);
    for (size_t i = 0; i < t->n_maps; i++) file_map_close(&t->maps[i]);
    for (size_t i = 0; i < t->n_blocks; i++) mem_free_aligned(&alloc, t->blocks[i]);
    mem_free(&alloc, t->blocks);
    mem_free(&alloc, t);
    *table = NULL;
}

/* ---- growing ---------------------------------------------------------------- */

static char *copy_text(const pith_alloc *alloc, const char *text) {
    size_t n = strlen(text) + 1;
    char *copy = mem_alloc(alloc, n, 1);
    if (copy) memcpy(copy, text, n);
    return copy;
}

/* Makes room for one more element in `*block`. */
static bool make_room(const pith_alloc *alloc, void **block, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) return true;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = mem_grow(alloc, *block, count, wanted, size);
    if (!grown) return false;
    *block = grown;
    *capacity = wanted;
    return true;
}

size_t tensor_type_bytes(tensor_type type) {
    switch (type) {
    case TENSOR_F32:
        return 4;
    case TENSOR_F16:
    case TENSOR_BF16:
        return 2;
    case TENSOR_I8:
    case TENSOR_F8_E4M3:
    case TENSOR_F8_E5M2:
        return 1;
    case TENSOR_OTHER:
    default:
        return 0;
    }
}

/* True if name, rank, shape, counts and data are consistent. */
static bool tensor_is_legal(const tensor *t) {
    if (!t->name || !t->name[0] || strlen(t->name) > TENSOR_MAX_NAME_BYTES) return false;
    if (t->type < TENSOR_F32 || t->type > TENSOR_OTHER || t->rank > TENSOR_MAX_RANK) return false;
    uint64_t n_elements = 1;
    for (uint32_t i = 0; i < t->rank; i++)
        if (__builtin_mul_overflow(n_elements, t->shape[i], &n_elements)) return false;
    if (n_elements != t->n_elements) return false;
    uint64_t n_bytes;
    if (__builtin_mul_overflow(n_elements, (uint64_t)tensor_type_bytes(t->type), &n_bytes)) return false;
    if (t->type != TENSOR_OTHER && n_bytes != t->n_bytes) return false;
    if (t->scales && (t->type != TENSOR_I8 || t->rank < 2 || t->is_strided)) return false;
    return t->n_bytes <= SIZE_MAX && (t->data || t->n_bytes == 0);
}

pith_status tensor_table_add(tensor_table *table, const tensor *t) {
    if (!table || !t || !tensor_is_legal(t)) return PITH_E_ARG;
    if (table->n_tensors >= TENSOR_MAX_COUNT) return PITH_E_LIMIT;
    size_t at = tensor_table_lower_bound(table, t->name);
    if (at < table->n_tensors && !strcmp(table->tensors[at].name, t->name)) return PITH_E_ARG;

    void *block = table->tensors;
    bool fits = make_room(&table->alloc, &block, table->n_tensors, &table->tensors_capacity, sizeof(tensor));
    table->tensors = block;
    if (!fits) return PITH_E_NOMEM;
    char *name = copy_text(&table->alloc, t->name);
    if (!name) return PITH_E_NOMEM;
    tensor *place = table->tensors + at;
    memmove(place + 1, place, (table->n_tensors - at) * sizeof *place);
    *place = *t;
    place->name = name;
    table->n_tensors++;
    return PITH_OK;
}

static size_t meta_lower_bound(const tensor_table *table, const char *key) {
    size_t low = 0, high = table->n_meta;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(table->meta[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

pith_status tensor_table_set_meta(tensor_table *table, const char *key, const char *value) {
    if (!table || !key || !value || strlen(key) > TENSOR_MAX_NAME_BYTES) return PITH_E_ARG;
    char *new_value = copy_text(&table->alloc, value);
    if (!new_value) return PITH_E_NOMEM;
    size_t at = meta_lower_bound(table, key);
    if (at < table->n_meta && !strcmp(table->meta[at].key, key)) {
        mem_free(&table->alloc, table->meta[at].value);
        table->meta[at].value = new_value;
        return PITH_OK;
    }

    pith_status status = PITH_E_LIMIT;
    char *new_key = NULL;
    if (table->n_meta >= TENSOR_MAX_META) goto cleanup;
    status = PITH_E_NOMEM;
    void *block = table->meta;
    bool fits = make_room(&table->alloc, &block, table->n_meta, &table->meta_capacity, sizeof(meta_entry));
    table->meta = block;
    new_key = copy_text(&table->alloc, key);
    if (!fits || !new_key) goto cleanup;
    meta_entry *place = table->meta + at;
    memmove(place + 1, place, (table->n_meta - at) * sizeof *place);
    *place = (meta_entry){new_key, new_value};
    table->n_meta++;
    return PITH_OK;

cleanup:
    mem_free(&table->alloc, new_key);
    mem_free(&table->alloc, new_value);
    return status;
}

pith_status tensor_table_copy_meta(tensor_table *to, const tensor_table *from) {
    pith_status status = PITH_OK;
    for (size_t i = 0; i < from->n_meta && status == PITH_OK; i++)
        status = tensor_table_set_meta(to, from->meta[i].key, from->meta[i].value);
    return status;
}

pith_status tensor_table_take_map(tensor_table *table, file_map *map) {
    if (table->n_maps == TENSOR_MAX_MAPS) return PITH_E_LIMIT;
    table->maps[table->n_maps++] = *map;
    *map = (file_map){0};
    return PITH_OK;
}

pith_status tensor_table_take_block(tensor_table *table, void *block) {
    void *blocks = table->blocks;
    bool fits = make_room(&table->alloc, &blocks, table->n_blocks, &table->blocks_capacity, sizeof(void *));
    table->blocks = blocks;
    if (!fits) return PITH_E_NOMEM;
    table->blocks[table->n_blocks++] = block;
    return PITH_OK;
}

pith_status tensor_table_take_maps(tensor_table *table, tensor_table *from) {
    if (from->n_maps > TENSOR_MAX_MAPS - table->n_maps) return PITH_E_LIMIT;
    for (; from->n_blocks > 0; from->n_blocks--) {
        pith_status status = tensor_table_take_block(table, from->blocks[from->n_blocks - 1]);
        if (status != PITH_OK) return status;
    }
    for (size_t i = 0; i < from->n_maps; i++) table->maps[table->n_maps++] = from->maps[i];
    from->n_maps = 0;
    return PITH_OK;
}

/* ---- reading ---------------------------------------------------------------- */

bool tensor_has_values(const tensor *t) {
    if (t->type == TENSOR_I8) return t->scales != NULL;
    return t->type >= TENSOR_F32 && t->type < TENSOR_OTHER;
}

size_t tensor_table_count(const tensor_table *table) { return table->n_tensors; }

const tensor *tensor_table_at(const tensor_table *table, size_t index) {
    return index < table->n_tensors ? &table->tensors[index] : NULL;
}

size_t tensor_table_lower_bound(const tensor_table *table, const char *name) {
    size_t low = 0, high = table->n_tensors;
    /* Names mostly arrive sorted, so the end is tried first. */
    if (high && strcmp(table->tensors[high - 1].name, name) < 0) return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(table->tensors[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const tensor *tensor_table_find(const tensor_table *table, const char *name) {
    size_t at = tensor_table_lower_bound(table, name);
    if (at == table->n_tensors || strcmp(table->tensors[at].name, name) != 0) return NULL;
    return &table->tensors[at];
}

const char *tensor_table_meta(const tensor_table *table, const char *key) {
    size_t at = meta_lower_bound(table, key);
    if (at == table->n_meta || strcmp(table->meta[at].key, key) != 0) return NULL;
    return table->meta[at].value;
}

const char *tensor_table_meta_at(const tensor_table *table, size_t index, const char **value) {
    if (index >= table->n_meta) return NULL;
    *value = table->meta[index].value;
    return table->meta[index].key;
}

bool tensor_table_has_part(const tensor_table *table, const char *prefix) {
    const tensor *t = tensor_table_at(table, tensor_table_lower_bound(table, prefix));
    return t && !strncmp(t->name, prefix, strlen(prefix));
}

uint64_t tensor_table_file_bytes(const tensor_table *table) {
    uint64_t n_bytes = 0;
    for (size_t i = 0; i < table->n_maps; i++) n_bytes += table->maps[i].n_bytes;
    return n_bytes;
}

bool tensor_table_has_file(const tensor_table *table, const char *path) {
    struct stat st;
    if (stat(path, &st) != 0) return false;
    for (size_t i = 0; i < table->n_maps; i++)
        if (table->maps[i].device == (uint64_t)st.st_dev && table->maps[i].inode == (uint64_t)st.st_ino) return true;
    return false;
}

void tensor_table_drop_pages(const tensor_table *table) {
    for (size_t i = 0; i < table->n_maps; i++) file_map_drop_pages(&table->maps[i]);
}
