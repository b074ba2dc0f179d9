/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "fidelity/ssimulacra2_colour.h"

#define SRGB_LINEAR 0.04045f /* end of the linear part of the sRGB curve, and its slope */
#define SRGB_SLOPE (1 / 12.92f)

/* ---- linear light ------------------------------------------------------------------- */

/* Power 2.4 of a value in 0.05..1: its square times the square of its fifth root. The root starts from a guess by the
 * exponent's bits, off by at most 3 %, and takes three Newton steps. */
static inline float power_2_4(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = bits / 5 + 0x32c69add;
    float root;
    memcpy(&root, &bits, 4);
    root -= (root - value / ((root * root) * (root * root))) * 0.2f;
    root -= (root - value / ((root * root) * (root * root))) * 0.2f;
    root -= (root - value / ((root * root) * (root * root))) * 0.2f;
    return (value * value) * (root * root);
}

static inline float clamped(float value) {
    float positive = ss2_choose(value, value, 0);
    return ss2_choose(1 - positive, positive, 1);
}

void ss2_light_of_srgb(float *restrict light, const float *restrict srgb, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float value = clamped(srgb[i]);
        light[i] = ss2_choose(value - SRGB_LINEAR, power_2_4((value + 0.055f) * (1 / 1.055f)), value * SRGB_SLOPE);
    }
}

void ss2_light_adjoint(float *restrict to_srgb, const float *restrict srgb, const float *restrict to_light,
                       float weight, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float value = clamped(srgb[i]), shifted = value + 0.055f;
        float curve_slope = power_2_4(shifted * (1 / 1.055f)) * (2.4f / shifted);
        float slope = ss2_choose(value - SRGB_LINEAR, curve_slope, SRGB_SLOPE);
        to_srgb[i] += ss2_choose(srgb[i] * (1 - srgb[i]), weight * slope * to_light[i], 0);
    }
}

/* ---- XYB ------------------------------------------------------------------------------ */

/* gcc knows that pointers do not overlap only if they are arguments. */
static void xyb_of_light(float *restrict out_x, float *restrict out_y, float *restrict out_b, const float *restrict red,
                         const float *restrict green, const float *restrict blue, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ss2_xyb xyb = ss2_xyb_of(red[i], green[i], blue[i]);
        out_x[i] = xyb.x;
        out_y[i] = xyb.y;
        out_b[i] = xyb.b;
    }
}

void ss2_xyb_of_light(float *const xyb[SS2_N_CHANNELS], const float *const light[SS2_N_CHANNELS], size_t n) {
    xyb_of_light(xyb[0], xyb[1], xyb[2], light[0], light[1], light[2], n);
}

static inline float cube_root_slope(float value) {
    float root = ss2_cube_root(value);
    return 1 / (3 * root * root);
}

static void xyb_adjoint(float *restrict red, float *restrict green, float *restrict blue, const float *restrict to_x,
                        const float *restrict to_y, const float *restrict to_b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float r = red[i], g = green[i], b = blue[i];
        float to_difference = 7 * to_x[i], to_mean = (to_y[i] - to_b[i]) / 2;
        float to_l = (to_mean + to_difference) * cube_root_slope(ss2_cone(SS2_LONG, r, g, b));
        float to_m = (to_mean - to_difference) * cube_root_slope(ss2_cone(SS2_MEDIUM, r, g, b));
        float to_s = to_b[i] * cube_root_slope(ss2_cone(SS2_SHORT, r, g, b));
        red[i] = ss2_cones[SS2_LONG][0] * to_l + ss2_cones[SS2_MEDIUM][0] * to_m + ss2_cones[SS2_SHORT][0] * to_s;
        green[i] = ss2_cones[SS2_LONG][1] * to_l + ss2_cones[SS2_MEDIUM][1] * to_m + ss2_cones[SS2_SHORT][1] * to_s;
        blue[i] = ss2_cones[SS2_LONG][2] * to_l + ss2_cones[SS2_MEDIUM][2] * to_m + ss2_cones[SS2_SHORT][2] * to_s;
    }
}

void ss2_xyb_adjoint(float *const light[SS2_N_CHANNELS], const float *const to_xyb[SS2_N_CHANNELS], size_t n) {
    xyb_adjoint(light[0], light[1], light[2], to_xyb[0], to_xyb[1], to_xyb[2], n);
}

/* ---- halving -------------------------------------------------------------------------- */

void ss2_halve(float *half, const float *plane, size_t width, size_t height) {
    size_t half_width = (width + 1) / 2;
    for (size_t y = 0; y < height; y += 2) {
        const float *upper = plane + y * width, *lower = y + 1 < height ? upper + width : upper;
        float *to = half + y / 2 * half_width;
        for (size_t x = 0; x < width / 2; x++)
            to[x] = (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) / 4;
        if (width % 2) to[width / 2] = (upper[width - 1] + upper[width - 1] + lower[width - 1] + lower[width - 1]) / 4;
    }
}

void ss2_halve_adjoint(float *restrict to_plane, const float *restrict to_half, size_t width, size_t height) {
    size_t half_width = (width + 1) / 2;
    for (size_t y = 0; y < height; y++) {
        const float *from = to_half + y / 2 * half_width;
        float *to = to_plane + y * width;
        float part = y + 1 == height && height % 2 ? 0.5f : 0.25f; /* an odd last row counts twice */
        for (size_t x = 0; x < width / 2; x++) {
            to[2 * x] += part * from[x];
            to[2 * x + 1] += part * from[x];
        }
        if (width % 2) to[width - 1] += 2 * part * from[width / 2];
    }
}
