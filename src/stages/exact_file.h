/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files of method exact: pictures without loss, slice by slice. No model. */
#ifndef PITH_STAGES_EXACT_FILE_H
#define PITH_STAGES_EXACT_FILE_H

#include "base/env.h"
#include "base/job.h"
#include "base/stream.h"
#include "container/ctr_read.h"

typedef struct exact_file_wish {
    uint64_t max_bytes; /* of the whole file, including `after`; coding stops as soon as it is exceeded. UINT64_MAX: no
                           limit */
    uint64_t memory;    /* bytes that the call may take; 0: EXACT_FILE_MEMORY */
    bool reduced;       /* the source has fewer colours or levels than the original: the file says so */
    bool drop_hidden;   /* colours of fully transparent pixels become 0, which is cheaper */
    job *job;           /* for progress; NULL: none */
    const char *stage;
    span span;
    const byte_writer *after; /* chunks that follow the slices; NULL = none */
} exact_file_wish;

#define EXACT_FILE_MEMORY 1000000000u

/* Writes a whole file into `file`, which must be empty. Rows are read from the top, in bands. If the file would exceed
 * max_bytes, *fits is false, the status is PITH_OK, and `file` stays empty. The bytes do not depend on threads or
 * memory. PITH_E_LIMIT if the memory does not suffice. */
pith_status exact_file_write(byte_writer *file, const pith_env *env, const pith_source *source,
                             const exact_file_wish *wish, bool *fits, pith_diag *diag) PITH_MUST_CHECK;

typedef struct exact_file_reading {
    const pith_env *env;
    job *job;
    const ctr_file *file; /* of this method */
    bool *lost;           /* a damaged slice is noted here and comes out grey; NULL: it is an error */
    const bool *missing;  /* slices known to be missing; NULL = none */
    uint64_t memory;      /* bytes that the call may take; 0: EXACT_FILE_MEMORY */
    pith_area region;     /* inside the picture */
    bool preview;         /* means of 8x8 pixels on the picture's grid */
} exact_file_reading;

/* Writes the rows of the region to the sink, from the top. Slices outside it are not decoded. */
pith_status exact_file_read(const exact_file_reading *reading, const pith_sink *sink, pith_diag *diag) PITH_MUST_CHECK;

#define EXACT_PREVIEW_SHIFT 3

#endif
