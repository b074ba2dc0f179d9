/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The colour conversions of SSIMULACRA 2 and the halving of pictures, each with its adjoint, which maps a gradient
 * with respect to the result to one with respect to the argument. */
#ifndef PITH_FIDELITY_SSIMULACRA2_COLOUR_H
#define PITH_FIDELITY_SSIMULACRA2_COLOUR_H

#include "fidelity/ssimulacra2_parts.h"

/* `yes` if `sign` is not negative, else `no`. Without a branch, so that compilers can vectorise. */
static inline float ss2_choose(float sign, float yes, float no) {
    uint32_t mask, yes_bits, no_bits;
    memcpy(&mask, &sign, 4);
    memcpy(&yes_bits, &yes, 4);
    memcpy(&no_bits, &no, 4);
    mask = 0u - (mask >> 31);
    yes_bits = (no_bits & mask) | (yes_bits & ~mask);
    memcpy(&yes, &yes_bits, 4);
    return yes;
}

/* Converts n sRGB samples, clamped to [0,1], to linear light. */
void ss2_light_of_srgb(float *restrict light, const float *restrict srgb, size_t n);

/* Adds `weight` times the gradient with respect to the sRGB samples; 0 where they were clamped. */
void ss2_light_adjoint(float *restrict to_srgb, const float *restrict srgb, const float *restrict to_light,
                       float weight, size_t n);

/* Converts n pixels of linear light in [0,1] to XYB, as ss2_xyb_of. */
void ss2_xyb_of_light(float *const xyb[SS2_N_CHANNELS], const float *const light[SS2_N_CHANNELS], size_t n);

/* Replaces linear light by the gradient with respect to it. */
void ss2_xyb_adjoint(float *const light[SS2_N_CHANNELS], const float *const to_xyb[SS2_N_CHANNELS], size_t n);

/* The mean of each 2x2 block of a plane; an odd last row or column counts twice. `half` may be the plane itself. */
void ss2_halve(float *half, const float *plane, size_t width, size_t height);

/* Adds the gradient with respect to the plane. */
void ss2_halve_adjoint(float *restrict to_plane, const float *restrict to_half, size_t width, size_t height);

#endif
