/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The closed loop for text, drawings and flat graphics. The weights of blocks must be set. */
#ifndef PITH_SEARCH_DRAWN_H
#define PITH_SEARCH_DRAWN_H

#include "search/fit.h"

/* The best score within options.max_bytes. PITH_E_LIMIT if nothing is so small. */
pith_status drawn_to_size(trial *s, attempt *best) PITH_MUST_CHECK;

/* The smallest file that looks as good as a photo of options.quality. */
pith_status drawn_to_quality(trial *s, attempt *best) PITH_MUST_CHECK;

#endif
