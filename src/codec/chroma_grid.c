/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "codec/chroma_grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "entropy/range_coder.h"

#define N_CLASSES 4u /* classes of the neighbours' magnitude */
#define N_UNARY 8u   /* decisions about a magnitude that have their own counter */
#define SLOWEST 30u  /* a counter always moves by at least 1/32 of its error */

/* The probability of a 1, in 1/65536, and the number of bits seen, up to SLOWEST. */
typedef struct counter {
    uint16_t one;
    uint16_t n;
} counter;

typedef struct grid_coder {
    rc_encoder *encoder; /* NULL: decoding */
    rc_decoder decoder;
    counter zero[2][N_CLASSES], negative[2][3], more[2][N_UNARY];
} grid_coder;

pith_status chroma_grid_init(chroma_grid *g, const pith_alloc *alloc, uint32_t width, uint32_t height) {
    *g = (chroma_grid){.across = width / CHROMA_BLOCK + (width % CHROMA_BLOCK != 0),
                       .down = height / CHROMA_BLOCK + (height % CHROMA_BLOCK != 0),
                       .step = 0};
    for (int c = 0; c < 2; c++) g->values[c] = mem_alloc(alloc, g->across, g->down);
    return g->values[0] && g->values[1] ? PITH_OK : PITH_E_NOMEM;
}

void chroma_grid_free(chroma_grid *g, const pith_alloc *alloc) {
    for (int c = 0; c < 2; c++) mem_free(alloc, g->values[c]);
    *g = (chroma_grid){0};
}

/* ---- bytes ------------------------------------------------------------------------------------------ */

static unsigned code_bit(grid_coder *k, counter *c, unsigned bit) {
    const uint32_t chance = c->one < 64 ? 64 : c->one > 65472 ? 65472 : c->one;
    if (k->encoder)
        rc_encode(k->encoder, bit, chance);
    else
        bit = rc_decode(&k->decoder, chance);
    const int32_t wrong = (bit ? 65535 : 0) - (int32_t)c->one;
    c->one = (uint16_t)(c->one + wrong / (int32_t)(c->n + 2u));
    if (c->n < SLOWEST) c->n++;
    return bit;
}

static int sign_of(int v) { return (v > 0) - (v < 0); }

/* Codes a value, given its left and upper neighbours. When decoding, `value` is ignored. */
static int code_value(grid_coder *k, unsigned plane, int left, int above, int value) {
    const int predicted = (left + above) / 2;
    unsigned off = (unsigned)(abs(left) + abs(above)), magnitude = 1;
    if (off >= N_CLASSES) off = N_CLASSES - 1;
    const int error = value - predicted;
    if (code_bit(k, &k->zero[plane][off], error == 0)) return predicted;
    const bool negative = code_bit(k, &k->negative[plane][1 + sign_of(left + above)], error < 0);
    while (magnitude < 2 * CHROMA_TOP &&
           code_bit(k, &k->more[plane][magnitude <= N_UNARY ? magnitude - 1 : N_UNARY - 1],
                    (unsigned)abs(error) > magnitude))
        magnitude++;
    return negative ? predicted - (int)magnitude : predicted + (int)magnitude;
}

/* False if a value is out of range. */
static bool code_grid(grid_coder *k, const chroma_grid *g) {
    for (unsigned p = 0; p < 2; p++) {
        for (unsigned i = 0; i < N_CLASSES; i++) k->zero[p][i] = (counter){49152, 0};
        for (unsigned i = 0; i < 3; i++) k->negative[p][i] = (counter){32768, 0};
        for (unsigned i = 0; i < N_UNARY; i++) k->more[p][i] = (counter){16384, 0};
    }
    for (uint32_t y = 0; y < g->down; y++)
        for (unsigned p = 0; p < 2; p++) {
            int8_t *row = g->values[p] + (size_t)y * g->across;
            for (uint32_t x = 0; x < g->across; x++) {
                int above = y > 0 ? row[(ptrdiff_t)x - (ptrdiff_t)g->across] : 0, left = x > 0 ? row[x - 1] : above;
                int value = code_value(k, p, left, y > 0 ? above : left, row[x]);
                if (value < -CHROMA_TOP || value > CHROMA_TOP) return false;
                row[x] = (int8_t)value;
            }
        }
    return true;
}

void chroma_grid_encode(const chroma_grid *g, byte_writer *out) {
    rc_encoder encoder;
    grid_coder k = {.encoder = &encoder};
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < CHROMA_N_FACTORS; i++) bw_u8(out, (uint8_t)g->factors[c][i]);
    bw_u8(out, g->step);
    if (g->step == 0) return;
    rc_encoder_init(&encoder, out);
    if (code_grid(&k, g)) rc_encoder_finish(&encoder);
}

pith_status chroma_grid_decode(chroma_grid *g, const uint8_t *data, size_t n_bytes) {
    grid_coder k = {0};
    const size_t n_fixed = 2 * CHROMA_N_FACTORS + 1;
    if (n_bytes < n_fixed || data[n_fixed - 1] > CHROMA_MAX_STEP) return PITH_E_FORMAT;
    for (size_t i = 0; i < n_fixed - 1; i++)
        g->factors[i / CHROMA_N_FACTORS][i % CHROMA_N_FACTORS] = (int8_t)(data[i] < 128 ? data[i] : data[i] - 256);
    g->step = data[n_fixed - 1];
    if (g->step == 0) return n_bytes == n_fixed ? PITH_OK : PITH_E_FORMAT;
    rc_decoder_init(&k.decoder, data + n_fixed, n_bytes - n_fixed);
    return code_grid(&k, g) && rc_decoder_at_end(&k.decoder) ? PITH_OK : PITH_E_FORMAT;
}

/* ---- pixels ----------------------------------------------------------------------------------------- */

/* A pixel between the centres of two blocks: `part` / 64 of the way from `first` to `second`. */
typedef struct between {
    uint32_t first, second;
    int32_t part;
} between;

static between place_of(uint32_t place, uint32_t spacing, uint32_t n_blocks) {
    const uint64_t at = (2 * (uint64_t)place + 1) * spacing; /* in half pixels; block centres are at 32, 96, .. */
    if (at <= CHROMA_BLOCK) return (between){0, 0, 0};
    const uint32_t first = (uint32_t)((at - CHROMA_BLOCK) / (2 * CHROMA_BLOCK));
    if (first + 1 >= n_blocks) return (between){n_blocks - 1, n_blocks - 1, 0};
    return (between){first, first + 1, (int32_t)((at - CHROMA_BLOCK) % (2 * CHROMA_BLOCK))};
}

/* In 1/4096 levels. */
static int32_t value_at(const chroma_grid *g, unsigned plane, between y, between x) {
    const int8_t *upper = g->values[plane] + (size_t)y.first * g->across;
    const int8_t *lower = g->values[plane] + (size_t)y.second * g->across;
    const int32_t a = upper[x.first] * (64 - x.part) + upper[x.second] * x.part;
    const int32_t b = lower[x.first] * (64 - x.part) + lower[x.second] * x.part;
    return (a * (64 - y.part) + b * y.part) * g->step;
}

/* Y, Cb and Cr of 8-bit samples, in 1/256 levels. */
static void colour_of(const uint16_t rgb[3], int32_t ycc[3]) {
    ycc[0] = 77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2];
    ycc[1] = 144 * (256 * rgb[2] - ycc[0]) / 256;
    ycc[2] = 183 * (256 * rgb[0] - ycc[0]) / 256;
}

/* The factors' contribution to Cb or Cr, in 1/4096 levels. */
static int32_t factored(const int8_t factors[CHROMA_N_FACTORS], const int32_t ycc[3]) {
    const int32_t sum = factors[0] * ycc[1] + factors[1] * ycc[2] + factors[2] * ycc[0];
    return sum * 16 / CHROMA_FACTOR_UNIT + factors[3] * 4096 / CHROMA_CONSTANT_UNIT;
}

/* value * scale / 2^20, rounded half up. */
static int32_t rounded(int64_t value, int64_t scale) {
    const int64_t v = value * scale + (1 << 19);
    return (int32_t)(v >= 0 ? v / (1 << 20) : -((-v + (1 << 20) - 1) / (1 << 20)));
}

static int32_t clamped(int32_t v, int32_t top) { return v < 0 ? 0 : v > top ? top : v; }

void chroma_grid_apply(const chroma_grid *g, const chroma_row *r) {
    const between row = place_of(r->y, r->spacing, g->down);
    const bool is_deep = r->bit_depth == 16;
    const int32_t top = is_deep ? 65535 : 255, scale = is_deep ? 257 : 1;
    uint8_t *at = r->samples;
    for (uint32_t i = 0; i < r->n; i++, at += (size_t)r->n_channels * (is_deep ? 2 : 1)) {
        const between column = place_of(r->x + i, r->spacing, g->across);
        uint16_t samples[3], shallow[3];
        int32_t ycc[3];
        for (unsigned c = 0; c < 3; c++) {
            samples[c] = at[is_deep ? 0 : c];
            if (is_deep) memcpy(&samples[c], at + (size_t)2 * c, 2);
            shallow[c] = (uint16_t)(is_deep ? (samples[c] + 128u) / 257u : samples[c]);
        }
        colour_of(shallow, ycc);
        const int64_t cb = value_at(g, 0, row, column) + factored(g->factors[0], ycc);
        const int64_t cr = value_at(g, 1, row, column) + factored(g->factors[1], ycc);
        const int32_t add[3] = {rounded(359 * cr, scale), rounded(-88 * cb - 183 * cr, scale),
                                rounded(454 * cb, scale)};
        for (unsigned c = 0; c < 3; c++) {
            const uint16_t v = (uint16_t)clamped(samples[c] + add[c], top);
            if (is_deep)
                memcpy(at + (size_t)2 * c, &v, 2);
            else
                at[c] = (uint8_t)v;
        }
    }
}
