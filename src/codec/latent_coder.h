/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Quantised latents <-> bytes, slice by slice. Integer arithmetic only; doc/format.md, "Latent slice", defines the
 * method. */
#ifndef PITH_CODEC_LATENT_CODER_H
#define PITH_CODEC_LATENT_CODER_H

#include <stdbool.h>

#include "base/stream.h"
#include "base/watch.h"

/* The quantiser clamps symbols to +-LAT_MAX_SYMBOL. */
#define LAT_MAX_SYMBOL 32767
#define LAT_MAX_CHANNELS 32
#define LAT_MAX_SLICE 128

/* A block of quantised latents: `n_channels` planes of height x width symbols. A view: rows are `row_stride` and
 * planes `plane_stride` elements apart, so a slice of a larger picture needs no copy. */
typedef struct lat_block {
    int16_t *symbols;
    uint32_t n_channels, height, width;
    size_t row_stride, plane_stride;
} lat_block;

/* Working memory for one slice at a time, in one thread at a time. */
typedef struct lat_coder lat_coder;

/* Size of a coder in bytes. */
size_t lat_coder_bytes(uint32_t n_channels);

/* `alloc` is borrowed until the coder is freed. Slices are at most LAT_MAX_SLICE positions wide and high. */
pith_status lat_coder_new(lat_coder **out, const pith_alloc *alloc, uint32_t n_channels) PITH_MUST_CHECK;
void lat_coder_free(lat_coder **coder);

/* Sets the prior of the following slices; a new coder has the generic one, 0. PITH_E_UNSUPPORTED if there is no such
 * prior, PITH_E_FORMAT if it is for another number of channels. */
pith_status lat_coder_use_prior(lat_coder *coder, uint8_t prior_id) PITH_MUST_CHECK;

/* The watch is checked before each row of symbols; a coder that is stopped returns PITH_E_ABORTED. */
void lat_coder_watch(lat_coder *coder, watch watch);

/* Appends the coded slice to `out`. */
pith_status lat_encode(lat_coder *coder, const lat_block *block, byte_writer *out) PITH_MUST_CHECK;

/* Gives the number of bytes that lat_encode would append. */
pith_status lat_cost(lat_coder *coder, const lat_block *block, uint64_t *n_bytes) PITH_MUST_CHECK;

/* Fills the block. Takes time linear in the block's size for any input, and returns PITH_OK, PITH_E_FORMAT or
 * PITH_E_ABORTED. */
pith_status lat_decode(lat_coder *coder, const uint8_t *data, size_t n_bytes, const lat_block *block, pith_diag *diag)
    PITH_MUST_CHECK;

/* Like lat_decode, but decodes only the first `n_channels` channels and fills the others with zeros. Takes time only
 * for those; later bytes are not read. */
pith_status lat_decode_first(lat_coder *coder, const uint8_t *data, size_t n_bytes, const lat_block *block,
                             uint32_t n_channels, pith_diag *diag) PITH_MUST_CHECK;

/* Checksum of a block's symbols: the low 16 bits of the CRC-32 of the symbols as little-endian int16, in plane, row,
 * column order. */
uint16_t lat_checksum(const lat_block *block);

#endif
