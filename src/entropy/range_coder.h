/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A binary range coder: integers only, 32-bit range, carries resolved by the encoder. Both directions are defined bit
 * for bit in doc/format.md, "Range coder". Depends on base only. */
#ifndef PITH_ENTROPY_RANGE_CODER_H
#define PITH_ENTROPY_RANGE_CODER_H

#include <stdbool.h>

#include "base/stream.h"

/* Probabilities are those of a 1 bit, in 1/65536, from 1 to 65535. */
#define RC_PROB_BITS 16
#define RC_PROB_HALF 32768u

typedef struct rc_encoder {
    byte_writer *out; /* borrowed; NULL: bytes are counted and not stored */
    uint64_t low;     /* below 2^33: bit 32 is a carry not yet added to `cache` */
    uint32_t range;
    uint8_t cache;      /* the last byte that a carry may still change */
    uint64_t n_pending; /* `cache` and the 0xFF bytes after it; 0 before the first byte */
    uint64_t n_zeros;   /* zero bytes held back; dropped if no other byte follows */
    uint64_t n_bytes;   /* written (or counted) so far */
} rc_encoder;

void rc_encoder_init(rc_encoder *e, byte_writer *out);
void rc_encode(rc_encoder *e, unsigned bit, uint32_t probability_of_one);
/* Ends the stream with the fewest bytes that still decode every bit. Trailing zero bytes are left out, since the
 * decoder reads zeros past the end. */
void rc_encoder_finish(rc_encoder *e);

typedef struct rc_decoder {
    const uint8_t *data; /* borrowed */
    size_t n_bytes;
    size_t position; /* bytes requested so far, including those past the end */
    uint32_t range, code;
} rc_decoder;

/* Accepts any bytes; past the end it reads zeros. */
void rc_decoder_init(rc_decoder *d, const uint8_t *data, size_t n_bytes);
unsigned rc_decode(rc_decoder *d, uint32_t probability_of_one);
/* True if all bytes were read and the last one is not zero, as rc_encoder_finish leaves them. Otherwise the data is
 * damaged. */
bool rc_decoder_at_end(const rc_decoder *d);

#endif
