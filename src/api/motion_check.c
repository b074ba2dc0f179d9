/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api/motion_check.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "motion/motion_head.h"

static pith_status check_values(const float *values, uint64_t n, unsigned width, const char *what, uint64_t joint,
                                const char *name, pith_diag *why) {
    for (uint64_t i = 0; values && i < n * width; i++)
        if (!isfinite(values[i]))
            return diag_set(why, PITH_E_ARG, "%s of joint %llu (%s) is not finite at sample %llu", what,
                            (unsigned long long)joint, name ? name : "", (unsigned long long)(i / width));
    return PITH_OK;
}

static pith_status check_rotations(const float *values, uint64_t n, uint64_t joint, pith_diag *why) {
    for (uint64_t t = 0; values && t < n; t++) {
        double norm = 0;
        for (unsigned i = 0; i < 4; i++) norm += (double)values[4 * t + i] * values[4 * t + i];
        if (!(norm > 0.25 && norm < 4))
            return diag_set(why, PITH_E_ARG, "the rotation of joint %llu at sample %llu is not a unit quaternion",
                            (unsigned long long)joint, (unsigned long long)t);
    }
    return PITH_OK;
}

static pith_status check_clip(const pith_motion *m, const pith_motion_clip *c, pith_diag *why) {
    pith_status status = PITH_OK;
    const char *name = c->name ? c->name : "";
    if (c->n_samples == 0 || !c->tracks) return diag_set(why, PITH_E_ARG, "clip '%s' has no samples", name);
    if (c->n_samples > MH_MAX_SAMPLES || c->n_scalars > MH_MAX_SCALARS || strlen(name) > MH_MAX_NAME)
        return diag_set(why, PITH_E_LIMIT, "clip '%s' has too many samples or scalars, or too long a name", name);
    if (!(c->frame_seconds >= 0) || !isfinite(c->frame_seconds) ||
        (c->n_samples > 1 && !c->times && c->frame_seconds == 0))
        return diag_set(why, PITH_E_ARG, "clip '%s' has a frame time of %g s", name, c->frame_seconds);
    for (uint64_t t = 0; c->times && t < c->n_samples; t++)
        if (!isfinite(c->times[t]) || (t && !(c->times[t] > c->times[t - 1])))
            return diag_set(why, PITH_E_ARG, "clip '%s': the time of sample %llu is not after the one before", name,
                            (unsigned long long)t);
    for (uint64_t j = 0; j < m->n_joints; j++) {
        const pith_motion_track *track = &c->tracks[j];
        PITH_TRY(check_values(track->rotations, c->n_samples, 4, "the rotation", j, m->joints[j].name, why));
        PITH_TRY(check_values(track->translations, c->n_samples, 3, "the translation", j, m->joints[j].name, why));
        PITH_TRY(check_values(track->scales, c->n_samples, 3, "the scale", j, m->joints[j].name, why));
        PITH_TRY(check_rotations(track->rotations, c->n_samples, j, why));
    }
    if (c->n_scalars && !c->scalars) return diag_set(why, PITH_E_ARG, "clip '%s' has no scalars", name);
    for (uint64_t i = 0; i < c->n_scalars; i++) {
        if (!c->scalars[i].values || !(c->scalars[i].error >= 0))
            return diag_set(why, PITH_E_ARG, "scalar %llu of clip '%s' has no values", (unsigned long long)i, name);
        PITH_TRY(check_values(c->scalars[i].values, c->n_samples, 1, "a scalar", i, c->scalars[i].name, why));
    }
cleanup:
    return status;
}

pith_status motion_check(const pith_motion *m, pith_diag *why) {
    if (!m->joints || m->n_joints == 0 || !m->clips || m->n_clips == 0)
        return diag_set(why, PITH_E_ARG, "a motion needs at least one joint and one clip");
    if (m->n_joints > MH_MAX_JOINTS || m->n_clips > MH_MAX_CLIPS)
        return diag_set(why, PITH_E_LIMIT, "%llu joints and %llu clips; the limits are %u and %u",
                        (unsigned long long)m->n_joints, (unsigned long long)m->n_clips, MH_MAX_JOINTS, MH_MAX_CLIPS);
    motion_head head = {
        .unit_cm = m->unit_cm, .joints = (pith_motion_joint *)(uintptr_t)m->joints, .n_joints = (uint32_t)m->n_joints};
    const char *fault = mh_fault(&head);
    if (fault) return diag_set(why, PITH_E_ARG, "the motion has %s", fault);
    for (uint64_t c = 0; c < m->n_clips; c++) {
        pith_status status = check_clip(m, &m->clips[c], why);
        if (status != PITH_OK) return status;
    }
    return PITH_OK;
}
