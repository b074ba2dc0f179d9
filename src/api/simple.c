/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* One call each way, for programs that want nothing special. */
#include <string.h>

#include "base/env.h"
#include "base/mem.h"

#define WHITE 255u

pith_status pith_encode_image(const pith_env *env, const pith_image *image, float quality, pith_bytes *file,
                              pith_diag *why) {
    pith_model *model = NULL;
    pith_encoder *encoder = NULL;
    pith_source source;
    pith_encode_options options;
    pith_status status = PITH_OK;
    if (why) diag_clear(why);
    if (!image || !file) return diag_set(why, PITH_E_ARG, "pith_encode_image: an argument is NULL");
    *file = (pith_bytes){0};
    if (pith_source_from_image(&source, sizeof source, image) != PITH_OK)
        return diag_set(why, PITH_E_ARG, "pith_encode_image: not a picture");
    PITH_TRY(pith_encode_options_defaults(&options, sizeof options));
    options.quality = quality;
    PITH_TRY(pith_model_open_default(&model, env, why));
    PITH_TRY(pith_encoder_new(&encoder, env, model, why));
    status = pith_encode(encoder, &source, &options, file);
    if (status != PITH_OK) diag_set(why, status, "%s", pith_encoder_message(encoder));
cleanup:
    pith_encoder_free(&encoder);
    pith_model_free(&model);
    return status;
}

/* ---- decoding ----------------------------------------------------------------------------- */

typedef struct receiver {
    const pith_alloc *alloc;
    pith_image *image;
    uint8_t n_given, n_wanted; /* channels */
} receiver;

static pith_status start(void *user, const pith_image_format *format) {
    receiver *r = user;
    const uint8_t n = r->n_wanted ? r->n_wanted : format->n_channels;
    const size_t stride = (size_t)format->width * n;
    r->n_given = format->n_channels;
    r->image->format = *format;
    r->image->format.n_channels = r->n_wanted = n;
    r->image->stride_bytes = stride;
    r->image->pixels = mem_alloc(r->alloc, format->height, stride);
    return r->image->pixels ? PITH_OK : PITH_E_NOMEM;
}

static uint8_t on_white(unsigned v, unsigned alpha) {
    return (uint8_t)((v * alpha + WHITE * (255 - alpha) + 127) / 255);
}

/* One pixel of 1 to 4 channels as RGB or RGBA. */
static void convert(uint8_t *to, uint8_t n_wanted, const uint8_t *from, uint8_t n_given) {
    const bool is_grey = n_given < 3;
    const uint8_t alpha = n_given % 2 ? 255 : from[n_given - 1];
    for (uint8_t c = 0; c < 3; c++) {
        const uint8_t v = from[is_grey ? 0 : c];
        to[c] = n_wanted == 3 ? on_white(v, alpha) : v;
    }
    if (n_wanted == 4) to[3] = alpha;
}

static pith_status write_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    const receiver *r = user;
    const pith_image *image = r->image;
    for (uint32_t i = 0; i < n_rows; i++) {
        uint8_t *to = (uint8_t *)image->pixels + (size_t)(y + i) * image->stride_bytes;
        const uint8_t *from = (const uint8_t *)rows + i * stride_bytes;
        if (r->n_wanted == r->n_given)
            memcpy(to, from, image->stride_bytes);
        else
            for (size_t x = 0; x < image->format.width; x++)
                convert(to + x * r->n_wanted, r->n_wanted, from + x * r->n_given, r->n_given);
    }
    return PITH_OK;
}

pith_status pith_decode_image(const pith_env *env, const void *file, size_t n_bytes, uint8_t n_channels,
                              pith_image *image, pith_diag *why) {
    pith_model *model = NULL;
    pith_decoder *decoder = NULL;
    pith_info info = {.struct_size = sizeof info};
    pith_env own;
    if (why) diag_clear(why);
    if (!image) return diag_set(why, PITH_E_ARG, "pith_decode_image: an argument is NULL");
    *image = (pith_image){0};
    if (!file) return diag_set(why, PITH_E_ARG, "pith_decode_image: an argument is NULL");
    if (n_channels != 0 && n_channels != 3 && n_channels != 4)
        return diag_set(why, PITH_E_ARG, "pith_decode_image: n_channels is %u, not 0, 3 or 4", (unsigned)n_channels);
    pith_status status = env_copy(&own, env, why);
    if (status != PITH_OK) return status;
    receiver r = {.alloc = &own.alloc, .image = image, .n_wanted = n_channels};
    const pith_sink sink = {
        .struct_size = sizeof sink, .bit_depth = 8, .start = start, .write_rows = write_rows, .user = &r};
    PITH_TRY(pith_decoder_new(&decoder, env, why));
    status = pith_decoder_open(decoder, file, n_bytes);
    if (status == PITH_OK) status = pith_decoder_info(decoder, &info);
    if (status == PITH_OK) PITH_TRY(pith_model_find(&model, env, &info, why));
    if (status == PITH_OK) status = pith_decode(decoder, model, NULL, &sink);
    if (status != PITH_OK) diag_set(why, status, "%s", pith_decoder_message(decoder));
cleanup:
    if (status != PITH_OK) pith_image_free(env, image);
    pith_decoder_free(&decoder);
    pith_model_free(&model);
    return status;
}

void pith_image_free(const pith_env *env, pith_image *image) {
    if (!image) return;
    pith_bytes pixels = {image->pixels, 0};
    pith_bytes_free(env, &pixels);
    *image = (pith_image){0};
}
