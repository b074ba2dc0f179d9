/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The names that the tools of the world give the same tensors: the original
 * implementation's with and without its prefixes, diffusers' old and new,
 * TAESD's two. Here each becomes the canonical one of sd_layout.h. */
#ifndef PITH_WEIGHTS_DIALECTS_H
#define PITH_WEIGHTS_DIALECTS_H

#include "weights/sd_layout.h"

/* What is known of a file before its names are looked at. */
typedef enum dialect_hint {
    DIALECT_ANY = 0,  /* a single file: prefixes tell the parts */
    DIALECT_VAE = 1,  /* a diffusers folder's vae/ */
    DIALECT_UNET = 2, /* its unet/ */
    DIALECT_TEXT = 3  /* its text_encoder/ */
} dialect_hint;

/* Adds to `to` every tensor of `from` that belongs to a model Pith knows,
 * under its canonical name and with its canonical rank, and takes over the
 * mappings of `from`. Other tensors (optimizer states, averages, schedules)
 * are left out. Refuses one that occurs twice, or that cannot be used. */
pith_status dialects_apply(tensor_table *to, tensor_table *from, dialect_hint hint, const layout *names,
                           pith_diag *diag) PITH_MUST_CHECK;

#endif
