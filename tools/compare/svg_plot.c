/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/svg_plot.h"

#include <math.h>
#include <string.h>

#define LEFT 44.0 /* margins, in user units */
#define RIGHT 62.0
#define TOP 26.0
#define BOTTOM 36.0
#define LABEL_HEIGHT 13.0
#define N_Y_STEPS 5.0 /* at most so many grid lines, or one more */

/* Where values are drawn. */
typedef struct frame {
    double x, y, width, height; /* of the drawing area */
    double log_least, log_most; /* of x */
    double least, most, step;   /* of y */
} frame;

const char *svg_colour_of(const char *codec) {
    static const struct {
        const char *codec, *colour;
    } colours[] = {
        {"pith", "#e4502b"}, {"avif", "#2f7ed8"}, {"jxl", "#18a07c"}, {"webp", "#b8860b"}, {"jpeg", "#9467bd"},
    };
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (strcmp(codec, colours[i].codec) == 0) return colours[i].colour;
    return "#888888";
}

static void put_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&' || *text == '<' || *text == '>' || *text == '"')
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    }
}

static bool is_drawn(const svg_point *p) { return isfinite(p->x) && isfinite(p->y) && p->x > 0; }

static const double factors[] = {1, 2, 5}; /* of a power of ten */
#define N_FACTORS (sizeof factors / sizeof factors[0])

/* A step of 1, 2 or 5 times a power of ten, of which at most N_Y_STEPS fit in the range. */
static double nice_step(double range) {
    double power = pow(10, floor(log10(range / N_Y_STEPS)));
    for (size_t i = 0; i < N_FACTORS; i++)
        if (range / (factors[i] * power) <= N_Y_STEPS) return factors[i] * power;
    return 10 * power;
}

static void find_ranges(frame *f, const svg_plot *plot) {
    double least = INFINITY, most = -INFINITY, left = INFINITY, right = -INFINITY;
    for (size_t i = 0; i < plot->n_lines; i++)
        for (size_t j = 0; j < plot->lines[i].n_points; j++) {
            const svg_point *p = &plot->lines[i].points[j];
            if (!is_drawn(p)) continue;
            left = fmin(left, log(p->x));
            right = fmax(right, log(p->x));
            least = fmin(least, fmax(p->y, plot->y_least));
            most = fmax(most, fmax(p->y, plot->y_least));
        }
    if (!(left <= right)) left = right = least = most = 0; /* nothing to draw */
    double x_room = fmax(0.04 * (right - left), 0.02), y_room = fmax(0.06 * (most - least), 1e-6 + 1e-3 * fabs(most));
    f->log_least = left - x_room;
    f->log_most = right + x_room;
    f->least = least - y_room;
    f->most = most + y_room;
    f->step = nice_step(f->most - f->least);
}

static double x_of(const frame *f, double value) {
    return f->x + f->width * (log(value) - f->log_least) / (f->log_most - f->log_least);
}

static double y_of(const frame *f, double value) { return f->y + f->height * (f->most - value) / (f->most - f->least); }

static void draw_grid(FILE *out, const frame *f) {
    int n_decimals = f->step >= 1 ? 0 : (int)ceil(-log10(f->step) - 1e-9);
    for (long i = lround(ceil(f->least / f->step)); (double)i * f->step <= f->most; i++) {
        double value = (double)i * f->step;
        fprintf(out, "<path d=\"M%.1f %.1fh%.1f\" stroke=\"currentColor\" opacity=\"%s\"/>", f->x, y_of(f, value),
                f->width, value == 0 ? ".5" : ".16");
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\" opacity=\".75\">%.*f</text>\n", f->x - 6,
                y_of(f, value) + 4, n_decimals, value);
    }
    for (long power = lround(floor(f->log_least / log(10))); (double)power * log(10) <= f->log_most; power++)
        for (size_t i = 0; i < N_FACTORS; i++) {
            double value = pow(10, (double)power) * factors[i];
            if (log(value) < f->log_least || log(value) > f->log_most) continue;
            fprintf(out, "<path d=\"M%.1f %.1fv%.1f\" stroke=\"currentColor\" opacity=\".16\"/>", x_of(f, value), f->y,
                    f->height);
            fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" opacity=\".75\">%g</text>\n",
                    x_of(f, value), f->y + f->height + 16, value);
        }
}

static void draw_line(FILE *out, const frame *f, const svg_line *line) {
    fprintf(out, "<g stroke=\"%s\" stroke-width=\"%s\"><path fill=\"none\" stroke-linejoin=\"round\" d=\"",
            line->colour, line->strong ? "2.8" : "1.6");
    bool first = true;
    for (size_t i = 0; i < line->n_points; i++) {
        const svg_point *p = &line->points[i];
        if (!is_drawn(p)) continue;
        fprintf(out, "%c%.1f %.1f", first ? 'M' : 'L', x_of(f, p->x), y_of(f, p->y));
        first = false;
    }
    fprintf(out, "\"/>");
    for (size_t i = 0; i < line->n_points; i++) {
        const svg_point *p = &line->points[i];
        if (!is_drawn(p)) continue;
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\"/>", x_of(f, p->x), y_of(f, p->y),
                line->strong ? "3.4" : "2.6", line->colour);
    }
    fprintf(out, "</g>\n");
}

/* Each name beside its line's last point, moved so that none covers another. */
static void draw_names(FILE *out, const frame *f, const svg_plot *plot) {
    struct {
        const svg_line *line;
        double x, y;
    } names[SVG_MAX_LINES];
    size_t n = 0;
    for (size_t i = 0; i < plot->n_lines && n < SVG_MAX_LINES; i++) {
        const svg_line *line = &plot->lines[i];
        size_t last = line->n_points;
        while (last > 0 && !is_drawn(&line->points[last - 1])) last--;
        if (last == 0) continue;
        double y = fmin(fmax(y_of(f, line->points[last - 1].y), f->y), f->y + f->height);
        size_t place = n++;
        for (; place > 0 && names[place - 1].y > y; place--) names[place] = names[place - 1];
        names[place].line = line;
        names[place].x = f->x + f->width;
        names[place].y = y;
    }
    for (size_t i = 1; i < n; i++) names[i].y = fmax(names[i].y, names[i - 1].y + LABEL_HEIGHT);
    double over = n ? names[n - 1].y - (f->y + f->height) : 0;
    for (size_t i = n; i-- > 0 && over > 0;) { /* back up from the bottom */
        names[i].y -= over;
        over = i > 0 ? names[i - 1].y + LABEL_HEIGHT - names[i].y : 0;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\" font-weight=\"%s\">", names[i].x + 6, names[i].y + 4,
                names[i].line->colour, names[i].line->strong ? "700" : "500");
        put_text(out, names[i].line->name);
        fprintf(out, "</text>\n");
    }
}

void svg_plot_draw(FILE *out, const svg_plot *plot, unsigned id, double x, double y, double width, double height) {
    frame f = {.x = x + LEFT, .y = y + TOP, .width = width - LEFT - RIGHT, .height = height - TOP - BOTTOM};
    find_ranges(&f, plot);
    fprintf(out, "<g font-size=\"11.5\" fill=\"currentColor\" stroke=\"none\">\n");
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"13.5\" font-weight=\"600\">", f.x, y + 14);
    put_text(out, plot->title);
    fprintf(out, "</text>\n<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" opacity=\".75\">", f.x + f.width / 2,
            f.y + f.height + 31);
    put_text(out, plot->x_name);
    fprintf(out, "</text>\n");
    draw_grid(out, &f);
    fprintf(out, "<clipPath id=\"area%u\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></clipPath>\n",
            id, f.x, f.y, f.width, f.height);
    fprintf(out, "<g clip-path=\"url(#area%u)\">\n", id);
    for (int strong = 0; strong <= 1; strong++)
        for (size_t i = 0; i < plot->n_lines; i++)
            if (plot->lines[i].strong == (strong == 1)) draw_line(out, &f, &plot->lines[i]);
    fprintf(out, "</g>\n");
    draw_names(out, &f, plot);
    fprintf(out, "</g>\n");
}
