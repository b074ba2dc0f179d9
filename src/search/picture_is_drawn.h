/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef PITH_SEARCH_PICTURE_IS_DRAWN_H
#define PITH_SEARCH_PICTURE_IS_DRAWN_H

#include <stdbool.h>

#include <pith/pith.h>

/* True if a picture (8 bits, 1 or 3 channels) holds text, drawings or flat graphics, for which a residual may serve
 * better than latents. Quick. */
bool picture_is_drawn(const pith_image *image);

#endif
