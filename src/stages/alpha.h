/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The alpha channel, which bypasses the networks. It is gathered from rows into
 * slices while a picture is read, and turned back into rows while one is written,
 * and is never whole in memory. */
#ifndef PITH_STAGES_ALPHA_H
#define PITH_STAGES_ALPHA_H

#include "base/stream.h"
#include "codec/alpha_coder.h"
#include "container/ctr_read.h"
#include "picture/pixels.h"

#define ALPHA_MAX_WAYS 5

typedef struct alpha_writer {
    const pith_alloc *alloc; /* borrowed */
    alpha_coder *coder;      /* NULL: the picture has no alpha */
    uint64_t max_bytes;      /* of the file; 0: no limit */
    uint32_t n_ways;         /* it is coded in this many ways, finest first; one is kept */
    uint32_t n_levels[ALPHA_MAX_WAYS];
    uint32_t chosen; /* which of them */
    byte_writer ways[ALPHA_MAX_WAYS];
    uint16_t *rounded;  /* a slice in fewer levels; only with several ways */
    uint32_t n_taken;   /* rows seen */
    uint16_t *rows;     /* the slices being gathered, as wide as the picture */
    bool seen_through;  /* a pixel so far was not opaque */
    byte_writer slice;  /* work space */
    byte_writer chunks; /* ALPH, as they go into the file; after the last row */
} alpha_writer;

/* `quality`, 0..100, decides how finely alpha with many levels is kept. If max_bytes is not 0, alpha may take about a
 * third of it; if it would take more, it is kept in fewer levels. */
pith_status alpha_writer_init(alpha_writer *w, const pith_alloc *alloc, const pith_image_format *format, float quality,
                              uint64_t max_bytes, pith_diag *diag) PITH_MUST_CHECK;
void alpha_writer_free(alpha_writer *w);

/* Takes those rows of the band that it has not seen yet. After the last row the
 * chunks are complete; they are worth writing if `seen_through`. */
pith_status alpha_writer_take(alpha_writer *w, const row_band *band, pith_diag *diag) PITH_MUST_CHECK;

/* How many levels of opacity the chunks have. */
uint32_t alpha_writer_levels(const alpha_writer *w);

typedef struct alpha_reader {
    const pith_alloc *alloc; /* borrowed */
    const ctr_file *file;    /* borrowed */
    alpha_coder *coder;      /* NULL: the picture has no alpha */
    uint32_t left, n_columns;
    uint16_t *rows;     /* one row of slices, the requested columns */
    uint32_t slice_row; /* which row; UINT32_MAX = none yet */
    uint16_t *slice;    /* work space */
} alpha_reader;

/* Reads columns [left, left + n_columns) of the picture. */
pith_status alpha_reader_init(alpha_reader *r, const pith_alloc *alloc, const ctr_file *file, uint32_t left,
                              uint32_t n_columns, pith_diag *diag) PITH_MUST_CHECK;
void alpha_reader_free(alpha_reader *r);

/* The opacities of the columns in the picture's row `y`; borrowed until the next call. Rows
 * are cheapest from the top down. */
pith_status alpha_reader_row(alpha_reader *r, uint32_t y, const uint16_t **row, pith_diag *diag) PITH_MUST_CHECK;

/* The opacities of the band's rows and columns. */
pith_status alpha_reader_fill(alpha_reader *r, row_band *band, pith_diag *diag) PITH_MUST_CHECK;

#endif
