/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Plots of quality over size, as SVG: a logarithmic axis of sizes, lines that are
 * named at their ends. Text and grid have the colour of the text around them
 * (currentColor), so that a plot within a page is light or dark as the page is. */
#ifndef PITH_TOOLS_COMPARE_SVG_PLOT_H
#define PITH_TOOLS_COMPARE_SVG_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SVG_MAX_LINES 12

typedef struct svg_point {
    double x, y; /* x > 0; a point that is not finite is left out */
} svg_point;

typedef struct svg_line {
    const char *name;
    const char *colour;      /* as in CSS */
    bool strong;             /* thicker, and drawn over the others */
    const svg_point *points; /* from left to right; borrowed */
    size_t n_points;
} svg_line;

typedef struct svg_plot {
    const char *title, *x_name;
    double y_least; /* what lies lower is cut off; -INFINITY for none */
    const svg_line *lines;
    size_t n_lines; /* at most SVG_MAX_LINES */
} svg_plot;

/* Draws into an svg element that is open, at x and y, in user units; `id` is
 * any number that no other plot of the document has. */
void svg_plot_draw(FILE *out, const svg_plot *plot, unsigned id, double x, double y, double width, double height);

/* The colour of a codec's line by its name in bench/codecs.sh; never NULL. */
const char *svg_colour_of(const char *codec);

#endif
