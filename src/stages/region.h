/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The part of a picture that a call decodes: its pixels, the tiles that
 * make them, and the latent positions that those need. */
#ifndef PITH_STAGES_REGION_H
#define PITH_STAGES_REGION_H

#include "container/pith_format.h"
#include "networks/model.h"
#include "picture/pixels.h"
#include "picture/tiles.h"

typedef struct region {
    pixel_rect pixels;
    tile_grid tiles;
    bool whole_windows; /* the whole of each window is made, which needs less memory but more time; set by memory_plan.c
                         */
    ctr_rect latents;
} region;

/* `wanted`: a width and height of 0 is the whole picture. PITH_E_ARG if the
 * wanted part is not inside the picture. memory_plan.h chooses the reach. */
pith_status region_make(region *r, const pith_area *wanted, const ctr_head *head, tile_reach reach, pith_diag *diag)
    PITH_MUST_CHECK;

/* The window of one of its tiles; `column` and `row` count from the left and top. */
model_window region_window(const region *r, uint32_t column, uint32_t row);

#endif
