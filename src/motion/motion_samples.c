/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_samples.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "base/team.h"
#include "motion/slice_coder.h"

uint64_t ms_n_groups(const mc_clip *clip) { return (mc_n_keys(clip) + SC_KEYS_A_GROUP - 1) / SC_KEYS_A_GROUP; }

/* ---- the clip as it is given out
 * ---------------------------------------------------------------------------------------- */

/* Where the parts of the block begin, in bytes. */
typedef struct block_layout {
    size_t tracks, scalars, floats, n_bytes;
} block_layout;

static const unsigned widths[3] = {4, 3, 3};

/* False if the sizes overflow. */
static bool lay_out(block_layout *l, const mc_clip *clip, uint64_t n) {
    uint64_t a_sample = clip->n_scalars + (clip->times ? 1 : 0);
    for (uint32_t j = 0; j < clip->n_joints; j++)
        for (unsigned k = 0; k < 3; k++)
            if (clip->joints[j].motion[k] != MC_REST) a_sample += widths[k];
    size_t floats, bytes = sizeof(pith_motion_clip), part;
    if (n > SIZE_MAX || !size_mul(&floats, (size_t)a_sample, (size_t)n) || !size_mul(&floats, floats, sizeof(float)))
        return false;
    l->tracks = bytes;
    if (!size_mul(&part, clip->n_joints, sizeof(pith_motion_track)) || !size_add(&bytes, bytes, part)) return false;
    l->scalars = bytes;
    if (!size_mul(&part, clip->n_scalars, sizeof(pith_motion_scalar)) || !size_add(&bytes, bytes, part)) return false;
    l->floats = bytes;
    return size_add(&l->n_bytes, bytes, floats);
}

static float *take(float **next, size_t n) {
    float *taken = *next;
    *next += n;
    return taken;
}

static void repeat(float *out, const float *value, unsigned width, uint64_t n) {
    for (uint64_t t = 0; t < n; t++) memcpy(out + t * width, value, width * sizeof *out);
}

static void repeat_rest(float *out, const pith_motion_joint *joint, mc_kind kind, uint64_t n) {
    const double *rest = kind == MC_ROTATION      ? joint->rotation
                         : kind == MC_TRANSLATION ? joint->translation
                                                  : joint->scale;
    float value[4];
    for (unsigned i = 0; i < widths[kind]; i++) value[i] = (float)rest[i];
    repeat(out, value, widths[kind], n);
}

/* The values that move are left out. */
static void fill_clip(char *block, const block_layout *l, const motion_parts *parts, uint64_t first, uint64_t n) {
    const mc_clip *clip = parts->clip;
    pith_motion_clip *out = (pith_motion_clip *)(void *)block;
    pith_motion_track *tracks = (pith_motion_track *)(void *)(block + l->tracks);
    pith_motion_scalar *scalars = (pith_motion_scalar *)(void *)(block + l->scalars);
    float *next = (float *)(void *)(block + l->floats), *times = NULL;
    if (clip->times) {
        times = take(&next, (size_t)n);
        memcpy(times, clip->times + first, (size_t)n * sizeof *times);
    }
    *out = (pith_motion_clip){.name = clip->name,
                              .n_samples = n,
                              .frame_seconds = clip->frame_seconds,
                              .times = times,
                              .tracks = tracks,
                              .scalars = scalars,
                              .n_scalars = clip->n_scalars};
    for (uint32_t j = 0; j < clip->n_joints; j++) {
        const mc_joint *joint = &clip->joints[j];
        const float *values[3] = {NULL, NULL, NULL};
        for (unsigned k = 0; k < 3; k++) {
            if (joint->motion[k] == MC_REST) continue;
            float *v = take(&next, (size_t)n * widths[k]);
            if (joint->motion[k] == MC_CONSTANT) repeat(v, joint->constant[k], widths[k], n);
            if (joint->motion[k] == MC_GIVEN) repeat_rest(v, &parts->joints[j], (mc_kind)k, n);
            values[k] = v;
        }
        tracks[j] = (pith_motion_track){values[0], values[1], values[2],
                                        (joint->stepped[0] ? PITH_MOTION_STEP_ROTATIONS : 0) |
                                            (joint->stepped[1] ? PITH_MOTION_STEP_TRANSLATIONS : 0) |
                                            (joint->stepped[2] ? PITH_MOTION_STEP_SCALES : 0)};
    }
    for (uint32_t i = 0; i < clip->n_scalars; i++)
        scalars[i] = (pith_motion_scalar){
            .name = clip->scalars[i].name, .values = take(&next, (size_t)n), .stepped = clip->scalars[i].stepped};
}

/* Where a channel's values go; the block is ours. */
static float *channel_values(const pith_motion_clip *out, const mc_channel *c) {
    const float *v = c->kind == MC_ROTATION      ? out->tracks[c->joint].rotations
                     : c->kind == MC_TRANSLATION ? out->tracks[c->joint].translations
                     : c->kind == MC_SCALE       ? out->tracks[c->joint].scales
                                                 : out->scalars[c->joint].values;
    return (float *)(uintptr_t)v;
}

static void put_sample(const pith_motion_clip *out, const pose_slice *s, uint32_t place, uint64_t sample) {
    const mc_clip *clip = s->clip;
    for (uint32_t i = 0; i < clip->n_channels; i++) {
        const mc_channel *c = &clip->channels[i];
        const ps_value *v = ps_at(s, i, place);
        if (c->kind == MC_ROTATION) {
            float *q = channel_values(out, c) + 4 * sample;
            const int32_t from[4] = {v->rotation.x, v->rotation.y, v->rotation.z, v->rotation.w};
            for (unsigned k = 0; k < 4; k++) q[k] = (float)((double)from[k] / QUAT_ONE);
            continue;
        }
        float *values = channel_values(out, c) + c->n_parts * sample;
        for (unsigned k = 0; k < c->n_parts; k++) values[k] = (float)((double)v->lengths[k] * c->unit);
    }
}

/* ---- decode
 * ------------------------------------------------------------------------------------------------------------- */

typedef struct worker {
    motion_model *model;
    pose_slice slice;
    pith_diag diag;
} worker;

typedef struct decoding {
    const motion_parts *parts;
    pith_motion_clip *out;
    uint64_t first, n; /* samples */
    uint64_t first_slice, first_group, last_key;
    pose_slice *groups;
    worker *workers;
    atomic_int failed; /* 1 + the first worker that failed */
} decoding;

static void fail(decoding *d, int who) {
    int none = 0;
    (void)atomic_compare_exchange_strong(&d->failed, &none, who + 1);
}

static void decode_group(void *user, int64_t item, int who) {
    decoding *d = user;
    worker *w = &d->workers[who];
    uint64_t index = d->first_group + (uint64_t)item;
    pose_slice *group = &d->groups[item];
    const pith_bytes *coded = &d->parts->groups[index];
    group->present = sc_group_keys(d->parts->clip, index);
    uint64_t end = d->last_key + 1 - index * SC_KEYS_A_GROUP;
    if (end > SC_KEYS_A_GROUP) end = SC_KEYS_A_GROUP;
    if (w->diag.status == PITH_OK && sc_decode_group(w->model, group, (uint32_t)end, coded, &w->diag) != PITH_OK)
        fail(d, who);
}

static const pose_slice *group_of(const decoding *d, uint64_t key) {
    return &d->groups[key / SC_KEYS_A_GROUP - d->first_group];
}

static bool wanted(const decoding *d, uint64_t sample) { return sample >= d->first && sample - d->first < d->n; }

static void decode_slice(void *user, int64_t item, int who) {
    decoding *d = user;
    const mc_clip *clip = d->parts->clip;
    worker *w = &d->workers[who];
    uint64_t index = d->first_slice + (uint64_t)item, start = index << clip->log2_slice;
    pose_slice *slice = &w->slice;
    if (w->diag.status != PITH_OK) return;
    slice->present = sc_present(clip, index);
    sc_put_key(slice, 0, d->groups, d->first_group, index);
    if (index + 1 < mc_n_keys(clip)) sc_put_key(slice, mc_slice(clip), d->groups, d->first_group, index + 1);
    const uint64_t end = d->first + d->n;
    const sc_range places = {d->first > start ? (uint32_t)(d->first - start) : 0,
                             end - start > mc_slice(clip) ? mc_slice(clip) : (uint32_t)(end - start)};
    if (sc_decode_slice(w->model, slice, places, &d->parts->slices[index], &w->diag) != PITH_OK) {
        fail(d, who);
        return;
    }
    for (uint32_t place = 0; place < slice->present; place++)
        if (place < mc_slice(clip) && wanted(d, start + place))
            put_sample(d->out, slice, place, start + place - d->first);
}

static pith_status new_workers(decoding *d, int n, const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    const mc_clip *clip = d->parts->clip;
    d->workers = mem_alloc(alloc, (size_t)n, sizeof *d->workers);
    if (!d->workers) return diag_set(diag, PITH_E_NOMEM, "out of memory for threads");
    for (int i = 0; i < n; i++) {
        PITH_TRY(mm_new(&d->workers[i].model, alloc, clip->n_tracks, diag));
        PITH_TRY(ps_new(&d->workers[i].slice, clip, mc_slice(clip) + 1, alloc, diag));
    }
cleanup:
    return status;
}

static pith_status check(const decoding *d, pith_diag *diag) {
    int who = atomic_load(&d->failed);
    if (!who) return PITH_OK;
    const pith_diag *why = &d->workers[who - 1].diag;
    return diag_set(diag, why->status, "%s", why->message);
}

pith_status ms_decode(pith_motion_clip **out, const motion_parts *parts, uint64_t first, uint64_t n, int threads,
                      const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    const mc_clip *clip = parts->clip;
    block_layout layout;
    uint64_t first_slice = first >> clip->log2_slice, last_key = (first + n - 1) >> clip->log2_slice, n_groups = 0;
    uint64_t n_slices = 0;
    if (mc_n_slices(clip) > first_slice)
        n_slices = (last_key + 1 < mc_n_slices(clip) ? last_key + 1 : mc_n_slices(clip)) - first_slice;
    if (last_key + 1 < mc_n_keys(clip)) last_key++;
    decoding d = {.parts = parts,
                  .first = first,
                  .n = n,
                  .first_slice = first_slice,
                  .first_group = first_slice / SC_KEYS_A_GROUP};
    d.last_key = last_key;
    n_groups = last_key / SC_KEYS_A_GROUP - d.first_group + 1;
    team *crew = team_new(alloc, n_slices < 2 ? 1 : threads);
    char *block = lay_out(&layout, clip, n) ? mem_alloc(alloc, layout.n_bytes, 1) : NULL;
    *out = NULL;
    d.groups = mem_alloc(alloc, (size_t)n_groups, sizeof *d.groups);
    if (!crew || !block || !d.groups) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for %llu samples", (unsigned long long)n);
        goto cleanup;
    }
    fill_clip(block, &layout, parts, first, n);
    d.out = (pith_motion_clip *)(void *)block;
    for (uint64_t g = 0; g < n_groups; g++) PITH_TRY(ps_new(&d.groups[g], clip, SC_KEYS_A_GROUP, alloc, diag));
    PITH_TRY(new_workers(&d, team_size(crew), alloc, diag));
    team_run(crew, (int64_t)n_groups, decode_group, &d);
    PITH_TRY(check(&d, diag));
    for (uint64_t key = first_slice; key <= last_key; key++)
        if (wanted(&d, key << clip->log2_slice))
            put_sample(d.out, group_of(&d, key), key % SC_KEYS_A_GROUP, (key << clip->log2_slice) - first);
    team_run(crew, (int64_t)n_slices, decode_slice, &d);
    PITH_TRY(check(&d, diag));
    *out = d.out;
    block = NULL;
cleanup:
    for (int i = 0; d.workers && i < team_size(crew); i++) {
        mm_free(&d.workers[i].model, alloc);
        ps_free(&d.workers[i].slice, alloc);
    }
    for (uint64_t g = 0; d.groups && g < n_groups; g++) ps_free(&d.groups[g], alloc);
    mem_free(alloc, d.workers);
    mem_free(alloc, d.groups);
    mem_free(alloc, block);
    team_free(&crew);
    return status;
}
