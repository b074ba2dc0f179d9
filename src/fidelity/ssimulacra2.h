/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How far two pictures are apart to the eye: SSIMULACRA 2.1. */
#ifndef PITH_FIDELITY_SSIMULACRA2_H
#define PITH_FIDELITY_SSIMULACRA2_H

#include <pith/pith.h>

#include "base/watch.h"

#define FID_SSIMULACRA2_MIN_SIDE 8 /* pixels, as in the reference tool */

/* As pith_ssimulacra2, of pictures that were checked: one size, 1 or 3 channels each.
 * PITH_E_NOMEM, or what `look` says. Takes 24 bytes a pixel. */
pith_status fid_ssimulacra2_score(double *score, const pith_alloc *alloc, const pith_image *a, const pith_image *b,
                                  watch watch) PITH_MUST_CHECK;

#endif
