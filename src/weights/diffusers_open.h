/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Folders as diffusers writes them: a file for each part of the model, and
 * JSON beside it. */
#ifndef PITH_WEIGHTS_DIFFUSERS_OPEN_H
#define PITH_WEIGHTS_DIFFUSERS_OPEN_H

#include "weights/tensor_table.h"

/* Adds the parts that the folder `path` has to `to`, under canonical names.
 * The folder is a whole model's, a part's own, TAESD's with its two files, or
 * one of the Hugging Face cache (models--...). Messages name the file. */
pith_status diffusers_open(tensor_table *to, const pith_env *env, const char *path, pith_diag *diag) PITH_MUST_CHECK;

#endif
