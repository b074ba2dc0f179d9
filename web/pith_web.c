/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The decoder as pith-worker.js calls it: one model, one file at a time. Functions that can fail return a pith_status,
 * and web_message says why. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pith/pith.h>

#include <emscripten.h>

static struct {
    pith_env env;
    pith_model *model;
    pith_decoder *decoder;
    pith_info info;
    pith_image image;
    pith_diag why;
    char text[1024];
} web;

static pith_status begin(void) {
    web.why = (pith_diag){0};
    if (web.decoder) return PITH_OK;
    pith_status status = pith_env_defaults(&web.env, sizeof web.env);
    web.env.threads = 1;
    return status == PITH_OK ? pith_decoder_new(&web.decoder, &web.env, &web.why) : status;
}

EMSCRIPTEN_KEEPALIVE const char *web_message(void) {
    return web.why.message[0] ? web.why.message : web.decoder ? pith_decoder_message(web.decoder) : "";
}

/* A model's file, which stays where it is as long as the page does. */
EMSCRIPTEN_KEEPALIVE int web_open_model(const uint8_t *data, size_t n_bytes) {
    pith_status status = begin();
    if (status != PITH_OK) return status;
    pith_model_free(&web.model);
    return pith_model_open_memory(&web.model, &web.env, data, n_bytes, &web.why);
}

/* A .pith file, which stays where it is until the next. */
EMSCRIPTEN_KEEPALIVE int web_open(const uint8_t *data, size_t n_bytes) {
    pith_status status = begin();
    web.info = (pith_info){.struct_size = sizeof web.info};
    if (status == PITH_OK) status = pith_decoder_open(web.decoder, data, n_bytes);
    if (status == PITH_OK) status = pith_decoder_info(web.decoder, &web.info);
    return status;
}

static void put_hex(char *out, const uint8_t *bytes) {
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static const char *method_name(pith_method method) {
    switch (method) {
    case PITH_METHOD_LATENT:
        return "latent";
    case PITH_METHOD_PALETTE:
        return "palette";
    case PITH_METHOD_EXACT:
        return "exact";
    }
    return "?";
}

/* What is in the file, as JSON. Names of models have no character that JSON would want escaped. */
EMSCRIPTEN_KEEPALIVE const char *web_info(void) {
    static const char *const levels[] = {"none", "loose", "normal", "strict"};
    const pith_info *i = &web.info;
    char latent[2 * PITH_FINGERPRINT_BYTES + 1];
    put_hex(latent, i->latent_id);
    snprintf(web.text, sizeof web.text,
             "{\"width\":%" PRIu32 ",\"height\":%" PRIu32 ",\"channels\":%u,\"bytes\":%" PRIu64 ",\"method\":\"%s\","
             "\"model\":\"%s\",\"latent_id\":\"%s\",\"lossless\":%s,\"bits\":%u,\"faithful\":\"%s\",\"residual_bytes\":"
             "%" PRIu64 ",\"version\":\"%" PRIu32 ".%" PRIu32 "\"}",
             i->format.width, i->format.height, i->format.n_channels, i->n_file_bytes, method_name(i->method),
             i->model_name, latent, i->lossless ? "true" : "false", i->source_bit_depth,
             (unsigned)i->faithful < 4 ? levels[i->faithful] : "?", i->n_residual_bytes, i->version_major,
             i->version_minor);
    return web.text;
}

/* Pixels as a canvas wants them, in place of those of 1 to 4 channels at the end of the block. */
static void widen(uint8_t *rgba, const uint8_t *pixels, size_t n, unsigned n_channels) {
    for (size_t i = 0; i < n; i++, pixels += n_channels) {
        uint8_t p[4] = {pixels[0], pixels[0], pixels[0], 255};
        if (n_channels >= 3) memcpy(p, pixels, n_channels);
        if (n_channels == 2) p[3] = pixels[1];
        memcpy(rgba + 4 * i, p, 4);
    }
}

/* Decodes the open file, or its preview of 1/8 of the size, to web_pixels. A preview of latents needs no model's
 * networks, but the model. */
EMSCRIPTEN_KEEPALIVE int web_decode(int preview) {
    pith_decode_options options;
    pith_sink sink;
    pith_status status = pith_decode_options_defaults(&options, sizeof options);
    if (status != PITH_OK) return status;
    options.preview = preview;
    free(web.image.pixels);
    web.image = (pith_image){.format = web.info.format};
    pith_image_format *f = &web.image.format;
    if (preview) {
        f->width = (f->width + web.info.downscale - 1) / web.info.downscale;
        f->height = (f->height + web.info.downscale - 1) / web.info.downscale;
    }
    size_t n = (size_t)f->width * f->height;
    uint8_t *block = n <= SIZE_MAX / 4 ? malloc(4 * n) : NULL;
    if (!block) {
        snprintf(web.why.message, sizeof web.why.message, "out of memory for the picture");
        return PITH_E_NOMEM;
    }
    pith_image rows = web.image;
    rows.stride_bytes = (size_t)f->width * f->n_channels;
    rows.pixels = block + (4 - f->n_channels) * n;
    web.image.pixels = block;
    status = pith_sink_to_image(&sink, sizeof sink, &rows);
    if (status == PITH_OK)
        status = pith_decode(web.decoder, web.info.method == PITH_METHOD_EXACT ? NULL : web.model, &options, &sink);
    if (status == PITH_OK) widen(block, rows.pixels, n, f->n_channels);
    return status;
}

EMSCRIPTEN_KEEPALIVE const uint8_t *web_pixels(void) { return web.image.pixels; }
EMSCRIPTEN_KEEPALIVE uint32_t web_width(void) { return web.image.format.width; }
EMSCRIPTEN_KEEPALIVE uint32_t web_height(void) { return web.image.format.height; }
