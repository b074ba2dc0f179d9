/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Whole decoding with the tests' tiny model on the reference engine: as the
 * bytes are, with right CRCs, and with right CRCs and checksums. */
#include <stdlib.h>
#include <string.h>

#include "container_file.h"
#include "mend.h"
#include "tiny_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

typedef struct canvas {
    pith_image_format format;
    uint32_t next_row;
    uint8_t all; /* of every byte, so that every byte is read */
} canvas;

static pith_status start(void *user, const pith_image_format *format) {
    canvas *c = user;
    require(format->width > 0 && format->height > 0 && format->n_channels >= 1 && format->n_channels <= 4);
    require((uint64_t)format->width * format->height <= tiny_env()->max_pixels);
    c->format = *format;
    return PITH_OK;
}

/* Rows come once each, from the top, and every byte of them is there. */
static pith_status take_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    canvas *c = user;
    uint8_t all = 0;
    size_t row_bytes = (size_t)c->format.width * c->format.n_channels * (c->format.bit_depth / 8u);
    require(y == c->next_row && n_rows <= c->format.height - y && row_bytes <= stride_bytes);
    for (uint32_t i = 0; i < n_rows; i++)
        for (size_t x = 0; x < row_bytes; x++) all ^= ((const uint8_t *)rows)[i * stride_bytes + x];
    c->next_row += n_rows;
    c->all ^= all;
    return PITH_OK;
}

static void decode(const uint8_t *data, size_t n_bytes, uint8_t bit_depth) {
    static pith_decoder *decoder; /* kept: its networks stay bound, and its state must not leak from file to file */
    canvas c = {0};
    pith_sink sink = {
        .struct_size = sizeof sink, .bit_depth = bit_depth, .start = start, .write_rows = take_rows, .user = &c};
    if (!decoder) require(pith_decoder_new(&decoder, tiny_env(), NULL) == PITH_OK);
    pith_status status = pith_decoder_open(decoder, data, n_bytes);
    if (status == PITH_OK) status = pith_decode(decoder, tiny_model(), NULL, &sink);
    require((status == PITH_OK) == (pith_decoder_message(decoder)[0] == '\0'));
    require(strchr(pith_decoder_message(decoder), '\n') == NULL);
    require(status != PITH_E_INTERNAL && status != PITH_E_ARG && status != PITH_E_NOMEM);
    if (status == PITH_OK) require(c.next_row == c.format.height);
    (void)!pith_decoder_open(decoder, NULL, 0); /* the bytes are given back */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes > 4096) return 0;
    decode(data, n_bytes, 8);
    uint8_t *mended = mend_copy(data, n_bytes);
    container_mend_crcs(mended, n_bytes);
    decode(mended, n_bytes, 16);
    mend_all(mended, n_bytes);
    decode(mended, n_bytes, 8);
    free(mended);
    return 0;
}
