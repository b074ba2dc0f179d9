/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Files that are not pictures we can read, by their first bytes. */
#ifndef PITH_TOOLS_IMAGEIO_IMAGE_FOREIGN_H
#define PITH_TOOLS_IMAGEIO_IMAGE_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

/* "is a Photoshop file; convert it to PNG": what it is and what to do; NULL when unknown. A static text. */
const char *image_foreign_text(const uint8_t *head, size_t n_head);

#endif
