/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What imageio.c and the files of the formats share: one table of functions a
 * format and direction. imageio.c owns the objects, checks order and limits,
 * and calls the table; a format's own data hang on `state`.
 *
 * Not done by any format: gamma, ICC profiles and EXIF orientation are ignored;
 * samples are taken as sRGB, as they stand. */
#ifndef PITH_TOOLS_IMAGEIO_FORMAT_H
#define PITH_TOOLS_IMAGEIO_FORMAT_H

#include "imageio.h"
#include "tool_fail.h"

/* ---- bytes in ------------------------------------------------------------- */

#define IMAGE_HEAD_BYTES 16

/* A stream whose first bytes were looked at and are given out again. */
typedef struct image_input {
    FILE *file;
    uint8_t head[IMAGE_HEAD_BYTES];
    size_t n_head, n_head_used;
    uint64_t n_read;
} image_input;

/* Fewer than n_bytes: the end, or a fault of reading (ferror of file). */
size_t image_input_read(image_input *input, void *bytes, size_t n_bytes);
/* The next byte, or EOF. */
int image_input_byte(image_input *input);

/* ---- readers ---------------------------------------------------------------- */

typedef struct image_reader_type {
    const char *name;
    bool (*recognise)(const uint8_t *head, size_t n_head);
    /* Reads up to the pixels; sets `format` to what read_row will give, after
     * image_reader_set_size. */
    pith_status (*open)(image_reader *reader);
    pith_status (*read_row)(image_reader *reader, void *row);
    /* After the last row: PITH_E_TRUNCATED when the file is not whole. */
    pith_status (*finish)(image_reader *reader);
    void (*close)(image_reader *reader); /* copes with a failed open; state may be NULL */
} image_reader_type;

struct image_reader {
    const image_reader_type *type;
    void *state;
    image_input input;
    pith_limits limits;
    pith_image_format format;
    image_facts facts;
    uint32_t next_row;
    pith_diag diag;
};

extern const image_reader_type image_reader_png, image_reader_jpeg, image_reader_webp, image_reader_pnm;

/* Checks a size that a header claims against the limits, then stores it. */
pith_status image_reader_set_size(image_reader *reader, uint64_t width, uint64_t height);
/* "the file ends too early", or why it cannot be read. */
pith_status image_reader_ended(image_reader *reader);
/* From n_colour + 1 samples a pixel to n_colour; true when a pixel was not
 * opaque. `rows` may be `pixels`. */
bool image_blend_on_white(void *rows, const void *pixels, size_t n_pixels, unsigned n_colour, unsigned bit_depth);

/* ---- writers ---------------------------------------------------------------- */

typedef struct image_writer_type {
    const char *name;
    uint32_t max_dimension;
    uint8_t max_depth;
    bool has_alpha;
    pith_status (*start)(image_writer *writer); /* format is set and checked against the fields above */
    pith_status (*write_row)(image_writer *writer, const void *row);
    pith_status (*finish)(image_writer *writer); /* after the last row; the stream is flushed by imageio.c */
    void (*close)(image_writer *writer);
} image_writer_type;

struct image_writer {
    const image_writer_type *type;
    void *state;
    FILE *file; /* borrowed */
    image_write_options options;
    pith_image_format format; /* width 0 until start */
    uint32_t next_row;
    pith_diag diag;
};

extern const image_writer_type image_writer_png, image_writer_jpeg, image_writer_webp, image_writer_ppm;

/* "cannot write: what errno says" */
pith_status image_writer_failed(image_writer *writer);

#endif
