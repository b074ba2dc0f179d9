/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Decodes a .pith file by the public API alone, with the model inside the library, and writes a PPM or PGM:
 * for machines that the command is not built for (scripts/check-platforms).
 *   pith-decode IN.pith OUT.ppm */
#include <pith/pith.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const char *what, const char *why) {
    fprintf(stderr, "pith-decode: %s: %s\n", what, why);
    return 1;
}

static uint8_t *read_file(const char *path, size_t *n_bytes) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    if (!file) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        const long n = ftell(file);
        rewind(file);
        data = n > 0 ? malloc((size_t)n) : NULL;
        *n_bytes = data ? fread(data, 1, (size_t)n, file) : 0;
    }
    fclose(file);
    return data;
}

static int write_picture(const char *path, const pith_image *image) {
    const pith_image_format *f = &image->format;
    FILE *file = fopen(path, "wb");
    if (!file) return failed(path, "cannot be written");
    fprintf(file, "P%c\n%u %u\n255\n", f->n_channels == 1 ? '5' : '6', (unsigned)f->width, (unsigned)f->height);
    fwrite(image->pixels, 1, (size_t)f->width * f->height * f->n_channels, file);
    const int bad = ferror(file);
    return fclose(file) != 0 || bad ? failed(path, "cannot be written") : 0;
}

int main(int argc, char **argv) {
    if (argc != 3) return failed("usage", "pith-decode IN.pith OUT.ppm");
    pith_env env;
    pith_diag why = {0};
    pith_decoder *decoder = NULL;
    pith_model *model = NULL;
    pith_info info = {.struct_size = sizeof info};
    pith_sink sink;
    size_t n_bytes = 0;
    uint8_t *data = read_file(argv[1], &n_bytes);
    if (!data) return failed(argv[1], "cannot be read");
    if (pith_env_defaults(&env, sizeof env) != PITH_OK) return failed("environment", "wrong size");
    if (pith_model_open(&model, &env, PITH_MODEL_BUILT_IN, &why) != PITH_OK) return failed("model", why.message);
    if (pith_decoder_new(&decoder, &env, &why) != PITH_OK) return failed("decoder", why.message);
    if (pith_decoder_open(decoder, data, n_bytes) != PITH_OK || pith_decoder_info(decoder, &info) != PITH_OK)
        return failed(argv[1], pith_decoder_message(decoder));
    pith_image image = {.format = info.format};
    const size_t n_channels = info.format.n_channels, n_row = info.format.width * n_channels;
    if ((n_channels != 1 && n_channels != 3) || info.format.bit_depth != 8)
        return failed(argv[1], "only grey and RGB of 8 bits are written");
    image.stride_bytes = n_row;
    image.pixels = malloc(n_row * info.format.height);
    if (!image.pixels || pith_sink_to_image(&sink, sizeof sink, &image) != PITH_OK)
        return failed("picture", "out of memory");
    if (pith_decode(decoder, model, NULL, &sink) != PITH_OK) return failed(argv[1], pith_decoder_message(decoder));
    const int code = write_picture(argv[2], &image);
    pith_decoder_free(&decoder);
    pith_model_free(&model);
    free(image.pixels);
    free(data);
    return code;
}
