/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files of animation, in memory: BVH, and glTF 2.0 as GLB. What a reader cannot put into a pith_motion, and its writer
 * needs, becomes the motion's source. */
#ifndef PITH_TOOLS_MOTION_CLIP_FILE_H
#define PITH_TOOLS_MOTION_CLIP_FILE_H

#include <stdbool.h>

#include <pith/motion.h>

typedef enum clip_kind { CLIP_UNKNOWN, CLIP_BVH, CLIP_GLB } clip_kind;

/* By the first bytes; `why` says what to do with an FBX file or the like. */
clip_kind clip_kind_of_bytes(const uint8_t *data, size_t n_bytes, pith_diag *why);
/* That a source was made from; CLIP_UNKNOWN if it is none of ours. */
clip_kind clip_kind_of_source(const pith_bytes *source);

/* A motion that owns its memory: blocks in a list. */
typedef struct clip_file {
    pith_motion motion;
    pith_motion_joint *joints; /* motion.joints */
    pith_motion_clip *clips;   /* motion.clips */
    void **blocks;
    size_t n_blocks, capacity;
} clip_file;

/* Zeroed memory that clip_free frees; NULL, and the fault, if there is none. */
void *clip_alloc(clip_file *f, size_t count, size_t size, pith_diag *why);
void clip_free(clip_file *f);

/* On failure nothing is left to free. The unit is 0 where the file does not tell it. */
pith_status clip_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) PITH_MUST_CHECK;

/* `*out` is freed by free(). The motion has the source of such a file. */
pith_status clip_write(pith_bytes *out, const pith_motion *motion, pith_diag *why) PITH_MUST_CHECK;

/* Centimetres in a unit, judged by the height of the skeleton in the first sample; `reason` says how. */
double clip_guess_unit(const pith_motion *motion, char reason[PITH_MESSAGE_BYTES]);

/* The formats, for clip_read and clip_write. */
pith_status bvh_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) PITH_MUST_CHECK;
pith_status bvh_write(pith_bytes *out, const pith_motion *motion, pith_diag *why) PITH_MUST_CHECK;

pith_status glb_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) PITH_MUST_CHECK;
pith_status glb_write(pith_bytes *out, const pith_motion *motion, pith_diag *why) PITH_MUST_CHECK;

/* How their sources begin. */
#define BVH_SOURCE "bvh1\n"
#define GLB_SOURCE "glb1\n"

#endif
