/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Estimates what other symbols would cost, for searches; computed while the coder codes a block. */
#ifndef PITH_CODEC_LAT_SLOPE_H
#define PITH_CODEC_LAT_SLOPE_H

#include "codec/latent_coder.h"

/* Codes a block without keeping the bytes. `slope` receives, for each symbol, how many bits more the integer above
 * its value would cost than the integer below. This counts the bits of the symbol itself as the coder would code it,
 * and, to first order, those of the symbols predicted from it. `values` are the unrounded symbols; it and `slope`
 * hold n_channels x height x width values without gaps, and the block must have no gaps either. Returns what lat_cost
 * returns. */
pith_status lat_slope(lat_coder *coder, const lat_block *block, const float *values, float *slope, uint64_t *n_bytes)
    PITH_MUST_CHECK;

#endif
