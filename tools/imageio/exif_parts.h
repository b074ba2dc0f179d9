/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What exif.c and exif_rewrite.c share of TIFF 6.0's structure. */
#ifndef PITH_TOOLS_IMAGEIO_EXIF_PARTS_H
#define PITH_TOOLS_IMAGEIO_EXIF_PARTS_H

#include "imageio/exif.h"

#define EXIF_HEADER_BYTES 8u
#define EXIF_ENTRY_BYTES 12u
#define EXIF_TAG_ORIENTATION 0x0112u

uint32_t exif_number(const uint8_t *bytes, unsigned n, bool little);
/* Bytes of one value; 0 for a type that TIFF does not have. */
size_t exif_type_bytes(unsigned type);
/* An exif_source's read, of the image_blob that is its user. */
bool exif_source_memory(void *user, uint64_t at, void *bytes, size_t n_bytes);

#endif
