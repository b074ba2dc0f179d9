/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "latent_files.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *path, const char *what) {
    fprintf(stderr, "%s: %s\n", path, what);
    exit(2);
}

size_t latent_file_symbols(const latent_file *f) { return (size_t)f->n_channels * f->height * f->width; }

lat_block latent_file_block(const latent_file *f) {
    return (lat_block){f->symbols, f->n_channels, f->height, f->width, f->width, (size_t)f->height * f->width};
}

static bool parse_name(latent_file *f, const char *path) {
    const char *tail = strrchr(path, '_');
    return tail && strlen(path) < sizeof f->path &&
           sscanf(tail, "_%ux%ux%u.", &f->n_channels, &f->height, &f->width) == 3 && f->n_channels > 0 &&
           f->n_channels <= LAT_MAX_CHANNELS && f->height > 0 && f->height <= LAT_MAX_SLICE && f->width > 0 &&
           f->width <= LAT_MAX_SLICE;
}

static void read_data(latent_file *f) {
    size_t count = latent_file_symbols(f);
    bool is_float = strstr(f->path, ".f32") != NULL;
    f->symbols = calloc(count, sizeof *f->symbols);
    f->values = is_float ? calloc(count, sizeof *f->values) : NULL;
    FILE *in = fopen(f->path, "rb");
    if (!in || !f->symbols || (is_float && !f->values)) fail(f->path, "cannot be read");
    size_t n = is_float ? fread(f->values, sizeof *f->values, count, in) : fread(f->symbols, 2, count, in);
    fclose(in);
    if (n != count) fail(f->path, "is too short");
}

latent_file *latent_files_read(const char *folder, size_t *count) {
    char pattern[1024];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*_*x*x*.[fi][31][26]", folder);
    if (glob(pattern, 0, NULL, &found) != 0) fail(folder, "no latents");
    latent_file *files = calloc(found.gl_pathc, sizeof *files);
    *count = 0;
    for (size_t i = 0; files && i < found.gl_pathc; i++) {
        latent_file *f = &files[*count];
        if (!parse_name(f, found.gl_pathv[i])) continue;
        snprintf(f->path, sizeof f->path, "%s", found.gl_pathv[i]);
        read_data(f);
        ++*count;
    }
    globfree(&found);
    if (*count == 0) fail(folder, "no latents that fit a slice");
    return files;
}

void latent_files_free(latent_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(files[i].values);
        free(files[i].symbols);
    }
    free(files);
}
