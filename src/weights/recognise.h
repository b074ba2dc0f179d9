/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Says what a weights file is when it is not one that Pith can run. */
#ifndef PITH_WEIGHTS_RECOGNISE_H
#define PITH_WEIGHTS_RECOGNISE_H

#include "weights/tensor_table.h"

/* The file's own names: refuses other families of models (SD 2.x, SDXL, Flux,
 * ControlNet, LoRA, ...) in a line that names the family. */
pith_status recognise_names(const tensor_table *raw, pith_diag *diag) PITH_MUST_CHECK;

/* Refuses a canonical table (dialects.h) without an autoencoder. `raw` (may be NULL) helps to say
 * what it is instead. */
pith_status recognise_autoencoder(const tensor_table *canonical, const tensor_table *raw, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
