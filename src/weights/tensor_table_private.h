/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Shared only by the table and the readers of weights files. */
#ifndef PITH_WEIGHTS_TENSOR_TABLE_PRIVATE_H
#define PITH_WEIGHTS_TENSOR_TABLE_PRIVATE_H

#include "weights/tensor_table.h"

#define TENSOR_MAX_COUNT 65536u
#define TENSOR_MAX_META 65536u
#define TENSOR_MAX_NAME_BYTES 512u
#define TENSOR_MAX_MAPS 4u /* autoencoder, U-Net and text encoder, one file each */

/* A whole file, mapped read-only and private, or bytes that belong to the caller. */
typedef struct file_map {
    const uint8_t *data;
    size_t n_bytes;
    uint64_t device, inode; /* identify the file independently of its name */
    bool is_borrowed;
} file_map;

/* Maps the regular file `path`; refuses other kinds of files, empty files and files larger than `max_bytes`. Messages
 * do not repeat the path. */
pith_status file_map_open(file_map *map, const char *path, uint64_t max_bytes, pith_diag *diag) PITH_MUST_CHECK;
void file_map_close(file_map *map);
void file_map_drop_pages(const file_map *map);

/* Takes over the mapping; it is closed when the table is freed. PITH_E_LIMIT, without taking it, beyond
 * TENSOR_MAX_MAPS. */
pith_status tensor_table_take_map(tensor_table *table, file_map *map) PITH_MUST_CHECK;

/* Takes over a block from mem_alloc_aligned that holds data; PITH_E_NOMEM, without taking it, if that fails. */
pith_status tensor_table_take_block(tensor_table *table, void *block) PITH_MUST_CHECK;

/* Index of the first tensor whose name is not less than `name`. */
size_t tensor_table_lower_bound(const tensor_table *table, const char *name);

/* Copies elements [first, first + n) of a strided tensor to contiguous memory, without conversion. */
void tensor_gather(const tensor *t, uint64_t first, size_t n, uint8_t *out);

/* Bytes per element; 0 for TENSOR_OTHER. */
size_t tensor_type_bytes(tensor_type type);

#endif
