/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the built-in model was trained to minimise, but for SSIMULACRA 2
 * (`distortion` of train/losses.py), and its gradient. Used by the encoder only. */
#ifndef PITH_FIDELITY_DISTORTION_H
#define PITH_FIDELITY_DISTORTION_H

#include "base/mem.h"

#define FID_DISTORTION_UNIT 8u /* both sides are multiples of it */

/* Of pictures in about [0,1]; a term of weight 0 takes no time. */
typedef struct fid_distortion_weights {
    float ms_ssim; /* of 1 - MS-SSIM over as many of its five scales as there is room for; without any, below 11 pixels,
                      there is no such term */
    float l1;      /* of the mean absolute error */
    float l2;      /* of the mean squared error */
    float chroma;  /* of the mean squared error of B - Y and R - Y over squares of 4 pixels */
} fid_distortion_weights;

/* An original, what is known of it, and scratch; belongs to one thread at a time. */
typedef struct fid_distortion fid_distortion;

/* `original`: [3,H,W] floats in about [0,1], RGB; borrowed until the free. PITH_E_ARG for sides that are no multiples
 * of FID_DISTORTION_UNIT, or 0. */
pith_status fid_distortion_new(fid_distortion **out, const pith_alloc *alloc, const float *original, uint32_t height,
                               uint32_t width, fid_distortion_weights weights) PITH_MUST_CHECK;
void fid_distortion_free(fid_distortion **d);

/* What fid_distortion_new takes of the heap for such an original; less where the weight of MS-SSIM is 0.
 * UINT64_MAX for more than there can be. */
uint64_t fid_distortion_bytes(uint32_t height, uint32_t width);

/* The weighted distortion of `decoded` [3,H,W], which need not be in [0,1], and into `gradient` [3,H,W] its gradient by
 * `decoded`. The three pictures must not overlap. Allocates nothing. */
double fid_distortion_gradient(fid_distortion *d, const float *decoded, float *gradient);

#endif
