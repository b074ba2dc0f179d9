/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files of method exact: pictures as they are, slice by slice. No model. */
#ifndef PITH_STAGES_EXACT_FILE_H
#define PITH_STAGES_EXACT_FILE_H

#include "base/env.h"
#include "base/job.h"
#include "base/stream.h"
#include "container/ctr_read.h"

typedef struct exact_file_wish {
    uint64_t max_bytes; /* of the whole file, `after` included; given up as soon as it is passed. UINT64_MAX: any */
    uint64_t memory;    /* bytes that the call may take; 0: EXACT_FILE_MEMORY */
    bool reduced;       /* the source has fewer colours or levels than the picture: the file says so */
    bool drop_hidden;   /* colours of fully transparent pixels become 0, which is cheaper */
    job *job;           /* of the progress; NULL: nobody asks */
    const char *stage;
    span span;
    const byte_writer *after; /* chunks that follow the slices; NULL = none */
} exact_file_wish;

#define EXACT_FILE_MEMORY 1000000000u

/* Writes a whole file into `file`, which is empty. Rows are asked for from the top, in bands. *fits is false where the
 * file would have more than max_bytes: that is PITH_OK, and leaves `file` empty. What is written does not depend on
 * threads and memory. PITH_E_LIMIT when the memory does not suffice. */
pith_status exact_file_write(byte_writer *file, const pith_env *env, const pith_source *source,
                             const exact_file_wish *wish, bool *fits, pith_diag *diag) PITH_MUST_CHECK;

typedef struct exact_file_reading {
    const pith_env *env;
    job *job;
    const ctr_file *file; /* of this method */
    bool *lost;           /* a slice that is damaged is noted there and comes out grey; NULL: it is a fault */
    const bool *missing;  /* slices that are known not to be there; NULL = none */
    uint64_t memory;      /* bytes that the call may take; 0: EXACT_FILE_MEMORY */
    pith_area region;     /* inside the picture */
    bool preview;         /* means of 8x8 pixels on the picture's grid */
} exact_file_reading;

/* The region's rows to the sink, from the top. Slices outside are not decoded. */
pith_status exact_file_read(const exact_file_reading *reading, const pith_sink *sink, pith_diag *diag) PITH_MUST_CHECK;

#define EXACT_PREVIEW_SHIFT 3

#endif
