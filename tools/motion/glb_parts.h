/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* glTF 2.0 in one file: its JSON and its binary chunk, and the numbers that accessors hold.
 * https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html */
#ifndef PITH_TOOLS_MOTION_GLB_PARTS_H
#define PITH_TOOLS_MOTION_GLB_PARTS_H

#include <jansson.h>

#include "motion/clip_file.h"

typedef struct glb {
    json_t *json;       /* owned */
    const uint8_t *bin; /* borrowed */
    size_t n_bin;
} glb;

pith_status glb_open(glb *g, const uint8_t *data, size_t n_bytes, pith_diag *why) PITH_MUST_CHECK;
void glb_close(glb *g);

/* Element `index` of the array `name` at the top; NULL if there is none. */
json_t *glb_item(const json_t *json, const char *name, size_t index);
size_t glb_count(const json_t *json, const char *name);
/* A whole number from 0 on; `otherwise` if it is absent or none. */
size_t glb_index(const json_t *object, const char *key, size_t otherwise);
#define GLB_NONE SIZE_MAX

/* Reads an accessor's numbers as floats, normalised where it says so: n elements of `width` numbers. The array belongs
 * to `owner`. */
pith_status glb_numbers(float **out, size_t *n, const glb *g, size_t accessor, unsigned width, clip_file *owner,
                        pith_diag *why) PITH_MUST_CHECK;

/* Which accessors and buffer views only the animations use: 1 in arrays of glb_count each. */
void glb_mark_animation(const glb *g, unsigned char *accessors, unsigned char *views);

#endif
