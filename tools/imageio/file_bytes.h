/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#ifndef PITH_TOOLS_IMAGEIO_FILE_BYTES_H
#define PITH_TOOLS_IMAGEIO_FILE_BYTES_H

#include <pith/pith.h>

/* Reads a whole file ("-" is standard input), which must not be empty or longer than max_bytes. `*data` is freed by
 * free(), also after a failure. The message does not repeat the path. */
pith_status file_bytes_read(uint8_t **data, size_t *n_bytes, const char *path, uint64_t max_bytes, pith_diag *why)
    PITH_MUST_CHECK;

#endif
