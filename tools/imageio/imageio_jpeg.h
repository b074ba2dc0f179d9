/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The segments of a JPEG file that carry Exif, XMP and the colour profile. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGEIO_JPEG_H
#define PITH_TOOLS_IMAGEIO_IMAGEIO_JPEG_H

#include "imageio/imageio_format.h"

#include <jpeglib.h> /* after stdio.h */

#define JPEG_SEGMENT_BYTES 65533u /* what a segment holds, without its length */

/* What they are collected in; the state of a JPEG reader begins with it. */
typedef struct jpeg_segments {
    image_blob icc_parts[256]; /* by their number, from 1 on */
    unsigned n_icc_parts;      /* how many there should be; 0 before the first one */
    size_t n_icc_bytes;        /* of those that are here */
    bool icc_is_bad;
    uint8_t bytes[JPEG_SEGMENT_BYTES];
} jpeg_segments;

/* Before jpeg_read_header; client_data is the image_reader, and its state begins
 * with a jpeg_segments. The source never suspends. */
void jpeg_segments_collect(j_decompress_ptr jpeg);
/* After it: joins what came in parts. */
void jpeg_segments_finish(image_reader *reader);
void jpeg_segments_free(image_reader *reader);

/* After jpeg_start_compress. */
void jpeg_segments_write(j_compress_ptr jpeg, const image_metadata *metadata);
#define JPEG_MAX_EXIF_BYTES (JPEG_SEGMENT_BYTES - 6)
#define JPEG_MAX_XMP_BYTES (JPEG_SEGMENT_BYTES - 29)

#endif
