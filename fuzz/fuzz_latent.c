/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The latent coder. The first three bytes are the slice's shape and what the rest
 * is: a coded slice, or the symbols of one that must come back. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/latent_coder.h"
#include "mend.h"

#define MAX_SYMBOLS 500u /* a millisecond each way */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* What is encoded comes back, at the announced size. */
static void there_and_back(lat_coder *coder, const lat_block *block, size_t n) {
    byte_writer coded;
    uint64_t cost = 0;
    int16_t *again = calloc(n, sizeof *again);
    lat_block copy = *block;
    copy.symbols = again;
    bw_init(&coded, NULL);
    require(again && lat_encode(coder, block, &coded) == PITH_OK && coded.status == PITH_OK);
    require(lat_cost(coder, block, &cost) == PITH_OK && cost == coded.n_bytes);
    uint8_t *exact = mend_copy(coded.data, coded.n_bytes);
    require(lat_decode(coder, exact, coded.n_bytes, &copy, NULL) == PITH_OK);
    require(memcmp(again, block->symbols, n * sizeof *again) == 0 && lat_checksum(&copy) == lat_checksum(block));
    free(exact);
    free(again);
    bw_free(&coded);
}

/* Small numbers mostly, as latents have; a byte of 127 or -128 makes a large one. */
static void take_symbols(int16_t *symbols, size_t n, const uint8_t *data, size_t n_bytes) {
    for (size_t i = 0; i < n; i++) {
        int value = n_bytes ? (int8_t)data[i % n_bytes] : 0;
        if (value > 120 || value < -120) value = value * 257;
        symbols[i] = (int16_t)(value < -LAT_MAX_SYMBOL ? -LAT_MAX_SYMBOL : value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 3) return 0;
    bool is_symbols = data[0] & 0x80;
    uint32_t channels = data[0] % LAT_MAX_CHANNELS + 1;
    uint32_t height = data[1] % LAT_MAX_SLICE + 1, width = data[2] % LAT_MAX_SLICE + 1;
    size_t plane = (size_t)height * width, n = plane * channels;
    data += 3, n_bytes -= 3;
    if (n > MAX_SYMBOLS) return 0;
    lat_coder *coder = NULL;
    pith_diag diag = {0};
    int16_t *symbols = calloc(n, sizeof *symbols);
    lat_block block = {symbols, channels, height, width, width, plane};
    require(symbols && lat_coder_new(&coder, NULL, channels) == PITH_OK);
    if (is_symbols) {
        take_symbols(symbols, n, data, n_bytes);
        there_and_back(coder, &block, n);
        goto cleanup;
    }
    pith_status status = lat_decode(coder, data, n_bytes, &block, &diag);
    require((status == PITH_OK) == (diag.message[0] == '\0'));
    require(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM);
    if (status == PITH_OK) there_and_back(coder, &block, n);
cleanup:
    lat_coder_free(&coder);
    free(symbols);
    return 0;
}
