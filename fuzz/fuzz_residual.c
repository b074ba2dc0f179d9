/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The residual coder. Bytes 0..3: width, height, grey or colour, and the step or
 * that the rest is a coded slice, with its checksum or made to have it; else it is the original that is coded against
 * a flat prediction and must be rebuilt as the encoder saw it. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mend.h"
#include "residual/residual_coder.h"

#define MAX_SIDE 48u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

static res_view make_view(const uint8_t *shape) {
    res_view v = {.width = shape[0] % MAX_SIDE + 1u, .height = shape[1] % MAX_SIDE + 1u};
    v.n_channels = shape[2] & 1 ? 3 : 1;
    v.pixel_samples = v.n_channels;
    v.stride_bytes = (size_t)v.width * v.n_channels;
    v.samples = malloc(v.stride_bytes * v.height);
    require(v.samples != NULL);
    memset(v.samples, 128, v.stride_bytes * v.height);
    return v;
}

/* Kept: their megabytes take longer than a small slice, and nothing may leak from slice to slice. */
static res_coder *coder_of(bool encoder) {
    static res_coder *coders[2];
    if (!coders[encoder]) require(res_coder_new(&coders[encoder], NULL, encoder) == PITH_OK);
    return coders[encoder];
}

static void decode(const uint8_t *data, size_t n_bytes, const res_view *picture) {
    pith_diag diag = {0};
    pith_status status = res_decode(coder_of(false), data, n_bytes, picture, &diag);
    require((status == PITH_OK) == (diag.message[0] == '\0'));
    require(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM || status == PITH_E_TRUNCATED);
}

static void there_and_back(const uint8_t *shape, const uint8_t *data, size_t n_bytes, const res_view *picture) {
    byte_writer coded;
    res_view original = make_view(shape), again = make_view(shape);
    const size_t n = original.stride_bytes * original.height;
    const res_options options = {.step_index = shape[3] & 63u, .predictions = shape[2] & 2};
    for (size_t i = 0; i < n && n_bytes > 0; i++) original.samples[i] = data[i % n_bytes];
    bw_init(&coded, NULL);
    require(res_encode(coder_of(true), &original, picture, &options, &coded) == PITH_OK && coded.status == PITH_OK);
    if (coded.n_bytes > 0) {
        uint8_t *exact = mend_copy(coded.data, coded.n_bytes);
        require(res_decode(coder_of(false), exact, coded.n_bytes, &again, NULL) == PITH_OK);
        require(memcmp(again.samples, picture->samples, n) == 0);
        free(exact);
    }
    bw_free(&coded);
    free(original.samples);
    free(again.samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 4) return 0;
    res_view picture = make_view(data);
    if (data[3] & 0x80) {
        there_and_back(data, data + 4, n_bytes - 4, &picture);
    } else {
        uint8_t *copy = mend_copy(data + 4, n_bytes - 4);
        decode(copy, n_bytes - 4, &picture);
        mend_residual(copy, n_bytes - 4, &picture);
        decode(copy, n_bytes - 4, &picture);
        free(copy);
    }
    free(picture.samples);
    return 0;
}
