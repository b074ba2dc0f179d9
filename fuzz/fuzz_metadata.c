/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Exif (what begins as a TIFF does) and XMP (all else), written anew by the
 * tools; the length decides what is wished. */
#include <stdlib.h>

#include "imageio/exif.h"
#include "imageio/xmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* What was written is Exif, upright, and written again the same. */
static void check_exif(image_blob *first) {
    image_blob second = {0};
    bool lost = false;
    require(exif_tiff_start(first->data, first->n_bytes) == 0);
    require(exif_orientation(first->data, first->n_bytes) == 1);
    require(image_blob_set(&second, first->data, first->n_bytes));
    require(exif_rewrite_blob(&second, &lost, &(exif_wish){0}) == EXIF_DONE && second.n_bytes <= first->n_bytes);
    image_blob_free(&second);
}

static void rewrite_exif(const uint8_t *data, size_t n_bytes) {
    image_blob exif = {0};
    bool lost = false;
    (void)exif_orientation(data, n_bytes);
    (void)exif_mpf_has_more(data, n_bytes);
    require(image_blob_set(&exif, data, n_bytes));
    exif_wish wish = {.strip_gps = n_bytes & 1, .strip_maker_note = n_bytes & 2, .swap_sides = n_bytes & 4};
    exif_result result = exif_rewrite_blob(&exif, &lost, &wish);
    require(exif.n_bytes <= IMAGE_METADATA_BYTES && (result == EXIF_DONE || exif.n_bytes == 0));
    if (exif.n_bytes) check_exif(&exif);
    image_blob_free(&exif);
}

static void rewrite_xmp(const uint8_t *data, size_t n_bytes) {
    image_blob xmp = {0};
    xmp_found found = {0};
    const xmp_wish wish = {.strip_gps = n_bytes & 1};
    require(image_blob_set(&xmp, data, n_bytes));
    if (xmp_rewrite(&xmp, &found, &wish) == XMP_DONE) {
        found = (xmp_found){0};
        require(xmp_rewrite(&xmp, &found, &wish) == XMP_DONE);
        require(!found.gain_map && !found.motion_photo && !found.extended && !found.other);
    }
    image_blob_free(&xmp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes == 0) return 0;
    if (exif_tiff_start(data, n_bytes) == 0)
        rewrite_exif(data, n_bytes);
    else
        rewrite_xmp(data, n_bytes);
    return 0;
}
