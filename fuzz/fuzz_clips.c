/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* BVH and GLB: what is read is a motion that can be written, and read again. */
#include <stdlib.h>
#include <string.h>

#include "motion/clip_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    clip_file a, b;
    pith_diag why = {0};
    pith_bytes written = {0};
    char reason[PITH_MESSAGE_BYTES];
    pith_status status = clip_read(&a, data, n_bytes, &why);
    require((status == PITH_OK) == (why.message[0] == '\0') && strchr(why.message, '\n') == NULL);
    if (status != PITH_OK) return 0;
    require(a.motion.n_joints > 0 && a.motion.n_clips > 0);
    require(clip_guess_unit(&a.motion, reason) > 0);
    status = clip_write(&written, &a.motion, &why);
    if (status == PITH_OK && clip_read(&b, written.data, written.n_bytes, &why) == PITH_OK) {
        require(a.motion.n_joints == b.motion.n_joints && a.motion.n_clips == b.motion.n_clips);
        clip_free(&b);
    }
    free(written.data);
    clip_free(&a);
    return 0;
}
