/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights of 8 bits. In a file whose metadata has QUANTISED_KEY, an I8 tensor
 * NAME [n, ...] goes with a tensor NAME.scale, F32 [n], and its values are its
 * integers times the scale of their first index. doc/weights.md, "int8". */
#ifndef PITH_WEIGHTS_QUANTISED_H
#define PITH_WEIGHTS_QUANTISED_H

#include "weights/tensor_table.h"

#define QUANTISED_KEY "pith_int8"
#define QUANTISED_VERSION "1"
#define QUANTISED_ENDING ".scale" /* of the names of scales */
#define QUANTISED_MAX 127         /* integers are -127 to 127 */

bool quantised_is_marked(const tensor_table *table);

/* The format_version that a file of ours of these weights says. */
#define FORMAT_VERSION_PLAIN "1"
#define FORMAT_VERSION_INT8 "2"
const char *quantised_format_version(const tensor_table *table);

/* Of a marked table makes one whose I8 tensors have their scales, which are no
 * tensors of it any more; another stays as it is. The data are those of the
 * old one, which must not own mappings yet. Refuses I8 tensors without scales,
 * scales of another type or shape, or that are not normal and above 0, and
 * scales of nothing. */
pith_status quantised_resolve(tensor_table **table, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Elements [first, first + n) of an I8 tensor with scales. */
void quantised_read_f32(const tensor *t, uint64_t first, size_t n, float *out);

/* Whether the tensor is one to quantise: a matrix or convolution of so many
 * values that scales and a second name cost nothing, and no embedding. The
 * small ones at both ends of a network, where errors are seen most, are not. */
bool quantised_pays(const tensor *t);

/* Writes shape[0] scales, the smallest with which no integer is beyond
 * QUANTISED_MAX. PITH_E_FORMAT for a value that is not finite in binary16. */
pith_status quantised_make_scales(const tensor *t, float *scales, pith_diag *diag) PITH_MUST_CHECK;

/* Elements [first, first + n) as integers, each the nearest to value / scale. */
void quantised_make_integers(const tensor *t, const float *scales, uint64_t first, size_t n, int8_t *out);

#endif
