/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Motion files as callers see them. */
#include "api/motion_source.h"
#include "base/env.h"
#include "base/mem.h"
#include "base/sized.h"
#include "motion/motion_file.h"

struct pith_motion_reader {
    pith_env env;
    motion_file file;
    pith_motion contents;
    pith_motion_clip *clips;
    pith_bytes source;
};

/* Channels of a clip at all its samples; more would not fit into memory anyway. */
#define MAX_VALUES ((uint64_t)1 << 32)

static pith_status fill_contents(pith_motion_reader *r, pith_diag *why) {
    const motion_head *head = &r->file.head;
    r->clips = mem_alloc(&r->env.alloc, head->n_clips, sizeof *r->clips);
    if (!r->clips) return diag_set(why, PITH_E_NOMEM, "out of memory for %lu clips", (unsigned long)head->n_clips);
    for (uint32_t c = 0; c < head->n_clips; c++) {
        const mc_clip *clip = &head->clips[c];
        if (clip->n_samples > MAX_VALUES / (clip->n_channels + 1))
            return diag_set(why, PITH_E_LIMIT, "clip '%s' is too long for its %lu channels", clip->name,
                            (unsigned long)clip->n_channels);
        r->clips[c] = (pith_motion_clip){.name = clip->name,
                                         .n_samples = clip->n_samples,
                                         .frame_seconds = clip->frame_seconds,
                                         .times = clip->times};
    }
    r->contents = (pith_motion){.struct_size = sizeof r->contents,
                                .joints = head->joints,
                                .n_joints = head->n_joints,
                                .clips = r->clips,
                                .n_clips = head->n_clips,
                                .unit_cm = head->unit_cm};
    pith_status status = source_unpack(&r->source, &r->file.source, r->env.max_file_bytes, &r->env.alloc, why);
    r->contents.source = r->source;
    return status;
}

pith_status pith_motion_open(pith_motion_reader **out, const void *file, size_t n_bytes, const pith_env *env,
                             pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env e;
    if (why) diag_clear(why);
    if (!out || (!file && n_bytes)) return diag_set(why, PITH_E_ARG, "pith_motion_open: an argument is NULL");
    *out = NULL;
    status = env_copy(&e, env, why);
    if (status != PITH_OK) return status;
    pith_motion_reader *r = mem_alloc(&e.alloc, 1, sizeof *r);
    if (!r) return diag_set(why, PITH_E_NOMEM, "out of memory for a reader");
    r->env = e;
    PITH_TRY(mf_read(&r->file, file, n_bytes, &r->env, why));
    PITH_TRY(fill_contents(r, why));
    *out = r;
    return PITH_OK;
cleanup:
    pith_motion_close(&r);
    return status;
}

void pith_motion_close(pith_motion_reader **reader) {
    if (!reader || !*reader) return;
    pith_motion_reader *r = *reader;
    const pith_alloc alloc = r->env.alloc;
    mf_free(&r->file, &alloc);
    mem_free(&alloc, r->clips);
    mem_free(&alloc, r->source.data);
    mem_free(&alloc, r);
    *reader = NULL;
}

const pith_motion *pith_motion_contents(const pith_motion_reader *reader) { return reader ? &reader->contents : NULL; }

pith_status pith_motion_clip_info(const pith_motion_reader *reader, uint64_t clip, pith_motion_info *info) {
    if (!reader || !info || clip >= reader->contents.n_clips) return PITH_E_ARG;
    const mc_clip *c = &reader->file.head.clips[clip];
    const motion_parts *parts = &reader->file.parts[clip];
    pith_motion_info own = {.struct_size = sizeof own,
                            .error = c->bound,
                            .shell = c->shell,
                            .worst = c->worst,
                            .n_slices = mc_n_slices(c),
                            .slice_samples = mc_slice(c)};
    for (uint64_t g = 0; g < ms_n_groups(c); g++) own.n_bytes += parts->groups[g].n_bytes;
    for (uint64_t s = 0; s < mc_n_slices(c); s++) own.n_bytes += parts->slices[s].n_bytes;
    for (uint32_t j = 0; j < c->n_joints; j++) {
        own.n_rotations += c->joints[j].motion[MC_ROTATION] == MC_MOVES;
        own.n_translations += c->joints[j].motion[MC_TRANSLATION] == MC_MOVES;
        own.n_scales += c->joints[j].motion[MC_SCALE] == MC_MOVES;
    }
    return sized_give(info, &own, sizeof own, "pith_motion_info", NULL);
}

pith_status pith_motion_read(const pith_motion_reader *reader, uint64_t clip, uint64_t first, uint64_t n_samples,
                             pith_motion_clip **out, pith_diag *why) {
    if (why) diag_clear(why);
    if (!reader || !out) return diag_set(why, PITH_E_ARG, "pith_motion_read: an argument is NULL");
    *out = NULL;
    if (clip >= reader->contents.n_clips)
        return diag_set(why, PITH_E_ARG, "there is no clip %llu", (unsigned long long)clip);
    uint64_t n = reader->clips[clip].n_samples;
    if (first >= n || n_samples == 0 || n_samples > n - first)
        return diag_set(why, PITH_E_ARG, "samples %llu to %llu of a clip of %llu", (unsigned long long)first,
                        (unsigned long long)(first + n_samples), (unsigned long long)n);
    return ms_decode(out, &reader->file.parts[clip], first, n_samples, reader->env.threads, &reader->env.alloc, why);
}

void pith_motion_clip_free(const pith_motion_reader *reader, pith_motion_clip **clip) {
    if (!reader || !clip) return;
    mem_free(&reader->env.alloc, *clip);
    *clip = NULL;
}
