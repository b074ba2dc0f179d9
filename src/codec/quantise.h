/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents (floats) <-> symbols (integers), and the step index. */
#ifndef PITH_CODEC_QUANTISE_H
#define PITH_CODEC_QUANTISE_H

#include <stddef.h>
#include <stdint.h>

/* step = 2^(index / 64 - 16). Indices above LAT_MAX_STEP_INDEX are invalid. */
#define LAT_STEP_INDEX_ONE 1024
#define LAT_MAX_STEP_INDEX 2047

/* The step of an index, bit-identical on every machine (a table of 64 mantissas times a power of two). */
float lat_step(uint32_t index);

/* log2 of a step -> nearest valid index. */
uint32_t lat_step_index_from_log2(float log2_step);

/* symbol = round half away from zero (value / step), clamped to +-LAT_MAX_SYMBOL; a value that is not finite becomes
 * 0. */
void lat_quantise(const float *values, size_t count, float step, int16_t *symbols);
void lat_dequantise(const int16_t *symbols, size_t count, float step, float *values);

#endif
