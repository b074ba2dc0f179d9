/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How a call keeps to its memory: with tiles as large as fit, since smaller ones
 * spend more of their work on margins. */
#ifndef PITH_STAGES_MEMORY_PLAN_H
#define PITH_STAGES_MEMORY_PLAN_H

#include "networks/model.h"
#include "stages/region.h"

/* Buffers for the latents of windows in an encoder. */
#define MEMORY_ENCODE_BUFFERS 3u

/* What a call works with; all borrowed. */
typedef struct memory_plan {
    const pith_model *model;
    const ctr_head *head;
    uint64_t allowed; /* bytes; see memory_allowed */
} memory_plan;

/* Bytes that a call may use if its options say `wanted`; UINT64_MAX if there is no limit. */
uint64_t memory_allowed(uint64_t wanted, const pith_model *model);

/* The tiles for encoding a picture. PITH_E_LIMIT if even the smallest need too much. */
pith_status memory_plan_encode(tile_grid *grid, const memory_plan *plan, const pith_image_format *format,
                               pith_diag *diag) PITH_MUST_CHECK;

typedef struct memory_decode_how {
    pith_area wanted; /* as in pith_decode_options */
    bool preview;     /* no network runs */
    model_work work;
    uint8_t bit_depth; /* of the rows that the sink gets */
} memory_decode_how;

/* The part of the picture that is decoded, and its tiles. */
pith_status memory_plan_decode(region *part, const memory_plan *plan, const memory_decode_how *how, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
