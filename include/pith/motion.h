/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Character animation: clips of one skeleton, in which every joint at every sample stays within a bound that is checked
 * by decoding and written into the file (.pithm; doc/motion-format.md). The format is a draft, and so is this header:
 * until it is 1.0, both may change with any release.
 *
 * Rotations are unit quaternions (x, y, z, w), local to the parent. Lengths are in the clip's own unit, whose size in
 * centimetres the caller tells. Rules of ownership, threads, errors and struct sizes are those of pith.h. */
#ifndef PITH_MOTION_H
#define PITH_MOTION_H

#include <pith/pith.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One joint, or any node that moves. Parents come before their children. The rest transform holds where a clip has no
 * track. */
typedef struct pith_motion_joint {
    int32_t parent;        /* index; -1: a root */
    const char *name;      /* UTF-8, not unique; "" if there is none */
    double translation[3]; /* in the parent's frame */
    double rotation[4];
    double scale[3];
    double error; /* of this joint, as pith_motion_options.error; 0: as all others */
    double shell; /* of this joint, as pith_motion_options.shell; 0: as all others */
} pith_motion_joint;

/* What moves a joint. NULL: nothing, it keeps its rest value. */
typedef struct pith_motion_track {
    const float *rotations;    /* n_samples x 4 */
    const float *translations; /* n_samples x 3 */
    const float *scales;       /* n_samples x 3 */
    uint32_t stepped;          /* what holds until the next sample: PITH_MOTION_STEP_ROTATIONS and the like, added */
} pith_motion_track;

#define PITH_MOTION_STEP_ROTATIONS 1u
#define PITH_MOTION_STEP_TRANSLATIONS 2u
#define PITH_MOTION_STEP_SCALES 4u

/* Any other number that moves, such as the weight of a morph target. */
typedef struct pith_motion_scalar {
    const char *name;
    const float *values; /* n_samples */
    double error;        /* largest absolute error; 0: 1/4096 */
    int stepped;
} pith_motion_scalar;

typedef struct pith_motion_clip {
    const char *name;     /* "" if there is none */
    uint64_t n_samples;   /* at least 1 */
    double frame_seconds; /* between samples; 0: `times` tells */
    const float *times;   /* n_samples, seconds, each after the one before; NULL: sample i is at i x frame_seconds */
    const pith_motion_track *tracks; /* n_joints */
    const pith_motion_scalar *scalars;
    uint64_t n_scalars;
} pith_motion_clip;

typedef struct pith_motion {
    size_t struct_size;
    const pith_motion_joint *joints;
    uint64_t n_joints;
    const pith_motion_clip *clips;
    uint64_t n_clips;
    double unit_cm;    /* what one unit of length is */
    pith_bytes source; /* kept as it is: what the reader of the clip's file needs to write the file again */
} pith_motion;

/* ---- encode ----------------------------------------------------------------- */

typedef struct pith_motion_options {
    size_t struct_size;
    double error; /* cm: largest distance of a point from its place, at every joint and every sample. Default 0.01 */
    double shell; /* cm: the points are this far from the joint along its axes, as in ACL. Default 3 */
    int effort;   /* 0..3: from fast to small. Default 1 */
} pith_motion_options;

PITH_API pith_status pith_motion_options_defaults(pith_motion_options *options, size_t struct_size);

/* Makes a file of all clips. It is decoded again to see that the bound is kept; PITH_E_LIMIT if it cannot be (such as a
 * position too far from the origin for floats). PITH_E_ARG if the motion is not as described above. */
PITH_API pith_status pith_motion_encode(const pith_motion *motion, const pith_motion_options *options,
                                        const pith_env *env, pith_bytes *file, pith_diag *why) PITH_MUST_CHECK;

/* ---- decode ----------------------------------------------------------------- */

typedef struct pith_motion_reader pith_motion_reader;

/* `file` is borrowed until the reader is closed. */
PITH_API pith_status pith_motion_open(pith_motion_reader **out, const void *file, size_t n_bytes, const pith_env *env,
                                      pith_diag *why) PITH_MUST_CHECK;
PITH_API void pith_motion_close(pith_motion_reader **reader);

/* Joints, clips (without tracks and scalars), unit and source; borrowed from the reader. */
PITH_API const pith_motion *pith_motion_contents(const pith_motion_reader *reader);

typedef struct pith_motion_info {
    size_t struct_size;
    double error, shell; /* promised, in cm; joints may have others */
    double worst;        /* the largest error the encoder measured, in cm, of joints without a bound of their own */
    uint64_t n_slices, slice_samples;
    uint64_t n_bytes;                               /* of the clip in the file, without what all clips share */
    uint64_t n_rotations, n_translations, n_scales; /* joints of which these move */
} pith_motion_info;
PITH_API pith_status pith_motion_clip_info(const pith_motion_reader *reader, uint64_t clip, pith_motion_info *info);

/* Decodes `n_samples` samples of a clip from `first` on; only their slices are read. Rotations are unit quaternions of
 * no fixed sign. The result is the caller's, but its names belong to the reader. */
PITH_API pith_status pith_motion_read(const pith_motion_reader *reader, uint64_t clip, uint64_t first,
                                      uint64_t n_samples, pith_motion_clip **out, pith_diag *why) PITH_MUST_CHECK;
PITH_API void pith_motion_clip_free(const pith_motion_reader *reader, pith_motion_clip **clip);

/* ---- compare ---------------------------------------------------------------- */

/* How far clip B is from clip A. Lengths are in cm. */
typedef struct pith_motion_comparison {
    size_t struct_size;
    double largest, p99, mean; /* error as in the options, over joints and samples */
    uint64_t largest_joint, largest_sample;
    uint64_t n_over;                 /* joints at samples whose error is over their bound */
    double between;                  /* largest error at four times the rate */
    double position;                 /* mean distance of the joints' origins (MPJPE) */
    double degrees, largest_degrees; /* of the joints' rotations to their parents: mean, largest */
    double jitter;       /* RMS of the third difference of positions, B's in A's; 1 is right, 0: A has none */
    double sliding;      /* cm/s: mean speed of feet along the ground while they stand in A, B's minus A's */
    uint64_t n_standing; /* joints at samples that stand */
    double scalars;      /* largest difference of a scalar in its bound */
} pith_motion_comparison;

/* Compares clip `a` of motion A with clip `b` of motion B: the same joints in the same order and as many samples.
 * Bounds and shells are those of the options and of A's joints. `errors`, if not NULL, receives each joint's largest
 * error at each sample, n_samples x n_joints, in cm. */
PITH_API pith_status pith_motion_compare(const pith_motion *motion_a, uint64_t a, const pith_motion *motion_b,
                                         uint64_t b, const pith_motion_options *options, const pith_env *env,
                                         pith_motion_comparison *out, float *errors, pith_diag *why) PITH_MUST_CHECK;

/* Where the joints of a clip are: n_samples x n_joints x 3, in cm, in the space of the clip. */
PITH_API pith_status pith_motion_positions(const pith_motion *motion, uint64_t clip, float *out, pith_diag *why)
    PITH_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
