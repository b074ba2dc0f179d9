/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Lines of text in a picture, and whether they are still what they were after
 * decoding: a network makes other letters of those that it cannot keep. */
#ifndef PITH_FIDELITY_TEXT_LINES_H
#define PITH_FIDELITY_TEXT_LINES_H

#include <stdbool.h>

#include <pith/pith.h>

#include "fidelity/weight_map.h"

/* By blocks of FID_BLOCK, row by row. */
typedef struct fid_lines {
    uint32_t across, down;
    uint32_t n_text; /* blocks of lines; 0: too few for text, whatever they look like */
    uint8_t *is_text;
    float *kept; /* of blocks of text, as last measured: correlation of luma, 1 is equal; fid_lines_measure */
} fid_lines;

/* Of a picture of 8 bits and 1 or 3 channels. Freed by fid_lines_free with the same allocator, after a failure too. */
pith_status fid_lines_find(fid_lines *lines, const pith_alloc *alloc, const pith_image *picture) PITH_MUST_CHECK;
void fid_lines_free(fid_lines *lines, const pith_alloc *alloc);

/* What is in a rectangle no longer counts as text. */
void fid_lines_forget(fid_lines *lines, const fid_rect *rect);

/* `decoded`, of 8 bits too, is as large as `original`; it may have more or fewer channels. */
void fid_lines_measure(fid_lines *lines, const pith_image *original, const pith_image *decoded);

/* The part of the text that was lost, as last measured; 0 .. 1. */
double fid_lines_lost(const fid_lines *lines);

/* Marks in `lost`, of as many blocks, the stretches of lines whose letters may be others, as last measured: `margin`
 * below what can be read. They are no text from then on. Returns how many blocks. */
uint32_t fid_lines_take_lost(fid_lines *lines, float margin, uint8_t *lost);

#endif
