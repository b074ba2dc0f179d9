/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The functions of activations and softmax, in floats and by + - * / and bits alone, so that they have the same bits
 * on every machine. The reference engine and the kernels of the portable engine share this text; written without
 * branches, for the compiler to make vectors of. Errors are at most 8 units in the last place of the result (exp: 1),
 * or of 1 where the result is near 0. What is not a number stays so. */
#ifndef PITH_NN_NN_FUNCTIONS_H
#define PITH_NN_NN_FUNCTIONS_H

#include <stdint.h>

#include "nn/nn.h"

/* Where a long row is added in parts: value i to sum i % NN_PARTS, and these in order. */
#define NN_PARTS 16
/* Attention adds the values of so many keys, and then these sums. */
#define NN_KEYS_AT_ONCE 512

#define NN_FUNCTION static inline __attribute__((always_inline))

typedef union nn_float_bits {
    float value;
    uint32_t bits;
} nn_float_bits;

NN_FUNCTION float nn_limited(float x, float least, float most) {
    x = x < least ? least : x;
    return x > most ? most : x;
}

/* 2^n e^r, |r| <= ln 2 / 2, and for e^r the polynomial of Cephes (S. L. Moshier, expf). Below -87 and above 88 as at
 * these. */
NN_FUNCTION float nn_exp(float x) {
    x = nn_limited(x, -87, 88);
    const nn_float_bits shifted = {x * 0x1.715476p+0f + 0x1.8p+23f}; /* n is in its last bits */
    const float n = shifted.value - 0x1.8p+23f;
    const float r = (x - n * 0x1.63p-1f) - n * -0x1.bd0106p-13f; /* ln 2 in two parts, the first of 9 bits */
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const nn_float_bits power = {.bits = (shifted.bits + 127) << 23};
    return (p * (r * r) + r + 1) * power.value;
}

/* A quotient of polynomials, after Eigen (G. Steiner, B. Jacob). */
NN_FUNCTION float nn_tanh(float x) {
    x = nn_limited(x, -7.90531110763549805f, 7.90531110763549805f);
    const float y = x * x;
    float p = -2.76076847742355e-16f;
    p = p * y + 2.00018790482477e-13f;
    p = p * y + -8.60467152213735e-11f;
    p = p * y + 5.12229709037114e-08f;
    p = p * y + 1.48572235717979e-05f;
    p = p * y + 6.37261928875436e-04f;
    p = p * y + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * y + 1.18534705686654e-04f;
    q = q * y + 2.26843463243900e-03f;
    q = q * y + 4.89352518554385e-03f;
    return x * p / q;
}

/* The part of a normal distribution beyond |x| deviations: e^(-z^2) times a polynomial in t = 1 / (1 + 0.3 z), z =
 * |x| / sqrt 2, which is off by 2e-8 at most: Chebyshev's, of erfc(z) e^(z^2) / 2t for 0 <= z <= 6.5. */
NN_FUNCTION float nn_normal_tail(float x) {
    const float z = (x > 0 ? x : -x) * 0x1.6a09e6p-1f, t = 1 / (1 + 0.3f * z);
    float p = -0.061005341f;
    p = p * t + 0.222722652f;
    p = p * t + -0.210082497f;
    p = p * t + 0.214530879f;
    p = p * t + -0.000468936001f;
    p = p * t + 0.0842495965f;
    p = p * t + 0.081209582f;
    p = p * t + 0.084163317f;
    p = p * t + 0.084680743f;
    return p * t * nn_exp(-z * z);
}

NN_FUNCTION float nn_activated(nn_activation kind, float x) {
    switch (kind) {
    case NN_RELU:
        return x > 0 ? x : 0;
    case NN_SILU:
        return x / (1 + nn_exp(-x));
    case NN_GELU:
        return x * (x > 0 ? 1 - nn_normal_tail(x) : nn_normal_tail(x));
    case NN_QUICK_GELU:
        return x / (1 + nn_exp(x * -1.702f));
    case NN_TANH:
        return nn_tanh(x);
    }
    return x;
}

#endif
