/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text that cannot be kept is made unreadable before it is encoded: grey lines, as
 * seen from far away, instead of wrong letters. */
#ifndef PITH_SEARCH_BLUR_TEXT_H
#define PITH_SEARCH_BLUR_TEXT_H

#include <pith/pith.h>

/* Blurs the marked blocks of an 8-bit picture in place. Blocks are FID_BLOCK wide and high, `across` in a row. */
void blur_blocks(const pith_image *image, const uint8_t *marked, uint32_t across, uint32_t down);

#endif
