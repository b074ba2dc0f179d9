/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Pictures of one size side by side in one, with a thin white gap between. */
#ifndef PITH_TOOLS_COMPARE_COMPARE_SHEET_H
#define PITH_TOOLS_COMPARE_COMPARE_SHEET_H

#include "cli/cli.h"

/* As a JPEG, WebP or PPM where `path` ends like one, else as PNG; it may be "-". Says on standard error what is
 * wrong. `force`: whatever is there is replaced. */
cli_exit compare_sheet_write(const char *path, const pith_image *images, size_t n_images, bool force);

#endif
