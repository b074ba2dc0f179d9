/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Exif, which is a TIFF structure: its orientation, and a new structure with what still holds for a picture that was
 * turned upright, cropped or coded again. */
#ifndef PITH_TOOLS_IMAGEIO_EXIF_H
#define PITH_TOOLS_IMAGEIO_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imageio/image_blob.h"

/* Where the TIFF header ("II*\0" or "MM\0*") begins: at the start, after "Exif\0\0", or after a 4-byte offset as in
 * AVIF and JPEG XL; n_bytes when there is none. */
size_t exif_tiff_start(const uint8_t *data, size_t n_bytes);

/* Orientation, 1..8, of Exif that begins with its TIFF header, whatever its integer type; 1 when there is none that
 * makes sense. */
unsigned exif_orientation(const uint8_t *tiff, size_t n_bytes);

/* The index of a Multi-Picture file (CIPA DC-007) names pictures that are more
 * than smaller versions of the first. */
bool exif_mpf_has_more(const uint8_t *tiff, size_t n_bytes);

/* What is read: Exif on its own, or the TIFF file that it is part of. */
typedef struct exif_source {
    bool (*read)(void *user, uint64_t at, void *bytes, size_t n_bytes);
    void *user;
    uint64_t n_bytes;
} exif_source;

typedef struct exif_wish {
    bool strip_gps, strip_maker_note;
    bool swap_sides;  /* the picture was turned by a quarter, so the sides that Exif states are swapped */
    bool strip_sides; /* the picture has another size, so no sides are stated */
} exif_wish;

typedef enum exif_result {
    EXIF_DONE,
    EXIF_BAD, /* not a structure that can be followed */
    EXIF_NO_MEMORY
} exif_result;

/* Writes Exif anew: the main directory, and those of the camera, of GPS and of
 * interoperability; orientation 1. Left out are the thumbnail's directory and
 * its picture, other pictures' directories, what describes how a TIFF file's
 * pixels are stored, values that lie outside, and any value that contains a JPEG (previews in maker notes). A maker
 * note whose offsets count from the header stays where it is, or is left out (`*lost_maker_note` becomes true) where
 * that would cost more than the note. Bytes that no entry refers to are gone; so is everything when no entry stays. */
exif_result exif_rewrite(image_blob *out, bool *lost_maker_note, const exif_source *source, const exif_wish *wish);

/* The same for Exif in memory, in place. */
exif_result exif_rewrite_blob(image_blob *exif, bool *lost_maker_note, const exif_wish *wish);

#endif
