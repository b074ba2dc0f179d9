/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Fields of one kind stand together, so that they predict each other. */
#include "motion/motion_head.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/status.h"
#include "motion/byte_coder.h"

/* Flags of a joint. */
#define HAS_TRANSLATION 1u
#define HAS_ROTATION 2u
#define HAS_SCALE 4u
#define HAS_ERROR 8u
#define HAS_SHELL 16u

/* ---- numbers
 * --------------------------------------------------------------------------------------------------------- */

/* A double: the number of its decimals and its digits, where it is such a number, or the nearest double or float to
 * one; else its 8 bytes. */
#define TAG_FLOAT 16u
#define TAG_RAW 32u
#define MAX_DECIMALS 12u
#define MAX_DIGITS 9007199254740992.0 /* 2^53 */

static const double tens[MAX_DECIMALS + 1] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

static void put_number(byte_writer *w, double v) {
    for (unsigned is_float = 0; is_float < 2; is_float++)
        for (unsigned k = 0; k <= MAX_DECIMALS; k++) {
            double digits = floor(fabs(v) * tens[k] + 0.5);
            if (!(digits < (is_float ? 1e9 : MAX_DIGITS))) break;
            double back = digits / tens[k];
            if (is_float) back = (double)(float)back;
            if (back != fabs(v) || (v == 0 && signbit(v))) continue;
            bw_u8(w, (uint8_t)(k + is_float * TAG_FLOAT));
            bw_leb128(w, (uint64_t)digits << 1 | (v < 0));
            return;
        }
    bw_u8(w, TAG_RAW);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bw_u64le(w, bits);
}

static double get_number(stream *s, const char *field) {
    uint8_t tag = st_u8(s, field);
    double v = 0;
    if (tag == TAG_RAW) {
        uint64_t bits = st_u64le(s, field);
        memcpy(&v, &bits, sizeof v);
        if (s->status == PITH_OK && !isfinite(v)) st_fail(s, PITH_E_FORMAT, "%s is not finite", field);
        return isfinite(v) ? v : 0;
    }
    unsigned decimals = tag & (TAG_FLOAT - 1);
    if (tag > TAG_RAW || decimals > MAX_DECIMALS) {
        st_fail(s, PITH_E_FORMAT, "%s has an unknown kind of number", field);
        return 0;
    }
    uint64_t digits = st_leb128(s, (uint64_t)MAX_DIGITS * 2 - 1, field);
    v = (double)(digits >> 1) / tens[decimals];
    if (tag & TAG_FLOAT) v = (double)(float)v;
    return digits & 1 ? -v : v;
}

static void put_float(byte_writer *w, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    bw_u32le(w, bits);
}

static float get_float(stream *s, const char *field) {
    uint32_t bits = st_u32le(s, field);
    float v;
    memcpy(&v, &bits, sizeof v);
    if (isfinite(v)) return v;
    st_fail(s, PITH_E_FORMAT, "%s is not finite", field);
    return 0;
}

static void put_text(byte_writer *w, const char *text) { bw_bytes(w, text, strlen(text) + 1); }

/* A copy of the text up to its 0 byte. */
static char *get_text(stream *s, const char *field, const pith_alloc *alloc) {
    const uint8_t *text = s->data + s->position;
    size_t left = st_left(s);
    const uint8_t *end =
        s->status == PITH_OK && left ? memchr(text, 0, left < MH_MAX_NAME + 1 ? left : MH_MAX_NAME + 1) : NULL;
    if (!end) {
        st_fail(s, PITH_E_FORMAT, "%s does not end", field);
        return NULL;
    }
    size_t n = (size_t)(end - text) + 1;
    char *copy = mem_alloc(alloc, n, 1);
    if (!copy)
        st_fail(s, PITH_E_NOMEM, "out of memory for %s", field);
    else
        memcpy(copy, st_bytes(s, n, field), n);
    return copy;
}

/* ---- skeleton
 * --------------------------------------------------------------------------------------------------------- */

static bool all_are(const double *v, unsigned n, double value) {
    for (unsigned i = 0; i < n; i++)
        if (v[i] != value) return false;
    return true;
}

static unsigned joint_flags(const pith_motion_joint *j) {
    bool turned = !(all_are(j->rotation, 3, 0) && j->rotation[3] == 1);
    return (all_are(j->translation, 3, 0) ? 0 : HAS_TRANSLATION) | (turned ? HAS_ROTATION : 0) |
           (all_are(j->scale, 3, 1) ? 0 : HAS_SCALE) | (j->error > 0 ? HAS_ERROR : 0) | (j->shell > 0 ? HAS_SHELL : 0);
}

static void write_joints(byte_writer *w, const motion_head *head) {
    for (uint32_t j = 0; j < head->n_joints; j++)
        bw_leb128(w, head->joints[j].parent < 0 ? 0 : j - (uint32_t)head->joints[j].parent);
    for (uint32_t j = 0; j < head->n_joints; j++) bw_u8(w, (uint8_t)joint_flags(&head->joints[j]));
    for (uint32_t j = 0; j < head->n_joints; j++) put_text(w, head->joints[j].name ? head->joints[j].name : "");
    for (uint32_t j = 0; j < head->n_joints; j++) {
        const pith_motion_joint *joint = &head->joints[j];
        unsigned flags = joint_flags(joint);
        for (unsigned i = 0; flags & HAS_TRANSLATION && i < 3; i++) put_number(w, joint->translation[i]);
        for (unsigned i = 0; flags & HAS_ROTATION && i < 4; i++) put_number(w, joint->rotation[i]);
        for (unsigned i = 0; flags & HAS_SCALE && i < 3; i++) put_number(w, joint->scale[i]);
        if (flags & HAS_ERROR) put_number(w, joint->error);
        if (flags & HAS_SHELL) put_number(w, joint->shell);
    }
}

static void read_joint(stream *s, pith_motion_joint *joint, unsigned flags) {
    for (unsigned i = 0; flags & HAS_TRANSLATION && i < 3; i++) joint->translation[i] = get_number(s, "translation");
    for (unsigned i = 0; flags & HAS_ROTATION && i < 4; i++) joint->rotation[i] = get_number(s, "rotation");
    for (unsigned i = 0; flags & HAS_SCALE && i < 3; i++) joint->scale[i] = get_number(s, "scale");
    if (flags & HAS_ERROR) joint->error = get_number(s, "error");
    if (flags & HAS_SHELL) joint->shell = get_number(s, "shell");
    if (joint->error < 0 || joint->shell < 0) st_fail(s, PITH_E_FORMAT, "error or shell is negative");
}

static void read_joints(stream *s, motion_head *head, const pith_alloc *alloc) {
    for (uint32_t j = 0; j < head->n_joints && s->status == PITH_OK; j++) {
        uint64_t back = st_leb128(s, j, "parent");
        head->joints[j] = (pith_motion_joint){
            .parent = back ? (int32_t)(j - back) : -1, .rotation = {0, 0, 0, 1}, .scale = {1, 1, 1}};
    }
    const uint8_t *flags = st_bytes(s, head->n_joints, "flags");
    for (uint32_t j = 0; j < head->n_joints && s->status == PITH_OK; j++)
        head->joints[j].name = get_text(s, "joint's name", alloc);
    for (uint32_t j = 0; j < head->n_joints && s->status == PITH_OK; j++) read_joint(s, &head->joints[j], flags[j]);
}

/* ---- clips
 * -------------------------------------------------------------------------------------------------------------- */

static void write_clip(byte_writer *w, const mc_clip *c) {
    put_text(w, c->name);
    bw_leb128(w, c->n_samples);
    put_number(w, c->frame_seconds);
    put_number(w, c->bound);
    put_number(w, c->finest);
    put_number(w, c->shell);
    put_number(w, c->worst);
    bw_u8(w, (uint8_t)c->log2_slice);
    bw_bytes(w, c->outer, sizeof c->outer);
    for (uint32_t j = 0; j < c->n_joints; j++) {
        const mc_joint *joint = &c->joints[j];
        bw_u8(w, (uint8_t)((unsigned)joint->motion[0] | (unsigned)joint->motion[1] << 2 |
                           (unsigned)joint->motion[2] << 4));
    }
    for (uint32_t j = 0; j < c->n_joints; j++) {
        const mc_joint *joint = &c->joints[j];
        bw_u8(w, (uint8_t)(joint->stepped[0] | joint->stepped[1] << 1 | joint->stepped[2] << 2));
    }
    for (unsigned k = 0; k < 4; k++)
        for (uint32_t j = 0; j < c->n_joints; j++)
            if (c->joints[j].motion[k < 2 ? 0 : k - 1] == MC_MOVES) bw_u8(w, c->joints[j].step[k]);
    for (uint32_t j = 0; j < c->n_joints; j++)
        if (c->joints[j].motion[MC_TRANSLATION] == MC_MOVES) bw_u8(w, (uint8_t)(c->joints[j].shift + MC_MAX_SHIFT));
    for (uint32_t j = 0; j < c->n_joints; j++)
        if (c->joints[j].motion[MC_ROTATION] == MC_MOVES) bw_leb128(w, c->joints[j].bone);
    for (unsigned k = 0; k < 3; k++)
        for (uint32_t j = 0; j < c->n_joints; j++)
            for (unsigned i = 0; c->joints[j].motion[k] == MC_CONSTANT && i < (k == MC_ROTATION ? 4u : 3u); i++)
                put_float(w, c->joints[j].constant[k][i]);
    bw_leb128(w, c->n_scalars);
    for (uint32_t i = 0; i < c->n_scalars; i++) {
        put_text(w, c->scalars[i].name);
        bw_u8(w, c->scalars[i].stepped);
        put_number(w, c->scalars[i].unit);
    }
    bw_u8(w, c->times != NULL);
    for (uint64_t t = 0; c->times && t < c->n_samples; t++) put_float(w, c->times[t]);
}

static double get_positive(stream *s, const char *field) {
    double v = get_number(s, field);
    if (s->status == PITH_OK && !(v > 0)) st_fail(s, PITH_E_FORMAT, "%s is not positive", field);
    return v;
}

static void read_motions(stream *s, mc_clip *c) {
    for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++) {
        uint8_t bits = st_u8(s, "motion");
        for (unsigned k = 0; k < 3; k++) {
            c->joints[j].motion[k] = (mc_motion)(bits >> (2 * k) & 3);
        }
    }
    for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++) {
        uint8_t bits = st_u8(s, "steps in time");
        for (unsigned k = 0; k < 3; k++) c->joints[j].stepped[k] = bits >> k & 1;
    }
}

static void read_steps(stream *s, mc_clip *c) {
    for (unsigned k = 0; k < 4; k++)
        for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++) {
            if (c->joints[j].motion[k < 2 ? 0 : k - 1] != MC_MOVES) continue;
            c->joints[j].step[k] = st_u8(s, "step");
            if (c->joints[j].step[k] >= MC_N_STEPS)
                st_fail(s, PITH_E_FORMAT, "step %u is too large", c->joints[j].step[k]);
        }
    for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++) {
        if (c->joints[j].motion[MC_TRANSLATION] != MC_MOVES) continue;
        uint8_t shift = st_u8(s, "shift");
        if (shift > 2 * MC_MAX_SHIFT) st_fail(s, PITH_E_FORMAT, "shift %u is too large", shift);
        c->joints[j].shift = (int8_t)(shift - MC_MAX_SHIFT);
    }
    for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++)
        if (c->joints[j].motion[MC_ROTATION] == MC_MOVES)
            c->joints[j].bone = (uint32_t)st_leb128(s, c->n_joints, "bone");
    for (unsigned k = 0; k < 3; k++)
        for (uint32_t j = 0; j < c->n_joints && s->status == PITH_OK; j++)
            for (unsigned i = 0; c->joints[j].motion[k] == MC_CONSTANT && i < (k == MC_ROTATION ? 4u : 3u); i++)
                c->joints[j].constant[k][i] = get_float(s, "constant");
}

static void read_scalars(stream *s, mc_clip *c, const pith_alloc *alloc) {
    uint32_t n = (uint32_t)st_leb128(s, MH_MAX_SCALARS, "scalars");
    if (s->status != PITH_OK) return;
    c->scalars = mem_alloc(alloc, n, sizeof *c->scalars);
    if (!c->scalars) {
        st_fail(s, PITH_E_NOMEM, "out of memory for scalars");
        return;
    }
    c->n_scalars = n;
    for (uint32_t i = 0; i < n && s->status == PITH_OK; i++) {
        c->scalars[i].name = get_text(s, "scalar's name", alloc);
        c->scalars[i].stepped = st_u8(s, "scalar's steps in time") & 1;
        c->scalars[i].unit = get_positive(s, "scalar's unit");
    }
}

static void read_times(stream *s, mc_clip *c, const pith_alloc *alloc) {
    if (!(st_u8(s, "times") & 1) || s->status != PITH_OK) {
        if (s->status == PITH_OK && c->n_samples > 1 && !(c->frame_seconds > 0))
            st_fail(s, PITH_E_FORMAT, "neither a frame time nor times");
        return;
    }
    if (c->n_samples > st_left(s) / 4) {
        st_fail(s, PITH_E_TRUNCATED, "more times than there are bytes");
        return;
    }
    c->times = mem_alloc(alloc, (size_t)c->n_samples, sizeof *c->times);
    if (!c->times) st_fail(s, PITH_E_NOMEM, "out of memory for times");
    for (uint64_t t = 0; t < c->n_samples && s->status == PITH_OK; t++) {
        c->times[t] = get_float(s, "time");
        if (t && !(c->times[t] > c->times[t - 1])) st_fail(s, PITH_E_FORMAT, "times do not increase");
    }
}

static void read_clip(stream *s, const motion_head *head, mc_clip *c, const pith_alloc *alloc) {
    c->name = get_text(s, "clip's name", alloc);
    c->n_samples = st_leb128(s, MH_MAX_SAMPLES, "samples");
    if (s->status == PITH_OK && c->n_samples == 0) st_fail(s, PITH_E_FORMAT, "a clip without samples");
    c->frame_seconds = get_number(s, "frame time");
    if (c->frame_seconds < 0) st_fail(s, PITH_E_FORMAT, "frame time is negative");
    c->bound = get_positive(s, "bound");
    c->finest = get_positive(s, "finest error");
    c->shell = get_number(s, "shell");
    c->worst = get_number(s, "worst error");
    c->log2_slice = st_u8(s, "slice");
    if (s->status == PITH_OK && c->log2_slice > MC_MAX_LOG2_SLICE) st_fail(s, PITH_E_FORMAT, "slices are too long");
    const uint8_t *outer = st_bytes(s, sizeof c->outer, "outer weights");
    if (s->status != PITH_OK) return;
    memcpy(c->outer, outer, sizeof c->outer);
    c->joints = mem_alloc(alloc, head->n_joints, sizeof *c->joints);
    if (!c->joints) {
        st_fail(s, PITH_E_NOMEM, "out of memory for joints");
        return;
    }
    c->n_joints = head->n_joints;
    read_motions(s, c);
    read_steps(s, c);
    read_scalars(s, c, alloc);
    read_times(s, c, alloc);
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------------ */

static bool all_finite(const double *v, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        if (!isfinite(v[i])) return false;
    return true;
}

const char *mh_fault(const motion_head *head) {
    if (head->n_joints > MH_MAX_JOINTS) return "too many joints";
    if (head->n_clips > MH_MAX_CLIPS) return "too many clips";
    if (!(head->unit_cm > 0) || !isfinite(head->unit_cm)) return "a unit that is not positive";
    for (uint32_t j = 0; j < head->n_joints; j++) {
        const pith_motion_joint *joint = &head->joints[j];
        if (joint->parent >= (int32_t)j) return "a joint before its parent";
        if (joint->name && strlen(joint->name) > MH_MAX_NAME) return "a joint's name that is too long";
        if (!all_finite(joint->translation, 3) || !all_finite(joint->rotation, 4) || !all_finite(joint->scale, 3))
            return "a joint whose rest is not finite";
    }
    return NULL;
}

pith_status mh_write(byte_writer *out, const motion_head *head, const pith_alloc *alloc, pith_diag *diag) {
    byte_writer w;
    bw_init(&w, alloc);
    put_number(&w, head->unit_cm);
    bw_leb128(&w, head->n_joints);
    bw_leb128(&w, head->n_clips);
    write_joints(&w, head);
    for (uint32_t c = 0; c < head->n_clips; c++) write_clip(&w, &head->clips[c]);
    pith_status status = w.status == PITH_OK ? PITH_OK : diag_set(diag, w.status, "out of memory for the head");
    if (status == PITH_OK && w.n_bytes > MH_MAX_BYTES)
        status = diag_set(diag, PITH_E_LIMIT, "skeleton and clips need %zu bytes, the limit is %zu", w.n_bytes,
                          MH_MAX_BYTES);
    if (status == PITH_OK) status = bc_encode(out, w.data, w.n_bytes, alloc, diag);
    bw_free(&w);
    return status;
}

pith_status mh_read(motion_head *head, const uint8_t *coded, size_t n_bytes, const pith_alloc *alloc, pith_diag *diag) {
    *head = (motion_head){0};
    uint8_t *data;
    size_t n;
    pith_status status = bc_decode(&data, &n, MH_MAX_BYTES, coded, n_bytes, alloc, diag);
    if (status != PITH_OK) return status;
    stream s;
    st_init(&s, data, n, "HEAD", 0, diag);
    head->unit_cm = get_positive(&s, "unit");
    uint32_t n_joints = (uint32_t)st_leb128(&s, MH_MAX_JOINTS, "joints"),
             n_clips = (uint32_t)st_leb128(&s, MH_MAX_CLIPS, "clips");
    /* Each joint and each clip takes at least two bytes. */
    if (s.status == PITH_OK && (n_joints > st_left(&s) || n_clips > st_left(&s)))
        st_fail(&s, PITH_E_TRUNCATED, "more joints or clips than there are bytes");
    if (s.status == PITH_OK) {
        head->joints = mem_alloc(alloc, n_joints, sizeof *head->joints);
        head->clips = mem_alloc(alloc, n_clips, sizeof *head->clips);
        if (!head->joints || !head->clips) st_fail(&s, PITH_E_NOMEM, "out of memory for the head");
    }
    if (s.status == PITH_OK) {
        head->n_joints = n_joints;
        head->n_clips = n_clips;
        read_joints(&s, head, alloc);
    }
    for (uint32_t c = 0; c < head->n_clips && s.status == PITH_OK; c++) {
        read_clip(&s, head, &head->clips[c], alloc);
        if (s.status == PITH_OK) s.status = mc_derive(&head->clips[c], head->joints, head->unit_cm, alloc, diag);
    }
    if (s.status == PITH_OK && st_left(&s)) st_fail(&s, PITH_E_FORMAT, "bytes after the last clip");
    status = s.status;
    mem_free(alloc, data);
    if (status != PITH_OK) mh_free(head, alloc);
    return status;
}

void mh_free(motion_head *head, const pith_alloc *alloc) {
    for (uint32_t j = 0; head->joints && j < head->n_joints; j++)
        mem_free(alloc, (char *)(uintptr_t)head->joints[j].name);
    for (uint32_t c = 0; head->clips && c < head->n_clips; c++) mc_free(&head->clips[c], alloc);
    mem_free(alloc, head->joints);
    mem_free(alloc, head->clips);
    *head = (motion_head){0};
}
