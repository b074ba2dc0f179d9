/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The alpha coder. The first three bytes are the slice's shape and what the rest
 * is: a coded slice, or opacities that must come back. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/alpha_coder.h"
#include "mend.h"

#define MAX_SIDE 64u
#define FEWEST_EVEN (ALPHA_MAX_LISTED + 1u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* Opacities that a decoder gave, or that were rounded once, come back exactly. */
static void there_and_back(alpha_coder *coder, const alpha_block *block, uint32_t n_levels, bool exactly) {
    const size_t n = (size_t)block->height * block->width;
    byte_writer coded;
    alpha_block again = *block;
    again.samples = calloc(n, sizeof *again.samples);
    bw_init(&coded, NULL);
    require(again.samples && alpha_encode(coder, block, n_levels, &coded) == PITH_OK && coded.status == PITH_OK);
    uint8_t *exact = mend_copy(coded.data, coded.n_bytes);
    require(alpha_decode(coder, exact, coded.n_bytes, &again, NULL) == PITH_OK);
    const int32_t coarsest = exactly ? 0 : (int32_t)(ALPHA_OPAQUE / (2 * (n_levels - 1)) + 1);
    for (size_t i = 0; i < n; i++) require(abs((int32_t)again.samples[i] - (int32_t)block->samples[i]) <= coarsest);
    if (!exactly) there_and_back(coder, &again, n_levels, true);
    free(exact);
    free(again.samples);
    bw_free(&coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 3) return 0;
    const bool is_opacities = data[2] & 0x80;
    const uint32_t height = data[0] % MAX_SIDE + 1, width = data[1] % MAX_SIDE + 1;
    const size_t n = (size_t)height * width;
    const uint32_t n_levels = FEWEST_EVEN + data[2] % (ALPHA_MAX_LEVELS - FEWEST_EVEN + 1);
    alpha_coder *coder = NULL;
    pith_diag diag = {0};
    uint16_t *samples = calloc(n, sizeof *samples);
    alpha_block block = {samples, height, width, width};
    data += 3, n_bytes -= 3;
    require(samples && alpha_coder_new(&coder, NULL) == PITH_OK);
    if (is_opacities) {
        for (size_t i = 0; n_bytes > 0 && i < n; i++) samples[i] = (uint16_t)(data[i % n_bytes] * 257u ^ (i / n_bytes));
        there_and_back(coder, &block, n_levels, false);
        goto cleanup;
    }
    pith_status status = alpha_decode(coder, data, n_bytes, &block, &diag);
    require((status == PITH_OK) == (diag.message[0] == '\0'));
    require(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM || status == PITH_E_TRUNCATED);
    if (status == PITH_OK) {
        const uint32_t of_file = data[2] + 1u;
        there_and_back(coder, &block, of_file < FEWEST_EVEN ? FEWEST_EVEN : of_file, true);
    }
cleanup:
    alpha_coder_free(&coder);
    free(samples);
    return 0;
}
