/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the encoder reckons in floats and decides by, as the bits of its results:
 * they must be the same on every machine, or the same picture gets other files.
 * Over made-up pictures; scripts/check-exact compares what its builds print.
 *   pith-figures */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exact_math.h"
#include "base/stream.h"
#include "codec/lat_slope.h"
#include "codec/quantise.h"
#include "fidelity/distortion.h"
#include "fidelity/ms_ssim.h"
#include "fidelity/psnr.h"
#include "fidelity/ssimulacra2.h"
#include "fidelity/ssimulacra2_error.h"
#include "fidelity/text_lines.h"
#include "fidelity/tile_error.h"

enum { WIDTH = 216, HEIGHT = 184, SAMPLES = 3 * WIDTH * HEIGHT };

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "pith-figures: %s\n", what);
    exit(1);
}

/* Whatever the machine's byte order. */
static uint32_t crc_bits(uint32_t crc, uint64_t bits, int n_bytes) {
    for (int i = 0; i < n_bytes; i++) crc = crc32_update(crc, &(uint8_t){(uint8_t)(bits >> (8 * i))}, 1);
    return crc;
}

static uint32_t crc_float(uint32_t crc, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return crc_bits(crc, bits, 4);
}

static uint32_t crc_floats(const float *values, size_t count) {
    uint32_t crc = 0;
    for (size_t i = 0; i < count; i++) crc = crc_float(crc, values[i]);
    return crc;
}

static uint32_t crc_double(uint32_t crc, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return crc_bits(crc, bits, 8);
}

static void print_figure(const char *name, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("figure %s %016" PRIx64 " is near %.6g\n", name, bits, value);
}

static uint32_t random_state = 1;
static uint32_t chance(uint32_t n) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * n) >> 32);
}

/* ---- exact_math.c ---------------------------------------------------------------------- */

static void print_maths(void) {
    static const char *const names[7] = {"log2", "log", "log10", "exp2", "exp", "pow", "floats"};
    uint32_t crcs[7] = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        const double y = (double)chance(1u << 30) * 0x1p-24 - 32;
        const double x = i % 2 ? (double)(1 + chance(UINT32_MAX)) * 0x1p-16 : 1 + y * 0x1p-10;
        crcs[0] = crc_double(crcs[0], em_log2(x));
        crcs[1] = crc_double(crcs[1], em_log(x));
        crcs[2] = crc_double(crcs[2], em_log10(x));
        crcs[3] = crc_double(crcs[3], em_exp2(y));
        crcs[4] = crc_double(crcs[4], em_exp(y));
        crcs[5] = crc_double(crcs[5], em_pow(x, y / 8));
        const float f = (float)x, g = (float)y / 8, found[4] = {em_log2f(f), em_logf(f), em_exp2f(g), em_expf(g)};
        for (int k = 0; k < 4; k++) crcs[6] = crc_float(crcs[6], found[k]);
    }
    for (int i = 0; i < 7; i++) printf("figure %s %08" PRIx32 "\n", names[i], crcs[i]);
}

/* ---- metrics --------------------------------------------------------------------------- */

/* Slopes, noise, a field of letters; and the same, blurred and in fewer levels. */
static void make_pictures(uint8_t *original, uint8_t *decoded) {
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (uint32_t c = 0; c < 3; c++) {
                const size_t i = ((size_t)y * WIDTH + x) * 3 + c;
                const bool is_ink = x > 100 && y > 90 && y % 16 < 9 && (x * 7 + y / 16 * 5) % 13 < 3;
                original[i] = (uint8_t)(x > 100 && y > 90 ? (is_ink ? 20 : 236) : x / 2 + y / 3 + 20 * c + chance(30));
                const uint32_t left = x > 0 ? decoded[i - 3] : original[i],
                               above = y > 0 ? decoded[i - 3 * WIDTH] : left;
                decoded[i] = (uint8_t)((2u * original[i] + left + above) / 4 / 3 * 3);
            }
}

static void to_planes(const uint8_t *pixels, float *planes) {
    for (size_t i = 0; i < SAMPLES; i++) planes[i % 3 * WIDTH * HEIGHT + i / 3] = (float)pixels[i] * (1.0f / 255);
}

static void print_scores(const pith_image *a, const pith_image *b) {
    double score, similarity;
    must(fid_ssimulacra2_score(&score, NULL, a, b, (watch){0}) == PITH_OK, "no score");
    must(fid_ms_ssim(&similarity, NULL, a, b, (watch){0}) == PITH_OK, "no similarity");
    print_figure("ssimulacra2", score);
    print_figure("ms-ssim", similarity);
    print_figure("psnr", fid_psnr(a, b));
}

static void print_tiles(const pith_image *a, const pith_image *b) {
    static fid_tile tiles[100];
    fid_meter *meter;
    double error = 0, sure = 0;
    const size_t n = (size_t)fid_tiles_across(WIDTH) * fid_tiles_across(HEIGHT);
    must(n <= sizeof tiles / sizeof *tiles, "more tiles than expected");
    must(fid_meter_new(&meter, NULL, WIDTH, HEIGHT, 3) == PITH_OK, "no meter");
    fid_measure(meter, a->pixels, a->stride_bytes, b->pixels, b->stride_bytes, tiles);
    for (size_t i = 0; i < n; i++) error += (double)tiles[i].error, sure += (double)tiles[i].sure;
    print_figure("tile-errors", error);
    print_figure("tile-sure", sure);
    fid_meter_free(&meter);
}

static void print_text(const pith_image *a, const pith_image *b) {
    fid_lines lines;
    must(fid_lines_find(&lines, NULL, a) == PITH_OK, "no lines");
    must(lines.n_text > 0, "no text in the picture");
    fid_lines_measure(&lines, a, b);
    printf("figure text of %" PRIu32 " blocks %08" PRIx32 "\n", lines.n_text,
           crc_floats(lines.kept, (size_t)lines.across * lines.down));
    print_figure("text-lost", fid_lines_lost(&lines));
    fid_lines_free(&lines, NULL);
}

static void print_gradients(const uint8_t *original, const uint8_t *decoded) {
    static float a[SAMPLES], b[SAMPLES], gradient[SAMPLES];
    const fid_distortion_weights weights = {.ms_ssim = 1, .l1 = 0.35f, .l2 = 3, .chroma = 24};
    fid_distortion *distortion;
    fid_ssimulacra2 *ssimulacra2;
    to_planes(original, a);
    to_planes(decoded, b);
    must(fid_distortion_new(&distortion, NULL, a, HEIGHT, WIDTH, weights) == PITH_OK, "no distortion");
    must(fid_ssimulacra2_new(&ssimulacra2, NULL, a, HEIGHT, WIDTH) == PITH_OK, "no error");
    print_figure("distortion", fid_distortion_gradient(distortion, b, gradient));
    printf("figure gradient %08" PRIx32 "\n", crc_floats(gradient, SAMPLES));
    print_figure("ssimulacra2-error", fid_ssimulacra2_add_gradient(ssimulacra2, b, 0.005f, gradient));
    printf("figure gradients %08" PRIx32 "\n", crc_floats(gradient, SAMPLES));
    fid_distortion_free(&distortion);
    fid_ssimulacra2_free(&ssimulacra2);
}

/* ---- the slope of bits ------------------------------------------------------------------- */

static void print_slope(void) {
    enum { CHANNELS = 3, SIDE = 24, COUNT = CHANNELS * SIDE * SIDE };
    static float values[COUNT], slope[COUNT];
    static int16_t symbols[COUNT];
    const lat_block block = {symbols, CHANNELS, SIDE, SIDE, SIDE, SIDE * SIDE};
    lat_coder *coder;
    uint64_t n_bytes;
    for (size_t i = 0; i < COUNT; i++) values[i] = ((float)chance(4096) - 2048) * (float)(i % 5) / 800;
    lat_quantise(values, COUNT, 1, symbols);
    must(lat_coder_new(&coder, NULL, CHANNELS) == PITH_OK, "no coder");
    must(lat_slope(coder, &block, values, slope, &n_bytes) == PITH_OK, "no slope");
    printf("figure slope of %" PRIu64 " bytes %08" PRIx32 "\n", n_bytes, crc_floats(slope, COUNT));
    lat_coder_free(&coder);
}

int main(void) {
    static uint8_t original[SAMPLES], decoded[SAMPLES];
    const pith_image_format format = {WIDTH, HEIGHT, 3, 8};
    const pith_image a = {format, original, 3 * WIDTH}, b = {format, decoded, 3 * WIDTH};
    print_maths();
    make_pictures(original, decoded);
    print_scores(&a, &b);
    print_tiles(&a, &b);
    print_text(&a, &b);
    print_gradients(original, decoded);
    print_slope();
    return 0;
}
