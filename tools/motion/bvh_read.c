/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Biovision hierarchies. A joint's position channels replace its OFFSET, as Blender and the published data have it.
 * Rotations are applied in the order of their channels, each about the axes as turned by those before. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "messages/tool_fail.h"
#include "motion/clip_file.h"

#define MAX_JOINTS 16384u
#define MAX_SAMPLES 10000000u
#define MAX_NUMBERS ((uint64_t)1 << 28)
#define MAX_CHANNELS 6u
#define NO_JOINT (-1)

typedef struct bvh_joint {
    unsigned n_channels;
    uint8_t channels[MAX_CHANNELS]; /* 0..2: position along an axis, 3..5: rotation about it */
    char end[3][32];                /* of the End Site, as they stand */
    bool has_end;
} bvh_joint;

typedef struct bvh {
    clip_file *out;
    const char *at, *end;
    unsigned line;
    pith_diag *why;
    bvh_joint *joints;
    size_t n_joints, capacity, n_channels;
    char frame_time[32];
} bvh;

static pith_status bad(const bvh *b, const char *what) {
    return tool_fail(b->why, PITH_E_FORMAT, "line %u: %s", b->line, what);
}

/* ---- words --------------------------------------------------------------------------------------- */

typedef struct word {
    const char *text;
    size_t n;
} word;

static word peek_word(bvh *b) {
    while (b->at < b->end && isspace((unsigned char)*b->at)) b->line += *b->at++ == '\n';
    const char *p = b->at;
    while (p < b->end && !isspace((unsigned char)*p)) p++;
    return (word){b->at, (size_t)(p - b->at)};
}

static word next_word(bvh *b) {
    word w = peek_word(b);
    b->at += w.n;
    return w;
}

static bool is(word w, const char *text) { return strlen(text) == w.n && strncasecmp(w.text, text, w.n) == 0; }

/* The rest of the line, without spaces around it. */
static word rest_of_line(bvh *b) {
    while (b->at < b->end && (*b->at == ' ' || *b->at == '\t')) b->at++;
    const char *p = b->at, *stop = p;
    while (stop < b->end && *stop != '\n' && *stop != '\r') stop++;
    b->at = stop;
    while (stop > p && isspace((unsigned char)stop[-1])) stop--;
    return (word){p, (size_t)(stop - p)};
}

static bool to_number(word w, double *v) {
    char text[64], *stop;
    if (w.n == 0 || w.n >= sizeof text) return false;
    memcpy(text, w.text, w.n);
    text[w.n] = '\0';
    *v = strtod(text, &stop);
    return *stop == '\0' && isfinite(*v);
}

static pith_status read_number(bvh *b, double *v) {
    return to_number(next_word(b), v) ? PITH_OK : bad(b, "a number is missing");
}

/* ---- hierarchy ------------------------------------------------------------------------------------- */

static pith_status read_offset(bvh *b, double offset[3]) {
    for (int i = 0; i < 3; i++) {
        pith_status status = read_number(b, &offset[i]);
        if (status != PITH_OK) return status;
    }
    return PITH_OK;
}

static pith_status read_channels(bvh *b, bvh_joint *j) {
    static const char *const names[6] = {"Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation"};
    double n;
    if (read_number(b, &n) != PITH_OK || !(n >= 0 && n <= MAX_CHANNELS)) return bad(b, "a joint has 0 to 6 channels");
    if (j->n_channels) return bad(b, "a joint has CHANNELS twice");
    for (j->n_channels = 0; j->n_channels < (unsigned)n; j->n_channels++) {
        word w = next_word(b);
        uint8_t c = 0;
        while (c < 6 && !is(w, names[c])) c++;
        if (c == 6) return bad(b, "a channel that is not Xposition ... Zrotation");
        for (unsigned i = 0; i < j->n_channels; i++)
            if (j->channels[i] == c) return bad(b, "a joint has a channel twice");
        j->channels[j->n_channels] = c;
    }
    b->n_channels += j->n_channels;
    return PITH_OK;
}

static pith_status read_end_site(bvh *b, int32_t joint) {
    (void)rest_of_line(b);
    if (joint == NO_JOINT || !is(next_word(b), "{") || !is(next_word(b), "OFFSET"))
        return bad(b, "an End Site without an OFFSET");
    for (int i = 0; i < 3; i++) {
        word w = next_word(b);
        double v;
        if (!to_number(w, &v) || w.n >= sizeof b->joints[joint].end[i]) return bad(b, "a number is missing");
        memcpy(b->joints[joint].end[i], w.text, w.n);
        b->joints[joint].end[i][w.n] = '\0';
    }
    b->joints[joint].has_end = true;
    return is(next_word(b), "}") ? PITH_OK : bad(b, "an End Site does not end");
}

static pith_status add_joint(bvh *b, int32_t parent) {
    if (b->n_joints == MAX_JOINTS) return tool_fail(b->why, PITH_E_LIMIT, "more than %u joints", MAX_JOINTS);
    if (b->n_joints == b->capacity) {
        size_t more = b->capacity ? 2 * b->capacity : 64;
        bvh_joint *joints = realloc(b->joints, more * sizeof *joints);
        if (joints) b->joints = joints;
        pith_motion_joint *out = realloc(b->out->joints, more * sizeof *out);
        if (out) b->out->joints = out;
        if (!joints || !out) return tool_fail(b->why, PITH_E_NOMEM, "out of memory");
        b->capacity = more;
    }
    word name = rest_of_line(b);
    if (name.n && name.text[name.n - 1] == '{') { /* on the same line */
        b->at = name.text + --name.n;
        while (name.n && isspace((unsigned char)name.text[name.n - 1])) name.n--;
    }
    if (name.n > 1000) return bad(b, "a name is too long");
    char *copy = clip_alloc(b->out, name.n + 1, 1, b->why);
    if (!copy) return PITH_E_NOMEM;
    memcpy(copy, name.text, name.n);
    if (strlen(copy) != name.n) return bad(b, "a name with a zero byte");
    b->joints[b->n_joints] = (bvh_joint){0};
    b->out->joints[b->n_joints++] =
        (pith_motion_joint){.parent = parent, .name = copy, .rotation = {0, 0, 0, 1}, .scale = {1, 1, 1}};
    return is(next_word(b), "{") ? PITH_OK : bad(b, "no { after a joint's name");
}

static pith_status read_hierarchy(bvh *b) {
    int32_t joint = NO_JOINT;
    pith_status status = is(next_word(b), "HIERARCHY") ? PITH_OK : bad(b, "no HIERARCHY");
    while (status == PITH_OK && !(joint == NO_JOINT && is(peek_word(b), "MOTION"))) {
        word w = next_word(b);
        if (w.n == 0) return bad(b, "the file ends in the hierarchy");
        bool root = is(w, "ROOT");
        if (root ? joint == NO_JOINT : is(w, "JOINT") && joint != NO_JOINT) {
            status = add_joint(b, joint);
            joint = (int32_t)b->n_joints - 1;
        } else if (joint == NO_JOINT) {
            status = bad(b, "neither ROOT nor MOTION");
        } else if (is(w, "OFFSET")) {
            status = read_offset(b, b->out->joints[joint].translation);
        } else if (is(w, "CHANNELS")) {
            status = read_channels(b, &b->joints[joint]);
        } else if (is(w, "End")) {
            status = read_end_site(b, joint);
        } else if (is(w, "}")) {
            joint = b->out->joints[joint].parent;
        } else {
            status = bad(b, "a word that does not belong into a hierarchy");
        }
    }
    return status != PITH_OK || b->n_joints ? status : bad(b, "no joint");
}

/* ---- motion ------------------------------------------------------------------------------------------ */

/* "Frames: N" or "Frames:N"; likewise "Frame Time:". */
static pith_status read_counted(bvh *b, const char *label, double *v, char *text, size_t n_text) {
    const char *l = label;
    for (; *l; l++) {
        if (*l == ' ') {
            (void)peek_word(b);
            continue;
        }
        if (b->at >= b->end || tolower((unsigned char)*b->at) != tolower((unsigned char)*l))
            return bad(b, "Frames: or Frame Time: is missing");
        b->at++;
    }
    (void)peek_word(b);
    if (b->at < b->end && *b->at == ':') b->at++;
    word w = next_word(b);
    if (!to_number(w, v)) return bad(b, "a number is missing");
    if (text && w.n < n_text) {
        memcpy(text, w.text, w.n);
        text[w.n] = '\0';
    }
    return PITH_OK;
}

static void turn(double q[4], unsigned axis, double degrees) {
    double half = degrees * (3.14159265358979323846 / 360), s = sin(half), c = cos(half), r[4];
    unsigned i = axis, j = (axis + 1) % 3, k = (axis + 2) % 3;
    r[i] = q[i] * c + q[3] * s;
    r[j] = q[j] * c + q[k] * s;
    r[k] = q[k] * c - q[j] * s;
    r[3] = q[3] * c - q[i] * s;
    memcpy(q, r, sizeof r);
}

static pith_status read_sample(bvh *b, pith_motion_track *tracks, float *const *values, size_t sample) {
    for (size_t j = 0; j < b->n_joints; j++) {
        double q[4] = {0, 0, 0, 1}, t[3];
        memcpy(t, b->out->joints[j].translation, sizeof t);
        for (unsigned c = 0; c < b->joints[j].n_channels; c++) {
            double v;
            pith_status status = read_number(b, &v);
            if (status != PITH_OK) return status;
            unsigned channel = b->joints[j].channels[c];
            if (channel < 3)
                t[channel] = v;
            else
                turn(q, channel - 3, v);
        }
        if (tracks[j].rotations)
            for (int i = 0; i < 4; i++) values[2 * j][4 * sample + (size_t)i] = (float)q[i];
        if (tracks[j].translations)
            for (int i = 0; i < 3; i++) values[2 * j + 1][3 * sample + (size_t)i] = (float)t[i];
    }
    return PITH_OK;
}

static bool has_channels(const bvh_joint *j, unsigned first) {
    for (unsigned c = 0; c < j->n_channels; c++)
        if (j->channels[c] >= first && j->channels[c] < first + 3) return true;
    return false;
}

static pith_status read_motion(bvh *b) {
    double n_frames, seconds;
    clip_file *out = b->out;
    pith_status status = is(next_word(b), "MOTION") ? PITH_OK : bad(b, "no MOTION");
    if (status == PITH_OK) status = (peek_word(b), read_counted(b, "Frames", &n_frames, NULL, 0));
    if (status == PITH_OK)
        status = (peek_word(b), read_counted(b, "Frame Time", &seconds, b->frame_time, sizeof b->frame_time));
    if (status != PITH_OK) return status;
    if (!(n_frames >= 1) || n_frames != floor(n_frames)) return bad(b, "no frames");
    if (!(seconds > 0)) return bad(b, "the frame time is not positive");
    /* A number takes two bytes at least. */
    if (n_frames > MAX_SAMPLES || n_frames * (double)b->n_channels > (double)MAX_NUMBERS ||
        n_frames * (double)b->n_channels > (double)(b->end - b->at))
        return tool_fail(b->why, PITH_E_LIMIT,
                         "%.0f frames of %zu numbers are more than the file has, or than is allowed", n_frames,
                         b->n_channels);
    size_t n = (size_t)n_frames;
    pith_motion_track *tracks = clip_alloc(out, b->n_joints, sizeof *tracks, b->why);
    float **values = clip_alloc(out, 2 * b->n_joints, sizeof *values, b->why);
    out->clips = clip_alloc(out, 1, sizeof *out->clips, b->why);
    if (!tracks || !values || !out->clips) return PITH_E_NOMEM;
    for (size_t j = 0; j < b->n_joints; j++) {
        if (has_channels(&b->joints[j], 3) &&
            !(tracks[j].rotations = values[2 * j] = clip_alloc(out, n, 4 * sizeof(float), b->why)))
            return PITH_E_NOMEM;
        if (has_channels(&b->joints[j], 0) &&
            !(tracks[j].translations = values[2 * j + 1] = clip_alloc(out, n, 3 * sizeof(float), b->why)))
            return PITH_E_NOMEM;
    }
    for (size_t t = 0; t < n && status == PITH_OK; t++) status = read_sample(b, tracks, values, t);
    if (status == PITH_OK && peek_word(b).n) status = bad(b, "more numbers than frames x channels");
    out->clips[0] = (pith_motion_clip){.name = "", .n_samples = n, .frame_seconds = seconds, .tracks = tracks};
    return status;
}

/* ---- source ---------------------------------------------------------------------------------------------- */

/* A line for the frame time, then one for each joint: its channels (XYZ positions, xyz rotations) and its End Site. */
static pith_status make_source(bvh *b) {
    static const char letters[] = "XYZxyz";
    size_t n = sizeof BVH_SOURCE + sizeof b->frame_time, used;
    for (size_t j = 0; j < b->n_joints; j++)
        n += MAX_CHANNELS + 4 + (b->joints[j].has_end ? 3 * sizeof b->joints[j].end[0] : 0);
    char *text = clip_alloc(b->out, n, 1, b->why);
    if (!text) return PITH_E_NOMEM;
    used = (size_t)snprintf(text, n, "%s%s\n", BVH_SOURCE, b->frame_time);
    for (size_t j = 0; j < b->n_joints; j++) {
        const bvh_joint *joint = &b->joints[j];
        for (unsigned c = 0; c < joint->n_channels; c++) text[used++] = letters[joint->channels[c]];
        if (joint->has_end)
            used += (size_t)snprintf(text + used, n - used, " %s %s %s", joint->end[0], joint->end[1], joint->end[2]);
        text[used++] = '\n';
    }
    b->out->motion.source = (pith_bytes){(uint8_t *)text, used};
    return PITH_OK;
}

pith_status bvh_read(clip_file *out, const uint8_t *data, size_t n_bytes, pith_diag *why) {
    bvh b = {.out = out, .at = (const char *)data, .end = (const char *)data + n_bytes, .line = 1, .why = why};
    if (n_bytes >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) b.at += 3;
    pith_status status = read_hierarchy(&b);
    if (status == PITH_OK) status = read_motion(&b);
    if (status == PITH_OK) status = make_source(&b);
    /* From now on the joints are one of the blocks. */
    pith_motion_joint *joints = status == PITH_OK ? clip_alloc(out, b.n_joints, sizeof *joints, why) : NULL;
    if (joints) memcpy(joints, out->joints, b.n_joints * sizeof *joints);
    free(out->joints);
    free(b.joints);
    out->joints = joints;
    if (status == PITH_OK && !joints) status = PITH_E_NOMEM;
    out->motion.joints = joints;
    out->motion.n_joints = b.n_joints;
    out->motion.clips = out->clips;
    out->motion.n_clips = 1;
    return status;
}
