/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How far a decoded 8-bit picture is from the original, tile of 32x32 pixels by
 * tile: the error of doc/tile-error.md, on which the
 * promise of a faithful file rests. Floats, in a fixed order of evaluation. */
#ifndef PITH_FIDELITY_TILE_ERROR_H
#define PITH_FIDELITY_TILE_ERROR_H

#include "base/mem.h"

#define FID_TILE 32u        /* pixels a tile is wide and high, on a grid from the top left */
#define FID_CELL 8u         /* pixels a block is wide and high */
#define FID_REACH 5u        /* pixels around a tile that its error depends on */
#define FID_MARGIN_LEVELS 2 /* what `sure` allows every decoded sample to be off by, either way */

/* What a faithful file promises of every tile. The numbers go into files. */
typedef enum fid_level { FID_NONE = 0, FID_LOOSE = 1, FID_NORMAL = 2, FID_STRICT = 3 } fid_level;

/* The largest error that the level allows; 0 for what is not a level. */
float fid_level_bound(fid_level level);

/* Some rows of an 8-bit picture of 1 (grey) or 3 (RGB) channels; borrowed. */
typedef struct fid_rows {
    const uint8_t *pixels; /* of row `first`, `stride_bytes` apart */
    size_t stride_bytes;
    uint32_t first, count; /* the rows that are here: 0 and the height for a whole picture */
} fid_rows;

typedef struct fid_tile {
    float error;   /* 0: equal */
    float sure;    /* no decoded picture within FID_MARGIN_LEVELS of this one has a larger error */
    uint32_t x, y; /* the pixel around which `sure` was found */
} fid_tile;

/* Of the pixels of a block of 8x8, the one whose `sure` is largest. */
typedef struct fid_block {
    float sure;
    float hidden; /* the squared level of error that counts as 1 there */
    uint32_t x, y;
} fid_block;

/* Scratch for pictures of one size; belongs to one thread at a time. */
typedef struct fid_meter fid_meter;

pith_status fid_meter_new(fid_meter **out, const pith_alloc *alloc, uint32_t width, uint32_t height,
                          uint32_t n_channels) PITH_MUST_CHECK;
void fid_meter_free(fid_meter **meter);

uint32_t fid_tiles_across(uint32_t width); /* ceil(width / FID_TILE); the same for heights */

/* The tiles [tx, tx + n) of row ty of tiles, into tiles[0 .. n - 1]. The rows
 * from FID_REACH above the tiles to FID_REACH below them (as far as the picture
 * has them) must be there: asserted. */
void fid_measure_tiles(fid_meter *meter, const fid_rows *original, const fid_rows *decoded, uint32_t ty, uint32_t tx,
                       uint32_t n, fid_tile *tiles);

/* Of whole pictures row ty of tiles, into its place among all tiles, row by row;
 * and unless NULL its blocks of FID_CELL, row by row of ceil(width / FID_CELL). */
void fid_measure_row(fid_meter *meter, const fid_rows *original, const fid_rows *decoded, uint32_t ty, fid_tile *tiles,
                     fid_block *blocks);

/* Whole pictures: every tile. */
void fid_measure(fid_meter *meter, const uint8_t *original, size_t original_stride_bytes, const uint8_t *decoded,
                 size_t decoded_stride_bytes, fid_tile *tiles);

#endif
