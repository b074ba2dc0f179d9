/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A small picture made of the input's bytes is encoded and decoded. Bytes 0..6:
 * width, height, channels, depth, quality, and two of a size to meet. */
#include <stdlib.h>
#include <string.h>

#include "mend.h"
#include "tiny_model.h"

#define MAX_SIDE 40u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

static pith_image make_picture(const uint8_t *data, size_t n_bytes) {
    static const uint8_t CHANNELS[] = {1, 3, 3, 2, 4};
    pith_image p = {
        .format = {data[0] % MAX_SIDE + 1u, data[1] % MAX_SIDE + 1u, CHANNELS[data[2] % 5], data[3] & 1 ? 16 : 8}};
    p.stride_bytes = (size_t)p.format.width * p.format.n_channels * (p.format.bit_depth / 8u);
    uint8_t *pixels = malloc(p.stride_bytes * p.format.height);
    require(pixels != NULL);
    for (size_t i = 0; i < p.stride_bytes * p.format.height; i++)
        pixels[i] = n_bytes > 7 ? data[7 + i % (n_bytes - 7)] : 0;
    p.pixels = pixels;
    return p;
}

static pith_status encode(const pith_image *p, const pith_encode_options *o, pith_bytes *file) {
    pith_encoder *encoder = NULL;
    pith_source source;
    pith_source_from_image(&source, sizeof source, p);
    require(pith_encoder_new(&encoder, tiny_env(), tiny_model(), NULL) == PITH_OK);
    pith_status status = pith_encode(encoder, &source, o, file);
    require((status == PITH_OK) == (pith_encoder_message(encoder)[0] == '\0'));
    require((status == PITH_OK) == (file->data != NULL));
    pith_encoder_free(&encoder);
    return status;
}

static void decode(const pith_image *p, const pith_bytes *file) {
    pith_decoder *decoder = NULL;
    pith_info info = {.struct_size = sizeof info};
    uint8_t *exact = mend_copy(file->data, file->n_bytes);
    require(pith_decoder_new(&decoder, tiny_env(), NULL) == PITH_OK);
    require(pith_decoder_open(decoder, exact, file->n_bytes) == PITH_OK);
    require(pith_decoder_info(decoder, &info) == PITH_OK);
    require(info.format.width == p->format.width && info.format.height == p->format.height);
    require((info.format.n_channels <= 2) == (p->format.n_channels <= 2)); /* grey stays grey */
    pith_image q = {.format = info.format};
    q.stride_bytes = (size_t)q.format.width * q.format.n_channels * (q.format.bit_depth / 8u);
    q.pixels = malloc(q.stride_bytes * q.format.height);
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &q);
    require(q.pixels && pith_decode(decoder, tiny_model(), NULL, &sink) == PITH_OK);
    pith_decoder_free(&decoder);
    free(q.pixels);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 7) return 0;
    pith_image p = make_picture(data, n_bytes);
    pith_encode_options o;
    pith_bytes file = {0}, again = {0};
    pith_encode_options_defaults(&o, sizeof o);
    o.quality = (float)(data[4] % 101);
    o.max_bytes = data[3] & 2 ? 1u + data[5] + 16u * data[6] : 0;
    pith_status status = encode(&p, &o, &file);
    if (status == PITH_OK) {
        require(o.max_bytes == 0 || file.n_bytes <= o.max_bytes);
        require(encode(&p, &o, &again) == PITH_OK && again.n_bytes == file.n_bytes);
        require(memcmp(again.data, file.data, file.n_bytes) == 0);
        decode(&p, &file);
    } else if (p.format.n_channels % 2 == 0 && status == PITH_E_UNSUPPORTED) {
        /* alpha */
    } else {
        require(status == PITH_E_LIMIT && o.max_bytes > 0); /* a size that cannot be met */
    }
    pith_bytes_free(tiny_env(), &file);
    pith_bytes_free(tiny_env(), &again);
    free(p.pixels);
    return 0;
}
