/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The closed loop without a network: the picture exactly, in fewer colours, or
 * of more than 8 bits in fewer levels. */
#ifndef PITH_SEARCH_FEW_COLOURS_H
#define PITH_SEARCH_FEW_COLOURS_H

#include "search/fit.h"

/* Bytes that a file of method exact may have, where there is a limit. */
uint64_t exact_room(const loop_state *s);

/* Exactly, into best->exact, if that takes at most `max_bytes` (of the whole file but what other chunks take that
 * follow it); *fits: it does. */
pith_status exact_if_it_fits(loop_state *s, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

/* In as many colours as fit into `max_bytes`, if that looks better than `best`. */
pith_status colours_to_size(loop_state *s, uint64_t max_bytes, attempt *best) PITH_MUST_CHECK;

/* In the fewest colours that reach the score, if that takes fewer bytes than `best` or if `best` does not reach it. */
pith_status colours_to_score(loop_state *s, double target, attempt *best) PITH_MUST_CHECK;

/* A picture of 16 bits: in the finest levels that fit into `max_bytes`, as long as they are at least as fine as
 * those of 8 bits; *fits: there are such. */
pith_status levels_to_size(loop_state *s, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

/* A picture of 16 bits in levels `step` apart. */
pith_status levels_of_step(loop_state *s, uint32_t step, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

#endif
