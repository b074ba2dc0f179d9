/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Every figure of bench/quality.sh for one decoded picture:
 *   measure_pair ORIGINAL DECODED STATISTICS
 * prints PSNR, MS-SSIM and SSIMULACRA2, between tabs, and writes the decoded
 * picture's patch statistics (of this machine's byte order) for quality_table.
 *   measure_pair --version
 * prints a number that changes with what any of these figures means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/metrics.h"
#include "compare/patch_statistics.h"
#include "imageio/imageio.h"

#define MEASURES_VERSION 1

static int fail(const char *path, const char *text) {
    fprintf(stderr, "measure_pair: %s: %s\n", path, text);
    return 1;
}

static int write_statistics(const char *path, const patch_statistics *s) {
    FILE *file = fopen(path, "wb");
    if (!file) return fail(path, "cannot be written");
    size_t n = fwrite(s, sizeof *s, 1, file);
    return (fclose(file) != 0 || n != 1) ? fail(path, "cannot be written") : 0;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) return printf("%d\n", MEASURES_VERSION) < 0;
    if (argc != 4) return fail("usage", "measure_pair ORIGINAL DECODED STATISTICS");
    pith_image original = {.pixels = NULL}, decoded = {.pixels = NULL};
    patch_statistics *statistics = calloc(1, sizeof *statistics);
    pith_diag why = {0};
    metrics m;
    int status = 1;
    if (!statistics)
        fail(argv[1], "out of memory");
    else if (image_load(&original, NULL, argv[1], NULL, &why) != PITH_OK)
        fail(argv[1], why.message);
    else if (image_load(&decoded, NULL, argv[2], NULL, &why) != PITH_OK)
        fail(argv[2], why.message);
    else if (metrics_compare(&m, &original, &decoded, &why) != PITH_OK ||
             patch_statistics_add(statistics, &decoded, &why) != PITH_OK)
        fail(argv[2], why.message);
    else
        status = write_statistics(argv[3], statistics);
    if (status == 0) printf("%.6f\t%.8f\t%.6f\n", m.psnr_db, m.ms_ssim, m.ssimulacra2);
    free(original.pixels);
    free(decoded.pixels);
    free(statistics);
    return status;
}
