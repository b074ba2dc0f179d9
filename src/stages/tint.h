/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures of one tint: grey ones in three channels, sepia, ink on paper. The
 * networks would give them colours that they do not have. */
#ifndef PITH_STAGES_TINT_H
#define PITH_STAGES_TINT_H

#include "container/ctr_read.h"
#include "picture/kept_source.h"

/* True when all the colours that can be seen lie as good as on a line, whose ends are then in `tint`. */
bool tint_find(const kept_source *source, ctr_tint *tint);

#endif
