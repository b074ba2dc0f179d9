/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Animation out of any file that the command knows: BVH, GLB, .pithm. */
#ifndef PITH_TOOLS_MOTION_MOTION_LOAD_H
#define PITH_TOOLS_MOTION_MOTION_LOAD_H

#include "cli/cli.h"
#include "motion/clip_file.h"

typedef struct motion_loaded {
    pith_motion motion; /* with all tracks; of a .pithm file, those asked for */
    uint8_t *data;      /* the file */
    size_t n_bytes;
    clip_file clips;            /* of BVH or GLB */
    pith_motion_reader *reader; /* of .pithm; else NULL */
    pith_motion_clip *decoded;  /* of .pithm: the array in `motion` */
    pith_motion_clip **read;    /* .. and what it was read into */
} motion_loaded;

/* A part of every clip, in seconds from its start. */
typedef struct motion_range {
    double from, to; /* to = 0: to the end */
} motion_range;

/* Reads `path`, "-" for standard input, and says what is wrong. `unit_cm`: 0 for the file's own or a guess, which is
 * said unless it is quiet. To be unloaded in either case. */
cli_exit motion_load(motion_loaded *m, const char *path, const pith_env *env, double unit_cm,
                     const motion_range *range);
/* Reads a .pithm file's head alone: the clips have no tracks. */
cli_exit motion_load_head(motion_loaded *m, const char *path, const pith_env *env);
void motion_unload(motion_loaded *m);

/* "0.1mm", "1cm", "2e-4m", "3in"; without a unit centimetres. False unless it is positive. */
bool motion_parse_length(double *cm, const char *text);

#endif
