/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The names that the tools of the world give the same tensors: the original
 * implementation's with and without its prefixes, diffusers' old and new,
 * TAESD's two. Here each becomes the canonical one: that of the original
 * implementation, behind the name of its part. */
#ifndef PITH_WEIGHTS_DIALECTS_H
#define PITH_WEIGHTS_DIALECTS_H

#include "weights/tensor_table.h"

#define PART_VAE "vae."
#define PART_UNET "unet."
#define PART_TEXT "text."
#define PART_TAESD_ENCODER "taesd_encoder."
#define PART_TAESD_DECODER "taesd_decoder."

/* What is known of a file before its names are looked at. */
typedef enum dialect_hint {
    DIALECT_ANY = 0,  /* a single file: prefixes tell the parts */
    DIALECT_VAE = 1,  /* a diffusers folder's vae/ */
    DIALECT_UNET = 2, /* its unet/ */
    DIALECT_TEXT = 3  /* its text_encoder/ */
} dialect_hint;

/* Adds to `to` every weight and bias of `from` whose name is that of a layer of a part, under its
 * canonical name, and takes over the mappings of `from`. Others (optimizer states, averages, schedules)
 * are left out. Which of them a network needs, and in what shape, is not looked at. Refuses one that
 * occurs twice. */
pith_status dialects_apply(tensor_table *to, tensor_table *from, dialect_hint hint, pith_diag *diag) PITH_MUST_CHECK;

#endif
