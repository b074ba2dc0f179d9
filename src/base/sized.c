/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "base/sized.h"

#include <stdbool.h>
#include <string.h>

static bool is_size(size_t struct_size) {
    return struct_size >= sizeof struct_size && struct_size <= PITH_MAX_STRUCT_BYTES;
}

static pith_status read_size(size_t *struct_size, const void *callers, const char *name, pith_diag *diag) {
    memcpy(struct_size, callers, sizeof *struct_size);
    if (is_size(*struct_size)) return PITH_OK;
    return diag_set(diag, PITH_E_ARG, "the struct_size of a %s was not set: it is %zu", name, *struct_size);
}

pith_status sized_take(void *own, size_t own_size, const void *callers, const char *name, pith_diag *diag) {
    const uint8_t *bytes = callers;
    size_t n;
    pith_status status = read_size(&n, callers, name, diag);
    if (status != PITH_OK) return status;
    for (size_t i = own_size; i < n; i++)
        if (bytes[i])
            return diag_set(diag, PITH_E_UNSUPPORTED, "the %s has a field set that this version of the library lacks",
                            name);
    memcpy(own, callers, n < own_size ? n : own_size);
    memcpy(own, &own_size, sizeof own_size);
    return PITH_OK;
}

static void fill(uint8_t *callers, size_t n, const uint8_t *own, size_t own_size) {
    const size_t head = sizeof(size_t), n_known = n < own_size ? n : own_size;
    memcpy(callers, &n, head);
    memcpy(callers + head, own + head, n_known - head);
    memset(callers + n_known, 0, n - n_known);
}

pith_status sized_give(void *callers, const void *own, size_t own_size, const char *name, pith_diag *diag) {
    size_t n;
    pith_status status = read_size(&n, callers, name, diag);
    if (status == PITH_OK) fill(callers, n, own, own_size);
    return status;
}

pith_status sized_start(void *callers, size_t struct_size, const void *own, size_t own_size) {
    if (!callers || !is_size(struct_size)) return PITH_E_ARG;
    fill(callers, struct_size, own, own_size);
    return PITH_OK;
}
