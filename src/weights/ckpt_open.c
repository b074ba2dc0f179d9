/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "weights/ckpt.h"
pith_status ckpt_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    (void)env;
    (void)data;
    (void)n_bytes;
    *out = NULL;
    return diag_set(diag, PITH_E_UNSUPPORTED, "PyTorch checkpoints are not read yet");
}
