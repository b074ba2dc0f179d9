/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The closed loop on text, drawings and flat graphics. Blocks have their weights before. */
#ifndef PITH_SEARCH_DRAWN_H
#define PITH_SEARCH_DRAWN_H

#include "search/fit.h"

/* The best score of at most options.max_bytes; PITH_E_LIMIT when nothing is so small. */
pith_status drawn_to_size(loop_state *s, attempt *best) PITH_MUST_CHECK;

/* The fewest bytes that look as good as a photo of options.quality. */
pith_status drawn_to_quality(loop_state *s, attempt *best) PITH_MUST_CHECK;

#endif
