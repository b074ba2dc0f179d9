/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How far two pictures are apart to the eye: SSIMULACRA 2.1. */
#ifndef PITH_FIDELITY_SSIMULACRA2_H
#define PITH_FIDELITY_SSIMULACRA2_H

#include <pith/pith.h>

#include "base/watch.h"

#define FID_SSIMULACRA2_MIN_SIDE 8 /* pixels, as in the reference tool */

/* `a` is the original; of pictures that were checked: one size, 1 or 3 channels each, of 8 or 16 bits. NaN when a side
 * is under FID_SSIMULACRA2_MIN_SIDE. A scale with a side under 4 is left out, so that below 113 pixels a side there are
 * fewer than six (the reference tool then weighs the others as if they stood elsewhere).
 * PITH_E_NOMEM, or PITH_E_ABORTED when `watch` stops it. Takes 24 bytes a pixel. */
pith_status fid_ssimulacra2_score(double *score, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                                  watch watch) PITH_MUST_CHECK;

#endif
