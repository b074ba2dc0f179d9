/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PyTorch checkpoints (.ckpt, .pt, .pth, .bin): a zip file with a pickle that maps tensors to bytes in the zip's
 * members. Members are stored, or deflated if the file was repacked. Nothing in it is executed. */
#ifndef PITH_WEIGHTS_CKPT_H
#define PITH_WEIGHTS_CKPT_H

#include "weights/tensor_table.h"

/* Reads the tensors of the state dict (the file's root dict, or one inside it named e.g. "state_dict"), under its
 * names. `data` must outlive the table; the table owns only what was inflated. Other contents are ignored. A tensor
 * whose values cannot be used has `fault` set. */
pith_status ckpt_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
