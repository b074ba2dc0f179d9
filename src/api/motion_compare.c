/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_motion_compare: how far a clip is from another, in ACL's metric and in others. */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "api/motion_check.h"
#include "base/env.h"
#include "base/exact_math.h"
#include "base/job.h"
#include "base/mem.h"
#include "base/sized.h"
#include "motion/pose_world.h"

#define N_BINS 4096u  /* of the histogram of errors, for the percentile: 64 for each power of two */
#define SMALLEST 1e-9 /* cm: the lowest bin */
#define QUARTERS 4
#define STANDING_HEIGHT 2.0 /* cm above a foot's lowest place */
#define STANDING_SPEED 10.0 /* cm/s */
#define UP 1                /* the axis that points up, in BVH and glTF alike */
#define DEGREES (180 / 3.14159265358979323846)

typedef struct side {
    pith_motion motion;
    const pith_motion_clip *clip;
    world *pose;            /* at the sample */
    double (*places)[4][3]; /* of each joint's origin at the last four samples, in cm */
} side;

typedef struct comparison {
    side a, b;
    pith_motion_options options;
    double *errors, *shells; /* by joint, in cm */
    double *lowest;          /* of A's joints that are feet; else NAN */
    world *rest;
    uint64_t bins[N_BINS];
    double sum, positions, angles, jerk_a, jerk_b, slide_a, slide_b;
    pith_motion_comparison result;
    const pith_alloc *alloc;
} comparison;

static pith_status check_pair(const comparison *c, pith_diag *why) {
    const pith_motion *a = &c->a.motion, *b = &c->b.motion;
    if (a->n_joints != b->n_joints)
        return diag_set(why, PITH_E_ARG, "A has %llu joints, B has %llu", (unsigned long long)a->n_joints,
                        (unsigned long long)b->n_joints);
    for (uint64_t j = 0; j < a->n_joints; j++)
        if (a->joints[j].parent != b->joints[j].parent)
            return diag_set(why, PITH_E_ARG, "joint %llu has another parent in B", (unsigned long long)j);
    if (c->a.clip->n_samples != c->b.clip->n_samples)
        return diag_set(why, PITH_E_ARG, "A has %llu samples, B has %llu", (unsigned long long)c->a.clip->n_samples,
                        (unsigned long long)c->b.clip->n_samples);
    if (c->a.clip->n_scalars != c->b.clip->n_scalars)
        return diag_set(why, PITH_E_ARG, "A and B have not as many scalars");
    return PITH_OK;
}

static bool is_foot(const char *name) {
    static const char *const words[] = {"foot", "toe", "heel", "hoof", "paw"};
    for (size_t w = 0; name && w < sizeof words / sizeof words[0]; w++)
        for (const char *p = name; *p; p++) {
            size_t i = 0;
            while (words[w][i] && tolower((unsigned char)p[i]) == words[w][i]) i++;
            if (!words[w][i]) return true;
        }
    return false;
}

static void begin_side(side *s, uint64_t sample, double part) {
    world_pose(s->pose, &s->motion, s->clip, sample, part);
}

static void find_lowest(comparison *c) {
    for (uint64_t j = 0; j < c->a.motion.n_joints; j++)
        c->lowest[j] = is_foot(c->a.motion.joints[j].name) ? INFINITY : NAN;
    for (uint64_t t = 0; t < c->a.clip->n_samples; t++) {
        begin_side(&c->a, t, 0);
        for (uint64_t j = 0; j < c->a.motion.n_joints; j++)
            c->lowest[j] =
                isnan(c->lowest[j]) ? NAN : fmin(c->lowest[j], c->a.pose[j].position[UP] * c->a.motion.unit_cm);
    }
}

/* A's lengths and B's may have different units; errors are measured in A's. */
static double error_of(const comparison *c, uint64_t j) {
    world b = c->b.pose[j];
    double ratio = c->b.motion.unit_cm / c->a.motion.unit_cm;
    for (int i = 0; i < 3; i++) b.position[i] *= ratio;
    return world_error(&c->a.pose[j], &b, &c->rest[j], c->shells[j] / c->a.motion.unit_cm) * c->a.motion.unit_cm;
}

static void count_error(comparison *c, double error, uint64_t joint, uint64_t sample) {
    double bin = error > SMALLEST ? em_log2(error / SMALLEST) * 64 : 0;
    c->bins[bin < N_BINS ? (size_t)bin : N_BINS - 1]++;
    c->sum += error;
    /* The bound is a number of few digits: what exceeds it by rounding alone does not count. */
    c->result.n_over += error > c->errors[joint] * (1 + 1e-9);
    if (error <= c->result.largest) return;
    c->result.largest = error;
    c->result.largest_joint = joint;
    c->result.largest_sample = sample;
}

static double jerk_of(double p[4][3], uint64_t t) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        double d = p[t % 4][i] - 3 * p[(t + 3) % 4][i] + 3 * p[(t + 2) % 4][i] - p[(t + 1) % 4][i];
        sum += d * d;
    }
    return sum;
}

static double seconds_before(const pith_motion_clip *clip, uint64_t t) {
    return clip->times ? (double)clip->times[t] - clip->times[t - 1] : clip->frame_seconds;
}

/* Speed along the ground. */
static double speed_of(double p[4][3], uint64_t t, double seconds) {
    double x = p[t % 4][0] - p[(t + 3) % 4][0], z = p[t % 4][2] - p[(t + 3) % 4][2];
    return sqrt(x * x + z * z) / seconds;
}

static void count_movement(comparison *c, uint64_t j, uint64_t t) {
    for (int i = 0; i < 3; i++) {
        c->a.places[j][t % 4][i] = c->a.pose[j].position[i] * c->a.motion.unit_cm;
        c->b.places[j][t % 4][i] = c->b.pose[j].position[i] * c->b.motion.unit_cm;
    }
    c->positions += point_distance(c->a.places[j][t % 4], c->b.places[j][t % 4]);
    if (t >= 3) {
        c->jerk_a += jerk_of(c->a.places[j], t);
        c->jerk_b += jerk_of(c->b.places[j], t);
    }
    if (t == 0 || isnan(c->lowest[j])) return;
    double seconds = seconds_before(c->a.clip, t), speed = speed_of(c->a.places[j], t, seconds);
    if (!(c->a.places[j][t % 4][UP] - c->lowest[j] < STANDING_HEIGHT && speed < STANDING_SPEED)) return;
    c->slide_a += speed;
    c->slide_b += speed_of(c->b.places[j], t, seconds);
    c->result.n_standing++;
}

/* Of 0..1, by halving the angle until a short series is enough: the same on every machine. */
static double arc_sine(double x) {
    double times = 1;
    for (int i = 0; i < 5; i++, times *= 2) x /= sqrt(2 * (1 + sqrt(fmax(0, 1 - x * x))));
    double s = x * x;
    return times * x * (1 + s * (1 / 6.0 + s * (3 / 40.0 + s * (15 / 336.0))));
}

static void count_angle(comparison *c, uint64_t j, uint64_t t) {
    local a = local_at(&c->a.motion.joints[j], &c->a.clip->tracks[j], t, 0);
    local b = local_at(&c->b.motion.joints[j], &c->b.clip->tracks[j], t, 0);
    const double *p = a.rotation, *q = b.rotation;
    double x = p[3] * q[0] - p[0] * q[3] - p[1] * q[2] + p[2] * q[1],
           y = p[3] * q[1] - p[1] * q[3] - p[2] * q[0] + p[0] * q[2],
           z = p[3] * q[2] - p[2] * q[3] - p[0] * q[1] + p[1] * q[0];
    double angle = 2 * arc_sine(fmin(1, sqrt(x * x + y * y + z * z))) * DEGREES;
    c->angles += angle;
    c->result.largest_degrees = fmax(c->result.largest_degrees, angle);
}

static pith_status measure(comparison *c, float *errors, job *work, pith_diag *why) {
    uint64_t n_joints = c->a.motion.n_joints, n = c->a.clip->n_samples;
    for (uint64_t t = 0; t < n; t++) {
        pith_status status = job_report(work, "compare", (double)t / (double)n, why);
        if (status != PITH_OK) return status;
        for (int quarter = t + 1 < n ? QUARTERS - 1 : 0; quarter >= 0; quarter--) {
            begin_side(&c->a, t, (double)quarter / QUARTERS);
            begin_side(&c->b, t, (double)quarter / QUARTERS);
            for (uint64_t j = 0; j < n_joints; j++) {
                double error = error_of(c, j);
                c->result.between = fmax(c->result.between, error);
                if (quarter) continue;
                if (errors) errors[t * n_joints + j] = (float)error;
                count_error(c, error, j, t);
                count_movement(c, j, t);
                count_angle(c, j, t);
            }
        }
        for (uint64_t i = 0; i < c->a.clip->n_scalars; i++) {
            const pith_motion_scalar *a = &c->a.clip->scalars[i], *b = &c->b.clip->scalars[i];
            double bound = a->error > 0 ? a->error : 1.0 / 4096;
            c->result.scalars = fmax(c->result.scalars, fabs((double)a->values[t] - b->values[t]) / bound);
        }
    }
    return PITH_OK;
}

static void finish(comparison *c) {
    double n = (double)c->a.motion.n_joints * (double)c->a.clip->n_samples;
    uint64_t seen = 0;
    for (size_t bin = 0; bin < N_BINS; bin++) {
        seen += c->bins[bin];
        if ((double)seen < 0.99 * n) continue;
        c->result.p99 = fmin(c->result.largest, SMALLEST * em_exp2((double)(bin + 1) / 64));
        break;
    }
    c->result.mean = c->sum / n;
    c->result.position = c->positions / n;
    c->result.degrees = c->angles / n;
    c->result.jitter = c->jerk_a > 0 ? sqrt(c->jerk_b / c->jerk_a) : 0;
    if (c->result.n_standing) c->result.sliding = (c->slide_b - c->slide_a) / (double)c->result.n_standing;
}

static pith_status open_side(side *s, const pith_motion *motion, uint64_t clip, const pith_alloc *alloc,
                             pith_diag *why) {
    pith_status status = sized_take(&s->motion, sizeof s->motion, motion, "pith_motion", why);
    if (status == PITH_OK) status = motion_check(&s->motion, why);
    if (status != PITH_OK) return status;
    if (clip >= s->motion.n_clips) return diag_set(why, PITH_E_ARG, "there is no clip %llu", (unsigned long long)clip);
    s->clip = &s->motion.clips[clip];
    s->pose = mem_alloc(alloc, s->motion.n_joints, sizeof *s->pose);
    s->places = mem_alloc(alloc, s->motion.n_joints, sizeof *s->places);
    return s->pose && s->places ? PITH_OK : diag_set(why, PITH_E_NOMEM, "out of memory for poses");
}

static pith_status begin(comparison *c, pith_diag *why) {
    uint64_t n = c->a.motion.n_joints;
    c->errors = mem_alloc(c->alloc, n, sizeof *c->errors);
    c->shells = mem_alloc(c->alloc, n, sizeof *c->shells);
    c->lowest = mem_alloc(c->alloc, n, sizeof *c->lowest);
    c->rest = mem_alloc(c->alloc, n, sizeof *c->rest);
    if (!c->errors || !c->shells || !c->lowest || !c->rest)
        return diag_set(why, PITH_E_NOMEM, "out of memory for joints");
    for (uint64_t j = 0; j < n; j++) {
        const pith_motion_joint *joint = &c->a.motion.joints[j];
        c->errors[j] = joint->error > 0 ? joint->error : c->options.error;
        c->shells[j] = joint->shell > 0 ? joint->shell : c->options.shell;
    }
    world_rest(c->rest, &c->a.motion);
    find_lowest(c);
    return PITH_OK;
}

pith_status pith_motion_compare(const pith_motion *motion_a, uint64_t a, const pith_motion *motion_b, uint64_t b,
                                const pith_motion_options *options, const pith_env *env, pith_motion_comparison *out,
                                float *errors, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env e;
    job work;
    if (why) diag_clear(why);
    if (!motion_a || !motion_b || !out) return diag_set(why, PITH_E_ARG, "pith_motion_compare: an argument is NULL");
    status = env_copy(&e, env, why);
    if (status != PITH_OK) return status;
    comparison *c = mem_alloc(&e.alloc, 1, sizeof *c);
    if (!c) return diag_set(why, PITH_E_NOMEM, "out of memory for a comparison");
    c->alloc = &e.alloc;
    c->result.struct_size = sizeof c->result;
    job_start(&work, &e);
    PITH_TRY(motion_take_options(&c->options, options, why));
    PITH_TRY(open_side(&c->a, motion_a, a, c->alloc, why));
    PITH_TRY(open_side(&c->b, motion_b, b, c->alloc, why));
    PITH_TRY(check_pair(c, why));
    PITH_TRY(begin(c, why));
    PITH_TRY(measure(c, errors, &work, why));
    finish(c);
    PITH_TRY(sized_give(out, &c->result, sizeof c->result, "pith_motion_comparison", why));
cleanup:
    mem_free(c->alloc, c->a.pose);
    mem_free(c->alloc, c->a.places);
    mem_free(c->alloc, c->b.pose);
    mem_free(c->alloc, c->b.places);
    mem_free(c->alloc, c->errors);
    mem_free(c->alloc, c->shells);
    mem_free(c->alloc, c->lowest);
    mem_free(c->alloc, c->rest);
    mem_free(&e.alloc, c);
    return status;
}

pith_status pith_motion_positions(const pith_motion *motion, uint64_t clip, float *out, pith_diag *why) {
    pith_status status = PITH_OK;
    side s = {0};
    if (why) diag_clear(why);
    if (!motion || !out) return diag_set(why, PITH_E_ARG, "pith_motion_positions: an argument is NULL");
    PITH_TRY(open_side(&s, motion, clip, NULL, why));
    for (uint64_t t = 0; t < s.clip->n_samples; t++) {
        begin_side(&s, t, 0);
        for (uint64_t j = 0; j < s.motion.n_joints; j++)
            for (int i = 0; i < 3; i++) *out++ = (float)(s.pose[j].position[i] * s.motion.unit_cm);
    }
cleanup:
    mem_free(NULL, s.pose);
    mem_free(NULL, s.places);
    return status;
}
