/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_motion_encode: checks the caller's motion, codes its clips, writes the file. */
#include <math.h>
#include <string.h>

#include "api/motion_check.h"
#include "api/motion_source.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/sized.h"
#include "motion/motion_file.h"

pith_status pith_motion_options_defaults(pith_motion_options *options, size_t struct_size) {
    static const pith_motion_options defaults = {
        .struct_size = sizeof defaults, .error = 0.01, .shell = 3, .effort = 1};
    return sized_start(options, struct_size, &defaults, sizeof defaults);
}

pith_status motion_take_options(pith_motion_options *own, const pith_motion_options *callers, pith_diag *why) {
    pith_status status = pith_motion_options_defaults(own, sizeof *own);
    if (status == PITH_OK && callers) status = sized_take(own, sizeof *own, callers, "pith_motion_options", why);
    if (status != PITH_OK) return status;
    if (!(own->error > 0) || !isfinite(own->error)) return diag_set(why, PITH_E_ARG, "an error of %g cm", own->error);
    if (!(own->shell >= 0) || !isfinite(own->shell)) return diag_set(why, PITH_E_ARG, "a shell of %g cm", own->shell);
    if (own->effort < 0 || own->effort > 3) return diag_set(why, PITH_E_ARG, "effort %d is not 0 to 3", own->effort);
    return PITH_OK;
}

/* The head borrows the caller's joints, and owns nothing but the array of clips. */
static pith_status write_file(pith_bytes *file, const pith_motion *m, coded_clip *clips, const pith_env *env,
                              pith_diag *why) {
    motion_head head = {.unit_cm = m->unit_cm,
                        .joints = (pith_motion_joint *)(uintptr_t)m->joints,
                        .n_joints = (uint32_t)m->n_joints,
                        .n_clips = (uint32_t)m->n_clips};
    byte_writer out, source;
    bw_init(&out, &env->alloc);
    bw_init(&source, &env->alloc);
    head.clips = mem_alloc(&env->alloc, head.n_clips, sizeof *head.clips);
    pith_status status = head.clips ? PITH_OK : diag_set(why, PITH_E_NOMEM, "out of memory for clips");
    for (uint32_t c = 0; head.clips && c < head.n_clips; c++) head.clips[c] = clips[c].clip;
    if (status == PITH_OK) status = source_pack(&source, &m->source, &env->alloc, why);
    if (status == PITH_OK) status = mf_write(&out, &head, clips, &source, &env->alloc, why);
    mem_free(&env->alloc, head.clips);
    bw_free(&source);
    if (status == PITH_OK) {
        *file = (pith_bytes){out.data, out.n_bytes};
        out.data = NULL;
    }
    bw_free(&out);
    return status;
}

pith_status pith_motion_encode(const pith_motion *motion, const pith_motion_options *options, const pith_env *env,
                               pith_bytes *file, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env e;
    pith_motion m = {0};
    pith_motion_options o;
    job work;
    coded_clip *clips = NULL;
    if (why) diag_clear(why);
    if (!motion || !file) return diag_set(why, PITH_E_ARG, "pith_motion_encode: an argument is NULL");
    *file = (pith_bytes){0};
    status = env_copy(&e, env, why);
    if (status != PITH_OK) return status;
    PITH_TRY(motion_take_options(&o, options, why));
    PITH_TRY(sized_take(&m, sizeof m, motion, "pith_motion", why));
    PITH_TRY(motion_check(&m, why));
    job_start(&work, &e);
    clips = mem_alloc(&e.alloc, m.n_clips, sizeof *clips);
    if (!clips) {
        status = diag_set(why, PITH_E_NOMEM, "out of memory for %llu clips", (unsigned long long)m.n_clips);
        goto cleanup;
    }
    uint64_t all = 0, done = 0;
    for (uint64_t c = 0; c < m.n_clips; c++) all += m.clips[c].n_samples;
    for (uint64_t c = 0; c < m.n_clips; c++) {
        span part = {(double)done / (double)all, (double)(done + m.clips[c].n_samples) / (double)all};
        PITH_TRY(clip_encode(&clips[c], &m, &m.clips[c], o.error, o.shell, o.effort, &e, &work, part, why));
        done += m.clips[c].n_samples;
    }
    PITH_TRY(write_file(file, &m, clips, &e, why));
    status = job_report(&work, "write", 1, why);
    if (status != PITH_OK) pith_bytes_free(&e, file);
cleanup:
    for (uint64_t c = 0; clips && c < m.n_clips; c++) coded_clip_free(&clips[c], &e.alloc);
    mem_free(&e.alloc, clips);
    return status;
}
