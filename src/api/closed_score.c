/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The measure by which ways of coding a picture are weighed against each other,
 * and what kind of picture it is. */
#include <math.h>

#include "api/closed_state.h"
#include "fidelity/ssimulacra2.h"

#define TILE_SHARE 0.3 /* of what protected tiles lack, in the score */
#define WINDOW 8u

#define MIN_CONTRAST 80   /* of a block of two tones, in levels */
#define MIN_TWO_TONE 0.11 /* part of the blocks that makes a picture drawn .. */
#define MIN_EQUAL 0.45    /* .. or part of the samples that equal the one before */

#define LEVELS_OF_100 50.0 /* PSNR, dB, that counts as a score of 100 where a picture is too small for the measure */

static double psnr_of(const pith_image *a, const pith_image *b) {
    const pith_image_format *f = &a->format;
    uint64_t sum = 0;
    for (uint32_t y = 0; y < f->height; y++) {
        const uint8_t *u = (const uint8_t *)a->pixels + y * a->stride_bytes;
        const uint8_t *v = (const uint8_t *)b->pixels + y * b->stride_bytes;
        for (size_t i = 0; i < (size_t)f->width * f->n_channels; i++) sum += (uint64_t)((u[i] - v[i]) * (u[i] - v[i]));
    }
    double mean = (double)sum / ((double)f->width * f->height * f->n_channels);
    return mean > 0 ? 10 * log10(255 * 255 / mean) : INFINITY;
}

static pith_status look_of_score(void *user) { return state_look(user); }

/* What the tiles lack, those that matter most above all; 0..100. */
static pith_status lacking(loop_state *s, double *result) {
    double sum = 0, sum_weights = 0;
    pith_status status = state_measure(s);
    for (uint32_t i = 0; i < s->n_tiles; i++) {
        double weight = (double)fid_weight_at(&s->importance, s->tiles[i].x, s->tiles[i].y);
        sum += weight * (double)fminf(s->tiles[i].error, 1);
        sum_weights += weight;
    }
    *result = 100 * sum / sum_weights;
    return status;
}

pith_status closed_score(loop_state *s, double *score) {
    const pith_image *original = &s->k->original->image;
    pith_image result = *original;
    double lack = 0;
    result.pixels = s->result;
    pith_status status =
        fid_ssimulacra2_score(score, &s->k->env->alloc, original, &result, (fid_look){look_of_score, s});
    if (status == PITH_E_NOMEM) diag_set(s->k->diag, status, "out of memory for comparing pictures");
    if (status != PITH_OK) return status;
    if (isnan(*score)) *score = fmin(100, 100 / LEVELS_OF_100 * psnr_of(original, &result));
    if (s->k->options->n_protect > 0) status = lacking(s, &lack);
    *score -= TILE_SHARE * lack;
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
