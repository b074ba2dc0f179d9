/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Picture files, through the tools' readers: PNG, JPEG, WebP, PNM and whatever
 * else image_open knows, told by the first bytes. */
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio.h"
#include "mend.h"

#define MAX_PIXELS 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

/* The rows, a few at a time, into exactly as much room as they need. */
static void read_picture(image_reader *reader) {
    pith_source source;
    image_reader_source(reader, &source);
    const pith_image_format *f = &source.format;
    require(f->width > 0 && f->height > 0 && (uint64_t)f->width * f->height <= MAX_PIXELS);
    require(f->n_channels >= 1 && f->n_channels <= 4 && (f->bit_depth == 8 || f->bit_depth == 16));
    const uint32_t at_once = 7;
    size_t row_bytes = (size_t)f->width * f->n_channels * (f->bit_depth / 8u);
    pith_status status = PITH_OK;
    for (uint32_t y = 0; y < f->height && status == PITH_OK; y += at_once) {
        uint32_t n = f->height - y < at_once ? f->height - y : at_once;
        uint8_t *rows = malloc(row_bytes * n);
        require(rows != NULL);
        status = source.read_rows(source.user, y, n, rows, row_bytes);
        free(rows);
    }
    require((status == PITH_OK) == (image_reader_diag(reader)->message[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    pith_env env;
    pith_diag diag = {0};
    image_reader *reader = NULL;
    pith_env_defaults(&env, sizeof env);
    env.max_pixels = MAX_PIXELS;
    env.max_dimension = 16384;
    /* the first bytes decide the type; the length, whether alpha is kept */
    image_open_options options = {.env = &env, .max_memory_bytes = 64u << 20, .keep_alpha = n_bytes & 1};
    pith_status status = image_open(&reader, mend_path_open(data, n_bytes), &options, &diag);
    require((status == PITH_OK) == (reader != NULL) && (status == PITH_OK) == (diag.message[0] == '\0'));
    require(strchr(diag.message, '\n') == NULL);
    if (reader) read_picture(reader);
    image_close(&reader);
    mend_path_close();
    return 0;
}
