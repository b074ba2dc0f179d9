/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* For a given size: text that does not survive in the bytes available would turn into other letters. It is blurred, and
 * the picture is coded again. */
#ifndef PITH_SEARCH_TEXT_ROUNDS_H
#define PITH_SEARCH_TEXT_ROUNDS_H

#include "picture/tiles.h"
#include "search/loop.h"

/* What is needed to code a picture again; all borrowed. */
typedef struct text_rounds {
    closed_loop *loop; /* its `original` is `kept` */
    kept_source *kept; /* lost text is blurred in it */
    const tile_grid *grid;
    latent_planes *latents; /* of the picture; in the end, of the picture with lost text blurred */
    ctr_tint *tint;
} text_rounds;

/* Runs the closed loop, once or several times. */
pith_status text_rounds_run(const text_rounds *r, coded_picture *best) PITH_MUST_CHECK;

#endif
