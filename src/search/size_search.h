/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Where to look next for the step whose file has a size: the logarithm of the
 * bytes is nearly linear in the index of a step. */
#ifndef PITH_SEARCH_SIZE_SEARCH_H
#define PITH_SEARCH_SIZE_SEARCH_H

#include <stdbool.h>

/* An end of a search. */
typedef struct size_end {
    double index;
    double log_bytes;
    bool known; /* false: the end of the range, which was not tried */
} size_end;

/* An index between the one that takes too many bytes and the one that fits: where
 * the straight line through both ends meets the target. If only one end is known,
 * the line through it has the usual slope (below 0), and the index may lie beyond
 * the other end. If `halve` is set or neither is known, it is the middle. */
double size_search_next(const size_end *too_many, const size_end *fits, double log_target, double usual_slope,
                        bool halve);

#endif
