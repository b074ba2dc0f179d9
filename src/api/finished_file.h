/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A file that the encoder has written, decoded as a reader will. */
#ifndef PITH_API_FINISHED_FILE_H
#define PITH_API_FINISHED_FILE_H

#include "base/job.h"
#include "base/stream.h"

typedef struct finished_file {
    const pith_env *env;
    job *job;
    pith_model *model; /* NULL: the file needs none */
    uint64_t memory;   /* bytes that decoding may use; UINT64_MAX: no limit */
    const byte_writer *file;
} finished_file;

/* `hash` is that of the delivered rows; NULL: not wanted. */
pith_status finished_file_decode(const finished_file *f, const pith_sink *sink, pith_hash *hash, pith_diag *diag)
    PITH_MUST_CHECK;

/* The hash that a HASH chunk begins with, of a picture of samples of `bit_depth`. */
pith_status finished_file_hash(const finished_file *f, uint8_t bit_depth, pith_hash *hash, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
