/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The baseline: each channel by itself, adaptive binary decisions in contexts
 * of the magnitudes left and above, no mixing, no initial state. Encoder only:
 * what it measures is the size. Frozen: figures in doc/ refer to it. */
#include "coder_v0.h"

#include <stdlib.h>

#include "entropy/range_coder.h"

#define N_UNARY 14 /* magnitudes 1..N_UNARY are unary, larger ones escape */
#define COUNT_LIMIT 62

typedef struct counter {
    uint16_t probability;
    uint16_t count;
} counter;

typedef struct channel_state {
    counter zero[9];
    counter magnitude[3][N_UNARY];
    counter escape[32];
} channel_state;

/* The mean of what was seen, until COUNT_LIMIT; then a fixed rate. */
static void code(rc_encoder *e, counter *c, unsigned bit) {
    int p = c->probability;
    uint32_t clamped = p < 32 ? 32 : p > 65504 ? 65504 : (uint32_t)p;
    rc_encode(e, bit, clamped);
    p += ((bit ? 65535 : 0) - p) * 2 / (2 * c->count + 3);
    c->probability = (uint16_t)p;
    if (c->count < COUNT_LIMIT) c->count++;
}

static void code_escape(rc_encoder *e, counter *counters, unsigned value) {
    unsigned n = 0;
    for (value++; value >> (n + 1); n++) code(e, &counters[n], 1);
    code(e, &counters[n], 0);
    while (n-- > 0) rc_encode(e, value >> n & 1, RC_PROB_HALF);
}

static void code_symbol(rc_encoder *e, channel_state *s, int symbol, int west, int north) {
    int w = abs(west) > 2 ? 2 : abs(west), n = abs(north) > 2 ? 2 : abs(north);
    code(e, &s->zero[w * 3 + n], symbol == 0);
    if (symbol == 0) return;
    rc_encode(e, symbol < 0, RC_PROB_HALF);
    counter *magnitude = s->magnitude[w + n > 2 ? 2 : w + n];
    int m = abs(symbol), i = 1;
    for (; i <= N_UNARY; i++) {
        code(e, &magnitude[i - 1], m > i);
        if (m == i) return;
    }
    code_escape(e, s->escape, (unsigned)(m - i));
}

static void code_channel(rc_encoder *e, const lat_block *block, const int16_t *plane) {
    channel_state s;
    counter *counters = (counter *)&s;
    for (size_t i = 0; i < sizeof s / sizeof *counters; i++) counters[i] = (counter){RC_PROB_HALF, 0};
    for (uint32_t y = 0; y < block->height; y++) {
        const int16_t *row = plane + y * block->row_stride;
        for (uint32_t x = 0; x < block->width; x++)
            code_symbol(e, &s, row[x], x ? row[x - 1] : 0, y ? *(row + x - block->row_stride) : 0);
    }
}

uint64_t coder_v0_bytes(const lat_block *block) {
    rc_encoder e;
    rc_encoder_init(&e, NULL);
    for (uint32_t c = 0; c < block->n_channels; c++) code_channel(&e, block, block->symbols + c * block->plane_stride);
    rc_encoder_finish(&e);
    return e.n_bytes;
}
