/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The exact coder. The first four bytes are the slice's shape and what the rest
 * is: a coded slice, or samples that must come back. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "exact/exact_coder.h"
#include "mend.h"

#define MAX_SIDE 48u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* What comes back is what was coded, but for hidden colours when they are dropped: then it is what comes back again. */
static void there_and_back(exact_coder *coder, const exact_block *block, bool drop_hidden) {
    const size_t n = block->stride_bytes * block->height;
    const exact_wish wish = {UINT64_MAX, drop_hidden};
    byte_writer coded;
    uint16_t checksum = 0;
    bool fits = false;
    exact_block again = *block;
    again.samples = calloc(1, n);
    bw_init(&coded, NULL);
    require(again.samples && exact_encode(coder, block, &wish, &coded, &fits, &checksum) == PITH_OK && fits);
    uint8_t *exact = mend_copy(coded.data, coded.n_bytes);
    require(exact_decode(coder, exact, coded.n_bytes, checksum, &again, NULL) == PITH_OK);
    require(drop_hidden || memcmp(again.samples, block->samples, n) == 0);
    if (drop_hidden) there_and_back(coder, &again, false);
    free(exact);
    free(again.samples);
    bw_free(&coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 4) return 0;
    const bool is_samples = data[2] & 0x80, drop_hidden = data[2] & 0x40;
    exact_block block = {.height = data[0] % MAX_SIDE + 1, .width = data[1] % MAX_SIDE + 1};
    block.n_channels = (uint8_t)(data[2] % 4 + 1);
    block.bit_depth = data[2] & 4 ? 16 : 8;
    block.stride_bytes = (size_t)block.width * block.n_channels * (block.bit_depth / 8);
    const uint16_t checksum = data[3];
    const size_t n = block.stride_bytes * block.height;
    exact_coder *coder = NULL;
    pith_diag diag = {0};
    uint8_t *samples = calloc(1, n);
    block.samples = samples;
    data += 4, n_bytes -= 4;
    require(samples && exact_coder_new(&coder, NULL, block.height, block.width, block.n_channels) == PITH_OK);
    if (is_samples) {
        for (size_t i = 0; n_bytes > 0 && i < n; i++) samples[i] = (uint8_t)(data[i % n_bytes] ^ (i / n_bytes % 3));
        there_and_back(coder, &block, drop_hidden);
    } else {
        const pith_status status = exact_decode(coder, data, n_bytes, checksum, &block, &diag);
        require((status == PITH_OK) == (diag.message[0] == '\0'));
        require(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM ||
                status == PITH_E_TRUNCATED);
        if (status == PITH_OK) there_and_back(coder, &block, false);
    }
    exact_coder_free(&coder);
    free(samples);
    return 0;
}
