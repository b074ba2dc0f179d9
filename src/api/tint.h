/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures of one tint: grey ones in three channels, sepia, ink on paper. The
 * networks would give them colours that they do not have. */
#ifndef PITH_API_TINT_H
#define PITH_API_TINT_H

#include "api/closed_source.h"
#include "container/ctr_read.h"

/* True when all the colours that can be seen lie as good as on a line, whose ends are then in `tint`. */
bool tint_find(const kept_source *source, ctr_tint *tint);

#endif
