/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* BVH and GLB: what is read and written is the same motion; anything else is refused with a line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "motion/clip_file.h"

/* Small letters, tabs, a joint without channels, another order, a second root, no newline at the end. */
static const char bvh[] =
    "hierarchy\r\nROOT hip joint\r\n{\r\n\tOFFSET 0 1.5 -2e-1\r\n\tCHANNELS 6 Xposition Yposition Zposition Zrotation "
    "Yrotation Xrotation\r\n\tJOINT knee {\r\n\t\tOFFSET .5 -40 0\r\n\t\tCHANNELS 3 Yrotation Xrotation Zrotation\r\n"
    "\t\tEnd Site\r\n\t\t{\r\n\t\t\tOFFSET 0.0 -1.250 0\r\n\t\t}\r\n\t}\r\n\tJOINT rigid\r\n\t{\r\n\t\tOFFSET 1 2 3\r\n"
    "\t\tCHANNELS 0\r\n\t}\r\n}\r\nROOT prop\r\n{\r\n\tOFFSET 9 9 9\r\n\tCHANNELS 2 Yposition "
    "Xrotation\r\n}\r\nMOTION\r\n"
    "Frames:\t3\r\nFrame Time: .0083333\r\n1 2 3 10 20 30 40 50 60 7 45\r\n1 2 3.5 179 80 -30 -40 89.9999 60 8 90\r\n"
    "1e1 2 5.1072e-06 -175 85 -30 -45 90 65 9 -135";

static pith_status read_text(clip_file *f, const void *data, size_t n, pith_diag *why) {
    uint8_t *copy = malloc(n ? n : 1); /* of the exact size, for the sanitizers */
    memcpy(copy, data, n);
    *why = (pith_diag){0};
    pith_status status = clip_read(f, copy, n, why);
    free(copy);
    assert_true((status == PITH_OK) == (why->message[0] == '\0'));
    return status;
}

static void near_values(const float *a, const float *b, size_t n, unsigned width, double most) {
    assert_true(!a == !b);
    for (size_t t = 0; a && t < n; t++) {
        double dot = 0;
        for (unsigned i = 0; i < width; i++) dot += (double)a[t * width + i] * b[t * width + i];
        double sign = width == 4 && dot < 0 ? -1 : 1;
        for (unsigned i = 0; i < width; i++) assert_true(fabs(a[t * width + i] - sign * b[t * width + i]) <= most);
    }
}

static void same_motion(const pith_motion *a, const pith_motion *b, double most) {
    assert_int_equal(a->n_joints, b->n_joints);
    assert_int_equal(a->n_clips, b->n_clips);
    for (size_t j = 0; j < a->n_joints; j++) {
        assert_int_equal(a->joints[j].parent, b->joints[j].parent);
        assert_string_equal(a->joints[j].name, b->joints[j].name);
        assert_memory_equal(a->joints[j].translation, b->joints[j].translation, sizeof a->joints[j].translation);
    }
    for (size_t c = 0; c < a->n_clips; c++) {
        const pith_motion_clip *x = &a->clips[c], *y = &b->clips[c];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->n_samples, y->n_samples);
        assert_true(fabs(x->frame_seconds - y->frame_seconds) < 1e-6);
        for (size_t j = 0; j < a->n_joints; j++) {
            near_values(x->tracks[j].rotations, y->tracks[j].rotations, x->n_samples, 4, most);
            near_values(x->tracks[j].translations, y->tracks[j].translations, x->n_samples, 3, most);
            near_values(x->tracks[j].scales, y->tracks[j].scales, x->n_samples, 3, most);
            assert_int_equal(x->tracks[j].stepped, y->tracks[j].stepped);
        }
        assert_int_equal(x->n_scalars, y->n_scalars);
        for (size_t i = 0; i < x->n_scalars; i++)
            near_values(x->scalars[i].values, y->scalars[i].values, x->n_samples, 1, most);
    }
}

static void bvh_comes_back(void **state) {
    (void)state;
    clip_file a, b;
    pith_diag why;
    pith_bytes text;
    if (read_text(&a, bvh, sizeof bvh - 1, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_int_equal(a.motion.n_joints, 4);
    assert_string_equal(a.motion.joints[0].name, "hip joint");
    assert_int_equal(a.motion.joints[1].parent, 0);
    assert_int_equal(a.motion.joints[3].parent, -1);
    assert_true(a.motion.joints[1].translation[1] == -40 && a.motion.joints[0].translation[2] == -0.2);
    assert_int_equal(a.motion.clips[0].n_samples, 3);
    assert_true(a.motion.clips[0].tracks[0].translations[3 * 1 + 2] == 3.5f);
    assert_true(a.motion.clips[0].tracks[3].translations[0] == 9); /* no channel: the OFFSET */
    assert_null(a.motion.clips[0].tracks[2].rotations);
    /* 45 degrees about x */
    assert_true(fabs(a.motion.clips[0].tracks[3].rotations[0] - sin(atan(1) / 2)) < 1e-6);
    if (clip_write(&text, &a.motion, &why) != PITH_OK) fail_msg("%s", why.message);
    if (read_text(&b, text.data, text.n_bytes, &why) != PITH_OK) fail_msg("%s", why.message);
    same_motion(&a.motion, &b.motion, 2e-6);
    assert_int_equal(a.motion.source.n_bytes, b.motion.source.n_bytes);
    assert_memory_equal(a.motion.source.data, b.motion.source.data, a.motion.source.n_bytes);
    free(text.data);
    clip_free(&a);
    clip_free(&b);
}

/* Every order of channels, angles through the poles. */
static void bvh_angles_of_any_order(void **state) {
    (void)state;
    static const char *const orders[] = {"X Y Z", "X Z Y", "Y X Z", "Y Z X", "Z X Y", "Z Y X"};
    for (size_t o = 0; o < 6; o++) {
        char text[8192];
        int n = snprintf(text, sizeof text,
                         "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 3 %crotation %crotation "
                         "%crotation\n}\nMOTION\nFrames: 60\nFrame Time: 0.1\n",
                         orders[o][0], orders[o][2], orders[o][4]);
        for (int t = 0; t < 60; t++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%d %d %d\n", 13 * t, 3 * t - 90, 200 - 9 * t);
        clip_file a, b;
        pith_diag why;
        pith_bytes again;
        if (read_text(&a, text, (size_t)n, &why) != PITH_OK) fail_msg("%s", why.message);
        assert_int_equal(clip_write(&again, &a.motion, &why), PITH_OK);
        assert_int_equal(read_text(&b, again.data, again.n_bytes, &why), PITH_OK);
        same_motion(&a.motion, &b.motion, 2e-6);
        free(again.data);
        clip_free(&a);
        clip_free(&b);
    }
}

static void wrong_bvh_is_refused(void **state) {
    (void)state;
    clip_file f;
    pith_diag why;
    for (size_t n = 0; n < sizeof bvh - 2; n++)
        if (read_text(&f, bvh, n, &why) == PITH_OK) clip_free(&f); /* the last number may be cut */
    static const char *const wrong[] = {
        "HIERARCHY\nMOTION\nFrames: 1\nFrame Time: 1\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 2 Xrotation Xrotation\n}\nMOTION\nFrames:1\nFrame Time:1\n0 0\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n}\nMOTION\nFrames: 99999999999\nFrame Time: 1\n0\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n}\nMOTION\nFrames: 2\nFrame Time: 0\n0 0\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 nan 0\nCHANNELS 1 Xrotation\n}\nMOTION\nFrames: 1\nFrame Time: 1\n0\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n}\nMOTION\nFrames: 1\nFrame Time: 1\n0 0\n",
        "HIERARCHY\nROOT a\n{\nOFFSET 0 0 0\nCHANNELS 1 Xrotation\n}\n}\nMOTION\nFrames: 1\nFrame Time: 1\n0\n",
        "Kaydara FBX Binary  \x00\x1a\x00",
        "nothing"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_not_equal(read_text(&f, wrong[i], strlen(wrong[i]), &why), PITH_OK);
    assert_int_not_equal(read_text(&f, wrong[7], 20, &why), PITH_OK);
    assert_non_null(strstr(why.message, "FBX"));
}

/* ---- GLB -------------------------------------------------------------------------------------------- */

static void put_u32(uint8_t *p, size_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}

/* JSON and floats as a file. */
static pith_bytes make_glb(const char *json, const float *floats, size_t n_floats) {
    size_t n = strlen(json), padded = (n + 3) & ~(size_t)3, total = 28 + padded + 4 * n_floats;
    uint8_t *file = calloc(total, 1);
    memcpy(file, "glTF", 4);
    put_u32(file + 4, 2);
    put_u32(file + 8, total);
    put_u32(file + 12, padded);
    memcpy(file + 16, "JSON", 4);
    memset(file + 20, ' ', padded);
    memcpy(file + 20, json, n);
    put_u32(file + 20 + padded, 4 * n_floats);
    memcpy(file + 24 + padded, "BIN", 4);
    memcpy(file + 28 + padded, floats, 4 * n_floats);
    return (pith_bytes){file, total};
}

static const char glb_json[] =
    "{\"asset\":{\"version\":\"2.0\"},\"extras\":{\"mine\":[1,2]},\"buffers\":[{\"byteLength\":172}],"
    "\"bufferViews\":[{\"buffer\":0,\"byteOffset\":0,\"byteLength\":12},{\"buffer\":0,\"byteOffset\":12,\"byteLength\":"
    "48},"
    "{\"buffer\":0,\"byteOffset\":60,\"byteLength\":8},{\"buffer\":0,\"byteOffset\":68,\"byteLength\":24},"
    "{\"buffer\":0,\"byteOffset\":92,\"byteLength\":16},{\"buffer\":0,\"byteOffset\":108,\"byteLength\":64}],"
    "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":3,\"type\":\"SCALAR\",\"min\":[0],\"max\":[1]},"
    "{\"bufferView\":1,\"componentType\":5126,\"count\":3,\"type\":\"VEC4\"},"
    "{\"bufferView\":2,\"componentType\":5126,\"count\":2,\"type\":\"SCALAR\",\"min\":[0.25],\"max\":[1]},"
    "{\"bufferView\":3,\"componentType\":5126,\"count\":2,\"type\":\"VEC3\"},"
    "{\"bufferView\":4,\"componentType\":5126,\"count\":4,\"type\":\"SCALAR\"},"
    "{\"bufferView\":5,\"componentType\":5126,\"count\":1,\"type\":\"MAT4\"}],"
    "\"nodes\":[{\"name\":\"leaf\",\"translation\":[0,2,0]},{\"name\":\"root\",\"children\":[0],\"scale\":[2,2,2]},{"
    "\"name\":\"camera\"}],"
    "\"skins\":[{\"joints\":[0],\"inverseBindMatrices\":5}],"
    "\"animations\":[{\"name\":\"wave\",\"samplers\":[{\"input\":0,\"output\":1},{\"input\":2,\"output\":3,"
    "\"interpolation\":\"STEP\"},"
    "{\"input\":2,\"output\":4}],\"channels\":[{\"sampler\":0,\"target\":{\"node\":0,\"path\":\"rotation\"}},"
    "{\"sampler\":1,\"target\":{\"node\":1,\"path\":\"translation\"}},{\"sampler\":2,\"target\":{\"node\":1,\"path\":"
    "\"weights\"}}]}]}";
static const float glb_floats[43] = {0, 0.5f, 1, 0,    0, 0, 1, 0, 0.6f, 0, 0.8f, 0, 0, 0, 1, 0.25f, 1, 1, 2, 3,  4, 5,
                                     6, 0,    1, 0.5f, 0, 1, 0, 0, 0,    0, 1,    0, 0, 0, 0, 1,     0, 0, 0, -2, 1};

static void glb_comes_back(void **state) {
    (void)state;
    clip_file a, b;
    pith_diag why;
    pith_bytes file = make_glb(glb_json, glb_floats, 43), again;
    if (read_text(&a, file.data, file.n_bytes, &why) != PITH_OK) fail_msg("%s", why.message);
    const pith_motion *m = &a.motion;
    assert_int_equal(m->n_joints, 2); /* the camera does not move */
    assert_string_equal(m->joints[0].name, "root");
    assert_string_equal(m->clips[0].name, "wave");
    assert_int_equal(m->clips[0].n_samples, 4); /* 0, 0.25, 0.5, 1 */
    assert_true(m->clips[0].frame_seconds == 0 && m->clips[0].times[1] == 0.25f);
    assert_int_equal(m->clips[0].tracks[0].stepped, PITH_MOTION_STEP_TRANSLATIONS);
    assert_true(m->clips[0].tracks[0].translations[6] == 1 && m->clips[0].tracks[0].translations[9] == 4);
    /* half of the turn after a quarter of a second */
    assert_true(fabs(m->clips[0].tracks[1].rotations[4 + 1] - sin(asin(0.6) / 2)) < 1e-6);
    assert_int_equal(m->clips[0].n_scalars, 2);
    if (clip_write(&again, m, &why) != PITH_OK) fail_msg("%s", why.message);
    if (read_text(&b, again.data, again.n_bytes, &why) != PITH_OK) fail_msg("%s", why.message);
    same_motion(m, &b.motion, 1e-6);
    /* What is not animation is as it was: extras, and the skin's matrix. */
    json_t *json = json_loadb((const char *)again.data + 20, again.data[12] | (size_t)again.data[13] << 8, 0, NULL);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(json_object_get(json, "extras"), "mine"), 1)),
                     2);
    assert_null(json_object_get(json, "pith"));
    json_t *accessor = json_array_get(json_object_get(json, "accessors"), 5);
    json_t *view = json_array_get(json_object_get(json, "bufferViews"),
                                  (size_t)json_integer_value(json_object_get(accessor, "bufferView")));
    size_t bin = 28 + (again.data[12] | (size_t)again.data[13] << 8),
           at = (size_t)json_integer_value(json_object_get(view, "byteOffset"));
    assert_memory_equal(again.data + bin + at, glb_floats + 27, 64);
    json_decref(json);
    free(file.data);
    free(again.data);
    clip_free(&a);
    clip_free(&b);
}

/* A JSON with one word replaced. */
static void with(const char *from, const char *to, pith_status expected) {
    char json[sizeof glb_json + 200];
    const char *at = strstr(glb_json, from);
    clip_file f;
    pith_diag why;
    assert_non_null(at);
    snprintf(json, sizeof json, "%.*s%s%s", (int)(at - glb_json), glb_json, to, at + strlen(from));
    pith_bytes file = make_glb(json, glb_floats, 43);
    pith_status status = read_text(&f, file.data, file.n_bytes, &why);
    if (status == PITH_OK) clip_free(&f);
    if (status != expected) fail_msg("%s: %s", to, why.message);
    free(file.data);
}

static void wrong_glb_is_refused(void **state) {
    (void)state;
    with("\"children\":[0]", "\"children\":[1]", PITH_E_FORMAT);
    with("\"children\":[0]", "\"children\":[7]", PITH_E_FORMAT);
    with("\"count\":3,\"type\":\"VEC4\"", "\"count\":4,\"type\":\"VEC4\"", PITH_E_FORMAT);
    with("\"count\":3,\"type\":\"VEC4\"", "\"count\":99999999999,\"type\":\"VEC4\"", PITH_E_FORMAT);
    with("\"count\":3,\"type\":\"VEC4\"", "\"count\":3,\"type\":\"VEC3\"", PITH_E_FORMAT);
    with("\"byteOffset\":12,", "\"byteOffset\":99999999,", PITH_E_FORMAT);
    with("\"byteOffset\":12,", "\"byteOffset\":12,\"byteStride\":8,", PITH_E_FORMAT);
    with("\"input\":0,", "\"input\":9,", PITH_E_FORMAT);
    with("\"path\":\"rotation\"", "\"path\":\"pointer\"", PITH_E_UNSUPPORTED);
    with("\"node\":0,", "\"node\":3,", PITH_E_FORMAT);
    with("\"extras\"", "\"extensionsUsed\":[\"EXT_meshopt_compression\"],\"extras\"", PITH_E_UNSUPPORTED);
    with("\"animations\"", "\"animation\"", PITH_E_UNSUPPORTED);
    with("{\"byteLength\":172}", "{\"byteLength\":172,\"uri\":\"a.bin\"}", PITH_E_UNSUPPORTED);
    with("\"asset\"", "asset", PITH_E_FORMAT);
    with("\"mine\":[1,2]", "\"mine\":[1,3]", PITH_OK);
    clip_file f;
    pith_diag why;
    pith_bytes file = make_glb(glb_json, glb_floats, 43);
    for (size_t n = 0; n < file.n_bytes; n++) assert_int_not_equal(read_text(&f, file.data, n, &why), PITH_OK);
    free(file.data);
}

/* Between cubic keys samples are added, so that straight lines come near. */
static void splines_are_sampled(void **state) {
    (void)state;
    static const char json[] = "{\"asset\":{\"version\":\"2.0\"},\"buffers\":[{\"byteLength\":80}],\"bufferViews\":[{"
                               "\"buffer\":0,\"byteLength\":8},"
                               "{\"buffer\":0,\"byteOffset\":8,\"byteLength\":72}],\"accessors\":[{\"bufferView\":0,"
                               "\"componentType\":5126,\"count\":2,\"type\":\"SCALAR\"},"
                               "{\"bufferView\":1,\"componentType\":5126,\"count\":6,\"type\":\"VEC3\"}],\"nodes\":[{}]"
                               ",\"animations\":[{\"samplers\":[{\"input\":0,"
                               "\"output\":1,\"interpolation\":\"CUBICSPLINE\"}],\"channels\":[{\"sampler\":0,"
                               "\"target\":{\"node\":0,\"path\":\"translation\"}}]}]}";
    /* x: from 0 with slope 0 to 1 with slope 0; y: a straight line */
    static const float floats[20] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 1, 4, 0, 0, 4, 0};
    clip_file f;
    pith_diag why;
    pith_bytes file = make_glb(json, floats, 20);
    if (read_text(&f, file.data, file.n_bytes, &why) != PITH_OK) fail_msg("%s", why.message);
    const pith_motion_clip *clip = &f.motion.clips[0];
    assert_int_equal(clip->n_samples, 61);
    for (size_t t = 0; t < 61; t++) {
        double s = (double)t / 60;
        assert_true(fabs(clip->tracks[0].translations[3 * t] - (3 * s * s - 2 * s * s * s)) < 1e-5);
        assert_true(fabs(clip->tracks[0].translations[3 * t + 1] - 4 * s) < 1e-5);
    }
    free(file.data);
    clip_free(&f);
}

static void the_unit_is_guessed(void **state) {
    (void)state;
    char reason[PITH_MESSAGE_BYTES];
    static const double scales[][2] = {{1, 1}, {0.01, 100}, {1 / 5.644, 5.644}, {10, 0.1}};
    for (size_t i = 0; i < 4; i++) {
        pith_motion_joint joints[3] = {{.parent = -1, .scale = {1, 1, 1}},
                                       {.parent = 0, .translation = {0, 45 * scales[i][0], 0}, .scale = {1, 1, 1}},
                                       {.parent = 1, .translation = {0, 45 * scales[i][0], 0}, .scale = {1, 1, 1}}};
        pith_motion m = {.struct_size = sizeof m, .joints = joints, .n_joints = 3};
        assert_true(clip_guess_unit(&m, reason) == scales[i][1]);
        assert_int_not_equal(reason[0], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bvh_comes_back),       cmocka_unit_test(bvh_angles_of_any_order),
        cmocka_unit_test(wrong_bvh_is_refused), cmocka_unit_test(glb_comes_back),
        cmocka_unit_test(wrong_glb_is_refused), cmocka_unit_test(splines_are_sampled),
        cmocka_unit_test(the_unit_is_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
