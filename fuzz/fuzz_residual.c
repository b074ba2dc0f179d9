/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The residual coder. Bytes 0..3: width, height, grey or colour, and the step or
 * that the rest is a coded slice; else it is the original that is coded against
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

static void decode(const uint8_t *data, size_t n_bytes, const res_view *picture) {
    res_coder *coder = NULL;
    pith_diag diag = {0};
    require(res_coder_new(&coder, NULL, false) == PITH_OK);
    pith_status status = res_decode(coder, data, n_bytes, picture, &diag);
    require((status == PITH_OK) == (diag.message[0] == '\0'));
    require(status == PITH_OK || status == PITH_E_FORMAT || status == PITH_E_CHECKSUM || status == PITH_E_TRUNCATED);
    res_coder_free(&coder);
}

static void there_and_back(const uint8_t *shape, const uint8_t *data, size_t n_bytes, const res_view *picture) {
    res_coder *coder = NULL;
    byte_writer coded;
    res_view original = make_view(shape), again = make_view(shape);
    const size_t n = original.stride_bytes * original.height;
    const res_options options = {.step_index = shape[3] & 63u, .predictions = shape[2] & 2};
    for (size_t i = 0; i < n && n_bytes > 0; i++) original.samples[i] = data[i % n_bytes];
    bw_init(&coded, NULL);
    require(res_coder_new(&coder, NULL, true) == PITH_OK);
    require(res_encode(coder, &original, picture, &options, &coded) == PITH_OK && coded.status == PITH_OK);
    res_coder_free(&coder);
    if (coded.n_bytes > 0) {
        uint8_t *exact = mend_copy(coded.data, coded.n_bytes);
        require(res_coder_new(&coder, NULL, false) == PITH_OK);
        require(res_decode(coder, exact, coded.n_bytes, &again, NULL) == PITH_OK);
        require(memcmp(again.samples, picture->samples, n) == 0);
        res_coder_free(&coder);
        free(exact);
    }
    bw_free(&coded);
    free(original.samples);
    free(again.samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    if (n_bytes < 4) return 0;
    res_view picture = make_view(data);
    if (data[3] & 0x80)
        there_and_back(data, data + 4, n_bytes - 4, &picture);
    else
        decode(data + 4, n_bytes - 4, &picture);
    free(picture.samples);
    return 0;
}
