/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* 8-bit weights. In a file whose metadata has QUANTISED_KEY, an I8 tensor NAME [n, ...] has a companion NAME.scale,
 * F32 [n]; each value is the integer times the scale of its first index. See doc/weights.md, "int8". */
#ifndef PITH_WEIGHTS_QUANTISED_H
#define PITH_WEIGHTS_QUANTISED_H

#include "weights/tensor_table.h"

#define QUANTISED_KEY "pith_int8"
#define QUANTISED_VERSION "1"
#define QUANTISED_ENDING ".scale" /* suffix of the names of scales */
#define QUANTISED_MAX 127         /* integers are -127 to 127 */

bool quantised_is_marked(const tensor_table *table);

/* The format_version of one of Pith's own files with such weights. */
#define FORMAT_VERSION_PLAIN "1"
#define FORMAT_VERSION_INT8 "2"
const char *quantised_format_version(const tensor_table *table);

/* Replaces a marked table by one whose I8 tensors have their scales, which are no longer separate tensors. Other
 * tables are left unchanged. The data are shared with the old table, which must not own mappings yet. Fails for I8
 * tensors without scales, for scales of the wrong type or shape or that are not normal and positive, and for scales
 * without a tensor. */
pith_status quantised_resolve(tensor_table **table, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Reads elements [first, first + n) of an I8 tensor with scales. */
void quantised_read_f32(const tensor *t, uint64_t first, size_t n, float *out);

/* True if the tensor should be quantised: a matrix or convolution, not an embedding, with so many values that the
 * scales and their name cost little. The small ones at both ends of a network are excluded; errors there are most
 * visible. */
bool quantised_pays(const tensor *t);

/* Writes shape[0] scales, the smallest for which no integer exceeds QUANTISED_MAX. PITH_E_FORMAT if a value is not
 * finite in binary16. */
pith_status quantised_make_scales(const tensor *t, float *scales, pith_diag *diag) PITH_MUST_CHECK;

/* Converts elements [first, first + n) to integers, each the nearest to value / scale. */
void quantised_make_integers(const tensor *t, const float *scales, uint64_t first, size_t n, int8_t *out);

#endif
