/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The binary range coder of doc/format.md, "Range coder". The coded number lies in [low, low + range); a 1 takes the
 * lower part of that interval. */
#include "entropy/range_coder.h"

/* A smaller range is extended by a byte. */
#define RANGE_MIN (1u << 24)

static uint32_t part_of_one(uint32_t range, uint32_t probability_of_one) {
    /* The full product is needed: with a range of only 2^24, shifting before the multiplication would lose up to 0.4
     * % of the part. */
    return (uint32_t)(((uint64_t)range * probability_of_one) >> RC_PROB_BITS);
}

void rc_encoder_init(rc_encoder *e, byte_writer *out) { *e = (rc_encoder){.out = out, .range = UINT32_MAX}; }

/* Zero bytes are held back until another byte follows, so trailing zeros are never written. */
static void put_byte(rc_encoder *e, uint8_t byte) {
    if (byte == 0) {
        e->n_zeros++;
        return;
    }
    for (; e->n_zeros > 0; e->n_zeros--) {
        e->n_bytes++;
        if (e->out) bw_u8(e->out, 0);
    }
    e->n_bytes++;
    if (e->out) bw_u8(e->out, byte);
}

/* Moves the top byte of `low` out. It stays in `cache`, and the 0xFF bytes after it are counted in `n_pending`, until
 * no carry can change them. No carry changes the first byte: the coded number is below 1. */
static void shift_low(rc_encoder *e) {
    uint8_t top = (uint8_t)(e->low >> 24);
    uint8_t carry = (uint8_t)(e->low >> 32);
    if (top != 0xFF || carry || e->n_pending == 0) {
        if (e->n_pending > 0) put_byte(e, (uint8_t)(e->cache + carry));
        for (; e->n_pending > 1; e->n_pending--) put_byte(e, (uint8_t)(0xFF + carry));
        e->n_pending = 0;
        e->cache = top;
    }
    e->n_pending++;
    e->low = (e->low & 0x00FFFFFFu) << 8;
}

void rc_encode(rc_encoder *e, unsigned bit, uint32_t probability_of_one) {
    uint32_t part = part_of_one(e->range, probability_of_one);
    if (bit) {
        e->range = part;
    } else {
        e->low += part;
        e->range -= part;
    }
    while (e->range < RANGE_MIN) {
        e->range <<= 8;
        shift_low(e);
    }
}

/* Of all numbers in [low, low + range), the one with the most trailing zero bytes needs the fewest bytes. */
void rc_encoder_finish(rc_encoder *e) {
    for (unsigned n_bits = 32;; n_bits -= 8) {
        uint64_t mask = ((uint64_t)1 << n_bits) - 1;
        uint64_t candidate = (e->low + mask) & ~mask;
        if (candidate < e->low + e->range) {
            e->low = candidate;
            break;
        }
    }
    for (int i = 0; i < 5; i++) shift_low(e); /* 4 bytes of `low`, and `cache` */
}

static uint8_t next_byte(rc_decoder *d) {
    uint8_t byte = d->position < d->n_bytes ? d->data[d->position] : 0;
    d->position++;
    return byte;
}

void rc_decoder_init(rc_decoder *d, const uint8_t *data, size_t n_bytes) {
    *d = (rc_decoder){.data = data, .n_bytes = n_bytes, .range = UINT32_MAX};
    for (int i = 0; i < 4; i++) d->code = d->code << 8 | next_byte(d);
}

unsigned rc_decode(rc_decoder *d, uint32_t probability_of_one) {
    uint32_t part = part_of_one(d->range, probability_of_one);
    unsigned bit = d->code < part;
    if (bit) {
        d->range = part;
    } else {
        d->code -= part;
        d->range -= part;
    }
    while (d->range < RANGE_MIN) {
        d->range <<= 8;
        d->code = d->code << 8 | next_byte(d);
    }
    return bit;
}

bool rc_decoder_at_end(const rc_decoder *d) {
    return d->position >= d->n_bytes && (d->n_bytes == 0 || d->data[d->n_bytes - 1] != 0);
}
