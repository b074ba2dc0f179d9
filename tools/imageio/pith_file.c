/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/pith_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/file_bytes.h"
#include "imageio/file_kind.h"
#include "imageio/image_colour.h"
#include "imageio/imageio_format.h"
#include "messages/tool_fail.h"

static pith_status open_file(pith_file *file, const char *path, const pith_env *env, bool damaged, pith_diag *why) {
    *file = (pith_file){.info = {.struct_size = sizeof file->info}};
    pith_status status = file_bytes_read(&file->data, &file->n_bytes, path, env->max_file_bytes, why);
    if (status == PITH_OK) status = pith_decoder_new(&file->decoder, env, why);
    if (status == PITH_OK) {
        status = damaged ? pith_decoder_open_damaged(file->decoder, file->data, file->n_bytes)
                         : pith_decoder_open(file->decoder, file->data, file->n_bytes);
        if (status == PITH_OK) status = pith_decoder_info(file->decoder, &file->info);
        if (status != PITH_OK) tool_fail(why, status, "%s", pith_decoder_message(file->decoder));
    }
    if (status != PITH_OK) pith_file_close(file);
    return status;
}

pith_status pith_file_open(pith_file *file, const char *path, const pith_env *env, pith_diag *why) {
    return open_file(file, path, env, false, why);
}

pith_status pith_file_open_damaged(pith_file *file, const char *path, const pith_env *env, pith_diag *why) {
    return open_file(file, path, env, true, why);
}

void pith_file_close(pith_file *file) {
    pith_decoder_free(&file->decoder);
    free(file->data);
    *file = (pith_file){0};
}

bool pith_file_is_whole(void *user, const char *path) {
    (void)user;
    pith_env env;
    pith_file file;
    pith_env_defaults(&env, sizeof env);
    if (file_kind_of_content(path) != FILE_PITH || pith_file_open(&file, path, &env, NULL) != PITH_OK) return false;
    pith_file_close(&file);
    return true;
}

/* By the profile in the file; one that cannot be used is ignored. */
static pith_status image_to_srgb(pith_image *image, const pith_file *file, pith_diag *why) {
    image_span icc;
    image_transform *transform = NULL;
    pith_status status = pith_decoder_metadata(file->decoder, PITH_METADATA_ICC, &icc.data, &icc.n_bytes);
    if (status == PITH_OK && icc.n_bytes)
        status = image_transform_new(&transform, icc.data, icc.n_bytes, &image->format, NULL);
    for (uint32_t y = 0; y < image->format.height && transform; y++) {
        uint8_t *row = (uint8_t *)image->pixels + y * image->stride_bytes;
        image_transform_apply(transform, row, row, image->format.width);
    }
    image_transform_free(&transform);
    if (status == PITH_OK || status == PITH_E_FORMAT) return PITH_OK;
    return tool_fail(why, status, "out of memory for the colour profile");
}

/* Without alpha, as picture files are loaded. */
static void put_on_white(pith_image *p) {
    if (p->format.n_channels % 2 != 0) return;
    p->format.n_channels--;
    for (uint32_t y = 0; y < p->format.height; y++) {
        uint8_t *row = (uint8_t *)p->pixels + y * p->stride_bytes;
        (void)image_blend_on_white(row, row, p->format.width, p->format.n_channels, p->format.bit_depth);
    }
}

pith_status pith_file_to_image(pith_image *out, pith_file *file, pith_model *model, pith_diag *why) {
    *out = (pith_image){.format = file->info.format};
    out->format.bit_depth = file->info.source_bit_depth;
    out->stride_bytes = (size_t)out->format.width * out->format.n_channels * (out->format.bit_depth / 8u);
    out->pixels = calloc(out->format.height, out->stride_bytes);
    if (!out->pixels) return tool_fail(why, PITH_E_NOMEM, "out of memory for the picture's pixels");
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, out);
    pith_status status = pith_decode(file->decoder, model, NULL, &sink);
    if (status != PITH_OK)
        tool_fail(why, status, "%s", pith_decoder_message(file->decoder));
    else
        status = image_to_srgb(out, file, why);
    if (status == PITH_OK) {
        put_on_white(out);
        return PITH_OK;
    }
    free(out->pixels);
    *out = (pith_image){0};
    return status;
}
