/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How far two pictures are apart to the eye: SSIMULACRA 2.1. */
#ifndef PITH_TOOLS_SSIMULACRA2_H
#define PITH_TOOLS_SSIMULACRA2_H

#include <pith/pith.h>

#define SSIMULACRA2_MIN_SIDE 8 /* pixels, as in the reference tool */

/* Pictures are 8- or 16-bit, grey or RGB without alpha, sRGB, of the same size;
 * grey is RGB with three equal channels. 100 = equal, 90 = hardly told apart,
 * 50 = medium, below 0 = ruin; NAN when a side is under SSIMULACRA2_MIN_SIDE. It
 * is not symmetric: `b` is the distorted one. A scale with a side under 4 is left
 * out, so that below 113 pixels a side there are fewer than six (the reference tool
 * then weighs the others as if they stood elsewhere). Takes 24 bytes a pixel. */
pith_status ssimulacra2_compare(double *score, const pith_image *a, const pith_image *b, pith_diag *why)
    PITH_MUST_CHECK;

#endif
