/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* MS-SSIM: Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003.
 * distortion.c computes its gradient and shares these definitions. */
#ifndef PITH_FIDELITY_MS_SSIM_H
#define PITH_FIDELITY_MS_SSIM_H

#include "base/mem.h"
#include "base/watch.h"
#include "fidelity/window.h"

#define FID_MS_SSIM_SCALES 5u
#define FID_MS_SSIM_MIN_SIDE (FID_WINDOW_TAPS << (FID_MS_SSIM_SCALES - 1)) /* the window fits on the coarsest scale */
#define FID_MS_SSIM_C1 1e-4                                                /* (K1 L)^2, K1 = 0.01, L = 1 */
#define FID_MS_SSIM_C2 9e-4                                                /* (K2 L)^2, K2 = 0.03 */
#define FID_MS_SSIM_LEAST 1e-4                                             /* lower limit of a scale's similarity */

static const double fid_ms_ssim_exponents[FID_MS_SSIM_SCALES] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

/* The mean of each 2x2 block; an odd last row or column is ignored. `half` may be the plane itself. */
void fid_halve(float *half, const float *plane, size_t width, size_t height);

/* For checked pictures: same size, 1 or 3 channels each, 8 or 16 bits. The mean over R, G and B is taken on each
 * scale before the scales are multiplied; two grey pictures have only one channel. NaN if a side is below
 * FID_MS_SSIM_MIN_SIDE. PITH_E_NOMEM, or PITH_E_ABORTED if `watch` stops it. Takes 8 bytes per pixel. */
pith_status fid_ms_ssim(double *similarity, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                        watch watch) PITH_MUST_CHECK;

#endif
