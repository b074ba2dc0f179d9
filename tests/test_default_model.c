/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The built-in model without a path: where it is looked for, in which order,
 * and what is said when it is not right; and models from memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "api_case.h"
#include "temp_file.h"

static uint8_t *tiny; /* the bytes of a model's file */
static size_t tiny_bytes;
static uint8_t *newer; /* the same but for its name, tiny-2 */

static int setup(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", getenv("PITH_SOURCE_DIR"));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    tiny_bytes = (size_t)ftell(file);
    rewind(file);
    tiny = malloc(tiny_bytes);
    assert_int_equal(fread(tiny, 1, tiny_bytes, file), tiny_bytes);
    fclose(file);
    newer = malloc(tiny_bytes);
    memcpy(newer, tiny, tiny_bytes);
    for (size_t i = 0; i + 6 < tiny_bytes; i++)
        if (memcmp(newer + i, "tiny-1", 6) == 0) newer[i + 5] = '2';
    return 0;
}

static int teardown(void **state) {
    (void)state;
    free(tiny);
    free(newer);
    return 0;
}

/* ---- folders ------------------------------------------------------------------------ */

static void folders_are_those_of_the_environment_and_of_the_program(void **state) {
    (void)state;
    char text[16384], again[16384], *at;
    setenv("PITH_MODELS", "::/a::/b:", 1);
    setenv("XDG_DATA_HOME", "/data", 1);
    const size_t n = pith_model_folders(text, sizeof text);
    assert_int_equal(n, strlen(text));
    assert_int_equal(strncmp(text, "/a:/b:/", 7), 0);
    assert_string_equal(text + n - strlen(":/data/pith/models"), ":/data/pith/models");
    at = strstr(text, "/share/pith/models:");
    assert_non_null(at); /* beside the program's folder */
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "/home/x", 1);
    (void)pith_model_folders(text, sizeof text);
    assert_non_null(strstr(text, ":/home/x/.local/share/pith/models"));
    setenv("XDG_DATA_HOME", "relative", 1); /* not to be followed, says its standard */
    (void)pith_model_folders(again, sizeof again);
    assert_string_equal(text, again);
    /* As much as there is room for. */
    memset(again, 'x', sizeof again);
    assert_int_equal(pith_model_folders(again, 4), strlen(text));
    assert_memory_equal(again, "/a:\0x", 5);
    assert_int_equal(pith_model_folders(again + 5, 0), strlen(text));
    assert_int_equal(again[5], 'x');
    assert_int_equal(pith_model_folders(NULL, 100), strlen(text));
}

/* ---- choosing ------------------------------------------------------------------------- */

static const char *in_folder(const char *folder) {
    (void)mkdir(temp_path(folder), 0700);
    return folder;
}

static void put(const char *folder, const char *name, const void *data, size_t n_bytes) {
    char place[512];
    snprintf(place, sizeof place, "%s/%s", in_folder(folder), name);
    temp_write(place, data, n_bytes);
}

static void take_away(const char *folder, const char *name) {
    char place[512];
    snprintf(place, sizeof place, "%s/%s", folder, name);
    assert_int_equal(remove(temp_path(place)), 0);
    (void)remove(temp_path(folder));
}

/* The name of what is opened with these two folders. */
static void opens(const char *name) {
    char folders[8192];
    pith_model *model = NULL;
    pith_diag why = {0};
    pith_model_contents contents = {.struct_size = sizeof contents};
    snprintf(folders, sizeof folders, "%s:%s", temp_path("one"), temp_path("two"));
    setenv("PITH_MODELS", folders, 1);
    if (pith_model_open_default(&model, NULL, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_int_equal(pith_model_get_contents(model, &contents), PITH_OK);
    assert_int_equal(strncmp(contents.name, name, strlen(name)), 0);
    pith_model_free(&model);
}

static void the_first_built_in_model_is_taken(void **state) {
    (void)state;
    put("two", "other.safetensors", tiny, tiny_bytes);
    opens("mini-"); /* that of the build, whose file is called as it should be */
    put("two", "mini.safetensors", tiny, tiny_bytes);
    opens("tiny-1");
    put("one", "mini.safetensors", "broken", 6);
    opens("tiny-1");
    take_away("two", "mini.safetensors");
    opens("mini-"); /* a broken one does not hide one that is right */
    take_away("one", "mini.safetensors");
    put("one", "mini-5.safetensors", tiny, tiny_bytes);
    put("one", "mini-11.safetensors", newer, tiny_bytes);
    opens("tiny-2"); /* the newest */
    put("one", "mini-99x.safetensors", tiny, tiny_bytes);
    put("two", "mini.safetensors", tiny, tiny_bytes);
    opens("tiny-2"); /* of the first folder that has one */
    put("one", "mini.safetensors", tiny, tiny_bytes);
    opens("tiny-1"); /* a choice of one's own */
    take_away("one", "mini.safetensors");
    take_away("one", "mini-5.safetensors");
    take_away("one", "mini-11.safetensors");
    take_away("one", "mini-99x.safetensors");
    take_away("two", "mini.safetensors");
    take_away("two", "other.safetensors");
}

static void wrong_calls_are_told(void **state) {
    (void)state;
    pith_model *model = NULL;
    pith_diag why;
    assert_int_equal(pith_model_open_default(NULL, NULL, &why), PITH_E_ARG);
    assert_int_equal(pith_model_open_memory(&model, NULL, NULL, 10, &why), PITH_E_ARG);
    assert_int_equal(pith_model_open_memory(NULL, NULL, tiny, tiny_bytes, &why), PITH_E_ARG);
    /* These tests are linked without a model. */
    assert_int_equal(pith_model_open(&model, NULL, PITH_MODEL_BUILT_IN, &why), PITH_E_MODEL_MISSING);
    assert_string_equal(why.message, "this library was built without a model");
    assert_null(model);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void a_model_from_memory_is_that_of_the_file(void **state) {
    (void)state;
    api_case c;
    pith_model *model = NULL;
    pith_diag why = {0};
    pith_model_contents contents = {.struct_size = sizeof contents}, of_file = {.struct_size = sizeof of_file};
    pith_image picture = api_waves(50, 30, 3, 8);
    api_open(&c, NULL, NULL);
    pith_bytes file = api_encode(&c, &picture, NULL);
    pith_image expected = api_decode(&c, file, NULL, 8);
    assert_int_equal(pith_model_get_contents(c.model, &of_file), PITH_OK);
    uint8_t *copy = malloc(tiny_bytes + 1); /* floats need not be aligned */
    memcpy(copy + 1, tiny, tiny_bytes);
    if (pith_model_open_memory(&model, NULL, copy + 1, tiny_bytes, &why) != PITH_OK) fail_msg("%s", why.message);
    assert_int_equal(pith_model_get_contents(model, &contents), PITH_OK);
    assert_memory_equal(&contents, &of_file, sizeof contents);
    pith_model_free(&c.model);
    c.model = model;
    pith_image got = api_decode(&c, file, NULL, 8);
    assert_memory_equal(got.pixels, expected.pixels, 30 * expected.stride_bytes);
    pith_bytes_free(&c.env, &file);
    api_close(&c);
    free(copy);
    free(got.pixels);
    free(expected.pixels);
    free(picture.pixels);
}

static void what_is_no_model_is_refused_from_memory(void **state) {
    (void)state;
    pith_model *model = NULL;
    pith_env env;
    pith_diag why;
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(pith_model_open_memory(&model, NULL, tiny, 0, &why), PITH_E_TRUNCATED);
    for (size_t n = 1; n < tiny_bytes; n += 997) {
        assert_int_not_equal(pith_model_open_memory(&model, NULL, tiny, n, &why), PITH_OK);
        assert_null(model);
        assert_true(why.message[0] != '\0');
    }
    env.max_model_bytes = tiny_bytes - 1;
    assert_int_equal(pith_model_open_memory(&model, &env, tiny, tiny_bytes, &why), PITH_E_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_those_of_the_environment_and_of_the_program),
        cmocka_unit_test(the_first_built_in_model_is_taken),
        cmocka_unit_test(wrong_calls_are_told),
        cmocka_unit_test(a_model_from_memory_is_that_of_the_file),
        cmocka_unit_test(what_is_no_model_is_refused_from_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
