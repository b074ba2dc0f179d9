/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files that comparisons write; and pictures of one size side by side in
 * one, with a thin white gap between. */
#ifndef PITH_TOOLS_COMPARE_COMPARE_SHEET_H
#define PITH_TOOLS_COMPARE_COMPARE_SHEET_H

#include "cli/cli.h"
#include "imageio/imageio.h"

/* Starts the sink, then gives it every row. */
typedef pith_status compare_rows(const pith_sink *sink, const void *user);

/* Writes a file, whole or not at all. `force`: whatever is there is replaced. */
pith_status compare_write(const char *path, image_type type, bool force, compare_rows *rows, const void *user,
                          pith_diag *why) PITH_MUST_CHECK;

/* As a JPEG, WebP or PPM where `path` ends like one, else as PNG; it may be "-". Says on standard error what is
 * wrong. */
cli_exit compare_sheet_write(const char *path, const pith_image *images, size_t n_images, bool force);

#endif
