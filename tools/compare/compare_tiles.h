/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith compare --bound and --heatmap: the errors of tiles, in numbers and as a picture. */
#ifndef PITH_TOOLS_COMPARE_COMPARE_TILES_H
#define PITH_TOOLS_COMPARE_COMPARE_TILES_H

#include "cli/cli.h"

typedef struct tiles_request {
    pith_level bound;    /* PITH_LEVEL_NONE: not asked for */
    const char *heatmap; /* NULL: not asked for; "-" is standard output */
    bool as_json;
    bool force; /* the heatmap replaces whatever is there */
} tiles_request;

/* Paints, then says whether the bound holds: CLI_BOUND when not, with a line on
 * standard error that begins with `path_b`. */
cli_exit compare_tiles(const pith_image *a, const pith_image *b, const char *path_b, const tiles_request *request);

#endif
