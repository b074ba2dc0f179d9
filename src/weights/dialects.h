/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Maps the tensor names of different tools to canonical ones: the original implementation's names with and without
 * prefixes, diffusers' old and new names, and TAESD's two kinds. A canonical name is the part's name followed by the
 * original implementation's name. */
#ifndef PITH_WEIGHTS_DIALECTS_H
#define PITH_WEIGHTS_DIALECTS_H

#include "weights/tensor_table.h"

#define PART_VAE "vae."
#define PART_UNET "unet."
#define PART_TEXT "text."
#define PART_TAESD_ENCODER "taesd_encoder."
#define PART_TAESD_DECODER "taesd_decoder."

/* Known about a file before its names are read. */
typedef enum dialect_hint {
    DIALECT_ANY = 0,  /* a single file; prefixes identify the parts */
    DIALECT_VAE = 1,  /* vae/ in a diffusers folder */
    DIALECT_UNET = 2, /* unet/ in a diffusers folder */
    DIALECT_TEXT = 3  /* text_encoder/ in a diffusers folder */
} dialect_hint;

/* Adds to `to`, under canonical names, every weight and bias of `from` that belongs to a layer of a part, and takes
 * over the mappings of `from`. Other tensors (optimizer states, averages, schedules) are ignored. Does not check
 * which tensors a network needs or their shapes. Fails if a canonical name occurs twice. */
pith_status dialects_apply(tensor_table *to, tensor_table *from, dialect_hint hint, pith_diag *diag) PITH_MUST_CHECK;

#endif
