/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The error of a decoded 8-bit picture against the original, per tile of 32x32 pixels, as in doc/tile-error.md. The
 * promise of a faithful file is based on it. Floats, evaluated in a fixed order. */
#ifndef PITH_FIDELITY_TILE_ERROR_H
#define PITH_FIDELITY_TILE_ERROR_H

#include "base/mem.h"

#define FID_TILE 32u        /* side of a tile in pixels, on a grid from the top left */
#define FID_CELL 8u         /* side of a block in pixels */
#define FID_REACH 5u        /* pixels around a tile that its error depends on */
#define FID_MARGIN_LEVELS 2 /* `sure` allows for errors of every decoded sample up to this */

/* Level of the promise that a faithful file makes for every tile. The numbers are stored in files. */
typedef enum fid_level { FID_NONE = 0, FID_LOOSE = 1, FID_NORMAL = 2, FID_STRICT = 3 } fid_level;

/* The largest error that the level allows; 0 if the level is invalid. */
float fid_level_bound(fid_level level);

/* Rows of an 8-bit picture with 1 (grey) or 3 (RGB) channels; borrowed. */
typedef struct fid_rows {
    const uint8_t *pixels; /* row `first`; rows are `stride_bytes` apart */
    size_t stride_bytes;
    uint32_t first, count; /* the rows available; 0 and the height for a whole picture */
} fid_rows;

typedef struct fid_tile {
    float error;   /* 0: equal */
    float sure;    /* no decoded picture within FID_MARGIN_LEVELS of this one has a larger error */
    uint32_t x, y; /* the pixel at which `sure` was found */
} fid_tile;

/* The pixel of a block of 8x8 with the largest `sure`. */
typedef struct fid_block {
    float sure;
    float hidden; /* the squared difference that counts as an error of 1 there */
    uint32_t x, y;
} fid_block;

/* Working memory for pictures of one size; used by one thread at a time. */
typedef struct fid_meter fid_meter;

pith_status fid_meter_new(fid_meter **out, const pith_alloc *alloc, uint32_t width, uint32_t height,
                          uint32_t n_channels) PITH_MUST_CHECK;
void fid_meter_free(fid_meter **meter);

uint32_t fid_tiles_across(uint32_t width); /* ceil(width / FID_TILE); also for heights */

/* Measures tiles [tx, tx + n) of tile row ty into tiles[0 .. n - 1]. All rows of the picture from FID_REACH above the
 * tiles to FID_REACH below must be available (asserted). */
void fid_measure_tiles(fid_meter *meter, const fid_rows *original, const fid_rows *decoded, uint32_t ty, uint32_t tx,
                       uint32_t n, fid_tile *tiles);

/* Measures tile row ty of whole pictures into its place in `tiles`, which holds all tiles row by row; and, unless
 * NULL, in `blocks`, row by row of ceil(width / FID_CELL) blocks. */
void fid_measure_row(fid_meter *meter, const fid_rows *original, const fid_rows *decoded, uint32_t ty, fid_tile *tiles,
                     fid_block *blocks);

/* Measures every tile of whole pictures. */
void fid_measure(fid_meter *meter, const uint8_t *original, size_t original_stride_bytes, const uint8_t *decoded,
                 size_t decoded_stride_bytes, fid_tile *tiles);

#endif
