/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How much a small block of pixels resembles printed text. */
#ifndef PITH_FIDELITY_DETECT_TEXT_H
#define PITH_FIDELITY_DETECT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define FID_TEXT_SIDE 16u /* largest width and height of a block, in pixels */

/* 0 (no text) to 1, for a block of n_columns x n_rows pixels of 1 or 3 channels. */
float fid_text_likeness(const uint8_t *pixels, size_t stride_bytes, uint32_t n_columns, uint32_t n_rows,
                        uint32_t n_channels);

#endif
