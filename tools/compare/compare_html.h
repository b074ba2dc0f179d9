/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith compare --html: codes pictures with Pith and with the other codecs that
 * are installed, at the same sizes, and writes a page of them. */
#ifndef PITH_TOOLS_COMPARE_COMPARE_HTML_H
#define PITH_TOOLS_COMPARE_COMPARE_HTML_H

#include "cli/cli.h"

/* Says on standard error what is wrong. `out` may be "-". */
cli_exit compare_html_write(const char *out, char *const *paths, size_t n_paths, const cli_setup *setup);

#endif
