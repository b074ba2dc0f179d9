/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* JPEG XL by libjxl, to read only: whole file and whole frame in memory. libjxl
 * turns the picture upright itself; Exif's orientation does not count. Its memory comes from us, so that no file can
 * make it exceed the budget. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "imageio/imageio_format.h"

static bool recognise(const uint8_t *head, size_t n_head) {
    return (n_head >= 2 && memcmp(head, "\xff\x0a", 2) == 0) ||
           (n_head >= 12 && memcmp(head, "\0\0\0\x0cJXL \r\n\x87\n", 12) == 0);
}

#ifndef PITH_WITH_JXL

static pith_status open_reader(image_reader *r) {
    return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is a JPEG XL picture; this pith was built without libjxl");
}

const image_reader_type image_reader_jxl = {"JPEG XL", recognise, open_reader, NULL, NULL, NULL};

#else

#include <jxl/decode.h>

#include "messages/standard_error.h"

/* Until 0.9 the calls for a profile also took the format of the pixels. */
#if JPEGXL_NUMERIC_VERSION < JPEGXL_COMPUTE_NUMERIC_VERSION(0, 9, 0)
#define OF_DATA NULL, JXL_COLOR_PROFILE_TARGET_DATA
#else
#define OF_DATA JXL_COLOR_PROFILE_TARGET_DATA
#endif

#define BOX_PIECE_BYTES 65536

typedef struct jxl_in {
    image_blob file;
    uint8_t *pixels;
    size_t stride_bytes;
    JxlPixelFormat pixel_format;
    uint64_t n_left; /* of the budget, for libjxl */
    bool was_refused;
    image_blob box; /* the one being read */
    JxlBoxType box_type;
} jxl_in;

/* ---- memory ------------------------------------------------------------------- */

typedef union block_head {
    uint64_t n_bytes;
    max_align_t align;
} block_head;

static void *take(void *opaque, size_t n_bytes) {
    jxl_in *in = opaque;
    if (n_bytes > in->n_left || n_bytes > SIZE_MAX - sizeof(block_head)) {
        in->was_refused = true;
        return NULL;
    }
    block_head *block = malloc(sizeof *block + n_bytes);
    if (!block) return NULL;
    block->n_bytes = n_bytes;
    in->n_left -= n_bytes;
    return block + 1;
}

static void give_back(void *opaque, void *address) {
    jxl_in *in = opaque;
    if (!address) return;
    block_head *block = (block_head *)address - 1;
    in->n_left += block->n_bytes;
    free(block);
}

/* ---- the decoder ---------------------------------------------------------------- */

static JxlDecoder *new_decoder(image_reader *r, int events) {
    jxl_in *in = r->state;
    JxlMemoryManager memory = {in, take, give_back};
    in->n_left = r->max_memory_bytes - r->n_claimed_bytes;
    in->was_refused = false;
    JxlDecoder *decoder = JxlDecoderCreate(&memory);
    if (!decoder) {
        tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
        return NULL;
    }
    bool good = JxlDecoderSubscribeEvents(decoder, events) == JXL_DEC_SUCCESS &&
                JxlDecoderSetDecompressBoxes(decoder, JXL_TRUE) == JXL_DEC_SUCCESS &&
                JxlDecoderSetUnpremultiplyAlpha(decoder, JXL_TRUE) == JXL_DEC_SUCCESS &&
                JxlDecoderSetInput(decoder, in->file.data, in->file.n_bytes) == JXL_DEC_SUCCESS;
    JxlDecoderCloseInput(decoder);
    if (good) return decoder;
    JxlDecoderDestroy(decoder);
    tool_fail(&r->diag, PITH_E_UNSUPPORTED, "libjxl is of another version");
    return NULL;
}

static pith_status decoder_fault(image_reader *r, JxlDecoderStatus status) {
    const jxl_in *in = r->state;
    if (in->was_refused)
        return tool_fail(&r->diag, PITH_E_LIMIT,
                         "a JPEG XL needs to be whole in memory; libjxl was allowed %.1f MB for it",
                         1e-6 * (double)(r->max_memory_bytes - r->n_claimed_bytes));
    if (status == JXL_DEC_NEED_MORE_INPUT) return image_reader_ended(r);
    return tool_fail(&r->diag, PITH_E_FORMAT, "damaged JPEG XL");
}

/* ---- header ---------------------------------------------------------------------- */

static pith_status read_info(image_reader *r, const JxlDecoder *decoder) {
    jxl_in *in = r->state;
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS) return decoder_fault(r, JXL_DEC_ERROR);
    pith_status status = image_reader_set_size(r, info.xsize, info.ysize);
    if (status != PITH_OK) return status;
    for (uint32_t i = 0; i < info.num_extra_channels; i++) {
        JxlExtraChannelInfo extra;
        if (JxlDecoderGetExtraChannelInfo(decoder, i, &extra) == JXL_DEC_SUCCESS && extra.type == JXL_CHANNEL_BLACK)
            return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "CMYK JPEG XL is not supported");
    }
    if (info.have_animation) image_reader_warn(r, "is animated; its first frame was taken");
    r->raw.n_channels = (uint8_t)((info.num_color_channels == 1 ? 1 : 3) + (info.alpha_bits > 0));
    r->raw.bit_depth = info.bits_per_sample > 8 || info.exponent_bits_per_sample > 0 ? 16 : 8;
    in->pixel_format = (JxlPixelFormat){r->raw.n_channels, r->raw.bit_depth == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
                                        JXL_NATIVE_ENDIAN, 0};
    in->stride_bytes = (size_t)r->raw.width * r->raw.n_channels * (r->raw.bit_depth / 8u);
    return image_reader_claim(r, (uint64_t)in->stride_bytes * r->raw.height, "a JPEG XL");
}

static pith_status read_colour(image_reader *r, const JxlDecoder *decoder) {
    JxlColorEncoding encoding;
    if (JxlDecoderGetColorAsEncodedProfile(decoder, OF_DATA, &encoding) == JXL_DEC_SUCCESS) {
        if (encoding.transfer_function == JXL_TRANSFER_FUNCTION_PQ ||
            encoding.transfer_function == JXL_TRANSFER_FUNCTION_HLG)
            return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is of high dynamic range (PQ or HLG); not supported");
        r->colour.is_srgb = encoding.transfer_function == JXL_TRANSFER_FUNCTION_SRGB &&
                            encoding.white_point == JXL_WHITE_POINT_D65 &&
                            (encoding.primaries == JXL_PRIMARIES_SRGB || r->raw.n_channels <= 2);
        if (r->colour.is_srgb) return PITH_OK;
    }
    size_t n_bytes;
    if (JxlDecoderGetICCProfileSize(decoder, OF_DATA, &n_bytes) != JXL_DEC_SUCCESS) return PITH_OK;
    if (n_bytes > IMAGE_METADATA_BYTES) return image_reader_set_icc(r, NULL, n_bytes);
    uint8_t *icc = malloc(n_bytes + 1);
    if (!icc) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = PITH_OK;
    if (JxlDecoderGetColorAsICCProfile(decoder, OF_DATA, icc, n_bytes) == JXL_DEC_SUCCESS)
        status = image_reader_set_icc(r, icc, n_bytes);
    free(icc);
    return status;
}

/* ---- boxes ------------------------------------------------------------------------ */

/* The box being read is complete. */
static pith_status end_box(image_reader *r, JxlDecoder *decoder) {
    jxl_in *in = r->state;
    if (!in->box.data) return PITH_OK;
    size_t n_bytes = in->box.n_bytes - JxlDecoderReleaseBoxBuffer(decoder);
    pith_status status = PITH_OK;
    if (memcmp(in->box_type, "Exif", 4) == 0)
        status = image_reader_set_exif(r, in->box.data, n_bytes, false);
    else
        status = image_reader_set_xmp(r, in->box.data, n_bytes);
    image_blob_free(&in->box);
    return status;
}

/* The buffer is one piece longer than its contents. */
static pith_status grow_box(image_reader *r, JxlDecoder *decoder) {
    jxl_in *in = r->state;
    size_t n_filled = in->box.n_bytes - (in->box.data ? JxlDecoderReleaseBoxBuffer(decoder) : 0);
    if (n_filled > IMAGE_METADATA_BYTES) {
        image_reader_warn(r, "its metadata are too long and were left out");
        image_blob_free(&in->box);
        return PITH_OK;
    }
    uint8_t *grown = realloc(in->box.data, n_filled + BOX_PIECE_BYTES);
    if (!grown) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    in->box = (image_blob){grown, n_filled + BOX_PIECE_BYTES};
    JxlDecoderSetBoxBuffer(decoder, grown + n_filled, BOX_PIECE_BYTES);
    return PITH_OK;
}

static pith_status begin_box(image_reader *r, JxlDecoder *decoder) {
    jxl_in *in = r->state;
    pith_status status = end_box(r, decoder);
    if (status != PITH_OK || JxlDecoderGetBoxType(decoder, in->box_type, JXL_TRUE) != JXL_DEC_SUCCESS) return status;
    bool is_exif = memcmp(in->box_type, "Exif", 4) == 0 && r->exif.n_bytes == 0;
    bool is_xmp = memcmp(in->box_type, "xml ", 4) == 0 && r->xmp.n_bytes == 0;
    return is_exif || is_xmp ? grow_box(r, decoder) : PITH_OK;
}

/* ---- passes over the file ------------------------------------------------------------ */

/* Everything but the pixels, including the boxes after them. */
static pith_status read_header(image_reader *r, JxlDecoder *decoder) {
    pith_status status = PITH_OK;
    while (status == PITH_OK) {
        JxlDecoderStatus event = JxlDecoderProcessInput(decoder);
        if (event == JXL_DEC_SUCCESS) break;
        if (event == JXL_DEC_BASIC_INFO)
            status = read_info(r, decoder);
        else if (event == JXL_DEC_COLOR_ENCODING)
            status = read_colour(r, decoder);
        else if (event == JXL_DEC_BOX)
            status = begin_box(r, decoder);
        else if (event == JXL_DEC_BOX_NEED_MORE_OUTPUT)
            status = grow_box(r, decoder);
        else
            return decoder_fault(r, event);
    }
    return status == PITH_OK ? end_box(r, decoder) : status;
}

static pith_status open_reader(image_reader *r) {
    jxl_in *in = r->state = calloc(1, sizeof *in);
    if (!in) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = image_reader_read_all(r, &in->file, r->env.max_file_bytes);
    if (status != PITH_OK) return status;
    JxlDecoder *decoder = new_decoder(r, JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_BOX);
    if (!decoder) return r->diag.status;
    standard_error_hush();
    status = read_header(r, decoder);
    standard_error_hush_end();
    JxlDecoderDestroy(decoder);
    if (status == PITH_OK && r->raw.width == 0) status = tool_fail(&r->diag, PITH_E_FORMAT, "damaged JPEG XL");
    return status;
}

static pith_status decode_frame(image_reader *r, JxlDecoder *decoder) {
    jxl_in *in = r->state;
    for (;;) {
        JxlDecoderStatus event = JxlDecoderProcessInput(decoder);
        if (event == JXL_DEC_FULL_IMAGE) return PITH_OK;
        if (event != JXL_DEC_NEED_IMAGE_OUT_BUFFER) return decoder_fault(r, event);
        if (JxlDecoderSetImageOutBuffer(decoder, &in->pixel_format, in->pixels, in->stride_bytes * r->raw.height) !=
            JXL_DEC_SUCCESS)
            return decoder_fault(r, JXL_DEC_ERROR);
    }
}

static pith_status decode(image_reader *r, jxl_in *in) {
    in->pixels = calloc(r->raw.height, in->stride_bytes);
    if (!in->pixels) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture's pixels");
    JxlDecoder *decoder = new_decoder(r, JXL_DEC_FULL_IMAGE);
    if (!decoder) return r->diag.status;
    standard_error_hush();
    pith_status status = decode_frame(r, decoder);
    standard_error_hush_end();
    JxlDecoderDestroy(decoder);
    image_blob_free(&in->file);
    return status;
}

static pith_status read_row(image_reader *r, void *row) {
    jxl_in *in = r->state;
    pith_status status = r->next_row == 0 ? decode(r, in) : PITH_OK;
    if (status != PITH_OK) return status;
    memcpy(row, in->pixels + r->next_row * in->stride_bytes, in->stride_bytes);
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    jxl_in *in = r->state;
    if (!in) return;
    image_blob_free(&in->file);
    image_blob_free(&in->box);
    free(in->pixels);
    free(in);
}

const image_reader_type image_reader_jxl = {"JPEG XL", recognise, open_reader, read_row, NULL, close_reader};

#endif
