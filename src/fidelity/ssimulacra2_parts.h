/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The constants and the transfer curve of SSIMULACRA 2.1, shared by the score in the pith library and the error that
 * the encoder minimises. The same as train/ssimulacra2.py. Header only. */
#ifndef PITH_FIDELITY_SSIMULACRA2_PARTS_H
#define PITH_FIDELITY_SSIMULACRA2_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SS2_N_SCALES ((size_t)6)
#define SS2_N_CHANNELS ((size_t)3)
#define SS2_RADIUS 4 /* of the smoothing filter */
#define SS2_N_TAPS ((size_t)(2 * SS2_RADIUS + 1))
#define SS2_C2 0.0009f /* of the structural similarity */

enum { SS2_STRUCTURE, SS2_RINGING, SS2_BLUR, SS2_N_MAPS };
enum { SS2_LONG, SS2_MEDIUM, SS2_SHORT, SS2_N_CONES };

/* Weights of the norms: by channel (X, Y, B), scale, 1-norm or 4-norm, map. */
static const double ss2_norm_weights[SS2_N_CHANNELS][SS2_N_SCALES][2][SS2_N_MAPS] = {
    {{{0.0, 0.0007376606707406586, 0.0}, {0.0, 0.0007793481682867309, 0.0}},
     {{0.0, 0.0004371155730107379, 0.0}, {1.1041726426657346, 0.00066284834129271, 0.00015231632783718752}},
     {{0.0, 0.0016406437456599754, 0.0}, {1.8422455520539298, 11.441172603757666, 0.0}},
     {{0.0007989109436015163, 0.000176816438078653, 0.0}, {1.8787594979546387, 10.94906990605142, 0.0}},
     {{0.0007289346991508072, 0.9677937080626833, 0.0},
      {0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053}},
     {{0.0004550992113792063, 0.0, 0.0}, {0.0013648766163243398, 0.0, 0.0}}},
    {{{0.0, 0.0, 0.0}, {7.466890328078848, 0.0, 17.445833984131262}},
     {{0.0006235601634041466, 0.0, 0.0}, {6.683678146179332, 0.00037724407979611296, 1.027889937768264}},
     {{225.20515300849274, 0.0, 0.0}, {19.213238186143016, 0.0011401524586618361, 0.001237755635509985}},
     {{176.39317598450694, 0.0, 0.0}, {24.43300999870476, 0.28520802612117757, 0.0004485436923833408}},
     {{0.0, 0.0, 0.0}, {34.77906344483772, 44.835625328877896, 0.0}},
     {{0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}}},
    {{{0.0, 0.0008680556573291698, 0.0}, {0.0, 0.0, 0.0}},
     {{0.0, 0.0005313191874358747, 0.0}, {0.00016533814161379112, 0.0, 0.0}},
     {{0.0, 0.0, 0.0}, {0.0004179171803251336, 0.0017290828234722833, 0.0}},
     {{0.0020827005846636437, 0.0, 0.0}, {8.826982764996862, 23.19243343998926, 0.0}},
     {{95.1080498811086, 0.9863978034400682, 0.9834382792465353},
      {0.0012286405048278493, 171.2667255897307, 0.9807858872435379}},
     {{0.0, 0.0, 0.0}, {0.0005130064588990679, 0.0, 0.00010854057858411537}}},
};

/* The reference's smoothing, a Gaussian of sigma 1.5 approximated by truncated cosines (D. Charalampidis, "Recursive
 * implementation of the Gaussian filter using truncated cosine functions", 2016), as taps: smoothing_taps() of
 * train/ssimulacra2.py without the zeros at its ends. */
static const float ss2_taps[SS2_N_TAPS] = {0.00941436738f, 0.0360111147f, 0.10933537f,   0.212928593f,  0.264621109f,
                                           0.212928593f,   0.10933537f,   0.0360111147f, 0.00941436738f};

/* Response of each kind of cone to linear red, green and blue, before its cube root. */
static const float ss2_cones[SS2_N_CONES][3] = {{0.30f, 0.622f, 0.078f},
                                                {0.23f, 0.692f, 0.078f},
                                                {0.24342268924547819f, 0.20476744424496821f, 0.5518098665095536f}};
#define SS2_BIAS 0.0037930732552754493f
#define SS2_BIAS_ROOT 0.1559542025327239180f

static inline float ss2_cone(size_t cone, float r, float g, float b) {
    return ss2_cones[cone][0] * r + ss2_cones[cone][1] * g + ss2_cones[cone][2] * b + SS2_BIAS;
}

/* Cube root of a value in 0.003..1.1: a guess from the exponent's bits, off by at most 4 %, then three Newton steps;
 * accurate to float precision. */
static inline float ss2_cube_root(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = bits / 3 + 0x2a514067;
    float root;
    memcpy(&root, &bits, 4);
    root -= (root - value / (root * root)) * (1.0f / 3);
    root -= (root - value / (root * root)) * (1.0f / 3);
    return root - (root - value / (root * root)) * (1.0f / 3);
}

typedef struct ss2_xyb {
    float x, y, b;
} ss2_xyb;

/* XYB of linear light, shifted and scaled so that X, Y and B are all positive. */
static inline ss2_xyb ss2_xyb_of(float r, float g, float b) {
    float cone_l = ss2_cube_root(ss2_cone(SS2_LONG, r, g, b)) - SS2_BIAS_ROOT;
    float cone_m = ss2_cube_root(ss2_cone(SS2_MEDIUM, r, g, b)) - SS2_BIAS_ROOT;
    float cone_s = ss2_cube_root(ss2_cone(SS2_SHORT, r, g, b)) - SS2_BIAS_ROOT;
    float mean = (cone_l + cone_m) / 2;
    return (ss2_xyb){(cone_l - cone_m) * 7 + 0.42f, mean + 0.01f, cone_s - mean + 0.55f};
}

#endif
