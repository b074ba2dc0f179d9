/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef PITH_TOOLS_IMAGEIO_IMAGE_BLOB_H
#define PITH_TOOLS_IMAGEIO_IMAGE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_METADATA_BYTES ((size_t)4 << 20) /* of each kind; longer ones are left out */

/* Bytes on the heap. */
typedef struct image_blob {
    uint8_t *data;
    size_t n_bytes;
} image_blob;

void image_blob_free(image_blob *blob);
/* Copies; false when out of memory. What was there before is freed. */
bool image_blob_set(image_blob *blob, const void *data, size_t n_bytes);

#endif
