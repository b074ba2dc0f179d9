/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writes safetensors: jansson builds the header (its memory is outside our allocator); the tensors' bytes follow. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "weights/safetensors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/stream.h"
#include "weights/quantised.h"
#include "weights/tensor_table_private.h"
#include "weights/whole_file.h"

#define BLOCK_VALUES 4096u          /* values rounded at a time */
#define MAX_WRITE_BYTES (64u << 20) /* per call of write(); Linux stops at 2 GiB */

/* How tensor values are written. */
typedef struct writing {
    safetensors_precision precision;
    const pith_alloc *alloc;
    safetensors_written_fn *written; /* may be NULL */
    void *user;
} writing;

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
    case TENSOR_F8_E4M3:
        return "F8_E4M3";
    case TENSOR_F8_E5M2:
        return "F8_E5M2";
    case TENSOR_OTHER:
    default:
        return NULL;
    }
}

/* ---- header ------------------------------------------------------------------- */

/* The tensor's type in the file; TENSOR_OTHER if it cannot be written. */
static tensor_type stored_type(const tensor *t, const writing *how) {
    const bool as_it_is = how->precision == SAFETENSORS_AS_THEY_ARE;
    if (as_it_is || (how->precision == SAFETENSORS_INT8 && t->scales)) return t->type;
    if (how->precision == SAFETENSORS_INT8 && quantised_pays(t)) return TENSOR_I8;
    return t->type != TENSOR_I8 && tensor_has_values(t) ? TENSOR_F16 : TENSOR_OTHER;
}

static bool gets_scales(const tensor *t, const writing *how) {
    return t->scales || (t->type != TENSOR_I8 && stored_type(t, how) == TENSOR_I8);
}

/* Adds {"dtype": ..., "shape": [...], "data_offsets": [begin, end]} for the name and advances *begin past the tensor.
 * False if out of memory or if the name is not UTF-8. */
static bool describe(json_t *root, const char *name, tensor_type type, const uint64_t *dims, uint32_t rank,
                     uint64_t *begin) {
    uint64_t n_bytes = tensor_type_bytes(type);
    json_t *shape = json_array();
    int fault = shape ? 0 : -1;
    for (uint32_t i = 0; i < rank; i++) {
        fault |= json_array_append_new(shape, json_integer((json_int_t)dims[i]));
        n_bytes *= dims[i];
    }
    json_t *described = json_object();
    fault |= json_object_set_new(described, "dtype", json_string(dtype_name(type)));
    fault |= json_object_set_new(described, "shape", shape);
    json_t *offsets = json_pack("[I, I]", (json_int_t)*begin, (json_int_t)(*begin + n_bytes));
    fault |= json_object_set_new(described, "data_offsets", offsets);
    *begin += n_bytes;
    if (!fault) return json_object_set_new(root, name, described) == 0;
    json_decref(described);
    return false;
}

static pith_status describe_scales(json_t *root, const tensor_table *table, const tensor *t, uint64_t *begin,
                                   pith_diag *diag) {
    char name[TENSOR_MAX_NAME_BYTES + sizeof QUANTISED_ENDING];
    snprintf(name, sizeof name, "%s" QUANTISED_ENDING, t->name);
    if (!quantised_is_marked(table) || tensor_table_find(table, name) || strlen(name) > TENSOR_MAX_NAME_BYTES)
        return diag_set(diag, PITH_E_ARG, "tensor %.100s: there is no name for its scales, or no mark of int8",
                        t->name);
    if (describe(root, name, TENSOR_F32, t->shape, 1, begin)) return PITH_OK;
    return diag_set(diag, PITH_E_NOMEM, "out of memory");
}

static pith_status describe_tensor(json_t *root, const tensor_table *table, const tensor *t, const writing *how,
                                   uint64_t *begin, pith_diag *diag) {
    const tensor_type type = stored_type(t, how);
    if (!dtype_name(type))
        return diag_set(diag, PITH_E_UNSUPPORTED, "tensor %.100s: only F32, F16, BF16, F8%s can be written", t->name,
                        how->precision == SAFETENSORS_AS_THEY_ARE ? " and I8" : "");
    if (!strcmp(t->name, "__metadata__") || !describe(root, t->name, type, t->shape, t->rank, begin))
        return diag_set(diag, PITH_E_ARG, "tensor %.100s: its name is reserved or not UTF-8", t->name);
    return gets_scales(t, how) ? describe_scales(root, table, t, begin, diag) : PITH_OK;
}

static pith_status describe_metadata(json_t *root, const tensor_table *table, pith_diag *diag) {
    const char *value, *key = tensor_table_meta_at(table, 0, &value);
    if (!key) return PITH_OK;
    json_t *meta = json_object();
    if (json_object_set_new(root, "__metadata__", meta) != 0) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    for (size_t i = 0; (key = tensor_table_meta_at(table, i, &value)) != NULL; i++)
        if (json_object_set_new(meta, key, json_string(value)) != 0) /* or out of memory, which is very unlikely */
            return diag_set(diag, PITH_E_ARG, "metadata %.100s: is not UTF-8", key);
    return PITH_OK;
}

/* Makes the header's text, padded; to be freed with free(). */
static pith_status make_header(char **text, size_t *n_bytes, const tensor_table *table, const writing *how,
                               pith_diag *diag) {
    pith_status status = PITH_OK;
    char *dumped = NULL;
    json_t *root = json_object();
    if (!root) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    PITH_TRY(describe_metadata(root, table, diag));
    uint64_t begin = 0;
    for (size_t i = 0; i < tensor_table_count(table); i++)
        PITH_TRY(describe_tensor(root, table, tensor_table_at(table, i), how, &begin, diag));
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

static pith_status write_rounded(int fd, const tensor *t, pith_diag *diag) {
    static const uint16_t exponent = 0x7c00;
    uint16_t halves[BLOCK_VALUES];
    uint8_t bytes[sizeof halves];
    for (uint64_t at = 0; at < t->n_elements;) {
        size_t n = t->n_elements - at < BLOCK_VALUES ? (size_t)(t->n_elements - at) : BLOCK_VALUES;
        tensor_read_f16(t, at, n, halves);
        for (size_t i = 0; i < n; i++) {
            if ((halves[i] & exponent) == exponent)
                return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: value %llu is not finite in binary16", t->name,
                                (unsigned long long)(at + i));
            bytes[2 * i] = (uint8_t)halves[i];
            bytes[2 * i + 1] = (uint8_t)(halves[i] >> 8);
        }
        pith_status status = write_all(fd, bytes, 2 * n, diag);
        if (status != PITH_OK) return status;
        at += n;
    }
    return PITH_OK;
}

static pith_status write_scales(int fd, const float *scales, size_t n, pith_diag *diag) {
    pith_status status = PITH_OK;
    uint8_t bytes[4 * 256];
    for (size_t at = 0; at < n;) {
        const size_t m = n - at < 256 ? n - at : 256;
        for (size_t i = 0; i < m; i++) {
            uint32_t bits;
            memcpy(&bits, &scales[at + i], sizeof bits);
            for (size_t k = 0; k < 4; k++) bytes[4 * i + k] = (uint8_t)(bits >> (8 * k));
        }
        PITH_TRY(write_all(fd, bytes, 4 * m, diag));
        at += m;
    }
cleanup:
    return status;
}

/* Reads the values twice: for the scales, then for the integers. */
static pith_status write_quantised(int fd, const tensor *t, const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    int8_t integers[BLOCK_VALUES];
    float *scales = mem_alloc(alloc, (size_t)t->shape[0], sizeof *scales);
    if (!scales) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    PITH_TRY(quantised_make_scales(t, scales, diag));
    for (uint64_t at = 0; at < t->n_elements;) {
        const size_t n = t->n_elements - at < BLOCK_VALUES ? (size_t)(t->n_elements - at) : BLOCK_VALUES;
        quantised_make_integers(t, scales, at, n, integers);
        PITH_TRY(write_all(fd, integers, n, diag));
        at += n;
    }
    PITH_TRY(write_scales(fd, scales, (size_t)t->shape[0], diag));
cleanup:
    mem_free(alloc, scales);
    return status;
}

static pith_status write_in_order(int fd, const tensor *t, pith_diag *diag) {
    uint8_t block[8 * BLOCK_VALUES];
    for (uint64_t at = 0; at < t->n_elements;) {
        const size_t n = t->n_elements - at < BLOCK_VALUES ? (size_t)(t->n_elements - at) : BLOCK_VALUES;
        tensor_gather(t, at, n, block);
        pith_status status = write_all(fd, block, n * tensor_type_bytes(t->type), diag);
        if (status != PITH_OK) return status;
        at += n;
    }
    return PITH_OK;
}

static pith_status write_tensor(int fd, const tensor *t, const writing *how, pith_diag *diag) {
    const tensor_type type = stored_type(t, how);
    if (type == TENSOR_I8 && t->type != TENSOR_I8) return write_quantised(fd, t, how->alloc, diag);
    if (how->precision != SAFETENSORS_AS_THEY_ARE && type == TENSOR_F16) return write_rounded(fd, t, diag);
    if (t->is_strided) return write_in_order(fd, t, diag);
    pith_status status = write_all(fd, t->data, t->n_bytes, diag);
    if (status == PITH_OK && t->scales) status = write_all(fd, t->scales, t->shape[0] * sizeof(float), diag);
    return status;
}

static pith_status write_contents(int fd, const char *text, size_t text_bytes, const tensor_table *table,
                                  const writing *how, pith_diag *diag) {
    pith_status status = PITH_OK;
    uint8_t length[8];
    uint64_t n_all = 0, n_done = 0;
    for (size_t i = 0; i < sizeof length; i++) length[i] = (uint8_t)((uint64_t)text_bytes >> (8 * i));
    PITH_TRY(write_all(fd, length, sizeof length, diag));
    PITH_TRY(write_all(fd, text, text_bytes, diag));
    for (size_t i = 0; i < tensor_table_count(table); i++) n_all += tensor_table_at(table, i)->n_bytes;
    for (size_t i = 0; i < tensor_table_count(table); i++) {
        const tensor *t = tensor_table_at(table, i);
        PITH_TRY(write_tensor(fd, t, how, diag));
        n_done += t->n_bytes;
        if (how->written) PITH_TRY(how->written(how->user, t->n_bytes, (double)n_done / (double)(n_all + 1), diag));
    }
cleanup:
    return status;
}

static pith_status write_file(const char *path, const tensor_table *table, const writing *how, const pith_env *env,
                              pith_diag *diag) {
    if (!path || !table || !env) return diag_set(diag, PITH_E_ARG, "safetensors: an argument is NULL");
    pith_status status = PITH_OK;
    char *text = NULL;
    size_t text_bytes = 0;
    whole_file file = WHOLE_FILE_NONE;
    PITH_TRY(make_header(&text, &text_bytes, table, how, diag));
    PITH_TRY(whole_file_open(&file, path, &env->alloc, diag));
    PITH_TRY(write_contents(file.fd, text, text_bytes, table, how, diag));
    PITH_TRY(whole_file_commit(&file, path, &env->alloc, diag));
cleanup:
    whole_file_close(&file, &env->alloc);
    free(text);
    return status;
}

pith_status safetensors_write(const char *path, const tensor_table *table, const pith_env *env, pith_diag *diag) {
    return safetensors_write_as(SAFETENSORS_AS_THEY_ARE, path, table, env, NULL, NULL, diag);
}

pith_status safetensors_write_as(safetensors_precision precision, const char *path, const tensor_table *table,
                                 const pith_env *env, safetensors_written_fn *written, void *user, pith_diag *diag) {
    const writing how = {precision, env ? &env->alloc : NULL, written, user};
    return write_file(path, table, &how, env, diag);
}
