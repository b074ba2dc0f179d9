/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_PIXELS 4096u

static pith_env env;
static pith_model *model;

static void start(void) {
    char path[4096];
    pith_diag why = {0};
    const char *root = getenv("PITH_SOURCE_DIR");
    pith_env_defaults(&env, sizeof env);
    env.backend = "ref";
    env.threads = 1;
    env.max_pixels = MAX_PIXELS;
    env.max_chunks = 1000;
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", root ? root : PITH_SOURCE_FOLDER);
    if (pith_model_open(&model, &env, path, &why) == PITH_OK) return;
    fprintf(stderr, "%s: %s\n", path, why.message);
    exit(1);
}

const pith_env *tiny_env(void) {
    if (!model) start();
    return &env;
}

pith_model *tiny_model(void) {
    if (!model) start();
    return model;
}
