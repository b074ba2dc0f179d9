/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* .pithm files: whatever opens can be read, in any range, and ranges agree. */
#include <stdlib.h>
#include <string.h>

#include <pith/motion.h>

#include "container_file.h"
#include "mend.h"

#define MAX_SAMPLES 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

static void read_clip(const pith_motion_reader *r, uint64_t c) {
    const pith_motion *m = pith_motion_contents(r);
    uint64_t n = m->clips[c].n_samples < MAX_SAMPLES ? m->clips[c].n_samples : MAX_SAMPLES;
    pith_motion_info info = {.struct_size = sizeof info};
    pith_motion_clip *whole = NULL, *last = NULL;
    pith_diag why = {0};
    require(pith_motion_clip_info(r, c, &info) == PITH_OK && info.error > 0);
    pith_status status = pith_motion_read(r, c, 0, n, &whole, &why);
    require((status == PITH_OK) == (why.message[0] == '\0') && status != PITH_E_INTERNAL && status != PITH_E_ARG);
    if (status == PITH_OK && pith_motion_read(r, c, n - 1, 1, &last, NULL) == PITH_OK)
        for (uint64_t j = 0; j < m->n_joints; j++) {
            const float *a = whole->tracks[j].rotations, *b = last->tracks[j].rotations;
            require(!a == !b);
            if (a) require(memcmp(a + 4 * (n - 1), b, 4 * sizeof *a) == 0);
        }
    pith_motion_clip_free(r, &whole);
    pith_motion_clip_free(r, &last);
}

static void read_file(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag why = {0};
    pith_motion_reader *r = NULL;
    pith_env_defaults(&env, sizeof env);
    env.max_chunks = 1000;
    env.threads = 1;
    pith_status status = pith_motion_open(&r, data, n_bytes, &env, &why);
    require((status == PITH_OK) == (r != NULL) && (status == PITH_OK) == (why.message[0] == '\0'));
    require(status != PITH_E_INTERNAL && status != PITH_E_ARG);
    for (uint64_t c = 0; r && c < pith_motion_contents(r)->n_clips && c < 3; c++) read_clip(r, c);
    pith_motion_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    read_file(data, n_bytes);
    uint8_t *mended = mend_copy(data, n_bytes);
    container_mend_crcs(mended, n_bytes);
    read_file(mended, n_bytes);
    free(mended);
    return 0;
}
