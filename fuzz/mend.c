/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/latent_coder.h"
#include "container/ctr_read.h"
#include "container_file.h"
#include "exact/exact_state.h"
#include "residual/res_state.h"

#define MAX_POSITIONS (1u << 14)    /* of a slice that is decoded to mend it */
#define MAX_EXACT_PIXELS (1u << 18) /* the same, of an exact one */

/* A slice's checksum stands before what is coded. */
static void set_checksum(uint8_t *data, const uint8_t *coded, uint16_t checksum) {
    uint8_t *to = data + (coded - data) - 2;
    to[0] = (uint8_t)checksum, to[1] = (uint8_t)(checksum >> 8);
}

static void mend_latent_slice(uint8_t *data, const ctr_file *file, uint32_t index) {
    ctr_slice slice;
    lat_coder *coder = NULL;
    const ctr_rect rect = ctr_slice_rect(&file->head, index);
    const size_t plane = (size_t)rect.width * rect.height, n = plane * file->head.n_latent;
    if (n > MAX_POSITIONS || ctr_read_slice(file, index, &slice, NULL) != PITH_OK) return;
    int16_t *symbols = calloc(n, sizeof *symbols);
    lat_block block = {symbols, file->head.n_latent, rect.height, rect.width, rect.width, plane};
    if (!symbols || lat_coder_new(&coder, NULL, file->head.n_latent) != PITH_OK) abort();
    if (lat_decode(coder, slice.coded, slice.coded_bytes, &block, NULL) == PITH_OK)
        set_checksum(data, slice.coded, lat_checksum(&block));
    lat_coder_free(&coder);
    free(symbols);
}

static void mend_exact_slice(uint8_t *data, const ctr_file *file, uint32_t index) {
    ctr_slice slice;
    exact_coder *coder = NULL;
    const ctr_rect r = ctr_slice_rect(&file->head, index);
    exact_block block = {.height = r.height, .width = r.width, .bit_depth = file->head.deep ? 16 : 8};
    if ((size_t)r.width * r.height > MAX_EXACT_PIXELS || ctr_read_slice(file, index, &slice, NULL) != PITH_OK) return;
    block.n_channels = (uint8_t)((file->head.grey ? 1 : 3) + file->head.alpha);
    block.stride_bytes = (size_t)r.width * block.n_channels * (block.bit_depth / 8);
    block.samples = calloc(block.stride_bytes, r.height);
    if (!block.samples || exact_coder_new(&coder, NULL, r.height, r.width, block.n_channels) != PITH_OK) abort();
    if (exact_decode(coder, slice.coded, slice.coded_bytes, slice.checksum, &block, NULL) == PITH_E_CHECKSUM)
        set_checksum(data, slice.coded, exact_checksum(coder, block.bit_depth));
    exact_coder_free(&coder);
    free(block.samples);
}

void mend_residual(uint8_t *coded, size_t n_bytes, const res_view *picture) {
    static res_coder *coder; /* kept: it is large */
    if (!coder && res_coder_new(&coder, NULL, false) != PITH_OK) abort();
    if (res_decode(coder, coded, n_bytes, picture, NULL) == PITH_E_CHECKSUM) {
        uint16_t checksum = res_checksum(coder);
        coded[0] = (uint8_t)checksum, coded[1] = (uint8_t)(checksum >> 8);
    }
}

static void mend_residual_slice(uint8_t *data, const ctr_file *file, uint32_t index) {
    const uint8_t *coded;
    size_t coded_bytes;
    const ctr_rect r = ctr_residual_rect(&file->head, index);
    const uint8_t n = file->head.grey ? 1 : 3;
    const size_t stride = (size_t)r.width * n;
    if (ctr_read_residual(file, index, &coded, &coded_bytes, NULL) != PITH_OK) return;
    res_view picture = {calloc(stride, r.height), stride, r.width, r.height, n, n};
    if (!picture.samples) abort();
    mend_residual(data + (coded - data), coded_bytes, &picture);
    free(picture.samples);
}

void mend_all(uint8_t *data, size_t n_bytes) {
    pith_env env;
    ctr_file file;
    pith_env_defaults(&env, sizeof env);
    env.max_pixels = 1u << 20;
    container_mend_crcs(data, n_bytes);
    if (ctr_read(&file, data, n_bytes, &env, NULL) != PITH_OK) return;
    const bool is_exact = file.head.method == PITH_METHOD_EXACT;
    for (uint32_t i = 0; i < file.n_slices && i < 16; i++)
        (is_exact ? mend_exact_slice : mend_latent_slice)(data, &file, i);
    for (uint32_t i = 0; i < file.n_residual && i < 16; i++) mend_residual_slice(data, &file, i);
    ctr_file_free(&file, &env);
    container_mend_crcs(data, n_bytes);
}

uint8_t *mend_copy(const uint8_t *data, size_t n_bytes) {
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1);
    if (!copy) abort();
    if (n_bytes) memcpy(copy, data, n_bytes);
    return copy;
}

static int handle = -1;

const char *mend_path_open(const uint8_t *data, size_t n_bytes) {
    static char path[64];
    handle = memfd_create("fuzz", MFD_CLOEXEC);
    if (handle < 0) abort();
    for (size_t done = 0; done < n_bytes;) {
        ssize_t n = write(handle, data + done, n_bytes - done);
        if (n <= 0) abort();
        done += (size_t)n;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
    return path;
}

void mend_path_close(void) {
    close(handle);
    handle = -1;
}
