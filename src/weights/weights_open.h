/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Opens any weights that Pith can run, whatever tool wrote them:
 *   Pith's own files (metadata "format" is "pith-..."): unchanged;
 *   a single .safetensors or .ckpt with the original names: whole models, or
 *     only the autoencoder, with or without prefixes; diffusers' names, too;
 *   a diffusers folder (vae/, unet/, text_encoder/), or one of its parts;
 *   TAESD: either of its two original files (the other is found next to it),
 *     or the diffusers file.
 * Names become those of dialects.h. Whether parts are complete is not checked
 * (see networks/sd_weights.h). No weights are read: the table keeps the files mapped. */
#ifndef PITH_WEIGHTS_WEIGHTS_OPEN_H
#define PITH_WEIGHTS_WEIGHTS_OPEN_H

#include "weights/tensor_table.h"

pith_status weights_open(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag) PITH_MUST_CHECK;

/* Like weights_open, from the bytes of one file, which must outlive the table. */
pith_status weights_open_memory(tensor_table **out, const pith_env *env, const void *data, size_t n_bytes,
                                pith_diag *diag) PITH_MUST_CHECK;

/* True if the metadata say that Pith wrote it ("format" is "pith-..."). */
bool weights_are_our_own(const tensor_table *table);

/* Message for a checkpoint with a U-Net but no text encoder, from which the U-Net's constant context is computed;
 * NULL if nothing is missing. */
const char *weights_missing_text(const tensor_table *table);

/* Opens one file under its own names: safetensors or PyTorch zip. */
pith_status weights_open_file(tensor_table **out, const pith_env *env, const char *path, pith_diag *diag)
    PITH_MUST_CHECK;

/* Makes a table of all tensors of `model` except its autoencoder's, and the autoencoder's tensors of `vae`. The
 * metadata are the model's. The data of `model` are borrowed; the mappings of `vae` are taken over. */
pith_status weights_join(tensor_table **out, const pith_env *env, const tensor_table *model, tensor_table *vae)
    PITH_MUST_CHECK;

#endif
