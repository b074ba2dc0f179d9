/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/quaternion.h"

#include <math.h>

/* A right shift of a negative number rounds towards minus infinity. All supported compilers define it so, and the
 * specification requires it. */

const quat quat_identity = {0, 0, 0, QUAT_ONE};

static int32_t scaled(int64_t v, int64_t factor) { return (int32_t)((v * factor + (1 << 29)) >> 30); }

/* Newton's step for 1 / |q|, from 1: enough for what has just been multiplied. */
static quat normalised(int64_t x, int64_t y, int64_t z, int64_t w) {
    int64_t norm = (x * x + y * y + z * z + w * w) >> 30;
    int64_t factor = (3 * (int64_t)QUAT_ONE - norm) >> 1;
    return (quat){scaled(x, factor), scaled(y, factor), scaled(z, factor), scaled(w, factor)};
}

static int64_t sum_of(int64_t a, int64_t b, int64_t c, int64_t d) { return (a + b + c + d + (1 << 29)) >> 30; }

quat quat_multiply(quat a, quat b) {
    const int64_t ax = a.x, ay = a.y, az = a.z, aw = a.w;
    return normalised(sum_of(aw * b.x, ax * b.w, ay * b.z, -az * b.y), sum_of(aw * b.y, -ax * b.z, ay * b.w, az * b.x),
                      sum_of(aw * b.z, ax * b.y, -ay * b.x, az * b.w),
                      sum_of(aw * b.w, -ax * b.x, -ay * b.y, -az * b.z));
}

quat quat_conjugate(quat q) { return (quat){-q.x, -q.y, -q.z, q.w}; }

quat quat_middle(quat a, quat b) {
    int64_t dot = (int64_t)a.x * b.x + (int64_t)a.y * b.y + (int64_t)a.z * b.z + (int64_t)a.w * b.w;
    int64_t sign = dot < 0 ? -1 : 1;
    int64_t x = a.x + sign * b.x, y = a.y + sign * b.y, z = a.z + sign * b.z, w = a.w + sign * b.w;
    /* |a + b|^2 is between 2 and 4. Its inverse root: a line within 3 %, then three of Newton's steps. */
    int64_t half = (QUAT_ONE >> 1) + ((dot < 0 ? -dot : dot) >> 31);    /* |a + b|^2 / 4, in 1/2^30 */
    int64_t inverse = 1962934272 - (((int64_t)889192448 * half) >> 30); /* 1 / sqrt(half) */
    for (int i = 0; i < 3; i++) {
        int64_t square = (inverse * inverse) >> 30;
        inverse = (inverse * ((3 * (int64_t)QUAT_ONE - ((square * half) >> 30)) >> 1)) >> 30;
    }
    inverse >>= 1; /* 1 / |a + b| */
    return normalised((x * inverse) >> 30, (y * inverse) >> 30, (z * inverse) >> 30, (w * inverse) >> 30);
}

static int32_t clamped(int32_t v) { return v > TURN_MAX ? TURN_MAX : v < -TURN_MAX ? -TURN_MAX : v; }

quat quat_of_turn(turn t) {
    const int64_t x = clamped(t.v[0]), y = clamped(t.v[1]), z = clamped(t.v[2]);
    int64_t square = (x * x + y * y + z * z) >> 26; /* tan^2(angle / 4) */
    int64_t inverse = (int64_t)(((uint64_t)1 << 61) / (uint64_t)(QUAT_ONE + square));
    return (quat){(int32_t)((x * 8 * inverse) >> 31), (int32_t)((y * 8 * inverse) >> 31),
                  (int32_t)((z * 8 * inverse) >> 31), (int32_t)(((QUAT_ONE - square) * inverse) >> 31)};
}

turn turn_of_quat(quat q) {
    if (q.w < 0) q = (quat){-q.x, -q.y, -q.z, -q.w};
    int64_t inverse = (int64_t)(((uint64_t)1 << 61) / (uint64_t)((int64_t)QUAT_ONE + q.w));
    return (turn){
        {(int32_t)((q.x * inverse) >> 33), (int32_t)((q.y * inverse) >> 33), (int32_t)((q.z * inverse) >> 33)}};
}

static uint64_t square_root(uint64_t n) {
    uint64_t root = 0;
    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= n) root |= bit;
    return root;
}

/* The shortest rotation from the x axis to the given one. */
static quat quat_to_axis(const double axis[3]) {
    double largest = fmax(fabs(axis[0]), fmax(fabs(axis[1]), fabs(axis[2])));
    if (!(largest > 0) || !isfinite(largest)) return quat_identity;
    int64_t a[3];
    uint64_t square = 0;
    for (int i = 0; i < 3; i++) {
        a[i] = (int64_t)floor(axis[i] / largest * QUAT_ONE + 0.5);
        square += (uint64_t)(a[i] * a[i]);
    }
    int64_t length = (int64_t)square_root(square);
    for (int i = 0; i < 3; i++) a[i] = a[i] * QUAT_ONE / length;
    int64_t w = QUAT_ONE + a[0];
    if (w < 16) return (quat){0, 0, QUAT_ONE, 0};
    length = (int64_t)square_root((uint64_t)(w * w + a[1] * a[1] + a[2] * a[2]));
    return (quat){0, (int32_t)(-a[2] * QUAT_ONE / length), (int32_t)(a[1] * QUAT_ONE / length),
                  (int32_t)(w * QUAT_ONE / length)};
}

turn_frame turn_frame_of_axis(const double axis[3]) {
    quat q = quat_to_axis(axis);
    const int64_t x = q.x, y = q.y, z = q.z, w = q.w, one = (int64_t)1 << 30;
    return (turn_frame){
        {(int32_t)(one - ((y * y + z * z) >> 29)), (int32_t)((x * y - w * z) >> 29), (int32_t)((x * z + w * y) >> 29),
         (int32_t)((x * y + w * z) >> 29), (int32_t)(one - ((x * x + z * z) >> 29)), (int32_t)((y * z - w * x) >> 29),
         (int32_t)((x * z - w * y) >> 29), (int32_t)((y * z + w * x) >> 29), (int32_t)(one - ((x * x + y * y) >> 29))}};
}

turn turn_from_frame(const turn_frame *f, turn t) {
    turn r;
    for (int i = 0; i < 3; i++)
        r.v[i] = (int32_t)(((int64_t)f->m[3 * i] * t.v[0] + (int64_t)f->m[3 * i + 1] * t.v[1] +
                            (int64_t)f->m[3 * i + 2] * t.v[2]) >>
                           30);
    return r;
}

turn turn_to_frame(const turn_frame *f, turn t) {
    turn r;
    for (int i = 0; i < 3; i++)
        r.v[i] =
            (int32_t)(((int64_t)f->m[i] * t.v[0] + (int64_t)f->m[3 + i] * t.v[1] + (int64_t)f->m[6 + i] * t.v[2]) >>
                      30);
    return r;
}
