/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The public face of src/fidelity: whole pictures in, errors of tiles out. */
#include <inttypes.h>
#include <string.h>

#include "base/env.h"
#include "base/watch.h"
#include "fidelity/ssimulacra2.h"
#include "fidelity/tile_error.h"

_Static_assert(PITH_TILE == FID_TILE, "one size of tiles");
_Static_assert(PITH_LEVEL_STRICT == (int)FID_STRICT && PITH_LEVEL_LOOSE == (int)FID_LOOSE, "one numbering of levels");

#define BAND_ROWS (FID_TILE + 2 * FID_REACH)

float pith_level_bound(pith_level level) { return fid_level_bound((fid_level)level); }

/* The rows that a row of tiles needs. Grey is widened to RGB, into `wide`, when
 * the other picture is RGB. */
static fid_rows band_of(const pith_image *image, uint32_t ty, uint32_t n_channels, uint8_t *wide) {
    const pith_image_format *f = &image->format;
    uint32_t first = ty > 0 ? ty * FID_TILE - FID_REACH : 0;
    uint32_t last = f->height - first > BAND_ROWS ? first + BAND_ROWS : f->height;
    const uint8_t *rows = (const uint8_t *)image->pixels + first * image->stride_bytes;
    if (f->n_channels == n_channels) return (fid_rows){rows, image->stride_bytes, first, last - first};
    size_t stride = (size_t)f->width * n_channels;
    for (uint32_t y = first; y < last; y++)
        for (size_t i = 0; i < stride; i++)
            wide[(y - first) * stride + i] = rows[(y - first) * image->stride_bytes + i / n_channels];
    return (fid_rows){wide, stride, first, last - first};
}

static pith_status check_pair(const pith_image *a, const pith_image *b, size_t n_tiles, pith_diag *why) {
    const pith_image_format *fa = &a->format, *fb = &b->format;
    if (fa->width == 0 || fa->height == 0 || fa->width != fb->width || fa->height != fb->height)
        return diag_set(why, PITH_E_ARG, "%" PRIu32 "x%" PRIu32 " and %" PRIu32 "x%" PRIu32 " pixels", fa->width,
                        fa->height, fb->width, fb->height);
    if (fa->bit_depth != 8 || fb->bit_depth != 8)
        return diag_set(why, PITH_E_ARG, "tiles are measured on samples of 8 bits");
    if ((fa->n_channels != 1 && fa->n_channels != 3) || (fb->n_channels != 1 && fb->n_channels != 3))
        return diag_set(why, PITH_E_ARG, "tiles are measured on 1 or 3 channels");
    if (n_tiles != (uint64_t)fid_tiles_across(fa->width) * fid_tiles_across(fa->height))
        return diag_set(why, PITH_E_ARG, "%zu is not the number of tiles", n_tiles);
    return PITH_OK;
}

pith_status pith_measure_tiles(const pith_env *env, const pith_image *original, const pith_image *decoded,
                               pith_tile *tiles, size_t n_tiles, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    fid_meter *meter = NULL;
    fid_tile *row = NULL;
    uint8_t *wide = NULL;
    if (why) diag_clear(why);
    if (!original || !decoded || !tiles) return diag_set(why, PITH_E_ARG, "pith_measure_tiles: an argument is NULL");
    PITH_TRY(env_copy(&own, env, why));
    PITH_TRY(check_pair(original, decoded, n_tiles, why));
    const uint32_t width = original->format.width, height = original->format.height;
    const uint32_t across = fid_tiles_across(width), down = fid_tiles_across(height);
    const uint32_t n_channels = original->format.n_channels > decoded->format.n_channels ? original->format.n_channels
                                                                                         : decoded->format.n_channels;
    PITH_TRY(fid_meter_new(&meter, &own.alloc, width, height, n_channels));
    row = mem_alloc(&own.alloc, across, sizeof *row);
    wide = mem_alloc(&own.alloc, width, (size_t)BAND_ROWS * n_channels); /* one is enough: the other has the channels */
    if (!row || !wide) status = PITH_E_NOMEM;
    for (uint32_t ty = 0; ty < down && status == PITH_OK; ty++) {
        fid_rows a = band_of(original, ty, n_channels, wide), b = band_of(decoded, ty, n_channels, wide);
        fid_measure_tiles(meter, &a, &b, ty, 0, across, row);
        for (uint32_t tx = 0; tx < across; tx++)
            tiles[(size_t)ty * across + tx] = (pith_tile){row[tx].error, row[tx].sure, row[tx].x, row[tx].y};
    }
cleanup:
    if (status == PITH_E_NOMEM) diag_set(why, status, "out of memory to measure tiles");
    fid_meter_free(&meter);
    mem_free(&own.alloc, row);
    mem_free(&own.alloc, wide);
    return status;
}

static bool is_comparable(const pith_image *image) {
    const pith_image_format *f = &image->format;
    return image->pixels && (f->n_channels == 1 || f->n_channels == 3) && (f->bit_depth == 8 || f->bit_depth == 16);
}

pith_status pith_ssimulacra2(const pith_env *env, const pith_image *original, const pith_image *decoded, double *score,
                             pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    if (why) diag_clear(why);
    if (!original || !decoded || !score) return diag_set(why, PITH_E_ARG, "pith_ssimulacra2: an argument is NULL");
    PITH_TRY(env_copy(&own, env, why));
    if (original->format.width != decoded->format.width || original->format.height != decoded->format.height ||
        !is_comparable(original) || !is_comparable(decoded))
        return diag_set(why, PITH_E_ARG, "pictures of two sizes, or with alpha, are not compared");
    status = fid_ssimulacra2_score(score, &own.alloc, original, decoded, (watch){0});
    if (status != PITH_OK) diag_set(why, status, "out of memory to compare pictures");
cleanup:
    return status;
}
