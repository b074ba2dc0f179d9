/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writing safetensors: the header built by jansson (its memory is outside our
 * allocator), then the tensors' bytes as they lie, under a temporary name. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "weights/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/stream.h"
#include "weights/tensor_table_private.h"

#define MAX_TEMPORARY_TRIES 100u
#define MAX_WRITE_BYTES (64u << 20) /* a write() call's; Linux stops at 2 GiB */

static const char *dtype_name(tensor_type type) {
    switch (type) {
    case TENSOR_F32:
        return "F32";
    case TENSOR_F16:
        return "F16";
    case TENSOR_BF16:
        return "BF16";
    case TENSOR_I8:
        return "I8";
    case TENSOR_OTHER:
    default:
        return NULL;
    }
}

/* ---- header ------------------------------------------------------------------- */

/* {"dtype": ..., "shape": [...], "data_offsets": [begin, end]}; NULL when out
 * of memory. */
static json_t *describe_tensor(const tensor *t, uint64_t begin) {
    json_t *shape = json_array();
    int fault = shape ? 0 : -1;
    for (uint32_t i = 0; i < t->rank; i++) fault |= json_array_append_new(shape, json_integer((json_int_t)t->shape[i]));
    json_t *described = json_object();
    fault |= json_object_set_new(described, "dtype", json_string(dtype_name(t->type)));
    fault |= json_object_set_new(described, "shape", shape);
    json_t *offsets = json_pack("[I, I]", (json_int_t)begin, (json_int_t)(begin + t->n_bytes));
    fault |= json_object_set_new(described, "data_offsets", offsets);
    if (!fault) return described;
    json_decref(described);
    return NULL;
}

static pith_status describe_metadata(json_t *root, const tensor_table *table, pith_diag *diag) {
    const char *value, *key = tensor_table_meta_at(table, 0, &value);
    if (!key) return PITH_OK;
    json_t *meta = json_object();
    if (json_object_set_new(root, "__metadata__", meta) != 0) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    for (size_t i = 0; (key = tensor_table_meta_at(table, i, &value)) != NULL; i++)
        if (json_object_set_new(meta, key, json_string(value)) != 0) /* or out of memory: as good as never */
            return diag_set(diag, PITH_E_ARG, "metadata %.100s: is not UTF-8", key);
    return PITH_OK;
}

/* The header's text, padded; freed with free(). */
static pith_status make_header(char **text, size_t *n_bytes, const tensor_table *table, pith_diag *diag) {
    pith_status status = PITH_OK;
    char *dumped = NULL;
    json_t *root = json_object();
    if (!root) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    PITH_TRY(describe_metadata(root, table, diag));
    uint64_t begin = 0;
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        if (!dtype_name(t->type)) {
            status =
                diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: only F32, F16, BF16 and I8 can be written", t->name);
            goto cleanup;
        }
        if (!strcmp(t->name, "__metadata__") || json_object_set_new(root, t->name, describe_tensor(t, begin)) != 0) {
            status = diag_set(diag, PITH_E_ARG, "tensor %.100s: its name is reserved or not UTF-8", t->name);
            goto cleanup;
        }
        begin += t->n_bytes;
    }
    dumped = json_dumps(root, JSON_COMPACT);
    size_t length = dumped ? strlen(dumped) : 0, padded = (length + 7) / 8 * 8;
    char *grown = dumped ? realloc(dumped, padded + 1) : NULL;
    if (!grown) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory");
        goto cleanup;
    }
    memset(grown + length, ' ', padded - length);
    dumped = NULL;
    *text = grown;
    *n_bytes = padded;

cleanup:
    free(dumped);
    json_decref(root);
    return status;
}

/* ---- file --------------------------------------------------------------------- */

static pith_status write_all(int fd, const void *data, uint64_t n_bytes, pith_diag *diag) {
    const uint8_t *p = data;
    while (n_bytes > 0) {
        size_t part = n_bytes < MAX_WRITE_BYTES ? (size_t)n_bytes : MAX_WRITE_BYTES;
        ssize_t n = write(fd, p, part);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return diag_set(diag, PITH_E_IO, "cannot be written: %s", strerror(errno));
        p += n;
        n_bytes -= (uint64_t)n;
    }
    return PITH_OK;
}

/* A new file beside `path`; its name is freed with mem_free. */
static pith_status open_temporary(int *fd, char **name, const char *path, const pith_alloc *alloc, pith_diag *diag) {
    size_t n = strlen(path) + 40;
    *name = mem_alloc(alloc, n, 1);
    if (!*name) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    for (unsigned i = 0; i < MAX_TEMPORARY_TRIES; i++) {
        snprintf(*name, n, "%s.%ld-%u.tmp", path, (long)getpid(), i);
        *fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*fd >= 0) return PITH_OK;
        if (errno != EEXIST) break;
    }
    return diag_set(diag, PITH_E_IO, "cannot be written: %s", strerror(errno));
}

static pith_status write_contents(int fd, const char *text, size_t text_bytes, const tensor_table *table,
                                  pith_diag *diag) {
    pith_status status = PITH_OK;
    uint8_t length[8];
    for (size_t i = 0; i < sizeof length; i++) length[i] = (uint8_t)((uint64_t)text_bytes >> (8 * i));
    PITH_TRY(write_all(fd, length, sizeof length, diag));
    PITH_TRY(write_all(fd, text, text_bytes, diag));
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        PITH_TRY(write_all(fd, t->data, t->n_bytes, diag));
    }
    if (fsync(fd) != 0) status = diag_set(diag, PITH_E_IO, "cannot be written: %s", strerror(errno));

cleanup:
    return status;
}

pith_status safetensors_write(const char *path, const tensor_table *table, const pith_env *env, pith_diag *diag) {
    if (!path || !table || !env) return diag_set(diag, PITH_E_ARG, "safetensors: an argument is NULL");
    pith_status status = PITH_OK;
    char *text = NULL, *temporary = NULL;
    size_t text_bytes = 0;
    int fd = -1;
    PITH_TRY(make_header(&text, &text_bytes, table, diag));
    PITH_TRY(open_temporary(&fd, &temporary, path, &env->alloc, diag));
    PITH_TRY(write_contents(fd, text, text_bytes, table, diag));
    int closed = close(fd);
    fd = -1;
    if (closed != 0 || rename(temporary, path) != 0) {
        status = diag_set(diag, PITH_E_IO, "cannot be written: %s", strerror(errno));
        (void)unlink(temporary);
    }

cleanup:
    if (fd >= 0) {
        close(fd);
        (void)unlink(temporary);
    }
    mem_free(&env->alloc, temporary);
    free(text);
    return status;
}
