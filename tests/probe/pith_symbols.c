/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Writes a .pith file of made-up symbols, with the core alone: what golden files
 * and the check of the second reader (scripts/check-constants) are made with.
 *   pith-symbols OUT.pith CHANNELS HEIGHT WIDTH SEED MODEL-NAME LATENT-ID
 * The symbols lean on their neighbours, as latents do, with a long tail. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/latent_coder.h"
#include "container/ctr_write.h"

static uint64_t random_state;

static uint32_t chance(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

/* Mostly within a few of its neighbour; one in 300 anywhere. */
static int16_t make_symbol(int32_t near, uint32_t spread) {
    int32_t value = near * 3 / 4;
    for (int i = 0; i < 4; i++) value += (int32_t)chance(spread + 1) - (int32_t)(spread / 2);
    if (chance(300) == 0) value = (int32_t)chance(2 * LAT_MAX_SYMBOL + 1) - LAT_MAX_SYMBOL;
    if (value > LAT_MAX_SYMBOL) value = LAT_MAX_SYMBOL;
    return (int16_t)(value < -LAT_MAX_SYMBOL ? -LAT_MAX_SYMBOL : value);
}

static void make_symbols(int16_t *symbols, uint32_t channels, uint32_t height, uint32_t width) {
    int16_t *to = symbols;
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++, to++) *to = c % 4 == 3 ? 0 : make_symbol(x ? to[-1] : 0, 1 + c * 2);
}

static bool read_id(uint8_t id[PITH_FINGERPRINT_BYTES], const char *hex) {
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) return false;
        id[i] = (uint8_t)byte;
    }
    return true;
}

static bool write_slices(byte_writer *file, const ctr_head *head, int16_t *symbols, uint32_t height, uint32_t width) {
    lat_coder *coder = NULL;
    bool good = lat_coder_new(&coder, NULL, head->n_latent) == PITH_OK;
    for (uint32_t i = 0; good && i < ctr_slice_count(head); i++) {
        ctr_rect r = ctr_slice_rect(head, i);
        lat_block block = {
            symbols + (size_t)r.y * width + r.x, head->n_latent, r.height, r.width, width, (size_t)height * width};
        byte_writer coded;
        bw_init(&coded, NULL);
        good = lat_encode(coder, &block, &coded) == PITH_OK;
        if (good) ctr_write_slice(file, lat_checksum(&block), coded.data, coded.n_bytes);
        bw_free(&coded);
    }
    lat_coder_free(&coder);
    return good && file->status == PITH_OK;
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: pith-symbols OUT.pith CHANNELS HEIGHT WIDTH SEED MODEL-NAME LATENT-ID\n");
        return 1;
    }
    uint32_t channels = (uint32_t)atoi(argv[2]), height = (uint32_t)atoi(argv[3]), width = (uint32_t)atoi(argv[4]);
    ctr_head head = {.width = width * 8 - 3,
                     .height = height * 8 - 1,
                     .method = PITH_METHOD_LATENT,
                     .n_latent = (uint8_t)channels,
                     .log2_downscale = 3,
                     .step_index = 1100};
    random_state = strtoul(argv[5], NULL, 10);
    snprintf(head.model_name, sizeof head.model_name, "%s", argv[6]);
    int16_t *symbols = calloc((size_t)channels * height * width, sizeof *symbols);
    byte_writer file;
    bw_init(&file, NULL);
    bool good = symbols && read_id(head.latent_id, argv[7]);
    if (good) make_symbols(symbols, channels, height, width);
    good = good && ctr_write_head(&file, &head, NULL) == PITH_OK && write_slices(&file, &head, symbols, height, width);
    FILE *out = good ? fopen(argv[1], "wb") : NULL;
    good = out && fwrite(file.data, 1, file.n_bytes, out) == file.n_bytes;
    if (out && fclose(out) != 0) good = false;
    bw_free(&file);
    free(symbols);
    if (!good) fprintf(stderr, "pith-symbols: could not make %s\n", argv[1]);
    return good ? 0 : 1;
}
