/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents of pictures in raw files, NAME_CxHxW.f32 (latent_files.h):
 *   dump_latents MODEL FOLDER PICTURE ...
 *   dump_latents -b MODEL FOLDER PICTURE ...
 * -b: as the bytes that method palette makes of them, less 128: NAME_CxHxW.i16. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/palette.h"
#include "photo_latents.h"

/* Planar 16-bit symbols, owned by the caller. */
static int16_t *as_symbols(const float *latent, uint32_t n_channels, size_t n_positions, float unit) {
    uint8_t *bytes = malloc(n_channels * n_positions);
    int16_t *symbols = calloc(n_channels * n_positions, sizeof *symbols);
    if (!bytes || !symbols) exit(4);
    pal_bytes(latent, n_channels, n_positions, unit, bytes);
    for (size_t i = 0; i < n_positions; i++)
        for (uint32_t c = 0; c < n_channels; c++)
            symbols[c * n_positions + i] = (int16_t)(bytes[i * n_channels + c] - 128);
    free(bytes);
    return symbols;
}

static int dump(photo_networks *n, const char *folder, char *picture, bool bytes) {
    char path[1024];
    uint32_t h, w, n_latent = model_traits_of(n->model)->n_latent;
    pith_image photo = photo_load(picture);
    float *latent = photo_latent(n, &photo, &h, &w);
    size_t positions = (size_t)h * w, count = n_latent * positions;
    int16_t *symbols = bytes ? as_symbols(latent, n_latent, positions, model_traits_of(n->model)->palette_unit) : NULL;
    snprintf(path, sizeof path, "%s/%s_%ux%ux%u.%s", folder, basename(picture), n_latent, h, w, bytes ? "i16" : "f32");
    FILE *out = fopen(path, "wb");
    int failed = !out || (bytes ? fwrite(symbols, sizeof *symbols, count, out)
                                : fwrite(latent, sizeof *latent, count, out)) != count;
    if (out && fclose(out) != 0) failed = 1;
    if (failed) fprintf(stderr, "%s: cannot be written\n", path);
    free(latent);
    free(symbols);
    free(photo.pixels);
    return failed;
}

int main(int argc, char **argv) {
    photo_networks n;
    int failed = 0;
    bool bytes = argc > 1 && strcmp(argv[1], "-b") == 0;
    if (bytes) argc--, argv++;
    if (argc < 4) {
        fprintf(stderr, "usage: dump_latents [-b] MODEL FOLDER PICTURE ...\n");
        return 1;
    }
    photo_networks_open(&n, argv[1]);
    for (int i = 3; i < argc && !failed; i++) failed = dump(&n, argv[2], argv[i], bytes);
    photo_networks_close(&n);
    return failed ? 4 : 0;
}
