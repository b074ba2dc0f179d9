/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Opens any weights that Pith can run, whatever tool wrote them:
 *   Pith's own files (metadata "format" is "pith-..."): as they are;
 *   a single .safetensors or .ckpt with the original names: whole models, or
 *     only the autoencoder, with or without prefixes, diffusers' names too;
 *   a diffusers folder (vae/, unet/, text_encoder/), or one of its parts;
 *   TAESD: either of its two original files (the other is found beside it),
 *     or the diffusers file.
 * The names become those of dialects.h; that parts are whole is not looked at
 * (networks/sd_weights.h). No weights are read: the table keeps the files mapped. */
#ifndef PITH_WEIGHTS_WEIGHTS_OPEN_H
#define PITH_WEIGHTS_WEIGHTS_OPEN_H

#include "weights/tensor_table.h"

pith_status weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) PITH_MUST_CHECK;

/* One file's bytes, which must outlive the table. */
pith_status weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                pith_diag *diag) PITH_MUST_CHECK;

/* The metadata say that Pith wrote it ("format" is "pith-..."). */
bool weights_are_our_own(const tensor_table *table);

/* What to tell a user whose checkpoint has a U-Net but no text encoder, from
 * which the U-Net's constant context is computed; NULL when nothing is missing. */
const char *weights_missing_text(const tensor_table *table);

/* One file of any container under its own names: safetensors or PyTorch zip. */
pith_status weights_open_file(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag)
    PITH_MUST_CHECK;

/* A table of the tensors of `model` that are no autoencoder's, and those of `vae` that are; the
 * metadata are the model's. The data of `model` are borrowed, the mappings of `vae` taken over. */
pith_status weights_join(tensor_table **out, const pith_env *env, const tensor_table *model, tensor_table *vae)
    PITH_MUST_CHECK;

#endif
