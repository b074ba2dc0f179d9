/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/clip_file.h"
#include "messages/tool_fail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- memory ------------------------------------------------------------------------------ */

void *clip_alloc(clip_file *f, size_t count, size_t size, pith_diag *why) {
    if (f->n_blocks == f->capacity) {
        size_t more = f->capacity ? 2 * f->capacity : 64;
        void **grown = realloc(f->blocks, more * sizeof *grown);
        if (!grown) {
            tool_fail(why, PITH_E_NOMEM, "out of memory");
            return NULL;
        }
        f->blocks = grown;
        f->capacity = more;
    }
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block)
        tool_fail(why, PITH_E_NOMEM, "out of memory for %zu x %zu bytes", count, size);
    else
        f->blocks[f->n_blocks++] = block;
    return block;
}

void clip_free(clip_file *f) {
    for (size_t i = 0; i < f->n_blocks; i++) free(f->blocks[i]);
    free(f->blocks);
    *f = (clip_file){.motion = {.struct_size = 0}};
}

/* ---- kinds --------------------------------------------------------------------------------- */

clip_kind clip_kind_of_bytes(const uint8_t *data, size_t n, pith_diag *why) {
    size_t at = n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < n && (data[at] == ' ' || data[at] == '\t' || data[at] == '\r' || data[at] == '\n')) at++;
    if (n - at >= 9 && strncasecmp((const char *)data + at, "HIERARCHY", 9) == 0) return CLIP_BVH;
    if (n >= 4 && memcmp(data, "glTF", 4) == 0) return CLIP_GLB;
    if ((n >= 18 && memcmp(data, "Kaydara FBX Binary", 18) == 0) || (n >= 5 && memcmp(data, "; FBX", 5) == 0))
        tool_fail(why, PITH_E_UNSUPPORTED,
                  "an FBX file; convert it to GLB first, such as with Blender: File, Import, FBX, "
                  "then Export, glTF 2.0");
    else
        tool_fail(why, PITH_E_FORMAT, "neither BVH nor GLB (glTF 2.0 in one file)");
    return CLIP_UNKNOWN;
}

clip_kind clip_kind_of_source(const pith_bytes *source) {
    size_t n = sizeof BVH_SOURCE - 1; /* of either */
    if (source->n_bytes >= n && memcmp(source->data, BVH_SOURCE, n) == 0) return CLIP_BVH;
    if (source->n_bytes >= n && memcmp(source->data, GLB_SOURCE, n) == 0) return CLIP_GLB;
    return CLIP_UNKNOWN;
}

pith_status clip_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) {
    *out = (clip_file){.motion = {.struct_size = sizeof out->motion}};
    pith_status status = PITH_OK;
    switch (clip_kind_of_bytes(data, n_bytes, why)) {
    case CLIP_BVH:
        status = bvh_read(out, data, n_bytes, why);
        break;
    case CLIP_GLB:
        status = glb_read(out, data, n_bytes, why);
        break;
    case CLIP_UNKNOWN:
        status = why ? why->status : PITH_E_FORMAT;
        break;
    }
    if (status != PITH_OK) clip_free(out);
    return status;
}

pith_status clip_write(pith_bytes *out, const pith_motion *motion, pith_diag *why) {
    *out = (pith_bytes){0};
    if (clip_kind_of_source(&motion->source) == CLIP_BVH) return bvh_write(out, motion, why);
    if (clip_kind_of_source(&motion->source) == CLIP_GLB) return glb_write(out, motion, why);
    return tool_fail(why, PITH_E_UNSUPPORTED, "the file does not tell what it was made from");
}

/* ---- unit ------------------------------------------------------------------------------------ */

/* Height of the joints' origins at the first sample, by the caller's lengths. Translations add up along the skeleton as
 * if nothing were turned would be wrong for most rest poses, so the longest path from a root is taken instead: legs and
 * trunk with head are each about half of a body. */
static double longest_path(const pith_motion *m) {
    double longest = 0;
    for (uint64_t j = 0; j < m->n_joints; j++) {
        double path = 0;
        for (int32_t a = (int32_t)j; a >= 0 && m->joints[a].parent >= 0; a = m->joints[a].parent) {
            const pith_motion_joint *parent = &m->joints[m->joints[a].parent];
            const double *t = m->joints[a].translation;
            path = (path + sqrt(t[0] * t[0] + t[1] * t[1] + t[2] * t[2])) * fabs(parent->scale[1]);
        }
        longest = fmax(longest, path);
    }
    return longest;
}

double clip_guess_unit(const pith_motion *motion, char reason[PITH_MESSAGE_BYTES]) {
    static const struct {
        double cm;
        const char *name;
    } units[] = {{0.1, "millimetres"}, {1, "centimetres"}, {2.54, "inches"}, {5.644, "CMU's unit"}, {100, "metres"}};
    const double body = 95; /* cm: from the hips to a finger tip or to the toes, of an adult */
    double path = longest_path(motion), best = INFINITY;
    size_t chosen = 1;
    /* glTF is in metres; models that break the standard have centimetres. */
    bool is_gltf = clip_kind_of_source(&motion->source) == CLIP_GLB;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && path > 0; i++) {
        if (is_gltf && units[i].cm != 1 && units[i].cm != 100) continue;
        double off = fabs(log(path * units[i].cm / body));
        if (off < best) {
            best = off;
            chosen = i;
        }
    }
    snprintf(reason, PITH_MESSAGE_BYTES, "%s (%g cm): then the longest limb is %.0f cm", units[chosen].name,
             units[chosen].cm, path * units[chosen].cm);
    return units[chosen].cm;
}
