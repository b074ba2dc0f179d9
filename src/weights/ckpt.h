/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* PyTorch checkpoints (.ckpt, .pt, .pth, .bin): a zip whose members are stored,
 * or deflated by whoever packed it anew, with a pickle that says which bytes are which tensor. Nothing in it is
 * executed. */
#ifndef PITH_WEIGHTS_CKPT_H
#define PITH_WEIGHTS_CKPT_H

#include "weights/tensor_table.h"

/* The tensors of the state dict (the file's own, or the one it calls
 * "state_dict"), under its names, from a file's bytes, which must outlive the
 * table (but for what was deflated, which the table owns). What else the file holds is left out. A tensor whose values
 * cannot be used has `fault` set. */
pith_status ckpt_read(tensor_table **out, const pith_env *env, const uint8_t *data, size_t n_bytes, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
