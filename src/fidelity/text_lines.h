/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Lines of text in a picture, and whether they are still readable after decoding: a network turns letters that it
 * cannot keep into other letters. */
#ifndef PITH_FIDELITY_TEXT_LINES_H
#define PITH_FIDELITY_TEXT_LINES_H

#include <stdbool.h>

#include <pith/pith.h>

#include "fidelity/weight_map.h"

/* In blocks of FID_BLOCK, row by row. */
typedef struct fid_lines {
    uint32_t across, down;
    uint32_t n_text; /* blocks that belong to lines; 0: too few to be text */
    uint8_t *is_text;
    float *kept; /* of text blocks, as last measured by fid_lines_measure: correlation of luma, 1 = equal */
} fid_lines;

/* For a picture with 8 bits and 1 or 3 channels. Must be freed by fid_lines_free with the same allocator, even after
 * a failure. */
pith_status fid_lines_find(fid_lines *lines, const pith_alloc *alloc, const pith_image *picture) PITH_MUST_CHECK;
void fid_lines_free(fid_lines *lines, const pith_alloc *alloc);

/* The blocks that touch a rectangle no longer count as text. */
void fid_lines_forget(fid_lines *lines, const fid_rect *rect);

/* `decoded` also has 8 bits and the size of `original`; its number of channels may differ. */
void fid_lines_measure(fid_lines *lines, const pith_image *original, const pith_image *decoded);

/* The share of the text that was lost, 0 .. 1, as last measured. */
double fid_lines_lost(const fid_lines *lines);

/* Marks in `lost` (one byte per block) the stretches of lines that may have turned into other letters: those measured
 * more than `margin` below the limit of readability. They no longer count as text. Returns the number of blocks. */
uint32_t fid_lines_take_lost(fid_lines *lines, float margin, uint8_t *lost);

#endif
