/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The page of `pith compare --html`: pictures beside what codecs make of them,
 * in one file that needs nothing else. */
#ifndef PITH_TOOLS_COMPARE_HTML_PAGE_H
#define PITH_TOOLS_COMPARE_HTML_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "compare/metrics.h"

#define HTML_MAX_CODECS 5
#define HTML_MAX_SIZES 4

/* What one codec made of one picture at one size. */
typedef struct html_version {
    bool made;           /* else the codec is missing, or cannot make a file that small */
    const char *why_not; /* borrowed; shown when it was not made */
    const char *path;    /* of a file that browsers show; borrowed */
    const char *media_type;
    uint64_t n_bytes; /* of the coded file, not of that at `path` */
    metrics figures;
} html_version;

typedef struct html_codec {
    const char *name, *shown;
} html_codec;

typedef struct html_picture {
    const char *name;          /* of the file */
    const char *original_path; /* a PNG */
    uint32_t width, height;
    uint64_t n_file_bytes;
    html_version versions[HTML_MAX_SIZES][HTML_MAX_CODECS];
} html_picture;

typedef struct html_page {
    html_codec codecs[HTML_MAX_CODECS];
    size_t n_codecs;
    double sizes_512[HTML_MAX_SIZES]; /* bytes for 512x512 pixels, rising */
    size_t n_sizes;
    const char *missing; /* names of tools that are not installed, ""; shown at the end */
} html_page;

void html_begin(FILE *out, const html_page *page);
/* False when one of the files cannot be read. `index` counts the pictures. */
bool html_add(FILE *out, const html_page *page, const html_picture *picture, unsigned index);
void html_end(FILE *out, const html_page *page);

/* page.html and page_picture.html, in which {{name}} is where something is put; page.css and page.js. */
extern const char html_page_text[], html_picture_text[], html_style[], html_script[];

#endif
