/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The smallest round trip through the library:
 *   cc roundtrip.c $(pkg-config --cflags --libs pith) && ./a.out
 * with the built-in model, or with another: ./a.out MODEL.safetensors */
#include <pith/pith.h>

#include <stdio.h>

#define SIDE 256

int main(int argc, char **argv) {
    static uint8_t before[SIDE * SIDE * 3], after[SIDE * SIDE * 3];
    const pith_image_format format = {.width = SIDE, .height = SIDE, .n_channels = 3, .bit_depth = 8};
    pith_image picture = {format, before, SIDE * 3}, decoded = {format, after, SIDE * 3};
    pith_source source;
    pith_sink sink;
    pith_encode_options options;
    pith_model *model = NULL;
    pith_encoder *encoder = NULL;
    pith_decoder *decoder = NULL;
    pith_bytes file = {0};
    pith_diag why = {0};
    int result = 1;

    if (argc > 2) {
        fprintf(stderr, "usage: %s [MODEL.safetensors]\n", argv[0]);
        return 1;
    }
    for (size_t i = 0; i < sizeof before; i++) before[i] = (uint8_t)(i / 3 % SIDE);
    pith_source_from_image(&source, sizeof source, &picture);
    pith_sink_to_image(&sink, sizeof sink, &decoded);
    pith_encode_options_defaults(&options, sizeof options);
    options.max_bytes = 1000;

    if (argc == 2 && pith_model_open(&model, NULL, argv[1], &why) != PITH_OK) goto done;
    if (argc == 1 && pith_model_open_default(&model, NULL, &why) != PITH_OK) goto done;
    if (pith_encoder_new(&encoder, NULL, model, &why) != PITH_OK) goto done;
    if (pith_decoder_new(&decoder, NULL, &why) != PITH_OK) goto done;
    if (pith_encode(encoder, &source, &options, &file) != PITH_OK) {
        fprintf(stderr, "encode: %s\n", pith_encoder_message(encoder));
        goto done;
    }
    if (pith_decoder_open(decoder, file.data, file.n_bytes) != PITH_OK ||
        pith_decode(decoder, model, NULL, &sink) != PITH_OK) {
        fprintf(stderr, "decode: %s\n", pith_decoder_message(decoder));
        goto done;
    }
    printf("%d x %d pixels in %zu bytes; the first one was %u and is %u\n", SIDE, SIDE, file.n_bytes, before[0],
           after[0]);
    result = 0;
done:
    if (why.status != PITH_OK) fprintf(stderr, "%s\n", why.message);
    pith_bytes_free(NULL, &file);
    pith_decoder_free(&decoder);
    pith_encoder_free(&encoder);
    pith_model_free(&model);
    return result;
}
