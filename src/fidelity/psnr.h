/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How far two pictures are apart sample by sample. */
#ifndef PITH_FIDELITY_PSNR_H
#define PITH_FIDELITY_PSNR_H

#include <pith/pith.h>

/* dB, of the mean squared error over all RGB samples, of the full range; INFINITY when equal. Of pictures that were
 * checked, as fid_ms_ssim's; where one has 16 bits, the other is widened. */
double fid_psnr(const pith_image *a, const pith_image *b);

#endif
