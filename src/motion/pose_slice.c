/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/pose_slice.h"

#include <string.h>

#include "base/status.h"

pith_status ps_new(pose_slice *s, const mc_clip *clip, uint32_t n_samples, const pith_alloc *alloc, pith_diag *diag) {
    *s = (pose_slice){.clip = clip, .n_samples = n_samples};
    size_t n;
    if (size_mul(&n, clip->n_channels, n_samples)) {
        s->values = mem_alloc(alloc, n, sizeof *s->values);
        s->numbers = mem_alloc(alloc, n, sizeof *s->numbers);
    }
    if (s->values && s->numbers) return PITH_OK;
    ps_free(s, alloc);
    return diag_set(diag, PITH_E_NOMEM, "out of memory for a slice of %lu channels", (unsigned long)clip->n_channels);
}

void ps_free(pose_slice *s, const pith_alloc *alloc) {
    mem_free(alloc, s->values);
    mem_free(alloc, s->numbers);
    *s = (pose_slice){0};
}

/* ---- places
 * ---------------------------------------------------------------------------------------------------------- */

static uint32_t if_present(const pose_slice *s, uint32_t at) { return at < s->present ? at : MC_NONE; }

ps_place ps_place_within(const pose_slice *s, uint32_t at, uint32_t distance) {
    uint32_t level = 0;
    while (distance >> (level + 1)) level++;
    if (level >= MM_LEVEL_KEY) level = MM_LEVEL_KEY - 1;
    return (ps_place){.at = at,
                      .level = level,
                      .before = at - distance,
                      .after = if_present(s, at + distance),
                      .outer_before = at >= 3 * distance ? at - 3 * distance : MC_NONE,
                      .outer_after = if_present(s, at + 3 * distance),
                      .last = at >= 2 * distance ? at - 2 * distance : MC_NONE};
}

ps_place ps_place_key(uint32_t at) {
    return (ps_place){at, MM_LEVEL_KEY, at ? at - 1 : MC_NONE, MC_NONE, MC_NONE, MC_NONE, MC_NONE};
}

pith_status ps_each(const pose_slice *s, pith_status (*each)(void *user, const ps_place *place), void *user) {
    for (uint32_t distance = (s->n_samples - 1) / 2; distance; distance /= 2)
        for (uint32_t at = distance; at < s->n_samples - 1 && at < s->present; at += 2 * distance) {
            ps_place place = ps_place_within(s, at, distance);
            pith_status status = each(user, &place);
            if (status != PITH_OK) return status;
        }
    return PITH_OK;
}

/* ---- prediction
 * ------------------------------------------------------------------------------------------------------- */

static bool has_outer(const ps_place *p) { return p->outer_before != MC_NONE && p->outer_after != MC_NONE; }

static ps_prediction predict_rotation(const pose_slice *s, uint32_t channel, const ps_place *p) {
    const mc_channel *c = &s->clip->channels[channel];
    ps_prediction r = {.base = quat_identity};
    if (p->before == MC_NONE) return r;
    quat before = ps_at(s, channel, p->before)->rotation, from;
    int32_t weight;
    if (p->after == MC_NONE) {
        r.base = before;
        if (p->outer_before == MC_NONE) return r;
        from = ps_at(s, channel, p->outer_before)->rotation; /* two distances earlier: half of that turn goes on */
        weight = 128;
    } else {
        r.base = quat_middle(before, ps_at(s, channel, p->after)->rotation);
        if (!has_outer(p)) return r;
        from = quat_middle(ps_at(s, channel, p->outer_before)->rotation, ps_at(s, channel, p->outer_after)->rotation);
        weight = s->clip->outer[p->level];
    }
    turn t = turn_to_frame(&c->frame, turn_of_quat(quat_multiply(quat_conjugate(from), r.base)));
    for (unsigned i = 0; i < 3; i++) r.offsets[i] = ((int64_t)t.v[i] * weight) >> 8;
    return r;
}

static ps_prediction predict_lengths(const pose_slice *s, uint32_t channel, const ps_place *p) {
    ps_prediction r = {.base = quat_identity};
    if (p->before == MC_NONE) return r;
    const int64_t *before = ps_at(s, channel, p->before)->lengths;
    for (unsigned i = 0; i < s->clip->channels[channel].n_parts; i++) {
        if (p->after == MC_NONE) {
            r.offsets[i] = before[i];
            if (p->outer_before != MC_NONE)
                r.offsets[i] += (before[i] - ps_at(s, channel, p->outer_before)->lengths[i]) >> 1;
            continue;
        }
        int64_t inner = before[i] + ps_at(s, channel, p->after)->lengths[i];
        r.offsets[i] = inner >> 1;
        if (!has_outer(p)) continue;
        int64_t outer = ps_at(s, channel, p->outer_before)->lengths[i] + ps_at(s, channel, p->outer_after)->lengths[i];
        r.offsets[i] += ((inner - outer) * s->clip->outer[p->level]) >> 9;
    }
    return r;
}

ps_prediction ps_predict(const pose_slice *s, uint32_t channel, const ps_place *p) {
    return s->clip->channels[channel].kind == MC_ROTATION ? predict_rotation(s, channel, p)
                                                          : predict_lengths(s, channel, p);
}

static int64_t clamped(int64_t v, int64_t limit) { return v > limit ? limit : v < -limit ? -limit : v; }

ps_value ps_value_of(const mc_channel *c, const ps_prediction *prediction, const int32_t numbers[3], uint32_t escape) {
    ps_value value = {.lengths = {0, 0, 0}};
    if (c->kind != MC_ROTATION) {
        for (unsigned i = 0; i < c->n_parts; i++)
            value.lengths[i] = clamped(prediction->offsets[i] + (int64_t)numbers[i] * c->step[i], PS_LARGEST);
        return value;
    }
    turn t;
    for (unsigned i = 0; i < 3; i++) {
        int64_t step = c->step[i] >> escape;
        t.v[i] = (int32_t)clamped(prediction->offsets[i] + numbers[i] * (step ? step : 1), TURN_MAX);
    }
    value.rotation = quat_multiply(prediction->base, quat_of_turn(turn_from_frame(&c->frame, t)));
    return value;
}

void ps_distance(const mc_channel *c, const ps_prediction *prediction, quat rotation, double distance[3]) {
    turn t = turn_to_frame(&c->frame, turn_of_quat(quat_multiply(quat_conjugate(prediction->base), rotation)));
    for (unsigned i = 0; i < 3; i++) distance[i] = (double)(t.v[i] - prediction->offsets[i]);
}

/* ---- numbers
 * ----------------------------------------------------------------------------------------------------------- */

static int32_t number_at(const pose_slice *s, uint32_t channel, uint32_t place, uint32_t part) {
    return place == MC_NONE ? 0 : s->numbers[(size_t)channel * s->n_samples + place][part];
}

static uint32_t magnitude(int32_t v) { return (uint32_t)(v < 0 ? -v : v); }
static uint32_t sign(int32_t v) { return v < 0 ? 0 : v > 0 ? 2 : 1; }

mm_view ps_view(const pose_slice *s, uint32_t channel, const ps_place *p, uint32_t part, const int32_t numbers[3],
                uint32_t pose) {
    const mc_channel *c = &s->clip->channels[channel];
    int32_t before = number_at(s, channel, p->before, part), after = number_at(s, channel, p->after, part);
    int32_t last = number_at(s, channel, p->last, part);
    mm_view v = {.track = c->track + part,
                 .level = p->level,
                 .part = c->kind == MC_ROTATION ? part : 3,
                 .before = magnitude(before),
                 .after = magnitude(after),
                 .last = magnitude(last),
                 .pose = pose,
                 .sign = sign(before) + 3 * sign(after) + 9 * sign(last)};
    for (uint32_t i = 0; i < part; i++) v.beside += 2 * magnitude(numbers[i]);
    if (c->kind == MC_ROTATION && c->above != MC_NONE)
        for (uint32_t i = 0; i < 3; i++) v.beside += magnitude(number_at(s, c->above, p->at, i));
    return v;
}

void ps_code(pose_slice *s, motion_model *m, uint32_t channel, const ps_place *p, int32_t numbers[3], uint32_t *escape,
             uint32_t *pose) {
    const mc_channel *c = &s->clip->channels[channel];
    int32_t *kept = s->numbers[(size_t)channel * s->n_samples + p->at];
    *escape = c->kind == MC_ROTATION ? mm_escape(m, p->level, *escape) : 0;
    for (uint32_t i = 0; i < c->n_parts; i++) {
        mm_view v = ps_view(s, channel, p, i, numbers, *pose);
        numbers[i] = mm_number(m, &v, numbers[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        kept[i] = i < c->n_parts ? numbers[i] / (1 << *escape) : 0;
        *pose += magnitude(kept[i]);
    }
}
