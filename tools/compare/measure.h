/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_compare of pictures in memory. */
#ifndef PITH_TOOLS_COMPARE_MEASURE_H
#define PITH_TOOLS_COMPARE_MEASURE_H

#include <pith/pith.h>

#define MEASURE_FIGURES (PITH_MEASURE_PSNR | PITH_MEASURE_MS_SSIM | PITH_MEASURE_SSIMULACRA2) /* of the whole */

pith_status measure_images(pith_compare_result *result, const pith_env *env, const pith_image *original,
                           const pith_image *decoded, const pith_compare_options *options, pith_diag *why);

/* MEASURE_FIGURES alone. */
pith_status measure_figures(pith_compare_result *result, const pith_env *env, const pith_image *original,
                            const pith_image *decoded, pith_diag *why);

#endif
