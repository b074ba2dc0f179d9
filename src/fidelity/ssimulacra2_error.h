/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2's weighted sum of error norms between two pictures, of which the score is a decreasing function, and
 * its gradient: error_sum() of train/ssimulacra2.py. Used only by the encoder: its floats need not be the same on
 * every machine. */
#ifndef PITH_FIDELITY_SSIMULACRA2_ERROR_H
#define PITH_FIDELITY_SSIMULACRA2_ERROR_H

#include "base/mem.h"

/* Data of the original, and working memory for pictures of its size; used by one thread at a time. About 92 bytes per
 * pixel. */
typedef struct fid_ssimulacra2 fid_ssimulacra2;

/* `original`: planes [3, height, width] of sRGB in [0,1], row by row; borrowed for the call. */
pith_status fid_ssimulacra2_new(fid_ssimulacra2 **out, const pith_alloc *alloc, const float *original, uint32_t height,
                                uint32_t width) PITH_MUST_CHECK;
void fid_ssimulacra2_free(fid_ssimulacra2 **s);

/* Returns the error sum of `decoded`, planes like the original's, which are clamped to [0,1] here; adds `weight`
 * times its gradient to `gradient`, of the same shape (0 where clamped). Allocates nothing. For equal pictures the
 * error sum is 0.025 to 0.39, depending on the number of scales, because of the term that keeps the gradient finite.
 * Pictures with a side under 8 have no scale, and the error sum 0. */
double fid_ssimulacra2_add_gradient(fid_ssimulacra2 *s, const float *decoded, float weight, float *gradient);

/* Memory that fid_ssimulacra2_new takes, in bytes; sides of at most 65535. */
uint64_t fid_ssimulacra2_bytes(uint32_t height, uint32_t width);

#endif
