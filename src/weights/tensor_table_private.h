/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the readers of weights files share with the table, and nobody else. */
#ifndef PITH_WEIGHTS_TENSOR_TABLE_PRIVATE_H
#define PITH_WEIGHTS_TENSOR_TABLE_PRIVATE_H

#include "weights/tensor_table.h"

#define TENSOR_MAX_COUNT 65536u
#define TENSOR_MAX_META 65536u
#define TENSOR_MAX_NAME_BYTES 512u
#define TENSOR_MAX_MAPS 4u /* autoencoder, U-Net and text encoder, a file each */

/* A whole file, mapped read-only and private, or bytes that are the caller's. */
typedef struct file_map {
    const uint8_t *data;
    size_t n_bytes;
    uint64_t device, inode; /* which file it is, whatever it was called */
    bool is_borrowed;
} file_map;

/* Maps the regular file `path`; refuses anything else, an empty file and one
 * of more than `max_bytes`. Messages do not repeat the path. */
pith_status file_map_open(file_map *map, const char *path, uint64_t max_bytes, pith_diag *diag) PITH_MUST_CHECK;
void file_map_close(file_map *map);
void file_map_drop_pages(const file_map *map);

/* The table takes the mapping over, and closes it when it is freed; PITH_E_LIMIT, not taken, past TENSOR_MAX_MAPS. */
pith_status tensor_table_take_map(tensor_table *table, file_map *map) PITH_MUST_CHECK;

/* The same with a block of mem_alloc_aligned that data lie in; PITH_E_NOMEM, not taken, at worst. */
pith_status tensor_table_take_block(tensor_table *table, void *block) PITH_MUST_CHECK;

/* Index of the first tensor whose name is not less than `name`. */
size_t tensor_table_lower_bound(const tensor_table *table, const char *name);

/* Copies elements [first, first + n) of a tensor that is strided, as they are, one after the other. */
void tensor_gather(const tensor *t, uint64_t first, size_t n, uint8_t *out);

/* Bytes an element has, 0 for TENSOR_OTHER. */
size_t tensor_type_bytes(tensor_type type);

#endif
