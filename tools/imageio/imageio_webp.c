/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* WebP by libwebp: whole file and whole frame in memory, both ways. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "imageio/imageio_format.h"

/* ---- reading ---------------------------------------------------------------- */

#define RIFF_HEADER_BYTES 8u

typedef struct webp_in {
    image_blob file;
    WebPAnimDecoder *animation; /* NULL when there is one picture */
    uint8_t *pixels;            /* the frame */
    const uint8_t *frame;       /* pixels, or the animation's */
} webp_in;

static bool recognise(const uint8_t *head, size_t n_head) {
    return n_head >= 12 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBP", 4) == 0;
}

/* As many bytes as the RIFF header claims. */
static pith_status read_file(image_reader *r, webp_in *in) {
    const uint8_t *size = r->input.head + 4;
    uint64_t n_claimed = RIFF_HEADER_BYTES + ((uint64_t)size[0] | (uint64_t)size[1] << 8 | (uint64_t)size[2] << 16 |
                                              (uint64_t)size[3] << 24);
    if (n_claimed > r->env.max_file_bytes)
        return tool_fail(&r->diag, PITH_E_LIMIT, "WebP of %" PRIu64 " bytes; at most %" PRIu64 " are allowed",
                         n_claimed, r->env.max_file_bytes);
    pith_status status = image_reader_read_all(r, &in->file, n_claimed);
    return status == PITH_OK && in->file.n_bytes < n_claimed ? image_reader_ended(r) : status;
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

static pith_status read_chunk(image_reader *r, const WebPDemuxer *demuxer, const char *name) {
    WebPChunkIterator chunk;
    if (!WebPDemuxGetChunk(demuxer, name, 1, &chunk)) return PITH_OK;
    pith_status status;
    if (memcmp(name, "EXIF", 4) == 0)
        status = image_reader_set_exif(r, chunk.chunk.bytes, chunk.chunk.size, true);
    else if (memcmp(name, "XMP ", 4) == 0)
        status = image_reader_set_xmp(r, chunk.chunk.bytes, chunk.chunk.size);
    else
        status = image_reader_set_icc(r, chunk.chunk.bytes, chunk.chunk.size);
    WebPDemuxReleaseChunkIterator(&chunk);
    return status;
}

static pith_status read_metadata(image_reader *r, const webp_in *in) {
    WebPData data = {in->file.data, in->file.n_bytes};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer) return PITH_OK; /* the decoder will say why, or read it all the same */
    pith_status status = read_chunk(r, demuxer, "EXIF");
    if (status == PITH_OK) status = read_chunk(r, demuxer, "XMP ");
    if (status == PITH_OK) status = read_chunk(r, demuxer, "ICCP");
    WebPDemuxDelete(demuxer);
    return status;
}

static pith_status open_reader(image_reader *r) {
    webp_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = read_file(r, in);
    if (status != PITH_OK) return status;
    WebPBitstreamFeatures features;
    VP8StatusCode code = WebPGetFeatures(in->file.data, in->file.n_bytes, &features);
    if (code != VP8_STATUS_OK) return decoder_fault(r, code);
    status = image_reader_set_size(r, (uint64_t)features.width, (uint64_t)features.height);
    if (status != PITH_OK) return status;
    r->raw.n_channels = features.has_alpha || features.has_animation ? 4 : 3;
    r->raw.bit_depth = 8;
    uint64_t n_pixels = (uint64_t)r->raw.width * r->raw.height;
    if (features.has_animation) {
        image_reader_warn(r, "is animated; its first frame was taken");
        status = image_reader_claim(r, n_pixels * 8, "an animated WebP"); /* two canvases */
    } else {
        status = image_reader_claim(r, n_pixels * r->raw.n_channels, "a WebP");
    }
    if (status != PITH_OK) return status;
    if (features.has_animation) {
        WebPData data = {in->file.data, in->file.n_bytes};
        WebPAnimDecoderOptions options;
        if (!WebPAnimDecoderOptionsInit(&options))
            return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "libwebp is of another version");
        options.color_mode = MODE_RGBA;
        in->animation = WebPAnimDecoderNew(&data, &options);
        if (!in->animation) return tool_fail(&r->diag, PITH_E_FORMAT, "damaged animated WebP");
    }
    return read_metadata(r, in);
}

static pith_status decode(image_reader *r, webp_in *in) {
    size_t stride = (size_t)r->raw.width * r->raw.n_channels;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "libwebp is of another version");
    if (stride > INT32_MAX || !(in->pixels = calloc(r->raw.height, stride)))
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    config.output.colorspace = r->raw.n_channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = in->pixels;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * r->raw.height;
    VP8StatusCode code = WebPDecode(in->file.data, in->file.n_bytes, &config);
    WebPFreeDecBuffer(&config.output);
    image_blob_free(&in->file);
    in->frame = in->pixels;
    return code == VP8_STATUS_OK ? PITH_OK : decoder_fault(r, code);
}

static pith_status decode_first_frame(image_reader *r, webp_in *in) {
    uint8_t *frame = NULL;
    int end_milliseconds;
    if (!WebPAnimDecoderGetNext(in->animation, &frame, &end_milliseconds) || !frame)
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged animated WebP");
    in->frame = frame;
    return PITH_OK;
}

static pith_status read_row(image_reader *r, void *row) {
    webp_in *in = r->state;
    pith_status status = PITH_OK;
    if (r->next_row == 0) status = in->animation ? decode_first_frame(r, in) : decode(r, in);
    size_t stride = (size_t)r->raw.width * r->raw.n_channels;
    if (status == PITH_OK) memcpy(row, in->frame + (size_t)r->next_row * stride, stride);
    return status;
}

static void close_reader(image_reader *r) {
    webp_in *in = r->state;
    if (!in) return;
    WebPAnimDecoderDelete(in->animation);
    image_blob_free(&in->file);
    free(in->pixels);
    free(in);
}

const image_reader_type image_reader_webp = {"WebP", recognise, open_reader, read_row, NULL, close_reader};

/* ---- writing ---------------------------------------------------------------- */

typedef struct webp_out {
    uint8_t *pixels;  /* RGB or RGBA */
    size_t n_samples; /* per pixel: 3 or 4 */
    WebPPicture picture;
    WebPMemoryWriter coded;
} webp_out;

static pith_status start_writer(image_writer *w) {
    webp_out *out = w->state = calloc(1, sizeof *out);
    if (!out) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory");
    out->n_samples = w->format.n_channels % 2 == 0 ? 4 : 3;
    out->pixels = calloc(w->format.height, (size_t)w->format.width * out->n_samples);
    if (!out->pixels) return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    return PITH_OK;
}

static pith_status write_row(image_writer *w, const void *row) {
    webp_out *out = w->state;
    const size_t width = w->format.width, n = out->n_samples, n_in = w->format.n_channels;
    const uint8_t *from = row;
    uint8_t *to = out->pixels + w->next_row * width * n;
    if (n_in >= 3) {
        memcpy(to, from, width * n);
        return PITH_OK;
    }
    for (size_t x = 0; x < width; x++) {
        memset(to + n * x, from[n_in * x], 3);
        if (n == 4) to[n * x + 3] = from[n_in * x + 1];
    }
    return PITH_OK;
}

static pith_status write_bytes(image_writer *w, const uint8_t *bytes, size_t n_bytes) {
    return fwrite(bytes, 1, n_bytes, w->file) == n_bytes ? PITH_OK : image_writer_failed(w);
}

/* Puts the chunks around the coded picture. */
static pith_status write_with_metadata(image_writer *w, const uint8_t *bytes, size_t n_bytes) {
    const image_metadata *m = &w->metadata;
    const struct {
        const char *name;
        const image_span *data;
    } chunks[] = {{"ICCP", &m->icc}, {"EXIF", &m->exif}, {"XMP ", &m->xmp}};
    WebPData image = {bytes, n_bytes}, whole = {NULL, 0};
    WebPMux *mux = WebPMuxNew();
    bool good = mux && WebPMuxSetImage(mux, &image, 0) == WEBP_MUX_OK;
    for (size_t i = 0; i < 3 && good; i++) {
        WebPData data = {chunks[i].data->data, chunks[i].data->n_bytes};
        if (data.size) good = WebPMuxSetChunk(mux, chunks[i].name, &data, 0) == WEBP_MUX_OK;
    }
    good = good && WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK;
    pith_status status = good ? write_bytes(w, whole.bytes, whole.size)
                              : tool_fail(&w->diag, PITH_E_NOMEM, "out of memory for the WebP file");
    WebPDataClear(&whole);
    WebPMuxDelete(mux);
    return status;
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
        return tool_fail(&w->diag, PITH_E_UNSUPPORTED, "libwebp is of another version");
    out->picture.width = (int)w->format.width;
    out->picture.height = (int)w->format.height;
    out->picture.use_argb = config.lossless;
    WebPMemoryWriterInit(&out->coded);
    out->picture.writer = WebPMemoryWrite;
    out->picture.custom_ptr = &out->coded;
    const int stride = out->picture.width * (int)out->n_samples;
    bool good = out->n_samples == 4 ? WebPPictureImportRGBA(&out->picture, out->pixels, stride)
                                    : WebPPictureImportRGB(&out->picture, out->pixels, stride);
    free(out->pixels);
    out->pixels = NULL;
    good = good && WebPEncode(&config, &out->picture);
    if (good) {
        const image_metadata *m = &w->metadata;
        bool is_plain = m->icc.n_bytes + m->exif.n_bytes + m->xmp.n_bytes == 0;
        return (is_plain ? write_bytes : write_with_metadata)(w, out->coded.mem, out->coded.size);
    }
    if (out->picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY || out->picture.error_code == VP8_ENC_OK)
        return tool_fail(&w->diag, PITH_E_NOMEM, "out of memory for the WebP encoder");
    return tool_fail(&w->diag, PITH_E_IO, "libwebp cannot encode this picture (error %d)",
                     (int)out->picture.error_code);
}

static void close_writer(image_writer *w) {
    webp_out *out = w->state;
    if (!out) return;
    WebPPictureFree(&out->picture);
    WebPMemoryWriterClear(&out->coded);
    free(out->pixels);
    free(out);
}

const image_writer_type image_writer_webp = {.name = "WebP",
                                             .max_dimension = WEBP_MAX_DIMENSION,
                                             .max_depth = 8,
                                             .has_alpha = true,
                                             .has_metadata = true,
                                             .max_exif_bytes = UINT32_MAX / 4,
                                             .max_xmp_bytes = UINT32_MAX / 4,
                                             .start = start_writer,
                                             .write_row = write_row,
                                             .finish = finish_writer,
                                             .close = close_writer};
