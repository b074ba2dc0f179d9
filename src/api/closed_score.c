/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The measure by which bytes are shared out: structural similarity in windows
 * of 8x8, at full, half and quarter size. It weighs ways of coding one picture
 * against each other, and is no metric to report. */
#include <math.h>

#include "api/closed_state.h"

#define WINDOW 8u
#define STRIDE 4u
#define N_SCALES 3

#define MIN_CONTRAST 80   /* of a block of two tones, in levels */
#define MIN_TWO_TONE 0.11 /* part of the blocks that makes a picture drawn .. */
#define MIN_EQUAL 0.45    /* .. or part of the samples that equal the one before */

typedef struct luma_plane {
    float *values;
    uint32_t width, height;
} luma_plane;

static luma_plane luma_of(const pith_alloc *alloc, const pith_image *image) {
    const unsigned n = image->format.n_channels;
    luma_plane p = {.width = image->format.width, .height = image->format.height};
    p.values = mem_alloc(alloc, (size_t)p.width * p.height, sizeof *p.values);
    for (uint32_t y = 0; p.values && y < p.height; y++) {
        const uint8_t *row = (const uint8_t *)image->pixels + y * image->stride_bytes;
        for (uint32_t x = 0; x < p.width; x++) {
            const uint8_t *v = row + (size_t)x * n;
            p.values[(size_t)y * p.width + x] =
                n == 1 ? v[0] : 0.299f * (float)v[0] + 0.587f * (float)v[1] + 0.114f * (float)v[2];
        }
    }
    return p;
}

/* In place: the upper left of the plane holds the result. */
static void halve(luma_plane *p) {
    uint32_t width = p->width / 2, height = p->height / 2;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const float *v = p->values + (size_t)(2 * y) * p->width + 2 * x;
            p->values[(size_t)y * width + x] = 0.25f * (v[0] + v[1] + v[p->width] + v[p->width + 1]);
        }
    p->width = width;
    p->height = height;
}

static double similarity_at(const luma_plane *a, const luma_plane *b, uint32_t x, uint32_t y) {
    const double c1 = 6.5025, c2 = 58.5225, n = WINDOW * WINDOW;
    double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (uint32_t j = 0; j < WINDOW; j++) {
        const float *va = a->values + (size_t)(y + j) * a->width + x, *vb = b->values + (size_t)(y + j) * b->width + x;
        for (uint32_t i = 0; i < WINDOW; i++) {
            sa += (double)va[i];
            sb += (double)vb[i];
            saa += (double)(va[i] * va[i]);
            sbb += (double)(vb[i] * vb[i]);
            sab += (double)(va[i] * vb[i]);
        }
    }
    double ma = sa / n, mb = sb / n, cov = sab / n - ma * mb;
    double variances = saa / n - ma * ma + sbb / n - mb * mb;
    return (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (variances + c2));
}

static pith_status similarity(loop_state *s, const luma_plane *a, const luma_plane *b, double *result) {
    double sum = 0, n = 0;
    for (uint32_t y = 0; y + WINDOW <= a->height; y += STRIDE) {
        for (uint32_t x = 0; x + WINDOW <= a->width; x += STRIDE, n++) sum += similarity_at(a, b, x, y);
        pith_status status = state_look(s);
        if (status != PITH_OK) return status;
    }
    *result = n > 0 ? sum / n : 1;
    return PITH_OK;
}

pith_status closed_score(loop_state *s, const pith_image *a, const pith_image *b, double *score) {
    static const double weights[N_SCALES] = {0.25, 0.35, 0.4};
    const pith_alloc *alloc = &s->k->env->alloc;
    luma_plane pa = luma_of(alloc, a), pb = luma_of(alloc, b);
    pith_status status = PITH_OK;
    *score = 0;
    if (!pa.values || !pb.values) status = diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for comparing pictures");
    for (int i = 0; status == PITH_OK && i < N_SCALES; i++) {
        double alike = 0;
        status = similarity(s, &pa, &pb, &alike);
        *score += weights[i] * alike;
        halve(&pa);
        halve(&pb);
    }
    mem_free(alloc, pa.values);
    mem_free(alloc, pb.values);
    return status;
}

/* A block of 8x8 of which hardly a sample lies between its darkest and its brightest. */
static bool is_two_tone(const uint8_t *first, size_t stride_bytes, unsigned n) {
    unsigned low = 255, high = 0, between = 0;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            uint8_t v = first[y * stride_bytes + x * n];
            if (v < low) low = v;
            if (v > high) high = v;
        }
    if (high - low < MIN_CONTRAST) return false;
    for (uint32_t y = 0; y < WINDOW; y++)
        for (uint32_t x = 0; x < WINDOW; x++) {
            unsigned v = first[y * stride_bytes + x * n], quarter = (high - low) / 4;
            between += v > low + quarter && v < high - quarter;
        }
    return between * 4 < WINDOW * WINDOW;
}

/* By one channel, green where there is one. */
bool closed_is_drawn(const pith_image *image) {
    const unsigned n = image->format.n_channels;
    const uint8_t *pixels = (const uint8_t *)image->pixels + (n == 3 ? 1 : 0);
    const size_t stride = image->stride_bytes;
    uint64_t n_two_tone = 0, n_blocks = 0, n_equal = 0, n_samples = 0;
    for (uint32_t y = 0; y < image->format.height; y++)
        for (uint32_t x = 1; x < image->format.width; x++, n_samples++)
            n_equal += pixels[y * stride + (size_t)x * n] == pixels[y * stride + (size_t)(x - 1) * n];
    for (uint32_t y = 0; y + WINDOW <= image->format.height; y += WINDOW)
        for (uint32_t x = 0; x + WINDOW <= image->format.width; x += WINDOW, n_blocks++)
            n_two_tone += is_two_tone(pixels + y * stride + (size_t)x * n, stride, n);
    return (double)n_two_tone > MIN_TWO_TONE * (double)n_blocks || (double)n_equal > MIN_EQUAL * (double)n_samples;
}
