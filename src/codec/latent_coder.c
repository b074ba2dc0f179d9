/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latent slices: symbols <-> binary decisions, and the coding order. */
#include "codec/latent_coder.h"

#include <string.h>

#include "base/mem.h"
#include "base/watch.h"
#include "codec/lat_model.h"
#include "entropy/range_coder.h"

#define ESCAPE_BITS_MAX 16 /* longest prefix of the escape's Exp-Golomb code: 17 bits, enough for +-65534 */

typedef enum direction { ENCODE, DECODE } direction;

struct lat_coder {
    const pith_alloc *alloc; /* borrowed */
    uint32_t n_channels;
    direction direction;
    rc_encoder encoder;
    rc_decoder decoder;
    bool bad; /* a symbol out of range was decoded */
    watch watch;
    bool stopped;
    lat_model model;
};

pith_status lat_coder_new(lat_coder **out, const pith_alloc *alloc, uint32_t n_channels) {
    if (!out || n_channels == 0 || n_channels > LAT_MAX_CHANNELS) return PITH_E_ARG;
    lat_coder *c = mem_alloc(alloc, 1, sizeof *c);
    if (!c) return PITH_E_NOMEM;
    c->alloc = alloc;
    c->n_channels = n_channels;
    pith_status status = lat_model_init(&c->model, alloc, n_channels);
    if (status != PITH_OK) lat_coder_free(&c);
    *out = c;
    return status;
}

size_t lat_coder_bytes(uint32_t n_channels) { return sizeof(lat_coder) + lat_contexts_bytes(n_channels); }

void lat_coder_free(lat_coder **coder) {
    if (!coder || !*coder) return;
    lat_model_free(&(*coder)->model, (*coder)->alloc);
    mem_free((*coder)->alloc, *coder);
    *coder = NULL;
}

pith_status lat_coder_use_prior(lat_coder *c, uint8_t prior_id) {
    if (prior_id >= LAT_N_PRIORS) return PITH_E_UNSUPPORTED;
    const lat_prior *prior = lat_priors[prior_id];
    if (prior->n_channels > 0 && prior->n_channels != c->n_channels) return PITH_E_FORMAT;
    c->model.prior = prior;
    return PITH_OK;
}

void lat_coder_watch(lat_coder *c, watch watch) { c->watch = watch; }

lat_model *lat_coder_model(lat_coder *coder) { return &coder->model; }

/* ---- symbols as binary decisions -------------------------------------------
 * Each code_ function serves both directions: it takes the true value when
 * encoding (ignored when decoding) and returns the true value in both. */

static unsigned code_bit(lat_coder *c, unsigned bit, uint32_t probability) {
    if (c->direction == DECODE) return rc_decode(&c->decoder, probability);
    rc_encode(&c->encoder, bit, probability);
    return bit;
}

static unsigned code_decision(lat_coder *c, unsigned bit, uint32_t probability) {
    bit = code_bit(c, bit, probability);
    lat_model_learn(&c->model, bit);
    return bit;
}

/* Exp-Golomb code, each bit with probability 1/2; escapes are rare enough. */
static uint32_t code_escape(lat_coder *c, uint32_t value) {
    uint32_t n = 0, result = 1;
    value++;
    while (n < ESCAPE_BITS_MAX && code_bit(c, value >> (n + 1) != 0, RC_PROB_HALF)) n++;
    while (n-- > 0) result = result << 1 | code_bit(c, value >> n & 1, RC_PROB_HALF);
    return result - 1;
}

/* Codes the difference of a symbol from its prediction; positive on the side the prediction leans to. */
static int32_t code_difference(lat_coder *c, int32_t difference) {
    lat_model *m = &c->model;
    if (code_decision(c, difference == 0, lat_model_zero(m))) return 0;
    bool away = code_decision(c, difference < 0, lat_model_away(m));
    uint32_t truth = (uint32_t)(difference < 0 ? -difference : difference), magnitude = 1;
    while (magnitude <= LAT_N_UNARY && code_decision(c, truth > magnitude, lat_model_above(m, magnitude, away)))
        magnitude++;
    if (magnitude > LAT_N_UNARY) magnitude += code_escape(c, truth - magnitude);
    return away ? -(int32_t)magnitude : (int32_t)magnitude;
}

static int16_t code_symbol(lat_coder *c, int32_t symbol) {
    const lat_view *v = &c->model.view;
    int32_t side = v->flipped ? -1 : 1;
    int32_t result = v->predicted + side * code_difference(c, side * (symbol - v->predicted));
    if (result > LAT_MAX_SYMBOL || result < -LAT_MAX_SYMBOL) {
        c->bad = true;
        result = 0;
    }
    return (int16_t)result;
}

/* ---- planes ------------------------------------------------------------------ */

static bool is_all_zero(const lat_block *b, const int16_t *plane) {
    for (uint32_t y = 0; y < b->height; y++)
        for (uint32_t x = 0; x < b->width; x++)
            if (plane[y * b->row_stride + x]) return false;
    return true;
}

static void clear_plane(const lat_block *b, uint32_t channel) {
    int16_t *plane = b->symbols + channel * b->plane_stride;
    for (uint32_t y = 0; y < b->height; y++) memset(plane + y * b->row_stride, 0, b->width * sizeof *plane);
}

static void code_plane(lat_coder *c, const lat_block *b, uint32_t channel, int16_t *plane) {
    lat_contexts *k = &c->model.contexts;
    lat_model_begin_channel(&c->model, channel);
    for (uint32_t y = 0; y < b->height && !c->stopped; y++) {
        int16_t *row = plane + y * b->row_stride;
        c->stopped = watch_stops(c->watch);
        for (uint32_t x = 0; x < b->width && !c->stopped; x++) {
            lat_contexts_view(k, channel, y, x, &c->model.view);
            if (c->model.observe_symbol) c->model.observe_symbol(c->model.observe_user, &c->model, channel, y, x);
            int16_t symbol = code_symbol(c, row[x]);
            lat_contexts_learn(k, channel, y, x, &c->model.view, symbol);
            if (c->direction == DECODE) row[x] = symbol;
        }
    }
    lat_model_end_channel(&c->model, channel);
}

static void code_block(lat_coder *c, const lat_block *b) {
    uint32_t n_zero = 0;
    lat_model_begin_slice(&c->model, b->height, b->width);
    c->stopped = false;
    for (uint32_t channel = 0; channel < b->n_channels && !c->stopped; channel++) {
        int16_t *plane = b->symbols + channel * b->plane_stride;
        /* decoding starts from zeros; this also keeps the argument of code_symbol defined */
        if (c->direction == DECODE) clear_plane(b, channel);
        bool zero = c->direction == ENCODE && is_all_zero(b, plane);
        zero = code_bit(c, zero, (n_zero + 1) * 65536 / (channel + 2));
        if (zero)
            n_zero++;
        else
            code_plane(c, b, channel, plane);
    }
}

static bool in_range(const lat_block *b) {
    for (uint32_t channel = 0; channel < b->n_channels; channel++)
        for (uint32_t y = 0; y < b->height; y++)
            for (uint32_t x = 0; x < b->width; x++)
                if (b->symbols[channel * b->plane_stride + y * b->row_stride + x] < -LAT_MAX_SYMBOL) return false;
    return true;
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
    if (!out || !block_ok(c, block) || !in_range(block)) return PITH_E_ARG;
    encode(c, block, out);
    return c->stopped ? PITH_E_ABORTED : out->status;
}

pith_status lat_cost(lat_coder *c, const lat_block *block, uint64_t *n_bytes) {
    if (!n_bytes || !block_ok(c, block) || !in_range(block)) return PITH_E_ARG;
    encode(c, block, NULL);
    *n_bytes = c->encoder.n_bytes;
    return c->stopped ? PITH_E_ABORTED : PITH_OK;
}

static pith_status decode(lat_coder *c, const uint8_t *data, size_t n_bytes, const lat_block *block, pith_diag *diag) {
    c->direction = DECODE;
    c->bad = false;
    rc_decoder_init(&c->decoder, data, n_bytes);
    code_block(c, block);
    if (c->stopped) return diag_set(diag, PITH_E_ABORTED, "stopped");
    if (c->bad) return diag_set(diag, PITH_E_FORMAT, "latent slice: a symbol is out of range");
    return PITH_OK;
}

pith_status lat_decode(lat_coder *c, const uint8_t *data, size_t n_bytes, const lat_block *block, pith_diag *diag) {
    if ((!data && n_bytes) || !block_ok(c, block)) return diag_set(diag, PITH_E_ARG, "latent slice: bad arguments");
    pith_status status = decode(c, data, n_bytes, block, diag);
    if (status == PITH_OK && !rc_decoder_at_end(&c->decoder))
        status = diag_set(diag, PITH_E_FORMAT, "latent slice: bytes left over");
    return status;
}

pith_status lat_decode_first(lat_coder *c, const uint8_t *data, size_t n_bytes, const lat_block *block,
                             uint32_t n_channels, pith_diag *diag) {
    if ((!data && n_bytes) || !block_ok(c, block) || n_channels > block->n_channels)
        return diag_set(diag, PITH_E_ARG, "latent slice: bad arguments");
    lat_block first = *block;
    first.n_channels = n_channels;
    for (uint32_t channel = n_channels; channel < block->n_channels; channel++) clear_plane(block, channel);
    return decode(c, data, n_bytes, &first, diag);
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
