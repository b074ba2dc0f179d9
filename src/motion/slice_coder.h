/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices to bytes and back. A slice needs the poses at its two ends, which are coded apart, in groups. */
#ifndef PITH_MOTION_SLICE_CODER_H
#define PITH_MOTION_SLICE_CODER_H

#include "motion/pose_search.h"

#define SC_KEYS_A_GROUP 8u /* poses between slices that are coded together */

/* Where the samples of a slice, or of a group of poses between slices, are in the clip. */
uint32_t sc_present(const mc_clip *clip, uint64_t slice); /* places of a slice that the clip has; with its ends */
uint32_t sc_group_keys(const mc_clip *clip, uint64_t group);

/* Puts a pose between slices, out of groups whose first is `first_group`, at a place of a slice. */
void sc_put_key(pose_slice *slice, uint32_t place, const pose_slice *groups, uint64_t first_group, uint64_t key);

/* Codes a group of poses between slices, or a slice whose ends are filled in. The search has its model. */
pith_status sc_encode_group(pose_search *s, pose_slice *group, uint64_t index, byte_writer *out, pith_diag *diag)
    PITH_MUST_CHECK;
pith_status sc_encode_slice(pose_search *s, pose_slice *slice, uint64_t index, byte_writer *out, pith_diag *diag)
    PITH_MUST_CHECK;

/* Places from `first` to before `end`. */
typedef struct sc_range {
    uint32_t first, end;
} sc_range;

/* Decode what is wanted, and what that depends on: the poses before `end`, or the places inside a slice. Any bytes
 * decode to something; PITH_E_FORMAT if all were decoded and cannot be what an encoder wrote. */
pith_status sc_decode_group(motion_model *m, pose_slice *group, uint32_t end, const pith_bytes *coded, pith_diag *diag)
    PITH_MUST_CHECK;
pith_status sc_decode_slice(motion_model *m, pose_slice *slice, sc_range wanted, const pith_bytes *coded,
                            pith_diag *diag) PITH_MUST_CHECK;

#endif
