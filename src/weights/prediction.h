/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How a U-Net was trained. Shapes do not tell this, but pictures depend on it. The notes of different tools are
 * mapped to three metadata keys, which Pith's own files also use. */
#ifndef PITH_WEIGHTS_PREDICTION_H
#define PITH_WEIGHTS_PREDICTION_H

#include "weights/tensor_table.h"

#define PREDICTION_KEY "prediction_type" /* "v_prediction" or "epsilon", the default */
#define PREDICTION_EPSILON "epsilon"
#define PREDICTION_V "v_prediction"
#define ZERO_SNR_KEY "rescale_betas_zero_snr" /* "true": the last timestep is pure noise */
#define UNET_FAULT_KEY "unet_fault"           /* why it cannot be run, in words; never in Pith's own files */

/* From a single file under its own names: the marks `v_pred` and `ztsnr`, which are tensors without values; the
 * metadata of the ModelSpec standard; and 8-bit floats with scales. */
pith_status prediction_from_marks(tensor_table *to, const tensor_table *raw) PITH_MUST_CHECK;

/* From the configuration that other programs expect next to a checkpoint (NAME.yaml): `parameterization: "v"`. */
pith_status prediction_from_yaml(tensor_table *to, const char *text, size_t n_bytes) PITH_MUST_CHECK;

/* From a diffusers folder's scheduler/scheduler_config.json. */
pith_status prediction_from_scheduler(tensor_table *to, const char *text, size_t n_bytes) PITH_MUST_CHECK;

#endif
