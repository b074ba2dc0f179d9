/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The training loss of the built-in model without SSIMULACRA 2 (`distortion` of train/losses.py), and its gradient.
 * Used only by the encoder. */
#ifndef PITH_FIDELITY_DISTORTION_H
#define PITH_FIDELITY_DISTORTION_H

#include "base/mem.h"

#define FID_DISTORTION_UNIT 8u /* both sides are multiples of this */

/* For pictures in about [0,1]. A term of weight 0 takes no time. */
typedef struct fid_distortion_weights {
    float ms_ssim; /* of 1 - MS-SSIM over those of its five scales that fit; no term if none does, below 11 pixels */
    float l1;      /* of the mean absolute error */
    float l2;      /* of the mean squared error */
    float chroma;  /* of the mean squared error of B - Y and R - Y over squares of 4x4 pixels */
} fid_distortion_weights;

/* An original, its statistics, and working memory; used by one thread at a time. */
typedef struct fid_distortion fid_distortion;

/* `original`: [3,H,W] floats in about [0,1], RGB; borrowed until freed. PITH_E_ARG if a side is 0 or not a multiple
 * of FID_DISTORTION_UNIT. */
pith_status fid_distortion_new(fid_distortion **out, const pith_alloc *alloc, const float *original, uint32_t height,
                               uint32_t width, fid_distortion_weights weights) PITH_MUST_CHECK;
void fid_distortion_free(fid_distortion **d);

/* Heap memory that fid_distortion_new takes for such an original; less if the weight of MS-SSIM is 0. UINT64_MAX if
 * it exceeds any possible memory. */
uint64_t fid_distortion_bytes(uint32_t height, uint32_t width);

/* Returns the weighted distortion of `decoded` [3,H,W], which need not lie in [0,1], and writes its gradient to
 * `gradient` [3,H,W]. The three pictures must not overlap. Allocates nothing. */
double fid_distortion_gradient(fid_distortion *d, const float *decoded, float *gradient);

#endif
