/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "photo_latents.h"

#include <stdio.h>
#include <stdlib.h>

#include "imageio/imageio.h"

#define SIDE 8 /* pixels of a latent position */

static void require(pith_status status, const char *what, const pith_diag *diag) {
    if (status == PITH_OK) return;
    fprintf(stderr, "%s: %s\n", what, diag->message);
    exit(2);
}

void photo_networks_open(photo_networks *n, const char *model_path) {
    pith_diag diag = {0};
    pith_env_defaults(&n->env, sizeof n->env);
    require(pith_model_open(&n->model, &n->env, model_path, &diag), model_path, &diag);
    require(model_session_new(&n->session, n->model, &diag), model_path, &diag);
}

void photo_networks_close(photo_networks *n) {
    model_session_free(&n->session);
    pith_model_free(&n->model);
}

pith_image photo_load(const char *path) {
    pith_image image = {0};
    pith_diag diag = {0};
    require(image_load(&image, NULL, path, NULL, &diag), path, &diag);
    if (image.format.bit_depth != 8) {
        fprintf(stderr, "%s: not 8 bits\n", path);
        exit(2);
    }
    return image;
}

static void *allocate(size_t count, size_t size) {
    void *block = calloc(count, size);
    if (block) return block;
    fprintf(stderr, "out of memory\n");
    exit(4);
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

float *photo_latent(photo_networks *n, const pith_image *photo, uint32_t *h, uint32_t *w) {
    const pith_image_format *f = &photo->format;
    pith_diag diag = {0};
    *h = (f->height + SIDE - 1) / SIDE;
    *w = (f->width + SIDE - 1) / SIDE;
    size_t plane = (size_t)*h * *w * SIDE * SIDE, row_length = (size_t)*w * SIDE;
    float *pixels = allocate(3 * plane, sizeof *pixels);
    float *latent = allocate((size_t)*h * *w * model_traits_of(n->model)->n_latent, sizeof *latent);
    for (uint32_t y = 0; y < *h * SIDE; y++) {
        const uint8_t *row = (const uint8_t *)photo->pixels + least(y, f->height - 1) * photo->stride_bytes;
        for (uint32_t x = 0; x < *w * SIDE; x++)
            for (uint32_t c = 0; c < 3; c++)
                pixels[c * plane + y * row_length + x] =
                    (float)row[least(x, f->width - 1) * f->n_channels + (f->n_channels == 3 ? c : 0)] / 255;
    }
    const model_window window = model_whole_window(*h, *w);
    require(model_bind_encoder(n->session, &window, &diag), "encoder", &diag);
    require(model_encode(n->session, &window, pixels, latent, &diag), "encoder", &diag);
    free(pixels);
    return latent;
}

pith_image latent_photo(photo_networks *n, const float *latent, float step, uint32_t width, uint32_t height) {
    uint32_t h = (height + SIDE - 1) / SIDE, w = (width + SIDE - 1) / SIDE;
    size_t plane = (size_t)h * w * SIDE * SIDE;
    float *pixels = allocate(3 * plane, sizeof *pixels);
    uint8_t *bytes = allocate((size_t)width * height, 3);
    const model_window window = model_whole_window(h, w);
    model_decode_how how = {.step = step};
    pith_diag diag = {0};
    require(model_decode(n->session, &window, latent, &how, pixels, &diag), "decoder", &diag);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < 3; c++) {
                float v = pixels[c * plane + (size_t)y * w * SIDE + x] * 255 + 0.5f;
                bytes[((size_t)y * width + x) * 3 + c] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
    free(pixels);
    return (pith_image){{width, height, 3, 8}, bytes, (size_t)width * 3};
}
