/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Small .pith files for the tests of the container: the structure is real,
 * the coded symbols are made up. */
#ifndef PITH_TESTS_CONTAINER_FILE_H
#define PITH_TESTS_CONTAINER_FILE_H

#include "container/ctr_write.h"

#define CONTAINER_MAX_CODED 200

/* A legal header of "mini-1": 12 channels, blocks of 8x8 pixels. */
ctr_head container_head(uint32_t width, uint32_t height);

/* What slice `index` of a made-up file holds. */
uint16_t container_checksum(uint32_t index);
size_t container_coded(uint32_t index, uint8_t coded[CONTAINER_MAX_CODED]);

/* Magic to HEAD, and a whole file. Freed with bw_free. */
byte_writer container_start(const ctr_head *head);
byte_writer container_file(const ctr_head *head);

/* Makes every chunk's CRC right again as far as the chunks can be walked. */
void container_mend_crcs(uint8_t *data, size_t n_bytes);

#endif
