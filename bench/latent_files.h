/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents in raw files, for the tools of this folder: NAME_CxHxW.f32 (values,
 * binary32) or NAME_CxHxW.i16 (symbols), planar, little endian. */
#ifndef PITH_BENCH_LATENT_FILES_H
#define PITH_BENCH_LATENT_FILES_H

#include <stdbool.h>

#include "codec/latent_coder.h"

typedef struct latent_file {
    char path[1024];
    uint32_t n_channels, height, width;
    float *values;    /* owned; NULL for an .i16 file */
    int16_t *symbols; /* owned */
} latent_file;

/* The files of a folder that fit a slice, by name; ends the program when there
 * are none. The caller frees with latent_files_free. */
latent_file *latent_files_read(const char *folder, size_t *count);
void latent_files_free(latent_file *files, size_t count);

size_t latent_file_symbols(const latent_file *f);
lat_block latent_file_block(const latent_file *f);

#endif
