/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Exif, which is a TIFF structure: its orientation, and a new one of what still
 * holds for a picture that was turned upright, cut or coded anew. */
#ifndef PITH_TOOLS_IMAGEIO_EXIF_H
#define PITH_TOOLS_IMAGEIO_EXIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imageio/image_blob.h"

/* Where the TIFF header ("II*\0" or "MM\0*") begins: after nothing, "Exif\0\0",
 * or a 4-byte offset as AVIF and JPEG XL have; n_bytes when there is none. */
size_t exif_tiff_start(const uint8_t *data, size_t n_bytes);

/* Orientation, 1..8, of Exif that begins with its TIFF header, of whatever type
 * of integers; 1 when it has none that makes sense. */
unsigned exif_orientation(const uint8_t *tiff, size_t n_bytes);

/* The index of a Multi-Picture file (CIPA DC-007) names pictures that are more
 * than smaller versions of the first. */
bool exif_mpf_has_more(const uint8_t *tiff, size_t n_bytes);

/* What is read: the Exif itself, or a TIFF file whose Exif it is. */
typedef struct exif_source {
    bool (*read)(void *user, uint64_t at, void *bytes, size_t n_bytes);
    void *user;
    uint64_t n_bytes;
} exif_source;

typedef struct exif_wish {
    bool strip_gps, strip_maker_note;
    bool swap_sides;  /* the picture was turned by a quarter: so are the sides that it states */
    bool strip_sides; /* the picture is of another size: none are stated */
} exif_wish;

typedef enum exif_result {
    EXIF_DONE,
    EXIF_BAD, /* no structure that could be followed */
    EXIF_NO_MEMORY
} exif_result;

/* Writes Exif anew: the main directory, and those of the camera, of GPS and of
 * interoperability; orientation 1. Left out are the thumbnail's directory and
 * its picture, other pictures' directories, what describes how a TIFF file's
 * pixels are stored, values that lie outside, and any value in which a JPEG
 * stands (previews in maker notes). A maker note whose offsets count from the
 * header stays at its place, or is left out (`*lost_maker_note` becomes true) where that
 * would cost more than the note. Bytes that no entry names are gone; so is all
 * of it where no entry stays. */
exif_result exif_rewrite(image_blob *out, bool *lost_maker_note, const exif_source *source, const exif_wish *wish);

/* The same for Exif in memory, in its place. */
exif_result exif_rewrite_blob(image_blob *exif, bool *lost_maker_note, const exif_wish *wish);

#endif
