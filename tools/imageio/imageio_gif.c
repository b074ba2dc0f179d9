/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* GIF by giflib: the first picture on its canvas, transparent where it does not cover that. All its indices are held in
 * memory. */
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_format.h"

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 6 && (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0);
}

#ifndef PITH_WITH_GIF

static pith_status open_reader(image_reader *r) {
    return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is a GIF picture; this pith was built without giflib");
}

const image_reader_type image_reader_gif = {"GIF", recognise, open_reader, NULL, NULL, NULL};

#else

#include <gif_lib.h>

typedef struct gif_in {
    GifFileType *gif;
    uint8_t *indices; /* of the picture, which lies at x, y on the canvas */
    uint32_t x, y, width, height;
    int clear; /* the transparent colour, or NO_TRANSPARENT_COLOR */
    uint8_t palette[256][3];
} gif_in;

static int read_bytes(GifFileType *gif, GifByteType *bytes, int n_bytes) {
    image_reader *r = gif->UserData;
    return (int)image_input_read(&r->input, bytes, (size_t)n_bytes);
}

static pith_status fault(image_reader *r, int code) {
    switch (code) {
    case D_GIF_ERR_NOT_ENOUGH_MEM:
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture");
    case D_GIF_ERR_READ_FAILED:
    case D_GIF_ERR_EOF_TOO_SOON:
        return image_reader_ended(r);
    default:
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged GIF: %s", GifErrorString(code) ? GifErrorString(code) : "?");
    }
}

/* An extension: what it says about the picture after it. */
static int read_extension(gif_in *in) {
    int code;
    GifByteType *block;
    GraphicsControlBlock control;
    if (DGifGetExtension(in->gif, &code, &block) == GIF_ERROR) return GIF_ERROR;
    if (code == GRAPHICS_EXT_FUNC_CODE && block && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
        in->clear = control.TransparentColor;
    while (block)
        if (DGifGetExtensionNext(in->gif, &block) == GIF_ERROR) return GIF_ERROR;
    return GIF_OK;
}

/* Up to the next picture; false at the file's end, or where it is damaged. */
static bool find_picture(gif_in *in) {
    GifRecordType type;
    while (DGifGetRecordType(in->gif, &type) == GIF_OK) {
        if (type == IMAGE_DESC_RECORD_TYPE) return true;
        if (type != EXTENSION_RECORD_TYPE || read_extension(in) == GIF_ERROR) return false;
    }
    return false;
}

static pith_status take_palette(image_reader *r, gif_in *in) {
    const ColorMapObject *map = in->gif->Image.ColorMap ? in->gif->Image.ColorMap : in->gif->SColorMap;
    if (!map) return tool_fail(&r->diag, PITH_E_FORMAT, "damaged GIF: it has no colours");
    for (int i = 0; i < map->ColorCount && i < 256; i++) {
        in->palette[i][0] = map->Colors[i].Red;
        in->palette[i][1] = map->Colors[i].Green;
        in->palette[i][2] = map->Colors[i].Blue;
    }
    return PITH_OK;
}

/* A picture that reaches beyond the canvas makes it larger. */
static pith_status take_geometry(image_reader *r, gif_in *in) {
    const GifFileType *gif = in->gif;
    const GifImageDesc *d = &gif->Image;
    uint64_t width = (uint64_t)gif->SWidth, height = (uint64_t)gif->SHeight;
    if (d->Width <= 0 || d->Height <= 0) return tool_fail(&r->diag, PITH_E_FORMAT, "damaged GIF: an empty picture");
    in->x = (uint32_t)d->Left;
    in->y = (uint32_t)d->Top;
    in->width = (uint32_t)d->Width;
    in->height = (uint32_t)d->Height;
    if ((uint64_t)in->x + in->width > width) width = (uint64_t)in->x + in->width;
    if ((uint64_t)in->y + in->height > height) height = (uint64_t)in->y + in->height;
    return image_reader_set_size(r, width, height);
}

static pith_status open_reader(image_reader *r) {
    int code = 0;
    gif_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    in->clear = NO_TRANSPARENT_COLOR;
    in->gif = DGifOpen(r, read_bytes, &code);
    if (!in->gif) return fault(r, code);
    if (!find_picture(in)) {
        if (in->gif->Error) return fault(r, in->gif->Error);
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged GIF: there is no picture in it");
    }
    if (DGifGetImageDesc(in->gif) == GIF_ERROR) return fault(r, in->gif->Error);
    pith_status status = take_geometry(r, in);
    if (status == PITH_OK) status = take_palette(r, in);
    if (status == PITH_OK) status = image_reader_claim(r, (uint64_t)in->width * in->height, "a GIF");
    if (status != PITH_OK) return status;
    bool covers = in->width == r->raw.width && in->height == r->raw.height;
    r->raw.n_channels = in->clear != NO_TRANSPARENT_COLOR || !covers ? 4 : 3;
    r->raw.bit_depth = 8;
    return PITH_OK;
}

/* The rows of an interlaced picture come in four passes. */
static pith_status read_picture(image_reader *r, gif_in *in) {
    static const uint32_t starts[] = {0, 4, 2, 1}, steps[] = {8, 8, 4, 2};
    bool interlaced = in->gif->Image.Interlace;
    in->indices = calloc(in->height, in->width);
    if (!in->indices) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    for (unsigned pass = 0; pass < (interlaced ? 4 : 1); pass++)
        for (uint32_t y = interlaced ? starts[pass] : 0; y < in->height; y += interlaced ? steps[pass] : 1)
            if (DGifGetLine(in->gif, in->indices + (size_t)y * in->width, (int)in->width) == GIF_ERROR)
                return fault(r, in->gif->Error);
    if (find_picture(in)) image_reader_warn(r, "is animated; its first frame was taken");
    return PITH_OK;
}

static pith_status read_row(image_reader *r, void *row) {
    gif_in *in = r->state;
    int clear = in->clear; /* the next picture may have another */
    if (r->next_row == 0) {
        pith_status status = read_picture(r, in);
        if (status != PITH_OK) return status;
        in->clear = clear;
    }
    size_t n = r->raw.n_channels;
    uint8_t *to = row;
    memset(row, 0, r->raw.width * n);
    if (r->next_row < in->y || r->next_row - in->y >= in->height) return PITH_OK;
    const uint8_t *from = in->indices + (size_t)(r->next_row - in->y) * in->width;
    to += in->x * n;
    for (uint32_t x = 0; x < in->width; x++, to += n) {
        if (from[x] == in->clear) continue;
        memcpy(to, in->palette[from[x]], 3);
        if (n == 4) to[3] = 255;
    }
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    gif_in *in = r->state;
    if (!in) return;
    if (in->gif) DGifCloseFile(in->gif, NULL);
    free(in->indices);
    free(in);
}

const image_reader_type image_reader_gif = {"GIF", recognise, open_reader, read_row, NULL, close_reader};

#endif
