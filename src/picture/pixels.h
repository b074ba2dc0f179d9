/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Rows of samples, as in the API <-> planes of floats. */
#ifndef PITH_PICTURE_PIXELS_H
#define PITH_PICTURE_PIXELS_H

#include "base/mem.h"
#include "base/status.h"

/* The colours of a picture that has one tint: dark + t * (light - dark), t in 0..1. */
typedef struct colour_line {
    float dark[3], way[3], inverse_square; /* way: light - dark; 1 / its squared length, 0 if that is 0 */
} colour_line;
colour_line colour_line_between(const uint8_t dark[3], const uint8_t light[3]);

/* A horizontal band of a picture, or of some of its columns, moving downward.
 * All coordinates are the whole picture's. */
typedef struct row_band {
    pith_image_format format; /* of the whole picture */
    uint8_t *rows;
    size_t stride_bytes;
    uint32_t left, n_columns;         /* columns [left, left + n_columns) are held */
    const struct colour_line *line;   /* pixels_store brings colours onto it; NULL: they may be any. Borrowed */
    uint32_t first, n_rows, capacity; /* rows [first, first + n_rows) of the picture are held */
} row_band;

/* Makes room for `capacity` rows of all columns, or of n_columns. */
pith_status band_init(row_band *band, const pith_alloc *alloc, const pith_image_format *format, uint32_t capacity,
                      pith_diag *diag) PITH_MUST_CHECK;
pith_status band_init_columns(row_band *band, const pith_alloc *alloc, const pith_image_format *format, uint32_t left,
                              uint32_t n_columns, uint32_t capacity, pith_diag *diag) PITH_MUST_CHECK;
void band_free(row_band *band, const pith_alloc *alloc);

/* Moves the band to rows [first, last), and reads those that it does not hold yet.
 * `first` never goes back; last is at most the picture's height. */
pith_status band_read(row_band *band, const pith_source *source, uint32_t first, uint32_t last, pith_diag *diag)
    PITH_MUST_CHECK;

typedef struct pixel_rect {
    uint32_t x, y, width, height;
} pixel_rect;

/* Loads three planes of rect.height x rect.width floats in [0, 1]. To the right of
 * and below the picture, its last column and row are repeated. Grey goes into all
 * three planes. The band must hold those rows of the rect that exist. */
void pixels_load(const row_band *band, pixel_rect rect, float *planes);

/* The same for the single plane of opacity. The picture must have alpha. */
void pixels_load_alpha(const row_band *band, pixel_rect rect, float *plane);

/* Opacity, 0..65535, at column x of the band's row y. */
uint16_t pixels_get_alpha(const row_band *band, uint32_t y, uint32_t x);
void pixels_set_alpha(row_band *band, uint32_t y, uint32_t x, uint16_t opacity);

/* Stores `rect` (in picture coordinates, inside the band) from planes of plane_height x plane_width, where it begins at
 * column x0 and row y0. Colours are brought onto the band's line, if it has one, then clamped and rounded half up. A
 * single channel gets the mean of the three. Alpha is not changed. */
void pixels_store(row_band *band, pixel_rect rect, const float *planes, uint32_t plane_height, uint32_t plane_width,
                  uint32_t x0, uint32_t y0);

#endif
