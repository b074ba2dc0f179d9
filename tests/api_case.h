/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What tests of the public API share: pictures, and an encoder and a decoder
 * of the tiny model. A step that fails ends the test with its message. */
#ifndef PITH_TESTS_API_CASE_H
#define PITH_TESTS_API_CASE_H

#include <pith/pith.h>

typedef struct api_case {
    pith_env env;
    pith_model *model;
    pith_encoder *encoder;
    pith_decoder *decoder;
} api_case;

/* NULL for the model: the tiny one of tests/data; for the environment: the defaults. */
void api_open(api_case *c, const char *model_path, const pith_env *env);
void api_close(api_case *c);

/* Pixels are zero; freed with free(pixels). */
pith_image api_picture(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth);
/* Smooth colours that differ in every channel; alpha is opaque. */
pith_image api_waves(uint32_t width, uint32_t height, uint8_t n_channels, uint8_t bit_depth);
/* One sample, over its full range. */
unsigned api_sample(const pith_image *p, uint32_t y, uint32_t x, uint32_t c);
void api_set_sample(pith_image *p, uint32_t y, uint32_t x, uint32_t c, unsigned value);

/* No options: the latents alone, effort 0. */
pith_bytes api_encode(api_case *c, const pith_image *p, const pith_encode_options *o);
/* Opens the file and decodes it into a picture of the size the sink is told. */
pith_image api_decode(api_case *c, pith_bytes file, const pith_decode_options *o, uint8_t bit_depth);

/* pith_compare: the figures of these measures. */
pith_compare_result api_compare(const pith_image *original, const pith_image *decoded, uint32_t measures);

#endif
