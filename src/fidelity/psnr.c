/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "fidelity/psnr.h"

#include <math.h>

#include "base/exact_math.h"
#include "fidelity/samples.h"

double fid_psnr(const pith_image *a, const pith_image *b) {
    const size_t n_channels = fid_channels_of(a, b);
    const unsigned max_a = fid_max_sample(a), max_b = fid_max_sample(b), max = max_a > max_b ? max_a : max_b;
    const unsigned scale_a = max / max_a, scale_b = max / max_b; /* 65535 is 257 times 255 */
    double sum = 0;
    for (size_t y = 0; y < a->format.height; y++) {
        const uint8_t *row_a = fid_row_of(a, y), *row_b = fid_row_of(b, y);
        uint64_t row_sum = 0;
        for (size_t x = 0; x < a->format.width; x++)
            for (size_t c = 0; c < n_channels; c++) {
                int64_t d =
                    (int64_t)fid_sample(a, row_a, x, c) * scale_a - (int64_t)fid_sample(b, row_b, x, c) * scale_b;
                row_sum += (uint64_t)(d * d);
            }
        sum += (double)row_sum;
    }
    const double mean = sum / ((double)a->format.width * a->format.height * (double)n_channels);
    return mean > 0 ? 10 * em_log10((double)max * max / mean) : INFINITY;
}
