/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* HEIC by libheif: whole file and whole frame in memory. libheif crops, turns and mirrors as the container says, so
 * Exif's orientation does not count. */
#include "imageio/imageio_format.h"

#include <stdlib.h>
#include <string.h>

static bool recognise(const uint8_t *head, size_t n_head) {
    static const char *const brands[] = {"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"};
    return image_has_brand(head, n_head, brands, sizeof brands / sizeof *brands);
}

#ifndef PITH_WITH_HEIF

static pith_status open_reader(image_reader *r) {
    return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is a HEIC picture; this pith was built without libheif");
}

const image_reader_type image_reader_heif = {"HEIC", recognise, open_reader, NULL, NULL, NULL};

#else

#include <libheif/heif.h>

#include "messages/standard_error.h"

typedef struct heif_in {
    image_blob file;
    struct heif_context *context;
    struct heif_image_handle *handle;
    struct heif_image *image;
    const uint8_t *pixels; /* the image's */
    size_t stride_bytes;
    unsigned bits;      /* of its samples */
    bool is_multiplied; /* by alpha */
} heif_in;

static pith_status fault(image_reader *r, struct heif_error error) {
    switch (error.code) {
    case heif_error_Memory_allocation_error:
        if (error.subcode == heif_suberror_Security_limit_exceeded)
            return tool_fail(&r->diag, PITH_E_LIMIT, "HEIC beyond libheif's limits: %s", error.message);
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the picture");
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Color_profile_does_not_exist:
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "HEIC of a kind that is not supported: %s", error.message);
    default:
        if (error.subcode == heif_suberror_End_of_data) return image_reader_ended(r);
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged HEIC: %s", error.message);
    }
}

/* ---- metadata ----------------------------------------------------------------------------- */

static pith_status take_block(image_reader *r, const heif_in *in, heif_item_id id) {
    const char *type = heif_image_handle_get_metadata_type(in->handle, id);
    const char *content = heif_image_handle_get_metadata_content_type(in->handle, id);
    bool is_exif = type && strcmp(type, "Exif") == 0;
    bool is_xmp = type && strcmp(type, "mime") == 0 && content && strcmp(content, "application/rdf+xml") == 0;
    size_t n = heif_image_handle_get_metadata_size(in->handle, id);
    if ((!is_exif && !is_xmp) || n == 0 || (is_exif ? r->exif.n_bytes : r->xmp.n_bytes)) return PITH_OK;
    uint8_t *data = malloc(n);
    if (!data) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    pith_status status = PITH_OK;
    if (heif_image_handle_get_metadata(in->handle, id, data).code == heif_error_Ok)
        status = is_exif ? image_reader_set_exif(r, data, n, false) : image_reader_set_xmp(r, data, n);
    free(data);
    return status;
}

#define MAX_BLOCKS 32

static pith_status take_metadata(image_reader *r, const heif_in *in) {
    heif_item_id ids[MAX_BLOCKS];
    pith_status status = PITH_OK;
    int n = heif_image_handle_get_list_of_metadata_block_IDs(in->handle, NULL, ids, MAX_BLOCKS);
    for (int i = 0; i < n && status == PITH_OK; i++) status = take_block(r, in, ids[i]);
    return status;
}

static pith_status take_colour(image_reader *r, const heif_in *in) {
    enum heif_color_profile_type type = heif_image_handle_get_color_profile_type(in->handle);
    size_t n = heif_image_handle_get_raw_color_profile_size(in->handle);
    struct heif_color_profile_nclx *nclx = NULL;
    if ((type == heif_color_profile_type_rICC || type == heif_color_profile_type_prof) && n > 0) {
        uint8_t *icc = malloc(n);
        if (!icc) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
        pith_status status = PITH_OK;
        if (heif_image_handle_get_raw_color_profile(in->handle, icc).code == heif_error_Ok)
            status = image_reader_set_icc(r, icc, n);
        free(icc);
        return status;
    }
    if (type != heif_color_profile_type_nclx) return PITH_OK;
    if (heif_image_handle_get_nclx_color_profile(in->handle, &nclx).code != heif_error_Ok || !nclx) return PITH_OK;
    r->colour.has_cicp = nclx->transfer_characteristics != heif_transfer_characteristic_unspecified;
    r->colour.cicp_primaries = (uint8_t)nclx->color_primaries;
    r->colour.cicp_transfer = (uint8_t)nclx->transfer_characteristics;
    heif_nclx_color_profile_free(nclx);
    return PITH_OK;
}

/* Apple's and the standard's gain maps, which are pictures beside the main one. */
static void look_for_others(image_reader *r, const heif_in *in) {
    heif_item_id ids[MAX_BLOCKS];
    int n = heif_image_handle_get_list_of_auxiliary_image_IDs(
        in->handle, LIBHEIF_AUX_IMAGE_FILTER_OMIT_ALPHA | LIBHEIF_AUX_IMAGE_FILTER_OMIT_DEPTH, ids, MAX_BLOCKS);
    for (int i = 0; i < n; i++) {
        struct heif_image_handle *other = NULL;
        const char *type = NULL;
        if (heif_image_handle_get_auxiliary_image_handle(in->handle, ids[i], &other).code != heif_error_Ok) continue;
        if (heif_image_handle_get_auxiliary_type(other, &type).code == heif_error_Ok && type && strstr(type, "gainmap"))
            r->has_gain_map = true;
        if (type) heif_image_handle_free_auxiliary_types(other, &type);
        heif_image_handle_release(other);
    }
    r->has_more_pictures |= heif_context_get_number_of_top_level_images(in->context) > 1;
}

/* ---- opening -------------------------------------------------------------------------------- */

static pith_status read_header(image_reader *r, heif_in *in) {
    int width = heif_image_handle_get_width(in->handle), height = heif_image_handle_get_height(in->handle);
    int bits = heif_image_handle_get_luma_bits_per_pixel(in->handle);
    pith_status status = image_reader_set_size(r, width > 0 ? (uint64_t)width : 0, height > 0 ? (uint64_t)height : 0);
    if (status != PITH_OK) return status;
    if (bits < 1 || bits > 16)
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "HEIC of a kind that is not supported: %d bits a sample", bits);
    bool has_alpha = heif_image_handle_has_alpha_channel(in->handle);
    in->is_multiplied = has_alpha && heif_image_handle_is_premultiplied_alpha(in->handle);
    r->raw.n_channels = has_alpha ? 4 : 3;
    r->raw.bit_depth = bits > 8 ? 16 : 8;
    /* the codec's planes, the turned ones, and pixels */
    uint64_t n_bytes = (uint64_t)r->raw.width * r->raw.height * (r->raw.bit_depth / 8u) * 3 * r->raw.n_channels;
    status = image_reader_claim(r, n_bytes, "a HEIC");
    if (status == PITH_OK) status = take_colour(r, in);
    if (status == PITH_OK) status = take_metadata(r, in);
    look_for_others(r, in);
    return status;
}

static pith_status open_reader(image_reader *r) {
    heif_in *in = r->state = calloc(1, sizeof *in);
    if (!in || !(in->context = heif_context_alloc())) return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory");
    heif_context_set_maximum_image_size_limit(in->context,
                                              (int)(r->env.max_dimension < 65535 ? r->env.max_dimension : 65535));
    heif_context_set_max_decoding_threads(in->context, 0);
    pith_status status = image_reader_read_all(r, &in->file, r->env.max_file_bytes);
    if (status != PITH_OK) return status;
    standard_error_hush();
    struct heif_error error =
        heif_context_read_from_memory_without_copy(in->context, in->file.data, in->file.n_bytes, NULL);
    if (error.code == heif_error_Ok) error = heif_context_get_primary_image_handle(in->context, &in->handle);
    standard_error_hush_end();
    return error.code == heif_error_Ok ? read_header(r, in) : fault(r, error);
}

/* ---- pixels ----------------------------------------------------------------------------------- */

static enum heif_chroma chroma_of(const image_reader *r) {
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, 1);
    bool has_alpha = r->raw.n_channels == 4;
    if (r->raw.bit_depth == 8) return has_alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
    if (first == 1) return has_alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE;
    return has_alpha ? heif_chroma_interleaved_RRGGBBAA_BE : heif_chroma_interleaved_RRGGBB_BE;
}

static pith_status decode(image_reader *r, heif_in *in) {
    standard_error_hush();
    struct heif_error error = heif_decode_image(in->handle, &in->image, heif_colorspace_RGB, chroma_of(r), NULL);
    standard_error_hush_end();
    if (error.code != heif_error_Ok) return fault(r, error);
    int stride = 0;
    in->pixels = heif_image_get_plane_readonly(in->image, heif_channel_interleaved, &stride);
    in->stride_bytes = stride > 0 ? (size_t)stride : 0;
    in->bits = (unsigned)heif_image_get_bits_per_pixel_range(in->image, heif_channel_interleaved);
    bool as_told = heif_image_get_width(in->image, heif_channel_interleaved) == (int)r->raw.width &&
                   heif_image_get_height(in->image, heif_channel_interleaved) == (int)r->raw.height;
    size_t n_row = (size_t)r->raw.width * r->raw.n_channels * (r->raw.bit_depth / 8u);
    if (!in->pixels || !as_told || in->stride_bytes < n_row || in->bits < 1 || in->bits > r->raw.bit_depth)
        return tool_fail(&r->diag, PITH_E_FORMAT, "damaged HEIC: the frame is not as the file says");
    return PITH_OK;
}

static uint32_t divide(uint32_t value, uint32_t alpha, uint32_t top) {
    uint64_t whole = alpha ? ((uint64_t)value * top + alpha / 2) / alpha : 0;
    return whole < top ? (uint32_t)whole : top;
}

static pith_status read_row(image_reader *r, void *row) {
    heif_in *in = r->state;
    if (r->next_row == 0) {
        pith_status status = decode(r, in);
        if (status != PITH_OK) return status;
    }
    const unsigned n = r->raw.n_channels, top = ((1u << in->bits) - 1) | 1; /* of 1 bit at least */
    const uint8_t *from = in->pixels + r->next_row * in->stride_bytes;
    const size_t n_samples = (size_t)r->raw.width * n;
    const uint16_t *from_16 = (const void *)from;
    for (size_t i = 0; i < n_samples; i++) {
        bool is_deep = r->raw.bit_depth == 16, is_alpha = n == 4 && i % 4 == 3;
        uint32_t value = is_deep ? from_16[i] : from[i];
        if (in->is_multiplied && !is_alpha) value = divide(value, is_deep ? from_16[i | 3] : from[i | 3], top);
        if (is_deep)
            ((uint16_t *)row)[i] = (uint16_t)(((uint64_t)(value < top ? value : top) * 65535 + top / 2) / top);
        else
            ((uint8_t *)row)[i] = (uint8_t)value;
    }
    return PITH_OK;
}

static void close_reader(image_reader *r) {
    heif_in *in = r->state;
    if (!in) return;
    if (in->image) heif_image_release(in->image);
    if (in->handle) heif_image_handle_release(in->handle);
    if (in->context) heif_context_free(in->context);
    image_blob_free(&in->file);
    free(in);
}

const image_reader_type image_reader_heif = {"HEIC", recognise, open_reader, read_row, NULL, close_reader};

#endif
