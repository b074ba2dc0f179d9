/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/motion_plan.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/mem.h"
#include "base/status.h"

#define SLICE_SECONDS 2.0
#define STILL 0.02        /* what moves less than this part of its limit is constant */
#define ROOM_A_JOINT 0.01 /* by which the room of origins grows down the skeleton */
#define MOST_ROOM 0.97
#define SCALE_STEP 0.05 /* of the bound */
#define N_POSES 6

/* Scratch of the planner. */
typedef struct planner {
    motion_plan *plan;
    mc_clip *coded;
    const pith_alloc *alloc;
    double *reach;  /* from a joint to the farthest point below it, shell included */
    double *strict; /* smallest error that a joint or one below it allows */
    double *room;   /* limit of a joint's origin */
    uint32_t *depth;
    world *poses[N_POSES]; /* at rest, and at samples over the clip: scales may be 0 at some of them */
    uint8_t *rigid;        /* 1: with the joint at hand; 2: but for a translation above it */
    uint32_t *from;        /* of what is rigid: plan_point.from */
    uint32_t n_points, capacity;
} planner;

static uint32_t joint_count(const planner *p) { return (uint32_t)p->plan->motion->n_joints; }
static const pith_motion_joint *joint_at(const planner *p, uint32_t j) { return &p->plan->motion->joints[j]; }

static void measure_reach(planner *p) {
    const motion_plan *plan = p->plan;
    uint64_t last = plan->clip->n_samples - 1;
    world_rest(p->poses[0], plan->motion);
    for (uint64_t i = 1; i < N_POSES; i++)
        world_pose(p->poses[i], plan->motion, plan->clip,
                   last / (N_POSES - 2) * (i - 1) + last % (N_POSES - 2) * (i - 1) / (N_POSES - 2), 0);
    for (uint32_t j = 0; j < joint_count(p); j++) {
        p->reach[j] = plan->shells[j];
        p->strict[j] = plan->errors[j];
    }
    for (uint32_t j = joint_count(p); j-- > 0;)
        for (int32_t a = joint_at(p, j)->parent; a >= 0; a = joint_at(p, (uint32_t)a)->parent) {
            for (unsigned i = 0; i < N_POSES; i++)
                p->reach[a] = fmax(p->reach[a],
                                   point_distance(p->poses[i][j].position, p->poses[i][a].position) + plan->shells[j]);
            if (plan->errors[j] < p->strict[a]) p->strict[a] = plan->errors[j];
        }
}

/* ---- what moves -----------------------------------------------------------------------------------------------------
 */

/* Twice the sine of half the angle between two rotations. */
static double turn_between(const float a[4], const double b[4]) {
    double x = b[3] * a[0] - b[0] * a[3] - b[1] * a[2] + b[2] * a[1],
           y = b[3] * a[1] - b[1] * a[3] - b[2] * a[0] + b[0] * a[2],
           z = b[3] * a[2] - b[2] * a[3] - b[0] * a[1] + b[1] * a[0];
    double norm = sqrt(((double)a[0] * a[0] + (double)a[1] * a[1] + (double)a[2] * a[2] + (double)a[3] * a[3]) *
                       (b[0] * b[0] + b[1] * b[1] + b[2] * b[2] + b[3] * b[3]));
    return norm > 0 ? 2 * sqrt(x * x + y * y + z * z) / norm : 0;
}

static double change(mc_kind kind, const float *value, const double *from) {
    if (kind == MC_ROTATION) return turn_between(value, from);
    double largest = 0;
    for (int i = 0; i < 3; i++) largest = fmax(largest, fabs(value[i] - from[i]));
    return largest;
}

static void find_motion(const planner *p, uint32_t j, mc_kind kind, const float *values, const double *rest,
                        double still) {
    mc_joint *coded = &p->coded->joints[j];
    unsigned n = kind == MC_ROTATION ? 4 : 3;
    if (!values) return;
    double first[4] = {0};
    for (unsigned i = 0; i < n; i++) first[i] = coded->constant[kind][i] = values[i];
    for (uint64_t t = 1; t < p->plan->clip->n_samples; t++)
        if (change(kind, values + n * t, first) > still) {
            coded->motion[kind] = MC_MOVES;
            return;
        }
    coded->motion[kind] = change(kind, values, rest) > still ? MC_CONSTANT : MC_GIVEN;
}

/* The largest scale that a joint's translation is seen at. */
static double parent_scale(const planner *p, uint32_t j) {
    int32_t parent = joint_at(p, j)->parent;
    double scale = 0;
    for (unsigned i = 0; parent >= 0 && i < N_POSES; i++)
        for (unsigned k = 0; k < 3; k++) scale = fmax(scale, fabs(p->poses[i][parent].scale[k]));
    return parent < 0 ? 1 : scale;
}

static void find_motions(const planner *p, uint32_t j) {
    const pith_motion_track *track = &p->plan->clip->tracks[j];
    const pith_motion_joint *joint = joint_at(p, j);
    mc_joint *coded = &p->coded->joints[j];
    double still = STILL * p->strict[j], scale = parent_scale(p, j);
    find_motion(p, j, MC_ROTATION, track->rotations, joint->rotation, still / p->reach[j]);
    find_motion(p, j, MC_TRANSLATION, track->translations, joint->translation, scale > 0 ? still / scale : still);
    find_motion(p, j, MC_SCALE, track->scales, joint->scale, still / p->reach[j]);
    for (unsigned k = 0; k < 3; k++) coded->stepped[k] = track->stepped >> k & 1;
}

static bool moves(const planner *p, uint32_t j) {
    const mc_motion *m = p->coded->joints[j].motion;
    return m[0] == MC_MOVES || m[1] == MC_MOVES || m[2] == MC_MOVES;
}

/* ---- points
 * ------------------------------------------------------------------------------------------------------------ */

static pith_status add_point(planner *p, uint32_t joint, uint32_t from, int axis, double limit, pith_diag *diag) {
    if (p->n_points == p->capacity) {
        uint32_t more = p->capacity ? 2 * p->capacity : 256;
        plan_point *grown = mem_grow(p->alloc, p->plan->points, p->capacity, more, sizeof *grown);
        if (!grown) return diag_set(diag, PITH_E_NOMEM, "out of memory for the points of the skeleton");
        p->plan->points = grown;
        p->capacity = more;
    }
    p->plan->points[p->n_points++] = (plan_point){joint, from, axis, limit};
    return PITH_OK;
}

/* The joint's own shell, and what is rigid with it: joints that do not turn count as its own, of others the origins.
 * Where a translation is coded after the turn, it puts the origin right, and what is beyond it turns about that. */
static pith_status add_points(planner *p, uint32_t j, pith_diag *diag) {
    pith_status status = PITH_OK;
    memset(p->rigid, 0, joint_count(p));
    p->rigid[j] = 1;
    p->from[j] = j;
    for (uint32_t c = j; c < joint_count(p); c++) {
        int32_t parent = joint_at(p, c)->parent;
        if (c != j && (parent < 0 || !p->rigid[parent])) continue;
        const mc_motion *motion = p->coded->joints[c].motion;
        bool put_right = c != j && motion[MC_TRANSLATION] == MC_MOVES;
        if (c != j) p->from[c] = put_right ? c : p->from[parent];
        double taken =
            p->from[c] == j ? 0 : p->plan->tuning.translation * 0.87 * p->strict[p->from[c]]; /* by its rounding */
        if (c == j || motion[MC_ROTATION] != MC_MOVES) {
            p->rigid[c] = 1;
            for (int k = 0; k < 3; k++)
                PITH_TRY(
                    add_point(p, c, p->from[c], k, p->plan->errors[c] - fmin(taken, 0.9 * p->plan->errors[c]), diag));
        } else if (!put_right) {
            PITH_TRY(add_point(p, c, p->from[c], -1, p->room[c] - fmin(taken, 0.9 * p->room[c]), diag));
        }
    }
cleanup:
    return status;
}

/* ---- steps
 * ----------------------------------------------------------------------------------------------------------- */

static uint8_t step_index(double step) {
    double index = floor(8 * em_log2(fmax(step, 1)) + 1e-9);
    return (uint8_t)(index > MC_N_STEPS - 1 ? MC_N_STEPS - 1 : index);
}

/* The child whose origin is farthest, counted from 1; 0: none. */
static uint32_t find_bone(const planner *p, uint32_t j) {
    uint32_t n = 0, best = 0;
    double farthest = p->plan->shells[j];
    for (uint32_t c = j + 1; c < joint_count(p); c++) {
        if (joint_at(p, c)->parent != (int32_t)j) continue;
        n++;
        double d = 0;
        for (unsigned i = 0; i < N_POSES; i++)
            d = fmax(d, point_distance(p->poses[i][c].position, p->poses[i][j].position));
        if (d > farthest && p->coded->joints[c].motion[MC_TRANSLATION] != MC_MOVES) {
            farthest = d;
            best = n;
        }
    }
    return best;
}

static uint32_t nth_child(const planner *p, uint32_t j, uint32_t n) {
    for (uint32_t c = j + 1; c < joint_count(p); c++)
        if (joint_at(p, c)->parent == (int32_t)j && --n == 0) return c;
    return j;
}

void plan_point_place(double out[3], const motion_plan *plan, const world *pose, const plan_point *point) {
    const world *w = &pose[point->joint];
    for (int i = 0; i < 3; i++) out[i] = w->position[i] - pose[point->from].position[i];
    if (point->axis < 0) return;
    const double rest = plan->rest[point->joint].scale[point->axis];
    double length = plan->shells[point->joint] * (rest != 0 ? w->scale[point->axis] / rest : 1);
    for (int i = 0; i < 3; i++) out[i] += length * w->rotation[3 * i + point->axis];
}

/* How far a turn of 1 about the bone, and across it, moves a point, in its limit. */
static void find_leverage(const planner *p, const world *pose, uint32_t j, uint32_t bone, double *along,
                          double *across) {
    const motion_plan *plan = p->plan;
    double axis[3] = {0, 0, 0}, length = 0;
    if (bone) {
        const world *child = &pose[nth_child(p, j, bone)];
        length = point_distance(child->position, pose[j].position);
        for (int i = 0; i < 3 && length > 0; i++) axis[i] = (child->position[i] - pose[j].position[i]) / length;
    }
    for (uint32_t k = plan->first_point[j]; k < plan->first_point[j + 1]; k++) {
        double place[3], dot = 0, square = 0;
        plan_point_place(place, plan, pose, &plan->points[k]);
        for (int i = 0; i < 3; i++) {
            dot += place[i] * axis[i];
            square += place[i] * place[i];
        }
        *along = fmax(*along, sqrt(fmax(0, square - dot * dot)) / plan->points[k].limit);
        *across = fmax(*across, sqrt(square) / plan->points[k].limit);
    }
}

static void choose_steps(const planner *p, uint32_t j) {
    const plan_tuning *tuning = &p->plan->tuning;
    mc_joint *coded = &p->coded->joints[j];
    coded->bone = coded->motion[MC_ROTATION] == MC_MOVES ? find_bone(p, j) : 0;
    double along = 0, across = 0;
    for (unsigned i = 0; i < N_POSES; i++) find_leverage(p, p->poses[i], j, coded->bone, &along, &across);
    double one = tuning->step * (1 << 26);
    coded->step[0] = step_index(one * tuning->twist / along);
    coded->step[1] = step_index(one / across);
    double scale = parent_scale(p, j), shift = scale > 0 && isfinite(scale) ? ceil(em_log2(scale)) : 0;
    coded->shift = (int8_t)fmax(-MC_MAX_SHIFT, fmin(MC_MAX_SHIFT, shift));
    coded->step[2] = step_index(tuning->translation * p->strict[j] / fmax(scale, 1e-9) /
                                ldexp(p->coded->length_unit, -coded->shift));
    coded->step[3] = step_index(SCALE_STEP * p->strict[j] / p->reach[j] * MC_SCALE_ONE);
}

/* ---- the plan
 * ---------------------------------------------------------------------------------------------------------- */

static char *copy_text(const pith_alloc *alloc, const char *text) {
    size_t n = text ? strlen(text) : 0;
    char *copy = mem_alloc(alloc, n + 1, 1);
    if (copy && n) memcpy(copy, text, n);
    return copy;
}

static pith_status begin_clip(planner *p, double error, double shell, pith_diag *diag) {
    const pith_motion_clip *clip = p->plan->clip;
    mc_clip *coded = p->coded;
    uint32_t n = joint_count(p);
    *coded = (mc_clip){.n_samples = clip->n_samples,
                       .frame_seconds = clip->frame_seconds,
                       .bound = error,
                       .shell = shell,
                       .n_joints = n,
                       .n_scalars = (uint32_t)clip->n_scalars};
    coded->name = copy_text(p->alloc, clip->name);
    coded->joints = mem_alloc(p->alloc, n, sizeof *coded->joints);
    coded->scalars = mem_alloc(p->alloc, coded->n_scalars, sizeof *coded->scalars);
    bool whole = coded->name && coded->joints && coded->scalars;
    for (uint32_t s = 0; whole && s < coded->n_scalars; s++) {
        const pith_motion_scalar *from = &clip->scalars[s];
        coded->scalars[s] = (mc_scalar){copy_text(p->alloc, from->name), from->stepped != 0,
                                        1.9 * (from->error > 0 ? from->error : 1.0 / 4096)};
        whole = coded->scalars[s].name != NULL;
    }
    if (clip->times && whole) {
        coded->times = mem_alloc(p->alloc, clip->n_samples, sizeof *coded->times);
        if (coded->times) memcpy(coded->times, clip->times, clip->n_samples * sizeof *coded->times);
        whole = coded->times != NULL;
    }
    return whole ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for the clip");
}

static void choose_slice(mc_clip *coded) {
    double frame = coded->frame_seconds;
    if (coded->times && coded->n_samples > 1)
        frame = (coded->times[coded->n_samples - 1] - coded->times[0]) / (double)(coded->n_samples - 1);
    while (coded->log2_slice < MC_MAX_LOG2_SLICE && (1.5 * mc_slice(coded)) * frame < SLICE_SECONDS)
        coded->log2_slice++;
    /* A short clip is one slice. */
    while (coded->log2_slice > 0 && mc_slice(coded) / 2 >= coded->n_samples) coded->log2_slice--;
}

pith_status plan_clip(motion_plan *plan, mc_clip *coded, const pith_motion *motion, const pith_motion_clip *clip,
                      double error, double shell, const plan_tuning *tuning, const pith_alloc *alloc, pith_diag *diag) {
    pith_status status = PITH_OK;
    uint32_t n = (uint32_t)motion->n_joints;
    planner p = {.plan = plan, .coded = coded, .alloc = alloc};
    *plan = (motion_plan){.motion = motion, .clip = clip, .tuning = *tuning};
    *coded = (mc_clip){0};
    plan->errors = mem_alloc(alloc, n, sizeof *plan->errors);
    plan->shells = mem_alloc(alloc, n, sizeof *plan->shells);
    plan->first_point = mem_alloc(alloc, (size_t)n + 1, sizeof *plan->first_point);
    plan->rest = mem_alloc(alloc, n, sizeof *plan->rest);
    p.reach = mem_alloc(alloc, n, sizeof *p.reach);
    p.strict = mem_alloc(alloc, n, sizeof *p.strict);
    p.room = mem_alloc(alloc, n, sizeof *p.room);
    p.depth = mem_alloc(alloc, n, sizeof *p.depth);
    p.rigid = mem_alloc(alloc, n, sizeof *p.rigid);
    p.from = mem_alloc(alloc, n, sizeof *p.from);
    bool has_poses = true;
    for (unsigned i = 0; i < N_POSES; i++)
        has_poses = (p.poses[i] = mem_alloc(alloc, n, sizeof *p.poses[i])) && has_poses;
    if (!has_poses || !p.rigid || !p.from || !plan->errors || !plan->shells || !plan->first_point || !plan->rest ||
        !p.reach || !p.strict || !p.room || !p.depth) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for a skeleton of %lu joints", (unsigned long)n);
        goto cleanup;
    }
    PITH_TRY(begin_clip(&p, error, shell, diag));
    coded->finest = error;
    for (uint32_t j = 0; j < n; j++) {
        plan->errors[j] = (motion->joints[j].error > 0 ? motion->joints[j].error : error) / motion->unit_cm;
        plan->shells[j] = (motion->joints[j].shell > 0 ? motion->joints[j].shell : shell) / motion->unit_cm;
        if (motion->joints[j].error > 0) coded->finest = fmin(coded->finest, motion->joints[j].error);
    }
    coded->length_unit = mc_length_unit(coded->finest, motion->unit_cm);
    memset(coded->outer, tuning->outer, sizeof coded->outer);
    choose_slice(coded);
    world_rest(plan->rest, motion);
    measure_reach(&p);
    for (uint32_t j = 0; j < n; j++) find_motions(&p, j);
    for (uint32_t j = 0; j < n; j++) {
        int32_t parent = motion->joints[j].parent;
        p.depth[j] = parent < 0 ? 0 : p.depth[parent] + 1;
        p.room[j] = p.strict[j] * fmin(MOST_ROOM, tuning->room + ROOM_A_JOINT * p.depth[j]);
    }
    for (uint32_t j = 0; j < n; j++) {
        plan->first_point[j] = p.n_points;
        if (coded->joints[j].motion[MC_ROTATION] == MC_MOVES) PITH_TRY(add_points(&p, j, diag));
        plan->first_point[j + 1] = p.n_points;
        if (moves(&p, j)) choose_steps(&p, j);
    }
    status = mc_derive(coded, motion->joints, motion->unit_cm, alloc, diag);
cleanup:
    mem_free(alloc, p.rigid);
    mem_free(alloc, p.from);
    mem_free(alloc, p.reach);
    mem_free(alloc, p.strict);
    mem_free(alloc, p.room);
    mem_free(alloc, p.depth);
    for (unsigned i = 0; i < N_POSES; i++) mem_free(alloc, p.poses[i]);
    return status;
}

void plan_free(motion_plan *plan, const pith_alloc *alloc) {
    mem_free(alloc, plan->errors);
    mem_free(alloc, plan->shells);
    mem_free(alloc, plan->points);
    mem_free(alloc, plan->first_point);
    mem_free(alloc, plan->rest);
    *plan = (motion_plan){0};
}
