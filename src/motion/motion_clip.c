/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_clip.h"

#include <math.h>

#include "base/mem.h"
#include "base/status.h"

#define LENGTHS_AN_ERROR 64 /* units of length in the smallest bound */

/* 2^(i / 8) in 1/2^24. */
static const uint32_t eighths[8] = {16777216, 18295683, 19951585, 21757357, 23726566, 25874004, 28215802, 30769551};

int32_t mc_step(uint8_t index) {
    uint64_t step = ((uint64_t)eighths[index % 8] << (index / 8)) + (1 << 23);
    return (int32_t)(step >> 24);
}

static void add_channel(mc_clip *clip, mc_kind kind, uint32_t joint, uint32_t above) {
    mc_channel *c = &clip->channels[clip->n_channels++];
    *c = (mc_channel){.kind = kind,
                      .joint = joint,
                      .n_parts = kind == MC_SCALAR ? 1 : 3,
                      .above = above,
                      .track = clip->n_tracks,
                      .step = {1, 1, 1}};
    clip->n_tracks += c->n_parts;
    if (kind == MC_SCALAR) {
        c->unit = clip->scalars[joint].unit;
        return;
    }
    const mc_joint *j = &clip->joints[joint];
    if (kind == MC_TRANSLATION) c->unit = ldexp(clip->length_unit, -j->shift);
    if (kind == MC_SCALE) c->unit = 1.0 / MC_SCALE_ONE;
    int32_t along = mc_step(j->step[kind == MC_ROTATION ? 0 : 1 + kind]);
    int32_t across = kind == MC_ROTATION ? mc_step(j->step[1]) : along;
    c->step[0] = along;
    c->step[1] = c->step[2] = across;
}

/* The bone of a joint: to its n-th child. */
static turn_frame bone_frame(const pith_motion_joint *joints, uint32_t n_joints, uint32_t joint, uint32_t bone) {
    static const double none[3] = {0, 0, 0};
    for (uint32_t c = joint + 1; bone && c < n_joints; c++)
        if (joints[c].parent == (int32_t)joint && --bone == 0) return turn_frame_of_axis(joints[c].translation);
    return turn_frame_of_axis(none);
}

double mc_length_unit(double finest, double unit_cm) { return finest / LENGTHS_AN_ERROR / unit_cm; }

pith_status mc_derive(mc_clip *clip, const pith_motion_joint *joints, double unit_cm, const pith_alloc *alloc,
                      pith_diag *diag) {
    clip->length_unit = mc_length_unit(clip->finest, unit_cm);
    mem_free(alloc, clip->channels);
    clip->n_channels = clip->n_tracks = 0;
    clip->channels = mem_alloc(alloc, 3 * (size_t)clip->n_joints + clip->n_scalars, sizeof *clip->channels);
    uint32_t *rotations = mem_alloc(alloc, clip->n_joints, sizeof *rotations); /* each joint's, or its ancestor's */
    if (!clip->channels || !rotations) {
        mem_free(alloc, rotations);
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the channels of %lu joints",
                        (unsigned long)clip->n_joints);
    }
    for (uint32_t j = 0; j < clip->n_joints; j++) {
        const mc_motion *motion = clip->joints[j].motion;
        uint32_t above = joints[j].parent < 0 ? MC_NONE : rotations[joints[j].parent];
        if (motion[MC_TRANSLATION] == MC_MOVES) add_channel(clip, MC_TRANSLATION, j, above);
        if (motion[MC_SCALE] == MC_MOVES) add_channel(clip, MC_SCALE, j, above);
        rotations[j] = above;
        if (motion[MC_ROTATION] != MC_MOVES) continue;
        rotations[j] = clip->n_channels;
        add_channel(clip, MC_ROTATION, j, above);
        clip->channels[rotations[j]].frame = bone_frame(joints, clip->n_joints, j, clip->joints[j].bone);
    }
    for (uint32_t s = 0; s < clip->n_scalars; s++) add_channel(clip, MC_SCALAR, s, MC_NONE);
    mem_free(alloc, rotations);
    return PITH_OK;
}

void mc_free(mc_clip *clip, const pith_alloc *alloc) {
    mem_free(alloc, clip->name);
    mem_free(alloc, clip->times);
    mem_free(alloc, clip->joints);
    for (uint32_t s = 0; clip->scalars && s < clip->n_scalars; s++) mem_free(alloc, clip->scalars[s].name);
    mem_free(alloc, clip->scalars);
    mem_free(alloc, clip->channels);
    *clip = (mc_clip){0};
}
