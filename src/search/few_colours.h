/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The closed loop without a network: the picture exactly, in fewer colours, or,
 * with more than 8 bits, in fewer levels. */
#ifndef PITH_SEARCH_FEW_COLOURS_H
#define PITH_SEARCH_FEW_COLOURS_H

#include "search/fit.h"

/* Bytes that a file of method exact may have if the size is limited. */
uint64_t exact_room(const trial *s);

/* Stores the picture exactly in `best` if that takes at most `max_bytes` (the whole file, without the chunks that
 * follow). *fits says whether it does. */
pith_status exact_if_it_fits(trial *s, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

/* Uses as many colours as fit into `max_bytes`, if that looks better than `best`. */
pith_status colours_to_size(trial *s, uint64_t max_bytes, attempt *best) PITH_MUST_CHECK;

/* Uses the fewest colours that reach the score, if that takes fewer bytes than `best` or `best` does not reach it. */
pith_status colours_to_score(trial *s, double target, attempt *best) PITH_MUST_CHECK;

/* For a 16-bit picture: uses the finest levels that fit into `max_bytes`, if they are at least as fine as those of 8
 * bits. *fits says whether there are any. */
pith_status levels_to_size(trial *s, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

/* For a 16-bit picture: uses levels `step` apart. */
pith_status levels_of_step(trial *s, uint32_t step, uint64_t max_bytes, attempt *best, bool *fits) PITH_MUST_CHECK;

#endif
