/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PyTorch checkpoints made by hand, right and wrong ones: a writer of pickles
 * and one of zip files. Faults of the test itself end the program. */
#ifndef PITH_TESTS_CKPT_FILE_H
#define PITH_TESTS_CKPT_FILE_H

#include <stdbool.h>

#include "base/stream.h"

/* ---- pickles --------------------------------------------------------------------- */

void pk_start(byte_writer *w, unsigned protocol);
void pk_op(byte_writer *w, char op);
void pk_ops(byte_writer *w, const char *ops);
void pk_text(byte_writer *w, const char *text);
void pk_int(byte_writer *w, int64_t value);
void pk_global(byte_writer *w, const char *module, const char *name);

/* An empty OrderedDict, as torch.save writes it. */
void pk_ordered_dict(byte_writer *w);

typedef struct pk_tensor {
    const char *type, *key; /* "FloatStorage", "0" */
    int64_t n_storage, offset;
    int rank;
    int64_t shape[8], strides[8];
} pk_tensor;

void pk_storage(byte_writer *w, const pk_tensor *t);
void pk_tensor_arguments(byte_writer *w, const pk_tensor *t); /* with the MARK and the TUPLE */
void pk_put_tensor(byte_writer *w, const pk_tensor *t);       /* the call of torch._utils._rebuild_tensor_v2 */

/* The same with a type of its own, as of newer types: "float8_e4m3fn". */
void pk_put_tensor_v3(byte_writer *w, const pk_tensor *t, const char *dtype);

/* ---- zip files --------------------------------------------------------------------- */

/* Fields left 0 are what they should be. */
typedef struct zip_spec {
    const char *name;
    const void *data;
    size_t n_bytes;
    uint16_t method, flags;
    bool deflate;                /* the data, as an archiver does; `method` is 8 then */
    uint32_t crc_xor;            /* another checksum */
    const char *local_name;      /* another name in the member's own header */
    uint64_t directory_bytes;    /* another size in the directory, packed and not */
    uint64_t directory_unpacked; /* another unpacked size there */
    uint64_t header_offset;      /* another place, + 1 */
} zip_spec;

typedef enum zip_style {
    ZIP_PLAIN = 0,
    ZIP_TORCH = 1, /* sizes follow the data, data at multiples of 64, a zip64 end record */
    ZIP_64 = 2     /* every size and offset in zip64 fields */
} zip_style;

void zip_put(byte_writer *w, const zip_spec *members, size_t n_members, zip_style style);

#endif
