/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the two files of the TIFF reader share. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGEIO_TIFF_H
#define PITH_TOOLS_IMAGEIO_IMAGEIO_TIFF_H

#include "imageio/imageio_format.h"

#include <tiffio.h>

#define TIFF_MAX_BITS 16u
#define TIFF_MAX_SAMPLES 16u

/* What the samples of a pixel are. */
typedef enum tiff_kind { TIFF_GREY, TIFF_PALETTE, TIFF_RGB, TIFF_CMYK, TIFF_OTHER } tiff_kind;

typedef struct tiff_in {
    TIFF *tiff;
    uint64_t at, n_bytes; /* of the file */
    bool hit_end;         /* a read went past its end */
    char message[128];    /* libtiff's first, in the current step */

    tiff_kind kind; /* TIFF_OTHER: libtiff converts it to 8-bit RGB */
    uint16_t bits, n_samples, photometric, planes;
    unsigned n_colours;            /* of n_samples */
    bool has_alpha, is_multiplied; /* alpha is the sample after the colours */
    bool is_tiled;
    uint32_t tile_width, tile_height;
    const uint16_t *map[3]; /* of a palette; libtiff's */
    unsigned map_shift;

    size_t plane_row_bytes; /* of one plane, as libtiff gives it */
    uint8_t *rows;          /* those of one row of tiles, or of all planes, or one row */
    uint8_t *tile;
    uint32_t band;    /* the row of tiles that is in `rows`, from 1 on */
    uint16_t *values; /* of a row */
    uint32_t *raster; /* TIFF_OTHER: the frame */
} tiff_in;

/* Why a step failed. */
pith_status tiff_fault(image_reader *reader);
/* How much memory reading takes, and that memory. */
pith_status tiff_start_pixels(image_reader *reader);
pith_status tiff_read_row(image_reader *reader, void *row);
void tiff_free_pixels(tiff_in *in);

#endif
