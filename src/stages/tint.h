/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures of one tint: grey in three channels, sepia, ink on paper. The networks
 * would add colours that the picture does not have. */
#ifndef PITH_STAGES_TINT_H
#define PITH_STAGES_TINT_H

#include "container/ctr_read.h"
#include "picture/kept_source.h"

/* True if all visible colours lie almost on a line, whose ends are then in `tint`. */
bool tint_find(const kept_source *source, ctr_tint *tint);

#endif
