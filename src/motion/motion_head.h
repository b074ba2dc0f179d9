/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The HEAD chunk of a .pithm file: the skeleton and what is known of each clip; doc/motion-format.md, "HEAD". */
#ifndef PITH_MOTION_MOTION_HEAD_H
#define PITH_MOTION_MOTION_HEAD_H

#include "base/stream.h"
#include "motion/motion_clip.h"

#define MH_MAX_JOINTS 16384u
#define MH_MAX_CLIPS 65535u
#define MH_MAX_SCALARS 65535u
#define MH_MAX_SAMPLES ((uint64_t)1 << 31)
#define MH_MAX_NAME 1024u
#define MH_MAX_BYTES ((size_t)16 << 20) /* before coding */

typedef struct motion_head {
    double unit_cm;
    pith_motion_joint *joints; /* owned, and the names in them */
    uint32_t n_joints;
    mc_clip *clips; /* owned */
    uint32_t n_clips;
} motion_head;

/* NULL if the head keeps the limits above and its numbers are finite; else what does not. */
const char *mh_fault(const motion_head *head);

pith_status mh_write(byte_writer *out, const motion_head *head, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
/* Everything is checked, and derived. On failure nothing is left to free. */
pith_status mh_read(motion_head *head, const uint8_t *coded, size_t n_bytes, const pith_alloc *alloc, pith_diag *diag)
    PITH_MUST_CHECK;
void mh_free(motion_head *head, const pith_alloc *alloc);

#endif
