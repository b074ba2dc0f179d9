/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* From the figures of single pictures to what they say together:
 *   quality_table ROWS.tsv STATISTICS-FOLDER TITLE OUT
 * ROWS.tsv has a line a codec, picture and budget, as bench/quality.sh writes it
 * (see ROW_FORMAT); the folder has a file of patch statistics for each line, and
 * for each original. Writes OUT.md (a table a budget; to standard output too),
 * OUT.tsv (the same numbers) and OUT.svg (four plots). */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/patch_statistics.h"
#include "compare/svg_plot.h"

/* Codec, picture, bytes per 512x512 that were allowed, pixels, bytes of the file,
 * PSNR, MS-SSIM, SSIMULACRA2. A codec that cannot has "-" from the bytes on. */
#define ROW_FORMAT "%31[^\t]\t%127[^\t]\t%d\t%lf\t%lf\t%lf\t%lf\t%lf"
#define N_ROW_FIELDS 8
#define N_CANNOT_FIELDS 4
#define MAX_CODECS SVG_MAX_LINES
#define MAX_BUDGETS 16
#define PIXELS_512 262144.0
#define PATH_BYTES 4096

typedef struct row {
    char codec[32], picture[128];
    int budget;
    double n_pixels, n_bytes, psnr_db, ms_ssim, ssimulacra2;
    bool can;
} row;

/* Means over the pictures that a codec can make so small. */
typedef struct mean {
    int n_all, n_can;
    int n_first_better; /* pictures where the first codec has more SSIMULACRA2, or this one cannot */
    double bytes_512;   /* per 512x512 pixels */
    double psnr_db, ms_ssim, ssimulacra2, distance;
} mean;

typedef struct table {
    row *rows;
    size_t n_rows;
    char codecs[MAX_CODECS][32];
    size_t n_codecs;
    int budgets[MAX_BUDGETS];
    size_t n_budgets;
    mean means[MAX_CODECS][MAX_BUDGETS];
} table;

static int fail(const char *path, const char *text) {
    fprintf(stderr, "quality_table: %s: %s\n", path, text);
    return 1;
}

/* ---- reading ------------------------------------------------------------------- */

static bool note_codec(table *t, const char *codec) {
    for (size_t i = 0; i < t->n_codecs; i++)
        if (strcmp(t->codecs[i], codec) == 0) return true;
    if (t->n_codecs == MAX_CODECS) return false;
    snprintf(t->codecs[t->n_codecs++], sizeof t->codecs[0], "%s", codec);
    return true;
}

static bool note_budget(table *t, int budget) {
    size_t place = 0;
    while (place < t->n_budgets && t->budgets[place] < budget) place++;
    if (place < t->n_budgets && t->budgets[place] == budget) return true;
    if (t->n_budgets == MAX_BUDGETS) return false;
    memmove(t->budgets + place + 1, t->budgets + place, (t->n_budgets - place) * sizeof t->budgets[0]);
    t->budgets[place] = budget;
    t->n_budgets++;
    return true;
}

static int read_rows(table *t, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return fail(path, "cannot be read");
    char line[512];
    int status = 0;
    while (status == 0 && fgets(line, sizeof line, file)) {
        row *more = realloc(t->rows, (t->n_rows + 1) * sizeof *more);
        if (!more) {
            status = fail(path, "out of memory");
            break;
        }
        t->rows = more;
        row *r = &t->rows[t->n_rows];
        int n = sscanf(line, ROW_FORMAT, r->codec, r->picture, &r->budget, &r->n_pixels, &r->n_bytes, &r->psnr_db,
                       &r->ms_ssim, &r->ssimulacra2);
        r->can = n == N_ROW_FIELDS;
        if (n != N_ROW_FIELDS && n != N_CANNOT_FIELDS) status = fail(path, line);
        if (status == 0 && (!note_codec(t, r->codec) || !note_budget(t, r->budget)))
            status = fail(path, "too many codecs or budgets");
        t->n_rows++;
    }
    fclose(file);
    return status || t->n_rows ? status : fail(path, "has no rows");
}

/* Adds the statistics of one file. */
static int add_statistics(patch_statistics *to, const char *folder, const char *name) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s.stats", folder, name);
    patch_statistics *one = malloc(sizeof *one);
    FILE *file = fopen(path, "rb");
    bool whole = one && file && fread(one, sizeof *one, 1, file) == 1 && fgetc(file) == EOF;
    if (whole) patch_statistics_merge(to, one);
    if (file) fclose(file);
    free(one);
    return whole ? 0 : fail(path, "cannot be read");
}

/* ---- means --------------------------------------------------------------------- */

static const row *find_row(const table *t, const char *codec, const row *like) {
    for (size_t i = 0; i < t->n_rows; i++) {
        const row *r = &t->rows[i];
        if (r->budget == like->budget && strcmp(r->codec, codec) == 0 && strcmp(r->picture, like->picture) == 0)
            return r;
    }
    return NULL;
}

static int find_mean(mean *m, const table *t, const char *codec, int budget, const char *folder) {
    patch_statistics *sets = calloc(2, sizeof *sets); /* originals, decoded */
    int status = sets ? 0 : fail(folder, "out of memory");
    for (size_t i = 0; i < t->n_rows && status == 0; i++) {
        const row *r = &t->rows[i];
        if (r->budget != budget || strcmp(r->codec, codec) != 0) continue;
        const row *first = find_row(t, t->codecs[0], r);
        m->n_all++;
        m->n_first_better += first && first->can && (!r->can || first->ssimulacra2 > r->ssimulacra2);
        if (!r->can) continue;
        m->n_can++;
        m->bytes_512 += r->n_bytes * PIXELS_512 / r->n_pixels;
        m->psnr_db += r->psnr_db;
        m->ms_ssim += r->ms_ssim;
        m->ssimulacra2 += r->ssimulacra2;
        char name[256];
        snprintf(name, sizeof name, "original-%s", r->picture);
        status = add_statistics(&sets[0], folder, name);
        snprintf(name, sizeof name, "%s-%d-%s", codec, budget, r->picture);
        if (status == 0) status = add_statistics(&sets[1], folder, name);
    }
    if (status == 0) m->distance = patch_statistics_distance(&sets[0], &sets[1]);
    free(sets);
    m->bytes_512 /= m->n_can; /* not a number when there is none */
    m->psnr_db /= m->n_can;
    m->ms_ssim /= m->n_can;
    m->ssimulacra2 /= m->n_can;
    return status;
}

static int find_means(table *t, const char *folder) {
    for (size_t c = 0; c < t->n_codecs; c++)
        for (size_t b = 0; b < t->n_budgets; b++)
            if (find_mean(&t->means[c][b], t, t->codecs[c], t->budgets[b], folder) != 0) return 1;
    return 0;
}

/* ---- writing ------------------------------------------------------------------- */

static const char *shown_name(const char *codec) {
    static const char *const names[][2] = {
        {"pith", "Pith"}, {"jpeg", "JPEG"}, {"webp", "WebP"}, {"avif", "AVIF"}, {"jxl", "JPEG XL"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], codec) == 0) return names[i][1];
    return codec;
}

static void write_markdown(FILE *out, const table *t, const char *title) {
    fprintf(out, "# %s\n", title);
    for (size_t b = 0; b < t->n_budgets; b++) {
        fprintf(
            out,
            "\nAt most %d bytes per 512x512 (%.4f bits per pixel), real files; means over the pictures that a codec "
            "can code:\n\n| codec | can code | bytes per 512x512 | PSNR | MS-SSIM | SSIMULACRA2 | Frechet | %s better "
            "|\n|---|---|---|---|---|---|---|---|\n",
            t->budgets[b], t->budgets[b] * 8 / PIXELS_512, shown_name(t->codecs[0]));
        for (size_t c = 0; c < t->n_codecs; c++) {
            const mean *m = &t->means[c][b];
            fprintf(out, "| %s | %d of %d |", shown_name(t->codecs[c]), m->n_can, m->n_all);
            if (m->n_can)
                fprintf(out, " %.0f | %.2f | %.4f | %.1f | %.2f |", m->bytes_512, m->psnr_db, m->ms_ssim,
                        m->ssimulacra2, m->distance);
            else
                fprintf(out, " - | - | - | - | - |");
            if (c > 0)
                fprintf(out, " %d of %d |\n", m->n_first_better, m->n_all);
            else
                fprintf(out, " |\n");
        }
    }
    fprintf(out,
            "\nSSIMULACRA2: 100 is equal, below 0 is ruin. Frechet: distance between the statistics of originals' and "
            "decoded\npictures' patches, over a fixed network of random filters (tools/patch_statistics.h); 0 is "
            "natural, it\ncompares within this set alone. The last column counts by SSIMULACRA2; who cannot code a "
            "picture loses it.\n");
}

static void write_tsv(FILE *out, const table *t) {
    fprintf(out, "codec\tbudget\tcan\tof\tbytes_512\tpsnr_db\tms_ssim\tssimulacra2\tfrechet\tfirst_better\n");
    for (size_t c = 0; c < t->n_codecs; c++)
        for (size_t b = 0; b < t->n_budgets; b++) {
            const mean *m = &t->means[c][b];
            fprintf(out, "%s\t%d\t%d\t%d\t%.2f\t%.4f\t%.6f\t%.4f\t%.4f\t%d\n", t->codecs[c], t->budgets[b], m->n_can,
                    m->n_all, m->bytes_512, m->psnr_db, m->ms_ssim, m->ssimulacra2, m->distance, m->n_first_better);
        }
}

static double value_of(const mean *m, size_t which) {
    const double values[] = {m->ssimulacra2, m->ms_ssim, m->psnr_db, m->distance};
    return values[which];
}

static void write_plots(FILE *out, const table *t, const char *title) {
    static const char *const titles[] = {"SSIMULACRA2 (100 = equal)", "MS-SSIM (1 = equal)", "PSNR in dB",
                                         "Frechet distance of patches (0 = natural)"};
    static const double least[] = {-60, 0.75, -INFINITY, -INFINITY};
    const double width = 440, height = 320, head = 34;
    svg_document_begin(out, title, 2 * width, head + 2 * height + 26);
    fprintf(out,
            "<g font-size=\"17\" font-weight=\"700\" fill=\"currentColor\"><text x=\"44\" y=\"26\">%s</text></g>\n",
            title);
    for (size_t which = 0; which < 4; which++) {
        svg_point points[MAX_CODECS][MAX_BUDGETS];
        svg_line lines[MAX_CODECS];
        for (size_t c = 0; c < t->n_codecs; c++) {
            for (size_t b = 0; b < t->n_budgets; b++) {
                const mean *m = &t->means[c][b];
                points[c][b] = (svg_point){m->bytes_512 / 1000, value_of(m, which), m->n_can < m->n_all};
            }
            lines[c] =
                (svg_line){shown_name(t->codecs[c]), svg_colour_of(t->codecs[c]), c == 0, points[c], t->n_budgets};
        }
        svg_plot plot = {titles[which], "kB per 512x512 pixels", least[which], lines, t->n_codecs};
        svg_plot_draw(out, &plot, (unsigned)which, (double)(which % 2) * width, head + (double)(which / 2) * height,
                      width, height);
    }
    fprintf(
        out,
        "<text x=\"44\" y=\"%.0f\" font-size=\"11.5\" fill=\"currentColor\" opacity=\".75\">Hollow: the codec cannot "
        "make all pictures so small; the mean is over those that it can.</text>\n",
        head + 2 * height + 14);
    svg_document_end(out);
}

static int write_one(const table *t, const char *title, const char *out, const char *ending) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s.%s", out, ending);
    FILE *file = fopen(path, "w");
    if (!file) return fail(path, "cannot be written");
    if (strcmp(ending, "md") == 0) write_markdown(file, t, title);
    if (strcmp(ending, "tsv") == 0) write_tsv(file, t);
    if (strcmp(ending, "svg") == 0) write_plots(file, t, title);
    bool whole = !ferror(file);
    return fclose(file) == 0 && whole ? 0 : fail(path, "cannot be written");
}

int main(int argc, char **argv) {
    if (argc != 5) return fail("usage", "quality_table ROWS.tsv STATISTICS-FOLDER TITLE OUT");
    table *t = calloc(1, sizeof *t);
    if (!t) return fail(argv[1], "out of memory");
    int status = read_rows(t, argv[1]) || find_means(t, argv[2]) || write_one(t, argv[3], argv[4], "md") ||
                 write_one(t, argv[3], argv[4], "tsv") || write_one(t, argv[3], argv[4], "svg");
    if (status == 0) write_markdown(stdout, t, argv[3]);
    free(t->rows);
    free(t);
    return status;
}
