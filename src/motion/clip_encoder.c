/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/clip_encoder.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "base/team.h"
#include "motion/motion_samples.h"
#include "motion/slice_coder.h"

#define MAX_ROUNDS 6        /* of encoding, each with a target that is a little lower */
#define SAMPLES_AT_ONCE 512 /* when the bound is checked */

static const plan_tuning usual = {
    .step = 0.9, .twist = 0.85, .translation = 0.4, .room = 0.78, .error_bits = 3, .outer = 32};

/* ---- one way of coding
 * ---------------------------------------------------------------------------------------------------- */

typedef struct worker {
    pose_search search;
    pose_slice slice;
    pith_diag diag;
} worker;

typedef struct encoding {
    coded_clip *out;
    const motion_plan *plan;
    pose_slice *groups;
    worker *workers;
    const pith_alloc *alloc;
} encoding;

/* What was written becomes the caller's. */
static void keep(pith_bytes *to, byte_writer *from) {
    *to = (pith_bytes){from->data, from->n_bytes};
    from->data = NULL;
    bw_free(from);
}

static void encode_group(void *user, int64_t item, int who) {
    encoding *e = user;
    worker *w = &e->workers[who];
    byte_writer bytes;
    bw_init(&bytes, e->alloc);
    if (w->diag.status == PITH_OK)
        (void)!sc_encode_group(&w->search, &e->groups[item], (uint64_t)item, &bytes, &w->diag);
    keep(&e->out->groups[item], &bytes);
}

static void encode_slice(void *user, int64_t item, int who) {
    encoding *e = user;
    worker *w = &e->workers[who];
    const mc_clip *clip = &e->out->clip;
    uint64_t index = (uint64_t)item;
    byte_writer bytes;
    bw_init(&bytes, e->alloc);
    sc_put_key(&w->slice, 0, e->groups, 0, index);
    if (index + 1 < mc_n_keys(clip)) sc_put_key(&w->slice, mc_slice(clip), e->groups, 0, index + 1);
    if (w->diag.status == PITH_OK) (void)!sc_encode_slice(&w->search, &w->slice, index, &bytes, &w->diag);
    keep(&e->out->slices[item], &bytes);
}

static pith_status new_workers(encoding *e, int n, double target, pith_diag *diag) {
    pith_status status = PITH_OK;
    const mc_clip *clip = &e->out->clip;
    e->workers = mem_alloc(e->alloc, (size_t)n, sizeof *e->workers);
    if (!e->workers) return diag_set(diag, PITH_E_NOMEM, "out of memory for threads");
    for (int i = 0; i < n; i++) {
        PITH_TRY(search_new(&e->workers[i].search, e->plan, e->alloc, diag));
        e->workers[i].search.target = target;
        PITH_TRY(mm_new(&e->workers[i].search.model, e->alloc, clip->n_tracks, diag));
        PITH_TRY(ps_new(&e->workers[i].slice, clip, mc_slice(clip) + 1, e->alloc, diag));
    }
cleanup:
    return status;
}

static pith_status check_workers(const encoding *e, int n, pith_diag *diag) {
    for (int i = 0; i < n; i++)
        if (e->workers[i].diag.status != PITH_OK)
            return diag_set(diag, e->workers[i].diag.status, "%s", e->workers[i].diag.message);
    return PITH_OK;
}

static void free_parts(coded_clip *c, const pith_alloc *alloc) {
    for (uint64_t i = 0; c->groups && i < c->n_groups; i++) mem_free(alloc, c->groups[i].data);
    for (uint64_t i = 0; c->slices && i < c->n_slices; i++) mem_free(alloc, c->slices[i].data);
    mem_free(alloc, c->groups);
    mem_free(alloc, c->slices);
    c->groups = c->slices = NULL;
    c->n_groups = c->n_slices = 0;
    c->n_bytes = 0;
}

/* Codes the planned clip: first the poses between slices, then the slices, shared by threads. */
static pith_status encode_parts(coded_clip *out, const motion_plan *plan, double target, team *crew,
                                const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    encoding e = {.out = out, .plan = plan, .alloc = alloc};
    out->n_groups = ms_n_groups(&out->clip);
    out->n_slices = mc_n_slices(&out->clip);
    out->groups = mem_alloc(alloc, (size_t)out->n_groups, sizeof *out->groups);
    out->slices = mem_alloc(alloc, (size_t)out->n_slices, sizeof *out->slices);
    e.groups = mem_alloc(alloc, (size_t)out->n_groups, sizeof *e.groups);
    if (!out->groups || !out->slices || !e.groups) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the parts of a clip");
        goto cleanup;
    }
    for (uint64_t g = 0; g < out->n_groups; g++)
        PITH_TRY(ps_new(&e.groups[g], &out->clip, SC_KEYS_A_GROUP, alloc, diag));
    PITH_TRY(new_workers(&e, team_size(crew), target, diag));
    team_run(crew, (int64_t)out->n_groups, encode_group, &e);
    team_run(crew, (int64_t)out->n_slices, encode_slice, &e);
    PITH_TRY(check_workers(&e, team_size(crew), diag));
    for (uint64_t g = 0; g < out->n_groups; g++) out->n_bytes += out->groups[g].n_bytes;
    for (uint64_t s = 0; s < out->n_slices; s++) out->n_bytes += out->slices[s].n_bytes;
cleanup:
    for (int i = 0; e.workers && i < team_size(crew); i++) {
        mm_free(&e.workers[i].search.model, alloc);
        search_free(&e.workers[i].search, alloc);
        ps_free(&e.workers[i].slice, alloc);
    }
    for (uint64_t g = 0; e.groups && g < out->n_groups; g++) ps_free(&e.groups[g], alloc);
    mem_free(alloc, e.workers);
    mem_free(alloc, e.groups);
    return status;
}

/* ---- the promise
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct worst_case {
    double ratio; /* largest error in its joint's bound */
    double error; /* largest error of a joint without a bound of its own, in cm */
} worst_case;

static void keep_largest(double *largest, double value) {
    if (value > *largest) *largest = value;
}

static void measure_sample(worst_case *worst, const motion_plan *plan, const world *wanted, const world *got) {
    for (uint64_t j = 0; j < plan->motion->n_joints; j++) {
        double error = world_error(&wanted[j], &got[j], &plan->rest[j], plan->shells[j]);
        keep_largest(&worst->ratio, error / plan->errors[j]);
        if (!(plan->motion->joints[j].error > 0)) keep_largest(&worst->error, error * plan->motion->unit_cm);
    }
}

static void measure_scalars(worst_case *worst, const pith_motion_clip *wanted, uint64_t from,
                            const pith_motion_clip *got) {
    for (uint64_t i = 0; i < wanted->n_scalars; i++) {
        double bound = wanted->scalars[i].error > 0 ? wanted->scalars[i].error : 1.0 / 4096;
        const float *a = wanted->scalars[i].values + from, *b = got->scalars[i].values;
        for (uint64_t t = 0; t < got->n_samples; t++) keep_largest(&worst->ratio, fabs((double)a[t] - b[t]) / bound);
    }
}

/* Decodes all samples, and compares. */
static pith_status measure_worst(worst_case *worst, const coded_clip *coded, const motion_plan *plan, int threads,
                                 const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    const pith_motion *motion = plan->motion;
    world *wanted = mem_alloc(alloc, motion->n_joints, sizeof *wanted),
          *got = mem_alloc(alloc, motion->n_joints, sizeof *got);
    pith_motion_clip *decoded = NULL;
    *worst = (worst_case){0};
    if (!wanted || !got) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for comparing poses");
        goto cleanup;
    }
    motion_parts parts = {&coded->clip, motion->joints, coded->groups, coded->slices};
    uint64_t at_once = mc_slice(&coded->clip) > SAMPLES_AT_ONCE ? mc_slice(&coded->clip) : SAMPLES_AT_ONCE;
    for (uint64_t t = 0; t < plan->clip->n_samples; t += at_once) {
        uint64_t left = plan->clip->n_samples - t;
        mem_free(alloc, decoded);
        PITH_TRY(ms_decode(&decoded, &parts, t, left < at_once ? left : at_once, threads, alloc, diag));
        for (uint64_t i = 0; i < decoded->n_samples; i++) {
            world_pose(wanted, motion, plan->clip, t + i, 0);
            world_pose(got, motion, decoded, i, 0);
            measure_sample(worst, plan, wanted, got);
        }
        measure_scalars(worst, plan->clip, t, decoded);
    }
cleanup:
    mem_free(alloc, decoded);
    mem_free(alloc, wanted);
    mem_free(alloc, got);
    return status;
}

/* What the encoder sees differs a little from what is decoded (floats, joints that hardly move), so that a second round
 * with a lower target may be needed. */
static pith_status encode_within(coded_clip *out, const pith_motion *motion, const pith_motion_clip *clip, double error,
                                 double shell, const plan_tuning *tuning, team *crew, const pith_alloc *alloc,
                                 pith_diag *diag) {
    pith_status status = PITH_OK;
    motion_plan plan = {0};
    *out = (coded_clip){0};
    PITH_TRY(plan_clip(&plan, &out->clip, motion, clip, error, shell, tuning, alloc, diag));
    double target = 0.9995;
    for (int round = 0;; round++) {
        worst_case worst;
        PITH_TRY(encode_parts(out, &plan, target, crew, alloc, diag));
        PITH_TRY(measure_worst(&worst, out, &plan, team_size(crew), alloc, diag));
        if (worst.ratio <= 1) {
            out->clip.worst = worst.error;
            break;
        }
        if (round + 1 == MAX_ROUNDS) {
            status = diag_set(diag, PITH_E_LIMIT, "clip %s: an error of %.4g times its bound remains", out->clip.name,
                              worst.ratio);
            goto cleanup;
        }
        free_parts(out, alloc);
        target *= 0.985 * fmax(0.3, 1 / worst.ratio);
    }
cleanup:
    plan_free(&plan, alloc);
    if (status != PITH_OK) coded_clip_free(out, alloc);
    return status;
}

/* ---- effort
 * ----------------------------------------------------------------------------------------------------------------- */

/* The other ways to try, one after the other, each from the best so far. */
#define N_WAYS 10
static plan_tuning changed(plan_tuning t, int way) {
    switch (way) {
    case 0:
        t.step *= 1.2;
        break;
    case 1:
        t.step *= 0.75;
        break;
    case 2:
        t.error_bits *= 0.6;
        break;
    case 3:
        t.room = 0.86;
        break;
    case 4:
        t.outer = 20;
        break;
    case 5:
        t.translation *= 0.6;
        break;
    case 6:
        t.twist *= 0.8;
        break;
    case 7:
        t.step *= 1.12;
        break;
    case 8:
        t.outer = (uint8_t)(t.outer / 2);
        break;
    default:
        t.error_bits *= 1.5;
        break;
    }
    return t;
}

pith_status clip_encode(coded_clip *out, const pith_motion *motion, const pith_motion_clip *clip, double error,
                        double shell, int effort, const pith_env *env, job *job, span part, pith_diag *diag) {
    static const int ways_of_effort[4] = {0, 0, 4, N_WAYS};
    const int n_ways = ways_of_effort[effort < 0 ? 0 : effort > 3 ? 3 : effort];
    pith_status status = PITH_OK;
    *out = (coded_clip){0};
    team *crew = team_new(&env->alloc, env->threads);
    if (!crew) return diag_set(diag, PITH_E_NOMEM, "out of memory for threads");
    plan_tuning best = usual;
    best.few_choices = effort < 1;
    PITH_TRY(job_report(job, "motion", part.from, diag));
    PITH_TRY(encode_within(out, motion, clip, error, shell, &best, crew, &env->alloc, diag));
    for (int way = 0; way < n_ways; way++) {
        coded_clip other;
        plan_tuning tuning = changed(best, way);
        PITH_TRY(job_report(job, "motion", span_at(part, (way + 1.0) / (n_ways + 1)), diag));
        pith_status tried = encode_within(&other, motion, clip, error, shell, &tuning, crew, &env->alloc, NULL);
        if (tried == PITH_E_NOMEM) PITH_TRY(diag_set(diag, tried, "out of memory for another way to code the clip"));
        if (tried != PITH_OK) continue;
        bool better = other.n_bytes < out->n_bytes;
        coded_clip_free(better ? out : &other, &env->alloc);
        if (!better) continue;
        *out = other;
        best = tuning;
    }
cleanup:
    team_free(&crew);
    if (status != PITH_OK) coded_clip_free(out, &env->alloc);
    return status;
}

void coded_clip_free(coded_clip *c, const pith_alloc *alloc) {
    free_parts(c, alloc);
    mc_free(&c->clip, alloc);
    *c = (coded_clip){0};
}
