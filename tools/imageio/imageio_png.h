/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a PNG file has besides pixels. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGEIO_PNG_H
#define PITH_TOOLS_IMAGEIO_IMAGEIO_PNG_H

#include "imageio/imageio_format.h"

#include <png.h>

#define PNG_MAX_CHUNK_BYTES 8000000u /* of text and colour profiles, unpacked */

/* Before png_read_info: the chunks that libpng would skip. */
void png_chunks_want(png_structp png);
/* After it; out of memory, they leave by png_error, with the reader's fault set. `dislikes_icc`: libpng warned about
 * the profile. */
void png_chunks_note_colour(image_reader *reader, png_structp png, png_infop info, bool dislikes_icc);
void png_chunks_note_metadata(image_reader *reader, png_structp png, png_infop info);

/* Before anything is read: Exif and XMP that come after the pixels. A stream that cannot be read twice is copied to a
 * temporary file for this. */
pith_status png_chunks_read_tail(image_reader *reader);

#endif
