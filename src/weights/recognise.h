/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Identifies weights files that Pith cannot run. */
#ifndef PITH_WEIGHTS_RECOGNISE_H
#define PITH_WEIGHTS_RECOGNISE_H

#include "weights/tensor_table.h"

/* Checks the file's own names: refuses other model families (SD 2.x, SDXL, Flux, ControlNet, LoRA, ...) with a
 * message that names the family. */
pith_status recognise_names(const tensor_table *raw, pith_diag *diag) PITH_MUST_CHECK;

/* Refuses a canonical table (dialects.h) without an autoencoder. `raw` (may be NULL) helps to identify the file. */
pith_status recognise_autoencoder(const tensor_table *canonical, const tensor_table *raw, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
