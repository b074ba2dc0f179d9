/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/size_search.h"

double size_search_next(const size_end *too_many, const size_end *fits, double log_target, double usual_slope,
                        bool halve) {
    const size_end *from = fits->known ? fits : too_many;
    double slope = usual_slope;
    if (fits->known && too_many->known)
        slope = (fits->log_bytes - too_many->log_bytes) / (fits->index - too_many->index);
    if (halve || !from->known || !(slope < 0)) return 0.5 * (too_many->index + fits->index);
    return from->index + (log_target - from->log_bytes) / slope;
}
