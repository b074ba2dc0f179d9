/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "api_case.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    abort();
}

void api_open(api_case *c, const char *model_path, const pith_env *env) {
    char tiny[4096];
    pith_diag why = {0};
    const char *root = getenv("PITH_SOURCE_DIR");
    snprintf(tiny, sizeof tiny, "%s/tests/data/mini_tiny.safetensors", root ? root : ".");
    *c = (api_case){0};
    if (env)
        c->env = *env;
    else
        pith_env_defaults(&c->env, sizeof c->env);
    if (pith_model_open(&c->model, &c->env, model_path ? model_path : tiny, &why) != PITH_OK)
        fail("model", why.message);
    if (pith_encoder_new(&c->encoder, &c->env, c->model, &why) != PITH_OK) fail("encoder", why.message);
    if (pith_decoder_new(&c->decoder, &c->env, &why) != PITH_OK) fail("decoder", why.message);
}

void api_close(api_case *c) {
    pith_decoder_free(&c->decoder);
    pith_encoder_free(&c->encoder);
    pith_model_free(&c->model);
}

pith_image api_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth) {
    size_t stride = (size_t)width * n_channels * (bit_depth / 8u);
    pith_image p = {{width, height, n_channels, bit_depth}, calloc(height, stride), stride};
    if (!p.pixels) fail("picture", "out of memory");
    return p;
}

static size_t sample_offset(const pith_image *p, uint32_t y, uint32_t x, uint32_t c) {
    return y * p->stride_bytes + ((size_t)x * p->format.n_channels + c) * (p->format.bit_depth / 8u);
}

unsigned api_sample(const pith_image *p, uint32_t y, uint32_t x, uint32_t c) {
    const uint8_t *at = (const uint8_t *)p->pixels + sample_offset(p, y, x, c);
    uint16_t wide;
    if (p->format.bit_depth == 8) return *at;
    memcpy(&wide, at, sizeof wide);
    return wide;
}

void api_set_sample(pith_image *p, uint32_t y, uint32_t x, uint32_t c, unsigned value) {
    uint8_t *at = (uint8_t *)p->pixels + sample_offset(p, y, x, c);
    uint16_t wide = (uint16_t)value;
    if (p->format.bit_depth == 8)
        *at = (uint8_t)value;
    else
        memcpy(at, &wide, sizeof wide);
}

pith_image api_waves(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth) {
    pith_image p = api_picture(width, height, n_channels, bit_depth);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (uint32_t c = 0; c < n_channels; c++) {
                bool is_alpha = n_channels % 2 == 0 && c == n_channels - 1u;
                double v = is_alpha ? 1 : 0.5 + 0.25 * sin(x * 0.11 + c) + 0.2 * cos(y * 0.07 - c);
                api_set_sample(&p, y, x, c, (unsigned)(v * (bit_depth == 16 ? 65535 : 255)));
            }
    return p;
}

pith_bytes api_encode(api_case *c, const pith_image *p, const pith_encode_options *o) {
    pith_source source;
    pith_bytes file = {0};
    pith_encode_options latents_alone;
    pith_encode_options_defaults(&latents_alone, sizeof latents_alone);
    latents_alone.effort = 0;
    pith_source_from_image(&source, sizeof source, p);
    if (pith_encode(c->encoder, &source, o ? o : &latents_alone, &file) != PITH_OK)
        fail("encode", pith_encoder_message(c->encoder));
    return file;
}

/* A sink that makes the picture when it is told the format. */
static pith_status start(void *user, const pith_image_format *f) {
    *(pith_image *)user = api_picture(f->width, f->height, f->n_channels, f->bit_depth);
    return PITH_OK;
}

static pith_status write_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    pith_image *p = user;
    for (uint32_t i = 0; i < n_rows; i++)
        memcpy((uint8_t *)p->pixels + (y + i) * p->stride_bytes, (const uint8_t *)rows + i * stride_bytes,
               p->stride_bytes);
    return PITH_OK;
}

pith_image api_decode(api_case *c, pith_bytes file, const pith_decode_options *o, uint8_t bit_depth) {
    pith_image p = {0};
    pith_sink sink = {
        .struct_size = sizeof sink, .bit_depth = bit_depth, .start = start, .write_rows = write_rows, .user = &p};
    if (pith_decoder_open(c->decoder, file.data, file.n_bytes) != PITH_OK ||
        pith_decode(c->decoder, c->model, o, &sink) != PITH_OK)
        fail("decode", pith_decoder_message(c->decoder));
    return p;
}
