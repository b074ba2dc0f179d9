/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The visible difference between two pictures: SSIMULACRA 2.1. */
#ifndef PITH_FIDELITY_SSIMULACRA2_H
#define PITH_FIDELITY_SSIMULACRA2_H

#include <pith/pith.h>

#include "base/watch.h"

#define FID_SSIMULACRA2_MIN_SIDE 8 /* in pixels, as in the reference tool */

/* `a` is the original. For checked pictures: same size, 1 or 3 channels each, 8 or 16 bits. NaN if a side is below
 * FID_SSIMULACRA2_MIN_SIDE. A scale with a side under 8 is the last one, so pictures with a side below 113 pixels
 * have fewer than six scales (the reference tool then uses the weights of other scales for these). PITH_E_NOMEM, or
 * PITH_E_ABORTED if `watch` stops it. Takes 24 bytes per pixel. */
pith_status fid_ssimulacra2_score(double *score, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                                  watch watch) PITH_MUST_CHECK;

#endif
