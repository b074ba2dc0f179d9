/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The .pithm file: magic, version, and chunks of the same form as those of .pith; doc/motion-format.md. */
#ifndef PITH_MOTION_MOTION_FILE_H
#define PITH_MOTION_MOTION_FILE_H

#include "motion/clip_encoder.h"
#include "motion/motion_head.h"
#include "motion/motion_samples.h"

#define MF_MAGIC "\xf0PIM"
#define MF_MAGIC_BYTES 4u
#define MF_VERSION_MAJOR 0u /* of a draft: until 1.0 files of other versions are refused */
#define MF_VERSION_MINOR 1u

#define MF_CHUNK_HEAD 0x01u
#define MF_CHUNK_KEYS 0x02u
#define MF_CHUNK_SLICE 0x03u
#define MF_CHUNK_SOURCE 0x84u /* a reader may skip types with bit 7 */

typedef struct motion_file {
    motion_head head;
    motion_parts *parts; /* by clip */
    pith_bytes *chunks;  /* payloads of all KEYS and SLICE chunks, borrowed from the file */
    pith_bytes source;   /* payload of SOURCE, borrowed; empty: there is none */
} motion_file;

/* The head's joints and the clips' parts to bytes; a source of no bytes is left out. */
pith_status mf_write(byte_writer *out, const motion_head *head, const coded_clip *clips, const byte_writer *source,
                     const pith_alloc *alloc, pith_diag *diag) PITH_MUST_CHECK;

/* `data` is borrowed until mf_free. All lengths, CRCs and counts are checked; on failure nothing is left to free. */
pith_status mf_read(motion_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;
void mf_free(motion_file *file, const pith_alloc *alloc);

#endif
