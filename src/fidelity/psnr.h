/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The difference between two pictures, sample by sample. */
#ifndef PITH_FIDELITY_PSNR_H
#define PITH_FIDELITY_PSNR_H

#include <pith/pith.h>

/* In dB: the mean squared error over all RGB samples, relative to the full range; INFINITY if equal. For checked
 * pictures, as in fid_ms_ssim; if only one has 16 bits, the other is widened. */
double fid_psnr(const pith_image *a, const pith_image *b);

#endif
