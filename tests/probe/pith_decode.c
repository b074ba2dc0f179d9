/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Decodes .pith files by the public API alone, with the model inside the library, and writes a PPM or PGM, or prints
 * the pictures' hashes: for machines that the command is not built for (scripts/check-platforms,
 * scripts/check-conformance). pith-decode IN.pith OUT.ppm pith-decode --hash IN.pith... */
#include <pith/pith.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    if ((f->n_channels != 1 && f->n_channels != 3) || f->bit_depth != 8)
        return failed(path, "only grey and RGB of 8 bits are written");
    FILE *file = fopen(path, "wb");
    if (!file) return failed(path, "cannot be written");
    fprintf(file, "P%c\n%u %u\n255\n", f->n_channels == 1 ? '5' : '6', (unsigned)f->width, (unsigned)f->height);
    fwrite(image->pixels, 1, (size_t)f->width * f->height * f->n_channels, file);
    const int bad = ferror(file);
    return fclose(file) != 0 || bad ? failed(path, "cannot be written") : 0;
}

/* Opens the file and decodes it into `*image`, whose pixels and whose `*data` are the caller's to free. */
static int decode(pith_decoder *decoder, pith_model *model, const char *path, pith_image *image, uint8_t **data,
                  bool hash) {
    pith_info info = {.struct_size = sizeof info};
    pith_decode_options options;
    pith_sink sink;
    size_t n_bytes = 0;
    *data = read_file(path, &n_bytes);
    if (!*data) return failed(path, "cannot be read");
    if (pith_decoder_open(decoder, *data, n_bytes) != PITH_OK || pith_decoder_info(decoder, &info) != PITH_OK)
        return failed(path, pith_decoder_message(decoder));
    if (pith_decode_options_defaults(&options, sizeof options) != PITH_OK) return failed("options", "wrong size");
    options.hash = hash;
    *image = (pith_image){.format = info.format};
    if (hash) image->format.bit_depth = info.source_bit_depth;
    image->stride_bytes = (size_t)info.format.width * info.format.n_channels * (image->format.bit_depth / 8);
    image->pixels = malloc(image->stride_bytes * info.format.height);
    if (!image->pixels || pith_sink_to_image(&sink, sizeof sink, image) != PITH_OK)
        return failed("picture", "out of memory");
    if (pith_decode(decoder, model, &options, &sink) != PITH_OK) return failed(path, pith_decoder_message(decoder));
    return 0;
}

static int print_hash(const pith_decoder *decoder, const char *path) {
    pith_hash hash = {.struct_size = sizeof hash};
    if (pith_decoder_hash(decoder, &hash) != PITH_OK || !hash.is_made) return failed(path, "has no hash");
    for (size_t i = 0; i < sizeof hash.sha256; i++) printf("%02x", hash.sha256[i]);
    printf(" %s\n", path);
    return 0;
}

int main(int argc, char **argv) {
    const bool hash = argc > 2 && strcmp(argv[1], "--hash") == 0;
    if (argc != 3 && !hash) return failed("usage", "pith-decode IN.pith OUT.ppm | --hash IN.pith...");
    pith_env env;
    pith_diag why = {0};
    pith_decoder *decoder = NULL;
    pith_model *model = NULL;
    if (pith_env_defaults(&env, sizeof env) != PITH_OK) return failed("environment", "wrong size");
    if (pith_model_open(&model, &env, PITH_MODEL_BUILT_IN, &why) != PITH_OK) return failed("model", why.message);
    if (pith_decoder_new(&decoder, &env, &why) != PITH_OK) return failed("decoder", why.message);
    int code = 0;
    const int first = hash ? 2 : 1, end = hash ? argc : 2;
    for (int i = first; code == 0 && i < end; i++) {
        pith_image image = {0};
        uint8_t *data = NULL;
        code = decode(decoder, model, argv[i], &image, &data, hash);
        if (code == 0) code = hash ? print_hash(decoder, argv[i]) : write_picture(argv[2], &image);
        free(image.pixels);
        free(data);
    }
    pith_decoder_free(&decoder);
    pith_model_free(&model);
    return code;
}
