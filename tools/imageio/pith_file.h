/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A .pith file in memory with a decoder opened on it, and such a file decoded
 * as if it were a picture file. */
#ifndef PITH_TOOLS_IMAGEIO_PITH_FILE_H
#define PITH_TOOLS_IMAGEIO_PITH_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <pith/pith.h>

typedef struct pith_file {
    uint8_t *data;
    size_t n_bytes;
    pith_decoder *decoder; /* borrows data */
    pith_info info;
} pith_file;

/* Reads ("-" is standard input) and checks the whole structure. On failure
 * there is nothing to close, and the message does not repeat the path. */
pith_status pith_file_open(pith_file *file, const char *path, const pith_env *env, pith_diag *why) PITH_MUST_CHECK;
/* The same for a file that may be damaged; see pith_decoder_open_damaged. */
pith_status pith_file_open_damaged(pith_file *file, const char *path, const pith_env *env, pith_diag *why)
    PITH_MUST_CHECK;
void pith_file_close(pith_file *file);

/* A .pith file with nothing missing or damaged, as far as its checksums tell;
 * `user` is not used. */
bool pith_file_is_whole(void *user, const char *path);

/* Decodes to a buffer of its own, freed with free(pixels), in sRGB, with as many bits as the original. */
pith_status pith_file_to_image(pith_image *out, pith_file *file, pith_model *model, pith_diag *why) PITH_MUST_CHECK;

#endif
