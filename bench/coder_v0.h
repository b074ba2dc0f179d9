/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The baseline the latent coder is measured against; frozen. */
#ifndef PITH_BENCH_CODER_V0_H
#define PITH_BENCH_CODER_V0_H

#include "codec/latent_coder.h"

/* Bytes the baseline needs for a block. */
uint64_t coder_v0_bytes(const lat_block *block);

#endif
