/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latent slices: symbols <-> binary decisions, and the order of coding. */
#include "codec/latent_coder.h"

#include <stdlib.h>

#include "base/mem.h"
#include "entropy/range_coder.h"

#define N_UNARY 14 /* magnitudes 1..N_UNARY are unary, larger ones escape */
#define N_ESCAPE 16
#define N_ENERGY 8
#define COUNT_LIMIT 126

typedef struct counter {
    uint16_t probability;
    uint16_t count;
} counter;

typedef struct channel_state {
    counter zero[N_ENERGY][3];
    counter sign[3][3];
    counter magnitude[N_ENERGY][N_UNARY];
    counter escape[N_ESCAPE];
} channel_state;

typedef enum direction { ENCODE, DECODE } direction;

struct lat_coder {
    const pith_alloc *alloc; /* borrowed */
    uint32_t n_channels;
    direction direction;
    rc_encoder encoder;
    rc_decoder decoder;
    bool bad; /* a magnitude out of range was decoded */
    channel_state channel;
};

pith_status lat_coder_new(lat_coder **out, const pith_alloc *alloc, uint32_t n_channels) {
    if (!out || n_channels == 0 || n_channels > LAT_MAX_CHANNELS) return PITH_E_ARG;
    lat_coder *c = mem_alloc(alloc, 1, sizeof *c);
    if (!c) return PITH_E_NOMEM;
    c->alloc = alloc;
    c->n_channels = n_channels;
    *out = c;
    return PITH_OK;
}

void lat_coder_free(lat_coder **coder) {
    if (!coder || !*coder) return;
    mem_free((*coder)->alloc, *coder);
    *coder = NULL;
}

static unsigned code_raw(lat_coder *c, unsigned bit, uint32_t probability) {
    if (c->direction == DECODE) return rc_decode(&c->decoder, probability);
    rc_encode(&c->encoder, bit, probability);
    return bit;
}

static unsigned code_bit(lat_coder *c, counter *k, unsigned bit) {
    int p = k->probability;
    bit = code_raw(c, bit, p < 32 ? 32 : p > 65504 ? 65504 : (uint32_t)p);
    p += ((bit ? 65535 : 0) - p) * 2 / (2 * k->count + 3);
    k->probability = (uint16_t)p;
    if (k->count < COUNT_LIMIT) k->count++;
    return bit;
}

static uint32_t code_escape(lat_coder *c, counter *counters, uint32_t value) {
    uint32_t n = 0;
    value++;
    while (n < N_ESCAPE - 1 && code_bit(c, &counters[n], value >> (n + 1) != 0)) n++;
    uint32_t result = 1;
    for (uint32_t i = n; i-- > 0;) result = result << 1 | code_raw(c, value >> i & 1, RC_PROB_HALF);
    return result - 1;
}

static int at(const lat_block *b, const int16_t *plane, int64_t y, int64_t x) {
    if (y < 0 || x < 0 || x >= (int64_t)b->width) return 0;
    return plane[(size_t)y * b->row_stride + (size_t)x];
}

static int sign_of(int v) {
    return (v > 0) - (v < 0);
}

static int code_symbol(lat_coder *c, const lat_block *b, const int16_t *plane, int64_t y, int64_t x, int symbol) {
    int w = at(b, plane, y, x - 1), n = at(b, plane, y - 1, x);
    int energy = 2 * (abs(w) + abs(n)) + abs(at(b, plane, y - 1, x - 1)) + abs(at(b, plane, y - 1, x + 1)) +
                 abs(at(b, plane, y, x - 2)) + abs(at(b, plane, y - 2, x));
    int level = 0;
    while (level < N_ENERGY - 1 && energy >> level) level++;
    int below = plane != b->symbols ? abs(at(b, plane - b->plane_stride, y, x)) : 0;
    channel_state *s = &c->channel;
    if (code_bit(c, &s->zero[level][below > 2 ? 2 : below], symbol == 0)) return 0;
    bool negative = code_bit(c, &s->sign[sign_of(w) + 1][sign_of(n) + 1], symbol < 0);
    int m = abs(symbol), i = 1;
    while (i <= N_UNARY && code_bit(c, &s->magnitude[level][i - 1], m > i)) i++;
    if (i > N_UNARY) i += (int)code_escape(c, s->escape, (uint32_t)(m - i));
    if (i > LAT_MAX_SYMBOL) {
        c->bad = true;
        i = LAT_MAX_SYMBOL;
    }
    return negative ? -i : i;
}

static void code_block(lat_coder *c, const lat_block *b) {
    counter *counters = (counter *)&c->channel;
    for (uint32_t channel = 0; channel < b->n_channels; channel++) {
        for (size_t i = 0; i < sizeof c->channel / sizeof *counters; i++) counters[i] = (counter){RC_PROB_HALF, 0};
        int16_t *plane = b->symbols + channel * b->plane_stride;
        for (uint32_t y = 0; y < b->height; y++) {
            int16_t *row = plane + y * b->row_stride;
            for (uint32_t x = 0; x < b->width; x++) {
                int symbol = code_symbol(c, b, plane, y, x, c->direction == DECODE ? 0 : row[x]);
                if (c->direction == DECODE) row[x] = (int16_t)symbol;
            }
        }
    }
}

static bool block_ok(const lat_coder *c, const lat_block *b) {
    return c && b && b->symbols && b->n_channels == c->n_channels && b->height > 0 && b->height <= LAT_MAX_SLICE &&
           b->width > 0 && b->width <= LAT_MAX_SLICE;
}

static void encode(lat_coder *c, const lat_block *b, byte_writer *out) {
    c->direction = ENCODE;
    rc_encoder_init(&c->encoder, out);
    code_block(c, b);
    rc_encoder_finish(&c->encoder);
}

pith_status lat_encode(lat_coder *c, const lat_block *block, byte_writer *out) {
    if (!out || !block_ok(c, block)) return PITH_E_ARG;
    encode(c, block, out);
    return out->status;
}

pith_status lat_cost(lat_coder *c, const lat_block *block, uint64_t *n_bytes) {
    if (!n_bytes || !block_ok(c, block)) return PITH_E_ARG;
    encode(c, block, NULL);
    *n_bytes = c->encoder.n_bytes;
    return PITH_OK;
}

pith_status lat_decode(lat_coder *c, const uint8_t *data, size_t n_bytes, const lat_block *block, pith_diag *diag) {
    if ((!data && n_bytes) || !block_ok(c, block)) return diag_set(diag, PITH_E_ARG, "latent slice: bad arguments");
    c->direction = DECODE;
    c->bad = false;
    rc_decoder_init(&c->decoder, data, n_bytes);
    code_block(c, block);
    if (c->bad) return diag_set(diag, PITH_E_FORMAT, "latent slice: a symbol is out of range");
    if (!rc_decoder_at_end(&c->decoder)) return diag_set(diag, PITH_E_FORMAT, "latent slice: bytes left over");
    return PITH_OK;
}

uint16_t lat_checksum(const lat_block *block) {
    uint32_t crc = 0;
    for (uint32_t channel = 0; channel < block->n_channels; channel++)
        for (uint32_t y = 0; y < block->height; y++) {
            const int16_t *row = block->symbols + channel * block->plane_stride + y * block->row_stride;
            uint8_t bytes[LAT_MAX_SLICE * 2];
            for (uint32_t x0 = 0; x0 < block->width; x0 += LAT_MAX_SLICE) {
                uint32_t count = block->width - x0 < LAT_MAX_SLICE ? block->width - x0 : LAT_MAX_SLICE;
                for (uint32_t i = 0; i < count; i++) {
                    bytes[2 * i] = (uint8_t)((uint16_t)row[x0 + i] & 0xFF);
                    bytes[2 * i + 1] = (uint8_t)((uint16_t)row[x0 + i] >> 8);
                }
                crc = crc32_update(crc, bytes, 2 * (size_t)count);
            }
        }
    return (uint16_t)(crc & 0xFFFF);
}
