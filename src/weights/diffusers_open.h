/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Folders in diffusers' format: one file per part of the model, and JSON files. */
#ifndef PITH_WEIGHTS_DIFFUSERS_OPEN_H
#define PITH_WEIGHTS_DIFFUSERS_OPEN_H

#include "weights/tensor_table.h"

/* Adds the parts in the folder `path` to `to`, under canonical names. The folder may hold a whole model, one part, or
 * TAESD's two files, or be one of the Hugging Face cache (models--...). Messages name the file. */
pith_status diffusers_open(tensor_table *to, const pith_env *env, const char *path, pith_diag *diag) PITH_MUST_CHECK;

#endif
