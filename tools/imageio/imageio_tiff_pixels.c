/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The rows of a TIFF: strips are read a row at a time, tiles a row of tiles at a time; separate planes are held in
 * memory. Each row becomes numbers, and these become the samples that the reader gives. */
#ifdef PITH_WITH_TIFF

#include "imageio/imageio_tiff.h"

#include <stdlib.h>
#include <string.h>

static bool is_apart(const tiff_in *in) { return in->planes == PLANARCONFIG_SEPARATE && in->n_samples > 1; }

/* How many samples are interleaved in a row as libtiff gives it. */
static size_t n_beside(const tiff_in *in) { return is_apart(in) ? 1 : in->n_samples; }

/* ---- rows as they stand in the file --------------------------------------------------------- */

/* Row `y` of a plane, into `row`; rows of strips come in order. */
static pith_status read_strip_row(image_reader *r, uint32_t y, uint16_t plane, uint8_t *row) {
    tiff_in *in = r->state;
    return TIFFReadScanline(in->tiff, row, y, plane) == 1 ? PITH_OK : tiff_fault(r);
}

/* The row of tiles that begins at row y, into rows of plane_row_bytes. */
static pith_status read_band(image_reader *r, uint32_t y, uint16_t plane, uint8_t *rows) {
    tiff_in *in = r->state;
    size_t tile_row = (size_t)TIFFTileRowSize(in->tiff);
    uint32_t n_rows = r->raw.height - y < in->tile_height ? r->raw.height - y : in->tile_height;
    for (uint32_t x = 0; x < r->raw.width; x += in->tile_width) {
        if (TIFFReadTile(in->tiff, in->tile, x, y, 0, plane) < 0) return tiff_fault(r);
        size_t at = (size_t)(x / in->tile_width) * tile_row;
        size_t n = in->plane_row_bytes - at < tile_row ? in->plane_row_bytes - at : tile_row;
        for (uint32_t i = 0; i < n_rows; i++) memcpy(rows + i * in->plane_row_bytes + at, in->tile + i * tile_row, n);
    }
    return PITH_OK;
}

static pith_status read_plane(image_reader *r, uint16_t plane, uint8_t *rows) {
    const tiff_in *in = r->state;
    pith_status status = PITH_OK;
    uint32_t step = in->is_tiled ? in->tile_height : 1;
    for (uint32_t y = 0; y < r->raw.height && status == PITH_OK; y += status == PITH_OK ? step : 0) {
        uint8_t *to = rows + y * in->plane_row_bytes;
        status = in->is_tiled ? read_band(r, y, plane, to) : read_strip_row(r, y, plane, to);
        if (r->raw.height - y <= step) break;
    }
    return status;
}

static pith_status read_planes(image_reader *r) {
    tiff_in *in = r->state;
    pith_status status = PITH_OK;
    size_t n = in->plane_row_bytes * r->raw.height;
    for (uint16_t p = 0; p < in->n_samples && status == PITH_OK; p++) status = read_plane(r, p, in->rows + p * n);
    return status;
}

/* Where row y of plane p is, once it has been read. */
static pith_status find_rows(image_reader *r, uint32_t y, const uint8_t **first, size_t *plane_stride) {
    tiff_in *in = r->state;
    pith_status status = PITH_OK;
    *plane_stride = in->plane_row_bytes * r->raw.height;
    *first = in->rows;
    if (is_apart(in)) {
        if (y == 0) status = read_planes(r);
        *first = in->rows + y * in->plane_row_bytes;
    } else if (in->is_tiled) {
        if (in->band != y / in->tile_height + 1) status = read_band(r, y - y % in->tile_height, 0, in->rows);
        in->band = y / in->tile_height + 1;
        *first = in->rows + y % in->tile_height * in->plane_row_bytes;
    } else {
        status = read_strip_row(r, y, 0, in->rows);
    }
    return status;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* `n` numbers of `bits`, every `stride`th of `values`; 16 bits are in the machine's order. */
static void unpack(uint16_t *values, size_t stride, const uint8_t *row, size_t n, unsigned bits) {
    uint32_t held = 0;
    unsigned n_held = 0;
    for (size_t i = 0; i < n; i++, values += stride) {
        if (bits == 16) {
            memcpy(values, row + 2 * i, 2);
            continue;
        }
        while (n_held < bits) {
            held = held << 8 | *row++;
            n_held += 8;
        }
        n_held -= bits;
        *values = (uint16_t)(held >> n_held & ((1u << bits) - 1));
    }
}

static pith_status read_values(image_reader *r) {
    const tiff_in *in = r->state;
    const uint8_t *first;
    size_t plane_stride;
    pith_status status = find_rows(r, r->next_row, &first, &plane_stride);
    if (status != PITH_OK) return status;
    if (!is_apart(in)) {
        unpack(in->values, 1, first, (size_t)r->raw.width * in->n_samples, in->bits);
        return PITH_OK;
    }
    for (size_t p = 0; p < in->n_samples; p++)
        unpack(in->values + p, in->n_samples, first + p * plane_stride, r->raw.width, in->bits);
    return PITH_OK;
}

/* ---- samples -------------------------------------------------------------------------------- */

static void put(const image_reader *r, void *row, size_t i, uint32_t value, uint32_t top) {
    if (r->raw.bit_depth == 16)
        ((uint16_t *)row)[i] = (uint16_t)(((uint64_t)value * 65535 + top / 2) / top);
    else
        ((uint8_t *)row)[i] = (uint8_t)((value * 255 + top / 2) / top);
}

static uint32_t divide(uint32_t value, uint32_t alpha, uint32_t top) {
    if (alpha == 0) return 0;
    uint64_t whole = ((uint64_t)value * top + alpha / 2) / alpha;
    return whole < top ? (uint32_t)whole : top;
}

static void put_pixels(const image_reader *r, void *row) {
    const tiff_in *in = r->state;
    const uint32_t top = ((1u << in->bits) - 1) | 1; /* of 1 bit at least */
    const uint16_t *v = in->values;
    size_t n = in->n_colours + in->has_alpha;
    for (size_t x = 0; x < r->raw.width; x++, v += in->n_samples) {
        uint32_t alpha = in->has_alpha ? v[in->n_colours] : top;
        for (size_t c = 0; c < in->n_colours; c++) {
            uint32_t value = in->is_multiplied && in->has_alpha ? divide(v[c], alpha, top) : v[c];
            if (in->photometric == PHOTOMETRIC_MINISWHITE) value = top - value;
            put(r, row, x * n + c, value, top);
        }
        if (in->has_alpha) put(r, row, x * n + in->n_colours, alpha, top);
    }
}

static void put_palette(const image_reader *r, uint8_t *row) {
    const tiff_in *in = r->state;
    for (size_t x = 0; x < r->raw.width; x++)
        for (unsigned c = 0; c < 3; c++) row[3 * x + c] = (uint8_t)(in->map[c][in->values[x]] >> in->map_shift);
}

/* ---- kinds that libtiff converts ---------------------------------------------------------------- */

static pith_status start_raster(image_reader *r, tiff_in *in) {
    char why[1024];
    if (!TIFFRGBAImageOK(in->tiff, why))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF of a kind that is not supported: %.100s", why);
    return image_reader_claim(r, (uint64_t)r->raw.width * r->raw.height * 4, "a TIFF of this kind");
}

static pith_status read_raster_row(image_reader *r, uint8_t *row) {
    tiff_in *in = r->state;
    const uint32_t width = r->raw.width;
    if (r->next_row == 0) {
        in->raster = calloc(r->raw.height, (size_t)width * 4);
        if (!in->raster) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
        if (!TIFFReadRGBAImageOriented(in->tiff, width, r->raw.height, in->raster, ORIENTATION_TOPLEFT, 1))
            return tiff_fault(r);
    }
    const uint32_t *from = in->raster + (size_t)r->next_row * width;
    for (size_t x = 0; x < width; x++) {
        row[3 * x] = (uint8_t)TIFFGetR(from[x]);
        row[3 * x + 1] = (uint8_t)TIFFGetG(from[x]);
        row[3 * x + 2] = (uint8_t)TIFFGetB(from[x]);
    }
    return PITH_OK;
}

/* ---- setting up ----------------------------------------------------------------------------------- */

/* The length of libtiff's row must be that of the numbers in it. */
static bool row_bytes_hold(const image_reader *r, const tiff_in *in) {
    uint64_t row_bits = (uint64_t)r->raw.width * n_beside(in) * in->bits;
    uint64_t tile_bits = (uint64_t)in->tile_width * n_beside(in) * in->bits;
    if (in->is_tiled) return tile_bits % 8 == 0 && (uint64_t)TIFFTileRowSize(in->tiff) == tile_bits / 8;
    return (uint64_t)TIFFScanlineSize(in->tiff) == (row_bits + 7) / 8;
}

pith_status tiff_start_pixels(image_reader *r) {
    tiff_in *in = r->state;
    if (in->kind == TIFF_OTHER) return start_raster(r, in);
    uint64_t n_bytes;
    in->is_tiled = TIFFIsTiled(in->tiff);
    if (in->is_tiled) {
        TIFFGetField(in->tiff, TIFFTAG_TILEWIDTH, &in->tile_width);
        TIFFGetField(in->tiff, TIFFTAG_TILELENGTH, &in->tile_height);
        if (in->tile_width == 0 || in->tile_height == 0)
            return tool_fail(&r->diag, PITH_E_FORMAT, "damaged TIFF: tiles without pixels");
    }
    if (!row_bytes_hold(r, in))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "TIFF whose rows are of an unusual length");
    in->plane_row_bytes = (size_t)(((uint64_t)r->raw.width * n_beside(in) * in->bits + 7) / 8);
    uint32_t n_rows = is_apart(in) ? r->raw.height : in->is_tiled ? in->tile_height : 1;
    if (n_rows > r->raw.height) n_rows = r->raw.height;
    n_bytes = (uint64_t)in->plane_row_bytes * n_rows * (is_apart(in) ? in->n_samples : 1);
    uint64_t n_tile = in->is_tiled ? (uint64_t)in->tile_width * in->tile_height * n_beside(in) * in->bits / 8 : 0;
    if (n_bytes == 0) return tool_fail(&r->diag, PITH_E_FORMAT, "damaged TIFF: rows without pixels");
    pith_status status =
        image_reader_claim(r, n_bytes + n_tile, is_apart(in) ? "a TIFF of planes" : "a row of a TIFF's tiles");
    if (status != PITH_OK) return status;
    in->rows = calloc(1, (size_t)n_bytes);
    in->values = calloc(r->raw.width, in->n_samples * sizeof *in->values);
    if (n_tile) in->tile = calloc(1, (size_t)n_tile);
    bool good = in->rows && in->values && (in->tile || !n_tile);
    return good ? PITH_OK : tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
}

pith_status tiff_read_row(image_reader *r, void *row) {
    tiff_in *in = r->state;
    if (in->kind == TIFF_OTHER) return read_raster_row(r, row);
    pith_status status = read_values(r);
    if (status != PITH_OK) return status;
    if (in->kind == TIFF_PALETTE)
        put_palette(r, row);
    else
        put_pixels(r, row);
    return PITH_OK;
}

void tiff_free_pixels(tiff_in *in) {
    free(in->rows);
    free(in->tile);
    free(in->values);
    free(in->raster);
}

#endif
