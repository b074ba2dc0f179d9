/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One network in every format and precision, as the real tools write it: all
 * give the same tensors under the same names. The files are made here
 * (sd_files.h), and once more by ../shared/sd/make_checkpoint.py, where that,
 * python3 and numpy are, and by PyTorch, where that is. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "networks/sd_weights.h"
#include "sd_case.h"
#include "sd_files.h"
#include "weights/dialects.h"

#define PATH_BYTES 4096
#define SEED 1
#define WIDTH 32

static pith_env env;
static char source[PATH_BYTES / 4]; /* of the repository */
static char folder[PATH_BYTES / 4];
static char path[PATH_BYTES];
static bool has_others; /* files of other tools than this test */

static const char *in_folder(const char *name) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *in_shared(const char *name) {
    snprintf(path, sizeof path, "%s/../shared/sd/%s", source, name);
    return path;
}

/* ---- the files ------------------------------------------------------------------------- */

static int remove_one(const char *name, const struct stat *st, int kind, struct FTW *where) {
    (void)st, (void)kind, (void)where;
    return remove(name);
}

static void remove_folder(void) { (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* The first interpreter that knows the modules. */
static const char *find_python(const char *modules) {
    static const char *const interpreters[] = {"python3", "/usr/bin/python3"};
    char command[256];
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "%s -c 'import %s' 2>/dev/null", interpreters[i], modules);
        if (system(command) == 0) return interpreters[i];
    }
    return NULL;
}

/* What there is nobody to make is told, and missed below. */
static void make_files_of_others(void) {
    char command[PATH_BYTES];
    const char *python = find_python("numpy, torch");
    if (access(in_shared("make_checkpoint.py"), R_OK) != 0) {
        printf("SKIPPED: files of other tools: there is no ../shared/sd\n");
        return;
    }
    if (!python) printf("SKIPPED: .ckpt files of PyTorch: python3 has no torch\n");
    if (!python) python = find_python("numpy");
    if (!python) {
        printf("SKIPPED: files of other tools: there is no python3 with numpy\n");
        return;
    }
    snprintf(command, sizeof command, "%s '%s/tests/reference/make_checkpoints.py' '%s/../shared/sd' '%s'", python,
             source, source, folder);
    has_others = system(command) == 0;
    if (!has_others) exit(EXIT_FAILURE);
}

static void make_own_files(void) {
    const vae_config vae = sd_case_vae(WIDTH);
    const unet_config unet = sd_case_unet(WIDTH);
    for (int type = TENSOR_F32; type <= TENSOR_F16; type++) {
        random_sd r;
        if (!random_sd_new(&r, SEED, (tensor_type)type)) exit(EXIT_FAILURE);
        sd_case_add_vae(&r, &vae);
        if (type == TENSOR_F32) sd_write_original(in_folder("own-vae.safetensors"), &r, NULL);
        sd_case_add_unet(&r, &unet);
        sd_write_original(in_folder(type == TENSOR_F32 ? "own-f32.safetensors" : "own-f16.safetensors"), &r, NULL);
        sd_write_ckpt(in_folder(type == TENSOR_F32 ? "own-packed.ckpt" : "own-f16.ckpt"), &r, type == TENSOR_F32);
        sd_write_diffusers(in_folder(type == TENSOR_F32 ? "own-old" : "own-new"), &r, type == TENSOR_F16);
        random_sd_free(&r);
    }
}

static void make_files(void) {
    const char *build = getenv("PITH_BUILD_DIR"), *at = getenv("PITH_SOURCE_DIR");
    snprintf(source, sizeof source, "%s", at ? at : ".");
    snprintf(folder, sizeof folder, "%s/checkpoints-XXXXXX", build ? build : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    atexit(remove_folder);
    make_own_files();
    make_files_of_others();
}

/* ---- tests ----------------------------------------------------------------------------- */

typedef struct ids {
    bool has_unet;
    uint8_t vae[PITH_FINGERPRINT_BYTES], unet[PITH_FINGERPRINT_BYTES];
} ids;

static ids read_ids(const char *name) {
    ids found = {0};
    pith_diag diag = {0};
    tensor_table *table = NULL;
    if (sd_weights_open(&table, &env, in_folder(name), &diag) != PITH_OK) fail_msg("%s: %s", name, diag.message);
    assert_int_equal(tensor_table_fingerprint(table, PART_VAE, found.vae, &diag), PITH_OK);
    found.has_unet = tensor_table_has_part(table, PART_UNET);
    if (found.has_unet) assert_int_equal(tensor_table_fingerprint(table, PART_UNET, found.unet, &diag), PITH_OK);
    assert_int_equal(tensor_table_count(table), found.has_unet ? 248 + 686 : 248);
    tensor_table_free(&table);
    return found;
}

static void every_format_and_precision_gives_the_same_tensors(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool has_unet;
    } files[] = {
        {"f16.safetensors", true}, {"old", true},         {"new", true},
        {"f32.ckpt", true},        {"f16.ckpt", true},    {"flat.ckpt", true},
        {"strided.ckpt", true},    {"packed.ckpt", true}, {"vae.safetensors", false},
        {"old/vae", false},        {"new/vae", false},    {"old/vae/diffusion_pytorch_model.safetensors", false}};
    ids expected = read_ids("own-f32.safetensors");
    assert_true(expected.has_unet);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const bool is_by_others = strncmp(files[i].name, "own-", 4) != 0;
        const bool is_of_torch = is_by_others && strstr(files[i].name, ".ckpt");
        if (is_by_others && (!has_others || is_of_torch) && access(in_folder(files[i].name), R_OK) != 0) {
            printf("SKIPPED: %s\n", files[i].name);
            continue;
        }
        ids found = read_ids(files[i].name);
        assert_int_equal(found.has_unet, files[i].has_unet);
        assert_memory_equal(found.vae, expected.vae, sizeof found.vae);
        if (found.has_unet) assert_memory_equal(found.unet, expected.unet, sizeof found.unet);
    }
}

/* Names, as many and of the same ranks, of a JSON object {name: shape}. */
static size_t compare_names(const tensor_table *asked, const char *part, const json_t *shapes) {
    const char *key;
    json_t *shape;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)shapes, key, shape) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", part, key);
        const tensor *t = tensor_table_find(asked, name);
        if (!t) fail_msg("no plan asks for %s", name);
        assert_int_equal(t->rank, json_array_size(shape));
        n++;
    }
    return n;
}

static void plans_ask_for_the_tensors_of_the_public_files(void **state) {
    (void)state;
    const vae_config vae = sd_case_vae(WIDTH);
    const unet_config unet = sd_case_unet(WIDTH);
    const taesd_config taesd_config = sd_case_taesd();
    random_sd r;
    if (access(in_shared("sd14_keys.json"), R_OK) != 0) skip();
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_vae(&r, &vae);
    sd_case_add_unet(&r, &unet);
    sd_case_add_taesd(&r, &taesd_config);
    json_t *sd = json_load_file(in_shared("sd14_keys.json"), 0, NULL);
    json_t *taesd = json_load_file(in_shared("taesd_keys.json"), 0, NULL);
    size_t n = compare_names(r.table, PART_VAE, json_object_get(sd, "first_stage_model."));
    n += compare_names(r.table, PART_UNET, json_object_get(sd, "model.diffusion_model."));
    n += compare_names(r.table, "", taesd);
    assert_int_equal(n, tensor_table_count(r.table));
    json_decref(sd);
    json_decref(taesd);
    random_sd_free(&r);
}

int main(void) {
    make_files();
    pith_env_defaults(&env, sizeof env);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_and_precision_gives_the_same_tensors),
        cmocka_unit_test(plans_ask_for_the_tensors_of_the_public_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
