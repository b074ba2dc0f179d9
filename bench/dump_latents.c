/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents of pictures in raw files, NAME_CxHxW.f32 (latent_files.h):
 *   dump_latents MODEL FOLDER PICTURE ... */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

#include "photo_latents.h"

static int dump(photo_networks *n, const char *folder, char *picture) {
    char path[1024];
    uint32_t h, w, n_latent = model_traits_of(n->model)->n_latent;
    pith_image photo = photo_load(picture);
    float *latent = photo_latent(n, &photo, &h, &w);
    size_t count = (size_t)n_latent * h * w;
    snprintf(path, sizeof path, "%s/%s_%ux%ux%u.f32", folder, basename(picture), n_latent, h, w);
    FILE *out = fopen(path, "wb");
    int failed = !out || fwrite(latent, sizeof *latent, count, out) != count;
    if (out && fclose(out) != 0) failed = 1;
    if (failed) fprintf(stderr, "%s: cannot be written\n", path);
    free(latent);
    free(photo.pixels);
    return failed;
}

int main(int argc, char **argv) {
    photo_networks n;
    int failed = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: dump_latents MODEL FOLDER PICTURE ...\n");
        return 1;
    }
    photo_networks_open(&n, argv[1]);
    for (int i = 3; i < argc && !failed; i++) failed = dump(&n, argv[2], argv[i]);
    photo_networks_close(&n);
    return failed ? 4 : 0;
}
