/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How a U-Net was trained, which shapes do not tell and pictures depend on:
 * from what each tool notes of it to three keys of a table's metadata, which
 * Pith's own files have as well. */
#ifndef PITH_WEIGHTS_PREDICTION_H
#define PITH_WEIGHTS_PREDICTION_H

#include "weights/tensor_table.h"

#define PREDICTION_KEY "prediction_type" /* "v_prediction"; "epsilon" where there is none */
#define PREDICTION_EPSILON "epsilon"
#define PREDICTION_V "v_prediction"
#define ZERO_SNR_KEY "rescale_betas_zero_snr" /* "true": the last timestep is noise alone */
#define UNET_FAULT_KEY "unet_fault"           /* why it cannot be run, in words; never in a file of ours */

/* Of a single file under its own names: the marks `v_pred` and `ztsnr`, which are tensors without values, the metadata
 * of the ModelSpec standard, and floats of 8 bits with scales. */
pith_status prediction_from_marks(tensor_table *to, const tensor_table *raw) PITH_MUST_CHECK;

/* Of the configuration that other programs want beside a checkpoint (NAME.yaml): `parameterization: "v"`. */
pith_status prediction_from_yaml(tensor_table *to, const char *text, size_t n_bytes) PITH_MUST_CHECK;

/* Of a diffusers folder's scheduler/scheduler_config.json. */
pith_status prediction_from_scheduler(tensor_table *to, const char *text, size_t n_bytes) PITH_MUST_CHECK;

#endif
