/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the coder would need for other symbols: an estimate for searches, taken from the coder itself as it codes. */
#ifndef PITH_CODEC_LAT_SLOPE_H
#define PITH_CODEC_LAT_SLOPE_H

#include "codec/latent_coder.h"

/* Codes a block, keeping nothing but the size, and gives for each symbol how many bits more the integer above its
 * value would cost than the one below: those of the symbol itself as the coder would code it there, and, to first
 * order, those of symbols that are predicted from it. `values`: what the block's symbols are the rounding of; it and
 * `slope` hold n_channels x height x width values without gaps, and the block must have none either. Statuses as of
 * lat_cost. */
pith_status lat_slope(lat_coder *coder, const lat_block *block, const float *values, float *slope, uint64_t *n_bytes)
    PITH_MUST_CHECK;

#endif
