/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Says what a weights file is when it is not one that Pith can run. */
#ifndef PITH_WEIGHTS_RECOGNISE_H
#define PITH_WEIGHTS_RECOGNISE_H

#include "weights/sd_layout.h"

/* The file's own names: refuses other families of models (SD 2.x, SDXL, Flux,
 * ControlNet, LoRA, ...) in a line that names the family. */
pith_status recognise_names(const tensor_table *raw, pith_diag *diag) PITH_MUST_CHECK;

/* The canonical table: parts whole, and of the widths that tell Stable
 * Diffusion 1.x from its relatives. `raw` (may be NULL) helps to say what a
 * file is of which nothing was known. */
pith_status recognise_parts(const tensor_table *canonical, const tensor_table *raw, const layout *names,
                            pith_diag *diag) PITH_MUST_CHECK;

#endif
