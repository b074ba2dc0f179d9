/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Character animation through the public API: the bound holds, any range decodes, damage is found. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/motion.h>

#include "base/stream.h"
#include "capped_alloc.h"
#include "motion_case.h"

static pith_bytes encode(const pith_motion *m, double error, int effort, const pith_env *env) {
    pith_bytes file;
    pith_diag why;
    pith_motion_options o;
    assert_int_equal(pith_motion_options_defaults(&o, sizeof o), PITH_OK);
    o.error = error;
    o.effort = effort;
    if (pith_motion_encode(m, &o, env, &file, &why) != PITH_OK) fail_msg("%s", why.message);
    return file;
}

static pith_motion_reader *open_file(pith_bytes file) {
    pith_motion_reader *r;
    pith_diag why;
    if (pith_motion_open(&r, file.data, file.n_bytes, NULL, &why) != PITH_OK) fail_msg("%s", why.message);
    return r;
}

static pith_motion_clip *read_clip(const pith_motion_reader *r, uint64_t first, uint64_t n) {
    pith_motion_clip *clip;
    pith_diag why;
    if (pith_motion_read(r, 0, first, n, &clip, &why) != PITH_OK) fail_msg("%s", why.message);
    return clip;
}

/* Compares a decoded clip with what it was made from. */
static pith_motion_comparison compare(const motion_case *c, const pith_motion_clip *decoded, double error) {
    pith_motion b = c->motion;
    pith_motion_options o;
    pith_motion_comparison result = {.struct_size = sizeof result};
    pith_diag why;
    assert_int_equal(pith_motion_options_defaults(&o, sizeof o), PITH_OK);
    o.error = error;
    b.clips = decoded;
    if (pith_motion_compare(&c->motion, 0, &b, 0, &o, NULL, &result, NULL, &why) != PITH_OK)
        fail_msg("%s", why.message);
    return result;
}

static void every_sample_keeps_its_bound(void **state) {
    (void)state;
    static const double errors[] = {0.001, 0.01, 0.1, 1, 10};
    static const uint64_t lengths[] = {1, 2, 3, 40, 64, 65, 150};
    for (int wild = 0; wild < 2; wild++)
        for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
            motion_case c;
            motion_case_make(&c, lengths[l], wild);
            for (size_t e = 0; e < sizeof errors / sizeof errors[0]; e++) {
                pith_bytes file = encode(&c.motion, errors[e], 0, NULL);
                pith_motion_reader *r = open_file(file);
                pith_motion_clip *clip = read_clip(r, 0, lengths[l]);
                pith_motion_comparison result = compare(&c, clip, errors[e]);
                pith_motion_info info = {.struct_size = sizeof info};
                assert_int_equal(result.n_over, 0);
                assert_true(result.largest <= errors[e] && result.scalars <= 1);
                assert_int_equal(pith_motion_clip_info(r, 0, &info), PITH_OK);
                assert_true(info.error == errors[e] && info.worst <= errors[e] &&
                            result.largest <= info.worst * (1 + 1e-6));
                pith_motion_clip_free(r, &clip);
                pith_motion_close(&r);
                pith_bytes_free(NULL, &file);
            }
            motion_case_free(&c);
        }
}

static void a_joint_may_have_its_own_bound(void **state) {
    (void)state;
    motion_case c;
    motion_case_make(&c, 100, 0);
    c.joints[7].error = 0.005;
    pith_bytes file = encode(&c.motion, 0.5, 0, NULL);
    pith_motion_reader *r = open_file(file);
    pith_motion_clip *clip = read_clip(r, 0, 100);
    float *errors = calloc(100 * MOTION_CASE_JOINTS, sizeof *errors);
    pith_motion b = c.motion;
    pith_motion_comparison result = {.struct_size = sizeof result};
    b.clips = clip;
    assert_true(pith_motion_contents(r)->joints[7].error == 0.005);
    assert_int_equal(pith_motion_compare(&c.motion, 0, &b, 0, NULL, NULL, &result, errors, NULL), PITH_OK);
    double most = 0;
    for (size_t t = 0; t < 100; t++) {
        assert_true(errors[t * MOTION_CASE_JOINTS + 7] <= 0.005f * 1.000001f);
        for (size_t j = 0; j < MOTION_CASE_JOINTS; j++)
            if (errors[t * MOTION_CASE_JOINTS + j] > most) most = errors[t * MOTION_CASE_JOINTS + j];
    }
    assert_true(most > 0.1); /* the others use theirs */
    free(errors);
    pith_motion_clip_free(r, &clip);
    pith_motion_close(&r);
    pith_bytes_free(NULL, &file);
    motion_case_free(&c);
}

static void any_range_decodes_to_the_same(void **state) {
    (void)state;
    motion_case c;
    motion_case_make(&c, 2500, 0); /* more than one group of slices */
    pith_bytes file = encode(&c.motion, 0.1, 0, NULL);
    pith_motion_reader *r = open_file(file);
    pith_motion_clip *whole = read_clip(r, 0, 2500);
    static const uint64_t ranges[][2] = {{0, 1}, {63, 2}, {64, 64}, {2047, 3}, {2499, 1}, {1000, 1500}, {2111, 200}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        uint64_t first = ranges[i][0], n = ranges[i][1];
        pith_motion_clip *part = read_clip(r, first, n);
        assert_int_equal(part->n_samples, n);
        for (size_t j = 0; j < 8; j++)
            assert_memory_equal(part->tracks[j].rotations, whole->tracks[j].rotations + 4 * first,
                                n * 4 * sizeof(float));
        assert_memory_equal(part->tracks[0].translations, whole->tracks[0].translations + 3 * first,
                            n * 3 * sizeof(float));
        assert_memory_equal(part->tracks[4].scales, whole->tracks[4].scales + 3 * first, n * 3 * sizeof(float));
        assert_memory_equal(part->scalars[0].values, whole->scalars[0].values + first, n * sizeof(float));
        pith_motion_clip_free(r, &part);
    }
    assert_null(whole->tracks[8].rotations);
    pith_motion_clip_free(r, &whole);
    pith_motion_clip *none;
    assert_int_equal(pith_motion_read(r, 0, 2500, 1, &none, NULL), PITH_E_ARG);
    assert_int_equal(pith_motion_read(r, 0, 1, 2500, &none, NULL), PITH_E_ARG);
    assert_int_equal(pith_motion_read(r, 1, 0, 1, &none, NULL), PITH_E_ARG);
    pith_motion_close(&r);
    pith_bytes_free(NULL, &file);
    motion_case_free(&c);
}

static void threads_and_runs_make_the_same_file(void **state) {
    (void)state;
    motion_case c;
    pith_env env;
    motion_case_make(&c, 400, 1);
    assert_int_equal(pith_env_defaults(&env, sizeof env), PITH_OK);
    env.threads = 1;
    pith_bytes one = encode(&c.motion, 0.1, 1, &env);
    env.threads = 5;
    pith_bytes five = encode(&c.motion, 0.1, 1, &env);
    assert_int_equal(one.n_bytes, five.n_bytes);
    assert_memory_equal(one.data, five.data, one.n_bytes);
    pith_bytes less = encode(&c.motion, 0.1, 3, NULL);
    assert_true(less.n_bytes <= one.n_bytes);
    pith_bytes_free(NULL, &one);
    pith_bytes_free(NULL, &five);
    pith_bytes_free(NULL, &less);
    motion_case_free(&c);
}

static void a_track_at_rest_stays_a_track(void **state) {
    (void)state;
    motion_case c;
    float rotations[20 * 4] = {0}, scales[20 * 3];
    motion_case_make(&c, 20, 0);
    for (int t = 0; t < 20; t++) rotations[4 * t + 3] = 1;
    for (int i = 0; i < 60; i++) scales[i] = 1;
    c.tracks[8].rotations = rotations;
    c.tracks[6].scales = scales;
    pith_bytes file = encode(&c.motion, 0.1, 0, NULL);
    pith_motion_reader *r = open_file(file);
    pith_motion_clip *clip = read_clip(r, 3, 10);
    assert_memory_equal(clip->tracks[8].rotations, rotations, 10 * 4 * sizeof *rotations);
    assert_memory_equal(clip->tracks[6].scales, scales, 10 * 3 * sizeof *scales);
    assert_null(clip->tracks[8].translations);
    pith_motion_clip_free(r, &clip);
    pith_motion_close(&r);
    pith_bytes_free(NULL, &file);
    motion_case_free(&c);
}

static void names_times_and_source_come_back(void **state) {
    (void)state;
    motion_case c;
    uint8_t source[] = "what the tool needs, what the tool needs, what the tool needs";
    float times[5] = {0, 0.25f, 0.3f, 1, 10};
    motion_case_make(&c, 5, 0);
    c.motion.source = (pith_bytes){source, sizeof source};
    c.motion.unit_cm = 5.644;
    c.clip.times = times;
    c.clip.frame_seconds = 0;
    c.tracks[2].stepped = PITH_MOTION_STEP_ROTATIONS;
    pith_bytes file = encode(&c.motion, 0.1, 0, NULL);
    pith_motion_reader *r = open_file(file);
    const pith_motion *m = pith_motion_contents(r);
    assert_int_equal(m->n_joints, MOTION_CASE_JOINTS);
    assert_true(m->unit_cm == 5.644);
    for (size_t j = 0; j < MOTION_CASE_JOINTS; j++) {
        assert_string_equal(m->joints[j].name, c.joints[j].name);
        assert_int_equal(m->joints[j].parent, c.joints[j].parent);
        assert_memory_equal(m->joints[j].translation, c.joints[j].translation, sizeof c.joints[j].translation);
    }
    assert_int_equal(m->source.n_bytes, sizeof source);
    assert_memory_equal(m->source.data, source, sizeof source);
    assert_string_equal(m->clips[0].name, "made up");
    pith_motion_clip *clip = read_clip(r, 0, 5);
    assert_memory_equal(clip->times, times, sizeof times);
    assert_int_equal(clip->tracks[2].stepped, PITH_MOTION_STEP_ROTATIONS);
    assert_string_equal(clip->scalars[0].name, "smile");
    pith_motion_clip_free(r, &clip);
    pith_motion_close(&r);
    pith_bytes_free(NULL, &file);
    motion_case_free(&c);
}

/* Whatever the bytes, opening and reading end, with a message where they fail. */
static void try_file(const uint8_t *data, size_t n, bool must_fail) {
    pith_motion_reader *r;
    pith_diag why;
    uint8_t *copy = malloc(n ? n : 1); /* of the exact size, for the sanitizers */
    memcpy(copy, data, n);
    pith_status status = pith_motion_open(&r, copy, n, NULL, &why);
    assert_true((status == PITH_OK) == (why.message[0] == '\0'));
    assert_true(!must_fail || status != PITH_OK);
    if (status == PITH_OK) {
        pith_motion_clip *clip = NULL;
        uint64_t samples = pith_motion_contents(r)->clips[0].n_samples;
        (void)!pith_motion_read(r, 0, 0, samples < 1000 ? samples : 1000, &clip, &why);
        pith_motion_clip_free(r, &clip);
        pith_motion_close(&r);
    }
    free(copy);
}

static void damage_is_found(void **state) {
    (void)state;
    motion_case c;
    motion_case_make(&c, 40, 0);
    pith_bytes file = encode(&c.motion, 1, 0, NULL);
    for (size_t n = 0; n < file.n_bytes; n++) try_file(file.data, n, true);
    for (size_t at = 0; at < file.n_bytes; at++) {
        file.data[at] ^= (uint8_t)(1u << (at % 8));
        try_file(file.data, file.n_bytes, true);
        file.data[at] ^= (uint8_t)(1u << (at % 8));
    }
    pith_bytes_free(NULL, &file);
    motion_case_free(&c);
}

static void wrong_motions_are_refused(void **state) {
    (void)state;
    motion_case c;
    pith_bytes file;
    pith_diag why;
    pith_motion_options o;
    motion_case_make(&c, 10, 0);
    assert_int_equal(pith_motion_options_defaults(&o, sizeof o), PITH_OK);
    assert_int_equal(pith_motion_encode(NULL, &o, NULL, &file, &why), PITH_E_ARG);
    o.error = 0;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    o.error = 0.01;
    c.joints[3].parent = 3;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "parent"));
    c.joints[3].parent = 2;
    c.values[4 * 5 + 1] = (float)NAN;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    assert_non_null(strstr(why.message, "sample 5"));
    c.values[4 * 5 + 1] = 0;
    for (int i = 0; i < 4; i++) c.values[4 * 6 + i] = 0;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    c.values[4 * 6 + 3] = 1;
    c.clip.n_samples = 0;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    c.clip.n_samples = 10;
    c.motion.unit_cm = 0;
    assert_int_equal(pith_motion_encode(&c.motion, &o, NULL, &file, &why), PITH_E_ARG);
    motion_case_free(&c);
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    motion_case c;
    motion_case_make(&c, 70, 0);
    for (size_t at = 1;; at++) {
        capped_alloc counter = {.fail_at = at};
        pith_env env;
        pith_bytes file;
        pith_diag why;
        pith_motion_reader *r = NULL;
        pith_motion_clip *clip = NULL;
        assert_int_equal(pith_env_defaults(&env, sizeof env), PITH_OK);
        env.alloc = capped_alloc_make(&counter);
        env.threads = 1;
        pith_motion_options o;
        assert_int_equal(pith_motion_options_defaults(&o, sizeof o), PITH_OK);
        o.effort = 0;
        o.error = 1;
        pith_status status = pith_motion_encode(&c.motion, &o, &env, &file, &why);
        if (status == PITH_OK) status = pith_motion_open(&r, file.data, file.n_bytes, &env, &why);
        if (status == PITH_OK) status = pith_motion_read(r, 0, 0, 70, &clip, &why);
        pith_motion_clip_free(r, &clip);
        pith_motion_close(&r);
        pith_bytes_free(&env, &file);
        assert_int_equal(counter.n_live, 0);
        if (status == PITH_OK) break;
        assert_int_equal(status, PITH_E_NOMEM);
    }
    motion_case_free(&c);
}

/* The CRC of all floats of a clip; tests/reference/motion_reader.py says in which order. */
static uint32_t crc_of_floats(uint32_t crc, const float *values, uint64_t n) {
    for (uint64_t i = 0; values && i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), (uint8_t)(bits >> 24)};
        crc = crc32_update(crc, bytes, sizeof bytes);
    }
    return crc;
}

static uint32_t crc_of_clip(const pith_motion_reader *r, uint64_t clip, uint64_t n) {
    pith_motion_clip *c;
    pith_diag why;
    uint32_t crc = 0;
    if (pith_motion_read(r, clip, 0, n, &c, &why) != PITH_OK) fail_msg("%s", why.message);
    for (uint64_t j = 0; j < pith_motion_contents(r)->n_joints; j++) {
        crc = crc_of_floats(crc, c->tracks[j].rotations, 4 * n);
        crc = crc_of_floats(crc, c->tracks[j].translations, 3 * n);
        crc = crc_of_floats(crc, c->tracks[j].scales, 3 * n);
    }
    for (uint64_t i = 0; i < c->n_scalars; i++) crc = crc_of_floats(crc, c->scalars[i].values, n);
    pith_motion_clip_free(r, &c);
    return crc;
}

/* tests/golden/motion: the same floats on every machine, and with every later version that reads this format. */
static void golden_files_decode_to_the_same(void **state) {
    (void)state;
    char path[4096], name[64];
    unsigned long clip, n, n_lines = 0;
    unsigned crc;
    snprintf(path, sizeof path, "%s/tests/golden/motion/motion.txt", getenv("PITH_SOURCE_DIR"));
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (fscanf(list, "%63s %lu %lu %x", name, &clip, &n, &crc) == 4) {
        static uint8_t data[65536];
        snprintf(path, sizeof path, "%s/tests/golden/motion/%s", getenv("PITH_SOURCE_DIR"), name);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t n_bytes = fread(data, 1, sizeof data, file);
        fclose(file);
        pith_motion_reader *r = open_file((pith_bytes){data, n_bytes});
        assert_true(clip < pith_motion_contents(r)->n_clips);
        assert_int_equal(pith_motion_contents(r)->clips[clip].n_samples, n);
        if (crc_of_clip(r, clip, n) != crc) fail_msg("%s, clip %lu: other floats", name, clip);
        pith_motion_close(&r);
        n_lines++;
    }
    fclose(list);
    assert_true(n_lines >= 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_keeps_its_bound),
        cmocka_unit_test(a_joint_may_have_its_own_bound),
        cmocka_unit_test(any_range_decodes_to_the_same),
        cmocka_unit_test(threads_and_runs_make_the_same_file),
        cmocka_unit_test(a_track_at_rest_stays_a_track),
        cmocka_unit_test(names_times_and_source_come_back),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(wrong_motions_are_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(golden_files_decode_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
