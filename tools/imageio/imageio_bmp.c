/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* BMP by our own reader: Debian's libnsbmp leaves 5-bit white at 248 and ignores profiles. Header and palette are read
 * first; the rows, which begin at the bottom, are held in memory as they are in the file. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_format.h"

#define FILE_HEADER_BYTES 14u
#define CORE_HEADER_BYTES 12u     /* of OS/2 1.x: sizes of 16 bits */
#define INFO_HEADER_BYTES 40u     /* of Windows 3; shorter ones of OS/2 2.x leave its end out */
#define MASKS_HEADER_BYTES 52u    /* with masks of red, green and blue */
#define ALPHA_HEADER_BYTES 56u    /* and alpha */
#define COLOUR_HEADER_BYTES 108u  /* version 4 */
#define PROFILE_HEADER_BYTES 124u /* version 5 */

enum { BMP_RGB, BMP_RLE8, BMP_RLE4, BMP_BITFIELDS, BMP_JPEG, BMP_PNG, BMP_ALPHABITFIELDS };

typedef struct bmp_in {
    uint8_t header[PROFILE_HEADER_BYTES];
    uint32_t n_header, compression, pixels_at;
    unsigned bits; /* a pixel */
    bool top_down, is_palette;
    uint32_t n_colours;
    uint8_t palette[256][3]; /* red, green, blue */
    uint32_t masks[4];       /* red, green, blue, alpha */
    size_t row_bytes;
    uint8_t *rows; /* as in the file, or one index per pixel where they are compressed */
    uint64_t at;   /* in the file */
} bmp_in;

static bool recognise(const uint8_t *head, size_t n_head) {
    if (n_head < FILE_HEADER_BYTES + 4 || memcmp(head, "BM", 2) != 0) return false;
    return head[15] == 0 && head[16] == 0 && head[17] == 0 && head[14] >= CORE_HEADER_BYTES;
}

static uint32_t number(const uint8_t *bytes, unsigned n) {
    uint32_t value = 0;
    for (unsigned i = n; i-- > 0;) value = value << 8 | bytes[i];
    return value;
}

static pith_status damaged(image_reader *r, const char *what) {
    return tool_fail(&r->diag, PITH_E_FORMAT, "damaged BMP: %s", what);
}

static pith_status read_bytes(image_reader *r, void *bytes, size_t n_bytes) {
    bmp_in *in = r->state;
    in->at += n_bytes;
    return image_input_read(&r->input, bytes, n_bytes) == n_bytes ? PITH_OK : image_reader_ended(r);
}

/* ---- header ------------------------------------------------------------------------- */

static pith_status read_size(image_reader *r, bmp_in *in) {
    const uint8_t *h = in->header;
    if (in->n_header == CORE_HEADER_BYTES) {
        in->bits = number(h + 10, 2);
        return image_reader_set_size(r, number(h + 4, 2), number(h + 6, 2));
    }
    uint32_t width = number(h + 4, 4), height = number(h + 8, 4);
    in->top_down = height >> 31;
    if (in->top_down) height = ~height + 1;
    in->bits = number(h + 14, 2);
    in->compression = number(h + 16, 4);
    in->n_colours = number(h + 32, 4);
    return image_reader_set_size(r, width, height);
}

/* A run of ones of at most 32 bits, or nothing. */
static bool is_mask(uint32_t mask) {
    if (mask == 0) return true;
    while (!(mask & 1)) mask >>= 1;
    return (mask & (mask + 1)) == 0;
}

static pith_status read_masks(image_reader *r, bmp_in *in) {
    static const uint32_t of_16[4] = {0x7c00, 0x03e0, 0x001f, 0}, of_32[4] = {0xff0000, 0xff00, 0xff, 0};
    memcpy(in->masks, in->bits == 16 ? of_16 : of_32, sizeof in->masks);
    if (in->compression == BMP_RGB) return PITH_OK;
    unsigned n = in->compression == BMP_ALPHABITFIELDS || in->n_header >= ALPHA_HEADER_BYTES ? 4 : 3;
    if (in->n_header < MASKS_HEADER_BYTES) { /* they follow the header */
        uint8_t bytes[16];
        pith_status status = read_bytes(r, bytes, (size_t)n * 4);
        if (status != PITH_OK) return status;
        memcpy(in->header + INFO_HEADER_BYTES, bytes, (size_t)n * 4);
    }
    for (unsigned c = 0; c < n; c++) {
        in->masks[c] = number(in->header + INFO_HEADER_BYTES + 4 * c, 4);
        if (!is_mask(in->masks[c]) || (c < 3 && in->masks[c] == 0)) return damaged(r, "a colour's mask is none");
    }
    return PITH_OK;
}

static pith_status read_palette(image_reader *r, bmp_in *in) {
    uint8_t entry[4];
    size_t n_entry = in->n_header == CORE_HEADER_BYTES ? 3 : 4;
    uint32_t n_all = 1u << in->bits, n = in->n_colours == 0 || in->n_colours > n_all ? n_all : in->n_colours;
    for (uint32_t i = 0; i < n && in->at + n_entry <= in->pixels_at; i++) {
        pith_status status = read_bytes(r, entry, n_entry);
        if (status != PITH_OK) return status;
        for (unsigned c = 0; c < 3; c++) in->palette[i][c] = entry[2 - c];
    }
    return PITH_OK;
}

/* Version 5 may have one after the pixels; version 4 says sRGB or nothing we use. */
static pith_status read_profile(image_reader *r, const bmp_in *in, const uint8_t *file, uint64_t n_file) {
    if (in->n_header < PROFILE_HEADER_BYTES || memcmp(in->header + 56, "DEBM", 4) != 0) return PITH_OK;
    uint64_t at = FILE_HEADER_BYTES + (uint64_t)number(in->header + 112, 4), n = number(in->header + 116, 4);
    if (at > n_file || n > n_file - at) {
        image_reader_warn(r, "its colour profile is damaged; taken as sRGB");
        return PITH_OK;
    }
    return image_reader_set_icc(r, file + at, (size_t)n);
}

static pith_status read_header(image_reader *r, bmp_in *in) {
    uint8_t file_header[FILE_HEADER_BYTES];
    pith_status status = read_bytes(r, file_header, sizeof file_header);
    if (status == PITH_OK) status = read_bytes(r, in->header, 4);
    if (status != PITH_OK) return status;
    in->pixels_at = number(file_header + 10, 4);
    in->n_header = number(in->header, 4);
    bool is_known = in->n_header == CORE_HEADER_BYTES ||
                    (in->n_header >= 16 && in->n_header <= PROFILE_HEADER_BYTES && in->n_header % 4 == 0);
    if (!is_known)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "BMP with a header of %" PRIu32 " bytes is not supported",
                         in->n_header);
    status = read_bytes(r, in->header + 4, in->n_header - 4);
    if (status == PITH_OK) status = read_size(r, in);
    if (status != PITH_OK) return status;
    bool is_packed = in->compression == BMP_RLE8 || in->compression == BMP_RLE4;
    bool has_masks = in->compression == BMP_BITFIELDS || in->compression == BMP_ALPHABITFIELDS;
    bool fits = (in->bits <= 8 && in->bits > 0 && (in->bits & (in->bits - 1)) == 0 && !has_masks) || in->bits == 16 ||
                (in->bits == 24 && !has_masks) || in->bits == 32;
    if (is_packed) fits = in->bits == (in->compression == BMP_RLE8 ? 8u : 4u) && !in->top_down;
    if (!fits || in->compression > BMP_ALPHABITFIELDS || in->compression == BMP_JPEG || in->compression == BMP_PNG)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "BMP of %u bits and compression %" PRIu32 " is not supported",
                         in->bits, in->compression);
    in->is_palette = in->bits <= 8;
    return in->is_palette ? read_palette(r, in) : read_masks(r, in);
}

/* ---- pixels ------------------------------------------------------------------------- */

typedef struct rle_place {
    uint64_t x, y;
} rle_place;

static void put_index(bmp_in *in, const image_reader *r, rle_place *to, unsigned index) {
    if (to->x < r->raw.width && to->y < r->raw.height) in->rows[to->y * in->row_bytes + to->x] = (uint8_t)index;
    to->x++;
}

/* Skipped pixels have the palette's first colour. */
static pith_status unpack(image_reader *r, bmp_in *in, const uint8_t *from, size_t n) {
    bool nibbles = in->bits == 4;
    rle_place to = {0, 0};
    for (size_t i = 0; i + 2 <= n;) {
        unsigned count = from[i], value = from[i + 1];
        i += 2;
        if (count > 0) {
            for (unsigned k = 0; k < count; k++)
                put_index(in, r, &to, !nibbles ? value : k % 2 ? value & 15 : value >> 4);
        } else if (value == 0) {
            to = (rle_place){0, to.y + 1};
        } else if (value == 1) {
            return PITH_OK;
        } else if (value == 2) {
            if (i + 2 > n) break;
            to.x += from[i];
            to.y += from[i + 1];
            i += 2;
        } else {
            size_t n_bytes = nibbles ? (value + 1) / 2 : value;
            if (n_bytes > n - i) break;
            for (unsigned k = 0; k < value; k++)
                put_index(in, r, &to, !nibbles ? from[i + k] : k % 2 ? from[i + k / 2] & 15u : from[i + k / 2] >> 4u);
            i += n_bytes + (n_bytes & 1);
        }
        if (to.y > r->raw.height) break;
    }
    /* Many writers omit the last end mark. */
    return to.y + 1 >= r->raw.height ? PITH_OK : image_reader_ended(r);
}

/* Alpha that is zero everywhere means that there is none. */
static bool alpha_is_used(const bmp_in *in, size_t n_pixels) {
    for (size_t i = 0; i < n_pixels; i++)
        if (number(in->rows + 4 * i, 4) & in->masks[3]) return true;
    return false;
}

static pith_status take_rows(image_reader *r, bmp_in *in, image_blob *file) {
    uint64_t n_all = (uint64_t)in->row_bytes * r->raw.height;
    if (in->pixels_at > file->n_bytes) return image_reader_ended(r);
    const uint8_t *from = file->data + in->pixels_at;
    size_t n_there = file->n_bytes - in->pixels_at;
    bool is_packed = in->compression == BMP_RLE8 || in->compression == BMP_RLE4;
    if (!is_packed && n_there < n_all) return image_reader_ended(r);
    pith_status status = is_packed ? image_reader_claim(r, n_all, "a BMP") : PITH_OK;
    if (status != PITH_OK) return status;
    if (is_packed) {
        in->rows = calloc(r->raw.height, in->row_bytes);
        if (!in->rows) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
        return unpack(r, in, from, n_there);
    }
    memmove(file->data, from, (size_t)n_all);
    in->rows = file->data;
    *file = (image_blob){0};
    return PITH_OK;
}

static pith_status read_rows(image_reader *r, bmp_in *in) {
    image_blob file = {0};
    bool is_packed = in->compression == BMP_RLE8 || in->compression == BMP_RLE4;
    uint64_t row_bits = (uint64_t)r->raw.width * in->bits;
    in->row_bytes = is_packed ? r->raw.width : (size_t)((row_bits + 31) / 32 * 4);
    if (in->pixels_at < FILE_HEADER_BYTES + in->n_header) return damaged(r, "its pixels stand in its header");
    if (!image_input_seek(&r->input, 0)) return image_reader_ended(r);
    pith_status status = image_reader_read_all(r, &file, r->env.max_file_bytes);
    if (status == PITH_OK) status = read_profile(r, in, file.data, file.n_bytes);
    if (status == PITH_OK) status = take_rows(r, in, &file);
    image_blob_free(&file);
    return status;
}

static pith_status open_reader(image_reader *r) {
    bmp_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = image_reader_make_seekable(r);
    if (status == PITH_OK && !image_input_seek(&r->input, 0)) status = image_reader_ended(r);
    if (status == PITH_OK) status = read_header(r, in);
    if (status == PITH_OK) status = read_rows(r, in);
    if (status != PITH_OK) return status;
    if (in->bits == 32 && in->compression == BMP_RGB && in->n_header != CORE_HEADER_BYTES) in->masks[3] = 0xff000000u;
    bool has_alpha = in->masks[3] != 0 && (in->bits == 16 || alpha_is_used(in, (size_t)r->raw.width * r->raw.height));
    r->raw.n_channels = has_alpha ? 4 : 3;
    r->raw.bit_depth = 8;
    return PITH_OK;
}

/* The bits under the mask, to 8 of them. */
static uint8_t sample(uint32_t pixel, uint32_t mask) {
    uint64_t value = pixel & mask, top = mask;
    while (!(top & 1)) {
        top >>= 1;
        value >>= 1;
    }
    return (uint8_t)((value * 255 + top / 2) / top);
}

static pith_status read_row(image_reader *r, void *row) {
    const bmp_in *in = r->state;
    size_t y = in->top_down ? r->next_row : r->raw.height - 1 - r->next_row;
    const uint8_t *from = in->rows + y * in->row_bytes;
    bool is_packed = in->compression == BMP_RLE8 || in->compression == BMP_RLE4;
    uint8_t *to = row;
    for (size_t x = 0; x < r->raw.width; x++, to += r->raw.n_channels) {
        if (in->is_palette) {
            size_t bit = x * in->bits;
            unsigned byte = from[is_packed ? x : bit / 8], top = (1u << in->bits) - 1;
            unsigned index = is_packed ? byte : byte >> (8 - in->bits - bit % 8) & top;
            memcpy(to, in->palette[index], 3);
            continue;
        }
        uint32_t pixel = number(from + x * (in->bits / 8), in->bits / 8);
        for (unsigned c = 0; c < r->raw.n_channels; c++) to[c] = sample(pixel, in->masks[c]);
    }
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    bmp_in *in = r->state;
    if (!in) return;
    free(in->rows);
    free(in);
}

const image_reader_type image_reader_bmp = {"BMP", recognise, open_reader, read_row, NULL, close_reader};
