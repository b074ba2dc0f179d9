/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How much two pictures differ. They are 8- or 16-bit, grey or RGB, of
 * the same size; grey is compared as RGB with three equal channels. */
#ifndef PITH_TOOLS_COMPARE_METRICS_H
#define PITH_TOOLS_COMPARE_METRICS_H

#include <pith/pith.h>

typedef struct metrics {
    double psnr_db;     /* of the mean squared error over all RGB samples; INFINITY when equal */
    double ms_ssim;     /* Wang, Simoncelli, Bovik 2003: mean over R, G, B; NAN when a side is under 176 */
    double ssimulacra2; /* 100 = identical, below 0 = unusable, see pith_ssimulacra2; NAN when a side is under 8 */
} metrics;

/* `a` is the original, which matters to SSIMULACRA2 only. PITH_E_ARG when the sizes differ. */
pith_status metrics_compare(metrics *out, const pith_image *a, const pith_image *b, pith_diag *why) PITH_MUST_CHECK;

#endif
