/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a file is, by its name and by its first bytes: enough to know what must not be replaced, and which files of a
 * folder are pictures. imageio.h reads them. */
#ifndef PITH_TOOLS_IMAGEIO_FILE_KIND_H
#define PITH_TOOLS_IMAGEIO_FILE_KIND_H

#include <stdbool.h>

#include "imageio/imageio.h"

typedef enum file_kind {
    FILE_UNKNOWN,
    FILE_EMPTY, /* by content only: a regular file of no bytes */
    FILE_PITH,
    FILE_WEIGHTS, /* safetensors */
    FILE_HTML,
    FILE_PITHM, /* animation */
    FILE_BVH,
    FILE_GLB,
    FILE_PNG, /* this and those after it are pictures */
    FILE_JPEG,
    FILE_WEBP,
    FILE_PNM, /* PBM, PGM, PPM, PAM */
    FILE_AVIF,
    FILE_HEIC,
    FILE_JXL,
    FILE_GIF,
    FILE_TIFF,
    FILE_BMP
} file_kind;

/* By the ending, in either case; FILE_UNKNOWN for other endings, for none, and for "-". */
file_kind file_kind_of_name(const char *path);
/* By the first bytes of a regular file; FILE_UNKNOWN for anything else, or what cannot be read. */
file_kind file_kind_of_content(const char *path);
bool file_kind_is_picture(file_kind kind);
/* For a sentence: "a JPEG", "a .pith file". */
const char *file_kind_text(file_kind kind);

/* The kind of a picture that is written; PNG for IMAGE_UNKNOWN. */
file_kind file_kind_of_image(image_type type);

/* ".pith", ".png": the ending that a file of this kind gets; "" for FILE_UNKNOWN and FILE_EMPTY. */
const char *file_kind_ending(file_kind kind);

#endif
