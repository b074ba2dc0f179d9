/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/html_page.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <nettle/base64.h>

#include "compare/svg_plot.h"

static void put_text(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&' || *text == '<' || *text == '>' || *text == '"' || *text == '\'')
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    }
}

/* A whole file as base64. */
static bool put_file(FILE *out, const char *path) {
    uint8_t bytes[3 * 1024]; /* whole groups of three, so that only the last block is padded */
    char text[BASE64_ENCODE_RAW_LENGTH(sizeof bytes)];
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) {
        base64_encode_raw(text, n, bytes);
        fwrite(text, 1, BASE64_ENCODE_RAW_LENGTH(n), out);
    }
    bool whole = !ferror(file);
    fclose(file);
    return whole;
}

/* Writes a page's text up to `mark`; returns what follows the mark. */
static const char *put_until(FILE *out, const char *text, const char *mark) {
    const char *at = strstr(text, mark);
    assert(at);
    fwrite(text, 1, (size_t)(at - text), out);
    return at + strlen(mark);
}

#define PICTURES_MARK "{{pictures}}"

void html_begin(FILE *out, const html_page *page) {
    const char *text = put_until(out, html_page_text, "{{style}}");
    fputs(html_style, out);
    text = put_until(out, text, "{{sizes}}");
    for (size_t s = 0; s < page->n_sizes; s++)
        fprintf(out, "<button type=\"button\" data-size=\"%zu\" aria-pressed=\"%s\">%g kB</button>", s,
                s == page->n_sizes / 2 ? "true" : "false", page->sizes_512[s] / 1000);
    (void)put_until(out, text, PICTURES_MARK);
}

static void put_figure(FILE *out, double value, int n_decimals) {
    if (isfinite(value))
        fprintf(out, "<td>%.*f</td>", n_decimals, value);
    else
        fprintf(out, "<td>%s</td>", isinf(value) ? "&#8734;" : "&#8211;");
}

static void put_table(FILE *out, const html_page *page, const html_picture *p, size_t size) {
    fprintf(out,
            "<table data-size=\"%zu\"><thead><tr><th>codec</th><th>bytes</th><th>PSNR</th><th>MS-SSIM</th>"
            "<th>SSIMULACRA2</th></tr></thead><tbody>\n",
            size);
    for (size_t c = 0; c < page->n_codecs; c++) {
        const html_version *v = &p->versions[size][c];
        fprintf(out, "<tr%s><th scope=\"row\">%s</th>", c == 0 ? " class=\"ours\"" : "", page->codecs[c].shown);
        if (v->made) {
            fprintf(out, "<td>%" PRIu64 "</td>", v->n_bytes);
            put_figure(out, v->figures.psnr_db, 2);
            put_figure(out, v->figures.ms_ssim, 4);
            put_figure(out, v->figures.ssimulacra2, 1);
        } else {
            fprintf(out, "<td colspan=\"4\" class=\"no\">");
            put_text(out, v->why_not);
            fprintf(out, "</td>");
        }
        fprintf(out, "</tr>\n");
    }
    fprintf(out, "</tbody></table>\n");
}

static void put_plots(FILE *out, const html_page *page, const html_picture *p, unsigned index) {
    static const char *const titles[] = {"SSIMULACRA2", "MS-SSIM"};
    fprintf(out, "<div class=\"plots\">");
    for (size_t which = 0; which < 2; which++) {
        svg_point points[HTML_MAX_CODECS][HTML_MAX_SIZES];
        svg_line lines[HTML_MAX_CODECS];
        for (size_t c = 0; c < page->n_codecs; c++) {
            for (size_t s = 0; s < page->n_sizes; s++) {
                const html_version *v = &p->versions[s][c];
                double value = which == 0 ? v->figures.ssimulacra2 : v->figures.ms_ssim;
                points[c][s] = (svg_point){(double)v->n_bytes / 1000, v->made ? value : NAN};
            }
            lines[c] = (svg_line){page->codecs[c].shown, svg_colour_of(page->codecs[c].name), c == 0, points[c],
                                  page->n_sizes};
        }
        svg_plot plot = {titles[which], "kB", which == 0 ? -60 : 0.7, lines, page->n_codecs};
        fprintf(out, "<svg viewBox=\"0 0 400 260\" role=\"img\" aria-label=\"%s over size\">", titles[which]);
        svg_plot_draw(out, &plot, index * 2 + (unsigned)which, 0, 0, 400, 260);
        fprintf(out, "</svg>");
    }
    fprintf(out, "</div>\n");
}

static bool put_versions(FILE *out, const html_page *page, const html_picture *p) {
    bool whole = true;
    for (size_t s = 0; s < page->n_sizes; s++)
        for (size_t c = 0; c < page->n_codecs; c++) {
            const html_version *v = &p->versions[s][c];
            if (!v->made) continue;
            fprintf(out,
                    "<img class=\"coded\" hidden data-size=\"%zu\" data-codec=\"%zu\" alt=\"%s\" draggable=\"false\" "
                    "src=\"data:%s;base64,",
                    s, c, page->codecs[c].shown, v->media_type);
            whole = put_file(out, v->path) && whole;
            fprintf(out, "\">\n");
        }
    return whole;
}

bool html_add(FILE *out, const html_page *page, const html_picture *p, unsigned index) {
    const char *text = put_until(out, html_picture_text, "{{name}}");
    put_text(out, p->name);
    text = put_until(out, text, "{{facts}}");
    fprintf(out, "%" PRIu32 "&#215;%" PRIu32 " pixels, %" PRIu64 " bytes", p->width, p->height, p->n_file_bytes);
    text = put_until(out, text, "{{codecs}}");
    for (size_t c = 0; c < page->n_codecs; c++)
        fprintf(out, "<button type=\"button\" data-codec=\"%zu\" aria-pressed=\"%s\">%s</button>", c,
                c == 0 ? "true" : "false", page->codecs[c].shown);
    text = put_until(out, text, "{{size}}");
    fprintf(out, "aspect-ratio:%" PRIu32 "/%" PRIu32 ";max-width:%" PRIu32 "px", p->width, p->height,
            p->width < 512 ? 512 : p->width);
    text = put_until(out, text, "{{original}}");
    bool whole = put_file(out, p->original_path);
    text = put_until(out, text, "{{coded}}");
    whole = put_versions(out, page, p) && whole;
    text = put_until(out, text, "{{figures}}");
    for (size_t s = 0; s < page->n_sizes; s++) put_table(out, page, p, s);
    put_plots(out, page, p, index);
    fputs(text, out);
    return whole;
}

void html_end(FILE *out, const html_page *page) {
    const char *text = put_until(out, strstr(html_page_text, PICTURES_MARK) + strlen(PICTURES_MARK), "{{missing}}");
    if (*page->missing) {
        fprintf(out, " Not installed, so left out: ");
        put_text(out, page->missing);
        fprintf(out, ".");
    }
    text = put_until(out, text, "{{script}}");
    fputs(html_script, out);
    fputs(text, out);
}
