/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Integer cosine transforms of square blocks, identical on every machine, and the quantiser; see
 * doc/residual-coder.md, "Transform" and "Quantiser". */
#ifndef PITH_RESIDUAL_RES_TRANSFORM_H
#define PITH_RESIDUAL_RES_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

#define RES_MIN_LOG2 2u /* smallest block: 4x4 */
#define RES_MAX_LOG2 5u /* largest block: 32x32 */
#define RES_N_SIZES 4u
#define RES_MAX_SIDE 32u
#define RES_MAX_AREA (RES_MAX_SIDE * RES_MAX_SIDE)

extern const int16_t res_dct_table[1360]; /* matrices of the four sizes, concatenated */
extern const uint16_t res_step_table[64]; /* in 1/16 of a sample */

/* Blocks have 2^log2 x 2^log2 samples; coefficients are orthonormal, in 1/4 sample, row = vertical frequency. Samples
 * in `block` lie within +-511. */
void res_transform_forward(const int16_t *block, unsigned log2, int32_t *coefficients);

/* Coefficients lie within +-65535. Columns from `n_columns` on and rows from `n_rows` on are taken as 0. */
void res_transform_inverse(const int32_t *coefficients, unsigned log2, unsigned n_rows, unsigned n_columns,
                           int16_t *block);

/* Step (in 1/512) of the coefficient in row v and column u; grows with the frequency according to `slope`, 0..7. */
uint32_t res_coefficient_step(unsigned step_index, unsigned slope, unsigned log2, unsigned v, unsigned u);

/* Level -> coefficient in 1/4 sample, within +-65535. */
int32_t res_dequantise(int32_t level, uint32_t step);

#endif
