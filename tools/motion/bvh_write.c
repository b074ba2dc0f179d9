/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"
#include "motion/clip_file.h"

#define HALF_TURN 180.0
#define LOCKED 1e-6 /* cosine of the middle angle below which the outer two cannot be told apart */

typedef struct text_out {
    char *data;
    size_t n, capacity;
    bool failed;
} text_out;

static void put(text_out *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(text_out *t, const char *format, ...) {
    char piece[1200];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof piece) t->failed = true;
    if (t->failed) return;
    if (t->capacity - t->n < (size_t)n) {
        size_t more = 2 * t->capacity + sizeof piece;
        char *grown = realloc(t->data, more);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->data = grown;
        t->capacity = more;
    }
    memcpy(t->data + t->n, piece, (size_t)n);
    t->n += (size_t)n;
}

/* The shortest text that reads as the same number. */
static const char *shortest(char text[32], double v) {
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    return text;
}

/* ---- the source ------------------------------------------------------------------------------- */

typedef struct joint_source {
    char channels[8];   /* letters of XYZxyz */
    char end[104];      /* "x y z"; empty: no End Site */
    double previous[3]; /* angles of the last sample, in the order of the channels */
} joint_source;

/* Reads line `*at` up to its end; false if there is none. */
static bool take_line(const pith_bytes *source, size_t *at, char *line, size_t n_line) {
    size_t n = 0;
    for (; *at < source->n_bytes && source->data[*at] != '\n'; ++*at)
        if (n + 1 < n_line) line[n++] = (char)source->data[*at];
    line[n] = '\0';
    return (*at)++ < source->n_bytes;
}

static bool read_source(const pith_motion *m, joint_source *joints, char frame_time[32]) {
    size_t at = sizeof BVH_SOURCE - 1;
    char line[160];
    if (!take_line(&m->source, &at, frame_time, 32) || frame_time[strspn(frame_time, "0123456789.eE+-")]) return false;
    for (uint64_t j = 0; j < m->n_joints; j++) {
        if (!take_line(&m->source, &at, line, sizeof line)) return false;
        size_t n = strspn(line, "XYZxyz");
        if (n > 6 || (line[n] && line[n] != ' ') || strlen(line) - n > 100) return false;
        memcpy(joints[j].channels, line, n);
        if (line[n]) strcpy(joints[j].end, line + n + 1);
        if (joints[j].end[strspn(joints[j].end, "0123456789.eE+- ")]) return false;
    }
    return true;
}

/* ---- hierarchy ----------------------------------------------------------------------------------- */

static void indent(text_out *t, unsigned depth) {
    for (unsigned i = 0; i < depth; i++) put(t, "\t");
}

static void open_joint(text_out *t, const pith_motion_joint *joint, const joint_source *s, unsigned depth) {
    char x[32], y[32], z[32];
    indent(t, depth);
    put(t, "%s %s\n", joint->parent < 0 ? "ROOT" : "JOINT", joint->name);
    indent(t, depth);
    put(t, "{\n");
    indent(t, depth + 1);
    put(t, "OFFSET %s %s %s\n", shortest(x, joint->translation[0]), shortest(y, joint->translation[1]),
        shortest(z, joint->translation[2]));
    indent(t, depth + 1);
    put(t, "CHANNELS %zu", strlen(s->channels));
    for (const char *c = s->channels; *c; c++) put(t, " %c%s", *c & ~0x20, *c & 0x20 ? "rotation" : "position");
    put(t, "\n");
    if (!s->end[0]) return;
    indent(t, depth + 1);
    put(t, "End Site\n");
    indent(t, depth + 1);
    put(t, "{\n");
    indent(t, depth + 2);
    put(t, "OFFSET %s\n", s->end);
    indent(t, depth + 1);
    put(t, "}\n");
}

/* Joints stand in the order of the file, so that the open ones are the ancestors of the next. */
static void put_hierarchy(text_out *t, const pith_motion *m, const joint_source *sources) {
    int32_t open = -1;
    unsigned depth = 0;
    put(t, "HIERARCHY\n");
    for (uint64_t j = 0; j <= m->n_joints; j++) {
        int32_t parent = j < m->n_joints ? m->joints[j].parent : -1;
        while (open != parent && open >= 0) {
            indent(t, --depth);
            put(t, "}\n");
            open = m->joints[open].parent;
        }
        if (j == m->n_joints) break;
        open_joint(t, &m->joints[j], &sources[j], depth++);
        open = (int32_t)j;
    }
}

/* ---- motion ---------------------------------------------------------------------------------------- */

static void matrix_of(double m[3][3], const float q[4]) {
    double n = sqrt((double)q[0] * q[0] + (double)q[1] * q[1] + (double)q[2] * q[2] + (double)q[3] * q[3]);
    const double x = q[0] / n, y = q[1] / n, z = q[2] / n, w = q[3] / n;
    const double r[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                            {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                            {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}};
    memcpy(m, r, sizeof r);
}

static double degrees(double radians) { return radians * (HALF_TURN / 3.14159265358979323846); }

/* The angle plus whole turns that is nearest to `to`. */
static double near_angle(double angle, double to) {
    return angle + 2 * HALF_TURN * round((to - angle) / (2 * HALF_TURN));
}

static double unlike(const double a[3], const double b[3]) {
    return fabs(a[0] - b[0]) + fabs(a[1] - b[1]) + fabs(a[2] - b[2]);
}

/* Angles about axes i, j, k, all different, whose product is the rotation; of all such the nearest to the last ones. */
static void find_angles(double out[3], double m[3][3], unsigned i, unsigned j, unsigned k, const double last[3]) {
    const double e = (i + 1) % 3 == j ? 1 : -1;
    double b = e * m[i][k], cosine = hypot(m[i][i], m[i][j]), first[3], second[3];
    first[1] = degrees(atan2(b, cosine));
    if (cosine < LOCKED) {
        /* Only a sum of the outer angles is given: the first stays as it was. */
        double a = last[0] / degrees(1), s = sin(a), c = cos(a);
        first[0] = last[0];
        first[2] = degrees(atan2(e * (c * m[j][i] + e * s * m[k][i]), c * m[j][j] + e * s * m[k][j]));
    } else {
        first[0] = degrees(atan2(-e * m[j][k], m[k][k]));
        first[2] = degrees(atan2(-e * m[i][j], m[i][i]));
    }
    second[0] = first[0] + HALF_TURN;
    second[1] = HALF_TURN - first[1];
    second[2] = first[2] + HALF_TURN;
    for (int n = 0; n < 3; n++) {
        first[n] = near_angle(first[n], last[n]);
        second[n] = near_angle(second[n], last[n]);
    }
    memcpy(out, cosine >= LOCKED && unlike(second, last) < unlike(first, last) ? second : first, sizeof first);
}

/* The order of a joint's rotation channels, filled up to three axes. */
static void find_order(const char *channels, unsigned order[3]) {
    unsigned n = 0;
    bool used[3] = {false, false, false};
    for (const char *c = channels; *c && n < 3; c++)
        if (*c >= 'x' && !used[*c - 'x']) {
            used[*c - 'x'] = true;
            order[n++] = (unsigned)(*c - 'x');
        }
    for (unsigned axis = 0; axis < 3 && n < 3; axis++)
        if (!used[axis]) order[n++] = axis;
}

static void put_sample(text_out *t, const pith_motion *m, const pith_motion_clip *clip, joint_source *sources,
                       uint64_t sample) {
    const char *between = "";
    for (uint64_t j = 0; j < m->n_joints; j++) {
        const pith_motion_track *track = &clip->tracks[j];
        joint_source *s = &sources[j];
        double angles[3] = {0, 0, 0};
        unsigned order[3], n_rotation = 0;
        find_order(s->channels, order);
        if (track->rotations) {
            double matrix[3][3];
            matrix_of(matrix, track->rotations + 4 * sample);
            find_angles(angles, matrix, order[0], order[1], order[2], s->previous);
            memcpy(s->previous, angles, sizeof angles);
        }
        for (const char *c = s->channels; *c; c++) {
            double v = *c >= 'x'             ? angles[n_rotation++]
                       : track->translations ? (double)track->translations[3 * sample + (uint64_t)(*c - 'X')]
                                             : m->joints[j].translation[*c - 'X'];
            put(t, "%s%.6f", between, v == 0 ? 0.0 : v);
            between = " ";
        }
    }
    put(t, "\n");
}

pith_status bvh_write(pith_bytes *out, const pith_motion *motion, pith_diag *why) {
    text_out t = {0};
    char frame_time[32];
    if (motion->n_clips != 1)
        return tool_fail(why, PITH_E_UNSUPPORTED, "a BVH file holds one clip, not %llu",
                         (unsigned long long)motion->n_clips);
    joint_source *sources = calloc((size_t)motion->n_joints, sizeof *sources);
    if (!sources) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    if (!read_source(motion, sources, frame_time)) {
        free(sources);
        return tool_fail(why, PITH_E_FORMAT, "the file's source does not fit its skeleton");
    }
    put_hierarchy(&t, motion, sources);
    put(&t, "MOTION\nFrames: %llu\nFrame Time: %s\n", (unsigned long long)motion->clips[0].n_samples, frame_time);
    for (uint64_t s = 0; s < motion->clips[0].n_samples; s++) put_sample(&t, motion, &motion->clips[0], sources, s);
    free(sources);
    if (t.failed) {
        free(t.data);
        return tool_fail(why, PITH_E_NOMEM, "out of memory");
    }
    *out = (pith_bytes){(uint8_t *)t.data, t.n};
    return PITH_OK;
}
