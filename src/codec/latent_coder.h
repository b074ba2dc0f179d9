/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Quantised latents <-> bytes, slice by slice. Integer arithmetic only; the
 * method is defined in doc/format.md, "Latent slice". */
#ifndef PITH_CODEC_LATENT_CODER_H
#define PITH_CODEC_LATENT_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

/* Symbols are clamped to +-LAT_MAX_SYMBOL by the quantiser. */
#define LAT_MAX_SYMBOL 32767
#define LAT_MAX_CHANNELS 32
#define LAT_MAX_SLICE 128

/* A block of quantised latents: `n_channels` planes of height x width symbols.
 * A view: rows are `row_stride` and planes `plane_stride` elements apart, so a
 * slice of a larger picture needs no copy. */
typedef struct lat_block {
    int16_t *symbols;
    uint32_t n_channels, height, width;
    size_t row_stride, plane_stride;
} lat_block;

/* Work space for one slice at a time; one thread at a time. */
typedef struct lat_coder lat_coder;

/* Bytes that a coder takes. */
size_t lat_coder_bytes(uint32_t n_channels);

/* `alloc` is borrowed for as long as the coder lives. Slices are at most
 * LAT_MAX_SLICE positions wide and high. */
pith_status lat_coder_new(lat_coder **out, const pith_alloc *alloc, uint32_t n_channels) PITH_MUST_CHECK;
void lat_coder_free(lat_coder **coder);

/* The prior of the slices to come; a new coder has the generic one, 0.
 * PITH_E_UNSUPPORTED when there is none of that number, PITH_E_FORMAT when it
 * is for another number of channels. */
pith_status lat_coder_use_prior(lat_coder *coder, uint8_t prior_id) PITH_MUST_CHECK;

/* Asked before each row of symbols; a coder that is stopped returns PITH_E_ABORTED. */
void lat_coder_watch(lat_coder *coder, watch watch);

/* Appends the coded slice to `out`. */
pith_status lat_encode(lat_coder *coder, const lat_block *block, byte_writer *out) PITH_MUST_CHECK;

/* The number of bytes lat_encode would append, without keeping them. */
pith_status lat_cost(lat_coder *coder, const lat_block *block, uint64_t *n_bytes) PITH_MUST_CHECK;

/* Fills the block. Total in time linear in the block's size: any bytes end in
 * PITH_OK, PITH_E_FORMAT or PITH_E_ABORTED. */
pith_status lat_decode(lat_coder *coder, const uint8_t *data, size_t n_bytes, const lat_block *block, pith_diag *diag)
    PITH_MUST_CHECK;

/* As lat_decode, but only the first `n_channels` channels, in the time they take;
 * the others are filled with zeros. Later bytes are not looked at. */
pith_status lat_decode_first(lat_coder *coder, const uint8_t *data, size_t n_bytes, const lat_block *block,
                             uint32_t n_channels, pith_diag *diag) PITH_MUST_CHECK;

/* Checksum of a block's symbols: CRC-32 of them as int16 little endian, in
 * plane, row, column order, cut to the low 16 bits. */
uint16_t lat_checksum(const lat_block *block);

#endif
