/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* WebP by libwebp: whole file and whole frame in memory, both ways. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/encode.h>

#include "imageio_format.h"

/* ---- reading ---------------------------------------------------------------- */

#define RIFF_HEADER_BYTES 8u

typedef struct webp_in {
    uint8_t *file; /* freed once decoded */
    size_t n_file;
    uint8_t *pixels;
    unsigned n_channels; /* of pixels: 3 or 4 */
} webp_in;

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0;
}

/* Reads as much as the RIFF header claims, growing as the bytes come, so that
 * a lie about the length costs nothing. */
static pith_status read_file(image_reader *r, webp_in *in) {
    const uint8_t *size = r->input.head + 4;
    uint64_t n_claimed = RIFF_HEADER_BYTES + ((uint64_t)size[0] | (uint64_t)size[1] << 8 | (uint64_t)size[2] << 16 |
                                              (uint64_t)size[3] << 24);
    if (n_claimed > r->limits.max_file_bytes)
        return tool_fail(&r->diag, PITH_E_LIMIT, "WebP of %" PRIu64 " bytes; at most %" PRIu64 " are allowed",
                         n_claimed, r->limits.max_file_bytes);
    size_t capacity = 0;
    while (in->n_file < n_claimed) {
        if (in->n_file == capacity) {
            capacity = capacity ? capacity * 2 : 65536;
            if (capacity > n_claimed) capacity = (size_t)n_claimed;
            uint8_t *grown = realloc(in->file, capacity);
            if (!grown) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the file");
            in->file = grown;
        }
        size_t n = image_input_read(&r->input, in->file + in->n_file, capacity - in->n_file);
        if (n == 0) return image_reader_ended(r);
        in->n_file += n;
    }
    return PITH_OK;
}

static pith_status decoder_fault(image_reader *r, VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return image_reader_ended(r);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "WebP with a feature that libwebp does not read");
    default:
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged WebP");
    }
}

static pith_status open_reader(image_reader *r) {
    webp_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = read_file(r, in);
    if (status != PITH_OK) return status;
    WebPBitstreamFeatures features;
    VP8StatusCode code = WebPGetFeatures(in->file, in->n_file, &features);
    if (code != VP8_STATUS_OK) return decoder_fault(r, code);
    if (features.has_animation) return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "animated WebP is not supported");
    in->n_channels = features.has_alpha ? 4 : 3;
    r->format.n_channels = 3;
    r->format.bit_depth = 8;
    return image_reader_set_size(r, (uint64_t)features.width, (uint64_t)features.height);
}

static pith_status decode(image_reader *r, webp_in *in) {
    size_t stride = (size_t)r->format.width * in->n_channels;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "libwebp of another version");
    if (stride > INT32_MAX || !(in->pixels = calloc(r->format.height, stride)))
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    config.output.colorspace = in->n_channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = in->pixels;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * r->format.height;
    VP8StatusCode code = WebPDecode(in->file, in->n_file, &config);
    WebPFreeDecBuffer(&config.output);
    free(in->file);
    in->file = NULL;
    return code == VP8_STATUS_OK ? PITH_OK : decoder_fault(r, code);
}

static pith_status read_row(image_reader *r, void *row) {
    webp_in *in = r->state;
    if (r->next_row == 0) {
        pith_status status = decode(r, in);
        if (status != PITH_OK) return status;
    }
    const uint8_t *pixels = in->pixels + (size_t)r->next_row * r->format.width * in->n_channels;
    if (in->n_channels == 3)
        memcpy(row, pixels, (size_t)r->format.width * 3);
    else if (image_blend_on_white(row, pixels, r->format.width, 3, 8))
        r->facts.had_alpha = true;
    return PITH_OK;
}

static pith_status finish_reader(image_reader *r) {
    (void)r;
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    webp_in *in = r->state;
    if (!in) return;
    free(in->file);
    free(in->pixels);
    free(in);
}

const image_reader_type image_reader_webp = {"WebP", recognise, open_reader, read_row, finish_reader, close_reader};

/* ---- writing ---------------------------------------------------------------- */

typedef struct webp_out {
    uint8_t *rgb;
    WebPPicture picture;
} webp_out;

static pith_status start_writer(image_writer *w) {
    webp_out *out = w->state = calloc(1, sizeof *out);
    if (!out) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    out->rgb = calloc(w->format.height, (size_t)w->format.width * 3);
    if (!out->rgb) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    return PITH_OK;
}

static pith_status write_row(image_writer *w, const void *row) {
    webp_out *out = w->state;
    size_t width = w->format.width;
    const uint8_t *samples = row;
    uint8_t *to = out->rgb + w->next_row * width * 3;
    if (w->format.n_channels == 3)
        memcpy(to, samples, width * 3);
    else
        for (size_t x = 0; x < width; x++) memset(to + 3 * x, samples[x], 3);
    return PITH_OK;
}

static int write_bytes(const uint8_t *bytes, size_t n_bytes, const WebPPicture *picture) {
    image_writer *w = picture->custom_ptr;
    if (fwrite(bytes, 1, n_bytes, w->file) == n_bytes) return 1;
    image_writer_failed(w);
    return 0;
}

static bool configure(WebPConfig *config, int quality) {
    if (!WebPConfigInit(config)) return false;
    if (quality == 100) return WebPConfigLosslessPreset(config, 6);
    config->quality = (float)quality;
    return true;
}

static pith_status finish_writer(image_writer *w) {
    webp_out *out = w->state;
    WebPConfig config;
    if (!configure(&config, w->options.quality) || !WebPPictureInit(&out->picture))
        return tool_fail(&w->diag, PITH_E_UNSUPPORTED, "libwebp of another version");
    out->picture.width = (int)w->format.width;
    out->picture.height = (int)w->format.height;
    out->picture.use_argb = config.lossless;
    out->picture.writer = write_bytes;
    out->picture.custom_ptr = w;
    bool good = WebPPictureImportRGB(&out->picture, out->rgb, out->picture.width * 3);
    free(out->rgb);
    out->rgb = NULL;
    good = good && WebPEncode(&config, &out->picture);
    if (good || w->diag.status != PITH_OK) return w->diag.status;
    if (out->picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY || out->picture.error_code == VP8_ENC_OK)
        return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory for the WebP encoder");
    return tool_fail(&w->diag, PITH_E_IO, "libwebp cannot encode this picture (error %d)",
                     (int)out->picture.error_code);
}

static void close_writer(image_writer *w) {
    webp_out *out = w->state;
    if (!out) return;
    WebPPictureFree(&out->picture);
    free(out->rgb);
    free(out);
}

const image_writer_type image_writer_webp = {"WebP",    WEBP_MAX_DIMENSION, 8,           false, start_writer,
                                             write_row, finish_writer,      close_writer};
