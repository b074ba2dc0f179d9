/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Photos through a model's networks, whole, for the tools of this folder. They
 * end the program with a line on standard error when something fails. */
#ifndef PITH_BENCH_PHOTO_LATENTS_H
#define PITH_BENCH_PHOTO_LATENTS_H

#include "networks/model.h"

typedef struct photo_networks {
    pith_env env;
    pith_model *model;
    model_session *session;
} photo_networks;

void photo_networks_open(photo_networks *n, const char *model_path);
void photo_networks_close(photo_networks *n);

/* A photo's latent, n_latent x h x w, h and w its size / 8 rounded up; owned by
 * the caller. */
float *photo_latent(photo_networks *n, const pith_image *photo, uint32_t *h, uint32_t *w);

/* The way back into an 8-bit RGB image of the photo's size, owned by the caller
 * (free its pixels). */
pith_image latent_photo(photo_networks *n, const float *latent, float step, uint32_t width, uint32_t height);

/* A picture's file as pixels; the caller frees them. */
pith_image photo_load(const char *path);

#endif
