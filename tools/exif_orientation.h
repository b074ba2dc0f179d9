/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The one tag of Exif that Pith looks at. Nothing else of it is parsed. */
#ifndef PITH_TOOLS_EXIF_ORIENTATION_H
#define PITH_TOOLS_EXIF_ORIENTATION_H

#include <stddef.h>
#include <stdint.h>

/* Where the TIFF header ("II*\0" or "MM\0*") begins: after nothing, "Exif\0\0",
 * or a 4-byte offset as AVIF and JPEG XL have; n_bytes when there is none. */
size_t exif_tiff_start(const uint8_t *data, size_t n_bytes);

/* Orientation, 1..8, of Exif that begins with its TIFF header; 1 when it has
 * none that makes sense. */
unsigned exif_orientation(const uint8_t *tiff, size_t n_bytes);
/* Makes it 1 where it is; changes nothing else. */
void exif_reset_orientation(uint8_t *tiff, size_t n_bytes);

#endif
