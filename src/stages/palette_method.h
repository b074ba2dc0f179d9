/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Method "palette", the published baseline: latents <-> the PALT chunk, which is
 * 256 colours and an index for every position, deflated by zlib. */
#ifndef PITH_STAGES_PALETTE_METHOD_H
#define PITH_STAGES_PALETTE_METHOD_H

#include "container/ctr_read.h"
#include "container/ctr_write.h"
#include "stages/latents.h"

/* Appends PALT. `unit` is the model's palette_unit. head->step_index becomes that of
 * a uniform quantiser with as much noise. */
pith_status palette_write(byte_writer *chunk, ctr_head *head, const latent_planes *latents, float unit,
                          const pith_alloc *alloc, pith_diag *diag) PITH_MUST_CHECK;

/* Fills latents that latents_init has set up from the file's header. */
pith_status palette_read(const ctr_file *file, latent_planes *latents, float unit, const pith_alloc *alloc,
                         pith_diag *diag) PITH_MUST_CHECK;

#endif
