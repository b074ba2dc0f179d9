/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights of any tool, as the networks need them: Pith's own files are used as
 * they are. From a Stable Diffusion 1.x or TAESD file of any widths and depths, only
 * what the plans of its networks need is kept: each tensor in its usual rank, each
 * part whole or absent. */
#ifndef PITH_NETWORKS_SD_WEIGHTS_H
#define PITH_NETWORKS_SD_WEIGHTS_H

#include "weights/tensor_table.h"

/* See weights_open.h. Warns of a U-Net without a text encoder. */
pith_status sd_weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) PITH_MUST_CHECK;
pith_status sd_weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                   pith_diag *diag) PITH_MUST_CHECK;

/* The same for a table with canonical names, which is replaced. */
pith_status sd_weights_keep(tensor_table **table, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

#endif
