/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* XMP packets: rewriting one without what is not wanted, or no longer holds for a picture that was coded again. */
#ifndef PITH_TOOLS_IMAGEIO_XMP_H
#define PITH_TOOLS_IMAGEIO_XMP_H

#include "imageio/image_blob.h"

typedef struct xmp_wish {
    bool strip_gps;   /* every property whose name begins with GPS */
    bool strip_sides; /* what it says of width and height */
} xmp_wish;

/* What it announced, and no longer announces. */
typedef struct xmp_found {
    bool gain_map, motion_photo, extended, other; /* other: sound, depth, a second picture */
} xmp_found;

typedef enum xmp_result {
    XMP_DONE,
    XMP_BAD, /* not well-formed, or with a document type; the packet stays as it was */
    XMP_NO_MEMORY
} xmp_result;

/* In place; bytes change only where they must, or where there is much padding. tiff:Orientation becomes 1; previews
 * (xmp:Thumbnails), gain maps, motion photos and whatever else is in the file beside the picture are no longer
 * announced. */
xmp_result xmp_rewrite(image_blob *xmp, xmp_found *found, const xmp_wish *wish);

#endif
