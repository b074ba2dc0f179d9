/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2's weighted sum of error norms between two pictures, of which the
 * score is a falling function, and its gradient: error_sum() of
 * train/ssimulacra2.py. For the encoder alone: its floats need not be the same
 * on every machine. */
#ifndef PITH_FIDELITY_SSIMULACRA2_ERROR_H
#define PITH_FIDELITY_SSIMULACRA2_ERROR_H

#include "base/mem.h"

/* What depends on the original alone, and scratch for pictures of its size;
 * belongs to one thread at a time. About 92 bytes a pixel. */
typedef struct fid_ssimulacra2 fid_ssimulacra2;

/* `original`: planes [3, height, width] of sRGB in [0,1], row by row; borrowed for the call. */
pith_status fid_ssimulacra2_new(fid_ssimulacra2 **out, const pith_alloc *alloc, const float *original, uint32_t height,
                                uint32_t width) PITH_MUST_CHECK;
void fid_ssimulacra2_free(fid_ssimulacra2 **s);

/* The error sum of `decoded`, planes as the original's, clamped to [0,1] here; adds `weight` times
 * its gradient to `gradient`, of the same shape: none where it is clamped. Allocates nothing.
 * Equal pictures have 0.025 to 0.39, by the number of scales: what keeps the gradient finite
 * there adds that much. Pictures with a side under 8 have no scale, and 0. */
double fid_ssimulacra2_add_gradient(fid_ssimulacra2 *s, const float *decoded, float weight, float *gradient);

/* What fid_ssimulacra2_new takes; sides of at most 65535. */
uint64_t fid_ssimulacra2_bytes(uint32_t height, uint32_t width);

#endif
