/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Rotations in integers: near to what they stand for, and the same bits on every machine. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/stream.h"
#include "motion/quaternion.h"

static uint64_t state_of_random = 1;
static int32_t random_int(void) {
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (int32_t)(state_of_random >> 33) - (1 << 30);
}

/* Products of turns stay on the unit sphere. */
static quat random_quat(void) {
    turn t = {{random_int() / 4, random_int() / 4, random_int() / 4}};
    turn u = {{random_int() / 4, random_int() / 4, random_int() / 4}};
    return quat_multiply(quat_of_turn(t), quat_of_turn(u));
}

static double dot(quat a, quat b) {
    return ((double)a.x * b.x + (double)a.y * b.y + (double)a.z * b.z + (double)a.w * b.w) /
           ((double)QUAT_ONE * QUAT_ONE);
}

static void quaternions_keep_their_length(void **state) {
    (void)state;
    quat q = random_quat();
    for (int i = 0; i < 100000; i++) {
        q = quat_multiply(q, random_quat());
        assert_true(fabs(dot(q, q) - 1) < 4e-9);
        quat m = quat_middle(q, random_quat());
        assert_true(fabs(dot(m, m) - 1) < 4e-9);
    }
}

static void turns_come_back(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        quat q = random_quat(), back = quat_of_turn(turn_of_quat(q));
        assert_true(fabs(fabs(dot(q, back)) - 1) < 4e-9);
        double s = dot(q, back) < 0 ? -1 : 1;
        assert_true(fabs(q.x - s * back.x) < 16 && fabs(q.y - s * back.y) < 16 && fabs(q.z - s * back.z) < 16 &&
                    fabs(q.w - s * back.w) < 16);
    }
}

static void a_turn_is_near_its_angle(void **state) {
    (void)state;
    for (double angle = -0.5; angle <= 0.5; angle += 0.01) {
        quat q = quat_of_turn((turn){{0, (int32_t)(angle * (1 << 26)), 0}});
        assert_true(fabs(2 * asin((double)q.y / QUAT_ONE) - angle) <
                    0.02 * fabs(angle) * angle * angle + 1e-8 + 0.006 * fabs(angle));
        assert_true(q.x == 0 && q.z == 0);
    }
}

static void the_middle_is_half_way(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        quat a = random_quat(), b = random_quat(), m = quat_middle(a, b);
        assert_true(fabs(fabs(dot(a, m)) - fabs(dot(b, m))) < 2e-8);
        assert_true(fabs(dot(a, m)) > 0.7071);
    }
}

static void frames_point_along_their_axis(void **state) {
    (void)state;
    for (int i = 0; i < 10000; i++) {
        double axis[3] = {random_int(), random_int(), random_int()}, n = 0;
        if (i % 100 == 0) axis[1] = axis[2] = 0; /* straight on, and straight back */
        for (int k = 0; k < 3; k++) n += axis[k] * axis[k];
        turn_frame f = turn_frame_of_axis(axis);
        turn t = turn_from_frame(&f, (turn){{1 << 26, 0, 0}});
        for (int k = 0; k < 3; k++) assert_true(fabs((double)t.v[k] / (1 << 26) - axis[k] / sqrt(n)) < 1e-6);
        turn back = turn_to_frame(&f, t);
        assert_true(abs(back.v[0] - (1 << 26)) < 8 && abs(back.v[1]) < 8 && abs(back.v[2]) < 8);
    }
    static const double none[3] = {0, 0, 0};
    turn_frame f = turn_frame_of_axis(none);
    assert_true(f.m[0] == QUAT_ONE && f.m[1] == 0 && f.m[4] == QUAT_ONE);
}

/* The CRC of many results: equal wherever integers are. */
static void bits_are_the_same_everywhere(void **state) {
    (void)state;
    uint32_t crc = 0;
    state_of_random = 77;
    for (int i = 0; i < 20000; i++) {
        quat a = random_quat(), m = quat_middle(a, random_quat());
        turn t = turn_of_quat(m);
        int32_t all[11] = {a.x, a.y, a.z, a.w, m.x, m.y, m.z, m.w, t.v[0], t.v[1], t.v[2]};
        for (int k = 0; k < 11; k++) {
            uint8_t bytes[4] = {(uint8_t)all[k], (uint8_t)(all[k] >> 8), (uint8_t)(all[k] >> 16),
                                (uint8_t)(all[k] >> 24)};
            crc = crc32_update(crc, bytes, sizeof bytes);
        }
    }
    assert_int_equal(crc, 0x1455afab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quaternions_keep_their_length), cmocka_unit_test(turns_come_back),
        cmocka_unit_test(a_turn_is_near_its_angle),      cmocka_unit_test(the_middle_is_half_way),
        cmocka_unit_test(frames_point_along_their_axis), cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
