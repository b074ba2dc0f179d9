/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reduces a picture to fewer colours with little visible change, so that the exact coder needs fewer bytes. Used only
 * by the encoder: its floats need not be the same on every machine. */
#ifndef PITH_EXACT_FEWER_COLOURS_H
#define PITH_EXACT_FEWER_COLOURS_H

#include <stdbool.h>

#include <pith/pith.h>

#define COLOURS_MAX_DISTINCT 65536u

typedef struct colour_set colour_set;

/* Collects the colours of a picture with 8 bits per sample and 1 to 4 channels (the last of 2 or 4 is the opacity).
 * Nothing is borrowed. If there are more than COLOURS_MAX_DISTINCT, *out is NULL and the status PITH_OK.
 * PITH_E_NOMEM. */
pith_status colours_new(colour_set **out, const pith_alloc *alloc, const pith_image *image) PITH_MUST_CHECK;
void colours_free(colour_set **set);
unsigned colours_count(const colour_set *set);

/* Writes `from`, the picture from which the set was made, to `to`, which has the same format, with at most n_colours
 * >= 1 colours. Clusters are split where their squared error is largest, then moved to their means (P. Heckbert,
 * "Color image quantization for frame buffer display", 1982; S. Lloyd, 1982). */
void colours_reduce(colour_set *set, unsigned n_colours, const pith_image *from, const pith_image *to);

#endif
