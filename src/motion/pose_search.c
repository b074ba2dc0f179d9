/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/pose_search.h"

#include <math.h>
#include <string.h>

#include "base/status.h"

#define SHELL_WEIGHT 0.3 /* of a joint's own points when it is aimed; origins of others count 1 */
#define MAX_CHOICES 5

pith_status search_new(pose_search *s, const motion_plan *plan, const pith_alloc *alloc, pith_diag *diag) {
    uint32_t n = (uint32_t)plan->motion->n_joints, most = 0;
    for (uint32_t j = 0; j < n; j++)
        if (plan->first_point[j + 1] - plan->first_point[j] > most)
            most = plan->first_point[j + 1] - plan->first_point[j];
    *s = (pose_search){.plan = plan, .target = 0.9995};
    s->wanted = mem_alloc(alloc, n, sizeof *s->wanted);
    s->got = mem_alloc(alloc, n, sizeof *s->got);
    s->points = mem_alloc(alloc, most, sizeof *s->points);
    if (s->wanted && s->got && s->points) return PITH_OK;
    search_free(s, alloc);
    return diag_set(diag, PITH_E_NOMEM, "out of memory for a pose of %lu joints", (unsigned long)n);
}

void search_free(pose_search *s, const pith_alloc *alloc) {
    mem_free(alloc, s->wanted);
    mem_free(alloc, s->got);
    mem_free(alloc, s->points);
    *s = (pose_search){0};
}

/* ---- a joint's points
 * ------------------------------------------------------------------------------------------------- */

/* The joint being turned: its points in its own frame, and how far its origin is off. */
typedef struct joint_case {
    const plan_point *limits;
    double (*points)[3]; /* from the origin they turn about, in the joint's frame */
    uint32_t joint;
    uint32_t n_points;
    double off[3];        /* got - wanted, of the origin */
    const double *wanted; /* rotation in space */
    const double *parent; /* the decoded parent's rotation, or NULL */
} joint_case;

static joint_case open_case(pose_search *s, uint32_t joint) {
    const motion_plan *plan = s->plan;
    const world *own = &s->wanted[joint];
    uint32_t first = plan->first_point[joint];
    int32_t parent = plan->motion->joints[joint].parent;
    joint_case c = {.limits = plan->points + first,
                    .points = s->points,
                    .n_points = plan->first_point[joint + 1] - first,
                    .joint = joint,
                    .wanted = own->rotation,
                    .parent = parent < 0 ? NULL : s->got[parent].rotation};
    for (uint32_t k = 0; k < c.n_points; k++) {
        double place[3];
        plan_point_place(place, plan, s->wanted, &c.limits[k]);
        matrix_turn_back(c.points[k], own->rotation, place);
    }
    for (int i = 0; i < 3; i++) c.off[i] = s->got[joint].position[i] - own->position[i];
    return c;
}

/* The largest error of a point in its limit, if the joint had this rotation in space. */
static double worst_point(const joint_case *c, const double rotation[9]) {
    double turned[9], worst = 0;
    for (int i = 0; i < 9; i++) turned[i] = rotation[i] - c->wanted[i];
    for (uint32_t k = 0; k < c->n_points; k++) {
        double moved[3], square = 0;
        matrix_turn(moved, turned, c->points[k]);
        double own = c->limits[k].from == c->joint ? 1 : 0; /* others are put right */
        for (int i = 0; i < 3; i++) square += (moved[i] + own * c->off[i]) * (moved[i] + own * c->off[i]);
        square /= c->limits[k].limit * c->limits[k].limit;
        if (square > worst) worst = square;
    }
    return sqrt(worst);
}

/* ---- aim
 * -------------------------------------------------------------------------------------------------------------- */

/* Solves a x = b for a symmetric matrix (its upper triangle, row by row). False if it is singular. */
static bool solve(const double a[6], const double b[3], double x[3]) {
    double c0 = a[3] * a[5] - a[4] * a[4], c1 = a[2] * a[4] - a[1] * a[5], c2 = a[1] * a[4] - a[2] * a[3];
    double det = a[0] * c0 + a[1] * c1 + a[2] * c2;
    double size = a[0] + a[3] + a[5];
    if (!(fabs(det) > 1e-12 * size * size * size)) return false;
    double c3 = a[0] * a[5] - a[2] * a[2], c4 = a[1] * a[2] - a[0] * a[4], c5 = a[0] * a[3] - a[1] * a[1];
    x[0] = (c0 * b[0] + c1 * b[1] + c2 * b[2]) / det;
    x[1] = (c1 * b[0] + c3 * b[1] + c4 * b[2]) / det;
    x[2] = (c2 * b[0] + c4 * b[1] + c5 * b[2]) / det;
    return true;
}

/* The small turn that brings the points nearest to their places, by least squares. */
static bool find_turn(const joint_case *c, double turn_by[3]) {
    double a[6] = {0}, b[3] = {0};
    for (uint32_t k = 0; k < c->n_points; k++) {
        double y[3], limit = c->limits[k].limit, own = c->limits[k].from == c->joint ? 1 : 0;
        double weight = (c->limits[k].axis < 0 ? 1 : SHELL_WEIGHT) / (limit * limit);
        matrix_turn(y, c->wanted, c->points[k]);
        double square = y[0] * y[0] + y[1] * y[1] + y[2] * y[2];
        a[0] += weight * (square - y[0] * y[0]);
        a[1] -= weight * y[0] * y[1];
        a[2] -= weight * y[0] * y[2];
        a[3] += weight * (square - y[1] * y[1]);
        a[4] -= weight * y[1] * y[2];
        a[5] += weight * (square - y[2] * y[2]);
        weight *= own;
        b[0] -= weight * (y[1] * c->off[2] - y[2] * c->off[1]);
        b[1] -= weight * (y[2] * c->off[0] - y[0] * c->off[2]);
        b[2] -= weight * (y[0] * c->off[1] - y[1] * c->off[0]);
    }
    return solve(a, b, turn_by);
}

/* The joint's rotation to its parent that the numbers should come near: the wanted one, turned as far as that helps. */
static quat aim(const joint_case *c) {
    double turn_by[3], best[9], least = worst_point(c, c->wanted);
    memcpy(best, c->wanted, sizeof best);
    if (least > 0 && find_turn(c, turn_by)) {
        for (int quarter = 1; quarter <= 4; quarter++) {
            /* It is small, so that its tangent will do. */
            double q[4] = {turn_by[0] * quarter / 8, turn_by[1] * quarter / 8, turn_by[2] * quarter / 8, 1}, m[9],
                   turned[9];
            double n = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + 1);
            for (int i = 0; i < 4; i++) q[i] /= n;
            matrix_of_quat(m, q);
            matrix_multiply(turned, m, c->wanted);
            double worst = worst_point(c, turned);
            if (worst >= least) continue;
            least = worst;
            memcpy(best, turned, sizeof best);
        }
    }
    double own[9], q[4];
    if (c->parent) {
        const double *p = c->parent;
        const double back[9] = {p[0], p[3], p[6], p[1], p[4], p[7], p[2], p[5], p[8]};
        matrix_multiply(own, back, best);
    } else {
        memcpy(own, best, sizeof own);
    }
    quat_of_matrix(q, own);
    double n = sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]) / QUAT_ONE;
    return (quat){(int32_t)lrint(q[0] / n), (int32_t)lrint(q[1] / n), (int32_t)lrint(q[2] / n),
                  (int32_t)lrint(q[3] / n)};
}

/* ---- choice
 * ------------------------------------------------------------------------------------------------------------ */

static void rotation_in_space(double out[9], const double *parent, quat q) {
    const double one = 1.0 / QUAT_ONE, d[4] = {q.x * one, q.y * one, q.z * one, q.w * one};
    double m[9];
    matrix_of_quat(m, d);
    if (parent)
        matrix_multiply(out, parent, m);
    else
        memcpy(out, m, sizeof m);
}

/* Whole numbers near x, and 0. */
static unsigned list_choices(double x, bool few, int32_t out[MAX_CHOICES]) {
    int32_t near = (int32_t)lrint(x), other = x > near ? near + 1 : near - 1, lower = near > 0 ? near - 1 : near + 1;
    const int32_t all[MAX_CHOICES] = {near, other, near ? lower : 0, near > 1 ? near - 2 : near < -1 ? near + 2 : 0, 0};
    unsigned n = 0;
    for (unsigned i = 0; i < MAX_CHOICES; i += few && i == 1 ? 3 : 1) {
        bool known = false;
        for (unsigned k = 0; k < n; k++) known = known || out[k] == all[i];
        if (!known) out[n++] = all[i];
    }
    return n;
}

typedef struct choice {
    int32_t numbers[3];
    uint32_t escape;
    double cost;
    bool found;
} choice;

/* Bits that numbers cost at a place, those of the first part for each of its choices being known. */
static double cost_of(const pose_search *s, const pose_slice *slice, uint32_t channel, const ps_place *place,
                      const int32_t numbers[3], uint32_t part, uint32_t pose) {
    mm_view v = ps_view(slice, channel, place, part, numbers, pose);
    return mm_cost(s->model, &v, numbers[part]);
}

static void try_numbers(const pose_search *s, const pose_slice *slice, uint32_t channel, const ps_place *place,
                        const ps_prediction *prediction, const joint_case *c, const double x[3], uint32_t pose,
                        choice *best) {
    const mc_channel *ch = &slice->clip->channels[channel];
    int32_t choices[3][MAX_CHOICES];
    unsigned n[3];
    for (unsigned i = 0; i < 3; i++) n[i] = list_choices(x[i], s->plan->tuning.few_choices, choices[i]);
    double error_bits = s->plan->tuning.error_bits * (1 + 2 * (place->level < 6 ? place->level : 6));
    for (unsigned i = 0; i < n[0]; i++) {
        int32_t numbers[3] = {choices[0][i], 0, 0};
        double cost0 = cost_of(s, slice, channel, place, numbers, 0, pose);
        if (cost0 >= best->cost) continue;
        for (unsigned j = 0; j < n[1]; j++) {
            numbers[1] = choices[1][j];
            double cost1 = cost0 + cost_of(s, slice, channel, place, numbers, 1, pose);
            if (cost1 >= best->cost) continue;
            for (unsigned k = 0; k < n[2]; k++) {
                numbers[2] = choices[2][k];
                double cost = cost1 + cost_of(s, slice, channel, place, numbers, 2, pose);
                if (cost >= best->cost) continue;
                double rotation[9];
                rotation_in_space(rotation, c->parent, ps_value_of(ch, prediction, numbers, best->escape).rotation);
                double worst = worst_point(c, rotation);
                if (worst > s->target || (cost += error_bits * worst) >= best->cost) continue;
                *best = (choice){{numbers[0], numbers[1], numbers[2]}, best->escape, cost, true};
            }
        }
    }
}

static void code_rotation(pose_search *s, pose_slice *slice, uint32_t channel, const ps_place *place, uint32_t *pose) {
    const mc_channel *ch = &slice->clip->channels[channel];
    joint_case c = open_case(s, ch->joint);
    ps_prediction prediction = ps_predict(slice, channel, place);
    double distance[3];
    ps_distance(ch, &prediction, aim(&c), distance);
    choice best = {.cost = INFINITY};
    for (best.escape = 0;; best.escape++) {
        double x[3];
        for (unsigned i = 0; i < 3; i++) {
            int32_t step = ch->step[i] >> best.escape;
            x[i] = fmax(-MM_MAX_NUMBER + 2, fmin(MM_MAX_NUMBER - 2, distance[i] / (step ? step : 1)));
        }
        try_numbers(s, slice, channel, place, &prediction, &c, x, *pose, &best);
        if (best.found) break;
        for (unsigned i = 0; i < 3; i++) best.numbers[i] = (int32_t)lrint(x[i]);
        if (best.escape == MM_MAX_ESCAPE) break; /* the encoder will see the error, and try a lower target */
    }
    ps_code(slice, s->model, channel, place, best.numbers, &best.escape, pose);
    *ps_at(slice, channel, place->at) = ps_value_of(ch, &prediction, best.numbers, best.escape);
}

/* The nearest numbers for values given in the channel's unit. */
static void code_lengths(pose_search *s, pose_slice *slice, uint32_t channel, const ps_place *place,
                         const double values[3], uint32_t *pose) {
    const mc_channel *ch = &slice->clip->channels[channel];
    ps_prediction prediction = ps_predict(slice, channel, place);
    int32_t numbers[3] = {0, 0, 0};
    uint32_t escape = 0;
    for (unsigned i = 0; i < ch->n_parts; i++) {
        double x = (values[i] - (double)prediction.offsets[i]) / ch->step[i];
        numbers[i] = (int32_t)lrint(fmax(-MM_MAX_NUMBER, fmin(MM_MAX_NUMBER, x)));
    }
    ps_code(slice, s->model, channel, place, numbers, &escape, pose);
    *ps_at(slice, channel, place->at) = ps_value_of(ch, &prediction, numbers, 0);
}

/* ---- a pose
 * -------------------------------------------------------------------------------------------------------------- */

/* The translation that takes the joint from its decoded parent to its own place. */
static void code_translation(pose_search *s, pose_slice *slice, uint32_t channel, const ps_place *place,
                             uint64_t sample, uint32_t *pose) {
    uint32_t joint = slice->clip->channels[channel].joint;
    int32_t parent = s->plan->motion->joints[joint].parent;
    double values[3];
    memcpy(values, s->wanted[joint].position, sizeof values);
    if (parent >= 0) {
        const world *p = &s->got[parent];
        double from[3];
        for (int i = 0; i < 3; i++) from[i] = values[i] - p->position[i];
        matrix_turn_back(values, p->rotation, from);
        const float *own = s->plan->clip->tracks[joint].translations + 3 * sample;
        for (int i = 0; i < 3; i++) {
            /* Where the parent is nearly nothing, no error is seen, and dividing by it would make one. */
            double seen = fmax(fabs(values[i]), fabs(own[i] * p->scale[i]));
            bool tiny = p->scale[i] == 0 || seen < 0.02 * s->plan->errors[joint];
            values[i] = tiny ? own[i] : values[i] / p->scale[i];
        }
    }
    for (int i = 0; i < 3; i++) values[i] /= slice->clip->channels[channel].unit;
    code_lengths(s, slice, channel, place, values, pose);
}

static void code_scale(pose_search *s, pose_slice *slice, uint32_t channel, const ps_place *place, uint64_t sample,
                       uint32_t *pose) {
    const float *scale = s->plan->clip->tracks[slice->clip->channels[channel].joint].scales + 3 * sample;
    double values[3];
    for (int i = 0; i < 3; i++) values[i] = (double)scale[i] / slice->clip->channels[channel].unit;
    code_lengths(s, slice, channel, place, values, pose);
}

static local decoded_local(const pose_search *s, const pose_slice *slice, uint32_t joint) {
    const mc_joint *coded = &slice->clip->joints[joint];
    local l = local_rest(&s->plan->motion->joints[joint]);
    for (int i = 0; i < 4 && coded->motion[MC_ROTATION] == MC_CONSTANT; i++)
        l.rotation[i] = coded->constant[MC_ROTATION][i];
    for (int i = 0; i < 3 && coded->motion[MC_TRANSLATION] == MC_CONSTANT; i++)
        l.translation[i] = coded->constant[MC_TRANSLATION][i];
    for (int i = 0; i < 3 && coded->motion[MC_SCALE] == MC_CONSTANT; i++) l.scale[i] = coded->constant[MC_SCALE][i];
    double n = 0;
    for (int i = 0; i < 4; i++) n += l.rotation[i] * l.rotation[i];
    for (int i = 0; i < 4 && n > 0; i++) l.rotation[i] /= sqrt(n);
    return l;
}

void search_pose(pose_search *s, pose_slice *slice, const ps_place *place, uint64_t sample) {
    const motion_plan *plan = s->plan;
    const mc_clip *clip = slice->clip;
    uint32_t channel = 0, pose = 0;
    world_pose(s->wanted, plan->motion, plan->clip, sample, 0);
    for (uint32_t j = 0; j < clip->n_joints; j++) {
        const mc_motion *motion = clip->joints[j].motion;
        int32_t parent = plan->motion->joints[j].parent;
        local l = decoded_local(s, slice, j);
        if (motion[MC_TRANSLATION] == MC_MOVES) {
            code_translation(s, slice, channel, place, sample, &pose);
            for (int i = 0; i < 3; i++)
                l.translation[i] = (double)ps_at(slice, channel, place->at)->lengths[i] * clip->channels[channel].unit;
            channel++;
        }
        if (motion[MC_SCALE] == MC_MOVES) {
            code_scale(s, slice, channel, place, sample, &pose);
            for (int i = 0; i < 3; i++)
                l.scale[i] = (double)ps_at(slice, channel, place->at)->lengths[i] * clip->channels[channel].unit;
            channel++;
        }
        s->got[j] = world_of(parent < 0 ? NULL : &s->got[parent], &l);
        if (motion[MC_ROTATION] != MC_MOVES) continue;
        code_rotation(s, slice, channel, place, &pose);
        rotation_in_space(s->got[j].rotation, parent < 0 ? NULL : s->got[parent].rotation,
                          ps_at(slice, channel, place->at)->rotation);
        channel++;
    }
    for (uint32_t i = 0; i < clip->n_scalars; i++, channel++) {
        double values[3] = {(double)plan->clip->scalars[i].values[sample] / clip->channels[channel].unit, 0, 0};
        code_lengths(s, slice, channel, place, values, &pose);
    }
}
